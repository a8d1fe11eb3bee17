/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who may reach a LIO target, and where: access list entries, demo mode, portals.
 */
#ifndef SIS_BACKEND_LIO_ACCESS_H
#define SIS_BACKEND_LIO_ACCESS_H

#include "backend/backend.h"

/* Writes an attribute unless it holds the value already; one of a new target always. */
int sis_lio_put(struct sis_bx *bx, const char *dir, const char *name, const char *value,
		struct sis_err *err);

/* mkdir, rmdir and unlink where being done already is success; rmdir waits while it is busy. */
int sis_lio_mkdir(struct sis_bx *bx, const char *dir, struct sis_err *err);
int sis_lio_rmdir(struct sis_bx *bx, const char *dir, struct sis_err *err);

/* Takes away the only link in `dir` that points below `anchor`, if there is one. */
int sis_lio_unlink(struct sis_bx *bx, const char *dir, const char *anchor, struct sis_err *err);

/*
 * Write protection for a target that is open: to be set before a LUN is linked, as initiators keep
 * what they found at login. `fresh`: the target was just made.
 */
int sis_lio_protect(struct sis_bx *bx, const struct sis_target *t, bool fresh, struct sis_err *err);

/* Access as t->rules and t->chap say. Never more open meanwhile than before or after. */
int sis_lio_set_access(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

/* Puts the LUN into the entries of all initiators, which do not get new LUNs by themselves. */
int sis_lio_map_lun(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err);
/* Takes it out of them. */
int sis_lio_unmap_lun(struct sis_bx *bx, const char *tpg, uint32_t lun, struct sis_err *err);

/* Ends the sessions of an initiator, whether it has an entry or not; an entry goes, too. */
int sis_lio_end_sessions(struct sis_bx *bx, const char *tpg, const char *name,
			 struct sis_err *err);

/* Deletes an entry, which ends the sessions of this initiator. */
int sis_lio_acl_del(struct sis_bx *bx, const char *tpg, const char *name, struct sis_err *err);

/* One dual-stack portal when t->portals is empty. */
int sis_lio_set_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

#endif

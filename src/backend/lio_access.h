/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who may reach a LIO target, and where: closed or open to everyone (demo mode), and portals.
 */
#ifndef SIS_BACKEND_LIO_ACCESS_H
#define SIS_BACKEND_LIO_ACCESS_H

#include "backend/backend.h"

/*
 * Write protection for a target that is open: to be set before a LUN is linked, as initiators keep
 * what they found at login. `fresh`: the target was just made.
 */
int sis_lio_protect(struct sis_bx *bx, const struct sis_target *t, bool fresh, struct sis_err *err);

/* Can LIO have such a target, with what is kept of `live` (or NULL)? EOPNOTSUPP. */
int sis_lio_check(const struct sis_target *t, const struct sis_target *live, struct sis_err *err);

/* Access as t->rules and t->chap say. Never more open meanwhile than before or after. */
int sis_lio_set_access(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

/* Ends the sessions of an initiator, whether it has an entry or not; an entry stays as it is. */
int sis_lio_end_sessions(struct sis_bx *bx, const char *tpg, const char *name,
			 struct sis_err *err);

/* One dual-stack portal when t->portals is empty. */
int sis_lio_set_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

#endif

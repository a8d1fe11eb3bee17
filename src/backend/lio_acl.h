/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Access list entries of a LIO target, and which LUNs are in them. Whom to let in is lio_access.c's.
 */
#ifndef SIS_BACKEND_LIO_ACL_H
#define SIS_BACKEND_LIO_ACL_H

#include "backend/backend.h"

/* The rule of t that this entry stands for, or NULL; borrowed. */
const struct sis_rule *sis_lio_rule_of(const struct sis_target *t, const char *name);

/* The names of all entries; adds to *ret. */
int sis_lio_acls(struct sis_bx *bx, const char *tpg, sis_strv *ret, struct sis_err *err);

/*
 * LUNs that are there without being asked for: their volume has a problem, or they go later. Adds to
 * *ret.
 */
int sis_lio_other_luns(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		       sis_luns *ret, struct sis_err *err);

/*
 * The entry leads to all LUNs of t and those that are there besides, under their own numbers, and to
 * nothing else; `ro`: this initiator must not write. Nothing can be written before it is protected.
 */
int sis_lio_map_all(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		    const char *name, bool ro, struct sis_err *err);

/* Puts the LUN into the entries of all initiators, which do not get new LUNs by themselves. */
int sis_lio_map_lun(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err);
/* Takes it out of them. */
int sis_lio_unmap_lun(struct sis_bx *bx, const char *tpg, uint32_t lun, struct sis_err *err);

/* Deletes an entry, which ends the sessions of this initiator. */
int sis_lio_acl_del(struct sis_bx *bx, const char *tpg, const char *name, struct sis_err *err);

#endif

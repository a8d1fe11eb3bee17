/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who gets at the LUNs of an SCST target: LUN sets, access groups, portals.
 */
#ifndef SIS_BACKEND_SCST_ACCESS_H
#define SIS_BACKEND_SCST_ACCESS_H

#include "backend/scst_tree.h"

/* Makes our two groups, the read-only one first: who is in both may then only read. */
int sis_scst_groups_make(struct sis_bx *bx, const char *iqn, struct sis_err *err);

/*
 * Puts a LUN where the rules of its target want it. Of the groups the writable one is filled last:
 * it is the one that read() looks at.
 */
int sis_scst_place(struct sis_bx *bx, const struct sis_target *t, uint32_t number,
		   const char *device, struct sis_err *err);

/*
 * A group that was taken over with the target is known by its LUNs. Before the last of them goes, ours
 * takes its place, with the same initiators.
 */
int sis_scst_leave_group(struct sis_bx *bx, const char *iqn, uint32_t number, struct sis_err *err);

/* Makes the sets, groups and patterns of the target what t->rules says. */
int sis_scst_set_rules(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

/*
 * Makes allowed_portal what t->portals says: it filters by the target's own address; none means
 * all. New ones are added before old ones are deleted, for without any all would be open.
 */
int sis_scst_set_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

#endif

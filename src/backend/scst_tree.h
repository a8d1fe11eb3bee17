/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST's tree of iSCSI targets as state: LUN sets, access groups, portals, sessions. Reads only.
 *
 * A target has a default set of LUNs, for initiators in no group, and groups, each with patterns
 * of initiator names and a LUN set of its own. The first group (in order of creation) with a
 * pattern that fits takes the initiator. Without rules we use the default set; with rules it stays
 * empty and two groups of ours hold all LUNs: who may read stands before who may write.
 */
#ifndef SIS_BACKEND_SCST_TREE_H
#define SIS_BACKEND_SCST_TREE_H

#include "backend/scst_mgmt.h"

enum sis_scst_set { SIS_SCST_DEFAULT, SIS_SCST_RO, SIS_SCST_RW, SIS_SCST_SET_N };

/* Name of the group that we make for it. Static. */
const char *sis_scst_own_group(enum sis_scst_set set);

/*
 * Name of the group that is a set of this target: ours; or, in a target that others made and that
 * has no LUNs for everyone, their only group in the place of our second one. Caller frees.
 */
char *sis_scst_group(struct sis_bx *bx, const char *iqn, enum sis_scst_set set);

/* Directory of the LUNs of a set: ".../IQN/luns"; caller frees. */
char *sis_scst_set_path(struct sis_bx *bx, const char *iqn, enum sis_scst_set set);

/* Access groups of others. */
int sis_scst_foreign_groups(struct sis_bx *bx, const char *iqn, sis_strv *ret, struct sis_err *err);

/* Numbers of the LUNs in a set, sorted; none when the set is not there. */
typedef SIS_VEC(uint32_t) sis_scst_numbers;
int sis_scst_set_luns(struct sis_bx *bx, const char *iqn, enum sis_scst_set set,
		      sis_scst_numbers *ret, struct sis_err *err);

/* Name of the device behind LUN `number` of a set. -ENOENT. Caller frees. */
int sis_scst_set_device(struct sis_bx *bx, const char *iqn, enum sis_scst_set set,
			uint32_t number, char **ret, struct sis_err *err);

/* ... in the first set that has it, the read-only group last. ret_set may be NULL. */
int sis_scst_lun_device(struct sis_bx *bx, const char *iqn, uint32_t number, char **ret,
			enum sis_scst_set *ret_set, struct sis_err *err);

/* Patterns of one of our groups, sorted; none when the group is not there. */
int sis_scst_patterns(struct sis_bx *bx, const char *iqn, enum sis_scst_set set, sis_strv *ret,
		      struct sis_err *err);

/* Addresses in allowed_portal, allowed_portal1, ...; sorted. */
int sis_scst_portals(struct sis_bx *bx, const char *iqn, sis_strv *ret, struct sis_err *err);

int sis_scst_sessions(struct sis_bx *bx, const char *iqn, sis_sessions *ret, struct sis_err *err);

/* One target. -ENOENT when it is not there or goes away meanwhile. */
int sis_scst_read_target(struct sis_bx *bx, const char *iqn, struct sis_target *ret,
			 struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Volumes as zfs knows them. What stands here does not look at devices.
 */
#ifndef SIS_STORE_ZFS_GET_H
#define SIS_STORE_ZFS_GET_H

#include "store/zfs.h"
#include "store/zfs_parse.h"

/*
 * The volumes named or below the names (all when NULL), sorted, each once, without what users
 * set. Names that do not exist are added to `missing`.
 */
int sis_zfs_get_volumes(const struct sis_sx *sx, const sis_strv *names, sis_volumes *ret,
			sis_strv *missing, struct sis_err *err);

/*
 * Adds to the volumes what users set. Those that are gone meanwhile, or that are others of the
 * same name, leave the list.
 */
int sis_zfs_get_users(const struct sis_sx *sx, sis_volumes *l, struct sis_err *err);

#endif

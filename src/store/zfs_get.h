/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Volumes as zfs knows them. What stands here does not look at devices.
 */
#ifndef SIS_STORE_ZFS_GET_H
#define SIS_STORE_ZFS_GET_H

#include "store/zfs.h"
#include "store/zfs_parse.h"

struct sis_zfs_found {
	sis_volumes volumes; /* sorted, each once; what users set where .users_told */
	sis_volumes unread;  /* names whose volumes zfs cannot tell now: guid 0 and the reason */
	sis_strv missing;    /* names that do not exist */
};
void sis_zfs_found_free(struct sis_zfs_found *f);
#define sis_autofound __attribute__((cleanup(sis_zfs_found_free)))

/* The volumes named or below the names (all when NULL). *ret zeroed by the caller. */
int sis_zfs_get_volumes(const struct sis_sx *sx, const sis_strv *names, struct sis_zfs_found *ret,
			struct sis_err *err);

/*
 * Adds to the volumes what users set, where it is not told, and whether they belong to containers.
 * Those that are gone meanwhile, or that are others of the
 * same name, leave the list.
 */
int sis_zfs_get_users(const struct sis_sx *sx, sis_volumes *l, struct sis_err *err);

#endif

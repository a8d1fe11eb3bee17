/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The slots of the zfs store that write properties: for zfs.c alone.
 */
#ifndef SIS_STORE_ZFS_KEEP_H
#define SIS_STORE_ZFS_KEEP_H

#include "store/store.h"

int sis_zfs_keep(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		 struct sis_err *err);
void sis_zfs_keep_many(struct sis_sx *sx, const char *prop, sis_keeps *l);

#endif

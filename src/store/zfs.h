/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The store of stock OpenZFS, where its programs are, and how they are run. Nothing here parses.
 */
#ifndef SIS_STORE_ZFS_H
#define SIS_STORE_ZFS_H

#include "store/store.h"

extern const struct sis_store sis_store_zfs;

/*
 * The real program `name` ("zfs", "zpool") below root, never this program itself under that name.
 * Caller frees. -ENOENT.
 */
int sis_zfs_program(const char *root, const char *name, char **ret, struct sis_err *err);

/* The zfs of an open store; borrowed. */
const char *sis_zfs_path(const struct sis_sx *sx);

/* Runs a program that only prints. What it printed is text, without NUL bytes. */
int sis_zfs_ask(const struct sis_sx *sx, const char *const *argv, struct sis_cmd_result *ret,
		struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * `zfs` for a store that has no such program: what the dir store can do, with zfs's own command
 * line, output and exit status. Knows only the stored name of the property, as stock zfs does.
 */
#ifndef SIS_CLI_DIRZFS_H
#define SIS_CLI_DIRZFS_H

#include <stdio.h>

#include "store/store.h"

/* argv[0] is the program's name. Returns the exit status: 0, 1 or 2. */
int sis_dirzfs(struct sis_sx *sx, int argc, char **argv, FILE *out, FILE *errout);

#endif

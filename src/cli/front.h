/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The front ends `zfs` and `zpool`: they understand `shareiscsi` and hand everything else to the
 * real program.
 */
#ifndef SIS_CLI_FRONT_H
#define SIS_CLI_FRONT_H

/* argv as main() got it. Return the exit status, as zfs does: 0, 1, 2, or the real program's. */
int sis_front_zfs(int argc, char **argv);
int sis_front_zpool(int argc, char **argv);

#endif

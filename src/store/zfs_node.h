/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Device nodes of volumes: are they there, and whose are they? Only reads; opens no node of a
 * volume that is not to be shared.
 */
#ifndef SIS_STORE_ZFS_NODE_H
#define SIS_STORE_ZFS_NODE_H

#include "store/store.h"

/*
 * Fills ready, not_ready and not_ready_final of the volumes without a final reason, and waits up
 * to sx->wait_ms, once for all of them, for the nodes of those with a value that is not "off".
 * The node of any other volume is only looked for, not opened: somebody may be about to destroy
 * the volume, and an open node forbids it. Adds to `pools` those that may be read-only, as a node
 * or a volume with a value is.
 */
void sis_zfs_nodes_check(const struct sis_sx *sx, sis_volumes *l, sis_strv *pools);

#endif

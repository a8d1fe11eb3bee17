/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The administrator's script that is started after a share and forgotten.
 */
#ifndef SIS_CORE_HOOK_H
#define SIS_CORE_HOOK_H

#include "core/ctx.h"

/*
 * Starts ROOT/sbin/zfs_share_iscsi.sh TID if it exists, is executable, is root's and only root may
 * write it (else a warning). Its result is nobody's concern.
 */
void sis_hook_run(const struct sis_ctx *ctx, const struct sis_target *t, const struct sis_lun *l);

#endif

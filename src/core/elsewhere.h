/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Is a share already made by another target on this host?
 */
#ifndef SIS_CORE_ELSEWHERE_H
#define SIS_CORE_ELSEWHERE_H

#include "core/ctx.h"

/*
 * -EEXIST when another running back end has a target of this name that is recorded as ours, saying
 * how to move it: one disk through two targets has two caches and no common reservations. Costs
 * nothing where no such record is.
 */
int sis_elsewhere(struct sis_ctx *ctx, const char *iqn, struct sis_err *err);

#endif

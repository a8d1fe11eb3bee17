/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Is a share, or a volume, already with another target on this host, whoever made it there?
 */
#ifndef SIS_CORE_ELSEWHERE_H
#define SIS_CORE_ELSEWHERE_H

#include "core/flow.h"

/*
 * -EEXIST when another running back end has a target of this name that is recorded as ours, saying
 * how to move it: one disk through two targets has two caches and no common reservations. Costs
 * nothing where no such record is.
 */
int sis_elsewhere(struct sis_ctx *ctx, const char *iqn, struct sis_err *err);

/*
 * Refuses each group of the plan that would make a LUN on a volume which another back end, or
 * another tool in this one, has as a LUN: with another serial number it would be a second disk to initiators. What a move takes away
 * from f->from does not count. Reads the other back ends only if a LUN is to be made, each once,
 * and not for a request with an override. Of one that cannot be read the records count, and a
 * warning says so.
 */
void sis_elsewhere_refuse(struct sis_flow *f);

#endif

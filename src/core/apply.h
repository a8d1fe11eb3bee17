/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Carries out one group of a plan: all of its steps, or what this run made is taken away again.
 * Decides nothing.
 */
#ifndef SIS_CORE_APPLY_H
#define SIS_CORE_APPLY_H

#include "core/sync.h"

/*
 * Does the steps of `g`, adding those that made an outside call to report->steps. On success
 * *ret_target is the desired target with what the back end filled in (empty for a removal); the
 * caller frees it. On failure undoes what it had made of a new target and returns the error of the
 * step, named. `ready` (NULL allowed) is called once all is made and before the target is shown;
 * its failure is that of a step.
 */
int sis_apply_group(struct sis_ctx *ctx, const struct sis_group *g, bool force,
		    int (*ready)(void *owner, struct sis_err *err), void *owner,
		    struct sis_target *ret_target, struct sis_report *report, struct sis_err *err);

#endif

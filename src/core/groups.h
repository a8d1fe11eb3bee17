/* SPDX-License-Identifier: MPL-2.0 */
/*
 * All groups of a plan, in their order, each with what follows from its success or failure.
 */
#ifndef SIS_CORE_GROUPS_H
#define SIS_CORE_GROUPS_H

#include "core/flow.h"

/*
 * Does the groups that were asked for; a failure is a line in the report. -SIS_ERR_NOTARGET when the
 * target is gone: then the rest is not tried.
 */
int sis_groups_do(struct sis_flow *f, struct sis_err *err);

#endif

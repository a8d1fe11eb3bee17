/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A word about what would make a target at the next boot beside us.
 */
#ifndef SIS_CORE_ADOPT_HINT_H
#define SIS_CORE_ADOPT_HINT_H

#include "core/ctx.h"

/* Warns when one of the back end's boot files names the target. Nothing else depends on it. */
void sis_adopt_hint(const struct sis_ctx *ctx, const char *iqn);

#endif

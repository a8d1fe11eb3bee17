/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verdict on each volume of a view, in the order in which they are called. For view.c alone.
 */
#ifndef SIS_CORE_JUDGE_H
#define SIS_CORE_JUDGE_H

#include "core/view.h"

/* One item for each volume: what its properties, the configuration and holds say. */
void sis_judge_all(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v);

/* What the records say about the wishes; then volumes that stand for one disk. */
void sis_judge_index(struct sis_view *v);

/* Puts the wishes that are left together: v->desired. */
void sis_judge_merge(const struct sis_caps *caps, struct sis_view *v);

void sis_items_free(struct sis_view *v);

#endif

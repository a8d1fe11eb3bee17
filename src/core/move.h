/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Moving shares from one target implementation to another, one at a time, with the identity of
 * each disk unchanged.
 */
#ifndef SIS_CORE_MOVE_H
#define SIS_CORE_MOVE_H

#include "core/sync.h"

/*
 * A sync in which what `from` (name of a back end) shares of the volumes asked for moves to the
 * back end of ctx. First checks everything that the new target cannot express: then nothing is
 * done and the report says why. Each target is made on the new side, hidden where that can be;
 * then taken away on the old side (in-use rule, rq->force); then shown. Where only one side can
 * hold a volume, the old one lets go first. When either side fails, the old one gets its share
 * back. What is not to be shared by its property stays as it is on the old side.
 *
 * Until nothing is left to move, a note under ROOT/run/shareiscsi says so: after a crash, or when
 * a volume was in use, the next sis_sync() with this back end is the same move again.
 */
int sis_move(struct sis_ctx *ctx, const char *from, const struct sis_request *rq,
	     struct sis_report *ret, struct sis_err *err);

/* The back end from which shares are still to be moved to that of ctx, or NULL. Caller frees. */
int sis_move_noted(const struct sis_ctx *ctx, char **ret_from, struct sis_err *err);

#endif

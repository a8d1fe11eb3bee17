/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Moving shares from one target implementation to another, one at a time, with the identity of
 * each disk unchanged.
 */
#ifndef SIS_CORE_MOVE_H
#define SIS_CORE_MOVE_H

#include "core/sync.h"

/*
 * Moves what `from` (name of a back end) shares of the volumes asked for to the back end of ctx.
 * First checks everything that the new target cannot express: then nothing is moved and the report
 * says why. Each target is made on the new side, hidden; then taken away on the old side (in-use
 * rule, rq->force); then shown. Where only one side can hold a volume, the old one lets go first
 * and gets it back if the new one fails. Afterwards syncs what was asked for on the new side.
 */
int sis_move(struct sis_ctx *ctx, const char *from, const struct sis_request *rq,
	     struct sis_report *ret, struct sis_err *err);

#endif

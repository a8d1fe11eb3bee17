/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Taking over targets that others made: their volumes get the property and the identity that
 * reproduce them, and nothing of the live target is touched.
 */
#ifndef SIS_CORE_ADOPT_H
#define SIS_CORE_ADOPT_H

#include "core/sync.h"

struct sis_adopt_request {
	const sis_strv *names; /* volumes, datasets above them, or target names; NULL: all */
	const char *auth; /* entry of the secrets file with the targets' credentials, or NULL */
};

/*
 * Takes over the foreign targets that were asked for, each as a whole or not at all: every LUN of
 * it must be a volume. What would be written is tried out first, in memory: only where the plan is
 * then empty is it written, property and identity of each volume, then the record; a failure half
 * way puts back what was there. In a dry run nothing is written. A target that is ours already is
 * success. The report has a step for each target, with what is (to be) set as commands, and a
 * problem for each that cannot be taken. Errors as sis_sync().
 */
int sis_adopt(struct sis_ctx *ctx, const struct sis_adopt_request *rq, struct sis_report *ret,
	      struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a person would type for a request to tgtd.
 */
#ifndef SIS_BACKEND_STGT_ARGS_H
#define SIS_BACKEND_STGT_ARGS_H

#include "backend/stgt_adm.h"

enum { SIS_STGT_MAX_ARGS = 40 };

/* An argument vector with room for the few numbers in it. */
struct sis_stgt_args {
	const char *v[SIS_STGT_MAX_ARGS];
	const char *shown[SIS_STGT_MAX_ARGS]; /* the same as it may be told */
	size_t n;
	char numbers[6][24];
	size_t n_numbers;
};

/* Both vectors are NULL-ended and borrow from `program` (NULL: just "tgtadm") and q. */
void sis_stgt_args_make(struct sis_stgt_args *a, const char *program, unsigned control_port,
			const struct sis_stgt_req *q);

#endif

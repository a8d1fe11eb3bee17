/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Notes every outside call that changes something, as a person would type it, and in a dry run
 * does nothing else. Reading always goes through.
 */
#ifndef SIS_CORE_TRACE_H
#define SIS_CORE_TRACE_H

#include <stdbool.h>

#include "base/kfs.h"
#include "base/run.h"

struct sis_trace {
	bool dry;
	bool quiet;			 /* nobody wants the lines: none are kept */
	sis_strv lines;			 /* since the last sis_trace_clear() */
	const struct sis_runner *runner; /* what is wrapped */
	const char *root;		 /* cut off the paths that are shown */
	unsigned timeout_ms; /* of a program that has no limit of its own; 0: the usual */
};

/* Wraps the real runner and kernel trees below root; both outputs point into `t`. */
void sis_trace_init(struct sis_trace *t, bool dry, const char *root, struct sis_runner *ret_runner,
		    struct sis_kfs *ret_kfs);
void sis_trace_clear(struct sis_trace *t);

#endif

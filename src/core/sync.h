/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The one flow: lock, read desired, read live, plan, apply, read back. Everything that changes a
 * target goes through here.
 */
#ifndef SIS_CORE_SYNC_H
#define SIS_CORE_SYNC_H

#include <stdbool.h>

#include "core/view.h"

/* Something that was not done, with the volume (or target) it is about. */
struct sis_problem {
	char *subject; /* volume name, or IQN where there is no volume */
	struct sis_err err;
	enum sis_want want; /* why the volume was passed over; SIS_WANT_SHARED for a failed step */
};

/* A step that was done, or in a dry run would be. */
struct sis_done {
	const char *name; /* of sis_step_names, "prepare" or "identity" */
	char *iqn;	  /* NULL for what is done once for all targets */
	char *volume;	  /* of the first LUN concerned, or NULL */
	char *reason;
	sis_strv commands; /* literal */
};

struct sis_report {
	SIS_VEC(struct sis_problem) problems;
	SIS_VEC(struct sis_done) steps; /* when ctx->choice asks for them */
	const char *last_step;		/* tried; of sis_step_names */
	sis_strv missing; /* names asked for that neither the store nor a record has */
	size_t shared, unshared, changed; /* targets */
};

/*
 * Carries the request out (or, with ctx->choice.dry, only says what would be done). 0 even when
 * single volumes had problems: those are in the report, which is filled in any case. Negative when
 * nothing could be done at all (no lock, no target, store not readable).
 */
int sis_sync(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_report *ret,
	     struct sis_err *err);

/*
 * The exit status that a report asks for: 0; 4 if everything that failed was in use; else 1.
 * Volumes that are held or that wait for their device count only with `strict`.
 */
int sis_report_status(const struct sis_report *r, bool strict);

/* The exit status of an error code: 1, 2 (usage), 4 (in use), 5 (no target). */
int sis_exit_status(int code);

void sis_report_free(struct sis_report *r);
#define sis_autoreport __attribute__((cleanup(sis_report_free)))

#endif

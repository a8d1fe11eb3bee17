/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of a taking over share. Nobody else includes it.
 */
#ifndef SIS_CORE_ADOPT_INT_H
#define SIS_CORE_ADOPT_INT_H

#include "core/adopt.h"
#include "core/match.h"
#include "core/view.h"
#include "model/derive.h"

/* A volume whose properties are to change: `was` is what it has, the volume what it would have. */
struct sis_take {
	struct sis_volume *volume;
	struct sis_derived was;
	enum sis_source was_source;
};

/* A foreign target that is being tried. */
struct sis_adoptee {
	char *iqn;
	SIS_VEC(struct sis_take) takes;
	struct sis_err failed;
};

/* A live LUN that is a volume, of whatever target. */
struct sis_use {
	const struct sis_volume *volume;
	const struct sis_target *target;
	const struct sis_lun *lun;
};

struct sis_adopt {
	struct sis_ctx *ctx;
	const struct sis_adopt_request *rq;
	struct sis_report *report;
	struct sis_request all; /* of the view: everything */
	struct sis_view view;
	struct sis_match match;
	SIS_VEC(struct sis_use) uses; /* sorted by volume */
	SIS_VEC(struct sis_adoptee) adoptees;
};

/* ---- adopt_try.c ---- */

/* Which live LUN is which volume: once, before the first try. */
void sis_adopt_find_uses(struct sis_adopt *a);

/* Everything that can be told without a plan; then the view is as if the target were ours. */
int sis_adopt_try(struct sis_adopt *a, struct sis_adoptee *into, struct sis_target *t,
		  struct sis_err *err);

/* The view is as it was read again. */
void sis_adopt_give_back(struct sis_adopt *a, struct sis_adoptee *t);

/* ---- adopt_write.c ---- */

/* Writes and reports those that did not fail; a dry run only reports them. */
void sis_adopt_write(struct sis_adopt *a);

/* Reports that `subject` cannot be taken over. Takes what is in *err. */
void sis_adopt_problem(struct sis_adopt *a, const char *subject, struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP users where a user has one secret, whatever the target: which wishes cannot be had beside
 * others. Pure.
 */
#include <inttypes.h>

#include "base/str.h"
#include "model/desire.h"

/* One use of a user. All is borrowed. */
struct use {
	const char *user, *secret;
	const struct sis_wish *wish;
	struct sis_err *err; /* of the wish */
};

/* By user; the share that is there already comes first, then by name of volume. */
static int use_cmp(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int d = strcmp(x->user, y->user);

	if (!d)
		d = y->wish->recorded - x->wish->recorded;
	return d ? d : strcmp(x->wish->volume->name, y->wish->volume->name);
}

static void refuse(const struct use *first, const struct use *other, const struct sis_caps *caps,
		   struct sis_err *err)
{
	if (first->wish == other->wish)
		(void)sis_err_set(err, EEXIST,
				  "CHAP user '%s' is to have two secrets, one for each direction; "
				  "%s has one for a user: take another name for one of them",
				  first->user, caps->title);
	else
		(void)sis_err_set(err, EEXIST,
				  "CHAP user '%s' has another secret for '%s'; %s has one for a "
				  "user, whatever the target: take another user",
				  first->user, first->wish->volume->name, caps->title);
}

void sis_desire_accounts(struct sis_wish *const *wishes, size_t n, const struct sis_caps *caps,
			 struct sis_err *errs)
{
	SIS_VEC(struct use) uses = { 0 };
	const struct use *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct sis_wish *w = wishes[i];
		const struct sis_chap *c = &w->target.chap;

		if (c->user)
			sis_vec_push(&uses, ((struct use){ c->user, c->pass, w, &errs[i] }));
		if (c->mutual_user)
			sis_vec_push(&uses,
				     ((struct use){ c->mutual_user, c->mutual_pass, w,
						     &errs[i] }));
	}
	sis_vec_sort(&uses, use_cmp);
	sis_vec_each(u, &uses) {
		if (!first || !sis_streq(first->user, u->user))
			first = u;
		else if (!sis_streq(first->secret, u->secret) && !u->err->code)
			refuse(first, u, caps, u->err);
	}
	sis_vec_free(&uses);
}

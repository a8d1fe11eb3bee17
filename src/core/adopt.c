/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Taking over what others made: which targets, try them out in memory, prove that nothing would be
 * left to do, write, look again. Calls no slot of a back end that changes anything.
 */
#include "core/adopt_int.h"

#include "base/str.h"
#include "core/move.h"

/* ---- which ---- */

static bool has_volume(const struct sis_adopt *a, const struct sis_target *t, const char *within)
{
	sis_vec_each(l, &t->luns) {
		const struct sis_volume *v = sis_match_path(&a->match, l->path);

		if (v && (!within || sis_dataset_within(v->name, within)))
			return true;
	}
	return false;
}

static bool asked(const struct sis_adopt *a, const struct sis_target *t)
{
	if (!a->rq->names)
		return has_volume(a, t, NULL);
	sis_vec_each(name, a->rq->names)
		if (sis_streq(*name, t->iqn) || has_volume(a, t, *name))
			return true;
	return false;
}

/* With a name, doing nothing silently would be a lie. */
static void check_names(struct sis_adopt *a)
{
	if (!a->rq->names)
		return;
	sis_vec_each(name, a->rq->names) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		bool found = false;

		sis_vec_each(t, &a->view.live.targets)
			found |= sis_streq(*name, t->iqn) || has_volume(a, t, *name);
		if (found)
			continue;
		(void)sis_err_set(&err, ENOENT,
				  "%s has no target of that name, nor one with such a volume; "
				  "`shareiscsi status` lists what there is",
				  a->ctx->bx.caps.title);
		sis_adopt_problem(a, *name, &err);
	}
}

static void adopt_targets(struct sis_adopt *a)
{
	sis_vec_each(t, &a->view.live.targets) {
		struct sis_adoptee *into;

		if (t->owner == SIS_OWNER_OURS || !asked(a, t))
			continue;
		into = sis_vec_add(&a->adoptees);
		into->iqn = sis_strdup(t->iqn);
		if (sis_adopt_try(a, into, t, &into->failed) < 0)
			sis_adopt_give_back(a, into);
	}
}

/* ---- the proof ---- */

/* Why the plan for this target is not empty: 0 when it is. */
static int judge_plan(const struct sis_adopt *a, const struct sis_plan *p,
		      const struct sis_adoptee *t, struct sis_err *err)
{
	const struct sis_group *g = sis_plan_find(p, t->iqn);
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);

	sis_vec_each(x, &t->takes) {
		const struct sis_item *i = sis_view_item(&a->view, x->volume->name);

		if (i->want != SIS_WANT_SHARED)
			return sis_err_set(err, i->problem.code, "'%s' with '%s': %s",
					   x->volume->name, sis_options_shown(x->volume->share),
					   sis_err_msg(&i->problem));
	}
	if (!live || live->owner != SIS_OWNER_OURS)
		return sis_err_set(err, EIO, "it has changed meanwhile");
	if (g)
		return sis_err_set(err, EINVAL, "it cannot be said as it is: %s",
				   g->refused.code		      ? sis_err_msg(&g->refused) :
				   g->blocked.code		      ? sis_err_msg(&g->blocked) :
				   g->steps.n && g->steps.v[0].reason ? g->steps.v[0].reason :
									"something is to be done");
	return 0;
}

/* One round: those with a plan are given back; how many. */
static size_t prove_round(struct sis_adopt *a)
{
	sis_autoplan struct sis_plan plan = { 0 };
	size_t n = 0;

	sis_view_rejudge(a->ctx, &a->all, &a->view);
	sis_plan_make(&a->view.desired, &a->view.live, true, &plan);
	sis_vec_each(t, &a->adoptees)
		n += !t->failed.code && judge_plan(a, &plan, t, &t->failed) < 0;
	sis_plan_free(&plan); /* borrows from what is given back */
	sis_vec_each(t, &a->adoptees)
		if (t->failed.code && t->takes.n)
			sis_adopt_give_back(a, t);
	return n;
}

/* What one gives back may be what another one stumbled over, so all are judged until none fails. */
static void prove(struct sis_adopt *a)
{
	while (prove_round(a))
		;
}

/* ---- all of it ---- */

/* What was written is read, and the plan is still empty. */
static int verify(struct sis_adopt *a, struct sis_err *err)
{
	sis_autoplan struct sis_plan plan = { 0 };
	sis_autoview struct sis_view now = { 0 };
	int rc;

	if (!a->report->changed || a->ctx->choice.dry)
		return 0;
	rc = sis_view_read(a->ctx, &a->all, &now, err);
	if (rc < 0)
		return sis_err_wrap(err, "cannot read back");
	sis_plan_make(&now.desired, &now.live, true, &plan);
	sis_vec_each(t, &a->adoptees) {
		const struct sis_target *live = sis_state_find(&now.live, t->iqn);
		sis_autoerr struct sis_err bad = SIS_ERR_INIT;

		if (t->failed.code ||
		    (live && live->owner == SIS_OWNER_OURS && !sis_plan_find(&plan, t->iqn)))
			continue;
		(void)sis_err_set(&bad, EIO,
				  "it was taken over, but has changed since: see "
				  "`shareiscsi plan`");
		sis_adopt_problem(a, t->iqn, &bad);
	}
	return 0;
}

static int refuse_move(struct sis_ctx *ctx, struct sis_err *err)
{
	sis_autofree char *from = NULL;
	int rc = sis_move_noted(ctx, &from, err);

	if (rc == 0 && from)
		rc = sis_err_set(err, EBUSY,
				 "a move from %s to %s is under way: finish it with `shareiscsi "
				 "sync` first",
				 from, ctx->bx.be->name);
	return rc;
}

static void adopt_free(struct sis_adopt *a)
{
	sis_vec_each(t, &a->adoptees) {
		sis_vec_each(x, &t->takes)
			sis_derived_free(&x->was);
		sis_vec_free(&t->takes);
		sis_err_clear(&t->failed);
		free(t->iqn);
	}
	sis_vec_free(&a->adoptees);
	sis_vec_free(&a->uses);
	sis_match_free(&a->match);
	sis_view_free(&a->view);
}

int sis_adopt(struct sis_ctx *ctx, const struct sis_adopt_request *rq, struct sis_report *ret,
	      struct sis_err *err)
{
	struct sis_adopt a = { .ctx = ctx, .rq = rq, .report = ret };
	int rc;

	*ret = (struct sis_report){ 0 };
	rc = sis_ctx_backend(ctx, err);
	if (rc == 0 && !ctx->choice.dry)
		rc = sis_ctx_lock(ctx, err);
	if (rc == 0)
		rc = refuse_move(ctx, err);
	if (rc == 0)
		rc = sis_view_read(ctx, &a.all, &a.view, err);
	if (rc < 0)
		return rc;
	sis_match_volumes(ctx, &a.view.volumes, &a.match);
	sis_adopt_find_uses(&a);
	check_names(&a);
	adopt_targets(&a);
	prove(&a);
	sis_adopt_write(&a);
	rc = verify(&a, err);
	adopt_free(&a);
	return rc;
}

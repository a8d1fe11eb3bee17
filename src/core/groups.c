/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The order of groups, and which of them are done at once. What one group needs is flow.c's.
 */
#include "core/groups.h"

#include "base/lanes.h"
#include "base/str.h"
#include "core/intent.h"

/* More gain nothing: what waits for the kernel's RCU waits together. */
enum { LANES = 8 };

/* Groups that follow each other and may be done at once. */
struct batch {
	struct sis_flow *f;
	size_t next, end; /* of the plan: what no lane has taken yet */
	unsigned lanes;
	size_t done; /* of all groups */
	int rc;
	struct sis_err *err;
};

static int do_group(struct sis_flow *f, const struct sis_group *g, struct sis_err *err)
{
	return f->do_group ? f->do_group(f, g, err) : sis_flow_group(f, g, NULL, err);
}

/*
 * A failure is the group's own, and kept in it; unless the target is gone: then no other group can
 * go better.
 */
static int do_asked(struct sis_flow *f, struct sis_group *g, struct sis_err *err)
{
	sis_autoerr struct sis_err problem = SIS_ERR_INIT;

	if (g->blocked.code && sis_flow_volume_asked(f, g->blocked_volume))
		sis_flow_problem(f, g->blocked_volume, SIS_WANT_SHARED, &g->blocked);
	if (!g->refused.code && (!g->steps.n || do_group(f, g, &g->refused) == 0))
		return 0;
	if (g->refused.code == SIS_ERR_NOTARGET) {
		(void)sis_err_move(err, &g->refused);
		return sis_err_wrap(err, "'%s'", sis_flow_subject(g));
	}
	sis_plan_refuse_followers(&f->plan, g);
	(void)sis_err_set(&problem, g->refused.code, "%s", sis_err_msg(&g->refused));
	sis_flow_problem(f, sis_flow_subject(g), SIS_WANT_SHARED, &problem);
	return 0;
}

/* A lane takes the next group. The next record is written ahead where it is this lane's, too. */
static bool do_next(void *ctx)
{
	struct batch *b = ctx;
	struct sis_flow *f = b->f;
	struct sis_group *g;

	if (b->next == b->end)
		return false;
	g = &f->plan.groups.v[b->next++];
	f->next = b->lanes == 1 && b->next < f->plan.groups.n ? g + 1 : NULL;
	if (b->rc == 0 && sis_flow_asked(f, g))
		b->rc = do_asked(f, g, b->err);
	sis_flow_let_go(f, g);
	if (f->ahead.g == g)
		sis_intent_drop(f);
	sis_group_steps_free(g);
	if (b->rc == 0 && f->rq->progress)
		f->rq->progress(++b->done, f->plan.groups.n);
	return true;
}

/*
 * Up to where there are only targets that are new, or only such that go: these have nothing in
 * common, neither target nor volume. What changes is done alone.
 */
static size_t end_of_batch(const struct sis_plan *p, size_t from)
{
	const struct sis_group *g = &p->groups.v[from];
	const bool add = !g->live, go = !g->desired;
	size_t i = from;

	while (++i < p->groups.n) {
		g = &p->groups.v[i];
		if (!(add && !g->live) && !(go && !g->desired))
			break;
	}
	return i;
}

/* Who is told each step is told them in their order; a move does a group in parts. */
static unsigned lanes_for(const struct sis_flow *f, size_t groups)
{
	if (!(f->ctx->bx.caps.caps & SIS_CAP_AT_ONCE) || f->ctx->choice.dry ||
	    !f->ctx->trace.quiet || f->do_group)
		return 1;
	return groups < LANES ? (unsigned)groups : LANES;
}

static int problem_cmp(const void *a, const void *b)
{
	const struct sis_problem *x = a, *y = b;

	return strcmp(x->subject, y->subject);
}

int sis_groups_do(struct sis_flow *f, struct sis_err *err)
{
	struct batch b = { .f = f, .err = err };
	bool mixed = false;

	/* A move does a group in parts, each with a record of its own. */
	f->ctx->bx.meanwhile = f->ctx->choice.dry || f->do_group ? NULL : sis_intent_ahead;
	f->ctx->bx.meanwhile_ctx = f;
	while (b.next < f->plan.groups.n) {
		b.end = end_of_batch(&f->plan, b.next);
		b.lanes = lanes_for(f, b.end - b.next);
		mixed |= b.lanes > 1;
		sis_lanes_run(b.lanes, do_next, &b);
	}
	sis_intent_drop(f);
	f->ctx->bx.meanwhile = NULL;
	if (mixed)
		sis_vec_sort(&f->report->problems, problem_cmp);
	return b.rc;
}

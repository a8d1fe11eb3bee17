/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Moving between targets: two runs side by side, one per target, a group of each at a time.
 * Decides the order; what a share is, the model says.
 */
#include "core/move.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"
#include "core/flow.h"

struct move {
	struct sis_flow from, to;
	struct sis_ctx from_ctx;
	struct sis_request unshare; /* everything asked for, on the old side */
};

static int open_from(struct move *m, const char *name, struct sis_err *err)
{
	struct sis_choice choice = m->to.ctx->choice;
	int rc;

	choice.backend = name;
	rc = sis_ctx_open(&m->from_ctx, &choice, err);
	if (rc == 0)
		rc = sis_ctx_backend(&m->from_ctx, err);
	if (rc == 0 && m->from_ctx.bx.be == m->to.ctx->bx.be)
		rc = sis_err_set(err, SIS_ERR_USAGE, "--from and --backend are both '%s'", name);
	return rc;
}

/* What clients know a disk by must be the same on the new side. */
static int check_identity(const struct sis_lun *old, const struct sis_lun *want,
			  struct sis_err *err)
{
	if (old->number != want->number)
		return sis_err_set(err, EINVAL,
				   "it is LUN %" PRIu32 " now and would be LUN %" PRIu32,
				   old->number, want->number);
	if (old->known & SIS_BIT(SIS_FIELD_BLOCKSIZE) && old->blocksize != want->blocksize)
		return sis_err_set(err, EINVAL,
				   "its block size is %" PRIu32 " now and would be %" PRIu32,
				   old->blocksize, want->blocksize);
	return 0;
}

/* Can the new side show this LUN just as the old one does? */
static void check_lun(struct move *m, const struct sis_lun *old)
{
	struct sis_item *i = sis_view_guid(&m->to.view, old->guid);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (!i)
		return;
	if (i->want == SIS_WANT_SHARED)
		(void)check_identity(old, &i->wish.target.luns.v[0], &err);
	else if (i->want == SIS_WANT_BAD || i->want == SIS_WANT_PENDING)
		(void)sis_err_move(&err, &i->problem);
	if (err.code)
		sis_flow_problem(&m->to, i->volume->name, SIS_WANT_BAD, &err);
}

/* Nothing is moved unless all of it can be. */
static bool all_expressible(struct move *m)
{
	size_t before = m->to.report->problems.n;

	sis_vec_each(t, &m->from.view.live.targets)
		if (t->owner == SIS_OWNER_OURS)
			sis_vec_each(l, &t->luns)
				check_lun(m, l);
	return m->to.report->problems.n == before;
}

/* The steps before (or, with `show`, from) the one that shows the target; borrows the steps. */
static struct sis_group part_of(const struct sis_group *g, bool show)
{
	struct sis_group part = *g;
	size_t n = g->steps.n;

	if (n && g->steps.v[n - 1].kind == SIS_STEP_SHOW)
		n--;
	part.steps.v += show ? n : 0;
	part.steps.n = show ? g->steps.n - n : n;
	return part;
}

/* The new side failed after the old one had let go: the old one gets its share back. */
static void give_back(struct move *m, const struct sis_group *old, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_request rq = { .names = &names, .mode = SIS_VIEW_SHARE };
	sis_autoreport struct sis_report report = { 0 };
	sis_autoerr struct sis_err again = SIS_ERR_INIT;

	sis_vec_each(l, &old->live->luns)
		if (l->volume)
			sis_strv_add(&names, l->volume);
	/* The lock is the new side's; the old run must not wait for it. */
	m->from_ctx.lock_fd = m->to.ctx->lock_fd;
	if (sis_sync(&m->from_ctx, &rq, &report, &again) < 0 || report.problems.n)
		(void)sis_err_append(err, "; and %s could not get it back: %s",
				     m->from_ctx.bx.caps.title,
				     report.problems.n ? sis_err_msg(&report.problems.v[0].err) :
							 sis_err_msg(&again));
	else
		(void)sis_err_append(err, "; it is shared through %s as before",
				     m->from_ctx.bx.caps.title);
	m->from_ctx.lock_fd = -1;
}

/* Old side first: for a volume that only one of the two can hold. */
static int move_exclusive(struct move *m, const struct sis_group *old, const struct sis_group *new,
			  struct sis_err *err)
{
	int rc = sis_flow_group(&m->from, old, NULL, err);

	if (rc < 0)
		return rc;
	rc = sis_flow_group(&m->to, new, NULL, err);
	if (rc < 0 && !m->to.ctx->choice.dry)
		give_back(m, old, err);
	return rc;
}

static int move_group(struct move *m, struct sis_group *old, struct sis_group *new,
		      struct sis_err *err)
{
	struct sis_group hidden = part_of(new, false), shown = part_of(new, true);
	sis_autotarget struct sis_target made = { 0 };
	int rc;

	if (old->refused.code || new->refused.code)
		return sis_err_move(err, old->refused.code ? &old->refused : &new->refused);
	rc = sis_flow_group(&m->to, &hidden, &made, err);
	if (rc == -EBUSY)
		return move_exclusive(m, old, new, err);
	if (rc < 0)
		return rc;
	rc = sis_flow_group(&m->from, old, NULL, err);
	if (rc < 0)
		return rc;
	shown.desired = &made;
	rc = sis_flow_group(&m->to, &shown, NULL, err);
	if (rc < 0 && !m->to.ctx->choice.dry)
		give_back(m, old, err);
	return rc;
}

static void move_all(struct move *m)
{
	sis_vec_each(old, &m->from.plan.groups) {
		struct sis_group *new = sis_plan_find(&m->to.plan, old->iqn);
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		/* What is not to be shared at all any more is no business of a move. */
		if (!new || !new->desired)
			continue;
		if (move_group(m, old, new, &err) < 0)
			sis_flow_problem(&m->to, sis_flow_subject(old), SIS_WANT_SHARED, &err);
	}
}

static int carry_out(struct move *m, struct sis_err *err)
{
	int rc = sis_flow_read(&m->from, err);

	if (rc == 0)
		rc = sis_flow_read(&m->to, err);
	if (rc < 0 || !all_expressible(m))
		return rc;
	if (m->from.plan.groups.n)
		rc = sis_flow_prepare(&m->to, err);
	if (rc == 0)
		move_all(m);
	return rc;
}

int sis_move(struct sis_ctx *ctx, const char *from, const struct sis_request *rq,
	     struct sis_report *ret, struct sis_err *err)
{
	struct move m = { .to = { .ctx = ctx, .rq = rq, .report = ret } };
	int rc;

	*ret = (struct sis_report){ 0 };
	m.unshare = *rq;
	m.unshare.mode = SIS_VIEW_UNSHARE;
	m.from = (struct sis_flow){ .ctx = &m.from_ctx, .rq = &m.unshare, .report = ret };
	m.from_ctx.lock_fd = -1;
	rc = sis_ctx_backend(ctx, err);
	if (rc == 0 && !ctx->choice.dry)
		rc = sis_ctx_lock(ctx, err);
	if (rc == 0)
		rc = open_from(&m, from, err);
	if (rc == 0)
		rc = carry_out(&m, err);
	sis_flow_free(&m.to);
	sis_flow_free(&m.from);
	sis_ctx_close(&m.from_ctx);
	return rc;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Doing the steps of one group and, when one fails, taking away what this run had made. Decides
 * nothing: the plan said what to do.
 */
#include "core/apply.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"

/* What is being worked on: copies, as back ends fill in handles. */
struct work {
	struct sis_ctx *ctx;
	const struct sis_group *g;
	bool force;
	struct sis_target target;			/* desired; empty for a removal */
	bool added;					/* this run made the target */
	const struct sis_target *shown_as;		/* this run hid it, and undoing shows it so */
	SIS_VEC(uint32_t) luns;				/* this run made them */
	int (*ready)(void *owner, struct sis_err *err); /* once, before it is shown */
	void *owner;
};

static int step_lun_add(struct work *w, const struct sis_step *s, struct sis_err *err)
{
	struct sis_lun *l = sis_target_lun(&w->target, s->lun);

	/* Noted before it is tried: half of it may be there after a failure. */
	sis_vec_push(&w->luns, s->lun);
	return w->ctx->bx.be->lun_add(&w->ctx->bx, &w->target, l, err);
}

static int step_target_add(struct work *w, struct sis_err *err)
{
	int rc = w->ctx->bx.be->target_add(&w->ctx->bx, &w->target, err);

	/* Half of it may be there after a failure, unless it was somebody else who made it. */
	w->added = !w->g->live && rc != -EEXIST;
	if (rc != -EEXIST || w->g->live)
		return rc;
	err->code = SIS_ERR_TAKEN;
	return -SIS_ERR_TAKEN;
}

/* Of a target that goes away, the next run takes the rest. */
static void goes_on(struct work *w)
{
	if (!w->g->desired)
		w->shown_as = NULL;
}

/* Steps that guard the target: one that is hidden is not shown with half of what they do. */
static int step_guard(struct work *w, const struct sis_step *s, struct sis_err *err)
{
	const bool hidden = w->shown_as;
	int rc;

	w->shown_as = NULL;
	if (s->kind == SIS_STEP_TARGET_ADD)
		rc = step_target_add(w, err);
	else
		rc = w->ctx->bx.be->target_set(&w->ctx->bx, &w->target, w->g->live, s->changed, err);
	if (rc == 0 && hidden)
		w->shown_as = &w->target;
	return rc;
}

/* `t`: the target as it is by now. */
static int end_session(struct work *w, const struct sis_target *t, const struct sis_session *s,
		       struct sis_err *err)
{
	/* Without handle it cannot be ended alone; hiding or deleting the target ends it. */
	return s->id ? w->ctx->bx.be->session_end(&w->ctx->bx, t, s, err) : 0;
}

/* The rules are in place, so these do not come back; some may have come since the plan was made. */
static int shut_out(struct work *w, struct sis_err *err)
{
	const sis_sessions *who = &w->g->live->sessions;
	sis_autosessions sis_sessions now = { 0 };
	int rc = 0;

	if (!w->ctx->bx.dry) {
		rc = w->ctx->bx.be->sessions(&w->ctx->bx, w->g->live, &now, err);
		who = &now;
	}
	sis_vec_each(s, who)
		if (rc == 0 && !sis_rules_admit(&w->target.rules, s))
			rc = end_session(w, &w->target, s, err);
	return rc;
}

static int do_step(struct work *w, const struct sis_step *s, struct sis_err *err)
{
	const struct sis_backend *be = w->ctx->bx.be;
	const struct sis_target *live = w->g->live;
	struct sis_bx *bx = &w->ctx->bx;

	switch (s->kind) {
	case SIS_STEP_HIDE: w->shown_as = live; return be->target_hide(bx, live, err);
	case SIS_STEP_LUN_DEL:
		goes_on(w);
		return be->lun_del(bx, live, sis_target_lun(live, s->lun), err);
	case SIS_STEP_TARGET_DEL: goes_on(w); return be->target_del(bx, live, w->force, err);
	case SIS_STEP_TARGET_ADD:
	case SIS_STEP_TARGET_SET: return step_guard(w, s, err);
	case SIS_STEP_LUN_ADD: return step_lun_add(w, s, err);
	case SIS_STEP_LUN_SET:
		return be->lun_set(bx, &w->target, sis_target_lun(&w->target, s->lun),
				   sis_target_lun(live, s->lun), s->changed, err);
	case SIS_STEP_SESSION_END: return shut_out(w, err);
	case SIS_STEP_SHOW: return be->target_show(bx, &w->target, err);
	case SIS_STEP_N: break;
	}
	return sis_err_set(err, EINVAL, "unknown step");
}

static int end_sessions(struct work *w, struct sis_err *err)
{
	int rc = 0;

	if (!w->g->drops || !w->g->live || (w->shown_as && w->ctx->bx.be->hide_ends))
		return 0;
	sis_vec_each(s, &w->g->live->sessions)
		if (rc == 0)
			rc = end_session(w, w->g->live, s, err);
	return rc;
}

/* The plan is of a moment ago: somebody may have logged in since. A dry run has just looked. */
static int nobody_came(struct work *w, struct sis_err *err)
{
	sis_autosessions sis_sessions now = { 0 };
	int rc;

	if (w->ctx->bx.dry || !sis_group_may_drop(w->g))
		return 0;
	rc = w->ctx->bx.be->sessions(&w->ctx->bx, w->g->live, &now, err);
	if (rc < 0)
		return sis_err_wrap(err, "cannot tell who is logged in");
	return sis_group_in_use(w->g, &now, err);
}

/*
 * Sessions are dealt with once the target is hidden, so that none comes meanwhile, or comes back: with
 * force they end, else there must be none. Where hiding is what ends them, they are looked for before.
 */
static bool sessions_due(const struct work *w, const struct sis_step *next)
{
	return next->kind != SIS_STEP_HIDE || (!w->force && w->ctx->bx.be->hide_ends);
}

/* Moves the lines noted since the last step into a step of the report; none: no step. */
static void report_step(struct work *w, const struct sis_step *s, struct sis_report *report)
{
	const struct sis_target *t = w->g->desired ? w->g->desired : w->g->live;
	const struct sis_lun *l = sis_target_lun(t, s->lun);
	struct sis_done *d;

	report->last_step = sis_step_names[s->kind];
	if (!w->ctx->trace.lines.n)
		return;
	d = sis_vec_add(&report->steps);
	d->name = sis_step_names[s->kind];
	d->iqn = sis_strdup(w->g->iqn);
	d->volume = sis_strdup_null(l ? l->volume : t->luns.n ? t->luns.v[0].volume : NULL);
	d->reason = sis_strdup_null(s->reason);
	d->commands = w->ctx->trace.lines;
	w->ctx->trace.lines = (sis_strv){ 0 };
	sis_vec_each(line, &d->commands)
		sis_log(SIS_LOG_INFO, "%s", *line);
}

/* A target that was made though the answer was lost: its handle, for undo. */
static void find_handle(struct work *w)
{
	sis_autostrv sis_strv scope = { 0 };
	sis_autostate struct sis_state live = { 0 };
	const struct sis_target *t = NULL;

	sis_strv_add(&scope, w->g->iqn);
	if (w->ctx->bx.be->read(&w->ctx->bx, &scope, &live, NULL) == 0)
		t = sis_state_find(&live, w->g->iqn);
	if (t)
		w->target.tid = t->tid;
}

static int undo_steps(struct work *w, struct sis_err *err)
{
	const struct sis_backend *be = w->ctx->bx.be;
	struct sis_bx *bx = &w->ctx->bx;
	int rc = 0;

	for (size_t i = w->luns.n; rc == 0 && i-- > 0;)
		rc = be->lun_del(bx, &w->target, sis_target_lun(&w->target, w->luns.v[i]), err);
	if (rc == 0 && w->added)
		rc = be->target_del(bx, &w->target, false, err);
	else if (rc == 0 && w->shown_as)
		rc = be->target_show(bx, w->shown_as, err);
	return rc;
}

/*
 * All or nothing: what this run made of the target goes, so that the next run finds a clean table.
 * A target that was there before keeps what it had.
 */
static void undo(struct work *w)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (w->ctx->bx.dry)
		return;
	if (w->added && !w->target.tid)
		find_handle(w);
	/* With the target itself, what was made is gone. */
	if (undo_steps(w, &err) < 0 && err.code != SIS_ERR_NOTARGET)
		sis_log(SIS_LOG_WARN, "'%s' is left half made: %s", w->g->iqn, sis_err_msg(&err));
}

static int tell_ready(struct work *w, struct sis_err *err)
{
	int (*ready)(void *owner, struct sis_err *err) = w->ready;

	w->ready = NULL;
	return ready ? ready(w->owner, err) : 0;
}

static int do_steps(struct work *w, struct sis_report *report, struct sis_err *err)
{
	bool dealt = false;
	int rc = 0;

	sis_vec_each(s, &w->g->steps) {
		if (!dealt && sessions_due(w, s)) {
			dealt = true;
			rc = w->force ? end_sessions(w, err) : nobody_came(w, err);
			if (rc == -SIS_ERR_INUSE)
				return rc;
		}
		if (rc == 0 && s->kind == SIS_STEP_SHOW)
			rc = tell_ready(w, err);
		if (rc == 0)
			rc = do_step(w, s, err);
		report_step(w, s, report);
		if (rc < 0)
			return sis_err_wrap(err, "%s", sis_step_names[s->kind]);
	}
	return tell_ready(w, err);
}

/* A LUN that is not made anew stays protected or not, whatever is asked for. */
static void keep_protection(struct sis_target *t, const struct sis_group *g)
{
	sis_vec_each(l, &t->luns) {
		const struct sis_lun *live = sis_target_lun(g->live, l->number);
		bool made = !live || !(live->known & SIS_BIT(SIS_FIELD_READONLY));

		sis_vec_each(s, &g->steps)
			made |= s->kind == SIS_STEP_LUN_ADD && s->lun == l->number;
		if (!made)
			l->readonly = live->readonly;
	}
}

/* The target as it is to be, and whether there can be such a one. */
static int prepare(struct work *w, struct sis_err *err)
{
	const struct sis_backend *be = w->ctx->bx.be;

	if (w->g->desired)
		sis_target_copy(&w->target, w->g->desired);
	if (w->g->live)
		w->target.tid = w->g->live->tid;
	if (!w->g->desired)
		return 0;
	if (w->g->live)
		keep_protection(&w->target, w->g);
	return be->check ? be->check(&w->ctx->bx, &w->target, w->g->live, err) : 0;
}

int sis_apply_group(struct sis_ctx *ctx, const struct sis_group *g, bool force,
		    int (*ready)(void *owner, struct sis_err *err), void *owner,
		    struct sis_target *ret_target, struct sis_report *report, struct sis_err *err)
{
	struct work w = { .ctx = ctx, .g = g, .force = force, .ready = ready, .owner = owner };
	int rc;

	sis_trace_clear(&ctx->trace);
	rc = prepare(&w, err);
	if (rc == 0)
		rc = do_steps(&w, report, err);
	if (rc < 0)
		undo(&w);
	sis_trace_clear(&ctx->trace);
	sis_vec_free(&w.luns);
	if (rc < 0)
		sis_target_free(&w.target);
	else
		*ret_target = w.target;
	return rc;
}

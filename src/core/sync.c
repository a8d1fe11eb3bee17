/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The flow of a run: lock, read, plan, apply, settle, read back. Each volume's trouble is its own
 * line in the report and stops no other volume.
 */
#include "core/sync.h"

#include "base/log.h"
#include "base/str.h"
#include "core/apply.h"
#include "core/hook.h"

/* Everything that a run works with. */
struct run {
	struct sis_ctx *ctx;
	const struct sis_request *rq;
	struct sis_view view;
	struct sis_plan plan;
	struct sis_report *report;
};

static void add_problem(struct run *r, const char *subject, enum sis_want want, struct sis_err *err)
{
	struct sis_problem *p = sis_vec_add(&r->report->problems);

	p->subject = sis_strdup(subject);
	p->want = want;
	(void)sis_err_move(&p->err, err);
}

/* The volume (else the IQN) that a group is about, for messages. */
static const char *group_subject(const struct sis_group *g)
{
	const struct sis_target *both[] = { g->desired, g->live };

	for (size_t i = 0; i < 2; i++)
		if (both[i] && both[i]->luns.n && both[i]->luns.v[0].volume)
			return both[i]->luns.v[0].volume;
	return g->iqn;
}

static bool name_asked(const struct run *r, const char *volume)
{
	const struct sis_item *i = sis_view_item(&r->view, volume);

	if (i)
		return i->in_scope;
	sis_vec_each(name, r->rq->names)
		if (sis_dataset_within(volume, *name))
			return true;
	return false;
}

/* Is one of the target's volumes, or what the record called it, among those asked for? */
static bool target_asked(const struct run *r, const struct sis_target *t)
{
	const struct sis_record *record;

	if (!r->rq->names)
		return true;
	sis_vec_each(l, &t->luns)
		if (l->volume && name_asked(r, l->volume))
			return true;
	record = sis_records_find(&r->view.records, t->iqn);
	if (record)
		sis_vec_each(l, &record->luns)
			if (name_asked(r, l->volume))
				return true;
	return false;
}

static bool group_asked(const struct run *r, const struct sis_group *g)
{
	return (g->desired && target_asked(r, g->desired)) || (g->live && target_asked(r, g->live));
}

/* Ours among the live LUNs: what the record has to name besides what is desired. */
static void record_target(const struct sis_group *g, struct sis_target *ret)
{
	if (g->desired)
		sis_target_copy(ret, g->desired);
	else
		*ret = (struct sis_target){ .iqn = sis_strdup(g->iqn) };
	if (g->live)
		sis_vec_each(l, &g->live->luns)
			if (l->guid)
				sis_lun_copy(sis_vec_add(&ret->luns), l);
}

/* Written before the first step: after a crash anywhere, what is there is known to be ours. */
static int record_intent(struct run *r, const struct sis_group *g, struct sis_err *err)
{
	sis_autotarget struct sis_target t = { 0 };

	record_target(g, &t);
	return sis_record_write(r->ctx->root, r->ctx->bx.be->name, &t, err);
}

/* Keeps the identity of a volume that is about to be shared for the first time. */
static int mint(struct run *r, const struct sis_lun *l, struct sis_err *err)
{
	struct sis_item *i = sis_view_guid(&r->view, l->guid);
	sis_autofree char *text = NULL;

	if (!i || !i->wish.identity_differs)
		return 0;
	if (i->volume->pool_readonly) {
		sis_log(SIS_LOG_WARN,
			"'%s': its pool is read-only, so its identity cannot be kept; "
			"it is shared with computed values",
			i->volume->name);
		return 0;
	}
	text = sis_identity_print(&i->wish.identity);
	if (r->ctx->sx.store->set_identity(&r->ctx->sx, i->volume->name, text, err) < 0)
		return sis_err_wrap(err, "cannot keep its identity");
	i->wish.identity_differs = false;
	return 0;
}

/* What is right from now on: the record as the target is, the identities, the counts. */
static int settle_target(struct run *r, const struct sis_target *t, struct sis_err *err)
{
	int rc = 0;

	sis_vec_each(l, &t->luns)
		if (rc == 0)
			rc = mint(r, l, err);
	return rc;
}

/* Does the record say just what is desired? */
static bool record_fits(const struct sis_record *record, const struct sis_target *t)
{
	bool fits = record && record->luns.n == t->luns.n;

	for (size_t i = 0; fits && i < t->luns.n; i++)
		fits = record->luns.v[i].guid == t->luns.v[i].guid &&
		       record->luns.v[i].number == t->luns.v[i].number &&
		       sis_streq(record->luns.v[i].volume, t->luns.v[i].volume) &&
		       sis_streq(record->luns.v[i].path, t->luns.v[i].path);
	return fits;
}

static bool lun_made(const struct sis_group *g, uint32_t number)
{
	sis_vec_each(s, &g->steps)
		if (s->kind == SIS_STEP_SHOW || (s->kind == SIS_STEP_LUN_ADD && s->lun == number))
			return true;
	return false;
}

static void run_hooks(struct run *r, const struct sis_group *g, const struct sis_target *t)
{
	sis_vec_each(l, &t->luns)
		if (lun_made(g, l->number))
			sis_hook_run(r->ctx, t, l);
}

/* What is left of a target whose wanted LUNs are gone but which keeps others. */
static int record_rest(struct run *r, const struct sis_group *g, struct sis_err *err)
{
	sis_autotarget struct sis_target t = { .iqn = sis_strdup(g->iqn) };

	sis_vec_each(l, &g->live->luns)
		if (l->keep && l->guid)
			sis_lun_copy(sis_vec_add(&t.luns), l);
	if (t.luns.n)
		return sis_record_write(r->ctx->root, r->ctx->bx.be->name, &t, err);
	return sis_record_remove(r->ctx->root, r->ctx->bx.be->name, g->iqn, err);
}

static int group_done(struct run *r, const struct sis_group *g, const struct sis_target *t,
		      struct sis_err *err)
{
	struct sis_group rest = { .iqn = g->iqn, .live = g->live };
	sis_autotarget struct sis_target keep = { 0 };

	if (!g->desired)
		return record_rest(r, g, err);
	run_hooks(r, g, t);
	sis_target_copy(&keep, t);
	if (g->live)
		sis_vec_each(l, &rest.live->luns)
			if (l->keep && l->guid)
				sis_lun_copy(sis_vec_add(&keep.luns), l);
	return sis_record_write(r->ctx->root, r->ctx->bx.be->name, &keep, err);
}

static void count(struct run *r, const struct sis_group *g)
{
	if (!g->desired)
		r->report->unshared++;
	else if (!g->live)
		r->report->shared++;
	else
		r->report->changed++;
}

/* A new target that could not be made is gone again, most likely: then nothing is remembered. */
static void forget_failed(struct run *r, const struct sis_group *g)
{
	sis_autostrv sis_strv scope = { 0 };
	sis_autostate struct sis_state live = { 0 };

	sis_strv_add(&scope, g->iqn);
	if (r->ctx->bx.be->read(&r->ctx->bx, &scope, &live, NULL) == 0 &&
	    !sis_state_find(&live, g->iqn))
		(void)sis_record_remove(r->ctx->root, r->ctx->bx.be->name, g->iqn, NULL);
}

static int do_group(struct run *r, const struct sis_group *g, struct sis_err *err)
{
	sis_autotarget struct sis_target t = { 0 };
	bool dry = r->ctx->choice.dry;
	int rc = 0;

	if (!dry)
		rc = record_intent(r, g, err);
	if (rc == 0 && !dry && g->desired)
		rc = settle_target(r, g->desired, err);
	if (rc == 0)
		rc = sis_apply_group(r->ctx, g, r->rq->force, &t, r->report, err);
	if (rc == 0 && !dry)
		rc = group_done(r, g, &t, err);
	if (rc == 0)
		count(r, g);
	if (rc < 0 && !dry && !g->live)
		forget_failed(r, g);
	return rc;
}

static void do_groups(struct run *r)
{
	sis_vec_each(g, &r->plan.groups) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		if (!group_asked(r, g))
			continue;
		if (g->refused.code)
			(void)sis_err_move(&err, &g->refused);
		else if (do_group(r, g, &err) == 0)
			continue;
		add_problem(r, group_subject(g), SIS_WANT_SHARED, &err);
	}
}

/* Targets without a step: the record may be lost or name a volume by an old name. */
static void settle_rest(struct run *r)
{
	sis_vec_each(t, &r->view.desired.targets) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		const struct sis_target *live = sis_state_find(&r->view.live, t->iqn);
		int rc = 0;

		if (!live || live->owner != SIS_OWNER_OURS || !target_asked(r, t) ||
		    live->luns.n != t->luns.n)
			continue;
		if (!record_fits(sis_records_find(&r->view.records, t->iqn), t))
			rc = sis_record_write(r->ctx->root, r->ctx->bx.be->name, t, &err);
		if (rc == 0)
			rc = settle_target(r, t, &err);
		if (rc < 0)
			add_problem(r, t->luns.v[0].volume, SIS_WANT_SHARED, &err);
	}
}

/* Records of targets that are no more (the daemon ended, the machine's target was cleared). */
static void forget_gone(struct run *r)
{
	sis_vec_each(record, &r->view.records)
		if (!sis_state_find(&r->view.live, record->iqn) &&
		    !sis_state_find(&r->view.desired, record->iqn))
			(void)sis_record_remove(r->ctx->root, r->ctx->bx.be->name, record->iqn,
						NULL);
}

static void report_items(struct run *r)
{
	sis_vec_each(i, &r->view.items)
		if (i->in_scope && i->problem.code)
			add_problem(r, i->volume->name, i->want, &i->problem);
}

/* After the work a second plan must be empty, or the target did not do what it said. */
static int verify(struct run *r, struct sis_err *err)
{
	sis_autoplan struct sis_plan again = { 0 };
	int rc = sis_view_reread(r->ctx, r->rq, &r->view, err);

	if (rc < 0)
		return sis_err_wrap(err, "cannot read back");
	sis_plan_make(&r->view.desired, &r->view.live, true, &again);
	sis_vec_each(g, &again.groups) {
		sis_autoerr struct sis_err bad = SIS_ERR_INIT;
		const struct sis_step *s = g->steps.n ? &g->steps.v[0] : NULL;
		bool known = false;

		sis_vec_each(p, &r->report->problems)
			known |= sis_streq(p->subject, group_subject(g));
		if (known || !group_asked(r, g))
			continue;
		(void)sis_err_set(&bad, EIO, "%s did not take the change: still to do: %s (%s)",
				  r->ctx->bx.caps.title, s ? sis_step_names[s->kind] : "nothing",
				  s && s->reason ? s->reason : sis_err_msg(&g->refused));
		add_problem(r, group_subject(g), SIS_WANT_SHARED, &bad);
	}
	return 0;
}

static bool any_work(const struct run *r)
{
	sis_vec_each(g, &r->plan.groups)
		if (!g->refused.code && group_asked(r, g))
			return true;
	return false;
}

static int prepare(struct run *r, struct sis_err *err)
{
	const struct sis_backend *be = r->ctx->bx.be;
	int rc;

	if (!be->prepare || !any_work(r))
		return 0;
	sis_trace_clear(&r->ctx->trace);
	rc = be->prepare(&r->ctx->bx, err);
	if (r->ctx->trace.lines.n) {
		struct sis_done *d = sis_vec_add(&r->report->steps);

		d->name = "prepare";
		d->reason = sis_asprintf("%s is not ready yet", r->ctx->bx.caps.title);
		d->commands = r->ctx->trace.lines;
		r->ctx->trace.lines = (sis_strv){ 0 };
	}
	return rc;
}

static int carry_out(struct run *r, struct sis_err *err)
{
	int rc;

	rc = sis_view_read(r->ctx, r->rq, &r->view, err);
	if (rc < 0)
		return rc;
	sis_plan_make(&r->view.desired, &r->view.live, r->rq->force, &r->plan);
	rc = prepare(r, err);
	if (rc < 0)
		return rc;
	do_groups(r);
	report_items(r);
	if (r->ctx->choice.dry)
		return 0;
	settle_rest(r);
	if (any_work(r))
		rc = verify(r, err);
	forget_gone(r);
	return rc;
}

int sis_sync(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_report *ret,
	     struct sis_err *err)
{
	struct run r = { .ctx = ctx, .rq = rq, .report = ret };
	int rc;

	*ret = (struct sis_report){ 0 };
	rc = sis_ctx_backend(ctx, err);
	if (rc == 0 && !ctx->choice.dry)
		rc = sis_ctx_lock(ctx, err);
	if (rc == 0)
		rc = carry_out(&r, err);
	sis_plan_free(&r.plan);
	sis_view_free(&r.view);
	return rc;
}

int sis_exit_status(int code)
{
	switch (code) {
	case 0: return 0;
	case SIS_ERR_USAGE: return 2;
	case SIS_ERR_INUSE: return 4;
	case SIS_ERR_NOTARGET: return 5;
	default: return 1;
	}
}

int sis_report_status(const struct sis_report *r, bool strict)
{
	int status = 0;

	sis_vec_each(p, &r->problems) {
		if (!strict && (p->want == SIS_WANT_HELD || p->want == SIS_WANT_PENDING))
			continue;
		if (p->err.code != SIS_ERR_INUSE)
			return 1;
		status = 4;
	}
	return status;
}

void sis_report_free(struct sis_report *r)
{
	sis_vec_each(p, &r->problems) {
		free(p->subject);
		sis_err_clear(&p->err);
	}
	sis_vec_free(&r->problems);
	sis_vec_each(d, &r->steps) {
		free(d->iqn);
		free(d->volume);
		free(d->reason);
		sis_strv_free(&d->commands);
	}
	sis_vec_free(&r->steps);
}

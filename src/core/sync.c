/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The flow of a run: lock, read, plan, apply, settle, read back. Each volume's trouble is its own
 * line in the report and stops no other volume.
 */
#include "core/sync.h"

#include "base/log.h"
#include "base/str.h"
#include "core/elsewhere.h"
#include "core/flow.h"
#include "core/groups.h"
#include "core/mint.h"
#include "core/move.h"

/*
 * Targets that need no step: the record may be lost or name a volume by an old name. Those with
 * steps or a refusal are not touched here: what was refused must not be kept as identity.
 */
static void settle_rest(struct sis_flow *f)
{
	sis_vec_each(t, &f->view.desired.targets) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		const struct sis_target *live = sis_state_find(&f->view.live, t->iqn);

		if (!live || sis_plan_find(&f->plan, t->iqn) || !sis_flow_target_asked(f, t))
			continue;
		if (sis_flow_settle(f, t, live, &err) < 0)
			sis_flow_problem(f, t->luns.v[0].volume, SIS_WANT_SHARED, &err);
	}
}

/*
 * The targets that are recorded but gone for certain. Asked anew, of all of them at once: what was
 * not looked at is not gone.
 */
static void find_gone(const struct sis_flow *f, sis_strv *ret)
{
	sis_autostrv sis_strv scope = { 0 };
	sis_autostate struct sis_state live = { 0 };

	sis_vec_each(record, &f->view.records)
		if (sis_view_concerns(&f->view, f->rq, record) &&
		    !sis_state_find(&f->view.live, record->iqn) &&
		    !sis_state_find(&f->view.desired, record->iqn))
			sis_strv_add(&scope, record->iqn);
	if (!scope.n || f->ctx->bx.be->read(&f->ctx->bx, &scope, &live, NULL) < 0)
		return;
	sis_vec_each(iqn, &scope)
		if (!sis_state_find(&live, *iqn))
			sis_strv_add(ret, *iqn);
}

/*
 * Records of targets that are no more (the daemon ended, the machine's target was cleared). What
 * such an end leaves beside the target, a device or a line in a file, goes with the record.
 */
static int forget_one(struct sis_flow *f, const char *iqn, struct sis_err *err)
{
	sis_autofree char *reason = sis_asprintf("what is left of '%s', which is no more", iqn);
	const struct sis_record *record = sis_records_find(&f->view.records, iqn);
	const struct sis_target gone = { .iqn = (char *)iqn };
	int rc;

	sis_trace_clear(&f->ctx->trace);
	rc = f->ctx->bx.be->target_del(&f->ctx->bx, &gone, false, err);
	sis_flow_report_lines(f, "forget", reason);
	if (rc < 0 || f->ctx->choice.dry)
		return rc;
	if (record)
		sis_vec_each(l, &record->luns)
			sis_flow_note_off(f, l->guid);
	return sis_record_remove(f->ctx->root, f->ctx->bx.be->name, iqn, err);
}

static void forget_gone(struct sis_flow *f)
{
	sis_autostrv sis_strv iqns = { 0 };

	find_gone(f, &iqns);
	sis_vec_each(iqn, &iqns) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		if (forget_one(f, *iqn, &err) < 0)
			sis_log(SIS_LOG_WARN, "what is left of '%s' could not be removed: %s", *iqn,
				sis_err_msg(&err));
	}
}

/* Records that a run was writing when it was killed. */
static void forget_begun(const struct sis_flow *f)
{
	sis_vec_each(name, &f->view.begun)
		(void)sis_record_remove(f->ctx->root, f->ctx->bx.be->name, *name, NULL);
}

/* New targets that could not be made and are gone again, as they mostly are, leave no record. */
static void forget_unmade(struct sis_flow *f)
{
	sis_autostate struct sis_state live = { 0 };

	if (!f->unmade.n || f->ctx->bx.be->read(&f->ctx->bx, &f->unmade, &live, NULL) < 0)
		return;
	sis_vec_each(iqn, &f->unmade)
		if (!sis_state_find(&live, *iqn))
			(void)sis_record_remove(f->ctx->root, f->ctx->bx.be->name, *iqn, NULL);
}

/* A name that is gone but recorded was a volume: what is left of it is taken away. */
static void report_missing(struct sis_flow *f)
{
	sis_vec_each(name, &f->view.missing)
		if (!sis_view_recorded(&f->view, *name))
			sis_strv_add(&f->report->missing, *name);
}

static void report_items(struct sis_flow *f)
{
	sis_vec_each(i, &f->view.items)
		if (i->in_scope && i->problem.code)
			sis_flow_problem(f, i->volume->name, i->want, &i->problem);
}

/* The targets and volumes of which a failure was told already, sorted. */
static void told_already(const struct sis_flow *f, sis_strv *ret)
{
	sis_vec_each(g, &f->plan.groups)
		if (g->refused.code)
			sis_strv_add(ret, g->iqn);
	sis_vec_each(p, &f->report->problems)
		sis_strv_add(ret, p->subject);
	sis_vec_sort(ret, sis_strp_cmp);
}

/* After the work a second plan must be empty, or the target did not do what it said. */
static int verify(struct sis_flow *f, struct sis_err *err)
{
	sis_autoplan struct sis_plan again = { 0 };
	sis_autostrv sis_strv told = { 0 };
	int rc;

	told_already(f, &told);
	sis_plan_free(&f->plan); /* it is of the state before */
	rc = sis_view_reread(f->ctx, f->rq, &f->view, err);
	if (rc < 0)
		return sis_err_wrap(err, "cannot read back");
	sis_plan_make(&f->view.desired, &f->view.live, true, &again);
	sis_vec_each(g, &again.groups) {
		sis_autoerr struct sis_err bad = SIS_ERR_INIT;
		const struct sis_step *s = g->steps.n ? &g->steps.v[0] : NULL;
		const char *subject = sis_flow_subject(g);

		if (!s && !g->refused.code)
			continue; /* a LUN that stays as it is was told before */
		if (sis_vec_find(&told, &g->iqn, sis_strp_cmp) ||
		    sis_vec_find(&told, &subject, sis_strp_cmp) || !sis_flow_asked(f, g))
			continue;
		(void)sis_err_set(&bad, EIO, "%s did not take the change: still to do: %s (%s)",
				  f->ctx->bx.caps.title, s ? sis_step_names[s->kind] : "nothing",
				  s && s->reason ? s->reason : sis_err_msg(&g->refused));
		sis_flow_problem(f, subject, SIS_WANT_SHARED, &bad);
	}
	return 0;
}

/* Is the volume live in the target where it was last shared? */
static bool is_live(const struct sis_flow *f, const struct sis_volume *v)
{
	sis_autoidentity struct sis_identity id = { 0 };
	const struct sis_target *t = NULL;

	if (sis_identity_parse(v->identity, &id, NULL) == 0)
		t = sis_state_find(&f->view.live, id.iqn);
	if (t)
		sis_vec_each(l, &t->luns)
			if (l->guid == v->guid)
				return true;
	return false;
}

/*
 * What was asked for by name is unshared for good, also where nothing was live. Not so for who ends
 * all shares, as a shutdown does, or lets go of them for now.
 */
static void note_unshared(const struct sis_flow *f)
{
	if (!f->rq->names || f->rq->mode == SIS_VIEW_SHARE || f->rq->for_now)
		return;
	sis_vec_each(i, &f->view.items)
		if (i->in_scope && i->want == SIS_WANT_OFF && i->volume->identity &&
		    !is_live(f, i->volume))
			sis_flow_unshared(f, i->volume);
}

static bool any_work(const struct sis_flow *f)
{
	sis_vec_each(g, &f->plan.groups)
		if (g->steps.n && !g->refused.code && sis_flow_asked(f, g))
			return true;
	return false;
}

int sis_flow_carry_out(struct sis_flow *f, struct sis_err *err)
{
	bool work;
	int rc = 0;

	sis_elsewhere_refuse(f);
	work = any_work(f);
	if (work)
		rc = sis_flow_prepare(f, err);
	if (rc < 0)
		return rc;
	sis_mint_ahead(f);
	rc = sis_groups_do(f, err);
	sis_mint_take_back(f);
	forget_unmade(f);
	if (rc < 0)
		return rc;
	report_items(f);
	report_missing(f);
	if (!f->ctx->choice.dry) {
		forget_begun(f);
		settle_rest(f);
		rc = work ? verify(f, err) : 0;
	}
	forget_gone(f);
	if (rc == 0 && !f->ctx->choice.dry)
		note_unshared(f);
	return rc;
}

/*
 * A move to this target was interrupted: what is made here may still be shared there, and must not
 * be shown before that ends. 1: moved on; 0: there is nothing to move.
 */
static int move_on(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_report *ret,
		   struct sis_err *err)
{
	sis_autofree char *from = NULL;
	int rc = sis_move_noted(ctx, &from, err);

	if (rc < 0 || !from)
		return rc;
	rc = sis_move(ctx, from, rq, ret, err);
	if (rc != -SIS_ERR_NOTARGET)
		return rc < 0 ? rc : 1;
	/* The old target has ended meanwhile, and its shares with it; if not, it says so again. */
	sis_err_clear(err);
	sis_report_free(ret);
	return 0;
}

int sis_sync(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_report *ret,
	     struct sis_err *err)
{
	struct sis_flow f = { .ctx = ctx, .rq = rq, .report = ret };
	int rc;

	*ret = (struct sis_report){ 0 };
	rc = sis_ctx_backend(ctx, err);
	if (rc == 0 && !ctx->choice.dry)
		rc = sis_ctx_lock(ctx, err);
	if (rc == 0 && rq->mode != SIS_VIEW_UNSHARE)
		rc = move_on(ctx, rq, ret, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	ctx->sx.hold = !ctx->choice.dry && rq->mode != SIS_VIEW_UNSHARE;
	rc = sis_flow_read(&f, err);
	if (rc == 0)
		rc = sis_flow_carry_out(&f, err);
	sis_flow_free(&f);
	ctx->sx.hold = false;
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
	sis_strv_free(&r->missing);
	sis_vec_each(d, &r->steps) {
		free(d->iqn);
		free(d->volume);
		free(d->reason);
		sis_strv_free(&d->commands);
	}
	sis_vec_free(&r->steps);
}

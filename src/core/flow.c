/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One group of a plan, carried out with all that belongs to it. Decides nothing about the order
 * of groups.
 */
#include "core/flow.h"

#include "base/log.h"
#include "base/str.h"
#include "core/apply.h"
#include "core/hook.h"
#include "core/intent.h"
#include "core/mint.h"
#include "core/unshared.h"

void sis_flow_problem(struct sis_flow *f, const char *subject, enum sis_want want,
		      struct sis_err *err)
{
	struct sis_problem *p;

	sis_vec_each(known, &f->report->problems)
		if (sis_streq(known->subject, subject) &&
		    sis_streq(sis_err_msg(&known->err), sis_err_msg(err)))
			return;
	p = sis_vec_add(&f->report->problems);
	p->subject = sis_strdup(subject);
	p->want = want;
	(void)sis_err_move(&p->err, err);
}

/* The volume (else the IQN) that a group is about, for messages. */
const char *sis_flow_subject(const struct sis_group *g)
{
	const struct sis_target *both[] = { g->desired, g->live };

	for (size_t i = 0; i < 2; i++)
		if (both[i] && both[i]->luns.n && both[i]->luns.v[0].volume)
			return both[i]->luns.v[0].volume;
	return g->iqn;
}

bool sis_flow_volume_asked(const struct sis_flow *f, const char *volume)
{
	const struct sis_item *i = sis_view_item(&f->view, volume);

	return i ? i->in_scope : sis_request_names(f->rq, volume);
}

/* Is one of the target's volumes, or what the record called it, among those asked for? */
bool sis_flow_target_asked(const struct sis_flow *f, const struct sis_target *t)
{
	const struct sis_record *record;

	if (!f->rq->names)
		return true;
	sis_vec_each(l, &t->luns)
		if (l->volume && sis_flow_volume_asked(f, l->volume))
			return true;
	record = sis_records_find(&f->view.records, t->iqn);
	if (record)
		sis_vec_each(l, &record->luns)
			if (sis_flow_volume_asked(f, l->volume))
				return true;
	return false;
}

bool sis_flow_asked(const struct sis_flow *f, const struct sis_group *g)
{
	return (g->desired && sis_flow_target_asked(f, g->desired)) ||
	       (g->live && sis_flow_target_asked(f, g->live));
}

/* Afterwards the target has what was desired. Of accounts there is a file of its own. */
static char *chap_now(struct sis_flow *f, const struct sis_group *g)
{
	if (f->ctx->bx.caps.caps & SIS_CAP_CHAP_ACCOUNTS)
		return NULL;
	return sis_secrets_digest(&f->ctx->secrets, &g->desired->chap);
}

static bool lun_remade(const struct sis_group *g, uint32_t number)
{
	if (g)
		sis_vec_each(s, &g->steps)
			if (s->kind == SIS_STEP_LUN_ADD && s->lun == number)
				return true;
	return false;
}

/*
 * The target as it is to be remembered: a LUN that was not made anew is known to the target by the
 * path it was made with, though the volume may have another one since. All is borrowed from t and
 * live but the list of LUNs, which is for sis_vec_free().
 */
static void remembered(struct sis_target *ret, const struct sis_target *t,
		       const struct sis_target *live, const struct sis_group *g)
{
	*ret = (struct sis_target){ .iqn = t->iqn };
	sis_vec_each(l, &t->luns) {
		const struct sis_lun *have = live ? sis_target_lun(live, l->number) : NULL;
		struct sis_lun now = *l;

		if (have && have->guid == l->guid && have->path && *have->path &&
		    !lun_remade(g, l->number))
			now.path = have->path;
		sis_vec_push(&ret->luns, now);
	}
	if (live)
		sis_vec_each(l, &live->luns)
			if (l->keep && l->guid && !sis_target_lun(t, l->number))
				sis_vec_push(&ret->luns, *l);
}

bool sis_flow_record_fits(const struct sis_record *record, const struct sis_target *t)
{
	bool fits = record && record->luns.n == t->luns.n;

	for (size_t i = 0; fits && i < t->luns.n; i++)
		fits = record->luns.v[i].guid == t->luns.v[i].guid &&
		       record->luns.v[i].number == t->luns.v[i].number &&
		       sis_streq(record->luns.v[i].volume, t->luns.v[i].volume) &&
		       sis_streq(record->luns.v[i].path, t->luns.v[i].path);
	return fits;
}

int sis_flow_settle(struct sis_flow *f, const struct sis_target *t, const struct sis_target *live,
		    struct sis_err *err)
{
	struct sis_target now;
	int rc = 0;

	remembered(&now, t, live, NULL);
	if (!sis_flow_record_fits(sis_records_find(&f->view.records, t->iqn), &now))
		rc = sis_record_write(f->ctx->root, f->ctx->bx.be->name, &now,
				      sis_intent_chap(f, t->iqn), err);
	sis_vec_free(&now.luns);
	return rc < 0 ? rc : sis_mint_target(f, t, err);
}

/* Has this group let initiators at the LUN that could not have it before? */
static bool lun_made(const struct sis_group *g, uint32_t number)
{
	sis_vec_each(s, &g->steps)
		if (s->kind == SIS_STEP_SHOW ||
		    (g->live && s->kind == SIS_STEP_LUN_ADD && s->lun == number))
			return true;
	return false;
}

static void run_hooks(struct sis_flow *f, const struct sis_group *g, const struct sis_target *t)
{
	sis_vec_each(l, &t->luns)
		if (lun_made(g, l->number))
			sis_hook_run(f->ctx, t, l);
}

void sis_flow_unshared(const struct sis_flow *f, const struct sis_volume *v)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (v->guid && sis_unshared_note(f->ctx->root, v->guid, &err) < 0)
		sis_log(SIS_LOG_WARN, "'%s': cannot note that it was unshared: %s", v->name,
			sis_err_msg(&err));
}

void sis_flow_note_off(const struct sis_flow *f, uint64_t guid)
{
	const struct sis_item *i = sis_view_guid(&f->view, guid);

	if (f->rq->mode == SIS_VIEW_SYNC && i && i->want == SIS_WANT_OFF)
		sis_flow_unshared(f, i->volume);
}

static bool is_kept(const struct sis_group *g, uint64_t guid)
{
	sis_vec_each(l, &g->live->luns)
		if (l->guid == guid && l->keep)
			return true;
	return false;
}

/* The LUNs that this group took away, and those that a run before was about to when it ended. */
static void note_dropped(const struct sis_flow *f, const struct sis_group *g)
{
	const struct sis_record *record = sis_records_find(&f->view.records, g->iqn);

	if (!g->live)
		return;
	sis_vec_each(l, &g->live->luns)
		if (g->drops && !l->keep)
			sis_flow_note_off(f, l->guid);
	if (record)
		sis_vec_each(l, &record->luns)
			if (!is_kept(g, l->guid))
				sis_flow_note_off(f, l->guid);
}

/* What is left of a target whose wanted LUNs are gone but which keeps others. */
static int record_rest(struct sis_flow *f, const struct sis_group *g, struct sis_err *err)
{
	sis_autotarget struct sis_target t = { .iqn = sis_strdup(g->iqn) };

	sis_vec_each(l, &g->live->luns)
		if (l->keep && l->guid)
			sis_lun_copy(sis_vec_add(&t.luns), l);
	if (t.luns.n)
		return sis_record_write(f->ctx->root, f->ctx->bx.be->name, &t,
					sis_intent_chap(f, g->iqn), err);
	return sis_record_remove(f->ctx->root, f->ctx->bx.be->name, g->iqn, err);
}

/* `intent` is what the record says since before the first step: of a new target all there is. */
static int group_done(struct sis_flow *f, const struct sis_group *g, const struct sis_target *t,
		      const char *intent, struct sis_err *err)
{
	sis_autosecret char *chap = NULL;
	sis_autofree char *text = NULL;
	struct sis_target now;

	note_dropped(f, g);
	if (!g->desired)
		return record_rest(f, g, err);
	run_hooks(f, g, t);
	remembered(&now, t, g->live, g);
	chap = chap_now(f, g);
	text = sis_record_text(&now, chap);
	sis_vec_free(&now.luns);
	if (sis_streq(text, intent))
		return 0;
	return sis_record_write_text(f->ctx->root, f->ctx->bx.be->name, g->iqn, text, err);
}

static void count(struct sis_flow *f, const struct sis_group *g)
{
	if (!g->desired)
		f->report->unshared++;
	else if (!g->live)
		f->report->shared++;
	else
		f->report->changed++;
}

/* What a group that is being done belongs to, for mint_group(). */
struct minting {
	struct sis_flow *f;
	const struct sis_group *g;
};

/* Identities are kept once the share is made, and before anybody can have seen it. */
static int mint_group(void *owner, struct sis_err *err)
{
	struct minting *m = owner;

	return m->g->desired ? sis_mint_target(m->f, m->g->desired, err) : 0;
}

int sis_flow_group(struct sis_flow *f, const struct sis_group *g, struct sis_target *ret_target,
		   struct sis_err *err)
{
	sis_autotarget struct sis_target t = { 0 };
	struct minting m = { f, g };
	sis_autofree char *intent = NULL;
	bool dry = f->ctx->choice.dry;
	int rc = 0;

	f->ctx->accounts.view = &f->view;
	if (!dry)
		rc = sis_intent_write(f, g, &intent, err);
	if (rc == 0)
		rc = sis_apply_group(f->ctx, g, f->rq->force, mint_group, &m, &t, f->report, err);
	if (rc == 0 && !dry)
		rc = group_done(f, g, &t, intent, err);
	/* what is there is not ours, whatever was about to be done */
	if (rc == -SIS_ERR_TAKEN)
		(void)sis_record_remove(f->ctx->root, f->ctx->bx.be->name, g->iqn, NULL);
	else if (rc < 0 && !dry && !g->live)
		sis_strv_add(&f->unmade, g->iqn);
	if (rc < 0)
		return rc;
	if (!ret_target) {
		count(f, g);
		return 0;
	}
	*ret_target = t;
	t = (struct sis_target){ 0 };
	return 0;
}

void sis_flow_report_lines(struct sis_flow *f, const char *step, const char *reason)
{
	struct sis_done *d;

	if (!f->ctx->trace.lines.n)
		return;
	d = sis_vec_add(&f->report->steps);
	d->name = step;
	d->reason = sis_strdup(reason);
	d->commands = f->ctx->trace.lines;
	f->ctx->trace.lines = (sis_strv){ 0 };
	sis_vec_each(line, &d->commands)
		sis_log(SIS_LOG_INFO, "%s", *line);
}

int sis_flow_prepare(struct sis_flow *f, struct sis_err *err)
{
	const struct sis_backend *be = f->ctx->bx.be;
	sis_autofree char *reason = sis_asprintf("%s is not ready yet", f->ctx->bx.caps.title);
	int rc;

	if (!be->prepare)
		return 0;
	sis_trace_clear(&f->ctx->trace);
	rc = be->prepare(&f->ctx->bx, err);
	sis_flow_report_lines(f, "prepare", reason);
	return rc;
}

/* Is there a LUN that this group will have the target open? */
static bool opens_any(const struct sis_flow *f, const struct sis_group *g)
{
	bool opens = false;

	sis_vec_each(s, &g->steps)
		opens |= s->kind == SIS_STEP_LUN_ADD;
	return opens && !g->refused.code && sis_flow_asked(f, g);
}

/*
 * A volume whose node is open can be neither destroyed nor exported, so it is only as long as the
 * target has yet to open it.
 */
static void let_go_of_rest(struct sis_flow *f)
{
	sis_autostrv sis_strv due = { 0 };

	sis_vec_each(g, &f->plan.groups)
		if (g->desired && opens_any(f, g))
			sis_vec_each(l, &g->desired->luns)
				sis_strv_add(&due, l->volume);
	sis_vec_sort(&due, sis_strp_cmp);
	sis_vec_each(v, &f->view.volumes)
		if (v->node && !sis_vec_find(&due, &v->name, sis_strp_cmp))
			sis_volume_let_go(v);
}

void sis_flow_let_go(struct sis_flow *f, const struct sis_group *g)
{
	if (!f->ctx->sx.hold || !g->desired)
		return;
	sis_vec_each(l, &g->desired->luns) {
		struct sis_volume key = { .name = l->volume };
		struct sis_volume *v = sis_vec_find(&f->view.volumes, &key, sis_volume_cmp);

		if (v)
			sis_volume_let_go(v);
	}
}

int sis_flow_read(struct sis_flow *f, struct sis_err *err)
{
	int rc = sis_view_read(f->ctx, f->rq, &f->view, err);

	f->unshared = sis_unshared_any(f->ctx->root);
	if (rc == 0)
		sis_plan_make(&f->view.desired, &f->view.live, f->rq->force, &f->plan);
	if (f->ctx->sx.hold)
		let_go_of_rest(f);
	return rc;
}

void sis_flow_free(struct sis_flow *f)
{
	sis_strv_free(&f->unmade);
	sis_plan_free(&f->plan);
	sis_view_free(&f->view);
}

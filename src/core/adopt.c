/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Taking over what others made: derive, try out in memory, write, look again. Calls no slot of a
 * back end that changes anything.
 */
#include "core/adopt.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"
#include "core/adopt_hint.h"
#include "core/elsewhere.h"
#include "core/match.h"
#include "core/move.h"
#include "model/derive.h"

/* A volume whose properties are to change: `was` is what it has, the volume what it would have. */
struct take {
	struct sis_volume *volume;
	struct sis_derived was;
	enum sis_source was_source;
};

/* A foreign target that is being tried. */
struct adoptee {
	char *iqn;
	SIS_VEC(struct take) takes;
	struct sis_err failed;
};

/* A live LUN that is a volume, of whatever target. */
struct use {
	const struct sis_volume *volume;
	const struct sis_target *target;
	const struct sis_lun *lun;
};

struct adopt {
	struct sis_ctx *ctx;
	const struct sis_adopt_request *rq;
	struct sis_report *report;
	struct sis_request all; /* of the view: everything */
	struct sis_view view;
	struct sis_match match;
	SIS_VEC(struct use) uses; /* sorted by volume */
	SIS_VEC(struct adoptee) adoptees;
};

/* Takes what is in *err. */
static void problem(struct adopt *a, const char *subject, struct sis_err *err)
{
	struct sis_problem *p = sis_vec_add(&a->report->problems);

	p->subject = sis_strdup(subject);
	p->want = SIS_WANT_SHARED;
	(void)sis_err_move(&p->err, err);
}

/* ---- trying out, in the view ---- */

/* From here on the view is as if the volume had these properties. */
static void take_volume(struct adoptee *t, struct sis_volume *v, struct sis_derived *d)
{
	sis_vec_push(&t->takes, ((struct take){ .volume = v,
						.was = { v->share, v->identity },
						.was_source = v->share_source }));
	v->share = sis_steal(&d->share);
	v->share_source = SIS_SOURCE_LOCAL;
	v->identity = sis_steal(&d->identity);
}

/* The view is as it was read again. */
static void give_back(struct adopt *a, struct adoptee *t)
{
	struct sis_target *live = sis_state_find(&a->view.live, t->iqn);

	for (size_t i = t->takes.n; i-- > 0;) {
		struct take *x = &t->takes.v[i];

		free(x->volume->share);
		free(x->volume->identity);
		x->volume->share = x->was.share;
		x->volume->identity = x->was.identity;
		x->volume->share_source = x->was_source;
	}
	sis_vec_free(&t->takes);
	sis_records_drop(&a->view.records, t->iqn);
	if (live)
		sis_vec_each(l, &live->luns) {
			l->guid = 0;
			l->known &= ~(unsigned)SIS_BIT(SIS_FIELD_VOLUME);
		}
}

/* ---- what is to be written ---- */

static int use_cmp(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return strcmp(x->volume->name, y->volume->name);
}

static void find_uses(struct adopt *a)
{
	sis_vec_each(t, &a->view.live.targets)
		sis_vec_each(l, &t->luns) {
			const struct sis_item *i = sis_view_guid(&a->view, l->guid);
			const struct sis_volume *v =
				i ? i->volume : sis_match_path(&a->match, l->path);

			if (v)
				sis_vec_push(&a->uses, ((struct use){ v, t, l }));
		}
	sis_vec_sort(&a->uses, use_cmp);
}

/* Another LUN, of any target, that is this volume too; or NULL. */
static const struct use *other_use(const struct adopt *a, const struct sis_volume *v,
				   const struct sis_lun *not_this)
{
	struct use key = { .volume = v };
	const struct use *found = sis_vec_find(&a->uses, &key, use_cmp);
	const struct use *end = a->uses.v + a->uses.n;

	while (found && found > a->uses.v && found[-1].volume == v)
		found--;
	for (; found && found < end && found->volume == v; found++)
		if (found->lun != not_this)
			return found;
	return NULL;
}

/*
 * A value that somebody set on the volume itself is not overwritten: it stays where it says the
 * same, which the plan will tell.
 */
static int respect_value(const struct sis_volume *v, struct sis_derived *d, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };

	if (!v->share || v->share_source == SIS_SOURCE_NONE ||
	    v->share_source == SIS_SOURCE_INHERITED)
		return 0;
	if (v->share_source == SIS_SOURCE_RECEIVED || sis_options_parse(v->share, &o, NULL) < 0 ||
	    !o.on)
		return sis_err_set(
			err, EEXIST,
			"'%s' has a value of shareiscsi of its own, '%s'; it would be '%s': "
			"set that, or `zfs inherit " SIS_PROP_SHARE " %s` first",
			v->name, v->share, d->share, v->name);
	sis_replace(&d->share, v->share);
	return 0;
}

static int adopt_lun(struct adopt *a, struct adoptee *into, const struct sis_target *t,
		     struct sis_lun *l, struct sis_err *err)
{
	struct sis_volume *v = sis_match_path(&a->match, l->path);
	sis_autoderived struct sis_derived d = { 0 };
	const struct use *other;
	int rc;

	if (!v)
		return sis_err_set(err, ENOENT,
				   "LUN %" PRIu32
				   " of it ('%s') is none of the volumes here, and a "
				   "target is taken over as a whole",
				   l->number, l->path && *l->path ? l->path : "no path");
	other = other_use(a, v, l);
	if (other)
		return sis_err_set(err, EEXIST, "'%s' is also LUN %" PRIu32 " of '%s'", v->name,
				   other->lun->number, other->target->iqn);
	if (v->pool_readonly)
		return sis_err_set(err, EROFS, "the pool of '%s' is read-only: nothing can be kept",
				   v->name);
	rc = sis_derive(v, t, l, &a->ctx->bx.caps, sis_ctx_prefix(a->ctx), a->rq->auth, &d, err);
	if (rc == 0)
		rc = respect_value(v, &d, err);
	if (rc < 0)
		return rc;
	take_volume(into, v, &d);
	l->guid = v->guid;
	sis_replace(&l->volume, v->name);
	return 0;
}

static int check_beyond(struct adopt *a, const struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *what = NULL;
	int rc = a->ctx->bx.be->beyond ? a->ctx->bx.be->beyond(&a->ctx->bx, t, &what, err) : 0;

	if (rc == 0 && what)
		rc = sis_err_set(err, EINVAL, "%s, which this tool cannot say", what);
	return rc;
}

/* Where a target does not tell its secrets, who named the entry says that they are these. */
static int vouch(struct adopt *a, char **ret_chap, struct sis_err *err)
{
	struct sis_chap chap = { 0 };
	int rc = 0;

	if (a->rq->auth)
		rc = sis_secrets_get(&a->ctx->secrets, a->ctx->root, a->rq->auth, &chap, err);
	if (rc == 0 && a->rq->auth)
		*ret_chap = sis_secrets_digest(&a->ctx->secrets, &chap);
	sis_chap_free(&chap);
	return rc;
}

/* Everything that can be told without a plan; then the view is as if it were ours. */
static int adopt_target(struct adopt *a, struct adoptee *into, struct sis_target *t,
			struct sis_err *err)
{
	sis_autosecret char *chap = NULL;
	int rc = sis_elsewhere(a->ctx, t->iqn, err);

	if (rc == 0 && !t->luns.n)
		rc = sis_err_set(err, ENOENT, "it has no LUN");
	if (rc == 0)
		rc = check_beyond(a, t, err);
	sis_vec_each(l, &t->luns)
		if (rc == 0)
			rc = adopt_lun(a, into, t, l, err);
	if (rc == 0)
		rc = vouch(a, &chap, err);
	if (rc == 0)
		sis_records_put(&a->view.records, t, chap);
	return rc;
}

/* ---- which ---- */

static bool has_volume(const struct adopt *a, const struct sis_target *t, const char *within)
{
	sis_vec_each(l, &t->luns) {
		const struct sis_volume *v = sis_match_path(&a->match, l->path);

		if (v && (!within || sis_dataset_within(v->name, within)))
			return true;
	}
	return false;
}

static bool asked(const struct adopt *a, const struct sis_target *t)
{
	if (!a->rq->names)
		return has_volume(a, t, NULL);
	sis_vec_each(name, a->rq->names)
		if (sis_streq(*name, t->iqn) || has_volume(a, t, *name))
			return true;
	return false;
}

/* With a name, doing nothing silently would be a lie. */
static void check_names(struct adopt *a)
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
		problem(a, *name, &err);
	}
}

static void adopt_targets(struct adopt *a)
{
	sis_vec_each(t, &a->view.live.targets) {
		struct adoptee *into;

		if (t->owner == SIS_OWNER_OURS || !asked(a, t))
			continue;
		into = sis_vec_add(&a->adoptees);
		into->iqn = sis_strdup(t->iqn);
		if (adopt_target(a, into, t, &into->failed) < 0)
			give_back(a, into);
	}
}

/* ---- the proof ---- */

/* Why the plan for this target is not empty: 0 when it is. */
static int judge_plan(const struct adopt *a, const struct sis_plan *p, const struct adoptee *t,
		      struct sis_err *err)
{
	const struct sis_group *g = sis_plan_find(p, t->iqn);
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);

	sis_vec_each(x, &t->takes) {
		const struct sis_item *i = sis_view_item(&a->view, x->volume->name);

		if (i->want != SIS_WANT_SHARED)
			return sis_err_set(err, i->problem.code, "'%s' with '%s': %s",
					   x->volume->name, x->volume->share,
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
static size_t prove_round(struct adopt *a)
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
			give_back(a, t);
	return n;
}

/* What one gives back may be what another one stumbled over, so all are judged until none fails. */
static void prove(struct adopt *a)
{
	while (prove_round(a))
		;
}

/* ---- writing ---- */

static int keep(struct adopt *a, const struct sis_volume *v, const char *prop, const char *value,
		const char *was, struct sis_err *err)
{
	if (sis_streq_null(value, was))
		return 0;
	return a->ctx->sx.store->keep(&a->ctx->sx, v->name, prop, value, err);
}

/* The identity first: alone it does nothing. */
static int write_take(struct adopt *a, const struct take *x, struct sis_err *err)
{
	const char *share = x->was_source == SIS_SOURCE_LOCAL ? x->was.share : NULL;
	int rc = keep(a, x->volume, SIS_PROP_IDENTITY, x->volume->identity, x->was.identity, err);

	if (rc == 0)
		rc = keep(a, x->volume, SIS_PROP_SHARE, x->volume->share, share, err);
	return rc;
}

static void unwrite_take(struct adopt *a, const struct take *x)
{
	const char *share = x->was_source == SIS_SOURCE_LOCAL ? x->was.share : NULL;
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int rc = keep(a, x->volume, SIS_PROP_SHARE, share, x->volume->share, &err);

	if (keep(a, x->volume, SIS_PROP_IDENTITY, x->was.identity, x->volume->identity,
		 rc < 0 ? NULL : &err) < 0 ||
	    rc < 0)
		sis_log(SIS_LOG_WARN, "'%s': its properties could not be put back: %s",
			x->volume->name, sis_err_msg(&err));
}

static int write_record(struct adopt *a, const struct adoptee *t, struct sis_err *err)
{
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);
	const struct sis_target *desired = sis_state_find(&a->view.desired, t->iqn);
	const bool accounts = a->ctx->bx.caps.caps & SIS_CAP_CHAP_ACCOUNTS;
	sis_autosecret char *chap =
		accounts ? NULL : sis_secrets_digest(&a->ctx->secrets, &desired->chap);
	int rc = accounts ? sis_account_book_take(&a->ctx->accounts, &desired->chap, err) : 0;

	return rc < 0 ? rc : sis_record_write(a->ctx->root, a->ctx->bx.be->name, live, chap, err);
}

static int write_target(struct adopt *a, const struct adoptee *t, struct sis_err *err)
{
	size_t done = 0;
	int rc = 0;

	while (rc == 0 && done < t->takes.n)
		rc = write_take(a, &t->takes.v[done++], err);
	if (rc == 0)
		rc = write_record(a, t, err);
	while (rc < 0 && done > 0)
		unwrite_take(a, &t->takes.v[--done]);
	return rc;
}

static void note_set(struct sis_done *d, const struct sis_volume *v, const char *prop,
		     const char *value)
{
	sis_autofree char *setting = sis_asprintf("%s=%s", prop, value);
	sis_autofree char *line =
		sis_cmd_text((const char *[]){ "zfs", "set", setting, v->name, NULL });

	sis_strv_add(&d->commands, line);
}

static void note_target(struct adopt *a, const struct adoptee *t)
{
	struct sis_done *d = sis_vec_add(&a->report->steps);

	d->name = "adopt";
	d->iqn = sis_strdup(t->iqn);
	d->volume = sis_strdup(t->takes.v[0].volume->name);
	d->reason = sis_strdup("it is what the properties say then");
	sis_vec_each(x, &t->takes) {
		note_set(d, x->volume, SIS_PROP_IDENTITY, x->volume->identity);
		if (x->was_source != SIS_SOURCE_LOCAL)
			note_set(d, x->volume, SIS_PROP_SHARE, x->volume->share);
	}
	sis_vec_each(line, &d->commands)
		sis_log(SIS_LOG_INFO, "%s", *line);
	a->report->changed++;
}

/* Where the target tells no serial numbers, nobody can say that it stays. */
static void warn_serial(const struct adopt *a, const struct adoptee *t)
{
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);
	const struct sis_target *desired = sis_state_find(&a->view.desired, t->iqn);

	sis_vec_each(l, &live->luns)
		if (!(l->known & SIS_BIT(SIS_FIELD_SERIAL)) && l->type != SIS_TYPE_NULLIO)
			sis_log(SIS_LOG_WARN,
				"'%s': %s does not tell the serial number of LUN %" PRIu32
				"; when it is made again it is '%s'",
				t->iqn, a->ctx->bx.caps.title, l->number,
				sis_target_lun(desired, l->number)->serial);
}

static void write_targets(struct adopt *a)
{
	sis_vec_each(t, &a->adoptees) {
		if (!t->failed.code && !a->ctx->choice.dry)
			(void)write_target(a, t, &t->failed);
		if (t->failed.code) {
			problem(a, t->iqn, &t->failed);
			t->failed.code = EIO;
			continue;
		}
		note_target(a, t);
		warn_serial(a, t);
		sis_adopt_hint(a->ctx, t->iqn);
	}
}

/* What was written is read, and the plan is still empty. */
static int verify(struct adopt *a, struct sis_err *err)
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
		problem(a, t->iqn, &bad);
	}
	return 0;
}

/* ---- all of it ---- */

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

static void adopt_free(struct adopt *a)
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
	struct adopt a = { .ctx = ctx, .rq = rq, .report = ret };
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
	find_uses(&a);
	check_names(&a);
	adopt_targets(&a);
	prove(&a);
	write_targets(&a);
	rc = verify(&a, err);
	adopt_free(&a);
	return rc;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looking at the other back ends for one target, or at all of them for volumes. Changes nothing.
 */
#include "core/elsewhere.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"
#include "core/match.h"
#include "core/own.h"

/* A LUN that is one of the volumes: of another back end, or of another tool. */
struct use {
	const struct sis_volume *volume;
	const struct sis_backend *be;
	char *iqn;
	uint32_t number;
	bool ours;
};

/* All of them that were found. */
struct elsewhere {
	const struct sis_flow *f;
	SIS_VEC(struct use) uses; /* sorted by name of volume */
	struct sis_match match;	  /* of the volumes, once there is a LUN to be matched */
};

/* ---- one target ---- */

static int refuse_ours(const struct sis_ctx *ctx, const struct sis_backend *be, const char *what,
		       struct sis_err *err)
{
	return sis_err_set(err, EEXIST,
			   "%s is shared through %s; move it with `shareiscsi sync --backend %s "
			   "--from %s`, or unshare it there",
			   what, be->caps.title, ctx->bx.be->name, be->name);
}

/* Does it run, and has it this target? What cannot be told is "no": its own syncs will say so. */
static bool has_target(struct sis_ctx *ctx, const struct sis_backend *be, const char *iqn)
{
	sis_autostrv sis_strv scope = { 0 };
	sis_autostate struct sis_state live = { 0 };
	sis_autoprobe struct sis_probe probe = { 0 };
	struct sis_bx bx;
	bool has;

	sis_strv_add(&scope, iqn);
	sis_ctx_bx(ctx, be, &bx);
	has = be->probe(&bx, &probe, NULL) == 0 && probe.state == SIS_PROBE_RUNNING &&
	      be->read(&bx, &scope, &live, NULL) == 0 && sis_state_find(&live, iqn);
	sis_bx_free(&bx);
	return has;
}

/* Has any other back end a record at all? While we have the lock, none gets one but by us. */
static bool others_have_records(struct sis_ctx *ctx)
{
	for (size_t i = 0; ctx->others == SIS_OTHERS_UNKNOWN && sis_backends[i]; i++)
		if (sis_backends[i] != ctx->bx.be &&
		    sis_records_any(ctx->root, sis_backends[i]->name))
			ctx->others = SIS_OTHERS_SOME;
	if (ctx->others == SIS_OTHERS_UNKNOWN)
		ctx->others = SIS_OTHERS_NONE;
	return ctx->others == SIS_OTHERS_SOME;
}

int sis_elsewhere(struct sis_ctx *ctx, const char *iqn, struct sis_err *err)
{
	sis_autostrv sis_strv one = { 0 };

	if (!others_have_records(ctx))
		return 0;
	sis_strv_add(&one, iqn);
	for (size_t i = 0; sis_backends[i]; i++) {
		const struct sis_backend *be = sis_backends[i];
		sis_autorecords sis_records records = { 0 };

		if (be == ctx->bx.be)
			continue;
		sis_records_add(ctx->root, be->name, &one, &records);
		if (records.n && has_target(ctx, be, iqn))
			return refuse_ours(ctx, be, "it", err);
	}
	return 0;
}

/* ---- volumes ---- */

static int use_cmp(const void *a, const void *b)
{
	return strcmp(((const struct use *)a)->volume->name, ((const struct use *)b)->volume->name);
}

static void add_use(struct elsewhere *e, const struct sis_volume *v, const struct sis_backend *be,
		    const char *iqn, uint32_t number, bool ours)
{
	if (v)
		sis_vec_push(&e->uses, ((struct use){ v, be, sis_strdup(iqn), number, ours }));
}

static const struct sis_volume *volume_of(const struct elsewhere *e, uint64_t guid)
{
	const struct sis_item *i = sis_view_guid(&e->f->view, guid);

	return i ? i->volume : NULL;
}

/* Whatever the path is called there, it may lead to one of the volumes. */
static const struct sis_volume *matched(struct elsewhere *e, const struct sis_lun *l)
{
	if (!e->match.ctx)
		sis_match_volumes(e->f->ctx, &e->f->view.volumes, &e->match);
	return sis_match_path(&e->match, l->path);
}

/* Is this LUN to go in the move that is being done? */
static bool leaves(const struct elsewhere *e, const struct sis_backend *be,
		   const struct sis_target *t, const struct sis_lun *l)
{
	const struct sis_flow *from = e->f->from;
	const struct sis_group *g;
	const struct sis_lun *old;

	if (!from || from->ctx->bx.be != be)
		return false;
	g = sis_plan_find(&from->plan, t->iqn);
	old = g ? sis_target_lun(g->live, l->number) : NULL;
	return old && old->guid && !old->keep;
}

static void add_live(struct elsewhere *e, const struct sis_backend *be, struct sis_view *there)
{
	sis_vec_each(t, &there->live.targets) {
		sis_own_target(there, t);
		sis_vec_each(l, &t->luns)
			if (!leaves(e, be, t, l))
				add_use(e, l->guid ? volume_of(e, l->guid) : matched(e, l), be,
					t->iqn, l->number, l->guid != 0);
	}
}

/* What cannot be read is not gone: our own LUNs are believed to be there as recorded. */
static void add_recorded(struct elsewhere *e, const struct sis_backend *be,
			 const sis_records *records)
{
	sis_vec_each(r, records)
		sis_vec_each(l, &r->luns)
			add_use(e, volume_of(e, l->guid), be, r->iqn, l->number, true);
}

/*
 * Reads what is there without a probe, which may start programs to tell the version of one that
 * does not run: that has nothing to be read. The volumes are the view's.
 */
static void look_at(struct elsewhere *e, const struct sis_backend *be)
{
	sis_autorecords sis_records records = { 0 };
	sis_autostate struct sis_state live = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_ctx *ctx = e->f->ctx;
	struct sis_view there = e->f->view;
	struct sis_bx bx;
	int rc;

	sis_ctx_bx(ctx, be, &bx);
	rc = be->read(&bx, NULL, &live, &err);
	sis_bx_free(&bx);
	if (rc == -SIS_ERR_NOTARGET || rc == -ENOENT || (rc == 0 && !live.targets.n))
		return;
	(void)sis_records_read(ctx->root, be->name, &records, NULL, NULL); /* none: all are foreign */
	if (rc < 0) {
		sis_log(SIS_LOG_WARN,
			"%s cannot be read, so it cannot be told whether it has these volumes, "
			"too: %s",
			be->caps.title, sis_err_msg(&err));
		add_recorded(e, be, &records);
		return;
	}
	there.records = records;
	there.live = live;
	add_live(e, be, &there);
}

/*
 * What others made here, of what was read. Those on the path of a volume the plan has refused: it
 * looks at paths alone, which may have several names.
 */
static void look_here(struct elsewhere *e)
{
	const struct sis_view *v = &e->f->view;

	sis_vec_each(t, &v->live.targets)
		sis_vec_each(l, &t->luns)
			if (!l->guid)
				add_use(e, matched(e, l), e->f->ctx->bx.be, t->iqn, l->number,
					false);
}

static bool is_live_in(const struct sis_state *live, uint64_t guid)
{
	sis_vec_each(t, &live->targets)
		sis_vec_each(l, &t->luns)
			if (l->guid == guid)
				return true;
	return false;
}

/* Is this LUN made of a volume that the group's own target has not yet? */
static bool is_new(const struct sis_group *g, const struct sis_step *s)
{
	const struct sis_lun *have = g->live ? sis_target_lun(g->live, s->lun) : NULL;

	return s->kind == SIS_STEP_LUN_ADD &&
	       !(have && have->guid == sis_target_lun(g->desired, s->lun)->guid);
}

static bool makes_any(const struct sis_flow *f)
{
	sis_vec_each(g, &f->plan.groups)
		if (!g->refused.code && sis_flow_asked(f, g))
			sis_vec_each(s, &g->steps)
				if (is_new(g, s))
					return true;
	return false;
}

static int refuse_use(const struct sis_ctx *ctx, const struct use *u, struct sis_err *err)
{
	sis_autofree char *what = sis_asprintf("'%s'", u->volume->name);

	if (u->ours)
		return refuse_ours(ctx, u->be, what, err);
	return sis_err_set(err, EEXIST,
			   "%s is LUN %" PRIu32 " of target '%s' of %s already, which was not made "
			   "by this tool; remove it there, or take that over with `shareiscsi "
			   "adopt --backend %s %s`",
			   what, u->number, u->iqn, u->be->caps.title, u->be->name, u->iqn);
}

/* What is live here, too, only changes its place: it is as many disks as before. */
static void refuse_group(const struct elsewhere *e, struct sis_group *g)
{
	const struct sis_flow *f = e->f;

	sis_vec_each(s, &g->steps) {
		const struct sis_lun *l = is_new(g, s) ? sis_target_lun(g->desired, s->lun) : NULL;
		const struct sis_item *i = l ? sis_view_item(&f->view, l->volume) : NULL;
		const struct use key = { .volume = i ? i->volume : NULL };
		const struct use *u = i ? sis_vec_find(&e->uses, &key, use_cmp) : NULL;

		if (u && !is_live_in(&f->view.live, l->guid)) {
			(void)refuse_use(f->ctx, u, &g->refused);
			return;
		}
	}
}

void sis_elsewhere_refuse(struct sis_flow *f)
{
	struct elsewhere e = { .f = f };

	/* Who tries what a value would do asks for sessions; the run that follows it looks. */
	if (f->rq->override || !makes_any(f))
		return;
	for (size_t i = 0; sis_backends[i]; i++)
		if (sis_backends[i] != f->ctx->bx.be)
			look_at(&e, sis_backends[i]);
	look_here(&e);
	sis_vec_sort(&e.uses, use_cmp);
	sis_vec_each(g, &f->plan.groups)
		if (!g->refused.code && e.uses.n && sis_flow_asked(f, g))
			refuse_group(&e, g);
	sis_vec_each(u, &e.uses)
		free(u->iqn);
	sis_vec_free(&e.uses);
	sis_match_free(&e.match);
}

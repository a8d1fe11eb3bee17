/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Moving between targets: the flow of a sync on the new side, in which a group waits in between
 * until the old side has let go of it. Decides the order; what a share is, the model says.
 */
#include "core/move.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/flow.h"

enum { NOTE_MAX = 64 };

struct move {
	struct sis_flow from, to;
	struct sis_ctx from_ctx;
	size_t left; /* targets of the old side that are still to be moved */
};

/* ---- the note of a move that is not over ---- */

static char *note_path(const struct sis_ctx *ctx, const char *backend)
{
	return sis_asprintf("%s/run/shareiscsi/%s/moving-from", ctx->root, backend);
}

int sis_move_noted(const struct sis_ctx *ctx, char **ret_from, struct sis_err *err)
{
	sis_autofree char *path = note_path(ctx, ctx->bx.be->name), *text = NULL;
	int rc = sis_file_read(path, NOTE_MAX, &text, err);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	sis_err_clear(err);
	*ret_from = text ? sis_strdup(sis_str_trim(text)) : NULL;
	return 0;
}

static int forget(const struct sis_ctx *ctx, const char *backend, struct sis_err *err)
{
	sis_autofree char *path = note_path(ctx, backend);

	if (unlink(path) < 0 && errno != ENOENT)
		return sis_err_errno(err, errno, "cannot remove '%s'", path);
	return 0;
}

/* Written before anything is moved; moving back makes the other direction's void. */
static int note(const struct move *m, struct sis_err *err)
{
	const struct sis_ctx *ctx = m->to.ctx;
	const char *from = m->from_ctx.bx.be->name, *to = ctx->bx.be->name;
	sis_autofree char *dir = sis_asprintf("%s/run/shareiscsi/%s", ctx->root, to);
	sis_autofree char *path = note_path(ctx, to), *text = sis_asprintf("%s\n", from);
	int rc = sis_mkdir_p(dir, 0755, err);

	if (rc == 0)
		rc = sis_file_replace(path, text, 0644, err);
	return rc < 0 ? rc : forget(ctx, from, err);
}

/* ---- what is to be moved, and whether it can be ---- */

static int open_from(struct move *m, const char *name, struct sis_err *err)
{
	struct sis_choice choice = m->to.ctx->choice;
	int rc;

	choice.backend = name;
	rc = sis_ctx_open(&m->from_ctx, &choice, err);
	if (rc == 0)
		rc = sis_ctx_backend(&m->from_ctx, err);
	if (rc == 0 && m->from_ctx.bx.be == m->to.ctx->bx.be)
		rc = sis_err_set(err, SIS_ERR_USAGE,
				 "'%s' is the target in use already; name the one to move to with "
				 "--backend",
				 name);
	return rc;
}

/* What clients know a disk by must be the same on the new side. */
static int check_identity(const struct move *m, const char *iqn, const struct sis_lun *old,
			  const struct sis_wish *wish, struct sis_err *err)
{
	const struct sis_identity *want = &wish->identity;
	const char *title = m->from_ctx.bx.caps.title;
	int rc = 0;

	if (!sis_streq(iqn, want->iqn))
		rc = sis_err_set(err, EINVAL, "it is in target '%s' of %s and should be in '%s'",
				 iqn, title, want->iqn);
	else if (old->number != want->lun)
		rc = sis_err_set(err, EINVAL,
				 "it is LUN %" PRIu32 " of %s and should be LUN %" PRIu32,
				 old->number, title, want->lun);
	else if (old->known & SIS_BIT(SIS_FIELD_BLOCKSIZE) && old->blocksize != want->blocksize)
		rc = sis_err_set(err, EINVAL,
				 "its block size in %s is %" PRIu32 " and should be %" PRIu32,
				 title, old->blocksize, want->blocksize);
	if (rc < 0)
		rc = sis_err_append(err,
				    "; a move changes no disk: sync it with --backend %s first",
				    m->from_ctx.bx.be->name);
	return rc;
}

/* Sets what is to be moved apart from what stays. Can the new side show it just the same? */
static void check_lun(struct move *m, const struct sis_target *t, struct sis_lun *old)
{
	struct sis_item *i = sis_view_guid(&m->to.view, old->guid);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	old->keep = !i || !i->in_scope || i->want != SIS_WANT_SHARED;
	if (!i || !i->in_scope)
		return;
	if (i->want == SIS_WANT_SHARED)
		(void)check_identity(m, t->iqn, old, &i->wish, &err);
	else if (i->want == SIS_WANT_BAD || i->want == SIS_WANT_PENDING)
		(void)sis_err_move(&err, &i->problem);
	if (err.code)
		sis_flow_problem(&m->to, i->volume->name, SIS_WANT_BAD, &err);
}

/* Is the name taken on the new side? Sessions there are no matter of what it can express. */
static void check_target(struct move *m, const struct sis_group *old)
{
	struct sis_group *new = sis_plan_find(&m->to.plan, old->iqn);

	if (new &&new->refused.code &&new->refused.code != SIS_ERR_INUSE)
		sis_flow_problem(&m->to, sis_flow_subject(old), SIS_WANT_BAD, &new->refused);
}

/* Plans the old side: all that can be moved goes, nothing else does. */
static void plan_from(struct move *m)
{
	static const struct sis_state nothing;

	sis_vec_each(t, &m->from.view.live.targets)
		if (t->owner == SIS_OWNER_OURS)
			sis_vec_each(l, &t->luns)
				check_lun(m, t, l);
	sis_plan_make(&nothing, &m->from.view.live, m->from.rq->force, &m->from.plan);
	sis_vec_each(old, &m->from.plan.groups)
		check_target(m, old);
}

/* ---- one target ---- */

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

static void volumes_of(const struct sis_group *old, sis_strv *ret)
{
	sis_vec_each(l, &old->live->luns)
		if (!l->keep && l->volume)
			sis_strv_add(ret, l->volume);
}

/* One of the two sides failed: the new one lets go, the old one gets its share back. */
static void give_back(struct move *m, const struct sis_group *old, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_request off = { .names = &names, .mode = SIS_VIEW_UNSHARE, .for_now = true };
	struct sis_request on = { .names = &names, .mode = SIS_VIEW_SHARE };
	sis_autoreport struct sis_report taken = { 0 }, given = { 0 };
	sis_autoerr struct sis_err again = SIS_ERR_INIT;
	int rc;

	volumes_of(old, &names);
	if (m->to.ctx->choice.dry || !names.n)
		return;
	if (sis_sync(m->to.ctx, &off, &taken, &again) < 0 || taken.problems.n)
		sis_log(SIS_LOG_WARN, "'%s' is left half made on %s: %s", old->iqn,
			m->to.ctx->bx.caps.title,
			sis_err_msg(taken.problems.n ? &taken.problems.v[0].err : &again));
	sis_err_clear(&again);
	/* The lock is the new side's: the old run must not wait for it. */
	m->from_ctx.lock_fd = m->to.ctx->lock_fd;
	rc = sis_sync(&m->from_ctx, &on, &given, &again);
	m->from_ctx.lock_fd = -1;
	if (rc == 0 && !given.problems.n)
		(void)sis_err_append(err, "; it is shared through %s as before",
				     m->from_ctx.bx.caps.title);
	else
		(void)sis_err_append(
			err, "; and %s could not get it back: %s", m->from_ctx.bx.caps.title,
			sis_err_msg(given.problems.n ? &given.problems.v[0].err : &again));
}

/* Did making a LUN fail because the volume is held, most likely by the old side? */
static bool is_held(const struct sis_report *r, int rc)
{
	return rc == -EBUSY && r->last_step == sis_step_names[SIS_STEP_LUN_ADD];
}

/* A part of one side, which is named when it fails. */
static int do_side(struct sis_flow *side, const struct sis_group *g, struct sis_target *ret_made,
		   struct sis_err *err)
{
	int rc = sis_flow_group(side, g, ret_made, err);

	return rc < 0 ? sis_err_wrap(err, "%s", side->ctx->bx.caps.title) : rc;
}

/* Old side first: for a volume that only one of the two can hold. */
static int move_exclusive(struct move *m, const struct sis_group *old, const struct sis_group *new,
			  struct sis_err *err)
{
	int rc = do_side(&m->from, old, NULL, err);

	return rc < 0 ? rc : do_side(&m->to, new, NULL, err);
}

/* The old side lets go of what the new one has, hidden, and may show then. */
static int release_and_show(struct move *m, const struct sis_group *old,
			    const struct sis_group *shown, struct sis_err *err)
{
	int rc = do_side(&m->from, old, NULL, err);

	return rc < 0 ? rc : do_side(&m->to, shown, NULL, err);
}

static int move_target(struct move *m, const struct sis_group *old, const struct sis_group *new,
		       struct sis_err *err)
{
	struct sis_group hidden = part_of(new, false), shown = part_of(new, true);
	sis_autotarget struct sis_target made = { 0 };
	int rc = do_side(&m->to, &hidden, &made, err);

	if (rc < 0 && !is_held(m->to.report, rc))
		return rc;
	shown.desired = &made;
	if (rc < 0) {
		sis_err_clear(err);
		rc = move_exclusive(m, old, new, err);
	} else {
		rc = release_and_show(m, old, &shown, err);
	}
	if (rc < 0)
		give_back(m, old, err);
	return rc;
}

/* In the place of sis_flow_group() on the new side. */
static int move_group(struct sis_flow *to, const struct sis_group *new, struct sis_err *err)
{
	struct move *m = to->owner;
	struct sis_group *old = sis_plan_find(&m->from.plan, new->iqn);
	int rc;

	if (!old || !new->desired)
		return sis_flow_group(to, new, NULL, err);
	if (old->refused.code)
		return sis_err_move(err, &old->refused);
	rc = move_target(m, old, new, err);
	m->left -= rc == 0;
	return rc;
}

/* ---- the whole ---- */

/* After a crash the new side may be whole, and a target of the old one may have lost its LUNs. */
static void release_rest(struct move *m)
{
	sis_vec_each(old, &m->from.plan.groups) {
		struct sis_group *new = sis_plan_find(&m->to.plan, old->iqn);
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		int rc;

		if ((new &&new->desired) || !sis_flow_asked(&m->from, old))
			continue;
		rc = old->refused.code ? sis_err_move(&err, &old->refused) :
					 do_side(&m->from, old, NULL, &err);
		m->left -= rc == 0;
		if (rc < 0)
			sis_flow_problem(&m->to, sis_flow_subject(old), SIS_WANT_SHARED, &err);
	}
}

/* The old side's records of what is no more: a crash came between the last step and the record. */
static void forget_gone(struct move *m)
{
	const struct sis_view *v = &m->from.view;

	sis_vec_each(record, &v->records)
		if (!sis_state_find(&v->live, record->iqn))
			(void)sis_record_remove(m->from_ctx.root, m->from_ctx.bx.be->name,
						record->iqn, NULL);
}

static size_t to_be_moved(const struct move *m)
{
	size_t n = 0;

	sis_vec_each(old, &m->from.plan.groups)
		n += sis_flow_asked(&m->from, old);
	return n;
}

static int carry_out(struct move *m, struct sis_err *err)
{
	bool dry = m->to.ctx->choice.dry;
	int rc = sis_flow_read(&m->to, err);

	if (rc == 0)
		rc = sis_view_read(&m->from_ctx, m->from.rq, &m->from.view, err);
	if (rc < 0)
		return rc;
	plan_from(m);
	if (m->to.report->problems.n)
		return 0;
	m->left = to_be_moved(m);
	if (m->left && !dry)
		rc = note(m, err);
	if (rc < 0)
		return rc;
	if (!dry)
		forget_gone(m);
	release_rest(m);
	rc = sis_flow_carry_out(&m->to, err);
	if (rc == 0 && !m->left && !dry)
		rc = forget(m->to.ctx, m->to.ctx->bx.be->name, err);
	return rc;
}

int sis_move(struct sis_ctx *ctx, const char *from, const struct sis_request *rq,
	     struct sis_report *ret, struct sis_err *err)
{
	struct move m = {
		.from = { .ctx = &m.from_ctx, .rq = rq, .report = ret },
		.to = { .ctx = ctx, .rq = rq, .report = ret, .do_group = move_group, .owner = &m,
			.from = &m.from },
		.from_ctx = { .lock_fd = -1 },
	};
	int rc;

	*ret = (struct sis_report){ 0 };
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

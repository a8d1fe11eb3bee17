/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The end of sessions of IET, and of targets once they have none. Must not delete a target with
 * sessions: that ends ietd, and with it every target of the host.
 */
#include "backend/iet_int.h"

#include "backend/iet_allow.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

/* ---- sessions ---- */

int sis_iet_session_end(struct sis_bx *bx, const struct sis_target *live,
			const struct sis_session *s, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_iet *g;
	uint64_t sid = 0;
	uint32_t cid = 0;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = sis_session_numbers(s, bx->be->caps.title, &sid, &cid, err);
	if (r < 0)
		return r;
	r = sis_iet_conn_delete(&g->adm, bx, live->tid, sid, cid, &e);
	/* no such target, session or connection: gone already */
	if (r == 0 || r == -EINVAL || r == -ENOENT || r == -EEXIST)
		return 0;
	return sis_err_move(err, &e);
}

int sis_iet_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
		     struct sis_err *err)
{
	sis_autostate struct sis_state only = { 0 };
	struct sis_target *t = sis_vec_add(&only.targets);
	int r;

	*t = (struct sis_target){ .iqn = sis_strdup(live->iqn), .tid = live->tid };
	r = sis_iet_read_sessions(bx, &only, err);
	if (r < 0)
		return r;
	*ret = t->sessions;
	t->sessions = (sis_sessions){ 0 };
	return 0;
}

struct closing {
	struct sis_bx *bx;
	const struct sis_target *live;
	sis_strv ended; /* ids, so that each is told once only */
	size_t left;
	struct sis_err *err;
	int r;
};

static int end_once(struct closing *c, const struct sis_session *s)
{
	if (sis_strv_has(&c->ended, s->id))
		return 0;
	sis_strv_add(&c->ended, s->id);
	return sis_iet_session_end(c->bx, c->live, s, c->err);
}

/* Ends those that are there now; somebody may log in until no more can. */
static int no_session_left(void *ctx)
{
	sis_autostate struct sis_state state = { 0 };
	struct closing *c = ctx;
	const struct sis_target *now;

	c->left = 0;
	c->r = sis_iet_read_volumes(c->bx, &state, NULL, c->err);
	if (c->r == 0)
		c->r = sis_iet_read_sessions(c->bx, &state, c->err);
	now = c->r == 0 ? sis_iet_now(&state, c->live) : NULL;
	if (!now)
		return 1;
	c->left = now->sessions.n;
	for (size_t i = 0; c->r == 0 && i < now->sessions.n; i++)
		c->r = end_once(c, &now->sessions.v[i]);
	return c->r < 0 || !c->left;
}

static int end_sessions(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	struct closing c = { .bx = bx, .live = live, .err = err };
	int r = sis_iet_allow_hide(bx, live->iqn, err);

	if (r < 0)
		return r;
	(void)sis_wait_until(no_session_left, &c, SIS_IET_WAIT_MS); /* the answer is in c */
	sis_strv_free(&c.ended);
	if (c.r == 0 && c.left)
		return sis_err_set(err, SIS_ERR_INUSE, "%zu session%s of target '%s' did not end",
				   c.left, c.left == 1 ? "" : "s", live->iqn);
	return c.r;
}

/* ---- deleting ---- */

static int in_use(const struct sis_target *t, struct sis_err *err)
{
	return sis_err_set(err, SIS_ERR_INUSE, "target '%s' has %zu session%s", t->iqn,
			   t->sessions.n, t->sessions.n == 1 ? "" : "s");
}

/* 1: it is there and no session is; 0: it is gone. */
static int ready_to_delete(struct sis_bx *bx, const struct sis_target *live, bool force,
			   struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	const struct sis_target *now;
	int r = sis_iet_read_volumes(bx, &state, NULL, err);

	if (r == 0)
		r = sis_iet_read_sessions(bx, &state, err);
	if (r < 0)
		return r;
	now = sis_iet_now(&state, live);
	if (!now)
		return 0;
	if (now->sessions.n && !force)
		return in_use(now, err);
	r = now->sessions.n ? end_sessions(bx, now, err) : 0;
	return r < 0 ? r : 1;
}

static int delete_target(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r < 0)
		return r;
	r = sis_iet_target_delete(&g->adm, bx, live->tid, &e);
	if (r == -EBUSY)
		return sis_err_set(err, SIS_ERR_INUSE, "somebody has logged in to target '%s'",
				   live->iqn);
	if (r < 0 && r != -ENOENT)
		return sis_err_move(err, &e);
	sis_tids_remove(&g->tids, live->tid);
	return 0;
}

int sis_iet_target_del(struct sis_bx *bx, const struct sis_target *live, bool force,
		       struct sis_err *err)
{
	int r = live->tid != 0; /* 0: it is no more, and its lines are left */

	if (live->sessions.n && !force)
		return in_use(live, err);
	if (r == 1 && !bx->dry)
		r = ready_to_delete(bx, live, force, err);
	if (r == 1)
		r = delete_target(bx, live, err);
	return r < 0 ? r : sis_iet_allow_remove(bx, live->iqn, err);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the STGT back end remembers in one run, and how it asks tgtd: reading the live state, and
 * requests that may have been done already or must wait for a moment. Decides nothing.
 */
#include "backend/stgt_int.h"

#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { BUSY_MS = 5000 }; /* how long sessions and commands may take to end */

int sis_stgt_of(struct sis_bx *bx, struct sis_stgt **ret, struct sis_err *err)
{
	struct sis_stgt *g;
	int r;

	if (!bx->priv) {
		g = sis_new(struct sis_stgt);
		r = sis_stgt_adm_init(&g->adm, bx, err);
		if (r < 0) {
			free(g);
			return r;
		}
		bx->priv = g;
	}
	*ret = bx->priv;
	return 0;
}

void sis_stgt_done(struct sis_bx *bx)
{
	struct sis_stgt *g = bx->priv;

	if (!g)
		return;
	sis_stgt_adm_free(&g->adm);
	sis_vec_free(&g->tids);
	sis_vec_free(&g->offline);
	sis_vec_free(&g->reachable);
	sis_vec_free(&g->hidden);
	sis_stgt_binds_free(&g->binds);
	sis_strv_free(&g->accounts);
	free(g);
	bx->priv = NULL;
}

/* ---- requests ---- */

int sis_stgt_request(struct sis_bx *bx, const struct sis_stgt_req *q, struct sis_err *err)
{
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	return r < 0 ? r : sis_stgt_call(&g->adm, bx, q, NULL, err);
}

int sis_stgt_request_or(struct sis_bx *bx, const struct sis_stgt_req *q, int fine,
			struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r = sis_stgt_request(bx, q, &e);

	return r == 0 || r == -fine ? 0 : sis_err_move(err, &e);
}

struct busy {
	struct sis_bx *bx;
	const struct sis_stgt_req *q;
	struct sis_err *err;
	int r;
};

static int no_longer_busy(void *ctx)
{
	struct busy *b = ctx;

	sis_err_clear(b->err);
	b->r = sis_stgt_request_or(b->bx, b->q, ENOENT, b->err);
	return b->r != -EBUSY;
}

int sis_stgt_request_delete(struct sis_bx *bx, const struct sis_stgt_req *q, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct busy b = { .bx = bx, .q = q, .err = &e };

	(void)sis_wait_until(no_longer_busy, &b, BUSY_MS); /* the answer is in b.r */
	return b.r < 0 ? sis_err_move(err, &e) : 0;
}

/* ---- live state ---- */

uint64_t sis_stgt_device_size(const struct sis_bx *bx, const char *path)
{
	sis_autofree char *text = NULL;
	uint64_t sectors;
	struct stat st;

	if (sis_backend_stat(bx, path, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode))
		return (uint64_t)st.st_size;
	if (!S_ISBLK(st.st_mode) ||
	    sis_kfs_read_line(bx->kfs, &text, NULL, "/sys/dev/block/%u:%u/size", major(st.st_rdev),
			      minor(st.st_rdev)) < 0 ||
	    sis_parse_u64(text, 0, UINT64_MAX / 512, &sectors) < 0)
		return 0;
	return sectors * 512;
}

/* That of the device as it is now, if tgtd would show it so. */
void sis_stgt_lun_size(const struct sis_bx *bx, struct sis_lun *live)
{
	uint64_t now = *live->path ? sis_stgt_device_size(bx, live->path) : 0;

	if (now && sis_lun_has_size(live, now))
		live->size = now;
}

/* Asks for those that an initiator can have invented: see stgt_show.h. */
static int prove_targets(struct sis_bx *bx, struct sis_stgt *g, const sis_stgt_tids *tids,
			 struct sis_err *err)
{
	sis_vec_each(t, tids) {
		const struct sis_stgt_req one = { .op = SIS_STGT_SHOW,
						  .mode = SIS_STGT_TARGET,
						  .tid = t->tid };
		sis_autofree char *text = NULL;
		int r = t->unproven ? sis_stgt_call(&g->adm, bx, &one, &text, err) : 0;

		if (r == -ENOENT)
			return sis_err_set(err, EPROTO,
					   "cannot trust tgtd's list of targets: there is no TID %u; "
					   "has an initiator line breaks in its name or alias?",
					   t->tid);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is doubtful in the listing of all is asked for of each. */
static int prove_sessions(struct sis_bx *bx, struct sis_state *state, const sis_stgt_tids *tids,
			  struct sis_err *err)
{
	int r = 0;

	sis_vec_each(t, &state->targets) {
		const struct sis_stgt_tid key = { .tid = t->tid }, *found = NULL;

		if (r == 0 && t->sessions.n)
			found = sis_vec_find(tids, &key, sis_stgt_tid_cmp);
		if (found && found->doubtful)
			r = sis_stgt_sessions_prove(bx, t, err);
	}
	return r;
}

static void note_tids(struct sis_stgt *g, const struct sis_state *state, const sis_stgt_tids *tids)
{
	sis_tids_of(&g->tids, state);
	g->offline.n = g->reachable.n = 0;
	sis_vec_each(t, tids) {
		if (t->offline)
			sis_tids_add(&g->offline, t->tid);
		if (t->reachable)
			sis_tids_add(&g->reachable, t->tid);
	}
}

static void show_begin(void *show)
{
	sis_stgt_show_begin(show);
}

static void show_take(void *show, const char *text, size_t len)
{
	sis_stgt_show_take(show, text, len);
}

static int list_targets(struct sis_bx *bx, struct sis_stgt *g, struct sis_state *ret,
			sis_stgt_tids *ret_tids, struct sis_err *err)
{
	struct sis_stgt_show *show = sis_stgt_show_new();
	const struct sis_stgt_taker to = { show, show_begin, show_take };
	int r = sis_stgt_list(&g->adm, bx, &to, err);

	if (r == 0)
		r = sis_stgt_show_end(show, ret, ret_tids, err);
	sis_stgt_show_free(show);
	return r;
}

int sis_stgt_read_bare(struct sis_bx *bx, struct sis_state *ret, struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_stgt_tids tids = { 0 };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = list_targets(bx, g, &state, &tids, err);
	if (r == 0)
		r = prove_targets(bx, g, &tids, err);
	if (r == 0)
		r = prove_sessions(bx, &state, &tids, err);
	if (r < 0) {
		sis_vec_free(&tids);
		return r;
	}
	/* A dry run has noted changes since that cannot be read back. */
	if (!bx->dry || !g->was_read) {
		note_tids(g, &state, &tids);
		sis_stgt_binds_read(g, &state);
	}
	sis_vec_free(&tids);
	*ret = state;
	state = (struct sis_state){ 0 };
	g->was_read = true;
	return 0;
}

void sis_stgt_read_ahead(struct sis_bx *bx)
{
	struct sis_stgt *g;

	if (sis_stgt_of(bx, &g, NULL) == 0)
		sis_stgt_list_ahead(&g->adm, bx);
}

char *sis_stgt_daemon(struct sis_bx *bx)
{
	struct sis_stgt *g;

	return sis_stgt_of(bx, &g, NULL) < 0 ? NULL : sis_stgt_adm_daemon(&g->adm, bx);
}

/* One request lists all targets, whatever the scope. */
int sis_stgt_read(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		  struct sis_err *err)
{
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	(void)scope;
	if (r < 0)
		return r;
	/* Whoever reads all begins anew. */
	g->was_read = g->accounts_read = false;
	sis_strv_free(&g->accounts);
	return sis_stgt_read_bare(bx, ret, err);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who is logged in to a target of tgtd. Initiators choose names and aliases, which stand in tgtd's
 * listings as they are, line breaks included: the list of connections has the name alone and is
 * never cut, the list of targets has both. So only what both say is believed; else everybody there
 * is somebody unknown, whom no rule lets in.
 */
#include "backend/stgt_int.h"

#include "base/alloc.h"
#include "base/str.h"

#define UNKNOWN "unknown"

enum { MAX_LOOKS = 3 }; /* somebody may log in between one list and the other */

typedef SIS_VEC(uint64_t) sids;

static int sid_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Ascending; what is no number counts as one that no session has. */
static void sids_of(const sis_sessions *l, sids *ret)
{
	sis_vec_each(s, l) {
		sis_autofree char *sid = sis_strndup(s->id ? s->id : "", strcspn(s->id ? s->id : "", ":"));
		uint64_t n = UINT64_MAX;

		(void)sis_parse_u64(sid, 0, UINT64_MAX, &n); /* as said */
		sis_vec_push(ret, n);
	}
	sis_vec_sort(ret, sid_cmp);
}

static void make_unknown(sis_sessions *l)
{
	sis_vec_each(s, l) {
		sis_replace(&s->initiator, UNKNOWN);
		free(s->address);
		s->address = NULL;
	}
}

static bool is_unknown(const sis_sessions *l)
{
	return l->n && !l->v[0].address && sis_streq(l->v[0].initiator, UNKNOWN);
}

/* Are they the same sessions, each once? `told` may have been found out already. */
static bool agree(const sis_sessions *now, const sis_sessions *told)
{
	sids x = { 0 }, y = { 0 };
	bool same = now->n == told->n && !is_unknown(told);

	sids_of(now, &x);
	sids_of(told, &y);
	for (size_t i = 0; same && i < x.n; i++)
		same = x.v[i] == y.v[i] && (i == 0 || x.v[i] != x.v[i - 1]);
	sis_vec_free(&x);
	sis_vec_free(&y);
	return same;
}

/* 1: tgtd cannot list the sessions of one target. *ret_plain: as sis_stgt_parse_conns() says. */
static int list(struct sis_bx *bx, uint32_t tid, sis_sessions *ret, bool *ret_plain,
		struct sis_err *err)
{
	const struct sis_stgt_req show = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_CONN, .tid = tid };
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *text = NULL;
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r < 0)
		return r;
	sis_sessions_free(ret);
	*ret_plain = true;
	r = sis_stgt_call(&g->adm, bx, &show, &text, &e);
	if (r == 0)
		*ret_plain = sis_stgt_parse_conns(text, ret);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return 1;
	return r == 0 || r == -ENOENT ? 0 : sis_err_move(err, &e);
}

int sis_stgt_sessions_prove(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autosessions sis_sessions now = { 0 }, told = t->sessions;
	bool plain;
	int r;

	t->sessions = (sis_sessions){ 0 };
	r = list(bx, t->tid, &now, &plain, err);
	if (r < 0)
		return r;
	if (r == 0 && !(plain && agree(&now, &told)))
		make_unknown(&now);
	if (r == 1) {
		make_unknown(&told);
		now = told;
		told = (sis_sessions){ 0 };
	}
	t->sessions = now;
	now = (sis_sessions){ 0 };
	return 0;
}

/* All targets anew, of which *ret gets the sessions of this one; none if it is gone. */
static int sessions_of_all(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
			   struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	struct sis_target *now;
	int r = sis_stgt_read_bare(bx, &state, err);

	if (r < 0)
		return r;
	sis_sessions_free(ret);
	now = sis_state_find(&state, live->iqn);
	if (!now || now->tid != live->tid)
		return 0;
	*ret = now->sessions;
	now->sessions = (sis_sessions){ 0 };
	return 0;
}

/* What was read with everything else is asked for anew only when it is not the same any more. */
int sis_stgt_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
		      struct sis_err *err)
{
	sis_autosessions sis_sessions now = { 0 }, all = { 0 };
	const sis_sessions *told = &live->sessions;
	bool plain = true, same = false;
	int r = 0;

	*ret = (sis_sessions){ 0 };
	for (int i = 0; r == 0 && plain && !same && i < MAX_LOOKS; i++) {
		r = list(bx, live->tid, &now, &plain, err);
		if (r == 1)
			return sessions_of_all(bx, live, ret, err);
		same = r == 0 && (!now.n || agree(&now, told));
		if (r == 0 && plain && !same) {
			r = sessions_of_all(bx, live, &all, err);
			told = &all;
			same = r == 0 && agree(&now, told);
		}
	}
	if (r < 0)
		return r;
	if (!plain || !same)
		make_unknown(&now);
	*ret = now;
	now = (sis_sessions){ 0 };
	return 0;
}

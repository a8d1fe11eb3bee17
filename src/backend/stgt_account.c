/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP with tgtd. Its accounts, a user and a secret, stand beside the targets and may be bound to
 * several. A target with none lets in without CHAP, so that the last one is only unbound from a
 * target that is hidden. An account's secret cannot be changed: it is made anew, once for all
 * targets. Touches no account that may be somebody else's.
 */
#include "backend/stgt_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

/* ---- what is bound to what ---- */

void sis_stgt_binds_free(sis_stgt_binds *l)
{
	sis_vec_each(b, l)
		free(b->user);
	sis_vec_free(l);
}

static void bind_add(struct sis_stgt *g, uint32_t tid, const char *user, bool outgoing)
{
	sis_vec_push(&g->binds, ((struct sis_stgt_bind){ tid, outgoing, sis_strdup(user) }));
}

void sis_stgt_binds_read(struct sis_stgt *g, const struct sis_state *state)
{
	sis_stgt_binds_free(&g->binds);
	sis_vec_each(t, &state->targets) {
		sis_autostrv sis_strv users = { 0 };

		sis_chap_users(&t->chap, &users);
		sis_vec_each(user, &users)
			bind_add(g, t->tid, *user, false);
		if (t->chap.mutual_user)
			bind_add(g, t->tid, t->chap.mutual_user, true);
	}
}

static bool is_bound(const struct sis_stgt *g, const char *user)
{
	sis_vec_each(b, &g->binds)
		if (sis_streq(b->user, user))
			return true;
	return false;
}

/* Forgets the bindings of a target: to that user, or NULL for all. */
static void bind_remove(struct sis_stgt *g, uint32_t tid, const char *user, bool outgoing)
{
	for (size_t i = g->binds.n; i-- > 0;) {
		struct sis_stgt_bind *b = &g->binds.v[i];

		if (b->tid != tid ||
		    (user && (b->outgoing != outgoing || !sis_streq(b->user, user))))
			continue;
		free(b->user);
		sis_vec_remove(&g->binds, i);
	}
}

/* Just these and no others? */
static bool bound_right(const struct sis_stgt *g, uint32_t tid, bool outgoing, const char *user)
{
	size_t n = 0;
	bool found = !user;

	sis_vec_each(b, &g->binds)
		if (b->tid == tid && b->outgoing == outgoing) {
			n++;
			found |= user && sis_streq(b->user, user);
		}
	return found && n == (user ? 1 : 0);
}

/* ---- requests ---- */

static int bind_request(struct sis_bx *bx, enum sis_stgt_op op, uint32_t tid, const char *user,
			bool outgoing, struct sis_err *err)
{
	const struct sis_stgt_req q = { .op = op,
					.mode = SIS_STGT_ACCOUNT,
					.tid = tid,
					.user = user,
					.outgoing = outgoing };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_request_or(bx, &q, op == SIS_STGT_BIND ? EEXIST : ENOENT, err);
	if (r < 0)
		return r;
	bind_remove(g, tid, user, outgoing);
	if (op == SIS_STGT_BIND)
		bind_add(g, tid, user, outgoing);
	return 0;
}

/*
 * From the last one on: a gap that is left among them ends tgtd when its targets are listed next
 * (1.0.97 and before).
 */
static int unbind_all(struct sis_bx *bx, uint32_t tid, bool outgoing, struct sis_err *err)
{
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	for (size_t i = r == 0 ? g->binds.n : 0; r == 0 && i-- > 0;) {
		const struct sis_stgt_bind *b = &g->binds.v[i];
		sis_autofree char *user = NULL;

		if (b->tid != tid || b->outgoing != outgoing)
			continue;
		user = sis_strdup(b->user);
		r = bind_request(bx, SIS_STGT_UNBIND, tid, user, outgoing, err);
	}
	return r;
}

static int account_delete(struct sis_bx *bx, const char *user, struct sis_err *err)
{
	const struct sis_stgt_req q = { .op = SIS_STGT_DELETE,
					.mode = SIS_STGT_ACCOUNT,
					.user = user };

	return sis_stgt_request_or(bx, &q, ENOENT, err);
}

static int account_new(struct sis_bx *bx, const char *user, const char *secret, struct sis_err *err)
{
	const struct sis_stgt_req q = {
		.op = SIS_STGT_NEW, .mode = SIS_STGT_ACCOUNT, .user = user, .password = secret
	};

	return sis_stgt_request(bx, &q, err);
}

/* All accounts there are, asked for once in a run. */
static int accounts_read(struct sis_bx *bx, struct sis_stgt *g, struct sis_err *err)
{
	const struct sis_stgt_req show = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_ACCOUNT };
	sis_autofree char *text = NULL;
	int r;

	if (g->accounts_read)
		return 0;
	r = sis_stgt_call(&g->adm, bx, &show, &text, err);
	if (r < 0)
		return r;
	sis_stgt_parse_accounts(text, &g->accounts);
	g->accounts_read = true;
	return 0;
}

/* ---- one account for all its targets ---- */

static bool uses(const struct sis_target *t, const char *user, bool outgoing)
{
	sis_autostrv sis_strv users = { 0 };

	if (outgoing)
		return t->chap.mutual_user && sis_streq(t->chap.mutual_user, user);
	sis_chap_users(&t->chap, &users);
	return sis_strv_has(&users, user);
}

static void remove_others(struct sis_state *state, const char *user)
{
	for (size_t i = state->targets.n; i-- > 0;) {
		struct sis_target *t = &state->targets.v[i];

		if (uses(t, user, false) || uses(t, user, true))
			continue;
		sis_target_free(t);
		sis_vec_remove(&state->targets, i);
	}
}

/* May this run change the account's secret, for all of the targets that have it? */
static int check_users(struct sis_bx *bx, const struct sis_state *bound, const char *iqn,
		       const char *user, struct sis_err *err)
{
	const struct sis_accounts *a = bx->accounts;

	sis_vec_each(t, &bound->targets)
		if (!sis_streq(t->iqn, iqn) && !a->follows(a->ctx, t->iqn))
			return sis_err_set(
				err, EEXIST,
				"tgtd has one secret for CHAP user '%s', which target '%s' has, too, "
				"and that one is not to be changed now; take another user for one of "
				"them, or change both at a time (`shareiscsi sync`)",
				user, t->iqn);
	if (bound->targets.n || a->ours(a->ctx, user, NULL))
		return 0;
	return sis_err_set(err, EEXIST,
			   "tgtd has an account '%s' that was not made by this tool; take another "
			   "user, or delete it: tgtadm --lld iscsi --op delete --mode account "
			   "--user %s",
			   user, user);
}

static bool is_open(const struct sis_stgt *g, const struct sis_target *t)
{
	return t->known & SIS_BIT(SIS_FIELD_RULES) && !sis_tids_has(&g->hidden, t->tid);
}

static int hide_users(struct sis_bx *bx, const struct sis_stgt *g, const struct sis_state *bound,
		      struct sis_err *err)
{
	int r = 0;

	sis_vec_each(t, &bound->targets) {
		const sis_rules have = sis_stgt_rules_of(&t->rules), none = { 0 };

		if (r == 0 && is_open(g, t))
			r = sis_stgt_rules_unbind(bx, t->tid, &have, &none, err);
		/* What else somebody bound to it goes: it would be left behind a gap. */
		if (r == 0 && t->chap.user && strchr(t->chap.user, ','))
			r = unbind_all(bx, t->tid, false, err);
	}
	return r;
}

/* All but the one in work, which has more to come. */
static int show_users(struct sis_bx *bx, const struct sis_stgt *g, const struct sis_state *bound,
		      const char *iqn, const char *user, struct sis_err *err)
{
	int r = 0;

	sis_vec_each(t, &bound->targets) {
		const sis_rules want = sis_stgt_rules_of(&t->rules), none = { 0 };

		if (r == 0 && uses(t, user, false))
			r = bind_request(bx, SIS_STGT_BIND, t->tid, user, false, err);
		if (r == 0 && uses(t, user, true))
			r = bind_request(bx, SIS_STGT_BIND, t->tid, user, true, err);
		if (r == 0 && is_open(g, t) && !sis_streq(t->iqn, iqn))
			r = sis_stgt_rules_bind(bx, t->tid, &want, &none, err);
	}
	return r;
}

/* Its targets are hidden meanwhile: sessions stay, and after a crash nobody gets in. */
static int renew(struct sis_bx *bx, struct sis_stgt *g, const struct sis_target *t, const char *user,
		 const char *secret, struct sis_err *err)
{
	const struct sis_accounts *a = bx->accounts;
	sis_autostate struct sis_state bound = { 0 };
	int r = sis_stgt_read_bare(bx, &bound, err);

	if (r < 0)
		return r;
	remove_others(&bound, user);
	r = check_users(bx, &bound, t->iqn, user, err);
	if (r == 0)
		r = a->note(a->ctx, user, NULL, err);
	if (r == 0)
		r = hide_users(bx, g, &bound, err);
	if (r == 0)
		r = account_delete(bx, user, err);
	if (r == 0)
		r = account_new(bx, user, secret, err);
	if (r == 0)
		r = show_users(bx, g, &bound, t->iqn, user, err);
	if (r == 0 && sis_state_find(&bound, t->iqn))
		sis_tids_add(&g->hidden, t->tid);
	return r < 0 ? r : a->note(a->ctx, user, secret, err);
}

/* Sees to it that there is such an account, and that it has this secret. */
static int need_account(struct sis_bx *bx, struct sis_stgt *g, const struct sis_target *t,
			const char *user, const char *secret, struct sis_err *err)
{
	const struct sis_accounts *a = bx->accounts;
	sis_autostate struct sis_state state = { 0 };
	int r = accounts_read(bx, g, err);

	if (r == 0 && !g->was_read)
		r = sis_stgt_read_bare(bx, &state, err);
	if (r < 0)
		return r;
	if (sis_strv_has(&g->accounts, user))
		return a->ours(a->ctx, user, secret) ? 0 : renew(bx, g, t, user, secret, err);
	r = a->note(a->ctx, user, NULL, err);
	if (r == 0)
		r = account_new(bx, user, secret, err);
	if (r < 0)
		return r;
	sis_strv_add(&g->accounts, user);
	return a->note(a->ctx, user, secret, err);
}

/* ---- the credentials of one target ---- */

/* Exactly this user in that direction, or none. */
static int rebind(struct sis_bx *bx, const struct sis_stgt *g, uint32_t tid, bool outgoing,
		  const char *user, struct sis_err *err)
{
	int r;

	if (bound_right(g, tid, outgoing, user))
		return 0;
	r = unbind_all(bx, tid, outgoing, err);
	return r < 0 || !user ? r : bind_request(bx, SIS_STGT_BIND, tid, user, outgoing, err);
}

int sis_stgt_chap_need(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	const struct sis_chap *c = &t->chap;
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0 && c->user)
		r = need_account(bx, g, t, c->user, c->pass, err);
	if (r == 0 && c->mutual_user)
		r = need_account(bx, g, t, c->mutual_user, c->mutual_pass, err);
	return r;
}

bool sis_stgt_chap_is_bound(const struct sis_stgt *g, const struct sis_target *t)
{
	return bound_right(g, t->tid, false, t->chap.user) &&
	       bound_right(g, t->tid, true, t->chap.mutual_user);
}

int sis_stgt_chap_bind(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = rebind(bx, g, t->tid, false, t->chap.user, err);
	if (r == 0)
		r = rebind(bx, g, t->tid, true, t->chap.mutual_user, err);
	return r < 0 ? r : sis_stgt_accounts_collect(bx, err);
}

void sis_stgt_binds_gone(struct sis_stgt *g, uint32_t tid)
{
	bind_remove(g, tid, NULL, false);
}

/* ---- accounts that nothing uses any more ---- */

static void account_forget(struct sis_stgt *g, const char *user)
{
	for (size_t i = g->accounts.n; i-- > 0;) {
		if (!sis_streq(g->accounts.v[i], user))
			continue;
		free(g->accounts.v[i]);
		sis_vec_remove(&g->accounts, i);
	}
}

int sis_stgt_accounts_collect(struct sis_bx *bx, struct sis_err *err)
{
	const struct sis_accounts *a = bx->accounts;
	sis_autostrv sis_strv ours = { 0 };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r < 0 || !a || !g->was_read)
		return r;
	a->list(a->ctx, &ours);
	sis_vec_each(user, &ours) {
		if (r < 0 || is_bound(g, *user))
			continue;
		r = account_delete(bx, *user, err);
		if (r == 0)
			r = a->forget(a->ctx, *user, err);
		if (r == 0)
			account_forget(g, *user);
	}
	return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Opening and closing a LIO target while it is in use.
 *
 * An open target (demo mode) makes an entry of its own for each initiator that logs in, keeps it
 * for ever, does not show it, and lets it in again even when the target is open no more. So a
 * target with rules demands authentication, for which such an entry has no credentials, and only
 * the entries made here are excused from it. Kernels before 6.0 cannot excuse single entries.
 */
#include "backend/lio_access.h"

#include <inttypes.h>

#include "backend/lio_acl.h"
#include "backend/lio_auth.h"
#include "backend/lio_memory.h"
#include "backend/lio_ops.h"
#include "backend/lio_tree.h"
#include "base/str.h"

enum { MAX_LISTS = 1000 };

int sis_lio_protect(struct sis_bx *bx, const struct sis_target *t, bool fresh, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	sis_autoluns sis_luns others = { 0 };
	size_t ro = 0, n = t->luns.n;
	int r;

	if (!fresh && sis_lio_is_new(bx, tpg))
		return 0; /* done when it was made */
	r = sis_lio_other_luns(bx, tpg, t, &others, err);
	n += others.n;
	sis_vec_each(l, &t->luns)
		ro += l->readonly;
	sis_vec_each(l, &others)
		ro += l->readonly;
	return r < 0 ? r :
		       sis_lio_put(bx, tpg, "attrib/demo_mode_write_protect",
				   ro && ro == n ? "1" : "0", err);
}

int sis_lio_check(const struct sis_target *t, const struct sis_target *live, struct sis_err *err)
{
	size_t ro = 0, n = t->luns.n;

	sis_vec_each(l, &t->luns)
		ro += l->readonly;
	if (live)
		sis_vec_each(l, &live->luns)
			if (l->keep && !sis_target_lun(t, l->number)) {
				ro += l->readonly;
				n++;
			}
	if (t->rules.n || !ro || ro == n)
		return 0;
	return sis_err_set(err, EOPNOTSUPP,
			   "target '%s' has read-only LUNs and others, and is open to everyone: LIO has "
			   "one write protection for all of them; restrict it with initiator=, or give "
			   "the read-only volume a name= of its own",
			   t->iqn);
}

/* Can entries be excused from authentication? What is only recorded cannot be looked at. */
static bool can_excuse(struct sis_bx *bx, const char *tpg, const char *name)
{
	return bx->dry || sis_kfs_exists(bx->kfs, "%s/acls/%s/attrib/authentication", tpg, name);
}

/*
 * Makes the entry of an initiator demand t->chap, or excuses it. Credentials stand before they are
 * demanded, and go after they are not.
 */
static int entry_chap(struct sis_bx *bx, const char *tpg, const char *name,
		      const struct sis_chap *chap, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	bool excuse = can_excuse(bx, tpg, name);
	int r = 0;

	if (chap->user)
		r = sis_lio_put_chap(bx, acl, chap, err);
	if (r == 0 && excuse)
		r = sis_lio_put(bx, acl, "attrib/authentication", chap->user ? "1" : "0", err);
	return r < 0 || chap->user ? r : sis_lio_put_chap(bx, acl, chap, err);
}

/*
 * Nobody comes in by an entry before its LUNs are right. A new one may be a hidden one that had them all:
 * it demands credentials, and gets them last. One that is there demands them before it gets LUNs.
 */
static int add_acl(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		   const struct sis_rule *rule, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, rule->text);
	const bool is_new = !sis_kfs_exists(bx->kfs, "%s", acl), chap = t->chap.user;
	int r = 0;

	if (is_new) {
		r = sis_lio_mkdir(bx, acl, err);
		if (r == 0 && chap && can_excuse(bx, tpg, rule->text))
			r = sis_lio_put(bx, acl, "attrib/authentication", "1", err);
	} else if (chap) {
		r = entry_chap(bx, tpg, rule->text, &t->chap, err);
	}
	if (r == 0)
		r = sis_lio_map_all(bx, tpg, t, rule->text, rule->ro, err);
	return r < 0 || !is_new || !chap ? r : sis_lio_put_chap(bx, acl, &t->chap, err);
}

/* An entry whose queue depth changes ends the sessions of its initiator, and stays. */
static int change_depth(struct sis_bx *bx, const char *acl, struct sis_err *err)
{
	sis_autofree char *text = NULL, *other = NULL;
	uint64_t depth;
	int r;

	r = sis_kfs_read_line(bx->kfs, &text, err, "%s/cmdsn_depth", acl);
	if (r < 0)
		return r;
	if (sis_parse_u64(text, 1, UINT32_MAX, &depth) < 0)
		return sis_err_set(err, EIO, "%s/cmdsn_depth: '%s' is no queue depth", acl, text);
	/* the next one, should this be the last that is done */
	other = sis_asprintf("%" PRIu64, depth > 1 ? depth - 1 : 2);
	r = sis_kfs_write(bx->kfs, other, err, "%s/cmdsn_depth", acl);
	return r < 0 ? r : sis_kfs_write(bx->kfs, text, err, "%s/cmdsn_depth", acl);
}

/*
 * Names are what initiators call themselves, and may be no file names. Then only ending all
 * sessions helps.
 */
int sis_lio_end_sessions(struct sis_bx *bx, const char *tpg, const char *name,
			 struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	int r;

	if (strchr(name, '/') || name[0] == '.' || !sis_str_clean(name)) {
		r = sis_kfs_write(bx->kfs, "0", err, "%s/enable", tpg);
		return r < 0 ? r : sis_kfs_write(bx->kfs, "1", err, "%s/enable", tpg);
	}
	if (sis_kfs_exists(bx->kfs, "%s", acl))
		return change_depth(bx, acl, err);
	/* making an entry takes over the hidden one, deleting it ends the session */
	r = sis_lio_mkdir(bx, acl, err);
	return r < 0 ? r : sis_lio_acl_del(bx, tpg, name, err);
}

/* The kernel lists no more than fit into a page, so that there may be more behind them. */
static int end_strangers(struct sis_bx *bx, const char *tpg, struct sis_err *err)
{
	size_t ended = 1;
	int r = 0;

	for (int i = 0; r == 0 && ended && i < MAX_LISTS; i++) {
		sis_autosessions sis_sessions sessions = { 0 };
		sis_autofree char *text = NULL;
		size_t len;

		ended = 0;
		if (sis_kfs_read(bx->kfs, &text, &len, NULL, "%s/dynamic_sessions", tpg) < 0)
			return 0; /* there is no such target yet */
		sis_lio_dynamic_sessions_parse(text, len, &sessions);
		sis_vec_each(s, &sessions)
			if (r == 0)
				r = sis_lio_end_sessions(bx, tpg, s->initiator, err);
		ended = bx->dry ? 0 : sessions.n;
	}
	return r;
}

/*
 * Would hidden entries be let in once no authentication is demanded? One not shown yet has none: it is
 * still as the kernel makes it, which tells of targets at discovery and demands authentication.
 */
static bool lets_back_in(struct sis_bx *bx, const char *tpg)
{
	return sis_lio_is_open(bx->kfs, tpg) ||
	       sis_lio_attr_is(bx->kfs, tpg, "attrib/cache_dynamic_acls", "1") ||
	       (sis_lio_attr_is(bx->kfs, tpg, "attrib/authentication", "1") &&
		(sis_lio_attr_is(bx->kfs, tpg, "enable", "1") ||
		 sis_lio_attr_is(bx->kfs, tpg, "attrib/demo_mode_discovery", "0")));
}

/* Whoever may log in without CHAP; decided before any entry loses its credentials. */
static int excuse_all(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		      bool *ret_excused, struct sis_err *err)
{
	int r = 0;

	*ret_excused = true;
	sis_vec_each(rule, &t->rules)
		*ret_excused &= can_excuse(bx, tpg, rule->text);
	if (!*ret_excused && lets_back_in(bx, tpg))
		return sis_err_set(err, EOPNOTSUPP,
				   "this kernel (before 6.0) cannot shut out initiators that may have "
				   "been logged in while target '%s' was open to everyone, without "
				   "CHAP; `shareiscsi unshare` it first, then share it again",
				   t->iqn);
	sis_vec_each(rule, &t->rules)
		if (r == 0)
			r = entry_chap(bx, tpg, rule->text, &t->chap, err);
	return r;
}

/* The credentials of the portal group are for initiators without entry: none is let in so. */
static int close_target(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
			struct sis_err *err)
{
	static const struct sis_chap none;
	bool demand = true;
	int r = 0;

	sis_vec_each(rule, &t->rules)
		if (r == 0)
			r = add_acl(bx, tpg, t, rule, err);
	if (r == 0 && !t->chap.user)
		r = excuse_all(bx, tpg, t, &demand, err);
	if (r == 0)
		r = sis_lio_put(bx, tpg, "attrib/authentication", demand ? "1" : "0", err);
	if (r == 0)
		r = sis_lio_put_chap(bx, tpg, &none, err);
	if (r == 0)
		r = sis_lio_put(bx, tpg, "attrib/generate_node_acls", "0", err);
	/* no new ones come by now */
	if (r == 0)
		r = end_strangers(bx, tpg, err);
	/* who is not let in is not told of it either */
	if (r == 0)
		r = sis_lio_put(bx, tpg, "attrib/demo_mode_discovery", "0", err);
	/* the last, as it tells read() that all this is done */
	return r < 0 ? r : sis_lio_put(bx, tpg, "attrib/cache_dynamic_acls", "0", err);
}

static int delete_other_acls(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
			     struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names)
		if (r == 0 && !sis_lio_rule_of(t, *name))
			r = sis_lio_acl_del(bx, tpg, *name, err);
	return r;
}

/* An entry that is in use stays, saying the same as having none would, so that no session ends. */
static int open_entries(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		       struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *info = NULL;
		struct sis_session s = { 0 };

		if (r < 0)
			break;
		if (sis_kfs_read(bx->kfs, &info, NULL, NULL, "%s/acls/%s/info", tpg, *name) == 0 &&
		    sis_lio_acl_session_parse(info, &s)) {
			r = entry_chap(bx, tpg, *name, &t->chap, err);
			if (r == 0)
				r = sis_lio_map_all(bx, tpg, t, *name, false, err);
		} else {
			r = sis_lio_acl_del(bx, tpg, *name, err);
		}
		sis_session_free(&s);
	}
	return r;
}

static int open_target(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		       struct sis_err *err)
{
	int r;

	r = open_entries(bx, tpg, t, err);
	if (r == 0 && t->chap.user)
		r = sis_lio_put_chap(bx, tpg, &t->chap, err);
	if (r == 0 && !sis_lio_is_new(bx, tpg)) /* which has it on */
		r = sis_lio_put(bx, tpg, "attrib/demo_mode_discovery", "1", err);
	if (r == 0)
		r = sis_lio_put(bx, tpg, "attrib/authentication", t->chap.user ? "1" : "0", err);
	if (r == 0 && !t->chap.user)
		r = sis_lio_put_chap(bx, tpg, &t->chap, err);
	return r < 0 ? r : sis_lio_put(bx, tpg, "attrib/generate_node_acls", "1", err);
}

int sis_lio_set_access(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	int r;

	r = sis_lio_protect(bx, t, false, err);
	if (r < 0)
		return r;
	if (!t->rules.n)
		return open_target(bx, tpg, t, err);
	r = close_target(bx, tpg, t, err);
	return r < 0 ? r : delete_other_acls(bx, tpg, t, err);
}

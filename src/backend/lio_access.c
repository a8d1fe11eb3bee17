/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Access list entries of LIO, and opening and closing a target while it is in use.
 *
 * An open target (demo mode) makes an entry of its own for each initiator that logs in, keeps it
 * for ever, does not show it, and lets it in again even when the target is open no more. So a
 * target with rules demands authentication, for which such an entry has no credentials, and only
 * the entries made here are excused from it. Kernels before 6.0 cannot excuse single entries.
 */
#include "backend/lio_access.h"

#include <inttypes.h>

#include "backend/lio_auth.h"
#include "backend/lio_memory.h"
#include "backend/lio_tree.h"
#include "base/file.h"
#include "base/str.h"

enum { BUSY_MS = 10000, MAX_LISTS = 1000 };

int sis_lio_put(struct sis_bx *bx, const char *dir, const char *name, const char *value,
		struct sis_err *err)
{
	if (!sis_lio_is_new(bx, dir) && sis_lio_attr_is(bx->kfs, dir, name, value))
		return 0;
	return sis_kfs_write(bx->kfs, value, err, "%s/%s", dir, name);
}

int sis_lio_mkdir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r;

	if (!sis_lio_is_new(bx, dir) && sis_kfs_exists(bx->kfs, "%s", dir))
		return 0;
	r = sis_kfs_mkdir(bx->kfs, &e, "%s", dir);
	return r < 0 && r != -EEXIST ? sis_err_move(err, &e) : 0;
}

struct removal {
	struct sis_bx *bx;
	const char *dir;
	struct sis_err *err;
	int result;
};

static int try_rmdir(void *ctx)
{
	struct removal *x = ctx;

	x->result = sis_kfs_rmdir(x->bx->kfs, x->err, "%s", x->dir);
	return x->result != -EBUSY && x->result != -ENOTEMPTY;
}

int sis_lio_rmdir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct removal x = { bx, dir, &e, 0 };

	(void)sis_wait_until(try_rmdir, &x, BUSY_MS); /* the last result is in x */
	if (x.result == 0 || x.result == -ENOENT)
		return 0;
	if (x.result == -EBUSY || x.result == -ENOTEMPTY)
		(void)sis_err_append(&e, "; something still uses it after %d s: see `targetcli ls`",
				     BUSY_MS / 1000);
	return sis_err_move(err, &e);
}

int sis_lio_unlink(struct sis_bx *bx, const char *dir, const char *anchor, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *name = NULL, *target = NULL;
	int r;

	r = sis_lio_link(bx->kfs, dir, anchor, &name, &target, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = sis_kfs_unlink(bx->kfs, &e, "%s/%s", dir, name);
	return r < 0 && r != -ENOENT ? sis_err_move(err, &e) : 0;
}

/* ---- entries ---------------------------------------------------------------------------- */

static const struct sis_rule *find_rule(const struct sis_target *t, const char *name)
{
	sis_vec_each(r, &t->rules)
		if (sis_streq(r->text, name))
			return r;
	return NULL;
}

/*
 * A new one is protected by the kernel if the portal group asks for that, and until told otherwise, so
 * it is right or too strict at any moment.
 */
static int link_one(struct sis_bx *bx, const char *tpg, const char *dir, uint32_t lun, bool ro,
		    struct sis_err *err)
{
	sis_autofree char *to = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, lun);
	int r = 0;

	if (!sis_lio_is_new(bx, dir)) /* other tools may have linked another one */
		r = sis_lio_unlink(bx, dir, "/lun/", err);
	if (r == 0 && ro)
		r = sis_lio_put(bx, tpg, "attrib/prod_mode_write_protect", "1", err);
	return r < 0 ? r : sis_kfs_symlink(bx->kfs, to, err, "%s/lun", dir);
}

static int map_one(struct sis_bx *bx, const char *tpg, const char *name, uint32_t lun, bool ro,
		   struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls/%s/lun_%" PRIu32, tpg, name, lun);
	int r;

	r = sis_lio_mkdir(bx, dir, err);
	if (r == 0 && !sis_lio_maps(bx->kfs, dir, lun))
		r = link_one(bx, tpg, dir, lun, ro, err);
	return r < 0 ? r : sis_lio_put(bx, dir, "write_protect", ro ? "1" : "0", err);
}

static int unmap_dir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	int r = sis_lio_unlink(bx, dir, "/lun/", err);

	return r < 0 ? r : sis_lio_rmdir(bx, dir, err);
}

/* Is there a LUN of this number that can be used? What is only recorded cannot be looked at. */
static bool lun_works(struct sis_bx *bx, const char *tpg, uint32_t lun)
{
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, lun), *store = NULL;

	return bx->dry || sis_lio_link(bx->kfs, dir, "/core/", NULL, &store, NULL) == 0;
}

static void luns_free(sis_luns *l)
{
	sis_vec_each(lun, l)
		sis_lun_free(lun);
	sis_vec_free(l);
}

/* LUNs that are there without being asked for: their volume has a problem, or they go later. */
static int read_others(struct sis_bx *bx, const char *tpg, const struct sis_target *t, sis_luns *ret,
		       struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r = 0;

	if (!sis_lio_is_new(bx, tpg))
		r = sis_lio_list(bx->kfs, dir, "lun_", &names, err);
	sis_vec_each(name, &names) {
		struct sis_lun l;
		uint32_t number;

		if (r < 0 || !sis_lio_lun_number(*name, &number) || sis_target_lun(t, number))
			continue;
		r = sis_lio_read_lun(bx->kfs, tpg, number, &l, err);
		if (r == 0)
			sis_vec_push(ret, l);
		else if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/*
 * Where all that is asked for is read-only "=ro" was left out: then nothing tells who may write to
 * the others but the entry itself.
 */
static int map_other(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		     const char *name, bool ro, const struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls/%s/lun_%" PRIu32, tpg, name, l->number);
	bool protect = ro || l->readonly;

	if (!protect && !sis_target_writable(t))
		protect = !sis_lio_maps(bx->kfs, dir, l->number) ||
			  !sis_lio_attr_is(bx->kfs, dir, "write_protect", "0");
	return map_one(bx, tpg, name, l->number, protect, err);
}

/* What an entry has besides LUNs under their own numbers. */
static int unmap_strays(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
			const char *name, const sis_luns *others, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	sis_autostrv sis_strv maps = { 0 };
	int r = 0;

	if (!sis_lio_is_new(bx, acl))
		r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
	sis_vec_each(map, &maps) {
		sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);
		uint32_t number;
		bool stray = !sis_lio_lun_number(*map, &number) || !sis_target_lun(t, number);

		sis_vec_each(l, others)
			stray &= l->number != number;
		if (r == 0 && stray)
			r = unmap_dir(bx, dir, err);
	}
	return r;
}

static int map_all(struct sis_bx *bx, const char *tpg, const struct sis_target *t, const char *name,
		   bool ro, struct sis_err *err)
{
	sis_luns others = { 0 };
	int r = read_others(bx, tpg, t, &others, err);

	sis_vec_each(l, &t->luns)
		if (r == 0 && lun_works(bx, tpg, l->number))
			r = map_one(bx, tpg, name, l->number, ro || l->readonly, err);
	sis_vec_each(l, &others)
		if (r == 0)
			r = map_other(bx, tpg, t, name, ro, l, err);
	if (r == 0)
		r = unmap_strays(bx, tpg, t, name, &others, err);
	luns_free(&others);
	return r;
}

static int list_acls(struct sis_bx *bx, const char *tpg, sis_strv *ret, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg);

	return sis_lio_list(bx->kfs, dir, "", ret, err);
}

int sis_lio_map_lun(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = list_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		const struct sis_rule *rule = find_rule(t, *name);

		/* an entry that is to go gets nothing more */
		if (r == 0 && (rule || !t->rules.n))
			r = map_one(bx, tpg, *name, l->number, l->readonly || (rule && rule->ro), err);
	}
	return r;
}

int sis_lio_unmap_lun(struct sis_bx *bx, const char *tpg, uint32_t lun, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = list_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, *name);
		sis_autostrv sis_strv maps = { 0 };

		if (r == 0)
			r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
		sis_vec_each(map, &maps) {
			sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);

			/* other tools may have mapped it under another number */
			if (r == 0 && sis_lio_maps(bx->kfs, dir, lun))
				r = unmap_dir(bx, dir, err);
		}
	}
	return r;
}

int sis_lio_acl_del(struct sis_bx *bx, const char *tpg, const char *name, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	sis_autostrv sis_strv maps = { 0 };
	int r;

	r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
	sis_vec_each(map, &maps) {
		sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);

		if (r == 0)
			r = unmap_dir(bx, dir, err);
	}
	return r < 0 ? r : sis_lio_rmdir(bx, acl, err);
}

/* ---- closing and opening ---------------------------------------------------------------- */

int sis_lio_protect(struct sis_bx *bx, const struct sis_target *t, bool fresh, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	sis_luns others = { 0 };
	size_t ro = 0, n = t->luns.n;
	int r;

	if (!fresh && sis_lio_is_new(bx, tpg))
		return 0; /* done when it was made */
	r = read_others(bx, tpg, t, &others, err);
	n += others.n;
	sis_vec_each(l, &t->luns)
		ro += l->readonly;
	sis_vec_each(l, &others)
		ro += l->readonly;
	luns_free(&others);
	if (r < 0)
		return r;
	if (!t->rules.n && ro && ro < n)
		return sis_err_set(err, EOPNOTSUPP,
				   "target '%s' has read-only LUNs and others, and is open to everyone: "
				   "LIO has one write protection for all of them; restrict it with "
				   "initiator=, or give the read-only volume a name= of its own",
				   t->iqn);
	return sis_lio_put(bx, tpg, "attrib/demo_mode_write_protect", ro && ro == n ? "1" : "0",
			   err);
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

/* One with credentials demands them before it has a LUN; one without is excused once it is whole. */
static int add_acl(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		   const struct sis_rule *rule, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, rule->text);
	int r;

	r = sis_lio_mkdir(bx, acl, err);
	if (r == 0 && t->chap.user)
		r = entry_chap(bx, tpg, rule->text, &t->chap, err);
	if (r == 0)
		r = map_all(bx, tpg, t, rule->text, rule->ro, err);
	return r < 0 || t->chap.user ? r : entry_chap(bx, tpg, rule->text, &t->chap, err);
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

/* Would hidden entries be let in once no authentication is demanded? One not shown yet has none. */
static bool lets_back_in(struct sis_bx *bx, const char *tpg)
{
	return sis_lio_is_open(bx->kfs, tpg) ||
	       (sis_lio_attr_is(bx->kfs, tpg, "enable", "1") &&
		sis_lio_attr_is(bx->kfs, tpg, "attrib/authentication", "1"));
}

/* The credentials of the portal group are for initiators without entry: none is let in so. */
static int close_target(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
			struct sis_err *err)
{
	static const struct sis_chap none;
	bool excuse = true;
	int r = 0;

	sis_vec_each(rule, &t->rules) {
		if (r == 0)
			r = add_acl(bx, tpg, t, rule, err);
		excuse &= r == 0 && (t->chap.user || can_excuse(bx, tpg, rule->text));
	}
	if (r < 0)
		return r;
	if (!excuse && lets_back_in(bx, tpg))
		return sis_err_set(err, EOPNOTSUPP,
				   "this kernel (before 6.0) cannot shut out initiators that were "
				   "logged in while target '%s' was open to everyone; `shareiscsi "
				   "unshare` it first, then share it again",
				   t->iqn);
	r = sis_lio_put(bx, tpg, "attrib/authentication", excuse ? "1" : "0", err);
	if (r == 0)
		r = sis_lio_put_chap(bx, tpg, &none, err);
	if (r == 0)
		r = end_strangers(bx, tpg, err);
	if (r == 0)
		r = sis_lio_put(bx, tpg, "attrib/generate_node_acls", "0", err);
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

	r = list_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names)
		if (r == 0 && !find_rule(t, *name))
			r = sis_lio_acl_del(bx, tpg, *name, err);
	return r;
}

/* An entry that is in use stays, saying the same as having none would, so that no session ends. */
static int open_entries(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		       struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = list_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *info = NULL;
		struct sis_session s = { 0 };

		if (r < 0)
			break;
		if (sis_kfs_read(bx->kfs, &info, NULL, NULL, "%s/acls/%s/info", tpg, *name) == 0 &&
		    sis_lio_acl_session_parse(info, &s)) {
			r = entry_chap(bx, tpg, *name, &t->chap, err);
			if (r == 0)
				r = map_all(bx, tpg, t, *name, false, err);
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

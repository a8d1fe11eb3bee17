/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The portals of a LIO target. The kernel answers every problem with EINVAL, so why is found out
 * here, by looking at who listens.
 */
#include <inttypes.h>

#include "backend/lio_access.h"
#include "backend/lio_memory.h"
#include "backend/lio_ops.h"
#include "backend/lio_tree.h"
#include "base/str.h"

#define ALL_V6 "[::]:3260"
#define ALL_V4 "0.0.0.0:3260"

static bool is_wildcard(const struct sis_portal *p)
{
	return sis_streq(p->address, "::") || sis_streq(p->address, "0.0.0.0");
}

static bool same_portal(const struct sis_portal *a, const struct sis_portal *b)
{
	return a->port == b->port && sis_streq(a->address, b->address);
}

/*
 * All addresses of a port and one of them exclude each other, in either order, also between
 * targets; equal portals are shared.
 */
static bool portals_clash(const struct sis_portal *a, const struct sis_portal *b)
{
	return a->port == b->port && !same_portal(a, b) && (is_wildcard(a) || is_wildcard(b));
}

/* The portal of `iqn` that keeps `p` from listening; NULL when there is none. Caller frees. */
static char *find_clash(struct sis_kfs *k, const char *iqn, const struct sis_portal *p)
{
	sis_autofree char *target = sis_asprintf(SIS_LIO_ISCSI "/%s", iqn);
	sis_autostrv sis_strv tags = { 0 };
	char *found = NULL;

	(void)sis_lio_list(k, target, "tpgt_", &tags, NULL); /* only for a message */
	sis_vec_each(tag, &tags) {
		sis_autofree char *dir = sis_asprintf("%s/%s/np", target, *tag);
		sis_autostrv sis_strv names = { 0 };

		(void)sis_lio_list(k, dir, "", &names, NULL); /* as above */
		sis_vec_each(name, &names) {
			struct sis_portal q = { 0 };

			if (!found && sis_portal_parse(*name, &q, NULL) == 0 && portals_clash(p, &q))
				found = sis_strdup(*name);
			free(q.address);
		}
	}
	return found;
}

/*
 * -EADDRINUSE when another target is in the way, which nothing done to this one can help; else
 * -EADDRNOTAVAIL.
 */
static int explain(struct sis_bx *bx, const struct sis_target *t, const char *portal,
		   struct sis_err *err)
{
	sis_autostrv sis_strv iqns = { 0 };
	struct sis_portal p = { 0 };
	int r = 0;

	(void)sis_lio_list(bx->kfs, SIS_LIO_ISCSI, "", &iqns, NULL); /* only for a message */
	if (sis_portal_parse(portal, &p, NULL) == 0)
		sis_vec_each(iqn, &iqns) {
			sis_autofree char *clash = find_clash(bx->kfs, *iqn, &p);

			if (clash && r != -EADDRINUSE)
				r = sis_err_set(err, sis_streq(*iqn, t->iqn) ? EADDRNOTAVAIL : EADDRINUSE,
						"cannot listen on %s: target '%s' listens on %s, and "
						"all addresses of a port exclude single ones; give all "
						"targets portal= with single addresses, or this one "
						"another port",
						portal, *iqn, clash);
		}
	free(p.address);
	return r < 0 ? r : sis_err_set(err, EADDRNOTAVAIL,
				       "cannot listen on %s: another program has the port (see "
				       "`ss -ltnp`), or this host has no such kind of address",
				       portal);
}

/* Is there a socket that accepts connections for all addresses of `port`? (proc(5), net/tcp) */
static bool all_listen(struct sis_kfs *k, const char *table, unsigned port)
{
	sis_autofree char *text = NULL, *v4 = NULL, *v6 = NULL;
	char *cursor, *line;

	if (sis_kfs_read(k, &text, NULL, NULL, "/proc/net/%s", table) < 0)
		return false;
	v4 = sis_asprintf(" 00000000:%04X 00000000:0000 0A ", port);
	v6 = sis_asprintf(" %032d:%04X %032d:0000 0A ", 0, port, 0);
	cursor = text;
	while ((line = sis_str_next(&cursor, "\n")))
		if (strstr(line, v4) || strstr(line, v6))
			return true;
	return false;
}

/*
 * The kernel takes all addresses of a port for the same as one of the other family that listens
 * already for another target (iscsit_check_np_match() compares too little), and then nothing
 * listens on the rest. Where the sockets cannot be seen, nobody can tell.
 */
static bool is_deaf(struct sis_bx *bx, const char *portal)
{
	struct sis_portal p = { 0 };
	bool deaf;

	if (bx->dry || sis_lio_heard(bx, portal) || !sis_kfs_exists(bx->kfs, "/proc/net/tcp"))
		return false;
	deaf = sis_portal_parse(portal, &p, NULL) == 0 && is_wildcard(&p) &&
	       !all_listen(bx->kfs, "tcp", p.port) && !all_listen(bx->kfs, "tcp6", p.port);
	free(p.address);
	if (!deaf)
		sis_lio_heard_add(bx, portal);
	return deaf;
}

static int add_portal(struct sis_bx *bx, const struct sis_target *t, const char *np,
		      const char *portal, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *dir = sis_asprintf("%s/%s", np, portal);
	int r;

	r = sis_lio_mkdir(bx, dir, &e);
	if (r == 0 && is_deaf(bx, portal)) {
		r = sis_lio_rmdir(bx, dir, err);
		return r < 0 ? r : explain(bx, t, portal, err);
	}
	if (r == -EINVAL)
		return explain(bx, t, portal, err);
	return r < 0 ? sis_err_move(err, &e) : 0;
}

/* Dual-stack unless the host has no IPv6, wants it apart, or others have the IPv4 side already. */
static int add_all(struct sis_bx *bx, const struct sis_target *t, const char *np,
		   struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *apart = NULL;
	int r;

	r = add_portal(bx, t, np, ALL_V6, &e);
	if (r < 0 && r != -EADDRNOTAVAIL && r != -EADDRINUSE)
		return sis_err_move(err, &e);
	if (r == 0 && (sis_kfs_read_line(bx->kfs, &apart, NULL, "/proc/sys/net/ipv6/bindv6only") < 0 ||
		       sis_streq(apart, "0")))
		return 0;
	return add_portal(bx, t, np, ALL_V4, err);
}

static int add_missing(struct sis_bx *bx, const struct sis_target *t, const char *np,
		       const sis_portals *have, struct sis_err *err)
{
	int r = 0;

	if (!t->portals.n) {
		sis_vec_each(p, have)
			if (sis_lio_is_all(p))
				return 0;
		return add_all(bx, t, np, err);
	}
	sis_vec_each(p, &t->portals) {
		sis_autofree char *name = sis_portal_print(p);
		bool there = false;

		sis_vec_each(q, have)
			there |= same_portal(p, q);
		if (r == 0 && !there)
			r = add_portal(bx, t, np, name, err);
	}
	return r;
}

static bool is_wanted(const struct sis_target *t, const struct sis_portal *p)
{
	sis_vec_each(q, &t->portals)
		if (same_portal(p, q))
			return true;
	return !t->portals.n && sis_lio_is_all(p);
}

/* The names as they are written in the tree go to `names`, in the order of `ret`. */
static int read_np(struct sis_bx *bx, const char *np, sis_strv *names, sis_portals *ret,
		   struct sis_err *err)
{
	sis_autostrv sis_strv all = { 0 };
	int r;

	r = sis_lio_list(bx->kfs, np, "", &all, err);
	sis_vec_each(name, &all) {
		struct sis_portal p = { 0 };

		if (sis_portal_parse(*name, &p, NULL) < 0)
			continue;
		sis_vec_push(ret, p);
		sis_strv_add(names, *name);
	}
	return r;
}

static int remove_others(struct sis_bx *bx, const struct sis_target *t, const char *np,
			 const sis_strv *names, const sis_portals *have, size_t *ret_removed,
			 struct sis_err *err)
{
	*ret_removed = 0;
	for (size_t i = 0; i < have->n; i++) {
		sis_autofree char *dir = sis_asprintf("%s/%s", np, names->v[i]);
		int r;

		if (is_wanted(t, &have->v[i]))
			continue;
		sis_lio_heard_drop(bx);
		r = sis_lio_rmdir(bx, dir, err);
		if (r < 0)
			return r;
		++*ret_removed;
	}
	return 0;
}

/*
 * New portals come before old ones go, so that the target can be reached all the time, except where
 * the old ones are what keeps the new ones from listening.
 */
int sis_lio_set_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid), *np = sis_asprintf("%s/np", tpg);
	sis_autoerr struct sis_err first = SIS_ERR_INIT;
	sis_autostrv sis_strv names = { 0 };
	sis_portals have = { 0 };
	size_t removed;
	int added, r;

	r = read_np(bx, np, &names, &have, err);
	added = r == 0 ? add_missing(bx, t, np, &have, &first) : 0;
	if (added == -EADDRINUSE)
		r = sis_err_move(err, &first);
	if (r == 0)
		r = remove_others(bx, t, np, &names, &have, &removed, err);
	if (r == 0 && added < 0)
		r = removed ? add_missing(bx, t, np, &(sis_portals){ 0 }, err) :
			      sis_err_move(err, &first);
	sis_portals_free(&have);
	return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reads SCST's tree of iSCSI targets into the model's structs. Must not write, nor decide whose a
 * target is.
 */
#include "backend/scst_auth.h"
#include "backend/scst_tree.h"

#include <arpa/inet.h>
#include <string.h>

#include "backend/scst_dev.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_LUN = 16383 };

static const char *const groups[SIS_SCST_SET_N] = {
	[SIS_SCST_RO] = "shareiscsi_ro",
	[SIS_SCST_RW] = "shareiscsi",
};

/* What a directory holds; nothing when it is not there. */
static int list(struct sis_bx *bx, sis_strv *ret, struct sis_err *err, const char *path)
{
	int r;

	r = sis_kfs_list(bx->kfs, ret, err, "%s", path);
	if (r == -ENOENT) {
		sis_err_clear(err);
		return 0;
	}
	return r;
}

int sis_scst_foreign_groups(struct sis_bx *bx, const char *iqn, sis_strv *ret, struct sis_err *err)
{
	sis_autofree char *path = sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups", iqn);
	sis_autostrv sis_strv names = { 0 };
	int r = list(bx, &names, err, path);

	if (r < 0)
		return r;
	sis_vec_each(name, &names)
		if (!sis_streq(*name, "mgmt") && !sis_streq(*name, groups[SIS_SCST_RO]) &&
		    !sis_streq(*name, groups[SIS_SCST_RW]))
			sis_strv_add(ret, *name);
	return 0;
}

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int luns_in(struct sis_bx *bx, const char *path, sis_scst_numbers *ret, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	sis_scst_numbers l = { 0 };
	uint64_t n;
	int r = list(bx, &names, err, path);

	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		if (sis_parse_u64(*name, 0, MAX_LUN, &n) == 0) /* the others: mgmt */
			sis_vec_push(&l, (uint32_t)n);
	}
	sis_vec_sort(&l, number_cmp);
	*ret = l;
	return 0;
}

static bool has_luns(struct sis_bx *bx, const char *path)
{
	sis_scst_numbers l = { 0 };
	bool any = luns_in(bx, path, &l, NULL) == 0 && l.n;

	sis_vec_free(&l);
	return any;
}

const char *sis_scst_own_group(enum sis_scst_set set)
{
	return groups[set];
}

char *sis_scst_group(struct sis_bx *bx, const char *iqn, enum sis_scst_set set)
{
	sis_autofree char *open = sis_asprintf(SIS_SCST_ISCSI "/%s/luns", iqn), *luns = NULL;
	sis_autostrv sis_strv theirs = { 0 };

	if (set == SIS_SCST_RO ||
	    sis_scst_exists(bx, SIS_SCST_ISCSI "/%s/ini_groups/%s", iqn, groups[set]) ||
	    sis_scst_foreign_groups(bx, iqn, &theirs, NULL) < 0 || theirs.n != 1)
		return sis_strdup(groups[set]);
	luns = sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s/luns", iqn, theirs.v[0]);
	return sis_strdup(has_luns(bx, luns) && !has_luns(bx, open) ? theirs.v[0] : groups[set]);
}

char *sis_scst_set_path(struct sis_bx *bx, const char *iqn, enum sis_scst_set set)
{
	sis_autofree char *group = NULL;

	if (set == SIS_SCST_DEFAULT)
		return sis_asprintf(SIS_SCST_ISCSI "/%s/luns", iqn);
	group = sis_scst_group(bx, iqn, set);
	return sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s/luns", iqn, group);
}

int sis_scst_set_luns(struct sis_bx *bx, const char *iqn, enum sis_scst_set set,
		      sis_scst_numbers *ret, struct sis_err *err)
{
	sis_autofree char *path = sis_scst_set_path(bx, iqn, set);

	return luns_in(bx, path, ret, err);
}

int sis_scst_set_device(struct sis_bx *bx, const char *iqn, enum sis_scst_set set,
			uint32_t number, char **ret, struct sis_err *err)
{
	sis_autofree char *path = sis_scst_set_path(bx, iqn, set);
	sis_autofree char *link = NULL;
	const char *slash, *name;
	int r;

	r = sis_kfs_readlink(bx->kfs, &link, err, "%s/%u/device", path, number);
	if (r < 0)
		return r;
	slash = strrchr(link, '/');
	name = slash ? slash + 1 : link;
	if (bx->dry && !sis_scst_exists(bx, "%s/%u", path, number))
		return sis_err_set(err, ENOENT, "LUN %u is gone", number);
	*ret = sis_strdup(name);
	return 0;
}

int sis_scst_lun_device(struct sis_bx *bx, const char *iqn, uint32_t number, char **ret,
			enum sis_scst_set *ret_set, struct sis_err *err)
{
	static const enum sis_scst_set order[] = { SIS_SCST_DEFAULT, SIS_SCST_RW, SIS_SCST_RO };
	int r = -ENOENT;

	for (size_t i = 0; i < SIS_SCST_SET_N && r == -ENOENT; i++) {
		sis_err_clear(err);
		r = sis_scst_set_device(bx, iqn, order[i], number, ret, err);
		if (r == 0 && ret_set)
			*ret_set = order[i];
	}
	return r;
}

int sis_scst_patterns(struct sis_bx *bx, const char *iqn, enum sis_scst_set set, sis_strv *ret,
		      struct sis_err *err)
{
	sis_autofree char *group = sis_scst_group(bx, iqn, set);
	sis_autofree char *path =
		sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s/initiators", iqn, group);
	sis_strv names = { 0 };
	int r;

	r = list(bx, &names, err, path);
	if (r < 0)
		return r;
	for (size_t i = names.n; i-- > 0;) {
		if (sis_streq(names.v[i], "mgmt")) {
			free(names.v[i]);
			sis_vec_remove(&names, i);
		}
	}
	*ret = names;
	return 0;
}

int sis_scst_portals(struct sis_bx *bx, const char *iqn, sis_strv *ret, struct sis_err *err)
{
	sis_autofree char *path = sis_asprintf(SIS_SCST_ISCSI "/%s", iqn);
	sis_autostrv sis_strv names = { 0 };
	sis_strv l = { 0 };
	int r;

	r = list(bx, &names, err, path);
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		sis_autofree char *line = NULL;

		/* numbered with gaps after deletions: allowed_portal, allowed_portal2, ... */
		if (!sis_str_starts(*name, "allowed_portal"))
			continue;
		if (sis_scst_read_line(bx, &line, NULL, "%s/%s", path, *name) == 0 && line[0])
			sis_strv_add(&l, line);
	}
	sis_vec_sort(&l, sis_strp_cmp);
	*ret = l;
	return 0;
}

static bool is_v6(const char *text)
{
	return strchr(text, ':') != NULL;
}

/* Is the directory of a session named so that of a connection, that is by the client's address? */
static bool is_address(const char *name)
{
	sis_autofree char *plain = sis_strndup(name, strcspn(name, "%"));
	struct in6_addr a;

	return inet_pton(is_v6(plain) ? AF_INET6 : AF_INET, plain, &a) == 1;
}

/* False when the session went away meanwhile. */
static bool read_session(struct sis_bx *bx, const char *dir, const char *id,
			 struct sis_session *ret)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_session s = { 0 };

	/* the directory may be NAME_1, for the second session of an initiator */
	if (sis_scst_read_line(bx, &s.initiator, NULL, "%s/%s/initiator_name", dir, id) < 0)
		return false;
	s.id = sis_strdup(id);
	(void)sis_kfs_list(bx->kfs, &names, NULL, "%s/%s", dir, id); /* the address may be missing */
	sis_vec_each(name, &names) {
		if (!s.address && is_address(*name))
			s.address = sis_strdup(*name);
	}
	*ret = s;
	return true;
}

int sis_scst_sessions(struct sis_bx *bx, const char *iqn, sis_sessions *ret, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_SCST_ISCSI "/%s/sessions", iqn);
	sis_autostrv sis_strv ids = { 0 };
	sis_sessions l = { 0 };
	int r;

	r = list(bx, &ids, err, dir);
	if (r < 0)
		return r;
	sis_vec_each(id, &ids) {
		struct sis_session s;

		if (read_session(bx, dir, *id, &s))
			sis_vec_push(&l, s);
	}
	*ret = l;
	return 0;
}

static bool is_one(struct sis_bx *bx, const char *path)
{
	sis_autofree char *line = NULL;

	return sis_scst_read_line(bx, &line, NULL, "%s", path) == 0 && line[0] == '1';
}

/* LUNs of one set that *t does not have yet. */
static int add_luns(struct sis_bx *bx, struct sis_target *t, enum sis_scst_set set,
		    struct sis_err *err)
{
	sis_scst_numbers numbers = { 0 };
	int r;

	r = sis_scst_set_luns(bx, t->iqn, set, &numbers, err);
	for (size_t i = 0; r == 0 && i < numbers.n; i++) {
		sis_autofree char *device = NULL;
		struct sis_lun l;

		if (sis_target_lun(t, numbers.v[i]))
			continue;
		r = sis_scst_set_device(bx, t->iqn, set, numbers.v[i], &device, err);
		if (r == 0)
			r = sis_scst_device_read(bx, device, &l, err);
		if (r == 0) {
			l.number = numbers.v[i];
			sis_vec_push(&t->luns, l);
		} else if (r == -ENOENT) { /* went away meanwhile */
			sis_err_clear(err);
			r = 0;
		}
	}
	sis_vec_free(&numbers);
	return r;
}

static int lun_cmp(const void *a, const void *b)
{
	return number_cmp(&((const struct sis_lun *)a)->number,
			  &((const struct sis_lun *)b)->number);
}

static void add_rule(struct sis_target *t, const char *text, bool ro)
{
	struct sis_rule *r = sis_vec_add(&t->rules);

	r->kind = SIS_RULE_NAME;
	r->text = sis_strdup(text);
	r->wildcard = strpbrk(text, "*?") != NULL;
	r->ro = ro;
}

/*
 * Our groups as rules. What a crash can leave half way is told as what it amounts to, in SCST's
 * own patterns, so that it differs from everything that can be desired: LUNs in the default set
 * beside the groups let everyone in ("*"), and groups without patterns nobody ("!*").
 */
static int read_rules(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_scst_numbers open = { 0 };
	bool any = false;
	int r;

	for (int set = SIS_SCST_RO; set < SIS_SCST_SET_N; set++) {
		sis_autofree char *group = sis_scst_group(bx, t->iqn, (enum sis_scst_set)set);
		sis_autostrv sis_strv patterns = { 0 };

		any |= sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI "/%s/ini_groups/%s", t->iqn, group);
		r = sis_scst_patterns(bx, t->iqn, (enum sis_scst_set)set, &patterns, err);
		if (r < 0)
			return r;
		sis_vec_each(p, &patterns)
			add_rule(t, *p, set == SIS_SCST_RO);
	}
	t->known |= SIS_BIT(SIS_FIELD_RULES);
	if (!any)
		return 0;
	r = sis_scst_set_luns(bx, t->iqn, SIS_SCST_DEFAULT, &open, err);
	if (r < 0)
		return r;
	if (open.n)
		add_rule(t, "*", false);
	else if (!t->rules.n)
		add_rule(t, "!*", false);
	sis_vec_free(&open);
	return 0;
}

static int read_portals(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autostrv sis_strv l = { 0 };
	int r;

	r = sis_scst_portals(bx, t->iqn, &l, err);
	if (r < 0)
		return r;
	sis_vec_each(a, &l)
		/* the daemon alone decides the port */
		sis_vec_push(&t->portals, ((struct sis_portal){ .address = sis_strdup(*a),
								.v6 = is_v6(*a),
								.port = 3260 }));
	t->known |= SIS_BIT(SIS_FIELD_PORTALS);
	return 0;
}

int sis_scst_read_target(struct sis_bx *bx, const char *iqn, struct sis_target *ret,
			 struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_SCST_ISCSI "/%s", iqn);
	sis_autofree char *enabled = sis_asprintf("%s/enabled", dir), *tid = NULL;
	sis_autotarget struct sis_target t = { 0 };
	uint64_t n;
	int r;

	t.iqn = sis_strdup(iqn);
	r = sis_scst_read_line(bx, &tid, err, "%s/tid", dir);
	if (r < 0)
		return r;
	if (sis_parse_u64(tid, 0, UINT32_MAX, &n) < 0)
		return sis_err_set(err, EPROTO, "'%s/tid' reads '%s', not a number", dir, tid);
	t.tid = (uint32_t)n;
	/* the driver's own switch stands above those of all targets */
	t.shown = is_one(bx, enabled) && is_one(bx, SIS_SCST_ISCSI "/enabled");
	r = add_luns(bx, &t, SIS_SCST_DEFAULT, err);
	/* not the read-only group, which is filled first: there a LUN may be half added */
	if (r == 0)
		r = add_luns(bx, &t, SIS_SCST_RW, err);
	if (r == 0)
		r = read_rules(bx, &t, err);
	if (r == 0)
		r = read_portals(bx, &t, err);
	if (r == 0)
		r = sis_scst_read_chap(bx, iqn, &t.chap, err);
	t.known |= SIS_BIT(SIS_FIELD_CHAP);
	if (r == 0)
		r = sis_scst_sessions(bx, iqn, &t.sessions, err);
	if (r < 0)
		return r;
	sis_vec_sort(&t.luns, lun_cmp);
	*ret = t;
	t = (struct sis_target){ 0 };
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Asks zfs about volumes, in two calls for any number of them: first all there is to know of them,
 * then whether the file systems they are in belong to a container. Where a value of a user makes
 * the first answer ambiguous, what users set is left out of it and asked for in the second.
 * Changes nothing.
 */
#include "store/zfs_get.h"

#include "base/file.h"
#include "base/str.h"

enum {
	/* what is said about names that do not exist is kept up to 64 KiB: 200 lines fit */
	NAMES_AT_ONCE = 200,
	/* their values take up to 16 KiB each */
	USERS_AT_ONCE = 500,
	MAX_OPTIONS = 8,
};

/* ---- running zfs ---- */

/* `zfs get`, whatever its exit status. */
static int get(const struct sis_sx *sx, const char *const *options, char *const *names, size_t n,
	       struct sis_cmd_result *ret, struct sis_err *err)
{
	const char *program = sis_zfs_path(sx);
	sis_autofree const char **argv = NULL;
	size_t at = 2;

	argv = sis_calloc(MAX_OPTIONS + n + 3, sizeof(*argv));
	argv[0] = program;
	argv[1] = "get";
	while (*options)
		argv[at++] = *options++;
	for (size_t i = 0; i < n; i++)
		argv[at++] = names[i];
	return sis_zfs_ask(sx, argv, ret, err);
}

static int failure(const struct sis_sx *sx, const struct sis_cmd_result *res, struct sis_err *err)
{
	return sis_zfs_failure(sis_zfs_path(sx), res->status, res->errout, err);
}

/* ---- first call: the volumes ---- */

/* `zfs get -r` of the volumes with or without what users set. */
static int get_below(const struct sis_sx *sx, bool users, char *const *names, size_t n,
		     struct sis_cmd_result *ret, struct sis_err *err)
{
	const char *props = users ? SIS_ZFS_ALL_PROPS : SIS_ZFS_VOLUME_PROPS;
	const char *const options[] = { "-r", "-Hp",	       "-t",  "volume",
					"-o", SIS_ZFS_COLUMNS, props, NULL };

	return get(sx, options, names, n, ret, err);
}

static bool param_is(const struct sis_sx *sx, const char *param, const char *value)
{
	sis_autofree char *path = sis_asprintf("%s/sys/module/zfs/parameters/%s", sx->root, param);
	sis_autofree char *text = NULL;

	/* Not there, not readable: then it is as it is by default. */
	return sis_file_read(path, 64, &text, NULL) == 0 && sis_streq(sis_str_trim(text), value);
}

/*
 * zfs passes over what it cannot go into, and may still end with 0; only what it says tells of it:
 * "cannot iterate filesystems: ...".
 */
static bool complete(const struct sis_cmd_result *res)
{
	return !res->status && !sis_str_starts(res->errout, "cannot ") &&
	       !strstr(res->errout, "\ncannot ");
}

/*
 * Sorts out a failed call: names that do not exist are added to `missing`; when that is all there
 * was, 0. Something below a name may as well have gone meanwhile; that is no failure.
 */
static int explain(const struct sis_sx *sx, const struct sis_cmd_result *res, char *const *names,
		   size_t n, sis_strv *missing, struct sis_err *err)
{
	const char *cursor = res->errout;
	size_t lines = 1, told = 0;

	for (const char *p = res->errout; *p; p++)
		lines += *p == '\n';
	for (;;) {
		sis_autofree char *name = sis_zfs_next_missing(&cursor);

		if (!name)
			break;
		told++;
		for (size_t i = 0; i < n; i++) {
			if (!sis_streq(names[i], name))
				continue;
			sis_strv_add(missing, name);
			break;
		}
	}
	return told == lines ? 0 : failure(sx, res, err);
}

/* Stands for all that is there under this name. */
static void add_unread(sis_volumes *l, const char *name, const char *why)
{
	struct sis_volume *v = sis_vec_add(l);

	v->name = sis_strdup(name);
	v->device = sis_zfs_device(name);
	v->not_ready =
		sis_asprintf("it cannot be read, so what is shared of it stays shared: %s", why);
	v->not_ready_final = true;
}

/*
 * All at once; where one of them cannot be read (its pool is suspended, a disk is broken), in
 * halves, so that only that one counts as not read. *ret then holds the others.
 */
static int read_some(const struct sis_sx *sx, bool users, char *const *names, size_t n,
		     const struct sis_zfs_module *m, struct sis_zfs_found *ret, struct sis_err *err)
{
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autostrv sis_strv missing = { 0 };
	sis_autoerr struct sis_err why = SIS_ERR_INIT;
	int r = get_below(sx, users, names, n, &res, err);

	if (r)
		return r;
	if (!complete(&res))
		r = explain(sx, &res, names, n, &missing, &why);
	if (r && r != -EIO)
		return sis_err_move(err, &why);
	if (r && n > 1) {
		r = read_some(sx, users, names, n / 2, m, ret, err);
		return r ? r : read_some(sx, users, names + n / 2, n - n / 2, m, ret, err);
	}
	if (r) {
		add_unread(&ret->unread, names[0], sis_err_msg(&why));
		return 0;
	}
	if (users && sis_zfs_parse_all(res.out, m, &ret->volumes) < 0)
		return read_some(sx, false, names, n, m, ret, err);
	sis_vec_each(name, &missing)
		sis_strv_add(&ret->missing, *name);
	return users ? 0 : sis_zfs_parse_volumes(res.out, m, &ret->volumes, err);
}

/* What would be an option, a path or a property to zfs never gets there. */
static int check_names(const sis_strv *names, struct sis_err *err)
{
	sis_vec_each(n, names) {
		char c = **n;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return sis_err_set(err, EINVAL,
					   "cannot open '%s': name must begin with a "
					   "letter",
					   *n);
	}
	return 0;
}

/* Sorted, each once: names may lie below each other. */
static void sort_volumes(sis_volumes *l)
{
	sis_vec_sort(l, sis_volume_cmp);
	for (size_t i = l->n; i-- > 1;) {
		if (!sis_streq(l->v[i].name, l->v[i - 1].name))
			continue;
		sis_volume_free(&l->v[i]);
		sis_vec_remove(l, i);
	}
}

static int read_all(const struct sis_sx *sx, const sis_strv *names, struct sis_zfs_found *ret,
		    struct sis_err *err)
{
	const struct sis_zfs_module m = {
		.inhibit_dev = param_is(sx, "zvol_inhibit_dev", "1"),
		.volmode_none = param_is(sx, "zvol_volmode", "3"),
	};
	int r = 0;

	for (size_t i = 0; !r && i < names->n; i += NAMES_AT_ONCE) {
		size_t n = names->n - i < NAMES_AT_ONCE ? names->n - i : NAMES_AT_ONCE;

		r = read_some(sx, true, names->v + i, n, &m, ret, err);
	}
	sort_volumes(&ret->volumes);
	return r;
}

/* The pools there are, whatever their state. */
static int get_pools(const struct sis_sx *sx, sis_strv *ret, struct sis_err *err)
{
	const char *argv[] = { NULL, "list", "-H", "-o", "name", NULL };
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autofree char *zpool = NULL;
	char *cursor, *line;
	int r = sis_zfs_program(sx->root, "zpool", &zpool, err);

	argv[0] = zpool;
	if (!r)
		r = sis_zfs_ask(sx, argv, &res, err);
	if (r)
		return r;
	if (res.status)
		return sis_zfs_failure(zpool, res.status, res.errout, err);
	cursor = res.out;
	while ((line = sis_str_next(&cursor, "\n")))
		if (*line)
			sis_strv_add(ret, line);
	return 0;
}

/*
 * Everything is all pools by their names: without names zfs passes over one that is suspended
 * without a word, as if it and all its volumes were gone.
 */
int sis_zfs_get_volumes(const struct sis_sx *sx, const sis_strv *names, struct sis_zfs_found *ret,
			struct sis_err *err)
{
	sis_autostrv sis_strv pools = { 0 };
	int r = names ? check_names(names, err) : get_pools(sx, &pools, err);

	r = r ? r : read_all(sx, names ? names : &pools, ret, err);
	if (names)
		return r;
	/* It was there a moment ago: exported now, most likely, and of that an event tells. */
	sis_vec_each(name, &ret->missing)
		add_unread(&ret->unread, *name, "it is not there any more");
	sis_strv_free(&ret->missing);
	return r;
}

void sis_zfs_found_free(struct sis_zfs_found *f)
{
	sis_volumes_free(&f->volumes);
	sis_volumes_free(&f->unread);
	sis_strv_free(&f->missing);
}

/* ---- second call: file systems, and what users set where that is not told ---- */

static bool says_missing(const struct sis_cmd_result *res)
{
	const char *cursor = res->errout;
	sis_autofree char *name = sis_zfs_next_missing(&cursor);

	return name != NULL;
}

/* One property of one dataset: the way that no value can spoil. */
static int ask_prop(const struct sis_sx *sx, char *const *name, const char *prop,
		    struct sis_zfs_user *u, struct sis_prop *ret, struct sis_err *err)
{
	const char *options[] = { "-H", "-o", "source,value", prop, NULL };
	sis_autoresult struct sis_cmd_result res = { 0 };
	int r = get(sx, options, name, 1, &res, err);

	if (r)
		return r;
	if (res.status) {
		u->there = false;
		return says_missing(&res) ? 0 : failure(sx, &res, err);
	}
	if (sis_zfs_parse_value(res.out, *name, ret))
		return sis_err_set(err, EPROTO,
				   "zfs printed property '%s' of '%s' in a form that "
				   "is not understood",
				   prop, *name);
	return 0;
}

static int ask_alone(const struct sis_sx *sx, const char *out, char *const *name,
		     struct sis_zfs_user *ret, struct sis_err *err)
{
	int r;

	if (sis_zfs_parse_head(out, *name, ret))
		return sis_err_set(err, EPROTO,
				   "zfs printed properties of '%s' in a form that is "
				   "not understood",
				   *name);
	r = ask_prop(sx, name, SIS_PROP_SHARE, ret, &ret->share, err);
	return r ? r : ask_prop(sx, name, SIS_PROP_IDENTITY, ret, &ret->identity, err);
}

/*
 * All at once; where one of them has gone, or a value holds a newline, in halves, down to the one
 * that it is about. So nobody's value is ever taken for somebody else's.
 */
static int ask_users(const struct sis_sx *sx, char *const *names, size_t n,
		     struct sis_zfs_user *ret, struct sis_err *err)
{
	static const char *const options[] = {
		"-Hp", "-t", "filesystem,volume", "-o", SIS_ZFS_COLUMNS, SIS_ZFS_USER_PROPS, NULL
	};
	sis_autoresult struct sis_cmd_result res = { 0 };
	int r = get(sx, options, names, n, &res, err);

	if (r)
		return r;
	if (res.status && !says_missing(&res))
		return failure(sx, &res, err);
	if (!res.status && sis_zfs_parse_users(res.out, names, n, ret) == 0)
		return 0;
	if (n == 1)
		return res.status ? 0 : ask_alone(sx, res.out, names, ret, err);
	r = ask_users(sx, names, n / 2, ret, err);
	return r ? r : ask_users(sx, names + n / 2, n - n / 2, ret + n / 2, err);
}

static char *parent_name(const char *volume)
{
	return sis_strndup(volume, (size_t)(strrchr(volume, '/') - volume));
}

/*
 * Where the value can be inherited from, as far as it is not told: zfs says "inherited" also of one
 * that was received there.
 */
static void list_above(const struct sis_volume *v, sis_strv *ret)
{
	sis_autofree char *name = NULL;
	char *slash;

	if (v->users_told && v->share_source != SIS_SOURCE_INHERITED)
		return;
	if (v->users_told && v->share_from) {
		sis_strv_add(ret, v->share_from);
		return;
	}
	name = sis_strdup(v->name);
	while ((slash = strrchr(name, '/'))) {
		*slash = '\0';
		sis_strv_add(ret, name);
	}
}

/* The volumes from `from` up to `to`, unless told, and the file systems above; each once. */
static void list_users(const sis_volumes *l, size_t from, size_t to, sis_strv *ret)
{
	for (size_t i = from; i < to; i++) {
		sis_autofree char *parent = parent_name(l->v[i].name);

		if (!l->v[i].users_told)
			sis_strv_add(ret, l->v[i].name);
		sis_strv_add(ret, parent);
		list_above(&l->v[i], ret);
	}
	sis_vec_sort(ret, sis_strp_cmp);
	for (size_t i = ret->n; i-- > 1;) {
		if (!sis_streq(ret->v[i], ret->v[i - 1]))
			continue;
		free(ret->v[i]);
		sis_vec_remove(ret, i);
	}
}

static struct sis_zfs_user *find_user(const sis_strv *names, struct sis_zfs_user *users,
				      const char *name)
{
	char **at = sis_vec_find(names, &name, sis_strp_cmp);

	return at ? &users[at - names->v] : NULL;
}

/* Is the next value above this volume, which it inherits, one that was received? */
static bool inherits_received(const sis_strv *names, struct sis_zfs_user *users,
			      const struct sis_volume *v)
{
	sis_autofree char *name = sis_strdup(v->name);
	char *slash;

	if (v->share_source != SIS_SOURCE_INHERITED)
		return false;
	while ((slash = strrchr(name, '/'))) {
		const struct sis_zfs_user *u;

		*slash = '\0';
		u = find_user(names, users, name);
		if (u && u->there && u->share.source != SIS_SOURCE_INHERITED &&
		    u->share.source != SIS_SOURCE_NONE)
			return u->share.source == SIS_SOURCE_RECEIVED;
	}
	return false;
}

/* Hands over what was said about a volume. Another guid: not the volume that was found. */
static void take_user(struct sis_zfs_user *u, struct sis_volume *v)
{
	if (u->there && u->guid == v->guid)
		sis_zfs_user_take(u, v);
	else
		v->guid = 0;
}

static int get_some_users(const struct sis_sx *sx, sis_volumes *l, size_t from, size_t to,
			  struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	sis_autofree struct sis_zfs_user *users = NULL;
	int r;

	list_users(l, from, to, &names);
	users = sis_calloc(names.n, sizeof(*users));
	r = ask_users(sx, names.v, names.n, users, err);
	for (size_t i = from; !r && i < to; i++) {
		struct sis_volume *v = &l->v[i];
		sis_autofree char *parent = parent_name(v->name);
		bool zoned = find_user(&names, users, parent)->zoned;

		if (!v->users_told)
			take_user(find_user(&names, users, v->name), v);
		v->from_received = inherits_received(&names, users, v);
		if (zoned && !v->not_ready_final) {
			sis_replace(&v->not_ready, "it belongs to a container (zoned=on)");
			v->not_ready_final = true;
		}
	}
	for (size_t i = 0; i < names.n; i++)
		sis_zfs_user_free(&users[i]);
	return r;
}

int sis_zfs_get_users(const struct sis_sx *sx, sis_volumes *l, struct sis_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < l->n; i += USERS_AT_ONCE) {
		size_t to = l->n - i < USERS_AT_ONCE ? l->n : i + USERS_AT_ONCE;

		r = get_some_users(sx, l, i, to, err);
	}
	for (size_t i = l->n; !r && i-- > 0;) {
		if (l->v[i].guid)
			continue;
		sis_volume_free(&l->v[i]);
		sis_vec_remove(l, i);
	}
	return r;
}

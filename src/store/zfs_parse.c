/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parsing of zfs's output. Must not guess: what does not fit in every detail is refused, and the
 * caller asks in a way that cannot be misread.
 */
#include "store/zfs_parse.h"

#include "base/str.h"

enum {
	/* libzfs prints a source from a buffer of 128 bytes: a longer one is cut */
	SOURCE_MAX = 127,
	VOLUME_ROWS = 11,
};

struct text {
	const char *s;
	size_t n;
};

/* One line: name, property, value (may hold tabs), source. */
struct row {
	struct text name, prop, value, source;
};

static bool text_is(struct text t, const char *s)
{
	return strlen(s) == t.n && memcmp(t.s, s, t.n) == 0;
}

static char *text_dup(struct text t)
{
	return sis_strndup(t.s, t.n);
}

/* Cuts up to `end` off the front of *t and drops the byte there. */
static struct text text_cut(struct text *t, const char *end)
{
	struct text head = { t->s, (size_t)(end - t->s) };

	t->n -= head.n + 1;
	t->s = end + 1;
	return head;
}

static bool next_line(const char **cursor, struct text *ret)
{
	const char *end = strchr(*cursor, '\n');

	if (!end)
		return false;
	*ret = (struct text){ *cursor, (size_t)(end - *cursor) };
	*cursor = end + 1;
	return true;
}

static bool split_row(struct text line, struct row *ret)
{
	const char *tab = memchr(line.s, '\t', line.n);

	if (!tab)
		return false;
	ret->name = text_cut(&line, tab);
	tab = memchr(line.s, '\t', line.n);
	if (!tab)
		return false;
	ret->prop = text_cut(&line, tab);
	tab = memrchr(line.s, '\t', line.n);
	if (!tab)
		return false;
	ret->value = text_cut(&line, tab);
	ret->source = line;
	return true;
}

static bool next_row(const char **cursor, struct row *ret)
{
	struct text line;

	return next_line(cursor, &line) && split_row(line, ret);
}

static bool row_is(const struct row *r, const char *name, const char *prop)
{
	return text_is(r->name, name) && text_is(r->prop, prop);
}

static int parse_number(struct text t, uint64_t max, uint64_t *ret)
{
	sis_autofree char *s = text_dup(t);

	return sis_parse_u64(s, 0, max, ret);
}

/* ---- sources ---- */

/*
 * Where a value is inherited from is a name above the dataset's own. When it was cut off, it is
 * still known if only one of those begins so.
 */
static char *inherited_from(struct text from, bool cut, const char *name)
{
	const char *only = NULL;

	if (!cut)
		return text_dup(from);
	if (strlen(name) < from.n || memcmp(name, from.s, from.n) != 0)
		return NULL;
	for (const char *p = strchr(name + from.n, '/'); p; p = strchr(p + 1, '/')) {
		if (only)
			return NULL;
		only = p;
	}
	return only ? sis_strndup(name, (size_t)(only - name)) : NULL;
}

static int fill_prop(const char *name, struct text value, struct text source, struct sis_prop *ret)
{
	const char *prefix = "inherited from ";
	size_t n = strlen(prefix);
	struct sis_prop p = { .source = SIS_SOURCE_NONE };

	if (text_is(source, "local")) {
		p.source = SIS_SOURCE_LOCAL;
	} else if (text_is(source, "received")) {
		p.source = SIS_SOURCE_RECEIVED;
	} else if (source.n > n && memcmp(source.s, prefix, n) == 0) {
		p.source = SIS_SOURCE_INHERITED;
		p.from = inherited_from((struct text){ source.s + n, source.n - n },
					source.n >= SOURCE_MAX, name);
	} else if (!text_is(source, "-") || !text_is(value, "-")) {
		return -EBADMSG;
	}
	/* "-" is a value like any other when somebody has set it. */
	if (p.source != SIS_SOURCE_NONE)
		p.value = text_dup(value);
	*ret = p;
	return 0;
}

/* ---- volumes ---- */

/* The rows of one volume, in the order they were asked for. */
enum volume_row {
	GUID,
	VOLSIZE,
	BLOCKSIZE,
	READONLY,
	KEYROOT,
	KEYSTATUS,
	VOLMODE,
	RESERVED,
	SHARE, /* these two only where users are asked for: see SIS_ZFS_ALL_PROPS */
	IDENTITY,
	TOKEN
};

static const char *const volume_props[VOLUME_ROWS] = {
	[GUID] = "guid",
	[VOLSIZE] = "volsize",
	[BLOCKSIZE] = "volblocksize",
	[READONLY] = "readonly",
	[KEYROOT] = "encryptionroot",
	[KEYSTATUS] = "keystatus",
	[VOLMODE] = "volmode",
	[RESERVED] = "refreservation",
	[SHARE] = SIS_PROP_SHARE,
	[IDENTITY] = SIS_PROP_IDENTITY,
	[TOKEN] = "receive_resume_token",
};

static bool is_users(size_t row)
{
	return row == SHARE || row == IDENTITY;
}

/* Why the volume has no node and will not get one by waiting; NULL when it should have one. */
static char *no_node(const struct row *row, const struct sis_volume *v)
{
	sis_autofree char *name = sis_shell_quote(v->name);

	if (text_is(row[KEYSTATUS].value, "unavailable")) {
		sis_autofree char *root = text_dup(row[KEYROOT].value);
		sis_autofree char *quoted = sis_shell_quote(root);

		return sis_asprintf("its key is not loaded; `zfs load-key %s`", quoted);
	}
	if (!text_is(row[TOKEN].value, "-"))
		return sis_asprintf("it was received in part only; go on with `zfs send -t`, or "
				    "drop it with `zfs receive -A %s`",
				    name);
	if (!v->size)
		return sis_strdup("it is still being received");
	if (text_is(row[VOLMODE].value, "none"))
		return sis_asprintf("volmode=none leaves it without a device node; "
				    "`zfs set volmode=dev %s`",
				    name);
	return NULL;
}

/* The same where the module's parameters, which may have changed since, are the reason. */
static char *not_made(const struct row *row, const struct sis_volume *v,
		      const struct sis_zfs_module *m)
{
	sis_autofree char *name = sis_shell_quote(v->name);

	if (m->inhibit_dev)
		return sis_strdup("the zfs module makes no device nodes (zvol_inhibit_dev=1)");
	if (m->volmode_none && text_is(row[VOLMODE].value, "default"))
		return sis_asprintf("volmode=default leaves it without a device node here "
				    "(zvol_volmode=3); `zfs set volmode=dev %s`",
				    name);
	return NULL;
}

/* A volume that is still being received may have no size yet: "-" as well as 0. */
static int fill_volume(const struct row *row, const struct sis_zfs_module *m, struct sis_volume *v)
{
	uint64_t blocksize = 0;

	if (parse_number(row[GUID].value, UINT64_MAX, &v->guid) || !v->guid)
		return -EPROTO;
	if (!text_is(row[VOLSIZE].value, "-") &&
	    parse_number(row[VOLSIZE].value, INT64_MAX, &v->size))
		return -EPROTO;
	if (!text_is(row[BLOCKSIZE].value, "-") &&
	    parse_number(row[BLOCKSIZE].value, UINT32_MAX, &blocksize))
		return -EPROTO;
	v->volblocksize = (uint32_t)blocksize;
	v->readonly = text_is(row[READONLY].value, "on");
	v->sparse = text_is(row[RESERVED].value, "0") || text_is(row[RESERVED].value, "none");
	v->device = sis_zfs_device(v->name);
	v->not_ready = no_node(row, v);
	v->not_ready_final = v->not_ready != NULL;
	if (!v->not_ready)
		v->not_ready = not_made(row, v, m);
	return 0;
}

static int bad_output(struct text line, struct sis_err *err)
{
	sis_autofree char *text = text_dup(line);

	return sis_err_set(err, EPROTO, "zfs printed a line that is not understood: '%.100s'",
			   text);
}

/* Hands over what users set; an identity is not inherited: it belongs to one volume. */
static void take_props(struct sis_prop *share, struct sis_prop *identity, struct sis_volume *v)
{
	v->share = sis_steal(&share->value);
	v->share_source = share->source;
	v->share_from = sis_steal(&share->from);
	if (identity->source != SIS_SOURCE_INHERITED)
		v->identity = sis_steal(&identity->value);
	v->users_told = true;
}

void sis_zfs_user_take(struct sis_zfs_user *u, struct sis_volume *v)
{
	take_props(&u->share, &u->identity, v);
}

static int fill_users(const struct row *rows, struct sis_volume *v)
{
	struct sis_prop share = { 0 }, identity = { 0 };
	int r = fill_prop(v->name, rows[SHARE].value, rows[SHARE].source, &share);

	if (!r)
		r = fill_prop(v->name, rows[IDENTITY].value, rows[IDENTITY].source, &identity);
	if (!r)
		take_props(&share, &identity, v);
	sis_prop_free(&share);
	sis_prop_free(&identity);
	return r;
}

/* The rows of one volume, the next in the text; *ret_name is to be freed, whatever happens. */
static int next_rows(const char **cursor, bool users, struct row *ret, char **ret_name,
		     struct sis_err *err)
{
	struct text line = { *cursor, strcspn(*cursor, "\n") };

	for (size_t i = 0; i < VOLUME_ROWS; i++) {
		struct row *r = &ret[i];

		if (is_users(i) && !users)
			continue;
		if (!next_line(cursor, &line) || !split_row(line, r))
			return bad_output(line, err);
		if (!*ret_name)
			*ret_name = text_dup(r->name);
		if (!row_is(r, *ret_name, volume_props[i]) ||
		    (!is_users(i) && memchr(r->value.s, '\t', r->value.n)))
			return bad_output(line, err);
	}
	return strchr(*ret_name, '/') ? 0 : bad_output(line, err);
}

/* `seen`: with what users set; all names go there. NULL: without. */
static int next_volume(const char **cursor, const struct sis_zfs_module *m, sis_strv *seen,
		       sis_volumes *l, struct sis_err *err)
{
	const char *start = *cursor;
	struct row rows[VOLUME_ROWS];
	sis_autofree char *name = NULL;
	struct sis_volume *v;
	int r = next_rows(cursor, seen != NULL, rows, &name, err);

	if (!r && seen)
		sis_strv_add(seen, name);
	if (r || strchr(name, '%'))
		return r;
	v = sis_vec_add(l);
	v->name = sis_steal(&name);
	r = fill_volume(rows, m, v);
	if (!r && seen)
		r = fill_users(rows, v);
	return r ? bad_output((struct text){ start, strcspn(start, "\n") }, err) : 0;
}

int sis_zfs_parse_volumes(const char *out, const struct sis_zfs_module *m, sis_volumes *ret,
			  struct sis_err *err)
{
	int r = 0;

	while (!r && *out)
		r = next_volume(&out, m, NULL, ret, err);
	return r;
}

static bool each_once(sis_strv *names)
{
	sis_vec_sort(names, sis_strp_cmp);
	for (size_t i = 1; i < names->n; i++)
		if (sis_streq(names->v[i], names->v[i - 1]))
			return false;
	return true;
}

int sis_zfs_parse_all(const char *out, const struct sis_zfs_module *m, sis_volumes *ret)
{
	sis_autovolumes sis_volumes l = { 0 };
	sis_autostrv sis_strv seen = { 0 };
	int r = 0;

	while (!r && *out)
		r = next_volume(&out, m, &seen, &l, NULL);
	if (r || !each_once(&seen))
		return -EBADMSG;
	sis_vec_each(v, &l) {
		sis_vec_push(ret, *v);
		*v = (struct sis_volume){ 0 };
	}
	return 0;
}

char *sis_zfs_device(const char *name)
{
	char *path = sis_asprintf("/dev/zvol/%s", name);

	for (char *p = path; *p; p++) {
		if (*p == ' ')
			*p = '+';
	}
	return path;
}

/* ---- user properties ---- */

void sis_zfs_user_free(struct sis_zfs_user *u)
{
	sis_prop_free(&u->share);
	sis_prop_free(&u->identity);
	*u = (struct sis_zfs_user){ 0 };
}

static int next_head(const char **cursor, const char *name, struct sis_zfs_user *ret)
{
	struct row zoned, guid;

	if (!next_row(cursor, &zoned) || !row_is(&zoned, name, "zoned"))
		return -EBADMSG;
	if (!next_row(cursor, &guid) || !row_is(&guid, name, "guid"))
		return -EBADMSG;
	if (parse_number(guid.value, UINT64_MAX, &ret->guid))
		return -EBADMSG;
	ret->zoned = text_is(zoned.value, "on");
	ret->there = true;
	return 0;
}

static int next_prop(const char **cursor, const char *name, const char *prop, struct sis_prop *ret)
{
	struct row r;

	if (!next_row(cursor, &r) || !row_is(&r, name, prop))
		return -EBADMSG;
	return fill_prop(name, r.value, r.source, ret);
}

static int next_user(const char **cursor, const char *name, struct sis_zfs_user *ret)
{
	int r = next_head(cursor, name, ret);

	if (!r)
		r = next_prop(cursor, name, SIS_PROP_SHARE, &ret->share);
	return r ? r : next_prop(cursor, name, SIS_PROP_IDENTITY, &ret->identity);
}

int sis_zfs_parse_users(const char *out, char *const *names, size_t n, struct sis_zfs_user *ret)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = next_user(&out, names[i], &ret[i]);
	if (!r && *out)
		r = -EBADMSG;
	for (size_t i = 0; r && i < n; i++)
		sis_zfs_user_free(&ret[i]);
	return r;
}

int sis_zfs_parse_head(const char *out, const char *name, struct sis_zfs_user *ret)
{
	return next_head(&out, name, ret);
}

int sis_zfs_parse_value(const char *out, const char *name, struct sis_prop *ret)
{
	struct text value = { out, strlen(out) }, source;
	const char *tab = strchr(out, '\t');

	if (!tab || value.s[value.n - 1] != '\n')
		return -EBADMSG;
	source = text_cut(&value, tab);
	if (!value.n)
		return -EBADMSG;
	value.n--;
	return fill_prop(name, value, source, ret);
}

/* ---- pools ---- */

int sis_zfs_parse_pools(const char *out, sis_strv *ret, struct sis_err *err)
{
	struct text line;
	struct row r;

	while (next_line(&out, &line)) {
		sis_autofree char *name = NULL;

		if (!split_row(line, &r) || !text_is(r.prop, "readonly"))
			return bad_output(line, err);
		name = text_dup(r.name);
		if (text_is(r.value, "on"))
			sis_strv_add(ret, name);
	}
	return 0;
}

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
	VOLUME_ROWS = 9,
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
	TOKEN
};

static const char *const volume_props[VOLUME_ROWS] = {
	[GUID] = "guid",	 [VOLSIZE] = "volsize",		[BLOCKSIZE] = "volblocksize",
	[READONLY] = "readonly", [KEYROOT] = "encryptionroot",	[KEYSTATUS] = "keystatus",
	[VOLMODE] = "volmode",	 [RESERVED] = "refreservation", [TOKEN] = "receive_resume_token",
};

/* Why the volume has no node and will not get one by waiting; NULL when it should have one. */
static char *no_node(const struct text *value, const struct sis_volume *v)
{
	sis_autofree char *name = sis_shell_quote(v->name);

	if (text_is(value[KEYSTATUS], "unavailable")) {
		sis_autofree char *root = text_dup(value[KEYROOT]);
		sis_autofree char *quoted = sis_shell_quote(root);

		return sis_asprintf("its key is not loaded; `zfs load-key %s`", quoted);
	}
	if (!text_is(value[TOKEN], "-"))
		return sis_asprintf("it was received in part only; go on with `zfs send -t`, or "
				    "drop it with `zfs receive -A %s`",
				    name);
	if (!v->size)
		return sis_strdup("it is still being received");
	if (text_is(value[VOLMODE], "none"))
		return sis_asprintf("volmode=none leaves it without a device node; "
				    "`zfs set volmode=dev %s`",
				    name);
	return NULL;
}

/* The same where the module's parameters, which may have changed since, are the reason. */
static char *not_made(const struct text *value, const struct sis_volume *v,
		      const struct sis_zfs_module *m)
{
	sis_autofree char *name = sis_shell_quote(v->name);

	if (m->inhibit_dev)
		return sis_strdup("the zfs module makes no device nodes (zvol_inhibit_dev=1)");
	if (m->volmode_none && text_is(value[VOLMODE], "default"))
		return sis_asprintf("volmode=default leaves it without a device node here "
				    "(zvol_volmode=3); `zfs set volmode=dev %s`",
				    name);
	return NULL;
}

/* A volume that is still being received may have no size yet: "-" as well as 0. */
static int fill_volume(const struct text *value, const struct sis_zfs_module *m,
		       struct sis_volume *v)
{
	uint64_t blocksize = 0;

	if (parse_number(value[GUID], UINT64_MAX, &v->guid) || !v->guid)
		return -EPROTO;
	if (!text_is(value[VOLSIZE], "-") && parse_number(value[VOLSIZE], INT64_MAX, &v->size))
		return -EPROTO;
	if (!text_is(value[BLOCKSIZE], "-") &&
	    parse_number(value[BLOCKSIZE], UINT32_MAX, &blocksize))
		return -EPROTO;
	v->volblocksize = (uint32_t)blocksize;
	v->readonly = text_is(value[READONLY], "on");
	v->sparse = text_is(value[RESERVED], "0") || text_is(value[RESERVED], "none");
	v->device = sis_zfs_device(v->name);
	v->not_ready = no_node(value, v);
	v->not_ready_final = v->not_ready != NULL;
	if (!v->not_ready)
		v->not_ready = not_made(value, v, m);
	return 0;
}

static int bad_output(struct text line, struct sis_err *err)
{
	sis_autofree char *text = text_dup(line);

	return sis_err_set(err, EPROTO, "zfs printed a line that is not understood: '%.100s'",
			   text);
}

/* The rows of one volume, the next in the text. */
static int next_volume(const char **cursor, const struct sis_zfs_module *m, sis_volumes *l,
		       struct sis_err *err)
{
	struct text line = { *cursor, strcspn(*cursor, "\n") }, value[VOLUME_ROWS];
	sis_autofree char *name = NULL;
	struct sis_volume *v;

	for (size_t i = 0; i < VOLUME_ROWS; i++) {
		struct row r;

		if (!next_line(cursor, &line) || !split_row(line, &r))
			return bad_output(line, err);
		if (!name)
			name = text_dup(r.name);
		if (!row_is(&r, name, volume_props[i]) || memchr(r.value.s, '\t', r.value.n))
			return bad_output(line, err);
		value[i] = r.value;
	}
	if (!strchr(name, '/'))
		return bad_output(line, err);
	if (strchr(name, '%'))
		return 0;
	v = sis_vec_add(l);
	v->name = sis_steal(&name);
	return fill_volume(value, m, v) ? bad_output(line, err) : 0;
}

int sis_zfs_parse_volumes(const char *out, const struct sis_zfs_module *m, sis_volumes *ret,
			  struct sis_err *err)
{
	int r = 0;

	while (!r && *out)
		r = next_volume(&out, m, ret, err);
	return r;
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

/* ---- what it says when it fails ---- */

char *sis_zfs_next_missing(const char **cursor)
{
	const char *head = "cannot open '", *tail = "': dataset does not exist";

	while (**cursor) {
		struct text line = { *cursor, strcspn(*cursor, "\n") };
		size_t head_n = strlen(head), tail_n = strlen(tail);

		*cursor += line.n + (line.s[line.n] == '\n');
		if (line.n > head_n + tail_n && memcmp(line.s, head, head_n) == 0 &&
		    memcmp(line.s + line.n - tail_n, tail, tail_n) == 0)
			return sis_strndup(line.s + head_n, line.n - head_n - tail_n);
	}
	return NULL;
}

/* The reason stands at the end of the line; before it is a name, which may be anything. */
static const struct {
	const char *end;
	int code;
} reasons[] = {
	{ "does not exist", ENOENT },
	{ "no such pool", ENOENT },
	{ "pool is read-only", EROFS },
	{ "permission denied", EACCES },
	{ "must be run as root.", EACCES },
	{ "dataset is busy", EBUSY },
	{ "pool is busy", EBUSY },
	{ "out of space", ENOSPC },
	{ "operation not applicable to datasets of this type", EINVAL },
	{ "is not expected here", EINVAL },
	{ " in name", EINVAL },
	{ "name is too long", ENAMETOOLONG },
};

static int reason_code(const char *line)
{
	size_t n = strlen(line);

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		size_t end_n = strlen(reasons[i].end);

		if (n >= end_n && sis_streq(line + n - end_n, reasons[i].end))
			return reasons[i].code;
	}
	return EIO;
}

/* The first line with another reason than that something is not there; else the first. */
static char *first_failure(const char *errout)
{
	struct text line;

	for (const char *p = errout; *p; p += line.n + (p[line.n] == '\n')) {
		sis_autofree char *copy = NULL;

		line = (struct text){ p, strcspn(p, "\n") };
		copy = text_dup(line);
		if (reason_code(copy) != ENOENT)
			return sis_steal(&copy);
	}
	return sis_strndup(errout, strcspn(errout, "\n"));
}

int sis_zfs_failure(const char *program, int status, const char *errout, struct sis_err *err)
{
	sis_autofree char *line = first_failure(errout);

	if (!*line)
		return sis_err_set(err, EIO, "'%s' ended with status %d and said nothing", program,
				   status);
	if (sis_str_starts(line, "The ZFS modules are not loaded"))
		return sis_err_set(err, ENODEV,
				   "the ZFS modules are not loaded; try "
				   "'/sbin/modprobe zfs' as root");
	return sis_err_set(err, reason_code(line), "%s", line);
}

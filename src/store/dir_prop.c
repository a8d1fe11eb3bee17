/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which properties the dir store has, what they may be, and inheritance: the nearest folder on the
 * way up that has the attribute. Does not create or remove datasets.
 */
#include "base/str.h"
#include "store/dir.h"

enum {
	MAX_PROP = 255,   /* ZAP_MAXNAMELEN - 1 */
	MAX_ATTR = 250,   /* XATTR_NAME_MAX without "user." */
	MAX_VALUE = 8191, /* ZAP_MAXVALUELEN - 1 */
};

struct native {
	const char *name;
	bool volume;   /* of volumes only */
	bool settable;
	bool inherits; /* kept as an attribute */
	/* The value where it is not an attribute. */
	int (*print)(struct sis_sx *sx, struct sis_dir_node *n, char **ret, struct sis_err *err);
};

static int print_type(struct sis_sx *sx, struct sis_dir_node *n, char **ret, struct sis_err *err)
{
	(void)sx;
	(void)err;
	*ret = sis_strdup(n->volume ? "volume" : "filesystem");
	return 0;
}

static int visit_nothing(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	(void)n;
	(void)ctx;
	(void)err;
	return 0;
}

static int print_used(struct sis_sx *sx, struct sis_dir_node *n, char **ret, struct sis_err *err)
{
	int r = sis_dir_walk(sx, n, visit_nothing, NULL, err);

	if (!r)
		*ret = sis_asprintf("%llu", (unsigned long long)n->used);
	return r;
}

static int print_guid(struct sis_sx *sx, struct sis_dir_node *n, char **ret, struct sis_err *err)
{
	uint64_t guid;
	int r = sis_dir_guid(n, &guid, err);

	(void)sx;
	if (!r)
		*ret = sis_asprintf("%llu", (unsigned long long)guid);
	return r;
}

static int print_volsize(struct sis_sx *sx, struct sis_dir_node *n, char **ret,
			 struct sis_err *err)
{
	(void)sx;
	(void)err;
	*ret = sis_asprintf("%llu", (unsigned long long)n->st.st_size);
	return 0;
}

static int print_volblocksize(struct sis_sx *sx, struct sis_dir_node *n, char **ret,
			      struct sis_err *err)
{
	(void)sx;
	(void)err;
	*ret = sis_asprintf("%u", sis_dir_volblocksize(n));
	return 0;
}

static const struct native natives[] = {
	{ .name = "type", .print = print_type },
	{ .name = "used", .print = print_used },
	{ .name = "guid", .volume = true, .print = print_guid },
	{ .name = "volsize", .volume = true, .settable = true, .print = print_volsize },
	{ .name = "volblocksize", .volume = true, .print = print_volblocksize },
	{ .name = "readonly", .settable = true, .inherits = true },
};

static const struct native *native_find(const char *prop)
{
	for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
		if (sis_streq(natives[i].name, prop))
			return &natives[i];
	}
	return NULL;
}

/* zfs_prop_user() of OpenZFS's zfs_prop.c. */
static bool user_valid(const char *prop)
{
	return strchr(prop, ':') &&
	       prop[strspn(prop, "abcdefghijklmnopqrstuvwxyz0123456789:-._")] == '\0';
}

static bool user_reserved(const char *prop)
{
	return sis_streq(prop, SIS_DIR_GUID) || sis_streq(prop, SIS_DIR_SPARSE);
}

/* Is there such a property? *ret is NULL for a user property. */
static int prop_check(const char *prop, const struct native **ret, struct sis_err *err)
{
	*ret = native_find(prop);
	if (*ret)
		return 0;
	if (!user_valid(prop))
		return sis_err_set(err, EINVAL, "invalid property '%s'", prop);
	if (strlen(prop) > MAX_PROP)
		return sis_err_set(err, ENAMETOOLONG, "property name '%s' is too long", prop);
	if (strlen(prop) > MAX_ATTR)
		return sis_err_set(err, ENAMETOOLONG,
				   "property name '%s' is too long for an extended attribute "
				   "(%d bytes)", prop, MAX_ATTR);
	return 0;
}

static int errno_prop(struct sis_err *err, int errno_)
{
	if (errno_ == ENOSPC || errno_ == E2BIG)
		return sis_err_set(err, errno_, "property value too long for what is left of the "
				   "extended attributes, or the file system is full");
	if (errno_ == EOPNOTSUPP)
		return sis_err_set(err, errno_,
				   "the file system keeps no user extended attributes");
	return sis_dir_errno(err, errno_);
}

int sis_dir_prop_find(const struct sis_dir_node *n, const char *prop, struct sis_prop *ret,
		      struct sis_err *err)
{
	const struct sis_dir_node *at;
	char *value = NULL;
	int r = -ENODATA;

	for (at = n; at; at = at->up) {
		r = at->fd < 0 ? -at->open_errno : sis_dir_node_attr(at, prop, &value);
		if (r != -ENODATA)
			break;
	}
	if (r && r != -ENODATA) {
		errno_prop(err, -r);
		sis_err_wrap(err, "property '%s' of '%s' cannot be read", prop, at->name);
		return r;
	}
	*ret = (struct sis_prop){
		.dataset = sis_strdup(n->name),
		.name = sis_strdup(prop),
		.value = value,
		.source = !at ? SIS_SOURCE_NONE :
			  at == n ? SIS_SOURCE_LOCAL : SIS_SOURCE_INHERITED,
		.from = at && at != n ? sis_strdup(at->name) : NULL,
	};
	return 0;
}

int sis_dir_readonly(const struct sis_dir_node *n, bool *ret, struct sis_err *err)
{
	struct sis_prop p = { 0 };
	int r = sis_dir_prop_find(n, "readonly", &p, err);

	if (!r)
		*ret = p.value && sis_streq(p.value, "on");
	sis_prop_free(&p);
	return r;
}

int sis_dir_prop_set(struct sis_dir_node *n, const char *prop, const char *value,
		     struct sis_err *err)
{
	const struct native *native;
	int r = prop_check(prop, &native, err);

	if (r)
		return r;
	if (native && native->volume && !n->volume)
		return sis_err_set(err, EINVAL, "'%s' does not apply to datasets of this type",
				   prop);
	if ((native && !native->settable) || user_reserved(prop))
		return sis_err_set(err, EINVAL, "'%s' is readonly", prop);
	if (native && !native->inherits)
		return sis_dir_set_volsize(n, value, err);
	if (native && !sis_streq(value, "on") && !sis_streq(value, "off"))
		return sis_err_set(err, EINVAL, "'%s' must be one of 'on | off'", prop);
	if (strlen(value) > MAX_VALUE)
		return sis_err_set(err, E2BIG, "property value too long");
	r = sis_dir_attr_write(n->fd, prop, value);
	return r ? errno_prop(err, -r) : 0;
}

int sis_dir_set(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	int r = sis_dir_open(sx, name, &n, err);

	if (r)
		return r;
	r = sis_dir_prop_set(n, prop, value, err);
	if (r)
		sis_err_wrap(err, "cannot set property for '%s'", name);
	return r;
}

static int inherit_one(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	const char *prop = ctx;
	int r = n->fd < 0 ? -n->open_errno : sis_dir_attr_remove(n->fd, prop);

	if (!r || r == -ENODATA)
		return 0;
	errno_prop(err, -r);
	sis_err_wrap(err, "cannot inherit %s for '%s'", prop, n->name);
	return r;
}

int sis_dir_inherit(struct sis_sx *sx, const char *name, const char *prop, bool recursive,
		    struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	const struct native *native;
	int r = prop_check(prop, &native, err);

	if (r)
		return sis_err_set(err, SIS_ERR_USAGE, "invalid property '%s'", prop);
	if ((native && !native->settable) || user_reserved(prop))
		return sis_err_set(err, EINVAL, "%s property is read-only", prop);
	if (native && !native->inherits)
		return sis_err_set(err, EINVAL, "'%s' property cannot be inherited", prop);
	r = sis_dir_open(sx, name, &n, err);
	if (r)
		return r;
	return recursive ? sis_dir_walk(sx, n, inherit_one, (void *)prop, err) :
			   inherit_one(n, (void *)prop, err);
}

static int native_get(struct sis_sx *sx, struct sis_dir_node *n, const struct native *native,
		      struct sis_prop *ret, struct sis_err *err)
{
	char *value = NULL;
	int r = 0;

	if (!native->volume || n->volume)
		r = native->print(sx, n, &value, err);
	if (r)
		return r;
	*ret = (struct sis_prop){
		.dataset = sis_strdup(n->name),
		.name = sis_strdup(native->name),
		.value = value,
		.source = value && native->settable ? SIS_SOURCE_LOCAL : SIS_SOURCE_NONE,
	};
	return 0;
}

int sis_dir_get(struct sis_sx *sx, const char *name, const char *prop, struct sis_prop *ret,
		struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	const struct native *native;
	int r = prop_check(prop, &native, err);

	if (r || user_reserved(prop))
		return sis_err_set(err, SIS_ERR_USAGE,
				   "bad property list: invalid property '%s'", prop);
	r = sis_dir_open(sx, name, &n, err);
	if (r)
		return r;
	r = native && native->print ? native_get(sx, n, native, ret, err) :
				      sis_dir_prop_find(n, prop, ret, err);
	if (r)
		sis_err_wrap(err, "cannot get property for '%s'", name);
	return r;
}

/* Adds the names of the user properties set on one dataset. */
static int add_names(const struct sis_dir_node *n, sis_strv *l)
{
	sis_autostrv sis_strv all = { 0 };
	int r = sis_dir_attr_list(n->fd, &all);

	for (size_t i = 0; !r && i < all.n; i++) {
		if (user_valid(all.v[i]) && !user_reserved(all.v[i]))
			sis_strv_add(l, all.v[i]);
	}
	return r;
}

static int get_named(const struct sis_dir_node *n, const sis_strv *names, sis_props *ret,
		     struct sis_err *err)
{
	sis_autoprops sis_props l = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		struct sis_prop p = { 0 };
		int r;

		if (i && sis_streq(names->v[i], names->v[i - 1]))
			continue;
		r = sis_dir_prop_find(n, names->v[i], &p, err);
		if (r)
			return r;
		if (p.value)
			sis_vec_push(&l, p);
		else
			sis_prop_free(&p); /* gone meanwhile */
	}
	*ret = l;
	l = (sis_props){ 0 };
	return 0;
}

int sis_dir_get_all(struct sis_sx *sx, const char *name, sis_props *ret, struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	sis_autostrv sis_strv names = { 0 };
	int r = sis_dir_open(sx, name, &n, err);

	if (r)
		return r;
	for (const struct sis_dir_node *at = n; !r && at; at = at->up)
		r = add_names(at, &names);
	if (r) {
		errno_prop(err, -r);
	} else {
		sis_vec_sort(&names, sis_strp_cmp);
		r = get_named(n, &names, ret, err);
	}
	if (r)
		sis_err_wrap(err, "cannot get properties for '%s'", name);
	return r;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Making, removing and renaming datasets of the dir store. What is made is complete before it
 * gets its name, and what fails leaves nothing behind.
 */
#include <fcntl.h>

#include "base/str.h"
#include "store/dir.h"

static const char *leaf_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* renameat2() because plain rename() replaces what has the name already. */
static int move_to(int from_dir, const char *from, int to_dir, const char *to,
		   struct sis_err *err)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS)
		return sis_err_set(err, EOPNOTSUPP, "the file system cannot rename without "
				   "replacing (RENAME_NOREPLACE)");
	return sis_dir_errno(err, errno);
}

/* -b, or -o volblocksize=, or the default; and the size rounded up to it, as zfs create does. */
static int volume_geometry(const struct sis_create *c, uint64_t *ret_size, uint32_t *ret_block,
			   struct sis_err *err)
{
	uint64_t block = c->volblocksize ? c->volblocksize : SIS_DIR_BLOCK_DEFAULT;
	uint64_t size;
	int r;

	for (size_t i = 0; c->props && i < c->props->n; i++) {
		const struct sis_prop *p = &c->props->v[i];

		if (sis_streq(p->name, "volblocksize") && sis_parse_size(p->value, &block))
			return sis_err_set(err, EINVAL, "bad numeric value '%s'", p->value);
	}
	r = sis_dir_check_block(block, err);
	if (r)
		return r;
	if (c->size > INT64_MAX)
		return sis_dir_errno(err, EFBIG);
	size = (c->size + block - 1) / block * block;
	r = sis_dir_check_size(size, (uint32_t)block, err);
	if (r)
		return r;
	*ret_size = size;
	*ret_block = (uint32_t)block;
	return 0;
}

static int fill_volume(struct sis_dir_node *n, const struct sis_create *c, struct sis_err *err)
{
	sis_autofree char *text = NULL;
	uint64_t size = 0, guid;
	uint32_t block = 0;
	int r;

	r = volume_geometry(c, &size, &block, err);
	if (r)
		return r;
	if (ftruncate(n->fd, (off_t)size) < 0)
		return sis_dir_errno(err, errno);
	if (!c->sparse) {
		r = sis_dir_reserve(n->fd, size, err);
		if (r)
			return r;
	}
	text = sis_asprintf("%u", block);
	r = sis_dir_attr_write(n->fd, "volblocksize", text);
	if (!r)
		r = sis_dir_attr_write(n->fd, SIS_DIR_SPARSE, c->sparse ? "on" : "off");
	return r ? sis_dir_errno(err, -r) : sis_dir_guid(n, &guid, err);
}

static int fill(struct sis_dir_node *n, const struct sis_create *c, struct sis_err *err)
{
	int r = n->volume ? fill_volume(n, c, err) : 0;

	for (size_t i = 0; !r && c->props && i < c->props->n; i++) {
		const struct sis_prop *p = &c->props->v[i];

		if (n->volume && sis_streq(p->name, "volblocksize"))
			continue;
		r = sis_dir_prop_set(n, p->name, p->value, err);
	}
	return r;
}

/* An empty file or folder under a temporary name. */
static int make_temp(struct sis_dir_node *up, bool volume, char **ret_name, struct sis_err *err)
{
	sis_autofree char *name = NULL;
	uint64_t random = 0;
	int r = sis_dir_random(&random, err);

	if (r)
		return r;
	name = sis_asprintf(SIS_DIR_TEMP "%016llx", (unsigned long long)random);
	if (volume) {
		sis_autoclose int fd = openat(up->fd, name,
					      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					      0600);
		r = fd < 0 ? -errno : 0;
	} else {
		r = mkdirat(up->fd, name, 0755) < 0 ? -errno : 0;
	}
	if (r)
		return sis_dir_errno(err, -r);
	*ret_name = sis_steal(&name);
	return 0;
}

/* Removes a temporary file or folder; what cannot be removed is not in the way. */
static void remove_temp(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) < 0 && errno == EISDIR)
		(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static int make(struct sis_dir_node *up, const char *leaf, const struct sis_create *c,
		struct sis_err *err)
{
	struct sis_dir_node *n = NULL;
	sis_autofree char *temp = NULL;
	int r = make_temp(up, c->volume, &temp, err);

	if (r)
		return r;
	r = sis_dir_child(-1, up, temp, &n);
	if (!r && n->fd < 0)
		r = -n->open_errno;
	if (r)
		sis_dir_errno(err, -r);
	else
		r = fill(n, c, err);
	if (!r)
		r = move_to(up->fd, temp, up->fd, leaf, err);
	if (r)
		remove_temp(up->fd, temp);
	if (n) {
		n->up = NULL; /* the parent is the caller's */
		sis_dir_close_chain(&n);
	}
	return r;
}

int sis_dir_create(struct sis_sx *sx, const char *name, const struct sis_create *c,
		   struct sis_err *err)
{
	sis_autochain struct sis_dir_node *up = NULL, *old = NULL;
	bool same;
	int r;

	r = sis_dir_name_check(name, err);
	if (!r)
		r = sis_dir_parent(sx, name, c->parents, &up, err);
	if (r)
		goto out;
	/* Told before the properties are looked at, as zfs does. */
	if (sis_dir_open_any(sx, name, &old, NULL) == 0) {
		same = old->volume == c->volume;
		r = c->parents && same ? 0 : sis_dir_errno(err, EEXIST);
	} else {
		r = make(up, leaf_of(name), c, err);
	}
	if (r)
		sis_dir_unmake(up);
out:
	if (r)
		sis_err_wrap(err, "cannot create '%s'", name);
	return r;
}

/* Is it one of this folder's datasets, or a remnant of our own? */
static bool entry_known(const struct sis_dir_node *n, const char *leaf)
{
	struct stat st;

	if (sis_str_starts(leaf, SIS_DIR_TEMP))
		return true;
	if (fstatat(n->fd, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return sis_dir_leaf_valid(leaf) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* Nothing is removed when something would be left in the way in the end. */
static int check_folder(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	sis_autoentries sis_dir_entries l = { 0 };
	int r;

	(void)ctx;
	if (n->volume || !n->up)
		return 0;
	r = sis_dir_entries_read(n->fd, &l);
	if (r)
		return sis_dir_errno(err, -r);
	for (size_t i = 0; i < l.n; i++) {
		sis_autofree char *shown = NULL;

		if (entry_known(n, l.v[i].name))
			continue;
		shown = sis_str_printable(l.v[i].name);
		return sis_err_set(err, ENOTEMPTY, "the folder of '%s' holds '%s', which is no "
				   "dataset; remove it first", n->name, shown);
	}
	return 0;
}

static int destroy_one(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	sis_autoentries sis_dir_entries l = { 0 };
	int r = 0;

	(void)ctx;
	if (!n->volume)
		r = sis_dir_entries_read(n->fd, &l);
	if (r)
		return sis_dir_errno(err, -r);
	for (size_t i = 0; i < l.n; i++) {
		if (sis_str_starts(l.v[i].name, SIS_DIR_TEMP))
			remove_temp(n->fd, l.v[i].name);
	}
	if (!n->up)
		return 0; /* `destroy -r` of a pool leaves the pool */
	if (unlinkat(n->up->fd, n->leaf, n->volume ? 0 : AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOENT ? 0 : sis_dir_errno(err, errno);
}

static int count_children(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	(void)n;
	(void)err;
	++*(size_t *)ctx;
	return 0;
}

/* Without -r: neither a pool nor anything with children. */
static int check_single(struct sis_sx *sx, struct sis_dir_node *n, struct sis_err *err)
{
	size_t count = 0;
	int r;

	if (!n->up)
		return sis_err_set(err, EINVAL,
				   "operation does not apply to pools; use 'zfs destroy -r %s' to "
				   "destroy all datasets in the pool", n->name);
	r = sis_dir_walk(sx, n, count_children, &count, err);
	if (r || count <= 1) /* itself */
		return r;
	return sis_err_set(err, EEXIST, "filesystem has children; use '-r' to destroy the %zu "
			   "datasets below it", count - 1);
}

int sis_dir_destroy(struct sis_sx *sx, const char *name, bool recursive, struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	int r = sis_dir_open_any(sx, name, &n, err);

	if (r)
		return r;
	r = recursive ? 0 : check_single(sx, n, err);
	if (!r)
		r = sis_dir_walk(sx, n, check_folder, NULL, err);
	if (!r)
		r = sis_dir_walk(sx, n, destroy_one, NULL, err);
	if (r)
		sis_err_wrap(err, "cannot destroy '%s'", name);
	return r;
}

struct move {
	const char *from, *to;
};

/* Would the name of this dataset still be one? */
static int check_moved(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	const struct move *m = ctx;
	sis_autofree char *name = sis_asprintf("%s%s", m->to, n->name + strlen(m->from));

	return sis_dir_name_check(name, err);
}

/* What zfs checks of the new name beside its characters. */
static int check_target(const char *from, const char *to, struct sis_err *err)
{
	size_t pool = strcspn(to, "/");

	if (strncmp(from, to, pool) != 0 || from[pool] != '/')
		return sis_err_set(err, EXDEV, "datasets must be within same pool");
	if (sis_dataset_within(to, from))
		return sis_err_set(err, EINVAL, "New dataset name cannot be a descendant of "
				   "current dataset name");
	return 0;
}

static int rename_checks(struct sis_sx *sx, struct sis_dir_node *n, const char *to,
			 struct sis_err *err)
{
	struct move m = { n->name, to };
	int r = sis_dir_name_check(to, err);

	if (!r && strchr(to, '/'))
		r = check_target(n->name, to, err);
	if (!r)
		r = sis_dir_walk(sx, n, check_moved, &m, err);
	if (r)
		sis_err_wrap(err, "cannot rename to '%s'", to);
	return r;
}

int sis_dir_rename(struct sis_sx *sx, const char *from, const char *to, bool parents,
		   struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL, *up = NULL;
	int r = sis_dir_open_any(sx, from, &n, err);

	if (r || sis_streq(from, to))
		return r;
	r = rename_checks(sx, n, to, err);
	if (r)
		return r;
	r = sis_dir_parent(sx, to, parents, &up, err);
	if (r) {
		sis_err_wrap(err, "cannot create '%s'", to);
		return r;
	}
	r = move_to(n->up->fd, n->leaf, up->fd, leaf_of(to), err);
	if (r) {
		sis_dir_unmake(up);
		sis_err_wrap(err, "cannot rename '%s'", from);
	}
	return r;
}

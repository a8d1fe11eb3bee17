/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Opening and walking the folders and files of the dir store. Goes down one component at a time,
 * relative to open descriptors and without following links: a link planted in the tree, or a
 * folder swapped for one, leads nowhere. Changes nothing but what sis_dir_parent() makes.
 */
#include <dirent.h>
#include <fcntl.h>

#include "base/str.h"
#include "store/dir.h"

static struct sis_dir_node *node_new(struct sis_dir_node *up, const char *leaf)
{
	struct sis_dir_node *n = sis_new(struct sis_dir_node);

	n->up = up;
	n->name = up ? sis_path_join(up->name, leaf) : sis_strdup(leaf);
	n->leaf = n->name + strlen(n->name) - strlen(leaf);
	n->fd = -1;
	return n;
}

static void node_free(struct sis_dir_node *n)
{
	if (n->fd >= 0)
		close(n->fd);
	sis_dir_node_attrs_free(n);
	free(n->name);
	free(n);
}

void sis_dir_close_chain(struct sis_dir_node **n)
{
	while (*n) {
		struct sis_dir_node *up = (*n)->up;

		node_free(*n);
		*n = up;
	}
}

/*
 * O_NONBLOCK for the case that the file was swapped for a FIFO since it was looked at. Opened for
 * writing where that is allowed, as resizing needs it.
 */
static int open_volume(int dir, const char *leaf, bool *ret_writable)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir, leaf, O_RDWR | flags);

	*ret_writable = fd >= 0;
	if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS || errno == ETXTBSY))
		fd = openat(dir, leaf, O_RDONLY | flags);
	return fd < 0 ? -errno : fd;
}

static int open_folder(int dir, const char *leaf)
{
	int fd = openat(dir, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* What must not be opened is looked at before: a device may do something then. */
static int look(int dir, const char *leaf, struct stat *ret)
{
	return fstatat(dir, leaf, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int opened(struct sis_dir_node *n, int fd)
{
	n->fd = fd;
	return fstat(fd, &n->st) < 0 ? -errno : 0;
}

/* A volume is there all the same, unless it went or was swapped for something else meanwhile. */
static int not_opened(struct sis_dir_node *n, int dir, int code)
{
	if (code == ELOOP || code == ENOTDIR || code == ENXIO)
		return -ENOENT;
	if (!n->volume || code == ENOENT)
		return -code;
	n->open_errno = code;
	return look(dir, n->leaf, &n->st);
}

/* `type`: as readdir() told it, where it did. */
static int node_open(struct sis_dir_node *n, int dir, unsigned char type)
{
	int fd, r = type == DT_UNKNOWN ? look(dir, n->leaf, &n->st) : 0;

	if (r)
		return r;
	if (type == DT_UNKNOWN)
		type = IFTODT(n->st.st_mode);
	n->volume = type == DT_REG;
	if (n->volume ? !n->up : type != DT_DIR)
		return -ENOENT;
	fd = n->volume ? open_volume(dir, n->leaf, &n->writable) : open_folder(dir, n->leaf);
	r = fd < 0 ? not_opened(n, dir, -fd) : opened(n, fd);
	if (r)
		return r;
	n->used = (uint64_t)n->st.st_blocks * 512;
	return n->volume == !!S_ISREG(n->st.st_mode) ? 0 : -ENOENT;
}

static int child_open(int top, struct sis_dir_node *up, const char *leaf, unsigned char type,
		      struct sis_dir_node **ret)
{
	struct sis_dir_node *n;
	int r;

	if (up && up->volume)
		return -ENOENT;
	n = node_new(up, leaf);
	r = node_open(n, up ? up->fd : top, type);
	if (r)
		node_free(n);
	else
		*ret = n;
	return r;
}

int sis_dir_child(int top, struct sis_dir_node *up, const char *leaf, struct sis_dir_node **ret)
{
	return child_open(top, up, leaf, DT_UNKNOWN, ret);
}

int sis_dir_open_any(const struct sis_sx *sx, const char *name, struct sis_dir_node **ret,
		     struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	sis_autofree char *copy = sis_strdup(name);
	char *cursor = copy, *leaf;
	int r;

	r = sis_dir_name_check(name, err);
	if (r)
		goto out;
	while ((leaf = sis_str_next(&cursor, "/"))) {
		r = sis_dir_child(sis_dir_top(sx), n, leaf, &n);
		if (r) {
			sis_dir_errno(err, -r);
			goto out;
		}
	}
	*ret = sis_steal(&n);
out:
	if (r)
		sis_err_wrap(err, "cannot open '%s'", name);
	return r;
}

int sis_dir_open(const struct sis_sx *sx, const char *name, struct sis_dir_node **ret,
		 struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	int r = sis_dir_open_any(sx, name, &n, err);

	if (r)
		return r;
	if (n->fd < 0) {
		r = sis_dir_errno(err, n->open_errno);
		sis_err_wrap(err, "cannot open '%s'", name);
		return r;
	}
	*ret = sis_steal(&n);
	return 0;
}

/* One folder of the way to a name; `make` as in sis_dir_parent(). */
static int parent_step(int top, struct sis_dir_node *up, const char *leaf, bool make,
		       struct sis_dir_node **ret, struct sis_err *err)
{
	struct sis_dir_node *n = NULL;
	bool made = false;
	int r = sis_dir_child(top, up, leaf, &n);

	if (r == -ENOENT && up && make) {
		made = mkdirat(up->fd, leaf, 0755) == 0;
		if (!made && errno != EEXIST)
			return sis_dir_errno(err, errno);
		r = sis_dir_child(top, up, leaf, &n);
	}
	if (r && made)
		(void)unlinkat(up->fd, leaf, AT_REMOVEDIR); /* the first error is the one to tell */
	if (r == -ENOENT)
		return up ? sis_err_set(err, ENOENT, "parent does not exist") :
			    sis_err_set(err, ENOENT, "no such pool '%s'", leaf);
	if (r)
		return sis_dir_errno(err, -r);
	n->made = made;
	*ret = n; /* also when it is a volume: the caller's chain owns it */
	return n->volume ? sis_err_set(err, ENOTDIR, "parent is not a filesystem") : 0;
}

int sis_dir_parent(const struct sis_sx *sx, const char *name, bool make,
		   struct sis_dir_node **ret, struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	sis_autofree char *copy = sis_strdup(name);
	char *cursor = copy, *leaf;
	int r;

	if (!strchr(name, '/'))
		return sis_err_set(err, EINVAL,
				   "missing dataset name (a pool is a folder of this store; make "
				   "it with 'mkdir %s/%s')", sx->path, name);
	while ((leaf = sis_str_next(&cursor, "/")) && cursor) {
		r = parent_step(sis_dir_top(sx), n, leaf, make, &n, err);
		if (r) {
			sis_dir_unmake(n);
			return r;
		}
	}
	*ret = sis_steal(&n);
	return 0;
}

void sis_dir_unmake(struct sis_dir_node *n)
{
	/* Not empty means that somebody else uses it already; then it stays, and those above. */
	for (; n && n->made; n = n->up) {
		if (unlinkat(n->up->fd, n->leaf, AT_REMOVEDIR) < 0)
			return;
	}
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int entry_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_dir_entry *)a)->name,
		      ((const struct sis_dir_entry *)b)->name);
}

void sis_dir_entries_free(sis_dir_entries *l)
{
	sis_vec_each(e, l)
		free(e->name);
	sis_vec_free(l);
}

static int entries_add(DIR *d, sis_dir_entries *l)
{
	for (;;) {
		struct dirent *e;

		errno = 0;
		e = readdir(d);
		if (!e)
			return -errno;
		if (sis_streq(e->d_name, ".") || sis_streq(e->d_name, ".."))
			continue;
		if (l->n == SIS_DIR_MAX_ENTRIES)
			return -E2BIG;
		sis_vec_push(l, ((struct sis_dir_entry){ sis_strdup(e->d_name), e->d_type }));
	}
}

int sis_dir_entries_read(int fd, sis_dir_entries *ret)
{
	sis_cleanup(dir_closep) DIR *d = NULL;
	sis_autoentries sis_dir_entries l = { 0 };
	int own = open_folder(fd, "."); /* its own offset; fd may be read again */
	int r;

	if (own < 0)
		return own;
	d = fdopendir(own);
	if (!d) {
		r = -errno;
		close(own);
		return r;
	}
	r = entries_add(d, &l);
	if (r)
		return r;
	sis_vec_sort(&l, entry_cmp);
	*ret = l;
	l = (sis_dir_entries){ 0 };
	return 0;
}

static int walk_below(int top, struct sis_dir_node *up, sis_dir_visit visit, void *ctx,
		      struct sis_err *err);

static int walk_child(int top, struct sis_dir_node *up, const struct sis_dir_entry *e,
		      sis_dir_visit visit, void *ctx, struct sis_err *err)
{
	struct sis_dir_node *n = NULL;
	const char *leaf = e->name;
	int r;

	if (up && strlen(up->name) + 1 + strlen(leaf) > SIS_DIR_MAX_NAME)
		return 0; /* nothing could be done with such a name */
	r = child_open(top, up, leaf, e->type, &n);
	if (r == -ENOENT)
		return 0; /* gone meanwhile, or no dataset */
	if (r) {
		sis_dir_errno(err, -r);
		sis_err_wrap(err, "cannot open '%s%s%s'", up ? up->name : "", up ? "/" : "", leaf);
		return r;
	}
	sis_dir_node_attrs_know(n);
	if (!n->volume)
		r = walk_below(top, n, visit, ctx, err);
	if (!r)
		r = visit(n, ctx, err);
	if (up)
		up->used += n->used;
	node_free(n);
	return r;
}

/* Each child is closed before the next one is opened. */
static int walk_below(int top, struct sis_dir_node *up, sis_dir_visit visit, void *ctx,
		      struct sis_err *err)
{
	sis_autoentries sis_dir_entries l = { 0 };
	int r;

	if (up && sis_dir_depth(up->name) >= SIS_DIR_MAX_DEPTH)
		return 0;
	r = sis_dir_entries_read(up ? up->fd : top, &l);
	if (r) {
		sis_dir_errno(err, -r);
		sis_err_wrap(err, "cannot list '%s'", up ? up->name : "the store's folder");
		return r;
	}
	for (size_t i = 0; !r && i < l.n; i++) {
		if (sis_dir_leaf_valid(l.v[i].name))
			r = walk_child(top, up, &l.v[i], visit, ctx, err);
	}
	return r;
}

int sis_dir_walk(const struct sis_sx *sx, struct sis_dir_node *n, sis_dir_visit visit, void *ctx,
		 struct sis_err *err)
{
	int r = n && n->volume ? 0 : walk_below(sis_dir_top(sx), n, visit, ctx, err);

	return r || !n ? r : visit(n, ctx, err);
}

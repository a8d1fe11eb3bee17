/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The store for a machine without ZFS: a folder holds the pools, its folders are pools and file
 * systems, regular files are volumes, extended attributes their properties.
 */
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/str.h"
#include "store/dir.h"

struct dir {
	int top;
};

int sis_dir_top(const struct sis_sx *sx)
{
	const struct dir *d = sx->priv;

	return d->top;
}

static bool dir_present(struct sis_sx *sx)
{
	struct stat st;

	return sx->path && stat(sx->path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder may be reached through links; below it none is followed. */
static int open_top(const char *path, char **ret_path, struct sis_err *err)
{
	sis_autofree char *real = realpath(path, NULL);
	sis_autoclose int fd = -1;
	char byte;
	int r;

	if (!real)
		return sis_err_errno(err, errno, "cannot open store 'dir:%s'", path);
	if (!sis_str_clean(real))
		return sis_err_set(err, EINVAL, "cannot open store 'dir:%s': control characters "
				   "in the name of a folder", path);
	fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sis_err_errno(err, errno, "cannot open store 'dir:%s'", path);
	if (fgetxattr(fd, "user." SIS_DIR_SPARSE, &byte, sizeof(byte)) < 0 && errno == EOPNOTSUPP)
		return sis_err_set(err, EOPNOTSUPP,
				   "cannot open store 'dir:%s': its file system keeps no user "
				   "extended attributes; use one of ext4, XFS or btrfs", path);
	*ret_path = sis_steal(&real);
	r = fd;
	fd = -1;
	return r;
}

static int dir_open(struct sis_sx *sx, struct sis_err *err)
{
	char *path = NULL;
	struct dir *d;
	int fd;

	if (!sx->path || !*sx->path)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "store 'dir' needs the folder that holds the pools: "
				   "dir:PATH, as in dir:/var/lib/shareiscsi");
	fd = open_top(sx->path, &path, err);
	if (fd < 0)
		return fd;
	free(sx->path);
	sx->path = path;
	d = sis_new(struct dir);
	d->top = fd;
	sx->priv = d;
	return 0;
}

static void dir_close(struct sis_sx *sx)
{
	struct dir *d = sx->priv;

	if (!d)
		return;
	close(d->top);
	free(d);
	sx->priv = NULL;
}

/* What the properties say; an error makes the volume one that is not ready. */
static int volume_props(const struct sis_dir_node *n, struct sis_volume *v, struct sis_err *err)
{
	struct sis_prop p = { 0 };
	bool readonly = false;
	int r = sis_dir_prop_find(n, SIS_PROP_SHARE, &p, err);

	if (r)
		return r;
	v->share = sis_steal(&p.value);
	v->share_source = p.source;
	v->share_from = sis_steal(&p.from);
	sis_prop_free(&p);
	r = sis_dir_readonly(n, &readonly, err);
	if (r)
		return r;
	v->readonly = readonly || v->pool_readonly;
	/* Its own only: an identity belongs to one volume. */
	r = sis_dir_node_attr(n, SIS_PROP_IDENTITY, &v->identity);
	if (r && r != -ENODATA)
		return sis_dir_errno(err, -r);
	return sis_dir_guid(n, &v->guid, err);
}

static int volume_check(const struct sis_dir_node *n, const struct sis_volume *v,
			struct sis_err *err)
{
	if (v->size < 512)
		return sis_err_set(err, ENODATA,
				   "the file is %s; set its size with "
				   "'zfs set volsize=SIZE %s'",
				   v->size ? "smaller than a block of 512 bytes" : "empty",
				   v->name);
	if (n->st.st_nlink > 1)
		return sis_err_set(err, EMLINK, "the file has %ju names (hard links): two disks "
				   "on one file would destroy its data", (uintmax_t)n->st.st_nlink);
	if (!v->readonly && !n->writable)
		return sis_err_set(err, EACCES, "the file cannot be written; allow it, or use "
				   "'zfs set readonly=on %s'", v->name);
	return 0;
}

/* What was opened for writing is on no read-only file system. */
static bool on_readonly_fs(const struct sis_dir_node *n)
{
	struct statvfs fs;

	return !n->writable && fstatvfs(n->fd, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

static int volume_facts(const struct sis_dir_node *n, struct sis_volume *v, struct sis_err *err)
{
	int r;

	if (n->fd < 0)
		return sis_err_errno(err, n->open_errno, "the file cannot be opened");
	v->pool_readonly = on_readonly_fs(n);
	r = volume_props(n, v, err);
	return r ? r : volume_check(n, v, err);
}

struct listing {
	const struct sis_sx *sx;
	sis_volumes volumes;
};

static int list_one(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	struct listing *l = ctx;
	sis_autoerr struct sis_err why = SIS_ERR_INIT;
	struct sis_volume *v;

	(void)err; /* one bad volume never stops the others */
	if (!n->volume)
		return 0;
	v = sis_vec_add(&l->volumes);
	v->name = sis_strdup(n->name);
	v->device = sis_path_join(l->sx->path, n->name);
	v->is_file = true;
	v->size = (uint64_t)n->st.st_size;
	v->volblocksize = sis_dir_volblocksize(n);
	v->sparse = sis_dir_sparse(n);
	v->ready = volume_facts(n, v, &why) == 0;
	v->not_ready_final = !v->ready;
	v->not_ready = v->ready ? NULL : sis_strdup(sis_err_msg(&why));
	return 0;
}

static int list_named(struct sis_sx *sx, const char *name, struct listing *l, sis_strv *missing,
		      struct sis_err *err)
{
	sis_autochain struct sis_dir_node *n = NULL;
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r = sis_dir_open_any(sx, name, &n, &e);

	if (r == -ENOENT && missing) {
		sis_strv_add(missing, name);
		return 0;
	}
	if (r)
		return sis_err_move(err, &e);
	return sis_dir_walk(sx, n, list_one, l, err);
}

/* Sorted, each once: names may lie below each other. */
static void list_finish(sis_volumes *l)
{
	size_t kept = 0;

	sis_vec_sort(l, sis_volume_cmp);
	for (size_t i = 0; i < l->n; i++) {
		if (kept && sis_streq(l->v[i].name, l->v[kept - 1].name))
			sis_volume_free(&l->v[i]);
		else
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
}

static int dir_list(struct sis_sx *sx, const sis_strv *names, sis_volumes *ret,
		    sis_strv *missing, struct sis_err *err)
{
	struct listing l = { .sx = sx };
	sis_autostrv sis_strv gone = { 0 };
	int r = 0;

	if (!names)
		r = sis_dir_walk(sx, NULL, list_one, &l, err);
	for (size_t i = 0; !r && names && i < names->n; i++)
		r = list_named(sx, names->v[i], &l, missing ? &gone : NULL, err);
	if (r) {
		sis_volumes_free(&l.volumes);
		return r;
	}
	list_finish(&l.volumes);
	*ret = l.volumes;
	for (size_t i = 0; i < gone.n; i++)
		sis_strv_add(missing, gone.v[i]);
	return 0;
}

static int dir_keep(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		    struct sis_err *err)
{
	if (sx->dry)
		return 0;
	return value ? sis_dir_set(sx, name, prop, value, err) :
		       sis_dir_inherit(sx, name, prop, false, err);
}

struct selection {
	unsigned top_depth;
	int depth; /* below the top; -1 = no limit */
	unsigned types;
	sis_datasets datasets;
};

static int datasets_one(struct sis_dir_node *n, void *ctx, struct sis_err *err)
{
	struct selection *s = ctx;
	struct sis_dataset *d;

	(void)err;
	if (s->depth >= 0 && sis_dir_depth(n->name) - s->top_depth > (unsigned)s->depth)
		return 0;
	if (!(s->types & (n->volume ? SIS_DATASET_VOLUME : SIS_DATASET_FILESYSTEM)))
		return 0;
	d = sis_vec_add(&s->datasets);
	d->name = sis_strdup(n->name);
	d->type = n->volume ? SIS_DATASET_VOLUME : SIS_DATASET_FILESYSTEM;
	d->size = n->volume ? (uint64_t)n->st.st_size : 0;
	d->used = n->used;
	d->volblocksize = n->volume ? sis_dir_volblocksize(n) : 0;
	return 0;
}

static int dataset_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_dataset *)a)->name, ((const struct sis_dataset *)b)->name);
}

static int dir_datasets(struct sis_sx *sx, const char *name, int depth, unsigned types,
			sis_datasets *ret, struct sis_err *err)
{
	struct selection s = { .top_depth = name ? sis_dir_depth(name) : 1, .depth = depth,
			       .types = types };
	sis_autochain struct sis_dir_node *n = NULL;
	int r = name ? sis_dir_open_any(sx, name, &n, err) : 0;

	if (!r)
		r = sis_dir_walk(sx, n, datasets_one, &s, err);
	if (r) {
		sis_datasets_free(&s.datasets);
		return r;
	}
	sis_vec_sort(&s.datasets, dataset_cmp);
	*ret = s.datasets;
	return 0;
}

const struct sis_store sis_store_dir = {
	.name = "dir",
	.title = "folder with files (dir:PATH)",
	.own_commands = true,
	.present = dir_present,
	.open = dir_open,
	.list = dir_list,
	.keep = dir_keep,
	.close = dir_close,
	.create = sis_dir_create,
	.destroy = sis_dir_destroy,
	.rename = sis_dir_rename,
	.set = sis_dir_set,
	.inherit = sis_dir_inherit,
	.get = sis_dir_get,
	.get_all = sis_dir_get_all,
	.datasets = dir_datasets,
};

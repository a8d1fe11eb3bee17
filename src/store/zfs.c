/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The store of stock OpenZFS, through what `zfs` prints for scripts: puts together what zfs says
 * and what the device nodes say. What it changes, the two properties, is in zfs_keep.c.
 */
#include "store/zfs.h"

#include <sys/stat.h>

#include "base/str.h"
#include "store/zfs_get.h"
#include "store/zfs_keep.h"
#include "store/zfs_node.h"
#include "store/zfs_parse.h"

/* A call over all volumes takes about a millisecond for each, more when the pools are busy. */
enum { ASK_TIMEOUT_MS = 300000 };

struct zfs {
	char *program;
};

const char *sis_zfs_path(const struct sis_sx *sx)
{
	const struct zfs *z = sx->priv;

	return z->program;
}

int sis_zfs_ask(const struct sis_sx *sx, const char *const *argv, struct sis_cmd_result *ret,
		struct sis_err *err)
{
	const struct sis_cmd cmd = { .argv = argv, .timeout_ms = ASK_TIMEOUT_MS };
	int r = sx->runner->run(sx->runner->ctx, &cmd, ret, err);

	if (!r && strlen(ret->out) != ret->out_len)
		r = sis_err_set(err, EPROTO, "'%s' printed a NUL byte", argv[0]);
	return r;
}

/* Where the module is not loaded, udev keeps a node that loads it. */
static bool zfs_present(struct sis_sx *sx)
{
	sis_autofree char *node = sis_asprintf("%s/dev/zfs", sx->root);
	sis_autofree char *program = NULL;
	struct stat st;

	return stat(node, &st) == 0 && sis_zfs_program(sx->root, "zfs", &program, NULL) == 0;
}

static int zfs_open(struct sis_sx *sx, struct sis_err *err)
{
	struct zfs *z;
	char *program;
	int r;

	if (sx->path)
		return sis_err_set(err, SIS_ERR_USAGE, "store 'zfs' takes no path");
	r = sis_zfs_program(sx->root, "zfs", &program, err);
	if (r)
		return r;
	z = sis_new(struct zfs);
	z->program = program;
	sx->priv = z;
	return 0;
}

static void zfs_close(struct sis_sx *sx)
{
	struct zfs *z = sx->priv;

	if (!z)
		return;
	free(z->program);
	free(z);
	sx->priv = NULL;
}

/* Which of the pools are read-only? */
static int ask_pools(const struct sis_sx *sx, const sis_strv *pools, sis_strv *ret,
		     struct sis_err *err)
{
	static const char *const words[] = { "get", "-Hp", "-o", SIS_ZFS_COLUMNS, "readonly" };
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	sis_autofree const char **argv = sis_calloc(WORDS + pools->n + 2, sizeof(*argv));
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autofree char *zpool = NULL;
	sis_autoerr struct sis_err why = SIS_ERR_INIT;
	int r = sis_zfs_program(sx->root, "zpool", &zpool, err);

	if (r)
		return r;
	argv[0] = zpool;
	memcpy(argv + 1, words, sizeof(words));
	memcpy(argv + 1 + WORDS, pools->v, pools->n * sizeof(*argv));
	r = sis_zfs_ask(sx, argv, &res, err);
	if (r)
		return r;
	/* A pool that has gone meanwhile is nobody's problem; the others are printed. */
	if (res.status)
		r = sis_zfs_failure(zpool, res.status, res.errout, &why);
	if (r && r != -ENOENT)
		return sis_err_move(err, &why);
	return sis_zfs_parse_pools(res.out, ret, err);
}

/*
 * zfs does not tell of a volume that its pool is read-only, and asking zpool costs as much as
 * all the rest: only pools are asked that look like it.
 */
static int check_pools(const struct sis_sx *sx, const sis_strv *pools, sis_volumes *l,
		       struct sis_err *err)
{
	sis_autostrv sis_strv read_only = { 0 };
	int r = pools->n ? ask_pools(sx, pools, &read_only, err) : 0;

	if (r)
		return r;
	sis_vec_each(v, l) {
		sis_vec_each(pool, &read_only) {
			if (sis_dataset_within(v->name, *pool))
				v->readonly = v->pool_readonly = true;
		}
	}
	return 0;
}

/* Adds what could not be read; it is in no other list. */
static void take_unread(sis_volumes *l, sis_volumes *unread)
{
	sis_vec_each(v, unread) {
		sis_vec_push(l, *v);
		*v = (struct sis_volume){ 0 };
	}
	sis_vec_sort(l, sis_volume_cmp);
}

static int zfs_list(struct sis_sx *sx, const sis_strv *names, sis_volumes *ret, sis_strv *missing,
		    struct sis_err *err)
{
	sis_autofound struct sis_zfs_found found = { 0 };
	sis_autostrv sis_strv pools = { 0 };
	int r = sis_zfs_get_volumes(sx, names, &found, err);

	if (!r && found.missing.n && !missing)
		r = sis_err_set(err, ENOENT, "cannot open '%s': dataset does not exist",
				found.missing.v[0]);
	if (!r)
		r = sis_zfs_get_users(sx, &found.volumes, err);
	if (r)
		return r;
	sis_zfs_nodes_check(sx, &found.volumes, &pools);
	r = check_pools(sx, &pools, &found.volumes, err);
	if (r)
		return r;
	take_unread(&found.volumes, &found.unread);
	*ret = found.volumes;
	found.volumes = (sis_volumes){ 0 };
	sis_vec_each(name, &found.missing)
		sis_strv_add(missing, *name);
	return 0;
}

const struct sis_store sis_store_zfs = {
	.name = "zfs",
	.title = "OpenZFS",
	.present = zfs_present,
	.open = zfs_open,
	.list = zfs_list,
	.keep = sis_zfs_keep,
	.keep_many = sis_zfs_keep_many,
	.close = zfs_close,
	/* own_commands and all from create on are empty: zfs itself does what its user asks for */
};

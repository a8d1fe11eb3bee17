/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Writing an attribute, making and removing folders and links of LIO's tree. Decides nothing.
 */
#include "backend/lio_ops.h"

#include "backend/lio_memory.h"
#include "backend/lio_tree.h"
#include "base/file.h"
#include "base/str.h"

enum { BUSY_MS = 10000 };

int sis_lio_put(struct sis_bx *bx, const char *dir, const char *name, const char *value,
		struct sis_err *err)
{
	if (!sis_lio_is_new(bx, dir) && sis_lio_attr_is(bx->kfs, dir, name, value))
		return 0;
	return sis_kfs_write(bx->kfs, value, err, "%s/%s", dir, name);
}

int sis_lio_mkdir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r;

	if (!sis_lio_is_new(bx, dir) && sis_kfs_exists(bx->kfs, "%s", dir))
		return 0;
	r = sis_kfs_mkdir(bx->kfs, &e, "%s", dir);
	return r < 0 && r != -EEXIST ? sis_err_move(err, &e) : 0;
}

struct removal {
	struct sis_bx *bx;
	const char *dir;
	struct sis_err *err;
	int result;
};

static int try_rmdir(void *ctx)
{
	struct removal *x = ctx;

	x->result = sis_kfs_rmdir(x->bx->kfs, x->err, "%s", x->dir);
	return x->result != -EBUSY && x->result != -ENOTEMPTY;
}

int sis_lio_rmdir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct removal x = { bx, dir, &e, 0 };

	(void)sis_wait_until(try_rmdir, &x, BUSY_MS); /* the last result is in x */
	if (x.result == 0 || x.result == -ENOENT)
		return 0;
	if (x.result == -EBUSY || x.result == -ENOTEMPTY)
		(void)sis_err_append(&e, "; something still uses it after %d s: see `targetcli ls`",
				     BUSY_MS / 1000);
	return sis_err_move(err, &e);
}

int sis_lio_unlink(struct sis_bx *bx, const char *dir, const char *anchor, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *name = NULL, *target = NULL;
	int r;

	r = sis_lio_link(bx->kfs, dir, anchor, &name, &target, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = sis_kfs_unlink(bx->kfs, &e, "%s/%s", dir, name);
	return r < 0 && r != -ENOENT ? sis_err_move(err, &e) : 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LUNs of IET: made and deleted; there is nothing about one that could be changed in place.
 * Before 1.4.20 ietd does not say why it refuses one, so that is found out here.
 */
#include "backend/iet_int.h"

#include <inttypes.h>

#include "backend/holder.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_PARAMS = 2047 }; /* what ietadm passes on; the rest is cut off silently */

/* ---- parameters ---- */

/* nullio takes neither path nor mode, and before 1.4.20 no identifier either. */
static void null_params(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_addf(out, "Type=nullio,Sectors=%" PRIu64, l->size / l->blocksize);
}

static void disk_params(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_addf(out, "Path=%s,Type=%s", l->path, sis_type_names[l->type]);
	if (l->readonly)
		sis_str_add(out, ",IOMode=ro");
	else if (l->type == SIS_TYPE_FILEIO && l->iomode == SIS_IOMODE_WB)
		sis_str_add(out, ",IOMode=wb");
	sis_str_addf(out, ",ScsiId=%s,ScsiSN=%s", l->t10_id, l->serial);
}

static int make_params(const struct sis_lun *l, char **ret, struct sis_err *err)
{
	sis_autostr struct sis_str out = { 0 };

	if (l->type == SIS_TYPE_NULLIO)
		null_params(l, &out);
	else
		disk_params(l, &out);
	if (l->blocksize != 512)
		sis_str_addf(&out, ",BlockSize=%" PRIu32, l->blocksize);
	if (out.len > MAX_PARAMS)
		return sis_err_set(err, ENAMETOOLONG, "path '%s' is too long for ietadm", l->path);
	*ret = sis_str_take(&out);
	return 0;
}

/* ---- waiting ---- */

struct drain {
	struct sis_bx *bx;
	const struct sis_target *t;
	uint32_t lun;
	struct sis_err *err;
	int r;
};

enum { LUN_GONE, LUN_DRAINS, LUN_THERE };

static int lun_state(const struct sis_state *state, const sis_iet_drains *drains,
		     const struct sis_target *t, uint32_t lun)
{
	const struct sis_target *now = sis_iet_now(state, t);

	if (!now)
		return LUN_GONE;
	sis_vec_each(d, drains)
		if (d->tid == now->tid && d->lun == lun)
			return LUN_DRAINS;
	return sis_target_lun(now, lun) ? LUN_THERE : LUN_GONE;
}

/* One of the above, or -errno. */
static int read_lun(struct sis_bx *bx, const struct sis_target *t, uint32_t lun,
		    struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_iet_drains drains = { 0 };
	int r = sis_iet_read_volumes(bx, &state, &drains, err);

	if (r == 0)
		r = lun_state(&state, &drains, t, lun);
	sis_vec_free(&drains);
	return r;
}

static int no_longer_drains(void *ctx)
{
	struct drain *d = ctx;

	d->r = read_lun(d->bx, d->t, d->lun, d->err);
	return d->r != LUN_DRAINS;
}

/* A deleted LUN keeps number and device until the last command on it is done. */
static int wait_drained(struct sis_bx *bx, const struct sis_target *t, uint32_t lun,
			struct sis_err *err)
{
	struct drain d = { .bx = bx, .t = t, .lun = lun, .err = err };

	(void)sis_wait_until(no_longer_drains, &d, SIS_IET_WAIT_MS); /* the answer is in d.r */
	if (d.r == LUN_DRAINS)
		return sis_err_set(err, EBUSY,
				   "LUN %" PRIu32 " of '%s' is deleted, but commands "
				   "on it are still under way: IET holds its device until they "
				   "are done",
				   lun, t->iqn);
	return d.r < 0 ? d.r : 0;
}

/* ---- refused: why? ---- */

/* As ietd sees it, whose paths are not below our root but in a test. 0 or -errno. */
static int device_stat(const struct sis_bx *bx, const char *path, struct stat *ret)
{
	return sis_kfs_stat(bx->kfs, ret, NULL, "%s", path) == 0 ? 0 :
								   sis_backend_stat(bx, path, ret);
}

static bool same_lun(const struct sis_lun *want, const struct sis_lun *there)
{
	return (want->type == SIS_TYPE_NULLIO || sis_streq(want->path, there->path)) &&
	       !sis_lun_diff(want, there);
}

/* The LUN that has the same device, for blockio opens it exclusively. */
static int explain_taken(const struct sis_state *state, const struct sis_lun *l,
			 struct sis_err *err)
{
	sis_vec_each(t, &state->targets)
		sis_vec_each(other, &t->luns)
			if (sis_streq(other->path, l->path))
				return sis_err_set(err, EBUSY,
						   "'%s' is already LUN %" PRIu32
						   " of target '%s' in IET",
						   l->path, other->number, t->iqn);
	return 0;
}

static int explain_device(const struct sis_bx *bx, const struct sis_state *state,
			  const struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *holder = NULL;
	struct stat st;

	if (l->type != SIS_TYPE_NULLIO && device_stat(bx, l->path, &st) < 0)
		return sis_err_set(err, ENOENT, "there is no device or file '%s'", l->path);
	if (l->type == SIS_TYPE_BLOCKIO) {
		int r = explain_taken(state, l, err);

		if (r < 0)
			return r;
		if (!S_ISBLK(st.st_mode))
			return sis_err_set(err, ENOTBLK,
					   "'%s' is no block device: type=blockio "
					   "needs one",
					   l->path);
		holder = sis_holder_text(bx->kfs, st.st_rdev);
		if (holder)
			return sis_err_set(err, EBUSY, "'%s' %s", l->path, holder);
		if (sis_holder_any(l->path))
			return sis_err_set(err, EBUSY,
					   "'%s' is held by another program, maybe another target",
					   l->path);
	}
	return sis_err_append(err, " (what it was stands in the kernel log)");
}

/*
 * After a refusal. 0: the LUN is there as wanted; 1: try again, its number was only just given
 * free; else the reason in *err, which comes with ietd's own.
 */
static int judge_refusal(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
			 struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autoerr struct sis_err unread = SIS_ERR_INIT;
	sis_iet_drains drains = { 0 };
	const struct sis_lun *there;
	int where, r;

	if (err->code == SIS_ERR_NOTARGET || sis_iet_read_volumes(bx, &state, &drains, &unread) < 0)
		return -err->code;
	where = lun_state(&state, &drains, t, l->number);
	sis_vec_free(&drains);
	if (!sis_iet_now(&state, t))
		return sis_err_set(err, ENOENT, "target '%s' is gone from IET", t->iqn);
	if (where == LUN_DRAINS) {
		r = wait_drained(bx, t, l->number, err);
		return r < 0 ? r : 1;
	}
	if (where == LUN_GONE)
		return explain_device(bx, &state, l, err);
	there = sis_target_lun(sis_iet_now(&state, t), l->number);
	if (same_lun(l, there))
		return 0;
	return sis_err_set(err, EEXIST, "LUN %" PRIu32 " of target '%s' is taken by '%s'",
			   l->number, t->iqn, there->path);
}

/* ---- slots ---- */

static int lun_make(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autofree char *params = NULL;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = make_params(l, &params, err);
	if (r < 0)
		return r;
	for (int tries = 0; tries < 2; tries++) {
		sis_autoerr struct sis_err e = SIS_ERR_INIT;

		r = sis_iet_lun_new(&g->adm, bx, t->tid, l->number, params, &e);
		if (r < 0)
			r = judge_refusal(bx, t, l, &e);
		if (r == 0)
			return 0;
		if (r < 0)
			return sis_err_move(err, &e);
	}
	return sis_err_set(err, EBUSY,
			   "LUN %" PRIu32 " of target '%s' is made and deleted by "
			   "somebody else",
			   l->number, t->iqn);
}

int sis_iet_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		    struct sis_err *err)
{
	return lun_make(bx, t, l, err);
}

int sis_iet_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r < 0)
		return r;
	if (bx->dry)
		return sis_iet_lun_delete(&g->adm, bx, live->tid, l->number, err);
	r = read_lun(bx, live, l->number, err);
	if (r == LUN_THERE) {
		r = sis_iet_lun_delete(&g->adm, bx, live->tid, l->number, &e);
		/* an early ietd says no more than "no": is it gone all the same? */
		if (r < 0 && read_lun(bx, live, l->number, NULL) == LUN_THERE)
			return sis_err_move(err, &e);
		r = LUN_DRAINS;
	}
	return r == LUN_DRAINS ? wait_drained(bx, live, l->number, err) : r;
}

/*
 * Only the size can differ: IET reads it when the LUN is made. So the LUN is made anew; sessions
 * stay, and their commands fail for the moment in between.
 */
int sis_iet_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    const struct sis_lun *live, unsigned changed, struct sis_err *err)
{
	int r;

	if (!(changed & SIS_BIT(SIS_FIELD_SIZE)))
		return 0;
	r = sis_iet_lun_del(bx, t, live, err);
	return r < 0 ? r : lun_make(bx, t, l, err);
}

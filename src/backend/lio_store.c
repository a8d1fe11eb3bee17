/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Backing objects of LIO: iblock for block devices, fileio where asked or for regular files.
 * Knows nothing of targets but the name and LUN an object is made for.
 */
#include "backend/lio_store.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

#include "backend/holder.h"
#include "backend/lio_ops.h"
#include "backend/lio_tree.h"
#include "base/file.h"
#include "base/str.h"

/*
 * TRY_AGAIN: ERESTARTSYS, which zfs lets out where a volume could not be opened within a second, as
 * some command was at work on the pools.
 */
enum { CONTROL_MAX = 511, NAME_MAX_BYTES = 255, TRY_AGAIN = 512, OPEN_MS = 20000 };

static const char *const plugins[] = { "iblock", "fileio" };

static const char *plugin_of(const struct sis_lun *l)
{
	return l->type == SIS_TYPE_FILEIO ? "fileio" : "iblock";
}

/*
 * What people see in `targetcli ls`: the volume's name, without the slashes and blanks that it
 * cannot have there.
 */
static char *store_name(const struct sis_lun *l)
{
	char *name = sis_strndup(l->volume && *l->volume ? l->volume : l->serial, NAME_MAX_BYTES);

	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = ':';
		else if (*p == ' ')
			*p = '+';
	return name;
}

/* ---- removal ---------------------------------------------------------------------------- */

int sis_lio_store_del(struct sis_bx *bx, const char *handle, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *dir = sis_asprintf(SIS_LIO_CORE "/%s", handle);
	char *slash = strrchr(dir, '/');
	int r;

	r = sis_lio_rmdir(bx, dir, err);
	if (r < 0)
		return r;
	*slash = '\0';
	r = sis_kfs_rmdir(bx->kfs, &e, "%s", dir);
	/* an HBA that other tools made may hold devices of theirs */
	return r < 0 && r != -ENOENT && r != -ENOTEMPTY ? sis_err_move(err, &e) : 0;
}

int sis_lio_store_clean(struct sis_bx *bx, const char *iqn, uint32_t lun, struct sis_err *err)
{
	uint64_t number = sis_lio_hba(iqn, lun);

	for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
		sis_autofree char *hba = sis_asprintf(SIS_LIO_CORE "/%s_%" PRIu64, plugins[i], number);
		sis_autostrv sis_strv names = { 0 };
		int r = 0;

		if (!sis_kfs_exists(bx->kfs, "%s", hba))
			continue;
		r = sis_lio_list(bx->kfs, hba, "", &names, err);
		sis_vec_each(name, &names) {
			sis_autofree char *dir = sis_asprintf("%s/%s", hba, *name);

			if (r == 0 && sis_kfs_exists(bx->kfs, "%s/enable", dir))
				r = sis_lio_rmdir(bx, dir, err);
		}
		if (r == 0)
			r = sis_lio_rmdir(bx, hba, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- making ----------------------------------------------------------------------------- */

/*
 * Looked at before the target is told: fileio makes a regular file in /dev of a path that is not
 * there, and so would lose what is written to it.
 */
static int check_path(struct sis_bx *bx, const struct sis_lun *l, struct stat *ret,
		      struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r = sis_kfs_stat(bx->kfs, ret, &e, "%s", l->path);

	if (r < 0)
		return sis_err_set(err, -r, "there is no '%s'; see if the volume's device node is "
				   "missing (`udevadm trigger`)", l->path);
	if (!S_ISBLK(ret->st_mode) && !(S_ISREG(ret->st_mode) && l->type == SIS_TYPE_FILEIO))
		return sis_err_set(err, ENOTBLK, "'%s' is not a block device%s", l->path,
				   l->type == SIS_TYPE_FILEIO ? " or regular file" : "");
	if (strpbrk(l->path, ",\n"))
		return sis_err_set(err, EINVAL, "LIO cannot be told the path '%s': it has a comma",
				   l->path);
	return 0;
}

/* Only a regular file is told its size: a device would not follow a resize any more. */
static char *control_text(const struct sis_lun *l, const struct stat *st)
{
	sis_autostr struct sis_str text = { 0 };

	if (l->type != SIS_TYPE_FILEIO) {
		sis_str_addf(&text, "udev_path=%s%s", l->path, l->readonly ? ",readonly=1" : "");
		return sis_str_take(&text);
	}
	sis_str_addf(&text, "fd_dev_name=%s", l->path);
	if (S_ISREG(st->st_mode))
		sis_str_addf(&text, ",fd_dev_size=%" PRIu64, (uint64_t)st->st_size);
	if (l->iomode == SIS_IOMODE_WB)
		sis_str_add(&text, ",fd_buffered_io=1");
	return sis_str_take(&text);
}

/* The backing object, of any tool, that has this device; NULL when there is none. */
static char *find_lio_holder(struct sis_bx *bx, dev_t dev)
{
	sis_autostrv sis_strv hbas = { 0 };

	(void)sis_lio_list(bx->kfs, SIS_LIO_CORE, "iblock_", &hbas, NULL); /* only for a message */
	sis_vec_each(hba, &hbas) {
		sis_autofree char *dir = sis_asprintf(SIS_LIO_CORE "/%s", *hba);
		sis_autostrv sis_strv names = { 0 };

		(void)sis_lio_list(bx->kfs, dir, "", &names, NULL); /* as above */
		sis_vec_each(name, &names) {
			sis_autolioinfo struct sis_lio_info info = { 0 };
			sis_autofree char *text = NULL;

			if (sis_kfs_read(bx->kfs, &text, NULL, NULL, "%s/%s/info", dir, *name) < 0)
				continue;
			sis_lio_info_parse(text, &info);
			if (info.has_device && makedev(info.major, info.minor) == dev)
				return sis_asprintf("is exported by LIO backstore %s/%s", *hba, *name);
		}
	}
	return NULL;
}

static int explain_enable(struct sis_bx *bx, const struct sis_lun *l, const struct stat *st,
			  int code, struct sis_err *err)
{
	sis_autofree char *who = NULL;

	switch (code) {
	case -EBUSY:
		who = find_lio_holder(bx, st->st_rdev);
		if (!who)
			who = sis_holder_text(bx->kfs, st->st_rdev);
		return sis_err_set(err, EBUSY, "'%s' is busy: it %s", l->path,
				   who ? who : "is held by another program, which cannot be named");
	case -EROFS:
		return sis_err_set(err, EROFS, "'%s' cannot be written to; share it with iomode=ro",
				   l->path);
	case -TRY_AGAIN:
		return sis_err_set(err, EAGAIN, "'%s' cannot be opened while other commands are at work "
				   "on its pool; `shareiscsi sync` tries again", l->path);
	default:
		return sis_err_errno(err, -code, "LIO cannot use '%s'", l->path);
	}
}

struct opening {
	struct sis_bx *bx;
	const char *dir;
	struct sis_err *err;
	int result;
};

static int try_enable(void *ctx)
{
	struct opening *o = ctx;

	o->result = sis_kfs_write(o->bx->kfs, "1", o->err, "%s/enable", o->dir);
	return o->result != -TRY_AGAIN;
}

static int enable(struct sis_bx *bx, const char *dir, const struct sis_lun *l,
		  const struct stat *st, struct sis_err *err)
{
	sis_autofree char *control = control_text(l, st);
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct opening o = { bx, dir, &e, 0 };
	int r;

	if (strlen(control) > CONTROL_MAX)
		return sis_err_set(err, ENAMETOOLONG, "the path '%s' is too long for LIO", l->path);
	r = sis_kfs_write(bx->kfs, control, err, "%s/control", dir);
	if (r == 0)
		r = sis_kfs_write(bx->kfs, l->path, err, "%s/udev_path", dir); /* for targetcli */
	if (r < 0)
		return r;
	(void)sis_wait_until(try_enable, &o, OPEN_MS); /* the last result is in o */
	r = o.result;
	if (r == 0)
		return 0;
	return r == -ETIMEDOUT ? sis_err_move(err, &e) : explain_enable(bx, l, st, r, err);
}

/*
 * Only the command UNMAP. Unmapping with WRITE SAME stays off: without a data phase LIO carries it
 * out even for initiators that must not write (measured on 6.1).
 */
int sis_lio_store_thin(struct sis_bx *bx, const char *handle, bool thin, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_CORE "/%s/attrib", handle);
	int r = sis_lio_put(bx, dir, "emulate_tpws", "0", err);

	return r < 0 ? r : sis_lio_put(bx, dir, "emulate_tpu", thin ? "1" : "0", err);
}

/*
 * After enabling, which sets the block size to the device's own (and before which kernel 6.1
 * crashes when UNMAP is switched on), and before linking, which fixes all of this.
 */
static int identify(struct sis_bx *bx, const char *dir, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autofree char *size = sis_asprintf("%" PRIu32, l->blocksize);
	int r = 0;

	if (l->serial)
		r = sis_kfs_write(bx->kfs, l->serial, err, "%s/wwn/vpd_unit_serial", dir);
	if (r == 0 && l->product)
		r = sis_lio_put(bx, dir, "wwn/product_id", l->product, err);
	if (r == 0 && !(bx->dry && l->blocksize == 512))
		r = sis_lio_put(bx, dir, "attrib/block_size", size, err);
	if (r == 0 && l->thin) /* else it is off, as in every new one */
		r = sis_kfs_write(bx->kfs, "1", err, "%s/attrib/emulate_tpu", dir);
	return r;
}

int sis_lio_store_add(struct sis_bx *bx, const char *iqn, struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *name = store_name(l), *hba = NULL, *dir = NULL;
	struct stat st;
	int r;

	r = check_path(bx, l, &st, err);
	if (r == 0)
		r = sis_lio_store_clean(bx, iqn, l->number, err);
	if (r < 0)
		return r;
	hba = sis_asprintf(SIS_LIO_CORE "/%s_%" PRIu64, plugin_of(l), sis_lio_hba(iqn, l->number));
	dir = sis_asprintf("%s/%s", hba, name);
	sis_replace(&l->handle, dir + strlen(SIS_LIO_CORE "/"));
	r = sis_kfs_mkdir(bx->kfs, err, "%s", hba);
	if (r == 0)
		r = sis_kfs_mkdir(bx->kfs, err, "%s", dir);
	if (r == 0)
		r = enable(bx, dir, l, &st, err);
	return r < 0 ? r : identify(bx, dir, l, err);
}

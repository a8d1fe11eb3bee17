/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST's devices: naming, making and deleting them. Formats and limits are those of scst_vdisk.c.
 * Must not decide which device a LUN gets.
 */
#include "backend/scst_dev.h"

#include <string.h>
#include <time.h>

#include "backend/holder.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/option.h"

#define PREFIX "sis"
enum { DIGITS = 12, NAME_LEN = 16, NAME_TRIES = 8 };

char *sis_scst_device_name(uint64_t ns, bool write_through)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char *name = sis_asprintf(PREFIX "%c%0*d", write_through ? 'w' : 'c', DIGITS, 0);

	for (int i = NAME_LEN - 1; i >= NAME_LEN - DIGITS; i--, ns /= 36)
		name[i] = digits[ns % 36];
	return name;
}

bool sis_scst_device_ours(const char *name)
{
	const char *mode = sis_str_after(name, PREFIX);

	return mode && (*mode == 'c' || *mode == 'w') && strlen(name) == NAME_LEN &&
	       strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz") == NAME_LEN;
}

bool sis_scst_device_cached(const char *name)
{
	return sis_scst_device_ours(name) && name[strlen(PREFIX)] == 'c';
}

/* A name that nobody has, nor had: reservations left under a name go to its next bearer. */
static char *free_name(struct sis_bx *bx, bool write_through)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	for (ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;; ns++) {
		sis_autofree char *name = sis_scst_device_name(ns, write_through);

		if (!sis_scst_exists(bx, SIS_SCST_DEVICES "/%s", name) &&
		    !sis_kfs_exists(bx->kfs, SIS_SCST_PR "/%s", name) &&
		    !sis_kfs_exists(bx->kfs, SIS_SCST_PR "/%s.1", name))
			return sis_steal(&name);
	}
}

/* A cache that is written through: only where one can write, and nullio keeps nothing. */
static bool write_through(const struct sis_lun *l)
{
	return l->iomode == SIS_IOMODE_WT && !l->readonly && l->type != SIS_TYPE_NULLIO;
}

int sis_scst_device_command(const struct sis_caps *caps, const char *name, const struct sis_lun *l,
			    char **ret, const char **ret_handler, struct sis_err *err)
{
	sis_autostr struct sis_str b = { 0 };
	uint32_t bs = l->blocksize;
	int r;

	if (!sis_scst_handlers[l->type])
		return sis_err_set(err, EINVAL, "SCST has no handler for this type of LUN");
	if (bs != 512 && bs != 1024 && bs != 2048 && bs != 4096)
		return sis_err_set(err, EINVAL, "SCST cannot have a block size of %u", bs);
	sis_str_addf(&b, "add_device %s ", name);
	if (l->type == SIS_TYPE_NULLIO) {
		/* the one handler without a file; its size must be whole blocks */
		sis_str_addf(&b, "blocksize=%u; size=%llu", bs,
			     (unsigned long long)(l->size - l->size % bs));
	} else {
		r = sis_scst_check_word(l->path, "the path", err);
		if (r < 0)
			return r;
		if (l->path[0] != '/')
			return sis_err_set(err, EINVAL, "the path '%s' is not absolute", l->path);
		sis_str_addf(&b, "filename=%s; blocksize=%u", l->path, bs);
	}
	if (l->readonly)
		sis_str_add(&b, "; read_only=1");
	if (write_through(l))
		sis_str_add(&b, "; write_through=1");
	/* blockio switches this on by itself where the volume can discard */
	if (l->type == SIS_TYPE_FILEIO && l->thin && !l->readonly && caps->caps & SIS_CAP_UNMAP)
		sis_str_add(&b, "; thin_provisioned=1");
	*ret = sis_str_take(&b);
	*ret_handler = sis_scst_handlers[l->type];
	return 0;
}

static int explain_busy(struct sis_bx *bx, const struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *who = NULL;
	struct stat st;

	if (sis_kfs_stat(bx->kfs, &st, NULL, "%s", l->path) == 0)
		who = sis_holder_text(bx->kfs, st.st_rdev);
	return sis_err_set(err, EBUSY, "'%s' %s: release it there first", l->path,
			   who ? who : "is held by another user (such as a mount or another target)");
}

/* What SCST's bare error numbers mean here. */
static int explain_add(struct sis_bx *bx, int r, const struct sis_lun *l, struct sis_err *err)
{
	switch (r) {
	case -EBUSY:
		return explain_busy(bx, l, err);
	case -ENOENT:
		return sis_err_set(err, ENOENT, "SCST did not find '%s', or its directory '%s' is "
				   "missing", l->path, SIS_SCST_PR);
	case -ENOTBLK:
		return sis_err_set(err, ENOTBLK, "'%s' is not a block device: use type=fileio",
				   l->path);
	case -EROFS:
	case -EACCES:
		return sis_err_set(err, -r, "'%s' can only be read: use iomode=ro", l->path);
	case -EINVAL:
		return sis_err_set(err, EINVAL, "SCST refused the parameters of the device for '%s': "
				   "the kernel log says why", l->path);
	default:
		return r;
	}
}

/* One try with one name; *ret_name is set when the device is there. */
static int add_named(struct sis_bx *bx, const struct sis_lun *l, char **ret_name,
		     struct sis_err *err)
{
	sis_autofree char *name = free_name(bx, write_through(l));
	sis_autofree char *proof = sis_asprintf(SIS_SCST_DEVICES "/%s", name);
	sis_autofree char *command = NULL, *mgmt = NULL;
	const char *handler = NULL;
	int r;

	r = sis_scst_device_command(&bx->caps, name, l, &command, &handler, err);
	if (r < 0)
		return r;
	mgmt = sis_asprintf(SIS_SCST "/handlers/%s/mgmt", handler);
	r = sis_scst_make(bx, mgmt, command, proof, err);
	if (r < 0) {
		(void)sis_scst_device_del(bx, name, NULL); /* should it be there in spite of it */
		return explain_add(bx, r, l, err);
	}
	*ret_name = sis_steal(&name);
	return 0;
}

/*
 * A device of ours that a crash left without LUN holds its volume: as EBUSY for blockio, which
 * claims it, silently for the others. Looking at all devices costs, so only then.
 */
static int add_any(struct sis_bx *bx, const struct sis_lun *l, char **ret_name,
		   struct sis_err *err)
{
	bool swept = sis_scst_priv(bx)->swept;
	int r = 0;

	if (l->type != SIS_TYPE_BLOCKIO)
		r = sis_scst_device_sweep(bx, err);
	/* EEXIST: taken meanwhile, or its default serial number (a hash of the name) clashes */
	for (int i = 0; r == 0 && i < NAME_TRIES; i++) {
		r = add_named(bx, l, ret_name, err);
		if (r != -EEXIST)
			break;
		sis_err_clear(err);
		r = 0;
		if (i == NAME_TRIES - 1)
			return sis_err_set(err, EEXIST, "found no free device name");
	}
	if (r == -EBUSY && !swept) {
		sis_err_clear(err);
		r = sis_scst_device_sweep(bx, err);
		if (r == 0)
			r = add_named(bx, l, ret_name, err);
	}
	return r;
}

/* SCST rounds a block size it does not like instead of refusing it. */
static int check_blocksize(struct sis_bx *bx, const char *name, const struct sis_lun *l,
			   struct sis_err *err)
{
	sis_autofree char *line = NULL;
	uint64_t n = 0;
	int r;

	if (bx->dry)
		return 0;
	r = sis_scst_read_line(bx, &line, err, SIS_SCST_DEVICES "/%s/blocksize", name);
	if (r < 0)
		return r;
	if (sis_parse_u64(line, 0, UINT32_MAX, &n) < 0 || n != l->blocksize)
		return sis_err_set(err, EINVAL, "SCST made the block size %s, not %u", line,
				   l->blocksize);
	return 0;
}

int sis_scst_device_add(struct sis_bx *bx, const struct sis_lun *l, char **ret,
			struct sis_err *err)
{
	sis_autofree char *name = NULL;
	int r;

	r = add_any(bx, l, &name, err);
	if (r < 0)
		return r;
	r = check_blocksize(bx, name, l, err);
	if (r == 0)
		r = sis_scst_device_set_ids(bx, name, l, err);
	if (r < 0) {
		(void)sis_scst_device_del(bx, name, NULL); /* the first error is the one to tell */
		return r;
	}
	*ret = sis_steal(&name);
	return 0;
}

/* Reservations stay behind under the name of the device, in a file and its backup copy. */
static void drop_reservations(struct sis_bx *bx, const char *name)
{
	static const char *const suffixes[] = { "", ".1" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		/* a leftover does no harm: free_name() passes over it */
		if (sis_kfs_exists(bx->kfs, SIS_SCST_PR "/%s%s", name, suffixes[i]))
			(void)sis_kfs_unlink(bx->kfs, NULL, SIS_SCST_PR "/%s%s", name, suffixes[i]);
	}
}

/* The LUNs that go with the device, for a dry run. */
static void note_luns(struct sis_bx *bx, const char *name)
{
	sis_autostrv sis_strv exports = { 0 };

	(void)sis_kfs_list(bx->kfs, &exports, NULL, SIS_SCST_DEVICES "/%s/exported", name);
	sis_vec_each(e, &exports) {
		sis_autofree char *link = NULL, *lun = NULL;
		const char *path;

		if (sis_kfs_readlink(bx->kfs, &link, NULL, SIS_SCST_DEVICES "/%s/exported/%s", name,
				     *e) < 0)
			continue;
		path = strstr(link, "/targets/");
		if (path) {
			lun = sis_asprintf(SIS_SCST "%s", path);
			sis_scst_note(bx, lun, false);
		}
	}
}

int sis_scst_device_del(struct sis_bx *bx, const char *name, struct sis_err *err)
{
	sis_autofree char *proof = sis_asprintf(SIS_SCST_DEVICES "/%s", name);
	sis_autofree char *command = sis_asprintf("del_device %s", name);
	sis_autofree char *handler = NULL, *mgmt = NULL;
	int r;

	if (!sis_scst_exists(bx, "%s", proof))
		return 0;
	r = sis_scst_device_handler(bx, name, &handler, err);
	if (r == -ENOENT && !sis_scst_exists(bx, "%s", proof)) {
		sis_err_clear(err); /* went away meanwhile */
		return 0;
	}
	if (r < 0)
		return r;
	mgmt = sis_asprintf(SIS_SCST "/handlers/%s/mgmt", handler);
	r = sis_scst_unmake(bx, mgmt, command, proof, err);
	if (r < 0)
		return r;
	if (bx->dry)
		note_luns(bx, name);
	drop_reservations(bx, name);
	return 0;
}

char *sis_scst_device_user(struct sis_bx *bx, const char *name, const char *iqn)
{
	sis_autofree char *own = iqn ? sis_asprintf("/targets/iscsi/%s/", iqn) : NULL;
	sis_autostrv sis_strv exports = { 0 };

	if (sis_kfs_list(bx->kfs, &exports, NULL, SIS_SCST_DEVICES "/%s/exported", name) < 0)
		return NULL;
	sis_vec_each(e, &exports) {
		sis_autofree char *link = NULL;
		const char *target;

		if (sis_kfs_readlink(bx->kfs, &link, NULL, SIS_SCST_DEVICES "/%s/exported/%s", name,
				     *e) < 0 ||
		    strstr(link, "/copy_manager/") || (own && strstr(link, own)))
			continue;
		target = strstr(link, "/targets/");
		return sis_strdup(target ? target + 1 : link);
	}
	return NULL;
}

int sis_scst_device_sweep(struct sis_bx *bx, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	if (sis_scst_priv(bx)->swept)
		return 0;
	r = sis_kfs_list(bx->kfs, &names, err, SIS_SCST_DEVICES);
	if (r < 0)
		return r;
	sis_vec_each(n, &names) {
		sis_autofree char *user = NULL;

		if (!sis_scst_device_ours(*n))
			continue;
		user = sis_scst_device_user(bx, *n, NULL);
		r = user ? 0 : sis_scst_device_del(bx, *n, err);
		if (r < 0)
			return sis_err_wrap(err, "left-over device '%s'", *n);
	}
	sis_scst_priv(bx)->swept = true;
	return 0;
}

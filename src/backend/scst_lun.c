/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LUNs of SCST: a device and its places in the LUN sets of the target, made, changed and deleted
 * together. Must not touch a device that another target exports.
 */
#include "backend/scst_int.h"

#include "backend/scst_access.h"
#include "backend/scst_dev.h"
#include "backend/scst_tree.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

/* Is the device what lun_add would make, apart from what it can set in place? */
static bool suits(const struct sis_lun *want, const struct sis_lun *live)
{
	const unsigned in_place = SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_T10_ID) |
				  SIS_BIT(SIS_FIELD_NAA) | SIS_BIT(SIS_FIELD_PRODUCT) |
				  SIS_BIT(SIS_FIELD_SIZE);
	/* a path goes stale when its volume is renamed */
	bool same = sis_streq(want->path, live->path) || sis_streq_null(want->serial, live->serial);

	return same && !(sis_lun_diff(want, live) & ~in_place);
}

/*
 * The device that LUN `l->number` has already: *ret, or NULL when there is none. One that is not
 * as wanted is an error, unless it is one of ours half added: in the read-only group alone.
 */
static int find_device(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		       char **ret, struct sis_err *err)
{
	sis_autofree char *name = NULL;
	struct sis_lun live = { 0 };
	enum sis_scst_set set;
	bool good;
	int r;

	r = sis_scst_lun_device(bx, t->iqn, l->number, &name, &set, err);
	if (r == 0)
		r = sis_scst_device_read(bx, name, &live, err);
	if (r == -ENOENT) {
		sis_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	good = suits(l, &live);
	sis_lun_free(&live);
	if (good) {
		*ret = sis_steal(&name);
		return 0;
	}
	if (set == SIS_SCST_RO && sis_scst_device_ours(name))
		return sis_scst_device_del(bx, name, err);
	return sis_err_set(err, EEXIST, "LUN %u of '%s' belongs to device '%s'", l->number, t->iqn,
			   name);
}

int sis_scst_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		     struct sis_err *err)
{
	sis_autofree char *device = NULL;
	bool made;
	int r;

	if (l->number > SIS_SCST_MAX_LUN)
		return sis_err_set(err, EINVAL, "SCST cannot have LUN %u", l->number);
	r = find_device(bx, t, l, &device, err);
	if (r < 0)
		return r;
	made = !device;
	if (made)
		r = sis_scst_device_add(bx, l, &device, err);
	else
		r = sis_scst_device_set_ids(bx, device, l, err);
	if (r < 0)
		return r;
	r = sis_scst_place(bx, t, l->number, device, err);
	if (r < 0) {
		/* a device without LUN would be seen by no read */
		if (made)
			(void)sis_scst_device_del(bx, device, NULL);
		return r;
	}
	free(l->handle);
	l->handle = sis_steal(&device);
	return 0;
}

int sis_scst_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		     const struct sis_lun *live, unsigned changed, struct sis_err *err)
{
	const unsigned ids =
		SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_T10_ID) | SIS_BIT(SIS_FIELD_NAA);
	sis_autofree char *device = NULL;
	int r;

	(void)live; /* its handle may be out of date */
	if (changed & ~(ids | SIS_BIT(SIS_FIELD_SIZE)))
		return sis_err_set(err, ENOTSUP,
				   "SCST can change only size and identifiers of LUN %u "
				   "in place",
				   l->number);
	r = sis_scst_lun_device(bx, t->iqn, l->number, &device, NULL, err);
	if (r == 0 && changed & ids)
		r = sis_scst_device_set_ids(bx, device, l, err);
	if (r == 0 && changed & SIS_BIT(SIS_FIELD_SIZE))
		r = sis_scst_poke(bx, "1", err, SIS_SCST_DEVICES "/%s/resync_size", device);
	return r;
}

/*
 * One command, del_device, takes the LUNs out of all sets and closes the volume: nothing can come
 * between, where "del LUN" first would leave a device that no target tells about.
 */
int sis_scst_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		     struct sis_err *err)
{
	sis_autofree char *device = sis_strdup_null(l->handle);
	sis_autofree char *user = NULL;
	int r;

	if (!device) {
		r = sis_scst_lun_device(bx, live->iqn, l->number, &device, NULL, err);
		if (r == -ENOENT)
			sis_err_clear(err);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
	r = sis_scst_check_word(device, "the device", err);
	if (r < 0)
		return r;
	user = sis_scst_device_user(bx, device, live->iqn);
	if (user)
		return sis_err_set(err, EBUSY,
				   "SCST's device '%s' (%s) is also exported as '%s': "
				   "remove it there first",
				   device, l->path, user);
	r = sis_scst_leave_group(bx, live->iqn, l->number, err);
	return r < 0 ? r : sis_scst_device_del(bx, device, err);
}

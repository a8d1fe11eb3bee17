/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LUNs of STGT: made, changed in place and deleted.
 */
#include "backend/stgt_int.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

/*
 * Options that must go together. A disk on store "ssc" is worse than useless: tgtd 1.0.85 dies of
 * it, with all its targets.
 */
static int lun_check(const struct sis_lun *l, struct sis_err *err)
{
	if (l->type == SIS_TYPE_DISK && l->iomode == SIS_IOMODE_SSC)
		return sis_err_set(err, EINVAL, "iomode=ssc is for type=tape only");
	if (l->type == SIS_TYPE_DISK && l->iomode == SIS_IOMODE_SG)
		return sis_err_set(err, EINVAL, "iomode=sg is for type=pt only");
	return 0;
}

/* Store, flags and type as options, left out where they are tgtd's defaults. */
static void lun_kind(const struct sis_lun *l, struct sis_stgt_req *q)
{
	if (l->type == SIS_TYPE_TAPE) {
		q->device_type = "tape";
		return;
	}
	if (l->type == SIS_TYPE_PT) {
		q->device_type = "pt";
		q->bstype = "sg";
		return;
	}
	if (l->iomode == SIS_IOMODE_WT)
		q->bsoflags = "sync";
	else if (l->iomode != SIS_IOMODE_RDWR)
		q->bstype = sis_iomode_names[l->iomode];
	if (l->blocksize != 512)
		q->blocksize = l->blocksize;
}

/* tgtd says only "invalid request" of a device it cannot use. */
static int explain_invalid(const struct sis_bx *bx, const struct sis_lun *l, struct sis_err *err)
{
	struct stat st;

	if (sis_backend_stat(bx, l->path, &st) < 0)
		return sis_err_set(err, ENOENT, "there is no device or file '%s'", l->path);
	if (S_ISDIR(st.st_mode))
		return sis_err_set(err, EISDIR, "'%s' is a directory", l->path);
	if (l->type == SIS_TYPE_PT)
		return sis_err_set(err, EINVAL,
				   "type=pt needs a SCSI generic device, which '%s' "
				   "is not",
				   l->path);
	return sis_err_append(err, " (can tgtd open '%s'? its log says why not)", l->path);
}

/* Is the LUN that is there the one we were about to make? 1 when it is one without a path. */
static int lun_is_ours(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		       struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	const struct sis_target *live;
	const struct sis_lun *there;
	int r = sis_stgt_read_bare(bx, &state, err);

	if (r < 0)
		return r;
	live = sis_state_find(&state, t->iqn);
	there = live && live->tid == t->tid ? sis_target_lun(live, l->number) : NULL;
	if (live && live->tid == t->tid && !there)
		return 1;
	if (there && sis_streq(there->path, l->path) &&
	    !(sis_lun_diff(l, there) &
	      (SIS_BIT(SIS_FIELD_TYPE) | SIS_BIT(SIS_FIELD_IOMODE) | SIS_BIT(SIS_FIELD_BLOCKSIZE))))
		return 0;
	return sis_err_set(err, EEXIST, "LUN %" PRIu32 " of target '%s' is taken%s%s", l->number,
			   t->iqn, there && *there->path ? " by " : "", there ? there->path : "");
}

static int lun_update(struct sis_bx *bx, uint32_t tid, const struct sis_lun *l, const char *params,
		      struct sis_err *err)
{
	const struct sis_stgt_req q = { .op = SIS_STGT_UPDATE,
					.mode = SIS_STGT_LUN,
					.tid = tid,
					.lun = l->number,
					.params = params };

	return sis_stgt_request(bx, &q, err);
}

static void param(struct sis_str *params, const char *key, const char *value)
{
	if (value)
		sis_str_addf(params, "%s%s=%s", params->len ? "," : "", key, value);
}

/*
 * tgtd makes the NAA designator of the hexadecimal digits of the SCSI id, and the T10 designator
 * of the same text: the id is the NAA, so that the NAA is the same on every target; unless the T10
 * id was kept and gives that NAA as well.
 */
static const char *scsi_id(const struct sis_lun *l)
{
	sis_autofree char *naa = l->t10_id ? sis_stgt_naa(l->t10_id) : NULL;

	return naa && (!l->naa || sis_streq(naa, l->naa)) ? l->t10_id : l->naa;
}

/* Of the kind that is wanted; with the path, unless `late`. */
static int lun_new(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l, bool late,
		   struct sis_err *err)
{
	struct sis_stgt_req q = { .op = SIS_STGT_NEW,
				  .mode = SIS_STGT_LUN,
				  .tid = t->tid,
				  .lun = l->number,
				  .path = late ? NULL : l->path };

	lun_kind(l, &q);
	if (late && l->type == SIS_TYPE_DISK)
		q.blocksize = l->blocksize; /* tgtd dies of a request without any parameter */
	return sis_stgt_request(bx, &q, err);
}

/*
 * Sessions see a LUN from its first moment on: as what it is not yet, and able to write where they
 * only may read. One without a path is offline. In a target that nobody can be in the path is given
 * at once, which is a request less; as is one that tgtd would cut when it came later.
 */
static bool path_comes_last(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l)
{
	enum { MAX_LATE_PATH = 1000 };
	struct sis_stgt *g;

	return sis_stgt_of(bx, &g, NULL) == 0 && sis_tids_has(&g->reachable, t->tid) &&
	       l->type != SIS_TYPE_PT && strlen(l->path) < MAX_LATE_PATH;
}

/* Opens it, which brings it online. It is no LUN without that. */
static int path_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autostr struct sis_str params = { 0 };
	int r;

	param(&params, "path", l->path);
	r = lun_update(bx, t->tid, l, sis_str_get(&params), err);
	if (r < 0)
		(void)sis_stgt_lun_del(bx, t, l, NULL); /* what counts is why it cannot be opened */
	return r == -EINVAL ? explain_invalid(bx, l, err) : r;
}

int sis_stgt_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		     struct sis_err *err)
{
	const bool late = path_comes_last(bx, t, l);
	sis_autostr struct sis_str params = { 0 };
	bool there = false;
	int r = lun_check(l, err);

	if (r < 0)
		return r;
	r = lun_new(bx, t, l, late, err);
	if (r == -EEXIST) {
		r = lun_is_ours(bx, t, l, err);
		there = r == 0;
	}
	/* Left by a run that was killed, or was to be another kind of LUN. */
	if (r == 1)
		r = sis_stgt_lun_del(bx, t, l, err) < 0 ? -EBUSY : lun_new(bx, t, l, late, err);
	if (r == -EINVAL)
		r = explain_invalid(bx, l, err);
	if (r < 0)
		return r;
	param(&params, "removable", late ? "0" : NULL);
	param(&params, "scsi_sn", l->serial);
	param(&params, "scsi_id", scsi_id(l));
	param(&params, "product_id", l->product);
	param(&params, "readonly", l->readonly ? "1" : NULL);
	param(&params, "thin_provisioning", l->thin ? "1" : NULL);
	r = params.len ? lun_update(bx, t->tid, l, sis_str_get(&params), err) : 0;
	return r < 0 || !late || there ? r : path_set(bx, t, l, err);
}

int sis_stgt_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		     const struct sis_lun *live, unsigned changed, struct sis_err *err)
{
	sis_autostr struct sis_str params = { 0 };

	(void)live;
	if (changed & SIS_BIT(SIS_FIELD_SERIAL))
		param(&params, "scsi_sn", l->serial);
	if (changed & SIS_BIT(SIS_FIELD_NAA))
		param(&params, "scsi_id", scsi_id(l));
	if (changed & SIS_BIT(SIS_FIELD_THIN))
		param(&params, "thin_provisioning", l->thin ? "1" : "0");
	if (changed & SIS_BIT(SIS_FIELD_SIZE)) {
		/* A path that cannot be opened would leave the LUN offline. */
		if (!sis_stgt_device_size(bx, l->path))
			return sis_err_set(err, ENOENT, "cannot tell the size of '%s'", l->path);
		/* The size is read when the device is opened: once more, in a single request. */
		param(&params, "online", "0");
		param(&params, "path", l->path);
		param(&params, "online", "1");
	}
	return params.len ? lun_update(bx, t->tid, l, sis_str_get(&params), err) : 0;
}

int sis_stgt_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		     struct sis_err *err)
{
	const struct sis_stgt_req q = {
		.op = SIS_STGT_DELETE, .mode = SIS_STGT_LUN, .tid = live->tid, .lun = l->number
	};

	return sis_stgt_request_delete(bx, &q, err);
}

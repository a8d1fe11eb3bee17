/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a device of SCST says about itself: its attributes as fields of a LUN, and those of them
 * that can be set while it is in use, the identifiers. Must not make or delete one.
 */
#include "backend/scst_dev.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

const char *const sis_scst_handlers[SIS_TYPE_N] = {
	[SIS_TYPE_BLOCKIO] = "vdisk_blockio",
	[SIS_TYPE_FILEIO] = "vdisk_fileio",
	[SIS_TYPE_NULLIO] = "vdisk_nullio",
};

/* By itself it is the device's name, which initiators would see change with every share. */
static const char product[] = "shareiscsi";

/* ---- identifiers ---- */

char *sis_scst_naa_plain(const char *text)
{
	const char *hex = sis_str_after(text, "0x");
	char *plain = sis_strdup(hex ? hex : text);

	sis_str_lower(plain);
	return plain;
}

static int set_naa(struct sis_bx *bx, const char *name, const char *naa, struct sis_err *err)
{
	sis_autofree char *line = NULL, *plain = NULL, *value = NULL;
	int r;

	r = sis_scst_read_line(bx, &line, err, SIS_SCST_DEVICES "/%s/naa_id", name);
	if (r == -ENOENT && !bx->dry) {
		sis_err_clear(err); /* SCST before 3.0 makes its own */
		return 0;
	}
	if (r < 0 && !bx->dry)
		return r;
	sis_err_clear(err);
	plain = sis_scst_naa_plain(line ? line : "");
	if (sis_streq(plain, naa))
		return 0;
	value = sis_asprintf("0x%s", naa);
	return sis_scst_set(bx, value, err, SIS_SCST_DEVICES "/%s/naa_id", name);
}

int sis_scst_device_set_ids(struct sis_bx *bx, const char *name, const struct sis_lun *l,
			    struct sis_err *err)
{
	int r = 0;

	if (l->serial)
		r = sis_scst_set(bx, l->serial, err, SIS_SCST_DEVICES "/%s/usn", name);
	if (r == 0 && l->t10_id)
		r = sis_scst_set(bx, l->t10_id, err, SIS_SCST_DEVICES "/%s/t10_dev_id", name);
	if (r == 0 && l->naa)
		r = set_naa(bx, name, l->naa, err);
	if (r == 0)
		r = sis_scst_set(bx, l->product ? l->product : product, err,
				 SIS_SCST_DEVICES "/%s/prod_id", name);
	return r;
}

/* ---- reading ---- */

int sis_scst_device_handler(struct sis_bx *bx, const char *name, char **ret, struct sis_err *err)
{
	sis_autofree char *link = NULL;
	const char *slash;
	int r;

	r = sis_kfs_readlink(bx->kfs, &link, err, SIS_SCST_DEVICES "/%s/handler", name);
	if (r < 0)
		return r;
	slash = strrchr(link, '/');
	*ret = sis_strdup(slash ? slash + 1 : link);
	return 0;
}

/* An attribute as text; NULL where this handler or version has none. */
static char *attribute(struct sis_bx *bx, const char *name, const char *attr)
{
	char *line = NULL;

	return sis_scst_read_line(bx, &line, NULL, SIS_SCST_DEVICES "/%s/%s", name, attr) < 0 ?
		       NULL :
		       line;
}

static bool number(struct sis_bx *bx, const char *name, const char *attr, uint64_t *ret)
{
	sis_autofree char *line = attribute(bx, name, attr);

	return line && sis_parse_u64(line, 0, UINT64_MAX, ret) == 0;
}

static enum sis_type type_of(const char *handler)
{
	for (int i = 0; i < SIS_TYPE_N; i++) {
		if (sis_scst_handlers[i] && sis_streq(sis_scst_handlers[i], handler))
			return (enum sis_type)i;
	}
	return SIS_TYPE_NONE;
}

/*
 * The mode that was asked for. Not from write_through alone: initiators may switch the cache off
 * (MODE SELECT), which is stricter and no difference; but a LUN reset switches it back on behind
 * the back of who configured write_through=1, and that is one.
 */
static void read_iomode(struct sis_bx *bx, const char *name, struct sis_lun *l)
{
	uint64_t wt = 0;

	if (!number(bx, name, "write_through", &wt))
		return;
	l->iomode = wt && !sis_scst_device_cached(name) ? SIS_IOMODE_WT : SIS_IOMODE_WB;
	if (!l->readonly) /* nothing is written, so nothing is cached */
		l->known |= SIS_BIT(SIS_FIELD_IOMODE);
}

static void read_geometry(struct sis_bx *bx, const char *name, struct sis_lun *l)
{
	uint64_t n = 0;

	if (number(bx, name, "blocksize", &n) && n <= UINT32_MAX) {
		l->blocksize = (uint32_t)n;
		l->known |= SIS_BIT(SIS_FIELD_BLOCKSIZE);
	}
	if (number(bx, name, "read_only", &n)) {
		l->readonly = n != 0;
		l->known |= SIS_BIT(SIS_FIELD_READONLY);
	}
	/* not known: SCST decides it by what the volume can do, ours is only a wish */
	l->thin = number(bx, name, "thin_provisioned", &n) && n != 0;
	if (number(bx, name, "size", &n)) {
		l->size = n;
		if (l->type != SIS_TYPE_NULLIO) /* rounded, and of no consequence */
			l->known |= SIS_BIT(SIS_FIELD_SIZE);
	}
}

static void read_ids(struct sis_bx *bx, const char *name, struct sis_lun *l)
{
	sis_autofree char *naa = attribute(bx, name, "naa_id");

	l->serial = attribute(bx, name, "usn");
	l->known |= l->serial ? SIS_BIT(SIS_FIELD_SERIAL) : 0;
	l->t10_id = attribute(bx, name, "t10_dev_id");
	l->known |= l->t10_id ? SIS_BIT(SIS_FIELD_T10_ID) : 0;
	l->product = attribute(bx, name, "prod_id");
	l->known |= l->product ? SIS_BIT(SIS_FIELD_PRODUCT) : 0;
	if (l->product && sis_streq(l->product, product)) {
		free(l->product);
		l->product = NULL; /* as in a share that asks for none */
	}
	if (!naa)
		return;
	l->naa = naa[0] ? sis_scst_naa_plain(naa) : NULL;
	l->known |= SIS_BIT(SIS_FIELD_NAA);
}

int sis_scst_device_read(struct sis_bx *bx, const char *name, struct sis_lun *ret,
			 struct sis_err *err)
{
	sis_autofree char *handler = NULL;
	struct sis_lun l = { 0 };
	int r;

	r = sis_scst_device_handler(bx, name, &handler, err);
	if (r < 0)
		return r;
	l.handle = sis_strdup(name);
	l.type = type_of(handler);
	l.known = SIS_BIT(SIS_FIELD_TYPE);
	l.path = attribute(bx, name, "filename");
	if (!l.path)
		l.path = sis_strdup(""); /* nullio */
	read_geometry(bx, name, &l);
	read_iomode(bx, name, &l);
	read_ids(bx, name, &l);
	*ret = l;
	return 0;
}

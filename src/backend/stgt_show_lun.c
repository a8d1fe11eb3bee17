/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One LUN of tgtd's listing of targets: its lines by key, and what they mean. Knows nothing of the
 * listing around it.
 */
#include "backend/stgt_int.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum {
	/*
	 * tgtd knows the size of a LUN to the byte but shows the nearest million, of whole sectors and
	 * by integers alone: (sectors - sectors / 625 + 974) / 1950 (tgt: usr/target.c).
	 */
	MB = 1000000,
	MB_SLACK = MB / 2 + 2 * 512,
};

static const struct {
	const char *key;
	size_t offset;
} lun_keys[] = {
	{ "Type: ", offsetof(struct sis_stgt_shown_lun, type) },
	{ "SCSI ID: ", offsetof(struct sis_stgt_shown_lun, scsi_id) },
	{ "SCSI SN: ", offsetof(struct sis_stgt_shown_lun, scsi_sn) },
	{ "Size: ", offsetof(struct sis_stgt_shown_lun, size) },
	{ "Online: ", offsetof(struct sis_stgt_shown_lun, online) },
	{ "Readonly: ", offsetof(struct sis_stgt_shown_lun, readonly) },
	{ "Thin-provisioning: ", offsetof(struct sis_stgt_shown_lun, thin) },
	{ "Backing store type: ", offsetof(struct sis_stgt_shown_lun, store) },
	{ "Backing store path: ", offsetof(struct sis_stgt_shown_lun, path) },
	{ "Backing store flags: ", offsetof(struct sis_stgt_shown_lun, flags) },
};

void sis_stgt_shown_lun_line(struct sis_stgt_shown_lun *in, const char *text)
{
	const size_t all = sizeof(lun_keys) / sizeof(lun_keys[0]);

	/* They come in the order of the table, so the next one is mostly found at once. */
	for (size_t n = 0, i = in->next_key; n < all; n++, i++) {
		const char *value;

		if (i >= all)
			i = 0;
		value = sis_str_after(text, lun_keys[i].key);
		if (value) {
			*(const char **)((char *)in + lun_keys[i].offset) = value;
			in->next_key = i + 1;
			return;
		}
	}
}

char *sis_stgt_naa(const char *scsi_id)
{
	char naa[33];
	size_t len = strlen(scsi_id);

	memset(naa, '0', 32);
	naa[32] = '\0';
	for (size_t i = 0; i < 32 && i < len; i++) {
		char c = scsi_id[len - 1 - i];

		naa[31 - i] = c && strchr("0123456789abcdefABCDEF", c) ? c : '0';
	}
	naa[0] = '6';
	sis_str_lower(naa);
	return sis_strdup(naa);
}

/* "134 MB, Block size: 512"; the second half came with 1.0.17 or so. */
static void lun_size(struct sis_lun *l, const char *text)
{
	sis_autofree char *copy = sis_strdup(text);
	char *blocks = strstr(copy, ", Block size: ");
	uint64_t n;
	char *mb;

	if (blocks) {
		*blocks = '\0';
		if (sis_parse_u64(strstr(text, ": ") + 2, 1, UINT32_MAX, &n) == 0) {
			l->blocksize = (uint32_t)n;
			l->known |= SIS_BIT(SIS_FIELD_BLOCKSIZE);
		}
	}
	mb = strstr(copy, " MB");
	if (!mb || mb[3] != '\0')
		return;
	*mb = '\0';
	if (sis_parse_u64(copy, 0, UINT64_MAX / MB, &n) == 0) {
		l->size = n ? n * MB : 1; /* 0 is for what is offline */
		l->size_slack = MB_SLACK;
		l->known |= SIS_BIT(SIS_FIELD_SIZE);
	}
}

static enum sis_iomode lun_iomode(const char *store, const char *flags)
{
	bool plain = !flags || !*flags;

	if (sis_streq(store, "rdwr") && !plain)
		return sis_streq(flags, "sync") ? SIS_IOMODE_WT : SIS_IOMODE_NONE;
	for (int i = SIS_IOMODE_RDWR; plain && i < SIS_IOMODE_N; i++) {
		if (sis_streq(store, sis_iomode_names[i]))
			return (enum sis_iomode)i;
	}
	return SIS_IOMODE_NONE;
}

static void lun_kind(struct sis_lun *l, const struct sis_stgt_shown_lun *in)
{
	if (in->type) {
		l->type = sis_streq(in->type, "disk")	     ? SIS_TYPE_DISK :
			  sis_streq(in->type, "tape")	     ? SIS_TYPE_TAPE :
			  sis_streq(in->type, "passthrough") ? SIS_TYPE_PT :
							       SIS_TYPE_NONE;
		l->known |= SIS_BIT(SIS_FIELD_TYPE);
	}
	if (in->store) {
		l->iomode = lun_iomode(in->store, in->flags);
		l->known |= SIS_BIT(SIS_FIELD_IOMODE);
	}
	/* Of the others the backing store follows from the type, and blocks are not bytes. */
	if (l->type != SIS_TYPE_DISK)
		l->known &= ~(SIS_BIT(SIS_FIELD_IOMODE) | SIS_BIT(SIS_FIELD_BLOCKSIZE) |
			      SIS_BIT(SIS_FIELD_SIZE));
}

static void lun_ids(struct sis_lun *l, const struct sis_stgt_shown_lun *in)
{
	if (in->scsi_sn) {
		l->serial = sis_strdup(in->scsi_sn);
		l->known |= SIS_BIT(SIS_FIELD_SERIAL);
	}
	if (in->scsi_id) {
		l->t10_id = sis_strdup(in->scsi_id);
		l->naa = sis_stgt_naa(in->scsi_id);
		l->known |= SIS_BIT(SIS_FIELD_NAA);
	}
}

static void lun_yes_no(struct sis_lun *l, const char *text, bool *flag, enum sis_field field)
{
	if (!text)
		return;
	*flag = sis_streq(text, "Yes");
	l->known |= SIS_BIT(field);
}

void sis_stgt_shown_lun_add(const struct sis_stgt_shown_lun *in, struct sis_target *t)
{
	const bool open = in->path && in->path[0] == '/';
	struct sis_lun *l;

	if (in->type && sis_streq(in->type, "controller"))
		return;
	/* There is no medium in it: what a killed run left, or a device that could not be opened. */
	if (!open && in->online && sis_streq(in->online, "No"))
		return;
	l = sis_vec_add(&t->luns);
	l->number = in->number;
	/* "None" stands where nothing is open, e.g. after a path could not be opened. */
	l->path = sis_strdup(open ? in->path : "");
	lun_ids(l, in);
	if (in->size)
		lun_size(l, in->size);
	lun_kind(l, in);
	lun_yes_no(l, in->readonly, &l->readonly, SIS_FIELD_READONLY);
	lun_yes_no(l, in->thin, &l->thin, SIS_FIELD_THIN);
	if (in->online && sis_streq(in->online, "No"))
		l->size = 0; /* nothing can be read of it */
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST itself marks what somebody has set: attributes with a line "[key]" are those that scstadmin
 * saves. What of them this tool does not set is told here. Changes nothing.
 */
#include "backend/scst_beyond.h"

#include "backend/scst_dev.h"
#include "backend/scst_tree.h"
#include "base/alloc.h"
#include "base/str.h"

/* What this tool sets, compares, or what nobody sees. */
static const char *const target_known[] = {
	"enabled", "comment", "rel_tgt_id", "allowed_portal", "IncomingUser", "OutgoingUser", NULL
};
static const char *const device_known[] = {
	"filename", "blocksize", "read_only", "write_through",	  "usn",    "t10_dev_id", "naa_id",
	"prod_id",  "size",	 "size_mb",   "thin_provisioned", "active", NULL
};
static const char *const group_known[] = { NULL };

/* Names may be numbered: allowed_portal2. */
static bool is_known(const char *const *known, const char *name)
{
	for (; *known; known++) {
		const char *rest = sis_str_after(name, *known);

		if (rest && strspn(rest, "0123456789") == strlen(rest))
			return true;
	}
	return false;
}

/* The first attribute in this directory that is marked and not known. */
static char *marked(struct sis_bx *bx, const char *dir, const char *const *known)
{
	sis_autostrv sis_strv names = { 0 };

	(void)sis_kfs_list(bx->kfs, &names, NULL, "%s", dir); /* what is gone has no attributes */
	sis_vec_each(name, &names) {
		sis_autofree char *text = NULL;

		if (is_known(known, *name) ||
		    sis_kfs_read(bx->kfs, &text, NULL, NULL, "%s/%s", dir, *name) < 0 ||
		    !strstr(text, "[key]"))
			continue;
		text[strcspn(text, "\n")] = '\0';
		return sis_asprintf("its %s is '%s'", *name, text);
	}
	return NULL;
}

/* Groups that read() did not take for access rules. */
static int odd_group(struct sis_bx *bx, const struct sis_target *t, char **ret, struct sis_err *err)
{
	sis_autofree char *rw = sis_scst_group(bx, t->iqn, SIS_SCST_RW);
	sis_autostrv sis_strv names = { 0 };
	int r = sis_scst_foreign_groups(bx, t->iqn, &names, err);

	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		sis_autofree char *dir =
			sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s", t->iqn, *name);

		if (!sis_streq(*name, rw))
			*ret = sis_asprintf(
				"it has the access group '%s' beside other groups or LUNs "
				"for everyone",
				*name);
		else
			*ret = marked(bx, dir, group_known);
		if (*ret)
			return 0;
	}
	return 0;
}

static bool reads_one(struct sis_bx *bx, const char *dir, uint32_t number)
{
	sis_autofree char *line = NULL;

	return sis_scst_read_line(bx, &line, NULL, "%s/%u/read_only", dir, number) == 0 &&
	       sis_streq(line, "1");
}

static char *odd_lun(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l)
{
	static const enum sis_scst_set sets[] = { SIS_SCST_DEFAULT, SIS_SCST_RW };
	sis_autofree char *device = sis_asprintf(SIS_SCST_DEVICES "/%s", l->handle);

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		sis_autofree char *dir = sis_scst_set_path(bx, t->iqn, sets[i]);

		if (!l->readonly && reads_one(bx, dir, l->number))
			return sis_asprintf("LUN %u is read-only though its device is not",
					    l->number);
	}
	return marked(bx, device, device_known);
}

int sis_scst_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		    struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_SCST_ISCSI "/%s", live->iqn);
	int r;

	*ret = marked(bx, dir, target_known);
	if (!*ret && live->chap.user && !live->chap.pass)
		*ret = sis_strdup("it has several CHAP users");
	if (*ret)
		return 0;
	r = odd_group(bx, live, ret, err);
	sis_vec_each(l, &live->luns)
		if (r == 0 && !*ret && l->handle)
			*ret = odd_lun(bx, live, l);
	return r;
}

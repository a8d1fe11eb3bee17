/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One target as LIO's configfs tree shows it. Changes nothing. Another tool may remove objects
 * while they are read: what is gone is left out, what cannot be read is not known.
 */
#include "backend/lio_tree.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

#include "backend/lio_auth.h"
#include "base/str.h"
#include "model/field.h"
#include "model/identity.h"
#include "model/option.h"

/* The counter could say anything; more than that nobody wants to read. */
enum { MAX_SESSIONS = 65536 };

int sis_lio_list(struct sis_kfs *k, const char *dir, const char *prefix, sis_strv *ret,
		 struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autostrv sis_strv all = { 0 };
	int r;

	r = sis_kfs_list(k, &all, &e, "%s", dir);
	if (r < 0 && r != -ENOENT)
		return sis_err_move(err, &e);
	sis_vec_each(name, &all)
		if (sis_str_starts(*name, prefix))
			sis_strv_add(ret, *name);
	return 0;
}

/* The attributes and groups the kernel itself puts beside a link. */
static bool is_link_name(const char *name)
{
	return !sis_str_starts(name, "alua_tg_pt_") && !sis_streq(name, "statistics") &&
	       !sis_streq(name, "write_protect");
}

int sis_lio_link(struct sis_kfs *k, const char *dir, const char *anchor, char **ret_name,
		 char **ret_target, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(k, dir, "", &names, err);
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		sis_autofree char *text = NULL;
		const char *target;

		if (!is_link_name(*name) || sis_kfs_readlink(k, &text, NULL, "%s/%s", dir, *name) < 0)
			continue;
		target = strstr(text, anchor);
		if (!target)
			continue;
		*ret_target = sis_strdup(target + strlen(anchor));
		if (ret_name)
			*ret_name = sis_strdup(*name);
		return 0;
	}
	return -ENOENT;
}

bool sis_lio_maps(struct sis_kfs *k, const char *dir, uint32_t number)
{
	sis_autofree char *want = sis_asprintf("lun_%" PRIu32, number), *target = NULL;

	return sis_lio_link(k, dir, "/lun/", NULL, &target, NULL) == 0 && sis_streq(target, want);
}

bool sis_lio_attr_is(struct sis_kfs *k, const char *dir, const char *name, const char *value)
{
	sis_autofree char *text = NULL;

	return sis_kfs_read_line(k, &text, NULL, "%s/%s", dir, name) == 0 && sis_streq(text, value);
}

uint64_t sis_lio_session_count(struct sis_kfs *k, const char *iqn)
{
	sis_autofree char *text = NULL;
	uint64_t n = 0;

	if (sis_kfs_read_line(k, &text, NULL,
			      SIS_LIO_ISCSI "/%s/fabric_statistics/iscsi_instance/sessions", iqn) < 0)
		return 0;
	(void)sis_parse_u64(text, 0, UINT32_MAX, &n); /* 0 when it is no number */
	return n;
}

bool sis_lio_is_open(struct sis_kfs *k, const char *tpg)
{
	return sis_lio_attr_is(k, tpg, "attrib/generate_node_acls", "1");
}

/* ---- backing objects -------------------------------------------------------------------- */

/*
 * A volume that was renamed is still the same device under an outdated text: then the device
 * itself is the path.
 */
static void read_path(struct sis_kfs *k, const struct sis_lio_info *info, struct sis_lun *l)
{
	sis_autofree char *sysfs = NULL;
	const char *name;
	struct stat st;
	bool there;

	there = info->path && info->path[0] == '/' &&
		sis_kfs_stat(k, &st, NULL, "%s", info->path) == 0;
	l->is_file = there && S_ISREG(st.st_mode) && !info->has_device;
	l->path = sis_strdup_null(info->path);
	if (!info->has_device ||
	    (there && S_ISBLK(st.st_mode) && st.st_rdev == makedev(info->major, info->minor)) ||
	    sis_kfs_readlink(k, &sysfs, NULL, "/sys/dev/block/%u:%u", info->major, info->minor) < 0)
		return;
	name = strrchr(sysfs, '/');
	free(l->path);
	l->path = sis_asprintf("/dev/%s", name ? name + 1 : sysfs);
}

static void read_number(struct sis_kfs *k, const char *store, const char *attr, uint64_t max,
			uint64_t *ret)
{
	sis_autofree char *text = NULL;

	if (sis_kfs_read_line(k, &text, NULL, SIS_LIO_CORE "/%s/attrib/%s", store, attr) == 0)
		(void)sis_parse_u64(text, 0, max, ret); /* stays as it is when it is no number */
}

static void read_identity(struct sis_kfs *k, const char *store, struct sis_lun *l)
{
	sis_autofree char *serial = NULL, *company = NULL;
	const char *id = SIS_COMPANY_ID, *text;

	if (sis_kfs_read_line(k, &serial, NULL, SIS_LIO_CORE "/%s/wwn/vpd_unit_serial", store) < 0)
		return;
	text = sis_str_after(serial, "T10 VPD Unit Serial Number:");
	l->serial = sis_strdup(text && *text == ' ' ? text + 1 : "");
	/* old kernels have no such attribute, and this value */
	if (sis_kfs_read_line(k, &company, NULL, SIS_LIO_CORE "/%s/wwn/company_id", store) == 0 &&
	    sis_str_starts(company, "0x"))
		id = company + 2;
	if (*l->serial)
		l->naa = sis_naa_of(id, l->serial);
	l->known |= SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_NAA);
}

/* The product id: its plugin's in a new object, and the object's name where targetcli made it. */
static void read_product(struct sis_kfs *k, const char *store, struct sis_lun *l)
{
	sis_autofree char *text = NULL;

	if (sis_kfs_read_line(k, &text, NULL, SIS_LIO_CORE "/%s/wwn/product_id", store) < 0)
		return;
	if (*text && !sis_streq(text, l->type == SIS_TYPE_FILEIO ? "FILEIO" : "IBLOCK"))
		l->product = sis_steal(&text);
	l->known |= SIS_BIT(SIS_FIELD_PRODUCT);
}

static void read_kind(const struct sis_lio_info *info, const char *store, struct sis_lun *l)
{
	if (sis_str_starts(store, "iblock_")) {
		/* no iomode: there is no page cache to be written through or not */
		l->type = SIS_TYPE_BLOCKIO;
		l->readonly = info->readonly;
	} else if (sis_str_starts(store, "fileio_")) {
		l->type = SIS_TYPE_FILEIO;
		l->iomode = info->buffered ? SIS_IOMODE_WB : SIS_IOMODE_WT;
		l->known |= SIS_BIT(SIS_FIELD_IOMODE);
	}
	l->known |= SIS_BIT(SIS_FIELD_TYPE) | SIS_BIT(SIS_FIELD_READONLY);
}

static void read_store(struct sis_kfs *k, const char *store, struct sis_lun *l)
{
	sis_autolioinfo struct sis_lio_info info = { 0 };
	sis_autofree char *text = NULL;
	uint64_t blocksize = 0, tpu = 0, tpws = 0;

	if (sis_kfs_read(k, &text, NULL, NULL, SIS_LIO_CORE "/%s/info", store) < 0)
		return;
	sis_lio_info_parse(text, &info);
	read_path(k, &info, l);
	read_kind(&info, store, l);
	read_identity(k, store, l);
	read_product(k, store, l);
	read_number(k, store, "block_size", UINT32_MAX, &blocksize);
	read_number(k, store, "emulate_tpu", 1, &tpu);
	read_number(k, store, "emulate_tpws", 1, &tpws);
	l->blocksize = (uint32_t)blocksize;
	l->thin = tpu && !tpws; /* the second is never wanted: see sis_lio_store_thin() */
	l->known |= SIS_BIT(SIS_FIELD_BLOCKSIZE) | SIS_BIT(SIS_FIELD_THIN);
	/* what a block device has is what LIO shows, always */
	if (l->is_file) {
		l->size = info.size;
		l->known |= SIS_BIT(SIS_FIELD_SIZE);
	}
}

/* ---- LUNs, access, portals -------------------------------------------------------------- */

/* What is found of a portal group besides what struct sis_target holds. */
struct tpg {
	struct sis_kfs *k;
	char *dir;
	bool open; /* everyone may log in */
};

bool sis_lio_lun_number(const char *name, uint32_t *ret)
{
	const char *digits = sis_str_after(name, "lun_");
	uint64_t number;

	if (!digits || sis_parse_u64(digits, 0, UINT32_MAX, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

int sis_lio_read_lun(struct sis_kfs *k, const char *tpg, uint32_t number, struct sis_lun *ret,
		     struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, number), *link = NULL;
	struct sis_lun l = { .number = number };
	int r = sis_lio_link(k, dir, "/core/", &link, &l.handle, err);

	if (r < 0)
		return r;
	read_store(k, l.handle, &l);
	if (l.type != SIS_TYPE_BLOCKIO)
		l.readonly = sis_streq(link, SIS_LIO_RO) ||
			     (!sis_streq(link, SIS_LIO_RW) && sis_lio_is_open(k, tpg) &&
			      sis_lio_attr_is(k, tpg, "attrib/demo_mode_write_protect", "1"));
	*ret = l;
	return 0;
}

/*
 * LUNs without a link are the traces of a run that was cut off: not LUNs, but something to be
 * cleaned up.
 */
static int read_luns(const struct tpg *tpg, struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun", tpg->dir);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(tpg->k, dir, "lun_", &names, err);
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		struct sis_lun l;
		uint32_t number;

		if (!sis_lio_lun_number(*name, &number))
			continue;
		r = sis_lio_read_lun(tpg->k, tpg->dir, number, &l, err);
		if (r == 0)
			sis_vec_push(&t->luns, l);
		else if (r == -ENOENT)
			t->half = true;
		else
			return r;
	}
	return 0;
}

static int read_portals(const struct tpg *tpg, struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/np", tpg->dir);
	sis_autostrv sis_strv names = { 0 };
	bool all = true;
	int r;

	r = sis_lio_list(tpg->k, dir, "", &names, err);
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		struct sis_portal p = { 0 };

		if (sis_portal_parse(*name, &p, NULL) < 0)
			continue;
		all &= sis_lio_is_all(&p);
		sis_vec_push(&t->portals, p);
	}
	t->half |= !t->portals.n;
	t->known |= SIS_BIT(SIS_FIELD_PORTALS);
	if (all)
		sis_portals_free(&t->portals);
	return 0;
}

/* ---- sessions --------------------------------------------------------------------------- */

int sis_lio_sessions(struct sis_kfs *k, const char *iqn, const char *tpg, sis_sessions *ret,
		     struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg), *dynamic = NULL;
	sis_autostrv sis_strv names = { 0 };
	uint64_t count = sis_lio_session_count(k, iqn);
	size_t len;
	int r;

	r = count ? sis_lio_list(k, dir, "", &names, err) : 0;
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		sis_autofree char *text = NULL;
		struct sis_session s = { 0 };

		if (sis_kfs_read(k, &text, NULL, NULL, "%s/%s/info", dir, *name) == 0 &&
		    sis_lio_acl_session_parse(text, &s))
			sis_vec_push(ret, s);
	}
	if (count && sis_kfs_read(k, &dynamic, &len, NULL, "%s/dynamic_sessions", tpg) == 0)
		sis_lio_dynamic_sessions_parse(dynamic, len, ret);
	while (ret->n < count && ret->n < MAX_SESSIONS)
		sis_vec_push(ret, ((struct sis_session){ .initiator = sis_strdup("unknown") }));
	return 0;
}

/* ---- the target ------------------------------------------------------------------------- */

/* The lowest portal group: ours, or the first of a target made by somebody else. 0 = none. */
static int read_tag(struct sis_kfs *k, const char *iqn, uint32_t *ret, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_ISCSI "/%s", iqn);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(k, dir, "tpgt_", &names, err);
	if (r < 0)
		return r;
	*ret = 0;
	sis_vec_each(name, &names) {
		uint64_t tag;

		if (sis_parse_u64(*name + strlen("tpgt_"), 1, UINT16_MAX, &tag) == 0 &&
		    (!*ret || tag < *ret))
			*ret = (uint32_t)tag;
	}
	return 0;
}

/* Root alone may; others see the rest. */
static int read_chap(const struct tpg *tpg, struct sis_target *t, struct sis_err *err)
{
	int r = sis_lio_read_chap(tpg->k, tpg->dir, tpg->open, &t->chap, err);

	if (r == -EPERM) {
		sis_err_clear(err);
		return 0;
	}
	t->known |= r == 0 ? SIS_BIT(SIS_FIELD_CHAP) : 0;
	return r;
}

static int read_tpg(const struct tpg *tpg, struct sis_target *t, struct sis_err *err)
{
	int r;

	t->shown = sis_lio_attr_is(tpg->k, tpg->dir, "enable", "1");
	r = read_luns(tpg, t, err);
	if (r == 0)
		r = sis_lio_read_rules(tpg->k, tpg->dir, tpg->open, t, err);
	if (r == 0)
		r = read_portals(tpg, t, err);
	if (r == 0)
		r = read_chap(tpg, t, err);
	if (r == 0)
		r = sis_lio_sessions(tpg->k, t->iqn, tpg->dir, &t->sessions, err);
	return r;
}

int sis_lio_read_target(struct sis_kfs *k, const char *iqn, struct sis_target *ret,
			struct sis_err *err)
{
	sis_autotarget struct sis_target t = { .iqn = sis_strdup(iqn) };
	struct tpg tpg = { .k = k };
	struct stat st;
	int r;

	if (sis_kfs_stat(k, &st, NULL, SIS_LIO_ISCSI "/%s", iqn) < 0 || !S_ISDIR(st.st_mode))
		return -ENOENT;
	r = read_tag(k, iqn, &t.tid, err);
	if (r < 0)
		return r;
	if (t.tid) {
		sis_autofree char *dir = sis_lio_tpg(iqn, t.tid);

		tpg.dir = dir;
		tpg.open = sis_lio_is_open(k, dir);
		r = read_tpg(&tpg, &t, err);
	} else {
		t.half = true;
	}
	if (r < 0)
		return r;
	*ret = t;
	t = (struct sis_target){ 0 };
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LIO: texts captured from a real kernel (tests/golden/lio) against what they mean, and small
 * trees in a folder of ordinary files that stand for whole, unfinished and foreign targets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <limits.h>

#include "backend/lio.h"
#include "backend/lio_access.h"
#include "backend/lio_ops.h"
#include "backend/lio_memory.h"
#include "backend/lio_store.h"
#include "backend/lio_tree.h"
#include "golden.h"
#include "model/field.h"
#include "model/identity.h"
#include "model/option.h"

#define IQN "iqn.2010-09.org.example:a"
#define STORE SIS_LIO_CORE "/iblock_9223372036854775809/tank:a"
#define TPG SIS_LIO_ISCSI "/" IQN "/tpgt_1"

static void parse_info(const char *name, struct sis_lio_info *ret)
{
	sis_autofree char *path = sis_asprintf("tests/golden/lio/%s.info", name);
	sis_autofree char *text = golden_read(path);

	sis_lio_info_parse(text, ret);
}

static void test_info_iblock(void **state)
{
	sis_autolioinfo struct sis_lio_info i = { 0 };

	(void)state;
	parse_info("iblock", &i);
	assert_string_equal(i.path, "/dev/zvol/tank/a");
	assert_true(i.has_device);
	assert_int_equal(i.major, 230);
	assert_int_equal(i.minor, 16);
	assert_true(i.readonly);
	sis_lio_info_free(&i);
	parse_info("iblock-not-enabled", &i);
	assert_string_equal(i.path, "/dev/zvol/tank/a");
	assert_false(i.has_device);
	assert_false(i.readonly);
	sis_lio_info_free(&i);
	parse_info("iblock-empty", &i);
	assert_null(i.path);
}

static void test_info_fileio(void **state)
{
	sis_autolioinfo struct sis_lio_info i = { 0 };

	(void)state;
	parse_info("fileio", &i);
	assert_string_equal(i.path, "/tmp/f");
	assert_int_equal(i.size, 20971520);
	assert_false(i.buffered);
	assert_false(i.has_device);
	sis_lio_info_free(&i);
	parse_info("fileio-device", &i);
	assert_string_equal(i.path, "/dev/zvol/tank/b");
	assert_int_equal(i.size, 0);
	assert_true(i.buffered);
}

/* Whatever is cut off or left out: no crash, and nothing that was not there. */
static void test_info_damaged(void **state)
{
	sis_autofree char *text = golden_read("tests/golden/lio/iblock.info");

	(void)state;
	for (size_t n = strlen(text); n > 0; n--) {
		sis_autolioinfo struct sis_lio_info i = { 0 };

		text[n - 1] = '\0';
		sis_lio_info_parse(text, &i);
		assert_true(!i.path || sis_streq(i.path, "/dev/zvol/tank/a"));
	}
}

static void test_acl_session(void **state)
{
	sis_autofree char *busy = golden_read("tests/golden/lio/acl-session.info");
	sis_autofree char *idle = golden_read("tests/golden/lio/acl-idle.info");
	struct sis_session s = { 0 };

	(void)state;
	assert_false(sis_lio_acl_session_parse(idle, &s));
	assert_true(sis_lio_acl_session_parse(busy, &s));
	assert_string_equal(s.initiator, "iqn.2010-09.org.example:vm");
	assert_string_equal(s.address, "127.0.0.1");
	sis_session_free(&s);
}

static void test_dynamic_sessions(void **state)
{
	static const char text[] = "iqn.2010-09.org.example:vm\n\0iqn.2000-01.com.x:y\n";
	sis_sessions l = { 0 };

	(void)state;
	sis_lio_dynamic_sessions_parse(text, sizeof(text), &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].initiator, "iqn.2010-09.org.example:vm");
	assert_string_equal(l.v[1].initiator, "iqn.2000-01.com.x:y");
	assert_null(l.v[1].address);
	sis_vec_each(s, &l)
		sis_session_free(s);
	sis_vec_free(&l);
	sis_lio_dynamic_sessions_parse("", 0, &l);
	assert_int_equal(l.n, 0);
}

/* What the kernel makes of our serial number is what the model promises to initiators. */
static void test_naa(void **state)
{
	sis_autofree char *serial = sis_serial(0x0123456789abcdef), *want = sis_naa(0x0123456789abcdef);
	sis_autofree char *naa = sis_naa_of("001405", serial);
	sis_autofree char *other = sis_naa_of("001405", "6566340f-aaa0-4c5c-a34a-29279168038b");

	(void)state;
	assert_string_equal(naa, want);
	assert_string_equal(other, "60014056566340faaa04c5ca34a29279");
}

static void test_hba(void **state)
{
	(void)state;
	assert_true(sis_lio_hba(IQN, 0) == sis_lio_hba(IQN, 0));
	assert_true(sis_lio_hba(IQN, 0) != sis_lio_hba(IQN, 1));
	assert_true(sis_lio_hba(IQN, 1) != sis_lio_hba(IQN "1", 0));
	assert_true(sis_lio_hba(IQN, 0) >> 63);
}

/* ---- trees ------------------------------------------------------------------------------ */

static char root[] = "/tmp/sis-lio-XXXXXX";
static struct sis_kfs kfs = { .root = root, .ops = &sis_kfs_real_ops };

/* The file and the folders above it; one that is there gets the new text. */
static void put(const char *path, const char *text)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, path);
	sis_autofree char *dir = sis_strdup(full);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(sis_mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(sis_file_replace(full, text, 0644, NULL), 0);
}

static void put_dir(const char *path)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, path);

	assert_int_equal(sis_mkdir_p(full, 0755, NULL), 0);
}

static void put_link(const char *path, const char *target)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, path);

	assert_int_equal(symlink(target, full), 0);
}

static void drop(const char *path)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, path);

	assert_int_equal(remove(full), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A whole target that is open to everyone, as the kernel shows it. */
static int make_tree(void **state)
{
	sis_autofree char *info = golden_read("tests/golden/lio/iblock-not-enabled.info");

	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put(STORE "/info", info);
	put(STORE "/wwn/vpd_unit_serial", "T10 VPD Unit Serial Number: 0123456789abcdef\n");
	put(STORE "/wwn/company_id", "0x001405\n");
	put(STORE "/attrib/block_size", "512\n");
	put(STORE "/attrib/emulate_tpu", "1\n");
	put(STORE "/attrib/emulate_tpws", "0\n");
	put(SIS_LIO_ISCSI "/" IQN "/fabric_statistics/iscsi_instance/sessions", "0\n");
	put(TPG "/enable", "1\n");
	put(TPG "/attrib/generate_node_acls", "1\n");
	put(TPG "/attrib/demo_mode_write_protect", "0\n");
	put(TPG "/attrib/authentication", "0\n");
	put(TPG "/lun/lun_0/alua_tg_pt_gp", "\n");
	put_link(TPG "/lun/lun_0/rw",
		 "../../../../../../target/core/iblock_9223372036854775809/tank:a");
	put_dir(TPG "/acls");
	put_dir(TPG "/np/[::]:3260");
	return 0;
}

static int drop_tree(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_acl(const char *name, const char *protect)
{
	sis_autofree char *dir = sis_asprintf(TPG "/acls/%s/lun_0", name);
	sis_autofree char *file = sis_asprintf("%s/write_protect", dir);
	sis_autofree char *link = sis_asprintf("%s/lun", dir);

	put(file, protect);
	put_link(link, "../../../../../../../target/iscsi/" IQN "/tpgt_1/lun/lun_0");
}

static void read_target(struct sis_target *ret)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	assert_int_equal(sis_lio_read_target(&kfs, IQN, ret, &err), 0);
}

static void test_open(void **state)
{
	sis_autotarget struct sis_target t = { 0 };
	const struct sis_lun *l;

	(void)state;
	read_target(&t);
	assert_true(t.shown);
	assert_false(t.half);
	assert_int_equal(t.tid, 1);
	assert_int_equal(t.rules.n, 0);
	assert_int_equal(t.portals.n, 0);
	assert_int_equal(t.sessions.n, 0);
	assert_int_equal(t.luns.n, 1);
	l = &t.luns.v[0];
	assert_string_equal(l->handle, "iblock_9223372036854775809/tank:a");
	assert_string_equal(l->path, "/dev/zvol/tank/a");
	assert_string_equal(l->serial, "0123456789abcdef");
	assert_string_equal(l->naa, "60014050123456789abcdef000000000");
	assert_int_equal(l->type, SIS_TYPE_BLOCKIO);
	assert_int_equal(l->blocksize, 512);
	assert_true(l->thin);
	assert_false(l->readonly);
	assert_false(l->known & SIS_BIT(SIS_FIELD_SIZE));
}

static void test_rules(void **state)
{
	sis_autotarget struct sis_target t = { 0 };

	(void)state;
	put(TPG "/attrib/generate_node_acls", "0\n");
	put(TPG "/attrib/authentication", "1\n");
	put_acl("iqn.2000-01.com.x:y", "0\n");
	put_acl("iqn.2000-01.com.x:z", "1\n");
	read_target(&t);
	assert_false(t.half);
	assert_int_equal(t.rules.n, 2);
	assert_string_equal(t.rules.v[0].text, "iqn.2000-01.com.x:y");
	assert_false(t.rules.v[0].ro);
	assert_true(t.rules.v[1].ro);
}

/* Nobody is let in is not the same as everybody. */
static void test_closed(void **state)
{
	sis_autotarget struct sis_target t = { 0 }, u = { 0 };

	(void)state;
	put(TPG "/attrib/generate_node_acls", "0\n");
	read_target(&t);
	assert_true(t.half);
	/* an entry without its LUN lets nobody use it */
	put_dir(TPG "/acls/iqn.2000-01.com.x:y");
	read_target(&u);
	assert_true(u.half);
	assert_int_equal(u.rules.n, 1);
}

static bool is_half(size_t rules)
{
	sis_autotarget struct sis_target t = { 0 };

	read_target(&t);
	assert_int_equal(t.rules.n, rules);
	return t.half;
}

/* What a run left that was cut off, or what others did, is not as it should be, but lets in. */
static void test_closed_half(void **state)
{
	sis_autofree char *info = golden_read("tests/golden/lio/iblock.info");

	(void)state;
	put(TPG "/attrib/generate_node_acls", "0\n");
	put(TPG "/attrib/authentication", "1\n");
	put_acl("iqn.2000-01.com.x:y", "0\n");
	assert_false(is_half(1));
	put_dir(TPG "/acls/iqn.2000-01.com.x:z");
	assert_true(is_half(2));
	drop(TPG "/acls/iqn.2000-01.com.x:z");
	/* one LUN more than there is */
	put_dir(TPG "/acls/iqn.2000-01.com.x:y/lun_5");
	put_link(TPG "/acls/iqn.2000-01.com.x:y/lun_5/lun",
		 "../../../../../../../target/iscsi/" IQN "/tpgt_1/lun/lun_0");
	assert_true(is_half(1));
	drop(TPG "/acls/iqn.2000-01.com.x:y/lun_5/lun");
	drop(TPG "/acls/iqn.2000-01.com.x:y/lun_5");
	assert_false(is_half(1));
	/* a read-only LUN that this initiator may write to */
	put(STORE "/info", info);
	assert_true(is_half(1));
	put(TPG "/acls/iqn.2000-01.com.x:y/lun_0/write_protect", "1\n");
	assert_false(is_half(1));
}

/* Who logged in while it was open would be let in again. */
static void test_ajar(void **state)
{
	(void)state;
	put(TPG "/attrib/generate_node_acls", "0\n");
	put_acl("iqn.2000-01.com.x:y", "0\n");
	assert_false(is_half(1));
	put(TPG "/attrib/cache_dynamic_acls", "1\n");
	assert_true(is_half(1));
	put(TPG "/attrib/cache_dynamic_acls", "0\n");
	/* closed by this tool, which has initiators authenticate where entries can be excused */
	put(TPG "/attrib/demo_mode_discovery", "0\n");
	assert_false(is_half(1));
	put(TPG "/acls/iqn.2000-01.com.x:y/attrib/authentication", "0\n");
	assert_true(is_half(1));
	put(TPG "/attrib/authentication", "1\n");
	assert_false(is_half(1));
}

/* An entry in an open target must not take anything from its initiator. */
static void test_open_with_entry(void **state)
{
	sis_autotarget struct sis_target t = { 0 }, u = { 0 };

	(void)state;
	put_acl("iqn.2000-01.com.x:y", "0\n");
	read_target(&t);
	assert_false(t.half);
	assert_int_equal(t.rules.n, 0);
	put(TPG "/acls/iqn.2000-01.com.x:y/lun_0/write_protect", "1\n");
	read_target(&u);
	assert_true(u.half);
}

static void test_readonly(void **state)
{
	sis_autotarget struct sis_target t = { 0 }, u = { 0 };
	sis_autofree char *info = golden_read("tests/golden/lio/iblock.info");

	(void)state;
	put(STORE "/info", info);
	read_target(&t);
	assert_true(t.luns.v[0].readonly);
	assert_true(t.half); /* the target does not protect it yet */
	put(TPG "/attrib/demo_mode_write_protect", "1\n");
	read_target(&u);
	assert_false(u.half);
}

static void test_half(void **state)
{
	static const char *const pieces[] = { TPG "/np/[::]:3260", TPG "/lun/lun_0/rw" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		sis_autotarget struct sis_target t = { 0 };

		drop(pieces[i]);
		read_target(&t);
		assert_true(t.half);
		assert_int_equal(t.luns.n, i == 0);
		if (i == 0)
			put_dir(pieces[i]);
	}
}

static void test_portals(void **state)
{
	sis_autotarget struct sis_target t = { 0 };

	(void)state;
	put_dir(TPG "/np/10.0.0.1:3261");
	read_target(&t);
	assert_int_equal(t.portals.n, 2);
	assert_string_equal(t.portals.v[0].address, "10.0.0.1");
	assert_int_equal(t.portals.v[0].port, 3261);
}

static int v6_error;

static int mkdir_v6(struct sis_kfs *k, const char *path)
{
	return strstr(path, "/[::]:") ? v6_error : sis_kfs_real_ops.mkdir(k, path);
}

/* Only where there is no IPv6 does IPv4 alone do. */
static void test_portals_all(void **state)
{
	struct sis_kfs_ops ops = sis_kfs_real_ops;
	struct sis_kfs k = { .root = root, .ops = &ops };
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &k, .root = root };
	struct sis_target t = { .iqn = (char *)IQN, .tid = 1 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	(void)state;
	assert_int_equal(sis_kfs_rmdir(&kfs, NULL, TPG "/np/[::]:3260"), 0);
	ops.mkdir = mkdir_v6;
	v6_error = -EIO;
	assert_int_equal(sis_lio_set_portals(&bx, &t, &err), -EIO);
	assert_false(sis_kfs_exists(&kfs, TPG "/np/0.0.0.0:3260"));
	v6_error = -EINVAL; /* the kernel's word for all that is wrong with a portal */
	assert_int_equal(sis_lio_set_portals(&bx, &t, &err), 0);
	assert_true(sis_kfs_exists(&kfs, TPG "/np/0.0.0.0:3260"));
	sis_lio_memory_free(&bx);
}

/* The counter decides how many there are, whoever can be named. */
static void test_sessions(void **state)
{
	sis_autotarget struct sis_target t = { 0 };
	sis_autofree char *info = golden_read("tests/golden/lio/acl-session.info");

	(void)state;
	put_acl("iqn.2010-09.org.example:vm", "0\n");
	put(TPG "/acls/iqn.2010-09.org.example:vm/info", info);
	put(SIS_LIO_ISCSI "/" IQN "/fabric_statistics/iscsi_instance/sessions", "2\n");
	read_target(&t);
	assert_int_equal(t.sessions.n, 2);
	assert_string_equal(t.sessions.v[0].initiator, "iqn.2010-09.org.example:vm");
	assert_string_equal(t.sessions.v[1].initiator, "unknown");
	assert_null(t.sessions.v[1].id);
}

static void test_scope(void **state)
{
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &kfs, .root = root };
	sis_autostate struct sis_state all = { 0 }, none = { 0 };
	sis_autostrv sis_strv scope = { 0 };

	(void)state;
	put_dir(SIS_LIO_ISCSI "/discovery_auth");
	put(SIS_LIO_ISCSI "/lio_version", "Datera Inc. iSCSI Target v4.1.0\n");
	assert_int_equal(sis_backend_lio.read(&bx, NULL, &all, NULL), 0);
	assert_int_equal(all.targets.n, 1);
	sis_strv_add(&scope, "iqn.2010-09.org.example:other");
	assert_int_equal(sis_backend_lio.read(&bx, &scope, &none, NULL), 0);
	assert_int_equal(none.targets.n, 0);
}

static void test_probe(void **state)
{
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &kfs, .root = root };
	sis_autoprobe struct sis_probe p = { 0 };

	(void)state;
	assert_int_equal(sis_backend_lio.probe(&bx, &p, NULL), 0);
	assert_int_equal(p.state, SIS_PROBE_ABSENT);
	sis_probe_free(&p);
	put("/proc/sys/kernel/osrelease", "6.1.0\n");
	put("/lib/modules/6.1.0/modules.dep",
	    "kernel/drivers/target/iscsi/iscsi_target_mod.ko: kernel/drivers/target/target_core_mod.ko\n");
	assert_int_equal(sis_backend_lio.probe(&bx, &p, NULL), 0);
	assert_int_equal(p.state, SIS_PROBE_STOPPED);
	sis_probe_free(&p);
	put(SIS_LIO "/version", "Target Engine Core ConfigFS Infrastructure v5.0 on Linux/x86_64 on 6.1.0\n");
	assert_int_equal(sis_backend_lio.probe(&bx, &p, NULL), 0);
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
	assert_string_equal(p.version, "Linux 6.1.0");
	assert_true(bx.caps.caps & SIS_CAP_AT_ONCE);
}

/* Where portals could wait for each other for ever, targets come and go one by one. */
static void test_probe_old(void **state)
{
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &kfs, .root = root };
	sis_autoprobe struct sis_probe p = { 0 };

	(void)state;
	put("/proc/sys/kernel/osrelease", "4.12.14-122.37-default\n");
	assert_int_equal(sis_backend_lio.probe(&bx, &p, NULL), 0);
	assert_false(bx.caps.caps & SIS_CAP_AT_ONCE);
}

static unsigned busy_for; /* calls */

static int rmdir_busy(struct sis_kfs *k, const char *path)
{
	return busy_for && busy_for-- ? -EBUSY : sis_kfs_real_ops.rmdir(k, path);
}

/* What the kernel still uses goes a moment later, or is said not to. */
static void test_busy(void **state)
{
	struct sis_kfs_ops ops = sis_kfs_real_ops;
	struct sis_kfs k = { .root = root, .ops = &ops };
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &k, .root = root };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	(void)state;
	ops.rmdir = rmdir_busy;
	busy_for = 3;
	assert_int_equal(sis_lio_rmdir(&bx, TPG "/acls", &err), 0);
	assert_false(sis_kfs_exists(&kfs, TPG "/acls"));
	busy_for = UINT_MAX;
	assert_int_equal(sis_lio_rmdir(&bx, TPG "/np/[::]:3260", &err), -EBUSY);
	assert_non_null(strstr(sis_err_msg(&err), TPG "/np/[::]:3260"));
	assert_non_null(strstr(sis_err_msg(&err), "something still uses it after 10 s"));
}

static unsigned closed_for; /* how often enabling fails as a busy zfs makes it */

static int write_closed(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	(void)k, (void)data, (void)len;
	return strstr(path, "/enable") && closed_for && closed_for-- ? -512 : 0;
}

/* A volume that cannot be opened while zfs is busy is tried again. */
static void test_zfs_busy(void **state)
{
	struct sis_kfs_ops ops = sis_kfs_real_ops;
	struct sis_kfs k = { .root = root, .ops = &ops };
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &k, .root = root };
	struct sis_lun l = { .number = 3, .path = (char *)"/vol/v3", .volume = (char *)"p/v3",
			     .type = SIS_TYPE_FILEIO, .blocksize = 512 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	(void)state;
	put("/vol/v3", "");
	ops.write = write_closed;
	closed_for = 3;
	assert_int_equal(sis_lio_store_add(&bx, "iqn.2010-09.org.example:v3", &l, &err), 0);
	assert_int_equal(closed_for, 0);
	free(l.handle);
}

/* Of a new target nothing is read: a write is made whatever the attribute holds. */
static void test_new(void **state)
{
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &kfs, .root = root };
	sis_autofree char *beside = sis_asprintf("%s-2/attrib", TPG), *text = NULL;

	(void)state;
	put(TPG "/attrib/authentication", "0\n");
	assert_int_equal(sis_lio_put(&bx, TPG, "attrib/authentication", "0", NULL), 0);
	assert_int_equal(sis_kfs_read(&kfs, &text, NULL, NULL, TPG "/attrib/authentication"), 0);
	assert_string_equal(text, "0\n");
	sis_lio_made(&bx, TPG);
	assert_true(sis_lio_is_new(&bx, TPG) && sis_lio_is_new(&bx, TPG "/attrib"));
	assert_false(sis_lio_is_new(&bx, beside));
	assert_int_equal(sis_lio_put(&bx, TPG, "attrib/authentication", "1", NULL), 0);
	assert_int_equal(sis_lio_put(&bx, TPG, "attrib/authentication", "1\n", NULL), 0);
	sis_replace(&text, NULL);
	assert_int_equal(sis_kfs_read(&kfs, &text, NULL, NULL, TPG "/attrib/authentication"), 0);
	assert_string_equal(text, "1\n");
	sis_lio_known(&bx, TPG);
	assert_false(sis_lio_is_new(&bx, TPG));
	sis_lio_memory_free(&bx);
}

/* After one portal was removed it is looked up again who listens. */
static void test_heard(void **state)
{
	struct sis_bx bx = { .be = &sis_backend_lio };

	(void)state;
	assert_false(sis_lio_heard(&bx, "[::]:3260"));
	sis_lio_heard_add(&bx, "[::]:3260");
	assert_true(sis_lio_heard(&bx, "[::]:3260"));
	assert_false(sis_lio_heard(&bx, "0.0.0.0:3260"));
	sis_lio_heard_drop(&bx);
	assert_false(sis_lio_heard(&bx, "[::]:3260"));
	sis_lio_memory_free(&bx);
	assert_null(bx.priv);
}

/* What the target as it is has beyond the property; NULL: nothing. */
static char *beyond(void)
{
	struct sis_bx bx = { .kfs = &kfs };
	sis_autotarget struct sis_target t = { 0 };
	char *what = NULL;

	read_target(&t);
	assert_int_equal(sis_backend_lio.beyond(&bx, &t, &what, NULL), 0);
	return what;
}

static void test_beyond(void **state)
{
	static const struct {
		const char *path, *odd, *usual, *want;
	} rows[] = {
		{ TPG "/attrib/default_cmdsn_depth", "8\n", "64\n", "default_cmdsn_depth '8'" },
		{ TPG "/param/ImmediateData", "No\n", "Yes\n", "ImmediateData 'No'" },
		{ STORE "/attrib/emulate_tpws", "1\n", "0\n", "emulate_tpws '1'" },
		{ STORE "/wwn/vendor_id", "ACME\n", "LIO-ORG\n", "vendor_id 'ACME'" },
		{ TPG "/attrib/demo_mode_write_protect", "1\n", "0\n", "it is unfinished" },
	};
	sis_autofree char *nothing = beyond(), *groups = NULL;

	(void)state;
	assert_null(nothing);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sis_autofree char *what = NULL, *again = NULL;

		put(rows[i].path, rows[i].odd);
		what = beyond();
		if (!what || !strstr(what, rows[i].want))
			fail_msg("'%s' says nothing of '%s'", what ? what : "nothing", rows[i].want);
		put(rows[i].path, rows[i].usual);
		again = beyond();
		assert_null(again);
	}
	put(SIS_LIO_ISCSI "/" IQN "/tpgt_2/enable", "0\n");
	groups = beyond();
	assert_string_equal(groups, "it has 2 portal groups");
}

/* An entry that maps no LUN, or another one, is no rule: the target is more than its rules. */
static void test_beyond_entry(void **state)
{
	sis_autofree char *nothing = NULL, *past = NULL, *partial = NULL, *depth = NULL;

	(void)state;
	put(TPG "/attrib/generate_node_acls", "0\n");
	put_acl("iqn.x:a", "0\n");
	put(TPG "/acls/iqn.x:a/cmdsn_depth", "64\n");
	nothing = beyond();
	assert_null(nothing);
	put(TPG "/attrib/cache_dynamic_acls", "1\n");
	past = beyond();
	assert_non_null(strstr(past, "it was open to everyone once"));
	put(TPG "/attrib/cache_dynamic_acls", "0\n");
	put_dir(TPG "/acls/iqn.x:b");
	partial = beyond();
	assert_string_equal(partial, "initiator 'iqn.x:b' sees other LUNs than the target has, or under other numbers");
	put(TPG "/acls/iqn.x:a/cmdsn_depth", "16\n");
	depth = beyond();
	assert_string_equal(depth, "iqn.x:a has cmdsn_depth '16'");
}

/* The plugin's own product id is nobody's choice; targetcli makes it the name of the object. */
static void test_product(void **state)
{
	sis_autotarget struct sis_target own = { 0 }, theirs = { 0 };

	(void)state;
	put(STORE "/wwn/product_id", "IBLOCK\n");
	read_target(&own);
	assert_null(own.luns.v[0].product);
	assert_true(own.luns.v[0].known & SIS_BIT(SIS_FIELD_PRODUCT));
	put(STORE "/wwn/product_id", "theirs\n");
	read_target(&theirs);
	assert_string_equal(theirs.luns.v[0].product, "theirs");
}

/* Who reaches it, with rules and without CHAP. */
static int let_in(const char *name, struct sis_err *err)
{
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &kfs, .root = root };
	sis_autotarget struct sis_target t = { 0 };

	read_target(&t);
	sis_vec_each(r, &t.rules)
		sis_rule_free(r);
	t.rules.n = 0;
	sis_chap_free(&t.chap);
	t.chap = (struct sis_chap){ 0 };
	sis_vec_push(&t.rules, ((struct sis_rule){ .kind = SIS_RULE_NAME, .text = sis_strdup(name) }));
	return sis_lio_set_access(&bx, &t, err);
}

static void refuses_to_let_in(const char *what)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *user = NULL;

	if (let_in("iqn.2000-01.com.x:y", &err) != -EOPNOTSUPP)
		fail_msg("%s: %s", what, sis_err_msg(&err));
	assert_non_null(strstr(sis_err_msg(&err), "before 6.0"));
	assert_int_equal(sis_kfs_read_line(&kfs, &user, NULL,
					   TPG "/acls/iqn.2000-01.com.x:y/auth/userid"),
			 0);
	assert_string_equal(user, "somebody");
}

/*
 * Where entries cannot be excused, whoever was in while it was open must authenticate: that stays so,
 * also for a target that is hidden for now, and nobody loses credentials over it.
 */
static void test_no_excuse(void **state)
{
	static const char *const auth[] = { "password", "userid_mutual", "password_mutual" };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	(void)state;
	put_acl("iqn.2000-01.com.x:y", "0\n");
	put(TPG "/acls/iqn.2000-01.com.x:y/auth/userid", "somebody\n");
	for (size_t i = 0; i < sizeof(auth) / sizeof(auth[0]); i++) {
		sis_autofree char *entry = sis_asprintf(TPG "/acls/iqn.2000-01.com.x:y/auth/%s",
							auth[i]);
		sis_autofree char *all = sis_asprintf(TPG "/auth/%s", auth[i]);

		put(entry, "NULL\n");
		put(all, "NULL\n");
	}
	put(TPG "/auth/userid", "NULL\n");
	put(TPG "/attrib/cache_dynamic_acls", "0\n");
	put(TPG "/attrib/demo_mode_discovery", "0\n");
	put(TPG "/attrib/prod_mode_write_protect", "0\n");
	put(TPG "/dynamic_sessions", "");
	refuses_to_let_in("open");
	put(TPG "/attrib/generate_node_acls", "0\n");
	put(TPG "/attrib/authentication", "1\n");
	refuses_to_let_in("with CHAP");
	put(TPG "/enable", "0\n");
	refuses_to_let_in("with CHAP, hidden");
	put(TPG "/attrib/authentication", "0\n");
	put(TPG "/attrib/cache_dynamic_acls", "1\n");
	refuses_to_let_in("not closed to the end");
	/* one that was never shown has let nobody in yet */
	put(TPG "/attrib/cache_dynamic_acls", "0\n");
	put(TPG "/attrib/authentication", "1\n");
	put(TPG "/attrib/demo_mode_discovery", "1\n");
	if (let_in("iqn.2000-01.com.x:y", &err) < 0)
		fail_msg("%s", sis_err_msg(&err));
}

static sis_strv written; /* PATH=TEXT, in their order */

/* As kernels since 6.0 make an entry. */
static int mkdir_entry(struct sis_kfs *k, const char *path)
{
	int r = sis_kfs_real_ops.mkdir(k, path);

	if (r == 0 && sis_str_starts(strrchr(path, '/'), "/iqn.2000-01.com.x:")) {
		const char *in_root = path + strlen(root);
		sis_autofree char *file = sis_asprintf("%s/attrib/authentication", in_root);

		put(file, "-1\n");
	}
	return r;
}

static int note_write(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	sis_autofree char *text = sis_asprintf("%s=%.*s", path, (int)len, data);

	(void)k;
	sis_strv_add(&written, text);
	return 0;
}

static size_t when_written(const char *text)
{
	for (size_t i = 0; i < written.n; i++)
		if (strstr(written.v[i], text))
			return i;
	fail_msg("'%s' is not written", text);
	return 0;
}

/* A new entry may be one that the kernel had hidden, with LUNs to be written to. */
static void test_new_entry(void **state)
{
	struct sis_kfs_ops ops = sis_kfs_real_ops;
	struct sis_kfs k = { .root = root, .ops = &ops };
	struct sis_bx bx = { .be = &sis_backend_lio, .kfs = &k, .root = root };
	sis_autotarget struct sis_target t = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	size_t protected;

	(void)state;
	read_target(&t);
	t.chap.user = sis_strdup("somebody");
	t.chap.pass = sis_strdup("0123456789ab");
	sis_vec_push(&t.rules, ((struct sis_rule){ .kind = SIS_RULE_NAME, .ro = true,
						   .text = sis_strdup("iqn.2000-01.com.x:z") }));
	ops.mkdir = mkdir_entry;
	ops.write = note_write;
	if (sis_lio_set_access(&bx, &t, &err) < 0)
		fail_msg("%s", sis_err_msg(&err));
	protected = when_written("x:z/lun_0/write_protect=1");
	assert_true(when_written("x:z/attrib/authentication=1") < protected);
	assert_true(when_written("x:z/auth/userid=somebody") > protected);
	assert_true(when_written("/auth/password=") > protected);
	sis_strv_free(&written);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, drop_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info_iblock),
		cmocka_unit_test(test_info_fileio),
		cmocka_unit_test(test_info_damaged),
		cmocka_unit_test(test_acl_session),
		cmocka_unit_test(test_dynamic_sessions),
		cmocka_unit_test(test_naa),
		cmocka_unit_test(test_hba),
		TREE_TEST(test_open),
		TREE_TEST(test_rules),
		TREE_TEST(test_closed),
		TREE_TEST(test_closed_half),
		TREE_TEST(test_ajar),
		TREE_TEST(test_open_with_entry),
		TREE_TEST(test_readonly),
		TREE_TEST(test_half),
		TREE_TEST(test_portals),
		TREE_TEST(test_portals_all),
		TREE_TEST(test_sessions),
		TREE_TEST(test_scope),
		TREE_TEST(test_probe),
		TREE_TEST(test_probe_old),
		TREE_TEST(test_busy),
		TREE_TEST(test_zfs_busy),
		TREE_TEST(test_new),
		cmocka_unit_test(test_heard),
		TREE_TEST(test_beyond),
		TREE_TEST(test_beyond_entry),
		TREE_TEST(test_product),
		TREE_TEST(test_no_excuse),
		TREE_TEST(test_new_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The SCST back end without SCST: names of devices, the guard of the command grammar, the literal
 * add_device, and reading a tree that lies in plain files.
 */
#include "test_base_dir.h"

#include "backend/scst.h"
#include "backend/scst_dev.h"
#include "backend/scst_tree.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

#define IQN "iqn.2010-09.org.zfsonlinux:mypool.test"

static void test_names(void **state)
{
	static const char *const foreign[] = { "", "sis", "sisc", "disk1", "sisx000000000000",
					       "sisc00000000000", "sisc0000000000000",
					       "sisc00000000000A", "sisc0000000000/0" };
	sis_autofree char *zero = sis_scst_device_name(0, false);
	sis_autofree char *one = sis_scst_device_name(35, true);
	sis_autofree char *now = sis_scst_device_name(1790000000000000000u, false);

	(void)state;
	assert_string_equal(zero, "sisc000000000000");
	assert_string_equal(one, "sisw00000000000z");
	assert_int_equal(strlen(now), 16);
	assert_true(sis_scst_device_ours(zero));
	assert_true(sis_scst_device_ours(one));
	assert_true(sis_scst_device_ours(now));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		assert_false(sis_scst_device_ours(foreign[i]));
}

static void test_words(void **state)
{
	static const char *const good[] = { "iqn.2010-09.org.zfsonlinux:mypool.test", "*", "a?b",
					    "/dev/zvol/mypool/with+space", "192.0.2.1",
					    "fe80::1%eth0", "/srv/\xc3\xa4", "a!b", "!x" };
	static const char *const bad[] = { "", "a b", "a\tb", "a\nb", "a;b", "a=b", "a\\b",
					   "a\"b", "a'b", "\x01", "\x7f", "a\x0b", "\xc3\xa0", " " };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(sis_scst_check_word(good[i], "it", NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		assert_int_equal(sis_scst_check_word(bad[i], "the thing", &err), -EINVAL);
		assert_non_null(strstr(err.msg, "the thing"));
	}
	/* a CHAP user may begin so, but for a pattern it would mean all others */
	assert_int_equal(sis_scst_check_pattern("!x", "it", NULL), -EINVAL);
	assert_int_equal(sis_scst_check_pattern("x!", "it", NULL), 0);
	assert_int_equal(sis_scst_check_pattern("a b", "it", NULL), -EINVAL);
}

static void test_naa(void **state)
{
	sis_autofree char *a = sis_scst_naa_plain("0x6001405ABC");
	sis_autofree char *b = sis_scst_naa_plain("6001405abc");

	(void)state;
	assert_string_equal(a, "6001405abc");
	assert_string_equal(b, "6001405abc");
}

static void test_commands(void **state)
{
	static const struct {
		const char *path;
		struct sis_lun lun;
		const char *command, *handler; /* NULL: refused */
	} cases[] = {
		{ "/dev/zvol/mypool/test", { .type = SIS_TYPE_BLOCKIO, .blocksize = 4096,
		    .iomode = SIS_IOMODE_WB, .thin = true },
		  "add_device D filename=/dev/zvol/mypool/test; blocksize=4096", "vdisk_blockio" },
		{ "/v", { .type = SIS_TYPE_BLOCKIO, .blocksize = 512,
		    .iomode = SIS_IOMODE_WT },
		  "add_device D filename=/v; blocksize=512; write_through=1", "vdisk_blockio" },
		{ "/v", { .type = SIS_TYPE_FILEIO, .blocksize = 512, .readonly = true,
		    .iomode = SIS_IOMODE_WT, .thin = true },
		  "add_device D filename=/v; blocksize=512; read_only=1", "vdisk_fileio" },
		{ "/v", { .type = SIS_TYPE_FILEIO, .blocksize = 512, .thin = true },
		  "add_device D filename=/v; blocksize=512; thin_provisioned=1", "vdisk_fileio" },
		{ "/v", { .type = SIS_TYPE_NULLIO, .blocksize = 4096, .size = 8193,
		    .iomode = SIS_IOMODE_WT },
		  "add_device D blocksize=4096; size=8192", "vdisk_nullio" },
		{ "/v", { .type = SIS_TYPE_BLOCKIO, .blocksize = 3000 }, NULL, NULL },
		{ "/v", { .type = SIS_TYPE_TAPE, .blocksize = 512 }, NULL, NULL },
		{ "v", { .type = SIS_TYPE_BLOCKIO, .blocksize = 512 }, NULL, NULL },
		{ "/v;nv_cache=1", { .type = SIS_TYPE_BLOCKIO, .blocksize = 512 }, NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sis_autofree char *command = NULL, *path = sis_strdup(cases[i].path);
		struct sis_lun lun = cases[i].lun;
		const char *handler = NULL;
		int r;

		lun.path = path;
		r = sis_scst_device_command(&sis_backend_scst.caps, "D", &lun, &command, &handler,
					    NULL);
		assert_int_equal(r, cases[i].command ? 0 : -EINVAL);
		if (!cases[i].command)
			continue;
		assert_string_equal(command, cases[i].command);
		assert_string_equal(handler, cases[i].handler);
	}
}

/* ---- a tree in plain files ---- */

static struct sis_kfs kfs;
static struct sis_bx bx;

static void put(const char *path, const char *text)
{
	sis_autofree char *below = sis_asprintf(SIS_SCST "/%s", path);
	const char *full = in_dir(below + 1);
	sis_autofree char *parent = sis_strdup(full);

	*strrchr(parent, '/') = '\0';
	assert_int_equal(sis_mkdir_p(parent, 0700, NULL), 0);
	put_text(full, text);
}

static void put_link(const char *path, const char *target)
{
	sis_autofree char *full = sis_asprintf("%s" SIS_SCST "/%s", dir, path);

	assert_int_equal(symlink(target, full), 0);
}

static void put_device(const char *name, const char *handler, const char *wt)
{
	static const char *const attrs[][2] = {
		{ "filename", "/dev/zvol/mypool/test\n[key]\n\n" }, { "blocksize", "4096\n[key]\n" },
		{ "read_only", "0\n" }, { "thin_provisioned", "1\n" },
		{ "size", "67108864\n[key]\n" }, { "usn", "00c0ffee00c0ffee\n[key]\n" },
		{ "t10_dev_id", "00c0ffee00c0ffee\n[key]\n" },
		{ "naa_id", "0x6001405ABC\n[key]\n" },
	};
	sis_autofree char *mode = sis_asprintf("devices/%s/write_through", name);
	sis_autofree char *link = sis_asprintf("devices/%s/handler", name);
	sis_autofree char *target = sis_asprintf("../../handlers/%s", handler);

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		sis_autofree char *path = sis_asprintf("devices/%s/%s", name, attrs[i][0]);

		put(path, attrs[i][1]);
	}
	put(mode, wt);
	put_link(link, target);
}

static int tree_setup(void **state)
{
	if (dir_setup(state) < 0)
		return -1;
	kfs = (struct sis_kfs){ .root = dir, .ops = &sis_kfs_real_ops };
	bx = (struct sis_bx){ .be = &sis_backend_scst, .kfs = &kfs, .root = dir,
			      .caps = sis_backend_scst.caps };
	put("targets/iscsi/enabled", "1\n\n");
	put("targets/iscsi/" IQN "/enabled", "1\n");
	put("targets/iscsi/" IQN "/tid", "7\n");
	put("targets/iscsi/" IQN "/luns/mgmt", "Usage:\n");
	put("targets/iscsi/" IQN "/ini_groups/mgmt", "Usage:\n");
	put("targets/iscsi/version", "3.11.0-pre\n");
	return 0;
}

static int tree_teardown(void **state)
{
	bx.be->done(&bx);
	return dir_teardown(state);
}

static void put_lun(const char *set, const char *device)
{
	sis_autofree char *path = sis_asprintf("targets/iscsi/" IQN "/%s/read_only", set);
	sis_autofree char *link = sis_asprintf("targets/iscsi/" IQN "/%s/device", set);
	sis_autofree char *target = sis_asprintf("../../../../../devices/%s", device);

	put(path, "0\n");
	put_link(link, target);
}

static struct sis_target read_one(void)
{
	sis_autostate struct sis_state s = { 0 };
	struct sis_target t;

	assert_int_equal(bx.be->read(&bx, NULL, &s, NULL), 0);
	assert_int_equal(s.targets.n, 1);
	t = s.targets.v[0];
	s.targets.n = 0;
	return t;
}

static void test_read(void **state)
{
	struct sis_target t;
	const struct sis_lun *l;

	(void)state;
	put_device("sisc000000000001", "vdisk_blockio", "1\n[key]\n");
	put_lun("luns/3", "sisc000000000001");
	put("targets/iscsi/" IQN "/allowed_portal", "192.0.2.1\n[key]\n\n");
	put("targets/iscsi/" IQN "/allowed_portal2", "2001:db8::1\n[key]\n\n");
	put("targets/iscsi/" IQN "/sessions/iqn.x:h_1/initiator_name", "iqn.x:h\n");
	put("targets/iscsi/" IQN "/sessions/iqn.x:h_1/latency/x", "");
	put("targets/iscsi/" IQN "/sessions/iqn.x:h_1/2001:db8::2/cid", "0");
	t = read_one();
	assert_string_equal(t.iqn, IQN);
	assert_int_equal(t.tid, 7);
	assert_true(t.shown);
	assert_int_equal(t.rules.n, 0);
	assert_int_equal(t.portals.n, 2);
	assert_string_equal(t.portals.v[1].address, "2001:db8::1");
	assert_true(t.portals.v[1].v6);
	assert_int_equal(t.sessions.n, 1);
	assert_string_equal(t.sessions.v[0].initiator, "iqn.x:h");
	assert_string_equal(t.sessions.v[0].id, "iqn.x:h_1");
	assert_string_equal(t.sessions.v[0].address, "2001:db8::2");
	assert_int_equal(t.luns.n, 1);
	l = t.luns.v;
	assert_int_equal(l->number, 3);
	assert_string_equal(l->handle, "sisc000000000001");
	assert_string_equal(l->path, "/dev/zvol/mypool/test");
	assert_string_equal(l->serial, "00c0ffee00c0ffee");
	assert_string_equal(l->naa, "6001405abc");
	assert_int_equal(l->type, SIS_TYPE_BLOCKIO);
	assert_int_equal(l->blocksize, 4096);
	assert_int_equal(l->size, 67108864);
	/* an initiator switched the cache off: no difference to what was asked for */
	assert_int_equal(l->iomode, SIS_IOMODE_WB);
	sis_target_free(&t);
}

/* What a reset of the LUN undid is a difference; how others name devices says nothing. */
static void test_read_iomode(void **state)
{
	static const struct {
		const char *name, *wt;
		enum sis_iomode mode;
	} cases[] = {
		{ "sisw000000000001", "0\n", SIS_IOMODE_WB },
		{ "sisw000000000002", "1\n[key]\n", SIS_IOMODE_WT },
		{ "sisc000000000003", "0\n", SIS_IOMODE_WB },
		{ "theirs", "1\n[key]\n", SIS_IOMODE_WT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sis_lun l;

		put_device(cases[i].name, "vdisk_fileio", cases[i].wt);
		assert_int_equal(sis_scst_device_read(&bx, cases[i].name, &l, NULL), 0);
		assert_int_equal(l.iomode, cases[i].mode);
		assert_true(l.known & SIS_BIT(SIS_FIELD_IOMODE));
		sis_lun_free(&l);
	}
}

static void test_read_rules(void **state)
{
	struct sis_target t;

	(void)state;
	put_device("sisc000000000001", "vdisk_blockio", "0\n");
	put("targets/iscsi/" IQN "/ini_groups/theirs/initiators/iqn.x:theirs", "iqn.x:theirs\n");
	t = read_one();
	assert_int_equal(t.rules.n, 0);
	sis_target_free(&t);

	put("targets/iscsi/" IQN "/ini_groups/shareiscsi/initiators/mgmt", "Usage:\n");
	put_lun("ini_groups/shareiscsi/luns/0", "sisc000000000001");
	t = read_one(); /* a group without patterns: nobody */
	assert_int_equal(t.luns.n, 1);
	assert_int_equal(t.rules.n, 1);
	assert_string_equal(t.rules.v[0].text, "!*");
	sis_target_free(&t);

	put("targets/iscsi/" IQN "/ini_groups/shareiscsi/initiators/iqn.x:a?", "iqn.x:a?\n");
	put("targets/iscsi/" IQN "/ini_groups/shareiscsi_ro/initiators/iqn.x:b", "iqn.x:b\n");
	t = read_one();
	assert_int_equal(t.rules.n, 2);
	assert_string_equal(t.rules.v[0].text, "iqn.x:b");
	assert_true(t.rules.v[0].ro);
	assert_string_equal(t.rules.v[1].text, "iqn.x:a?");
	assert_true(t.rules.v[1].wildcard);
	assert_false(t.rules.v[1].ro);
	sis_target_free(&t);

	put_lun("luns/0", "sisc000000000001"); /* beside the groups: everyone */
	t = read_one();
	assert_int_equal(t.luns.n, 1);
	assert_int_equal(t.rules.n, 3);
	assert_string_equal(t.rules.v[2].text, "*");
	sis_target_free(&t);
}

/* Objects that go away while they are read, and files that hold nonsense. */
static void test_read_odd(void **state)
{
	sis_autostate struct sis_state s = { 0 };
	sis_autostrv sis_strv scope = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_target t;

	(void)state;
	put_lun("luns/0", "gone");
	put("targets/iscsi/" IQN "/luns/16384/read_only", "0\n");
	t = read_one();
	assert_int_equal(t.luns.n, 0);
	sis_target_free(&t);
	sis_strv_add(&scope, "iqn.2010-09.org.zfsonlinux:other");
	assert_int_equal(bx.be->read(&bx, &scope, &s, &err), 0);
	assert_int_equal(s.targets.n, 0);
	put("targets/iscsi/" IQN "/tid", "x\n");
	assert_int_equal(bx.be->read(&bx, NULL, &s, &err), -EPROTO);
	assert_non_null(strstr(err.msg, IQN));
}

int main(void)
{
#define in_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_words),
		cmocka_unit_test(test_naa),	 cmocka_unit_test(test_commands),
		in_tree(test_read),		 in_tree(test_read_iomode),
		in_tree(test_read_rules),	 in_tree(test_read_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

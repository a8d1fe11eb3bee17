/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the dir store tells about volumes: list, guid, readiness; links and hostile trees.
 */
#include "test_store_dir.h"

#include <sys/file.h>

static char *read_attr(const char *name, const char *attr)
{
	char value[256];
	ssize_t n = getxattr(in_dir(name), attr, value, sizeof(value) - 1);

	assert_true(n >= 0);
	return sis_strndup(value, (size_t)n);
}

/* As cp -a does: contents and all attributes. */
static void copy_file(const char *from, const char *to)
{
	char names[1024];
	ssize_t n;

	make_file(to, MIB);
	n = listxattr(in_dir(from), names, sizeof(names));
	assert_true(n > 0);
	for (char *p = names; p < names + n; p += strlen(p) + 1) {
		sis_autofree char *value = NULL;

		if (!sis_str_starts(p, "user."))
			continue;
		value = read_attr(from, p);
		assert_int_equal(setxattr(in_dir(to), p, value, strlen(value), 0), 0);
	}
}

static void assert_not_ready(const char *name, const char *why)
{
	struct sis_volume v = list_volume(name);

	assert_string_equal(v.not_ready ? v.not_ready : "(ready)", why);
	assert_false(v.ready);
	assert_true(v.not_ready_final);
	sis_volume_free(&v);
}

static void test_list_fields(void **state)
{
	sis_autofree char *device = sis_asprintf("%s/mypool/fs/v", top);
	struct sis_volume v;

	(void)state;
	make_folder("mypool/fs");
	ok(create, "mypool/fs/v", (&(struct sis_create){ .volume = true, .sparse = true,
							 .size = 10ull << 30 }));
	ok(set, "mypool", SIS_PROP_SHARE, "on");
	ok(set, "mypool", SIS_PROP_IDENTITY, "of nobody"); /* is not inherited */
	v = list_volume("mypool");
	assert_string_equal(v.name, "mypool/fs/v");
	assert_string_equal(v.device, device);
	assert_true(v.is_file);
	assert_true(v.ready);
	assert_true(v.guid != 0);
	assert_int_equal(v.size, 10ull << 30);
	assert_int_equal(v.volblocksize, 16384);
	assert_true(v.sparse);
	assert_false(v.readonly);
	assert_false(v.pool_readonly);
	assert_string_equal(v.share, "on");
	assert_int_equal(v.share_source, SIS_SOURCE_INHERITED);
	assert_string_equal(v.share_from, "mypool");
	assert_null(v.identity);
	sis_volume_free(&v);

	ok(set, "mypool/fs/v", SIS_PROP_SHARE, "lun=2");
	ok(keep, "mypool/fs/v", SIS_PROP_IDENTITY, "text");
	ok(set, "mypool/fs", "readonly", "on");
	v = list_volume("mypool/fs/v");
	assert_true(v.readonly);
	assert_false(v.pool_readonly);
	assert_string_equal(v.share, "lun=2");
	assert_int_equal(v.share_source, SIS_SOURCE_LOCAL);
	assert_null(v.share_from);
	assert_string_equal(v.identity, "text");
	sis_volume_free(&v);
}

static void test_sparse(void **state)
{
	struct sis_volume v;

	(void)state;
	make_file("mypool/v", 8 * MIB); /* no attribute: the file says it */
	v = list_volume("mypool/v");
	assert_true(v.sparse);
	sis_volume_free(&v);
	ok(destroy, "mypool/v", false);
	ok(create, "mypool/v", (&(struct sis_create){ .volume = true, .size = MIB }));
	v = list_volume("mypool/v");
	assert_false(v.sparse);
	sis_volume_free(&v);
}

static void assert_list(sis_strv *names, const char *want, const char *want_missing)
{
	sis_autostrv sis_strv missing = { 0 };
	sis_autofree char *got = list_names(names, &missing);
	sis_autostr struct sis_str s = { 0 };

	assert_string_equal(got, want);
	for (size_t i = 0; i < missing.n; i++)
		sis_str_addf(&s, "%s%s", i ? " " : "", missing.v[i]);
	assert_string_equal(sis_str_get(&s), want_missing);
}

static void test_list_names(void **state)
{
	const char *mixed[] = { "mypool/fs/v", "mypool", "nope/x", "mypool/fs", "mypool/w/below",
				"other" };
	sis_strv names = { (char **)mixed, 6, 6 }, none = { 0 };
	sis_volumes l = { 0 };

	(void)state;
	make_folder("mypool/fs");
	make_volume("mypool/fs/v");
	make_volume("mypool/fs-x");
	make_volume("mypool/w");
	assert_names("mypool/fs-x mypool/fs/v mypool/w");
	assert_list(&names, "mypool/fs-x mypool/fs/v mypool/w", "nope/x mypool/w/below");
	names.n = 1;
	assert_list(&names, "mypool/fs/v", "");
	assert_list(&none, "", "");
	names.v = (char **)mixed + 2;
	fails(ENOENT, "cannot open 'nope/x': dataset does not exist", list, &names, &l, NULL);
	assert_int_equal(l.n, 0);
}

static void test_not_volumes(void **state)
{
	(void)state;
	put_text(in_dir("pool-file"), "a file beside the pools");
	put_text(in_dir("mypool/.hidden"), "x");
	put_text(in_dir("mypool/a+b"), "x");
	put_text(in_dir("mypool/new\nline"), "x");
	assert_int_equal(mkdir(in_dir("mypool/lost+found"), 0700), 0);
	assert_int_equal(mkfifo(in_dir("mypool/fifo"), 0600), 0);
	assert_int_equal(symlink("/etc/passwd", in_dir("mypool/passwd")), 0);
	assert_names("");
}

static void test_not_ready(void **state)
{
	(void)state;
	make_file("mypool/empty", 0);
	assert_not_ready("mypool/empty", "the file is empty; set its size with "
			 "'zfs set volsize=SIZE mypool/empty'");
	make_file("mypool/small", 511);
	assert_not_ready("mypool/small", "the file is smaller than a block of 512 bytes; set its "
			 "size with 'zfs set volsize=SIZE mypool/small'");
	make_volume("mypool/v");
	assert_int_equal(link(in_dir("mypool/v"), in_dir("mypool/second")), 0);
	assert_not_ready("mypool/v",
			 "the file has 2 names (hard links): two disks on one file would "
			 "destroy its data");
	assert_names("mypool/empty mypool/second mypool/small mypool/v");
	ok(set, "mypool/small", "volsize", "1M");
	assert_true(list_guid("mypool/small") != 0);
}

static void test_escape(void **state)
{
	const char *link[] = { "mypool/link", "mypool/link/v", "mypool/up/other/v", "plink/v" };
	sis_strv names = { (char **)link, 4, 4 };

	(void)state;
	make_volume("other/v");
	assert_int_equal(symlink("../other", in_dir("mypool/link")), 0);
	assert_int_equal(symlink("..", in_dir("mypool/up")), 0);
	assert_int_equal(symlink("other", in_dir("plink")), 0);
	assert_int_equal(symlink("../other/v", in_dir("mypool/vlink")), 0);
	assert_names("other/v");
	assert_list(&names, "", "mypool/link mypool/link/v mypool/up/other/v plink/v");
	fails(ENOENT, "cannot open 'mypool/vlink': dataset does not exist", set, "mypool/vlink",
	      "a:b", "c");
	fails(ENOENT, "cannot open 'mypool/link/v': dataset does not exist", destroy,
	      "mypool/link/v", true);
	fails(ENOENT, "cannot create 'mypool/link/w': parent does not exist", create,
	      "mypool/link/w", (&(struct sis_create){ .parents = true }));
	fails(ENOENT, "cannot create 'plink/w': no such pool 'plink'", create, "plink/w",
	      (&(struct sis_create){ .parents = true }));
	fails(EEXIST, "cannot create 'mypool/link': dataset already exists", create, "mypool/link",
	      (&(struct sis_create){ 0 }));
	make_volume("mypool/w");
	fails(ENOENT, "cannot create 'mypool/up/w': parent does not exist", rename, "mypool/w",
	      "mypool/up/w", true);
	assert_names("mypool/w other/v");
}

static void test_guid_stays(void **state)
{
	sis_autofree char *text = NULL;
	uint64_t guid;
	struct stat st;
	sis_autofree char *want = NULL, *decimal = NULL;

	(void)state;
	make_file("mypool/v", MIB);
	guid = list_guid("mypool/v");
	assert_true(guid != 0);
	assert_true(list_guid("mypool/v") == guid);
	assert_int_equal(rename(in_dir("mypool/v"), in_dir("other/w")), 0);
	assert_true(list_guid("other/w") == guid);
	decimal = sis_asprintf("%llu", (unsigned long long)guid);
	assert_prop("other/w", "guid", decimal, SIS_SOURCE_NONE, NULL);
	assert_int_equal(stat(in_dir("other/w"), &st), 0);
	text = read_attr("other/w", GUID_ATTR);
	want = sis_asprintf("%016llx:%llu", (unsigned long long)guid,
			    (unsigned long long)st.st_ino);
	assert_string_equal(text, want);
}

static void test_guid_copies(void **state)
{
	uint64_t guid, copy;

	(void)state;
	make_volume("mypool/v");
	ok(set, "mypool/v", SIS_PROP_SHARE, "on");
	guid = list_guid("mypool/v");
	copy_file("mypool/v", "mypool/copy");
	copy = list_guid("mypool/copy");
	assert_true(copy != guid && copy != 0);
	assert_true(list_guid("mypool/copy") == copy);
	assert_true(list_guid("mypool/v") == guid);
	assert_prop("mypool/copy", SIS_PROP_SHARE, "on", SIS_SOURCE_LOCAL, NULL);
}

static void test_guid_garbage(void **state)
{
	static const char *const garbage[] = {
		"", ":", "1:2", "0000000000000000:%llu", "123456789abcdef0", "123456789abcdef0:",
		"123456789abcdef0:-1", "123456789abcdeg0:%llu", "123456789abcdef0:%llu ",
		"123456789abcdef0:0%llu",
	};

	(void)state;
	make_file("mypool/v", MIB);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		const char *at = strstr(garbage[i], "%llu");
		sis_autostr struct sis_str s = { 0 };
		struct stat st;

		assert_int_equal(stat(in_dir("mypool/v"), &st), 0);
		sis_str_addn(&s, garbage[i], at ? (size_t)(at - garbage[i]) : strlen(garbage[i]));
		if (at)
			sis_str_addf(&s, "%llu%s", (unsigned long long)st.st_ino, at + 4);
		assert_int_equal(setxattr(in_dir("mypool/v"), GUID_ATTR, sis_str_get(&s), s.len, 0),
				 0);
		assert_true(list_guid("mypool/v") != 0);
		assert_true(list_guid("mypool/v") != 0x123456789abcdef0);
	}
}

static void test_hostile_attrs(void **state)
{
	struct sis_volume v;

	(void)state;
	make_volume("mypool/v");
	assert_int_equal(setxattr(in_dir("mypool/v"), "user." SIS_PROP_SHARE, "on\0off", 6, 0), 0);
	assert_int_equal(setxattr(in_dir("mypool/v"), "user.volblocksize", "-1", 2, 0), 0);
	assert_int_equal(setxattr(in_dir("mypool/v"), "user.readonly", "?", 1, 0), 0);
	v = list_volume("mypool/v");
	assert_string_equal(v.share, "on?off");
	assert_int_equal(v.volblocksize, 16384);
	assert_false(v.readonly);
	assert_true(v.ready);
	sis_volume_free(&v);
}

static void test_lock_held(void **state)
{
	int fd;

	(void)state;
	make_file("mypool/v", MIB);
	fd = open(in_dir("mypool/v"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_not_ready("mypool/v", "it has no guid of its own yet and another program holds a "
			 "lock on the file");
	close(fd);
	assert_true(list_guid("mypool/v") != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_list_fields),
		store_test(test_sparse),
		store_test(test_list_names),
		store_test(test_not_volumes),
		store_test(test_not_ready),
		store_test(test_escape),
		store_test(test_guid_stays),
		store_test(test_guid_copies),
		store_test(test_guid_garbage),
		store_test(test_hostile_attrs),
		store_test(test_lock_held),
	};

	return cmocka_run_group_tests_name("store_dir_list", tests, NULL, NULL);
}

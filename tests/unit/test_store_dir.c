/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The dir store's own commands: names, create, destroy, rename.
 */
#include "test_store_dir.h"

static const struct sis_create sparse_mib = { .volume = true, .sparse = true, .size = MIB };
static const struct sis_create folder = { 0 };

static void test_open(void **state)
{
	struct sis_sx s = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *spec = sis_asprintf("dir:%s/nope", dir);
	sis_autofree char *msg = sis_asprintf("cannot open store '%s': No such file or directory",
					      spec);

	(void)state;
	assert_int_equal(sis_store_open("dir", NULL, NULL, &s, &err), -SIS_ERR_USAGE);
	assert_string_equal(sis_err_msg(&err), "store 'dir' needs the folder that holds the pools: "
			    "dir:PATH, as in dir:/var/lib/shareiscsi");
	assert_int_equal(sis_store_open("dir:", NULL, NULL, &s, &err), -SIS_ERR_USAGE);
	assert_int_equal(sis_store_open(spec, NULL, NULL, &s, &err), -ENOENT);
	assert_string_equal(sis_err_msg(&err), msg);
	assert_int_equal(mkdir(in_dir("two\nlines"), 0755), 0);
	free(spec);
	spec = sis_asprintf("dir:%s/two\nlines", dir);
	assert_int_equal(sis_store_open(spec, NULL, NULL, &s, &err), -EINVAL);
	assert_int_equal(sis_store_open("di:/", NULL, NULL, &s, &err), -SIS_ERR_USAGE);
	assert_true(sis_str_starts(sis_err_msg(&err), "no store 'di'; there are: "));
	assert_int_equal(sis_store_open("dir:/proc/self/status", NULL, NULL, &s, &err), -ENOTDIR);
	assert_null(s.store);
	assert_true(sx.store->present(&sx));
	assert_string_equal(sx.path, top);
}

static void test_open_link(void **state)
{
	struct sis_sx s = { 0 };
	sis_autofree char *spec = sis_asprintf("dir:%s/link", dir);

	(void)state;
	assert_int_equal(symlink(".", in_dir("link")), 0);
	assert_int_equal(sis_store_open(spec, NULL, NULL, &s, NULL), 0);
	assert_string_equal(s.path, top);
	sis_store_close(&s);
	assert_null(s.path);
}

static const struct {
	const char *name, *why;
	int code;
} bad_names[] = {
	{ "x@y", "snapshot delimiter '@' is not expected here", EINVAL },
	{ "mypool/x#y", "bookmark delimiter '#' is not expected here", EINVAL },
	{ "a%b", "invalid character '%' in name", EINVAL },
	{ "mypool/a+b", "invalid character '+' in name", EINVAL },
	{ "mypool/a\nb", "invalid character 0x0a in name", EINVAL },
	{ "mypool/\xff", "invalid character 0xff in name", EINVAL },
	{ "mypool/a\\b", "invalid character '\\' in name", EINVAL },
	{ "", "empty component in name", EINVAL },
	{ "/", "leading slash in name", EINVAL },
	{ "/mypool", "leading slash in name", EINVAL },
	{ "mypool/", "trailing slash in name", EINVAL },
	{ "mypool//x", "empty component in name", EINVAL },
	{ ".", "self reference, '.' is found in name", EINVAL },
	{ "..", "parent reference, '..' is found in name", EINVAL },
	{ "mypool/./x", "self reference, '.' is found in name", EINVAL },
	{ "mypool/../../etc/passwd", "parent reference, '..' is found in name", EINVAL },
	{ "mypool/.x", "component that begins with '.' in name", EINVAL },
};

/* As the error object cleans it: one line. */
static char *message(const char *what, const char *name, const char *why)
{
	char *s = sis_asprintf("%s '%s': %s", what, name, why);

	for (char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	}
	return s;
}

static void test_bad_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		const char *name = bad_names[i].name, *why = bad_names[i].why;
		sis_autofree char *create = message("cannot create", name, why);
		sis_autofree char *rename = message("cannot rename to", name, why);
		sis_autofree char *open = message("cannot open", name, why);
		char *names[] = { (char *)name };
		sis_strv l = { names, 1, 1 }, missing = { 0 };
		sis_volumes volumes = { 0 };
		sis_datasets datasets = { 0 };
		sis_props props = { 0 };
		struct sis_prop prop = { 0 };

		fails(bad_names[i].code, create, create, name, &sparse_mib);
		fails(bad_names[i].code, open, destroy, name, true);
		fails(bad_names[i].code, open, set, name, SHARE, "on");
		fails(bad_names[i].code, open, inherit, name, SHARE, true);
		fails(bad_names[i].code, open, get, name, SHARE, &prop);
		fails(bad_names[i].code, open, get_all, name, &props);
		fails(bad_names[i].code, open, datasets, name, -1, 3u, &datasets);
		fails(bad_names[i].code, open, list, &l, &volumes, NULL);
		fails(bad_names[i].code, open, list, &l, &volumes, &missing);
		fails(bad_names[i].code, open, rename, name, "mypool/y", false);
		fails(bad_names[i].code, rename, rename, "mypool", name, false);
		assert_int_equal(missing.n, 0);
	}
	assert_names("");
	assert_no_remnants();
}

static void test_legal_names(void **state)
{
	static const char *const names[] = {
		"mypool/ ", "mypool/-x", "mypool/A", "mypool/a", "mypool/a b", "mypool/a:b.c_d-e",
		"mypool/x ", "mypool/x..y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make_volume(names[i]);
	assert_names("mypool/  mypool/-x mypool/A mypool/a mypool/a b mypool/a:b.c_d-e mypool/x  "
		     "mypool/x..y");
}

static void test_long_names(void **state)
{
	char name[300] = "mypool/";
	sis_autofree char *msg = NULL;

	(void)state;
	memset(name + 7, 'x', 248); /* 255 bytes: the longest there is */
	make_volume(name);
	assert_names(name);
	ok(destroy, name, false);
	name[100] = '/';
	name[255] = 'y';
	msg = message("cannot create", name, "name is too long");
	fails(ENAMETOOLONG, msg, create, name, &sparse_mib);
	/* made behind the store's back: nothing could be done with it, so it is not listed */
	name[100] = '\0';
	make_folder(name);
	name[100] = '/';
	put_text(in_dir(name), "x");
	assert_names("");
}

static void test_depth(void **state)
{
	struct sis_create c = { .volume = true, .sparse = true, .parents = true, .size = MIB };
	sis_autostr struct sis_str s = { 0 };
	sis_autofree char *msg = NULL;

	(void)state;
	sis_str_add(&s, "mypool");
	for (int i = 1; i < 50; i++)
		sis_str_add(&s, "/d");
	ok(create, s.s, &c);
	assert_names(s.s);
	ok(destroy, "mypool/d", true);
	sis_str_add(&s, "/d");
	msg = message("cannot create", s.s, "maximum name nesting depth exceeded");
	fails(EINVAL, msg, create, s.s, &c);
	assert_int_equal(access(in_dir("mypool/d"), F_OK), -1);
}

static void test_create_volume(void **state)
{
	struct sis_create c = { .volume = true, .size = 10 * MIB + 1 };
	struct stat st;

	(void)state;
	ok(create, "mypool/thick", &c);
	assert_int_equal(stat(in_dir("mypool/thick"), &st), 0);
	assert_int_equal(st.st_size, 10 * MIB + 16384); /* rounded up, as zfs create does */
	assert_true(st.st_blocks * 512 >= st.st_size);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_prop("mypool/thick", "volblocksize", "16384", SIS_SOURCE_NONE, NULL);
	assert_prop("mypool/thick", "volsize", "10502144", SIS_SOURCE_LOCAL, NULL);
	assert_prop("mypool/thick", "type", "volume", SIS_SOURCE_NONE, NULL);

	c = (struct sis_create){ .volume = true, .sparse = true, .size = 10ull << 30,
				 .volblocksize = 4096 };
	ok(create, "mypool/test", &c);
	assert_int_equal(stat(in_dir("mypool/test"), &st), 0);
	assert_int_equal(st.st_size, 10ll << 30);
	assert_true(st.st_blocks * 512 < MIB);
	assert_prop("mypool/test", "volblocksize", "4096", SIS_SOURCE_NONE, NULL);
	assert_no_remnants();
}

static void test_create_props(void **state)
{
	struct sis_prop list[] = {
		{ .name = (char *)SHARE, .value = (char *)"on,lun=3" },
		{ .name = (char *)"volblocksize", .value = (char *)"8K" },
		{ .name = (char *)"readonly", .value = (char *)"on" },
		{ .name = (char *)"Bad", .value = (char *)"1" },
	};
	sis_props props = { list, 3, 3 };
	struct sis_create c = { .volume = true, .sparse = true, .parents = true, .size = 1,
				.props = &props };

	(void)state;
	ok(create, "mypool/a/v", &c);
	assert_prop("mypool/a/v", SHARE, "on,lun=3", SIS_SOURCE_LOCAL, NULL);
	assert_prop("mypool/a", SHARE, NULL, SIS_SOURCE_NONE, NULL);
	assert_prop("mypool/a/v", "volsize", "8192", SIS_SOURCE_LOCAL, NULL);
	assert_prop("mypool/a/v", "readonly", "on", SIS_SOURCE_LOCAL, NULL);
	ok(create, "mypool/a/v", &c); /* -p: there already */
	props.n = 4;
	fails(EINVAL, "cannot create 'mypool/b/c/v': invalid property 'Bad'", create,
	      "mypool/b/c/v", &c);
	assert_int_equal(access(in_dir("mypool/b"), F_OK), -1);
	list[1].value = (char *)"8Q";
	fails(EINVAL, "cannot create 'mypool/b': bad numeric value '8Q'", create, "mypool/b", &c);
	list[1].value = (char *)"8K";
	c.volume = c.sparse = false;
	fails(EINVAL, "cannot create 'mypool/b': 'volblocksize' does not apply to datasets of this "
	      "type", create, "mypool/b", &c);
	fails(EEXIST, "cannot create 'mypool/a/v': dataset already exists", create, "mypool/a/v",
	      &c);
	assert_no_remnants();
}

static void test_create_errors(void **state)
{
	struct sis_create c = sparse_mib;
	sis_autofree char *pool = sis_asprintf(
		"cannot create 'mypool': missing dataset name (a pool is a folder of this store; "
		"make it with 'mkdir %s/mypool')", top);

	(void)state;
	make_volume("mypool/v");
	fails(EEXIST, "cannot create 'mypool/v': dataset already exists", create, "mypool/v", &c);
	fails(EEXIST, "cannot create 'mypool/v': dataset already exists", create, "mypool/v",
	      &folder);
	fails(ENOENT, "cannot create 'mypool/b/c': parent does not exist", create, "mypool/b/c",
	      &c);
	fails(ENOENT, "cannot create 'nope/b/c': no such pool 'nope'", create, "nope/b/c", &c);
	fails(ENOTDIR, "cannot create 'mypool/v/c': parent is not a filesystem", create,
	      "mypool/v/c", &c);
	fails(EINVAL, pool, create, "mypool", &folder);
	c.size = 0;
	fails(EINVAL, "cannot create 'mypool/w': 'volsize' cannot be zero", create, "mypool/w", &c);
	c.size = UINT64_MAX;
	fails(EFBIG, "cannot create 'mypool/w': volume size exceeds limit for this system", create,
	      "mypool/w", &c);
	c.size = MIB;
	c.volblocksize = 5000;
	fails(EINVAL,
	      "cannot create 'mypool/w': 'volblocksize' must be power of 2 from 512B to 16M",
	      create, "mypool/w", &c);
	c = (struct sis_create){ .volume = true, .size = more_than_free(), .parents = true };
	fails(ENOSPC, "cannot create 'mypool/n/w': out of space", create, "mypool/n/w", &c);
	assert_int_equal(access(in_dir("mypool/n"), F_OK), -1);
	assert_names("mypool/v");
	assert_no_remnants();
}

static void test_destroy(void **state)
{
	(void)state;
	make_folder("mypool/fs");
	make_folder("mypool/fs/sub");
	make_volume("mypool/fs/v");
	make_volume("mypool/fs/sub/w");
	make_volume("mypool/v");
	fails(EEXIST,
	      "cannot destroy 'mypool/fs': filesystem has children; use '-r' to destroy the 3 "
	      "datasets below it",
	      destroy, "mypool/fs", false);
	fails(EINVAL,
	      "cannot destroy 'mypool': operation does not apply to pools; use 'zfs destroy "
	      "-r mypool' to destroy all datasets in the pool",
	      destroy, "mypool", false);
	fails(ENOENT, "cannot open 'mypool/x': dataset does not exist", destroy, "mypool/x", true);
	ok(destroy, "mypool/v", false);
	put_text(in_dir("mypool/fs/sub/notes~"), "by hand");
	fails(ENOTEMPTY,
	      "cannot destroy 'mypool/fs': the folder of 'mypool/fs/sub' holds 'notes~', "
	      "which is no dataset; remove it first",
	      destroy, "mypool/fs", true);
	assert_names("mypool/fs/sub/w mypool/fs/v"); /* all still there */
	assert_int_equal(unlink(in_dir("mypool/fs/sub/notes~")), 0);
	/* what a killed create left is no obstacle */
	put_text(in_dir("mypool/fs/sub/.shareiscsi-new.0123"), "");
	assert_int_equal(mkdir(in_dir("mypool/fs/.shareiscsi-new.4567"), 0755), 0);
	ok(destroy, "mypool/fs", true);
	assert_int_equal(access(in_dir("mypool/fs"), F_OK), -1);
	make_volume("mypool/v");
	ok(destroy, "mypool", true);
	assert_names("");
	assert_int_equal(access(in_dir("mypool"), F_OK), 0);
}

static void test_rename(void **state)
{
	uint64_t guid;

	(void)state;
	make_folder("mypool/fs");
	make_volume("mypool/fs/v");
	guid = list_guid("mypool/fs/v");
	ok(set, "mypool/fs/v", SHARE, "on");
	ok(rename, "mypool/fs/v", "mypool/w", false);
	assert_names("mypool/w");
	assert_true(list_guid("mypool/w") == guid);
	assert_prop("mypool/w", SHARE, "on", SIS_SOURCE_LOCAL, NULL);
	ok(rename, "mypool/w", "mypool/w", false);
	ok(rename, "mypool/w", "mypool/p/q/w", true);
	ok(rename, "mypool/p", "mypool/r", false);
	assert_true(list_guid("mypool/r/q/w") == guid);
	assert_no_remnants();
}

static void test_rename_errors(void **state)
{
	char deep[300];

	(void)state;
	make_folder("mypool/fs");
	make_volume("mypool/fs/v");
	make_volume("mypool/w");
	fails(ENOENT, "cannot open 'mypool/x': dataset does not exist", rename, "mypool/x",
	      "mypool/y", false);
	fails(EXDEV, "cannot rename to 'other/w': datasets must be within same pool", rename,
	      "mypool/w", "other/w", false);
	fails(EXDEV, "cannot rename to 'mypool2/w': datasets must be within same pool", rename,
	      "mypool/w", "mypool2/w", true);
	fails(EXDEV, "cannot rename to 'mypool/w': datasets must be within same pool", rename,
	      "mypool", "mypool/w", false);
	fails(EINVAL, "cannot rename to 'mypool/fs/z': New dataset name cannot be a descendant of "
	      "current dataset name", rename, "mypool/fs", "mypool/fs/z", true);
	fails(ENOENT, "cannot create 'mypool/n/w': parent does not exist", rename, "mypool/w",
	      "mypool/n/w", false);
	fails(EEXIST, "cannot rename 'mypool/w': dataset already exists", rename, "mypool/w",
	      "mypool/fs", false);
	fails(EEXIST, "cannot rename 'mypool/w': dataset already exists", rename, "mypool/w",
	      "mypool/fs/v", true);
	/* what is below must keep a name, too */
	memset(deep, 'x', sizeof(deep));
	memcpy(deep, "mypool/", 7);
	deep[254] = '\0';
	{
		sis_autofree char *msg = message("cannot rename to", deep, "name is too long");

		fails(ENAMETOOLONG, msg, rename, "mypool/fs", deep, false);
	}
	assert_names("mypool/fs/v mypool/w");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_open),
		store_test(test_open_link),
		store_test(test_bad_names),
		store_test(test_legal_names),
		store_test(test_long_names),
		store_test(test_depth),
		store_test(test_create_volume),
		store_test(test_create_props),
		store_test(test_create_errors),
		store_test(test_destroy),
		store_test(test_rename),
		store_test(test_rename_errors),
	};

	return cmocka_run_group_tests_name("store_dir", tests, NULL, NULL);
}

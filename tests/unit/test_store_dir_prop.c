/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Properties of the dir store: set, inherit, get, resize; and what `zfs list` asks it.
 */
#include "test_store_dir.h"

static void test_inherit(void **state)
{
	(void)state;
	make_folder("mypool/fs");
	make_volume("mypool/fs/v");
	assert_prop("mypool/fs/v", SHARE, NULL, SIS_SOURCE_NONE, NULL);
	ok(set, "mypool", SHARE, "on");
	assert_prop("mypool/fs/v", SHARE, "on", SIS_SOURCE_INHERITED, "mypool");
	ok(set, "mypool/fs", SHARE, "off");
	assert_prop("mypool/fs/v", SHARE, "off", SIS_SOURCE_INHERITED, "mypool/fs");
	ok(set, "mypool/fs/v", SHARE, "");
	assert_prop("mypool/fs/v", SHARE, "", SIS_SOURCE_LOCAL, NULL);
	ok(inherit, "mypool/fs/v", SHARE, false);
	ok(inherit, "mypool/fs/v", SHARE, false);
	assert_prop("mypool/fs/v", SHARE, "off", SIS_SOURCE_INHERITED, "mypool/fs");
	ok(set, "mypool/fs/v", SHARE, "on");
	ok(inherit, "mypool", SHARE, true);
	assert_prop("mypool/fs/v", SHARE, NULL, SIS_SOURCE_NONE, NULL);
	ok(set, "mypool", "readonly", "on");
	assert_prop("mypool/fs/v", "readonly", "on", SIS_SOURCE_INHERITED, "mypool");
	ok(inherit, "mypool", "readonly", false);
	assert_prop("mypool/fs/v", "readonly", NULL, SIS_SOURCE_NONE, NULL);

	fails(SIS_ERR_USAGE, "invalid property 'shareiscsi'", inherit, "mypool", "shareiscsi",
	      false);
	fails(EINVAL, "'volsize' property cannot be inherited", inherit, "mypool/fs/v", "volsize",
	      false);
	fails(EINVAL, "volblocksize property is read-only", inherit, "mypool/fs/v", "volblocksize",
	      false);
	fails(EINVAL, SIS_PROP_SHARE ":guid property is read-only", inherit, "mypool/fs/v",
	      SIS_PROP_SHARE ":guid", false);
	fails(ENOENT, "cannot open 'nope': dataset does not exist", inherit, "nope", SHARE, false);
}

static void test_set_user(void **state)
{
	char name[300] = "a:", value[9000], text[600];

	(void)state;
	make_volume("mypool/v");
	fails(EINVAL, "cannot set property for 'mypool/v': invalid property 'shareiscsi'", set,
	      "mypool/v", "shareiscsi", "on");
	fails(EINVAL, "cannot set property for 'mypool/v': invalid property 'Org.Foo:bar'", set,
	      "mypool/v", "Org.Foo:bar", "1");
	fails(EINVAL, "cannot set property for 'mypool/v': '" SIS_PROP_SHARE ":guid' is readonly",
	      set, "mypool/v", SIS_PROP_SHARE ":guid", "1");
	fails(ENOENT, "cannot open 'mypool/x': dataset does not exist", set, "mypool/x", SHARE,
	      "on");
	memset(name + 2, 'b', 248);
	ok(set, "mypool/v", name, "longest");
	assert_prop("mypool/v", name, "longest", SIS_SOURCE_LOCAL, NULL);
	name[250] = 'b';
	snprintf(text, sizeof(text),
		 "cannot set property for 'mypool/v': property name '%s' is too "
		 "long for an extended attribute (250 bytes)",
		 name);
	fails(ENAMETOOLONG, text, set, "mypool/v", name, "x");
	memset(name + 2, 'b', 254);
	snprintf(text, sizeof(text),
		 "cannot set property for 'mypool/v': property name '%s' is too "
		 "long",
		 name);
	fails(ENAMETOOLONG, text, set, "mypool/v", name, "x");
	memset(value, 'x', sizeof(value));
	value[8192] = '\0';
	fails(E2BIG, "cannot set property for 'mypool/v': property value too long", set, "mypool/v",
	      SHARE, value);
	ok(set, "mypool/v", "a:b", "tab\tand\nnewline \xff");
	assert_prop("mypool/v", "a:b", "tab\tand\nnewline \xff", SIS_SOURCE_LOCAL, NULL);
}

/* 8191 bytes are zfs's limit; ext4 holds less, others hold them all. */
static void test_set_long(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char value[8192];
	int r;

	(void)state;
	memset(value, 'x', 8191);
	value[8191] = '\0';
	make_volume("mypool/v");
	ok(set, "mypool/v", SHARE, "before");
	r = sx.store->set(&sx, "mypool/v", SHARE, value, &err);
	if (r)
		assert_string_equal(sis_err_msg(&err),
				    "cannot set property for 'mypool/v': property "
				    "value too long for what is left of the extended attributes, "
				    "or the file system is full");
	assert_prop("mypool/v", SHARE, r ? "before" : value, SIS_SOURCE_LOCAL, NULL);
}

static void test_set_native(void **state)
{
	struct stat st;

	(void)state;
	make_volume("mypool/v");
	ok(set, "mypool/v", "volsize", "2M");
	assert_prop("mypool/v", "volsize", "2097152", SIS_SOURCE_LOCAL, NULL);
	ok(set, "mypool/v", "volsize", "16384");
	assert_int_equal(stat(in_dir("mypool/v"), &st), 0);
	assert_int_equal(st.st_size, 16384);
	fails(EINVAL, "cannot set property for 'mypool/v': 'volsize' must be a multiple of volume "
	      "block size (16K)", set, "mypool/v", "volsize", "20000");
	fails(EINVAL, "cannot set property for 'mypool/v': 'volsize' cannot be zero", set,
	      "mypool/v", "volsize", "0");
	fails(EINVAL, "cannot set property for 'mypool/v': bad numeric value 'x'", set, "mypool/v",
	      "volsize", "x");
	fails(ERANGE, "cannot set property for 'mypool/v': numeric value is too large", set,
	      "mypool/v", "volsize", "16E");
	fails(EFBIG,
	      "cannot set property for 'mypool/v': volume size exceeds limit for this system", set,
	      "mypool/v", "volsize", "8E");
	fails(EINVAL,
	      "cannot set property for 'mypool': 'volsize' does not apply to datasets of this "
	      "type",
	      set, "mypool", "volsize", "1M");
	fails(EINVAL, "cannot set property for 'mypool/v': 'volblocksize' is readonly", set,
	      "mypool/v", "volblocksize", "4096");
	fails(EINVAL, "cannot set property for 'mypool/v': 'readonly' must be one of 'on | off'",
	      set, "mypool/v", "readonly", "yes");
	ok(set, "mypool", "readonly", "on");
	fails(EROFS, "cannot set property for 'mypool/v': dataset is read-only", set, "mypool/v",
	      "volsize", "1M");
	ok(set, "mypool/v", "readonly", "off");
	ok(set, "mypool/v", "volsize", "1M");
}

static void test_resize_thick(void **state)
{
	struct sis_create c = { .volume = true, .size = MIB };
	sis_autofree char *size = NULL;
	struct stat st;

	(void)state;
	ok(create, "mypool/v", &c);
	ok(set, "mypool/v", "volsize", "3M");
	assert_int_equal(stat(in_dir("mypool/v"), &st), 0);
	assert_int_equal(st.st_size, 3 * MIB);
	assert_true(st.st_blocks * 512 >= 3 * MIB); /* still reserved */
	size = sis_asprintf("%llu", (unsigned long long)more_than_free());
	fails(ENOSPC, "cannot set property for 'mypool/v': out of space", set, "mypool/v",
	      "volsize", size);
	assert_int_equal(stat(in_dir("mypool/v"), &st), 0);
	assert_int_equal(st.st_size, 3 * MIB);
	assert_true(st.st_blocks * 512 < 4 * MIB);
}

static void test_get(void **state)
{
	struct sis_prop p = { 0 };
	sis_props l = { 0 };

	(void)state;
	make_folder("mypool/fs");
	make_volume("mypool/fs/v");
	fails(SIS_ERR_USAGE, "bad property list: invalid property 'shareiscsi'", get, "mypool",
	      "shareiscsi", &p);
	fails(SIS_ERR_USAGE, "bad property list: invalid property '" SIS_PROP_SHARE ":guid'", get,
	      "mypool/fs/v", SIS_PROP_SHARE ":guid", &p);
	fails(ENOENT, "cannot open 'mypool/x': dataset does not exist", get, "mypool/x", SHARE, &p);
	assert_prop("mypool", "volsize", NULL, SIS_SOURCE_NONE, NULL);
	assert_prop("mypool", "type", "filesystem", SIS_SOURCE_NONE, NULL);
	ok(get, "mypool", "used", &p);
	assert_non_null(p.value);
	sis_prop_free(&p);

	ok(set, "mypool", "z:z", "1");
	ok(set, "mypool", SHARE, "on");
	ok(set, "mypool/fs", SHARE, "off");
	ok(set, "mypool/fs/v", "a:a", "2");
	assert_int_equal(setxattr(in_dir("mypool/fs/v"), "user.no-property", "x", 1, 0), 0);
	ok(get_all, "mypool/fs/v", &l);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].name, "a:a");
	assert_int_equal(l.v[0].source, SIS_SOURCE_LOCAL);
	assert_string_equal(l.v[1].name, SHARE);
	assert_string_equal(l.v[1].value, "off");
	assert_string_equal(l.v[1].from, "mypool/fs");
	assert_string_equal(l.v[2].name, "z:z");
	assert_int_equal(l.v[2].source, SIS_SOURCE_INHERITED);
	sis_props_free(&l);
}

static char *dataset_names(const char *name, int depth, unsigned types)
{
	sis_autodatasets sis_datasets l = { 0 };
	struct sis_str s = { 0 };

	ok(datasets, name, depth, types, &l);
	sis_vec_each(d, &l)
		sis_str_addf(&s, "%s%s%s", s.len ? " " : "", d->name,
			     d->type == SIS_DATASET_VOLUME ? "*" : "");
	return sis_str_take(&s);
}

static void assert_datasets(const char *name, int depth, unsigned types, const char *want)
{
	sis_autofree char *got = dataset_names(name, depth, types);

	assert_string_equal(got, want);
}

static void test_datasets(void **state)
{
	const unsigned all = SIS_DATASET_FILESYSTEM | SIS_DATASET_VOLUME;
	sis_autodatasets sis_datasets l = { 0 };

	(void)state;
	make_folder("mypool/a");
	ok(create, "mypool/a/x", (&(struct sis_create){ .volume = true, .size = MIB }));
	make_volume("mypool/a-b");
	/* by whole names, as zfs list sorts: '-' comes before '/' */
	assert_datasets(NULL, -1, all, "mypool mypool/a mypool/a-b* mypool/a/x* other");
	assert_datasets(NULL, 0, all, "mypool other");
	assert_datasets(NULL, 1, all, "mypool mypool/a mypool/a-b* other");
	assert_datasets(NULL, -1, SIS_DATASET_VOLUME, "mypool/a-b* mypool/a/x*");
	assert_datasets(NULL, -1, SIS_DATASET_FILESYSTEM, "mypool mypool/a other");
	assert_datasets("mypool/a", 0, all, "mypool/a");
	assert_datasets("mypool/a", -1, all, "mypool/a mypool/a/x*");
	assert_datasets("mypool/a/x", 5, all, "mypool/a/x*");
	ok(datasets, "mypool", -1, all, &l);
	assert_int_equal(l.v[3].size, MIB);
	assert_int_equal(l.v[3].volblocksize, 16384);
	assert_true(l.v[3].used >= MIB);
	assert_true(l.v[1].used >= l.v[3].used); /* a folder's is the sum of what is below */
	assert_true(l.v[0].used >= l.v[1].used + l.v[2].used);
	assert_int_equal(l.v[0].size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_inherit),
		store_test(test_set_user),
		store_test(test_set_long),
		store_test(test_set_native),
		store_test(test_resize_thick),
		store_test(test_get),
		store_test(test_datasets),
	};

	return cmocka_run_group_tests_name("store_dir_prop", tests, NULL, NULL);
}

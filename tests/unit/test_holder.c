/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who has a block device: small trees of ordinary files in the place of sysfs and procfs.
 */
#include "test_base_dir.h"

#include <sys/sysmacros.h>

#include "backend/holder.h"
#include "base/file.h"
#include "base/str.h"

#define DISK "/sys/dev/block/230:16"

static struct sis_kfs kfs = { .root = dir, .ops = &sis_kfs_real_ops };

static void put(const char *path, const char *text)
{
	sis_autofree char *folder = sis_asprintf("%s%s", dir, path);
	sis_autofree char *file = sis_strdup(folder);

	*strrchr(folder, '/') = '\0';
	assert_int_equal(sis_mkdir_p(folder, 0755, NULL), 0);
	put_text(file, text);
}

static int disk_setup(void **state)
{
	if (dir_setup(state) < 0)
		return -1;
	put(DISK "/dev", "230:16\n");
	put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	return 0;
}

static void expect(const char *text)
{
	sis_autofree char *got = sis_holder_text(&kfs, makedev(230, 16));

	if (text)
		assert_non_null(got);
	if (text)
		assert_string_equal(got, text);
	else
		assert_null(got);
}

static void test_nobody(void **state)
{
	(void)state;
	expect(NULL);
	put(DISK "/zd16p1/partition", "1\n");
	put(DISK "/zd16p1/dev", "230:17\n");
	expect(NULL);
}

static void test_stacked(void **state)
{
	(void)state;
	put(DISK "/holders/md127/dev", "9:127\n");
	expect("is held by md127");
}

static void test_lvm(void **state)
{
	(void)state;
	put(DISK "/holders/dm-3/dm/name", "guest-root\n");
	expect("is held by device-mapper guest-root");
}

static void test_mounted(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
				    "40 22 230:16 / /mnt/a\\040b rw - ext4 /dev/zd16 rw\n");
	expect("is mounted on '/mnt/a b'");
}

static void test_partition(void **state)
{
	(void)state;
	put(DISK "/zd16p1/partition", "1\n");
	put(DISK "/zd16p1/dev", "230:17\n");
	put(DISK "/zd16p1/holders/dm-0/dm/name", "vg-lv\n");
	expect("has partition zd16p1, which is held by device-mapper vg-lv");
}

static void test_any(void **state)
{
	(void)state;
	assert_false(sis_holder_any(in_dir("missing")));
	put_text(in_dir("free"), "");
	assert_false(sis_holder_any(in_dir("free")));
}

#define DISK_TEST(name) cmocka_unit_test_setup_teardown(name, disk_setup, dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(test_nobody),
		DISK_TEST(test_stacked),
		DISK_TEST(test_lvm),
		DISK_TEST(test_mounted),
		DISK_TEST(test_partition),
		DISK_TEST(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

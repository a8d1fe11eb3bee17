/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the recorder notes of a replaced configuration file, and that a dry run leaves it alone.
 */
#include "test_base_dir.h"

#include "base/file.h"
#include "base/str.h"
#include "core/trace.h"

static struct sis_trace trace;
static struct sis_runner runner;
static struct sis_kfs kfs;

static void begin(bool dry)
{
	sis_trace_clear(&trace);
	sis_trace_init(&trace, dry, dir, &runner, &kfs);
}

static void assert_noted(const char *const *lines, size_t n)
{
	assert_int_equal(trace.lines.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(trace.lines.v[i], lines[i]);
	sis_trace_clear(&trace);
}

static void test_replace(void **state)
{
	static const char *const made[] = { "edit /conf: + 'one two'", "edit /conf: + three" };
	static const char *const changed[] = { "edit /conf: - three", "edit /conf: + four" };

	(void)state;
	begin(false);
	assert_int_equal(sis_kfs_replace(&kfs, "one two\nthree\n", 0644, NULL, "/conf"), 0);
	assert_noted(made, 2);
	begin(true);
	assert_int_equal(sis_kfs_replace(&kfs, "four\none two\n", 0644, NULL, "/conf"), 0);
	assert_noted(changed, 2);
	assert_file(in_dir("conf"), "one two\nthree\n");
	begin(false);
	assert_int_equal(sis_kfs_replace(&kfs, "four\none two\n", 0644, NULL, "/conf"), 0);
	assert_noted(changed, 2);
	assert_file(in_dir("conf"), "four\none two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests_name("core/trace", tests, dir_setup, dir_teardown);
}

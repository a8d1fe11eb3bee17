/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the recorder notes of a replaced configuration file, and that a dry run leaves it alone;
 * which programs it asks only once.
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

/* A program that says this and fails if that is asked for; each start adds a line to "runs". */
static void make_program(const char *says, int status)
{
	sis_autofree char *text = sis_asprintf("#!/bin/sh\necho >>'%s/runs'\necho '%s'\nexit %d\n",
					       dir, says, status);

	assert_int_equal(sis_file_replace(in_dir("program"), text, 0755, NULL), 0);
}

static size_t runs(void)
{
	sis_autofree char *text = NULL;

	return sis_file_read(in_dir("runs"), 4096, &text, NULL) < 0 ? 0 : strlen(text);
}

static void assert_says(const char *what, int status)
{
	const char *const argv[] = { in_dir("program"), "--version", NULL };
	const struct sis_cmd cmd = { .argv = argv, .remember = "program" };
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autofree char *line = sis_asprintf("%s\n", what);

	assert_int_equal(runner.run(runner.ctx, &cmd, &res, NULL), 0);
	assert_int_equal(res.status, status);
	assert_string_equal(res.out, line);
	assert_int_equal(res.out_len, strlen(line));
	assert_string_equal(res.errout, "");
}

static void test_remember(void **state)
{
	(void)state;
	begin(false);
	make_program("1.0", 0);
	assert_says("1.0", 0);
	assert_says("1.0", 0);
	assert_int_equal(runs(), 2); /* there is no folder to keep it in */
	assert_int_equal(sis_mkdir_p(in_dir("run/shareiscsi"), 0755, NULL), 0);
	begin(true);
	assert_says("1.0", 0);
	assert_says("1.0", 0);
	assert_int_equal(runs(), 4); /* a dry run keeps nothing, */
	begin(false);
	assert_says("1.0", 0);
	assert_says("1.0", 0);
	begin(true);
	assert_says("1.0", 0);
	assert_int_equal(runs(), 5); /* and knows what was kept */

	begin(false);
	make_program("1.1", 0);
	assert_says("1.1", 0); /* as long as the one before */
	assert_says("1.1", 0);
	assert_int_equal(runs(), 6);
	make_program("1.2", 1);
	assert_says("1.2", 1);
	assert_says("1.2", 1);
	assert_int_equal(runs(), 8); /* a failure is not kept */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_remember),
	};

	return cmocka_run_group_tests_name("core/trace", tests, dir_setup, dir_teardown);
}

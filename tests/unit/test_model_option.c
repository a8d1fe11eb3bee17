/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parser of the property's value against its golden file, and the table against itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "golden.h"
#include "model/option.h"

static void check_good(const char *value, const char *want)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autooptions struct sis_options o = { 0 }, again = { 0 };
	sis_autofree char *text = NULL, *twice = NULL;

	if (sis_options_parse(value, &o, &err) < 0)
		fail_msg("'%s' was refused: %s", value, sis_err_msg(&err));
	text = sis_options_print(&o);
	assert_string_equal(text, want);
	assert_int_equal(sis_options_parse(text, &again, &err), 0);
	twice = sis_options_print(&again);
	assert_string_equal(twice, want);
	assert_int_equal(o.on, !sis_streq(value, "off"));
}

static void check_bad(const char *value, const char *want)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autooptions struct sis_options o = { 0 };

	if (sis_options_parse(value, &o, &err) == 0)
		fail_msg("'%s' was accepted", value);
	assert_int_equal(err.code, SIS_ERR_USAGE);
	assert_string_equal(sis_err_msg(&err), want);
	assert_false(o.on);
}

static void test_golden(void **state)
{
	sis_autofree char *text = golden_read("tests/golden/model/options.txt");
	char *cursor = text, *line;
	size_t n = 0;

	(void)state;
	while ((line = golden_line(&cursor))) {
		char *good, *bad;

		if (!*line || *line == '#')
			continue;
		good = strstr(line, " => ");
		bad = strstr(line, " !! ");
		assert_true(good || bad);
		*(good ? good : bad) = '\0';
		golden_unescape(line);
		if (good)
			check_good(line, good + 4);
		else
			check_bad(line, bad + 4);
		n++;
	}
	assert_true(n > 60);
}

static void test_limits(void **state)
{
	sis_autofree char *long_value = sis_calloc(SIS_VALUE_MAX + 2, 1);
	sis_autostr struct sis_str rules = { 0 };
	sis_autooptions struct sis_options o = { 0 };

	(void)state;
	memset(long_value, 'a', SIS_VALUE_MAX + 1);
	assert_int_equal(sis_options_parse(long_value, &o, NULL), -SIS_ERR_USAGE);
	sis_str_add(&rules, "initiator=");
	for (int i = 0; i <= SIS_RULES_MAX; i++)
		sis_str_addf(&rules, "%s10.0.%d.%d", i ? ";" : "", i / 256, i % 256);
	assert_int_equal(sis_options_parse(rules.s, &o, NULL), -SIS_ERR_USAGE);
	assert_int_equal(sis_options_parse(NULL, &o, NULL), 0);
	assert_false(o.on);
}

/* Each row is whole, and no word names two options. */
static void test_table(void **state)
{
	(void)state;
	for (int i = 0; i < SIS_OPT_N; i++) {
		const struct sis_opt_row *r = &sis_opt_rows[i];

		assert_non_null(r->key);
		assert_non_null(r->values);
		assert_non_null(r->words);
		assert_non_null(r->by_default);
		assert_non_null(r->help);
		assert_int_equal(sis_opt_find(r->key), i);
		for (size_t a = 0; a < 2 && r->aliases[a]; a++)
			assert_int_equal(sis_opt_find(r->aliases[a]), i);
	}
	assert_int_equal(sis_opt_find("colour"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

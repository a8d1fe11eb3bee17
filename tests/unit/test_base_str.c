/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Numbers, sizes, clean text, quoting and the growing buffer of base/str.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/alloc.h"
#include "base/run.h"
#include "base/str.h"

enum { UNTOUCHED = 4711 };

static void test_predicates(void **state)
{
	(void)state;
	assert_true(sis_streq("a", "a"));
	assert_false(sis_streq("a", "ab"));
	assert_true(sis_streq_null(NULL, NULL));
	assert_false(sis_streq_null(NULL, ""));
	assert_false(sis_streq_null("", NULL));
	assert_true(sis_streq_null("x", "x"));
	assert_true(sis_str_starts("iqn.x", "iqn."));
	assert_true(sis_str_starts("iqn", ""));
	assert_false(sis_str_starts("iq", "iqn"));
	assert_string_equal(sis_str_after("tid:7", "tid:"), "7");
	assert_string_equal(sis_str_after("tid:", "tid:"), "");
	assert_null(sis_str_after("tid", "tid:"));
}

static void test_u64(void **state)
{
	static const struct {
		const char *s;
		uint64_t min, max;
		int r;
		uint64_t v;
	} row[] = {
		{ "0", 0, 10, 0, 0 },
		{ "7", 7, 7, 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551620", 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
		{ "6", 7, 9, -ERANGE, 0 },
		{ "10", 7, 9, -ERANGE, 0 },
		{ "", 0, 9, -EINVAL, 0 },
		{ "00", 0, 9, -EINVAL, 0 },
		{ "01", 0, 9, -EINVAL, 0 },
		{ "+1", 0, 9, -EINVAL, 0 },
		{ "-1", 0, 9, -EINVAL, 0 },
		{ " 1", 0, 9, -EINVAL, 0 },
		{ "1 ", 0, 9, -EINVAL, 0 },
		{ "1\n", 0, 9, -EINVAL, 0 },
		{ "0x1", 0, 9, -EINVAL, 0 },
		{ "1.0", 0, 9, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t v = UNTOUCHED;

		if (sis_parse_u64(row[i].s, row[i].min, row[i].max, &v) != row[i].r)
			fail_msg("'%s'", row[i].s);
		assert_int_equal(v, row[i].r ? UNTOUCHED : row[i].v);
	}
}

static void test_hex(void **state)
{
	uint64_t v = UNTOUCHED;

	(void)state;
	assert_int_equal(sis_parse_hex("fFfFfFfFfFfFfFfF", 16, &v), 0);
	assert_int_equal(v, UINT64_MAX);
	assert_int_equal(sis_parse_hex("0000000a", 8, &v), 0);
	assert_int_equal(v, 10);
	v = UNTOUCHED;
	assert_int_equal(sis_parse_hex("abc", 4, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("abcde", 4, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("abcg", 4, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("0x12", 4, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("-123", 4, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("", 0, &v), -EINVAL);
	assert_int_equal(sis_parse_hex("00000000000000000", 17, &v), -EINVAL);
	assert_int_equal(v, UNTOUCHED);
}

static void test_parse_size(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint64_t v;
	} row[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "512B", 0, 512 },
		{ "512b", 0, 512 },
		{ "1k", 0, 1024 },
		{ "10G", 0, UINT64_C(10) << 30 },
		{ "10g", 0, UINT64_C(10) << 30 },
		{ "10GB", 0, UINT64_C(10) << 30 },
		{ "10GiB", 0, UINT64_C(10) << 30 },
		{ "10gIb", 0, UINT64_C(10) << 30 },
		{ "1.5G", 0, UINT64_C(1536) << 20 },
		{ "1.50GiB", 0, UINT64_C(1536) << 20 },
		{ "0.5K", 0, 512 },
		{ "1.9", 0, 1 },
		{ "0.1K", 0, 102 },
		{ "1M", 0, 1 << 20 },
		{ "3T", 0, UINT64_C(3) << 40 },
		{ "2P", 0, UINT64_C(2) << 50 },
		{ "15E", 0, UINT64_C(15) << 60 },
		{ "18446744073709551615", 0, UINT64_MAX },
		/* a double has no such neighbours */
		{ "15.99999999999999999999E", 0, UINT64_MAX },
		{ "8.0000000000000000001E", 0, UINT64_C(0x8000000000000000) },
		{ "8.000000000000000001E", 0, UINT64_C(0x8000000000000001) },
		{ "9007199254740993.0B", 0, UINT64_C(9007199254740993) },
		{ "0Z", 0, 0 },
		{ "0.001Z", 0, UINT64_C(1180591620717411303) },
		{ "0.015625Z", -ERANGE, 0 },
		{ "16E", -ERANGE, 0 },
		{ "1Z", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18014398509481984K", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "G", -EINVAL, 0 },
		{ ".5G", -EINVAL, 0 },
		{ "1.G", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1..5G", -EINVAL, 0 },
		{ "1,5G", -EINVAL, 0 },
		{ "-1G", -EINVAL, 0 },
		{ "+1G", -EINVAL, 0 },
		{ " 1G", -EINVAL, 0 },
		{ "1G ", -EINVAL, 0 },
		{ "1 G", -EINVAL, 0 },
		{ "1BB", -EINVAL, 0 },
		{ "1BiB", -EINVAL, 0 },
		{ "1Gi", -EINVAL, 0 },
		{ "1GBB", -EINVAL, 0 },
		{ "1GG", -EINVAL, 0 },
		{ "1Y", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "none", -EINVAL, 0 },
		{ "99999999999999999999Q", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t v = UNTOUCHED;

		if (sis_parse_size(row[i].s, &v) != row[i].r)
			fail_msg("'%s'", row[i].s);
		if (v != (row[i].r ? UNTOUCHED : row[i].v))
			fail_msg("'%s' is %ju", row[i].s, (uintmax_t)v);
	}
}

static void test_format_size(void **state)
{
	static const struct {
		uint64_t v;
		const char *s;
	} row[] = {
		{ 0, "0B" },
		{ 1, "1B" },
		{ 512, "512B" },
		{ 1023, "1023B" },
		{ 1024, "1K" },
		{ 1536, "1.50K" },
		{ UINT64_C(10) << 30, "10G" },
		{ UINT64_C(1536) << 20, "1.50G" },
		{ UINT64_C(10752) << 20, "10.5G" },
		{ UINT64_C(102912) << 20, "100G" }, /* 100.5: ties go to even */
		{ UINT64_C(104448) << 20, "102G" },
		{ (UINT64_C(1) << 30) - 1, "1024M" },
		{ UINT64_C(1536) << 30, "1.50T" },
		{ UINT64_C(1) << 60, "1E" },
		{ UINT64_MAX, "16.0E" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *s = sis_format_size(row[i].v);

		assert_string_equal(s, row[i].s);
	}
}

/* Text, and what becomes of it. */
static const struct {
	const char *s, *sanitized, *printable;
} clean_row[] = {
	{ "", "", "" },
	{ " ~", " ~", " ~" },
	{ "Gr\xc3\xb6\xc3\x9f" "e", "Gr\xc3\xb6\xc3\x9f" "e", "Gr????e" },
	{ "\xc2\xa0", "\xc2\xa0", "??" },
	{ "\xe2\x82\xac", "\xe2\x82\xac", "???" },
	{ "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80", "??????" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "????" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "????" },
	{ "a\nb", "a?b", "a?b" },
	{ "a\tb\x1b[0m", "a?b?[0m", "a?b?[0m" },
	{ "\x7f", "?", "?" },
	{ "\xc3\xb6\n", "\xc3\xb6?", "???" },
	{ "\xc2\x80", "??", "??" },              /* C1 */
	{ "\xc2\x9f\xc3\xb6", "????", "????" },  /* C1 spoils the rest */
	{ "\x9b", "?", "?" },                    /* C1 as Latin-1 */
	{ "\xc3", "?", "?" },                    /* cut short */
	{ "\xc3x", "?x", "?x" },
	{ "\xe2\x82", "??", "??" },
	{ "\xf0\x9f\x98", "???", "???" },
	{ "\xc0\xaf", "??", "??" },              /* overlong */
	{ "\xc1\xbf", "??", "??" },
	{ "\xe0\x9f\xbf", "???", "???" },
	{ "\xf0\x8f\xbf\xbf", "????", "????" },
	{ "\xed\xa0\x80", "???", "???" },        /* surrogate */
	{ "\xf4\x90\x80\x80", "????", "????" },  /* over U+10FFFF */
	{ "\xf5\x80\x80\x80", "????", "????" },
	{ "\xff", "?", "?" },
};

static void test_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clean_row) / sizeof(clean_row[0]); i++) {
		sis_autofree char *printable = sis_str_printable(clean_row[i].s);
		sis_autofree char *sanitized = sis_strdup(clean_row[i].s);

		assert_string_equal(printable, clean_row[i].printable);
		sis_str_sanitize(sanitized);
		assert_string_equal(sanitized, clean_row[i].sanitized);
		assert_true(sis_str_clean(sanitized));
		assert_int_equal(sis_str_clean(clean_row[i].s),
				 sis_streq(clean_row[i].s, clean_row[i].sanitized));
	}
}

static void test_quote(void **state)
{
	static const char *const row[][2] = {
		{ "tank/v1", "tank/v1" },
		{ "a=b,c:d@e%f+g_h.i-j", "a=b,c:d@e%f+g_h.i-j" },
		{ "", "''" },
		{ "a b", "'a b'" },
		{ "it's", "'it'\\''s'" },
		{ "~", "'~'" },
		{ "$HOME`x`\\\"*?", "'$HOME`x`\\\"*?'" },
		{ "two\nlines", "'two\nlines'" },
		{ "\xc3\xb6", "'\xc3\xb6'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *q = sis_shell_quote(row[i][0]);

		assert_string_equal(q, row[i][1]);
	}
}

static void test_quote_read_back(void **state)
{
	sis_autofree char *script = NULL;
	sis_autofree char *quoted = NULL;
	char all[256];

	(void)state;
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	quoted = sis_shell_quote(all);
	script = sis_asprintf("printf %%s %s", quoted);
	{
		const char *const argv[] = { "/bin/sh", "-c", script, NULL };
		sis_autoresult struct sis_cmd_result r = { 0 };

		assert_int_equal(sis_runner_real.run(NULL, &(struct sis_cmd){ .argv = argv }, &r,
						     NULL), 0);
		assert_int_equal(r.out_len, 255);
		assert_memory_equal(r.out, all, 255);
	}
}

static void test_trim_lower(void **state)
{
	char blank[] = " \t\r\n\v\f", both[] = "\t a b\n ", none[] = "ab", empty[] = "";
	char mixed[] = "AZaz09[@`{\xc3\x96";

	(void)state;
	assert_string_equal(sis_str_trim(blank), "");
	assert_string_equal(sis_str_trim(both), "a b");
	assert_ptr_equal(sis_str_trim(none), none);
	assert_string_equal(none, "ab");
	assert_string_equal(sis_str_trim(empty), "");
	sis_str_lower(mixed);
	assert_string_equal(mixed, "azaz09[@`{\xc3\x96");
}

static void test_next(void **state)
{
	char text[] = "a,,b;c,", empty[] = "";
	char *cursor = text;

	(void)state;
	assert_string_equal(sis_str_next(&cursor, ",;"), "a");
	assert_string_equal(sis_str_next(&cursor, ",;"), "");
	assert_string_equal(sis_str_next(&cursor, ",;"), "b");
	assert_string_equal(sis_str_next(&cursor, ",;"), "c");
	assert_non_null(cursor);
	assert_string_equal(sis_str_next(&cursor, ",;"), "");
	assert_null(cursor);
	assert_null(sis_str_next(&cursor, ",;"));
	cursor = empty;
	assert_string_equal(sis_str_next(&cursor, ","), "");
	assert_null(sis_str_next(&cursor, ","));
}

static void test_buffer(void **state)
{
	sis_autostr struct sis_str b = { 0 };
	sis_autofree char *taken = NULL;
	sis_autofree char *none = NULL;

	(void)state;
	assert_string_equal(sis_str_get(&b), "");
	assert_null(b.s);
	none = sis_str_take(&b);
	assert_string_equal(none, "");
	sis_str_add(&b, "");
	assert_int_equal(b.len, 0);
	assert_string_equal(sis_str_get(&b), "");
	sis_str_add(&b, "abc");
	sis_str_addn(&b, "defgh", 2);
	sis_str_addc(&b, '-');
	sis_str_addf(&b, "%d%s", 42, "x");
	assert_string_equal(sis_str_get(&b), "abcde-42x");
	assert_int_equal(b.len, 9);
	sis_str_addn(&b, "\0y", 2);
	assert_int_equal(b.len, 11);
	assert_memory_equal(b.s, "abcde-42x\0y", 12);
	taken = sis_str_take(&b);
	assert_null(b.s);
	assert_int_equal(b.len + b.cap, 0);
	assert_string_equal(taken, "abcde-42x");
}

static void test_buffer_grows(void **state)
{
	sis_autostr struct sis_str b = { 0 };

	(void)state;
	/* every length passes through every fill level of the first few capacities */
	for (size_t i = 0; i < 5000; i++) {
		sis_str_addc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.s[b.len], '\0');
		assert_true(b.cap > b.len);
	}
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.s[i], 'a' + i % 26);
	sis_str_free(&b);
	assert_null(b.s);
	assert_int_equal(b.cap, 0);
}

static void test_wipe(void **state)
{
	char secret[] = "secret";

	(void)state;
	sis_wipe(secret, 4);
	assert_memory_equal(secret, "\0\0\0\0et", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_predicates),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_read_back),
		cmocka_unit_test(test_trim_lower),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_buffer_grows),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Targets and sessions known by number: the next free TID, and session ids that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/tid.h"

/* In any order, and twice. */
static void test_lowest_free(void **state)
{
	static const uint32_t tids[] = { 7, 1, 3, 2, 7, UINT32_MAX, 5 };
	static const uint32_t free_then[] = { 1, 2, 2, 4, 4, 4, 4 };
	sis_tids l = { 0 };

	(void)state;
	assert_int_equal(sis_tids_lowest_free(&l), 1);
	for (size_t i = 0; i < sizeof(tids) / sizeof(tids[0]); i++) {
		sis_tids_add(&l, tids[i]);
		assert_true(sis_tids_has(&l, tids[i]));
		assert_int_equal(sis_tids_lowest_free(&l), free_then[i]);
	}
	assert_int_equal(l.n, 6);
	sis_tids_add(&l, 4);
	assert_int_equal(sis_tids_lowest_free(&l), 6);
	sis_tids_remove(&l, 2);
	sis_tids_remove(&l, 2);
	assert_false(sis_tids_has(&l, 2));
	assert_int_equal(l.n, 6);
	assert_int_equal(sis_tids_lowest_free(&l), 2);
	sis_vec_free(&l);
}

/* What was in use before is forgotten; targets come sorted by name. */
static void test_of_state(void **state)
{
	struct sis_target targets[] = { { .tid = 3 }, { .tid = 1 }, { .tid = 2 } };
	const struct sis_state live = { .targets = { .v = targets, .n = 3 } };
	sis_tids l = { 0 };

	(void)state;
	sis_tids_add(&l, 9);
	sis_tids_of(&l, &live);
	assert_int_equal(l.n, 3);
	assert_false(sis_tids_has(&l, 9));
	assert_int_equal(sis_tids_lowest_free(&l), 4);
	sis_vec_free(&l);
}

/* Those up to a number are not given again. */
static void test_free_above(void **state)
{
	static const uint32_t tids[] = { 2, 3, 5, 6, INT32_MAX - 1 };
	static const struct {
		uint32_t above, want;
	} cases[] = {
		{ 0, 1 },
		{ 1, 4 },
		{ 2, 4 },
		{ 3, 4 },
		{ 4, 7 },
		{ 5, 7 },
		{ 6, 7 },
		{ 7, 8 },
		{ INT32_MAX - 3, INT32_MAX - 2 },
		{ INT32_MAX - 2, INT32_MAX },
		{ INT32_MAX - 1, INT32_MAX },
		{ INT32_MAX, 0 },
		{ UINT32_MAX, 0 },
	};
	sis_tids l = { 0 };

	(void)state;
	assert_int_equal(sis_tids_free_above(&l, 4711), 4712);
	for (size_t i = 0; i < sizeof(tids) / sizeof(tids[0]); i++)
		sis_tids_add(&l, tids[i]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(sis_tids_free_above(&l, cases[i].above), cases[i].want);
	sis_tids_add(&l, INT32_MAX);
	assert_int_equal(sis_tids_free_above(&l, INT32_MAX - 2), 0);
	sis_vec_free(&l);
}

static void test_session(void **state)
{
	static const char *const bad[] = {
		"", "1", ":", "1:", ":1", "1:x", "x:1", "1:65536", "1:1:1", "18446744073709551616:0"
	};
	struct sis_err err = SIS_ERR_INIT;
	uint64_t sid = 0;
	uint32_t cid = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct sis_session s = { .id = (char *)bad[i] };

		assert_int_equal(sis_session_numbers(&s, "IET", &sid, &cid, &err), -EINVAL);
		assert_non_null(strstr(sis_err_msg(&err), "is no session of IET"));
		sis_err_clear(&err);
		assert_int_equal(sid + cid, 0);
	}
	assert_int_equal(
		sis_session_numbers(&(struct sis_session){ .id = (char *)"281474976710656:65535" },
				    "IET", &sid, &cid, &err),
		0);
	assert_int_equal(sid, 281474976710656);
	assert_int_equal(cid, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lowest_free),
		cmocka_unit_test(test_free_above),
		cmocka_unit_test(test_of_state),
		cmocka_unit_test(test_session),
	};

	return cmocka_run_group_tests_name("backend/tid", tests, NULL, NULL);
}

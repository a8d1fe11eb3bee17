/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The growing array, the list of strings and the memory below them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/vec.h"

struct pair {
	int key;
	char pad[3]; /* an odd size */
};

typedef SIS_VEC(struct pair) pairs;

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void test_grow(void **state)
{
	pairs v = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct pair *p = sis_vec_add(&v);

		assert_int_equal(p->key, 0);
		assert_memory_equal(p->pad, "\0\0\0", 3);
		*p = (struct pair){ i, "ab" };
		assert_int_equal(v.n, i + 1);
		assert_true(v.cap >= v.n);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.v[i].key, i);
	sis_vec_free(&v);
	assert_null(v.v);
	assert_int_equal(v.n + v.cap, 0);
}

/* A slot used before comes back zeroed. */
static void test_zeroed_again(void **state)
{
	pairs v = { 0 };

	(void)state;
	sis_vec_push(&v, ((struct pair){ 7, "xy" }));
	sis_vec_remove(&v, 0);
	assert_int_equal(v.n, 0);
	assert_int_equal(sis_vec_add(&v)->key, 0);
	assert_memory_equal(v.v[0].pad, "\0\0\0", 3);
	sis_vec_free(&v);
}

static void test_remove(void **state)
{
	SIS_VEC(int) v = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		sis_vec_push(&v, i);
	sis_vec_remove(&v, 4);
	sis_vec_remove(&v, 0);
	sis_vec_remove(&v, 1);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.v[0], 1);
	assert_int_equal(v.v[1], 3);
	sis_vec_free(&v);
}

static void test_sort_find(void **state)
{
	static const int keys[] = { 5, 1, 9, 3 };
	struct pair key = { .key = 3 };
	pairs v = { 0 };
	int last = 0, seen = 0;

	(void)state;
	sis_vec_sort(&v, pair_cmp);
	assert_null(sis_vec_find(&v, &key, pair_cmp));
	for (size_t i = 0; i < 4; i++)
		sis_vec_add(&v)->key = keys[i];
	sis_vec_sort(&v, pair_cmp);
	sis_vec_each(p, &v) {
		assert_true(p->key > last);
		last = p->key;
		seen++;
	}
	assert_int_equal(seen, 4);
	assert_ptr_equal(sis_vec_find(&v, &key, pair_cmp), &v.v[1]);
	key.key = 4;
	assert_null(sis_vec_find(&v, &key, pair_cmp));
	sis_vec_free(&v);
}

static void test_strv(void **state)
{
	sis_autostrv sis_strv l = { 0 };
	char word[] = "lun";
	char *key = word;

	(void)state;
	sis_strv_add(&l, word);
	word[0] = 'x';
	assert_string_equal(l.v[0], "lun");
	word[0] = 'l';
	for (int i = 0; i < 20; i++)
		sis_strv_add(&l, l.v[0]); /* also when the array moves */
	sis_strv_add(&l, "a");
	assert_int_equal(l.n, 22);
	sis_vec_sort(&l, sis_strp_cmp);
	assert_string_equal(l.v[0], "a");
	assert_string_equal(*sis_vec_find(&l, &key, sis_strp_cmp), "lun");
	assert_true(sis_strv_has(&l, "lun"));
	assert_false(sis_strv_has(&l, "lu"));
	sis_strv_free(&l);
	assert_false(sis_strv_has(&l, "lun"));
	assert_null(l.v);
	assert_int_equal(l.n, 0);
}

static void test_alloc(void **state)
{
	sis_autofree char *none = sis_calloc(0, 8);
	sis_autofree char *zero = sis_calloc(4, 4);
	sis_autofree char *text = sis_asprintf("%s-%d", "a", 1);
	sis_autofree char *cut = sis_strndup("abcdef", 3);
	sis_autofree char *whole = sis_strndup("ab", 10);

	(void)state;
	assert_non_null(none);
	assert_memory_equal(zero, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	zero = sis_reallocarray(zero, 0, 8);
	assert_non_null(zero);
	assert_string_equal(text, "a-1");
	assert_string_equal(cut, "abc");
	assert_string_equal(whole, "ab");
	assert_null(sis_strdup_null(NULL));
}

static void test_replace_steal(void **state)
{
	char *p = sis_strdup("tank/v1");
	char *q;

	(void)state;
	sis_replace(&p, p + 5);
	assert_string_equal(p, "v1");
	sis_replace(&p, "w");
	assert_string_equal(p, "w");
	q = sis_steal(&p);
	assert_null(p);
	assert_string_equal(q, "w");
	sis_replace(&q, NULL);
	assert_null(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_zeroed_again),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_sort_find),
		cmocka_unit_test(test_strv),
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_replace_steal),
	};

	return cmocka_run_group_tests_name("base/vec", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A typed growing array: SIS_VEC(struct x) is a struct with .v, .n and .cap; { 0 } is empty.
 * Elements are owned by whoever owns the vector; freeing what they hold is the caller's.
 */
#ifndef SIS_BASE_VEC_H
#define SIS_BASE_VEC_H

#include <stdbool.h>

#include "base/alloc.h"

#define SIS_VEC(type)          \
	struct {               \
		type *v;       \
		size_t n, cap; \
	}

/* Makes room for one more and evaluates to its address, zeroed. */
#define sis_vec_add(vec)                                                           \
	({                                                                         \
		sis_vec_grow_((void **)&(vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)); \
		&(vec)->v[(vec)->n++];                                             \
	})

#define sis_vec_push(vec, item) (*sis_vec_add(vec) = (item))

/* Frees the array, not what the elements hold, and leaves the vector empty. */
#define sis_vec_free(vec)                   \
	do {                                \
		free((vec)->v);             \
		(vec)->v = NULL;            \
		(vec)->n = (vec)->cap = 0;  \
	} while (0)

/* Removes element i, keeping the order of the others. */
#define sis_vec_remove(vec, i) sis_vec_remove_((vec)->v, &(vec)->n, (i), sizeof(*(vec)->v))

/* What is in order already, as most lists are, is only looked through. */
#define sis_vec_sort(vec, cmp) sis_vec_sort_((vec)->v, (vec)->n, sizeof(*(vec)->v), cmp)

/* Binary search in a vector sorted by cmp: pointer to the element or NULL. */
#define sis_vec_find(vec, key, cmp)                                                          \
	((typeof(&*(vec)->v))((vec)->n ? bsearch(key, (vec)->v, (vec)->n, sizeof(*(vec)->v), cmp) \
				     : NULL))

/*
 * The same where things are mostly asked for one after the other, and each several times: *near is
 * the place of the last one found, which the caller only has to keep. Elements are unique.
 */
#define sis_vec_find_near(vec, key, cmp, near) \
	((typeof(&*(vec)->v))sis_vec_find_near_((vec)->v, (vec)->n, sizeof(*(vec)->v), key, cmp, near))

/* `it &&`: an empty one has no array, and even adding 0 to a null pointer is undefined in C. */
#define sis_vec_each(it, vec) \
	for (typeof(&*(vec)->v) it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)

void sis_vec_grow_(void **v, size_t n, size_t *cap, size_t size);
void sis_vec_sort_(void *v, size_t n, size_t size, int (*cmp)(const void *, const void *));
void *sis_vec_find_near_(const void *v, size_t n, size_t size, const void *key,
			 int (*cmp)(const void *, const void *), size_t *near);
void sis_vec_remove_(void *v, size_t *n, size_t i, size_t size);

/* A list of strings that owns them. */
typedef SIS_VEC(char *) sis_strv;
void sis_strv_add(sis_strv *l, const char *s); /* copies s */
void sis_strv_free(sis_strv *l);
bool sis_strv_has(const sis_strv *l, const char *s);
int sis_strp_cmp(const void *a, const void *b); /* for sis_vec_sort and sis_vec_find */
#define sis_autostrv __attribute__((cleanup(sis_strv_free)))

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The untyped half of the growing array and the list of strings.
 * Knows element sizes only; types live in the macros of the header.
 */
#include "base/vec.h"

#include <string.h>

enum { FIRST_BYTES = 64 }; /* most lists have one element, many are in a list themselves */

void sis_vec_grow_(void **v, size_t n, size_t *cap, size_t size)
{
	if (n == *cap) {
		size_t more = *cap ? *cap * 2 : size < FIRST_BYTES ? FIRST_BYTES / size : 1;

		*v = sis_reallocarray(*v, more, size);
		*cap = more;
	}
	memset((char *)*v + n * size, 0, size);
}

void sis_vec_sort_(void *v, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	const char *at = v;

	for (size_t i = 1; i < n; i++, at += size) {
		if (cmp(at, at + size) > 0) {
			qsort(v, n, size, cmp);
			return;
		}
	}
}

/* A search that jumps about in 1,000 elements waits for memory most of the time. */
void *sis_vec_find_near_(const void *v, size_t n, size_t size, const void *key,
			 int (*cmp)(const void *, const void *), size_t *near)
{
	const char *found = NULL;

	for (size_t i = *near; !found && i < n && i <= *near + 1; i++)
		if (cmp(key, (const char *)v + i * size) == 0)
			found = (const char *)v + i * size;
	if (!found && n)
		found = bsearch(key, v, n, size, cmp);
	if (found)
		*near = (size_t)(found - (const char *)v) / size;
	return (void *)found;
}

void sis_vec_remove_(void *v, size_t *n, size_t i, size_t size)
{
	char *at = (char *)v + i * size;

	memmove(at, at + size, (*n - i - 1) * size);
	(*n)--;
}

void sis_strv_add(sis_strv *l, const char *s)
{
	char *copy = sis_strdup(s); /* first: s may be an element of l */

	sis_vec_push(l, copy);
}

void sis_strv_free(sis_strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	sis_vec_free(l);
}

bool sis_strv_has(const sis_strv *l, const char *s)
{
	sis_vec_each(e, l)
		if (strcmp(*e, s) == 0)
			return true;
	return false;
}

int sis_strp_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Target numbers as an ascending list, and the numbers of a session. Must not do I/O.
 */
#include "backend/tid.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static int tid_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void sis_tids_of(sis_tids *l, const struct sis_state *state)
{
	l->n = 0;
	sis_vec_each(t, &state->targets)
		sis_vec_push(l, t->tid);
	sis_vec_sort(l, tid_cmp);
}

bool sis_tids_has(const sis_tids *l, uint32_t tid)
{
	return sis_vec_find(l, &tid, tid_cmp);
}

/* Mostly it is the highest, and nothing has to move. */
void sis_tids_add(sis_tids *l, uint32_t tid)
{
	size_t i = l->n;

	if (sis_tids_has(l, tid))
		return;
	(void)sis_vec_add(l);
	for (; i > 0 && l->v[i - 1] > tid; i--)
		l->v[i] = l->v[i - 1];
	l->v[i] = tid;
}

void sis_tids_remove(sis_tids *l, uint32_t tid)
{
	uint32_t *found = sis_vec_find(l, &tid, tid_cmp);

	if (found)
		sis_vec_remove(l, (size_t)(found - l->v));
}

/* They are ascending: the first gap is where they run ahead of their places. */
uint32_t sis_tids_free_above(const sis_tids *l, uint32_t tid)
{
	size_t first = 0, low, high = l->n;

	while (first < high) {
		size_t middle = first + (high - first) / 2;

		if (l->v[middle] > tid)
			high = middle;
		else
			first = middle + 1;
	}
	for (low = first, high = l->n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (l->v[middle] - tid > middle - first + 1)
			high = middle;
		else
			low = middle + 1;
	}
	return tid >= INT32_MAX || low - first >= INT32_MAX - tid ?
		       0 :
		       tid + 1 + (uint32_t)(low - first);
}

uint32_t sis_tids_lowest_free(const sis_tids *l)
{
	return sis_tids_free_above(l, 0);
}

int sis_session_numbers(const struct sis_session *s, const char *title, uint64_t *ret_sid,
			uint32_t *ret_cid, struct sis_err *err)
{
	sis_autofree char *id = sis_strdup(s->id);
	char *cid = strchr(id, ':');
	uint64_t sid, n;

	if (cid)
		*cid++ = '\0';
	if (!cid || sis_parse_u64(id, 0, UINT64_MAX, &sid) < 0 ||
	    sis_parse_u64(cid, 0, UINT16_MAX, &n) < 0)
		return sis_err_set(err, EINVAL, "'%s' is no session of %s", s->id, title);
	*ret_sid = sid;
	*ret_cid = (uint32_t)n;
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where each volume of a view is live. Decides nothing.
 */
#include "cli/live.h"

static int live_cmp(const void *a, const void *b)
{
	const struct sis_live *x = a, *y = b;

	return (x->lun->guid > y->lun->guid) - (x->lun->guid < y->lun->guid);
}

void sis_live_index(const struct sis_view *v, sis_lives *ret)
{
	sis_lives lives = { 0 };

	sis_vec_each(t, &v->live.targets)
		sis_vec_each(l, &t->luns)
			if (l->guid)
				sis_vec_push(&lives, ((struct sis_live){ t, l }));
	sis_vec_sort(&lives, live_cmp);
	*ret = lives;
}

static const struct sis_live *by_guid(const sis_lives *lives, uint64_t guid)
{
	const struct sis_lun lun = { .guid = guid };
	const struct sis_live key = { .lun = &lun };

	return guid ? sis_vec_find(lives, &key, live_cmp) : NULL;
}

const struct sis_live *sis_live_of(const sis_lives *lives, const struct sis_view *v,
				   const struct sis_item *i)
{
	const struct sis_live *live = by_guid(lives, i->volume->guid);
	const struct sis_item *named = live ? sis_view_item(v, live->lun->volume) : NULL;

	if (named && named->volume->guid == i->volume->guid)
		return named == i ? live : NULL;
	return sis_view_guid(v, i->volume->guid) == i ? live : NULL;
}

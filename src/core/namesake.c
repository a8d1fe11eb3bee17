/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looking for volumes with the same id. Costs nothing where no identity keeps one.
 */
#include "core/namesake.h"

#include "base/str.h"

static bool keeps(const struct sis_item *i)
{
	return i->wish.identity.kept.serial || i->wish.identity.kept.naa;
}

/* What initiators tell disks by: the NAA, where there is none the serial number. */
static const char *id_of(const struct sis_item *i)
{
	const struct sis_lun *l = &i->wish.target.luns.v[0];

	return l->naa ? l->naa : l->serial;
}

/* Of those with one id, whose it is comes first: by birth, then by what is known of it. */
static int id_cmp(const void *a, const void *b)
{
	const struct sis_item *x = *(struct sis_item *const *)a, *y = *(struct sis_item *const *)b;
	int d = strcmp(id_of(x), id_of(y));

	if (!d)
		d = keeps(x) - keeps(y);
	if (!d)
		d = y->wish.recorded - x->wish.recorded;
	return d ? d : strcmp(x->volume->name, y->volume->name);
}

static void refuse(struct sis_item *i, const struct sis_item *other)
{
	i->want = SIS_WANT_BAD;
	(void)sis_err_set(
		&i->problem, EEXIST,
		"its stored identity gives it the id '%s' of '%s'; `zfs inherit " SIS_PROP_IDENTITY
		" %s` makes it a disk of its own",
		id_of(i), other->volume->name, i->volume->name);
}

/* n items with one id. */
static void refuse_but_owner(struct sis_item **same, size_t n)
{
	bool owned = !keeps(same[0]) || same[0]->wish.recorded;

	for (size_t k = owned ? 1 : 0; n > 1 && k < n; k++)
		if (keeps(same[k]))
			refuse(same[k], same[k ? 0 : 1]);
}

void sis_namesakes_refuse(struct sis_view *v)
{
	SIS_VEC(struct sis_item *) shared = { 0 };
	bool any = false;

	sis_vec_each(i, &v->items) {
		if (i->want != SIS_WANT_SHARED)
			continue;
		any |= keeps(i);
		sis_vec_push(&shared, i);
	}
	if (any)
		sis_vec_sort(&shared, id_cmp);
	for (size_t i = 0, n; any && i < shared.n; i += n) {
		for (n = 1;
		     i + n < shared.n && sis_streq(id_of(shared.v[i]), id_of(shared.v[i + n]));)
			n++;
		refuse_but_owner(&shared.v[i], n);
	}
	sis_vec_free(&shared);
}

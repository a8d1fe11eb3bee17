/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looking for volumes with the same id. Costs nothing where no identity keeps one.
 */
#include "core/namesake.h"

#include "base/str.h"

bool sis_namesake_keeps(const struct sis_item *i)
{
	const struct sis_kept *k = &i->wish.identity.kept;

	return k->serial || k->naa || k->t10_id;
}

/* What initiators tell disks by: the NAA, where there is none the T10 id. */
static const char *id_of(const struct sis_item *i)
{
	const struct sis_lun *l = &i->wish.target.luns.v[0];

	return l->naa ? l->naa : l->t10_id;
}

/* Of those with one id, whose it is comes first: by birth, then by what is known of it. */
static int id_cmp(const void *a, const void *b)
{
	const struct sis_item *x = *(struct sis_item *const *)a, *y = *(struct sis_item *const *)b;
	int d = strcmp(id_of(x), id_of(y));

	if (!d)
		d = sis_namesake_keeps(x) - sis_namesake_keeps(y);
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
	bool owned = !sis_namesake_keeps(same[0]) || same[0]->wish.recorded;

	for (size_t k = owned ? 1 : 0; n > 1 && k < n; k++)
		if (sis_namesake_keeps(same[k]))
			refuse(same[k], same[k ? 0 : 1]);
}

/* The volume that has this id by its guid, be it shared or not, or NULL. */
static const struct sis_item *born_with(const struct sis_view *v, const char *id)
{
	const char *digits = sis_str_after(id, "6" SIS_COMPANY_ID);
	sis_autofree char *head = sis_strndup(digits ? digits : id, 16);
	sis_autofree char *serial = NULL, *naa = NULL;
	uint64_t guid;

	if (sis_parse_hex(head, 16, &guid) < 0)
		return NULL;
	serial = sis_serial(guid);
	naa = sis_naa(guid);
	return sis_streq(id, serial) || sis_streq(id, naa) ? sis_view_guid(v, guid) : NULL;
}

void sis_namesakes_refuse(struct sis_view *v)
{
	SIS_VEC(struct sis_item *) shared = { 0 };
	bool any = false;

	sis_vec_each(i, &v->items) {
		const bool keeps = sis_namesake_keeps(i);
		const struct sis_item *other;

		if (i->want != SIS_WANT_SHARED)
			continue;
		other = keeps ? born_with(v, id_of(i)) : NULL;
		if (other && other->volume->guid != i->volume->guid) {
			refuse(i, other);
			continue;
		}
		any |= keeps;
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

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zfs create and zfs clone: a value given is checked first; the new volume is shared when it is to
 * be, by its own value or by that of a parent.
 */
#include "base/str.h"
#include "cli/front_int.h"

static bool check_values(struct sis_front *f, const struct sis_front_args *a, const char *verb,
			 const char *name)
{
	bool fine = true;

	sis_vec_each(flag, &a->flags) {
		const char *value = flag->letter == 'o' ? sis_front_share_value(flag->arg) : NULL;

		if (value)
			fine &= sis_front_check_value(f, verb, name, value);
	}
	return fine;
}

/* As zfs does for a file system that is made but cannot be mounted or shared. */
static int share_new(struct sis_front *f, const struct sis_front_args *a, const char *name)
{
	sis_autostrv sis_strv names = { 0 };
	int status = sis_front_run(f, &a->words, NULL, NULL);

	sis_strv_add(&names, name);
	if (status != 0 || sis_front_resync(f, &names, SIS_FRONT_LOUD))
		return status;
	fprintf(stderr, "volume successfully created, but not shared\n");
	return SIS_FRONT_FAILED;
}

int sis_front_create(struct sis_front *f, struct sis_front_args *a)
{
	const char *name = a->operands.n == 1 ? a->operands.v[0] : NULL;

	if (!name || a->unknown)
		return sis_front_exec(f);
	if (!check_values(f, a, "create", name))
		return SIS_FRONT_FAILED;
	sis_front_translate_pairs(a, 'o');
	if (!sis_front_args_has(a, 'V') || sis_front_args_has(a, 'n'))
		return sis_front_exec_words(f, &a->words);
	return share_new(f, a, name);
}

int sis_front_clone(struct sis_front *f, struct sis_front_args *a)
{
	const char *name = a->operands.n == 2 ? a->operands.v[1] : NULL;

	if (!name || a->unknown)
		return sis_front_exec(f);
	if (!check_values(f, a, "create", name))
		return SIS_FRONT_FAILED;
	sis_front_translate_pairs(a, 'o');
	return share_new(f, a, name);
}

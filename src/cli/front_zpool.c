/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where zpool begins: a pool goes without its shares, and comes with them.
 */
#include "base/log.h"
#include "base/str.h"
#include "cli/front.h"
#include "cli/front_int.h"

static int zpool_export(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };
	const sis_strv *which = sis_front_args_has(a, 'a') ? NULL : &names;

	sis_vec_each(o, &a->operands)
		sis_strv_add(&names, *o);
	if (a->unknown || (which && !names.n))
		return sis_front_exec(f);
	return sis_front_run_released(f, a, "export", which, which, sis_front_args_has(a, 'f'));
}

static int zpool_destroy(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };

	if (a->unknown || a->operands.n != 1)
		return sis_front_exec(f);
	sis_strv_add(&names, a->operands.v[0]);
	return sis_front_run_released(f, a, "destroy", &names, &names, sis_front_args_has(a, 'f'));
}

/* Without operand and -a it only lists. A pool may be named by its number. */
static int zpool_import(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };
	const char *name = a->operands.n ? a->operands.v[a->operands.n - 1] : NULL;
	bool all = sis_front_args_has(a, 'a') || (name && !name[strspn(name, "0123456789")]);

	if (a->unknown || (!all && !name))
		return sis_front_exec(f);
	if (name)
		sis_strv_add(&names, name);
	return sis_front_run_resync(f, a, all ? NULL : &names);
}

/* No volume is in a new pool, but its file system may carry the property. */
static int zpool_create(struct sis_front *f, struct sis_front_args *a)
{
	bool fine = true;

	sis_vec_each(flag, &a->flags) {
		const char *value = flag->letter == 'O' ? sis_front_share_value(flag->arg) : NULL;

		if (value && a->operands.n)
			fine &= sis_front_check_value(f, "create", a->operands.v[0], value);
	}
	if (!fine)
		return SIS_FRONT_FAILED;
	sis_front_translate_pairs(a, 'O');
	return sis_front_exec_words(f, &a->words);
}

const struct sis_front_verb sis_front_zpool_verbs[] = {
	{ "export", "afF", zpool_export, "", "" },
	{ "destroy", "f", zpool_destroy, "", "" },
	{ "import", "aCc:d:DEfFlmnNo:R:stT:VX", zpool_import, "", "" },
	{ "create", "fndR:m:o:O:t:", zpool_create, "O", "" },
	{ .name = NULL },
};

int sis_front_zpool(int argc, char **argv)
{
	return sis_front_main("zpool", sis_front_zpool_verbs, argc, argv);
}

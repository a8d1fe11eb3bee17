/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and writing of the list of holds. What they mean for a volume is decided in view.c.
 */
#include "core/hold.h"

#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "core/ctx.h"
#include "model/volume.h"

enum { HOLDS_MAX = 1 << 20 };

static char *holds_path(const char *root)
{
	sis_autofree char *dir = sis_ctx_run_dir(root);

	return sis_asprintf("%s/held", dir);
}

int sis_holds_read(const char *root, sis_strv *ret, struct sis_err *err)
{
	sis_autofree char *path = holds_path(root), *text = NULL;
	sis_autostrv sis_strv found = { 0 };
	char *cursor, *line;
	int rc = sis_file_read(path, HOLDS_MAX, &text, err);

	if (rc == -ENOENT) {
		sis_err_clear(err);
		return 0;
	}
	if (rc < 0)
		return sis_err_wrap(err, "cannot tell what is held back");
	cursor = text;
	while ((line = sis_str_next(&cursor, "\n")))
		if (*line)
			sis_strv_add(&found, line);
	sis_vec_sort(&found, sis_strp_cmp);
	*ret = found;
	found = (sis_strv){ 0 };
	return 0;
}

const char *sis_holds_find(const sis_strv *holds, const char *dataset)
{
	sis_vec_each(hold, holds)
		if (sis_dataset_within(dataset, *hold))
			return *hold;
	return NULL;
}

static int write_holds(const char *root, const sis_strv *holds, struct sis_err *err)
{
	sis_autofree char *path = holds_path(root);
	sis_autostr struct sis_str text = { 0 };

	sis_vec_each(hold, holds)
		sis_str_addf(&text, "%s\n", *hold);
	if (holds->n)
		return sis_file_replace_volatile(path, sis_str_get(&text), 0644, err);
	if (unlink(path) < 0 && errno != ENOENT)
		return sis_err_errno(err, errno, "cannot remove '%s'", path);
	return 0;
}

int sis_holds_add(const char *root, const sis_strv *names, struct sis_err *err)
{
	sis_autostrv sis_strv holds = { 0 };
	int rc = sis_holds_read(root, &holds, err);
	size_t before = holds.n;

	if (rc < 0)
		return rc;
	sis_vec_each(name, names) {
		if (!**name || !sis_str_clean(*name))
			return sis_err_set(err, SIS_ERR_USAGE, "'%s' is not the name of a dataset",
					   *name);
		if (!sis_holds_find(&holds, *name))
			sis_strv_add(&holds, *name);
	}
	return holds.n == before ? 0 : write_holds(root, &holds, err);
}

static bool names_cover(const sis_strv *names, const char *hold)
{
	sis_vec_each(name, names)
		if (sis_dataset_within(hold, *name))
			return true;
	return !names->n;
}

int sis_holds_remove(const char *root, const sis_strv *names, struct sis_err *err)
{
	sis_autostrv sis_strv holds = { 0 }, rest = { 0 };
	int rc = sis_holds_read(root, &holds, err);

	if (rc < 0)
		return rc;
	sis_vec_each(hold, &holds)
		if (!names_cover(names, *hold))
			sis_strv_add(&rest, *hold);
	sis_vec_each(name, names) {
		const char *above = sis_holds_find(&rest, *name);

		if (above)
			return sis_err_set(err, EBUSY,
					   "cannot release '%s': '%s' is held back as a whole; "
					   "release that",
					   *name, above);
	}
	return rest.n == holds.n ? 0 : write_holds(root, &rest, err);
}

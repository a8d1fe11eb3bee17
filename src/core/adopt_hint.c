/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looks into the files from which others make their targets at boot. Changes none.
 */
#include "core/adopt_hint.h"

#include <dirent.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

enum { BOOT_FILE_MAX = 16 << 20 };

/* The name as a whole: not as part of a longer one. */
static bool names(const char *text, const char *iqn)
{
	static const char part[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_";
	size_t len = strlen(iqn);

	for (const char *p = strstr(text, iqn); p; p = strstr(p + 1, iqn))
		if ((p == text || !strchr(part, p[-1])) && (!p[len] || !strchr(part, p[len])))
			return true;
	return false;
}

static void look_into(const char *root, const char *path, const char *iqn)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, path), *text = NULL;

	if (sis_file_read(full, BOOT_FILE_MAX, &text, NULL) == 0 && names(text, iqn))
		sis_log(SIS_LOG_WARN,
			"'%s' also stands in %s: take it out there, or it is made from both at "
			"boot",
			iqn, path);
}

static void look_below(const char *root, const char *dir, const char *iqn)
{
	sis_autofree char *full = sis_asprintf("%s%s", root, dir);
	DIR *d = opendir(full);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		sis_autofree char *path = sis_asprintf("%s%s", dir, e->d_name);

		if (e->d_name[0] != '.')
			look_into(root, path, iqn);
	}
	if (d)
		closedir(d);
}

void sis_adopt_hint(const struct sis_ctx *ctx, const char *iqn)
{
	for (const char *const *f = ctx->bx.be->boot_files; f && *f; f++)
		if ((*f)[strlen(*f) - 1] == '/')
			look_below(ctx->root, *f, iqn);
		else
			look_into(ctx->root, *f, iqn);
}

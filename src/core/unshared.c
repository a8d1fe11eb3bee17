/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The notes of what was unshared by name. What they allow is decided in view.c.
 */
#include "core/unshared.h"

#include <dirent.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "core/ctx.h"

static char *note_path(const char *root, uint64_t guid)
{
	sis_autofree char *dir = sis_ctx_run_dir(root);

	return sis_asprintf("%s/unshared/%016" PRIx64, dir, guid);
}

bool sis_unshared_any(const char *root)
{
	sis_autofree char *run = sis_ctx_run_dir(root), *dir = sis_asprintf("%s/unshared", run);
	DIR *d = opendir(dir);
	const struct dirent *e;
	bool any = false;

	while (d && !any && (e = readdir(d)))
		any = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return any;
}

bool sis_unshared_noted(const char *root, uint64_t guid)
{
	sis_autofree char *path = note_path(root, guid);

	return access(path, F_OK) == 0;
}

int sis_unshared_note(const char *root, uint64_t guid, struct sis_err *err)
{
	sis_autofree char *path = note_path(root, guid), *dir = NULL;
	int rc;

	if (access(path, F_OK) == 0)
		return 0;
	dir = sis_strndup(path, (size_t)(strrchr(path, '/') - path));
	rc = sis_mkdir_p(dir, 0755, err);
	return rc < 0 ? rc : sis_file_replace_volatile(path, "", 0644, err);
}

/* Mostly there is none. One that cannot be removed says what was true a moment ago. */
void sis_unshared_forget(const char *root, uint64_t guid)
{
	sis_autofree char *path = note_path(root, guid);

	(void)unlink(path);
}

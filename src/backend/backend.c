/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The list of back ends and what all of them need: finding one by name, finding a program.
 * Knows nothing of any single target; deciding which one is used is the core's.
 */
#include "backend/backend.h"

#include <sys/stat.h>
#include <unistd.h>

#include "backend/iet.h"
#include "backend/lio.h"
#include "backend/scst.h"
#include "backend/stgt.h"
#include "base/alloc.h"
#include "base/str.h"

const struct sis_backend *const sis_backends[] = {
	&sis_backend_iet,
	&sis_backend_stgt,
	&sis_backend_scst,
	&sis_backend_lio,
	NULL,
};

const struct sis_backend *sis_backend_find(const char *name)
{
	for (const struct sis_backend *const *be = sis_backends; *be; be++) {
		if (sis_streq((*be)->name, name))
			return *be;
	}
	return NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int sis_backend_program(const char *root, const char *name, char **ret, struct sis_err *err)
{
	static const char *const dirs[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		sis_autofree char *path = sis_asprintf("%s%s/%s", root, dirs[i], name);

		if (is_program(path)) {
			*ret = sis_steal(&path);
			return 0;
		}
	}
	return sis_err_set(err, ENOENT,
			   "no program '%s' in %s/usr/sbin, %s/sbin or "
			   "%s/usr/local/sbin",
			   name, root, root, root);
}

void sis_probe_free(struct sis_probe *p)
{
	if (!p)
		return;
	free(p->version);
	free(p->hint);
	*p = (struct sis_probe){ 0 };
}

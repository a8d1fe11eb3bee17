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

#define DIGITS "0123456789"

const struct sis_backend *const sis_backends[SIS_BACKENDS + 1] = {
	&sis_backend_iet, &sis_backend_stgt, &sis_backend_scst, &sis_backend_lio, NULL,
};

const struct sis_backend *sis_backend_find(const char *name)
{
	for (const struct sis_backend *const *be = sis_backends; *be; be++) {
		if (sis_streq((*be)->name, name))
			return *be;
	}
	return NULL;
}

/* Numbers between dots; what a distribution puts behind the last one does not count. */
static bool is_at_least(const char *version, const char *want)
{
	for (;; version++, want++) {
		sis_autofree char *has =
			sis_asprintf("%.*s", (int)strspn(version, DIGITS), version);
		sis_autofree char *needs = sis_asprintf("%.*s", (int)strspn(want, DIGITS), want);
		uint64_t h, n;

		if (sis_parse_u64(has, 0, UINT32_MAX, &h) < 0 ||
		    sis_parse_u64(needs, 0, UINT32_MAX, &n) < 0)
			return false;
		version += strlen(has);
		want += strlen(needs);
		if (h != n || !*want)
			return h >= n;
		if (*version != '.')
			return false;
	}
}

void sis_backend_later(const struct sis_backend *be, const char *version, struct sis_caps *caps)
{
	for (size_t i = 0; version && i < SIS_LATER_MAX && be->later[i].caps; i++)
		if (is_at_least(version, be->later[i].version))
			caps->caps |= be->later[i].caps;
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

int sis_backend_stat(const struct sis_bx *bx, const char *path, struct stat *ret)
{
	struct sis_kfs outside = *bx->kfs;

	outside.root = "";
	return sis_kfs_stat(&outside, ret, NULL, "%s", path);
}

void sis_probe_free(struct sis_probe *p)
{
	if (!p)
		return;
	free(p->version);
	free(p->hint);
	*p = (struct sis_probe){ 0 };
}

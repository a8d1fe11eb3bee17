/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds zfs's own programs. Must never find this program, which may be installed under the same
 * names.
 */
#include <sys/stat.h>

#include "base/str.h"
#include "store/zfs.h"

/* Where distributions put them; a front end of ours would come first in PATH, so last here. */
static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin",
				       "/run/current-system/sw/bin", "/usr/local/sbin",
				       "/usr/local/bin", NULL };

static bool is_self(const struct stat *st)
{
	struct stat self;

	return stat("/proc/self/exe", &self) == 0 && self.st_dev == st->st_dev &&
	       self.st_ino == st->st_ino;
}

static bool usable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
	       !is_self(&st);
}

int sis_zfs_program(const char *root, const char *name, char **ret, struct sis_err *err)
{
	for (const char *const *f = folders; *f; f++) {
		sis_autofree char *path = sis_asprintf("%s%s/%s", root, *f, name);

		if (!usable(path))
			continue;
		*ret = sis_steal(&path);
		return 0;
	}
	return sis_err_set(err, ENOENT, "no program '%s' in %s/usr/sbin or where else it could be; "
			   "install OpenZFS", name, root);
}

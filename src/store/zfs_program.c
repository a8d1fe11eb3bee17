/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds zfs's own programs. Must never find this program, which may be installed under the same
 * names.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/str.h"
#include "store/zfs.h"

/* Where distributions put them; a front end of ours would come first in PATH, so last here. */
static const char *const folders[] = {
	"/usr/sbin",	   "/sbin",	     "/usr/bin", "/bin", "/run/current-system/sw/bin",
	"/usr/local/sbin", "/usr/local/bin", NULL
};

/*
 * Stands in this program, in the script front/front.in, and in no other: a copy, or another version,
 * has another inode, and two of them would hand a command to each other for ever.
 */
static const volatile char mark[] = "this is shareiscsi, not zfs";

static bool holds_mark(int fd, size_t size)
{
	char text[sizeof(mark) - 1];
	bool found;
	void *p;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = mark[i];
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	found = memmem(p, size, text, sizeof(text)) != NULL;
	(void)munmap(p, size); /* cannot fail with what mmap() gave */
	return found;
}

static bool is_self(const char *path, const struct stat *st)
{
	sis_autoclose int fd = -1;
	struct stat self;

	if (stat("/proc/self/exe", &self) == 0 && self.st_dev == st->st_dev &&
	    self.st_ino == st->st_ino)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && st->st_size > 0 && holds_mark(fd, (size_t)st->st_size);
}

static bool usable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
	       !is_self(path, &st);
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
	return sis_err_set(err, ENOENT,
			   "no program '%s' in %s/usr/sbin or where else it could be; "
			   "install OpenZFS",
			   name, root);
}

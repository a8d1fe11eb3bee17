/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Dataset names and zfs's words for what is wrong. Text only: nothing here opens a file.
 */
#include "base/str.h"
#include "store/dir.h"

/* valid_char() of OpenZFS's zfs_namecheck.c, in no locale. */
static bool char_valid(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-_.: ", c));
}

static int bad_char(char c, struct sis_err *err)
{
	if (c == '@')
		return sis_err_set(err, EINVAL, "snapshot delimiter '@' is not expected here");
	if (c == '#')
		return sis_err_set(err, EINVAL, "bookmark delimiter '#' is not expected here");
	if (c > ' ' && c < 0x7f)
		return sis_err_set(err, EINVAL, "invalid character '%c' in name", c);
	return sis_err_set(err, EINVAL, "invalid character 0x%02x in name", (unsigned char)c);
}

static int leaf_check(const char *leaf, struct sis_err *err)
{
	for (const char *p = leaf; *p; p++) {
		if (!char_valid(*p))
			return bad_char(*p, err);
	}
	if (!*leaf)
		return sis_err_set(err, EINVAL, "empty component in name");
	if (sis_streq(leaf, "."))
		return sis_err_set(err, EINVAL, "self reference, '.' is found in name");
	if (sis_streq(leaf, ".."))
		return sis_err_set(err, EINVAL, "parent reference, '..' is found in name");
	if (*leaf == '.')
		return sis_err_set(err, EINVAL, "component that begins with '.' in name");
	return 0;
}

bool sis_dir_leaf_valid(const char *leaf)
{
	return leaf_check(leaf, NULL) == 0;
}

unsigned sis_dir_depth(const char *name)
{
	unsigned n = 1;

	for (; *name; name++)
		n += *name == '/';
	return n;
}

int sis_dir_name_check(const char *name, struct sis_err *err)
{
	sis_autofree char *copy = sis_strdup(name);
	char *cursor = copy, *leaf;

	/* First, as zfs does: which kind of thing is meant comes before how it is written. */
	if (strchr(name, '@'))
		return bad_char('@', err);
	if (strchr(name, '#'))
		return bad_char('#', err);
	if (strlen(name) > SIS_DIR_MAX_NAME)
		return sis_err_set(err, ENAMETOOLONG, "name is too long");
	if (*name == '/')
		return sis_err_set(err, EINVAL, "leading slash in name");
	if (*name && name[strlen(name) - 1] == '/')
		return sis_err_set(err, EINVAL, "trailing slash in name");
	if (sis_dir_depth(name) > SIS_DIR_MAX_DEPTH)
		return sis_err_set(err, EINVAL, "maximum name nesting depth exceeded");
	if (!*name)
		return leaf_check(name, err);
	while ((leaf = sis_str_next(&cursor, "/"))) {
		int r = leaf_check(leaf, err);

		if (r)
			return r;
	}
	return 0;
}

int sis_dir_errno(struct sis_err *err, int errno_)
{
	switch (errno_) {
	case ENOENT:
		return sis_err_set(err, ENOENT, "dataset does not exist");
	case EEXIST:
		return sis_err_set(err, EEXIST, "dataset already exists");
	case EPERM:
	case EACCES:
		return sis_err_set(err, errno_, "permission denied");
	case EROFS:
		return sis_err_set(err, EROFS, "pool is read-only");
	case ENOSPC:
	case EDQUOT:
		return sis_err_set(err, errno_, "out of space");
	case EBUSY:
		return sis_err_set(err, EBUSY, "dataset is busy");
	case EFBIG:
		return sis_err_set(err, EFBIG, "volume size exceeds limit for this system");
	case EOPNOTSUPP:
		return sis_err_set(err, EOPNOTSUPP, "the file system cannot do this");
	default:
		return sis_err_set(err, errno_, "%s", strerror(errno_));
	}
}

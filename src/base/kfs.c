/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The wrappers: paths below the root, messages, shapes of results. What touches the kernel is in
 * the table of operations (kfs_real.c). Must not show what is written: it may be a secret.
 */
#include "base/kfs.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static char *full_path_v(const struct sis_kfs *k, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static char *full_path_v(const struct sis_kfs *k, const char *fmt, va_list ap)
{
	sis_autofree char *path = sis_vasprintf(fmt, ap);

	assert(path[0] == '/');
	return sis_asprintf("%s%s", k->root, path);
}

/* The path a function was called with; to be used in its body, which owns the result. */
#define full_path(k, fmt)                             \
	({                                            \
		va_list ap_;                          \
		char *p_;                             \
		va_start(ap_, fmt);                   \
		p_ = full_path_v(k, fmt, ap_);        \
		va_end(ap_);                          \
		p_;                                   \
	})

/* Passes r on; a negative one gets its message. */
static int report(const struct sis_kfs *k, int r, const char *what, const char *full,
		  struct sis_err *err)
{
	const char *path = full + strlen(k->root);

	if (r == -ETIMEDOUT)
		return sis_err_set(err, ETIMEDOUT,
				   "cannot %s '%s': the kernel has not answered for %u ms and may "
				   "still carry it out", what, path, k->timeout_ms);
	return r < 0 ? sis_err_errno(err, -r, "cannot %s '%s'", what, path) : 0;
}

int sis_kfs_read(struct sis_kfs *k, char **ret, size_t *ret_len, struct sis_err *err,
		 const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);
	size_t len;
	int r;

	r = k->ops->read(k, path, SIS_KFS_MAX_READ, ret, ret_len ? ret_len : &len);
	return report(k, r, "read", path, err);
}

int sis_kfs_read_line(struct sis_kfs *k, char **ret, struct sis_err *err, const char *path_fmt,
		      ...)
{
	sis_autofree char *path = full_path(k, path_fmt);
	char *text;
	size_t n;
	int r;

	r = k->ops->read(k, path, SIS_KFS_MAX_READ, &text, &n);
	if (r < 0)
		return report(k, r, "read", path, err);
	n = strcspn(text, "\n");
	while (n > 0 && strchr(" \t\r\v\f", text[n - 1]))
		n--;
	text[n] = '\0';
	*ret = text;
	return 0;
}

int sis_kfs_write(struct sis_kfs *k, const char *data, struct sis_err *err, const char *path_fmt,
		  ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->write(k, path, data, strlen(data)), "write to", path, err);
}

int sis_kfs_write_secret(struct sis_kfs *k, const char *data, const char *shown,
			 struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);
	int r;

	k->shown = shown;
	r = k->ops->write(k, path, data, strlen(data));
	k->shown = NULL;
	return report(k, r, "write to", path, err);
}

int sis_kfs_mkdir(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->mkdir(k, path), "create directory", path, err);
}

int sis_kfs_rmdir(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->rmdir(k, path), "remove directory", path, err);
}

int sis_kfs_unlink(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->unlink(k, path), "remove", path, err);
}

int sis_kfs_symlink(struct sis_kfs *k, const char *target, struct sis_err *err,
		    const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);
	sis_autofree char *full = sis_asprintf("%s%s", target[0] == '/' ? k->root : "", target);

	return report(k, k->ops->symlink(k, full, path), "create link", path, err);
}

int sis_kfs_readlink(struct sis_kfs *k, char **ret, struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->readlink(k, path, ret), "read link", path, err);
}

int sis_kfs_list(struct sis_kfs *k, sis_strv *ret, struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->list(k, path, ret), "list", path, err);
}

int sis_kfs_stat(struct sis_kfs *k, struct stat *ret, struct sis_err *err, const char *path_fmt,
		 ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->stat(k, path, ret), "look at", path, err);
}

int sis_kfs_replace(struct sis_kfs *k, const char *text, unsigned mode, struct sis_err *err,
		    const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);

	return report(k, k->ops->replace(k, path, text, mode), "replace", path, err);
}

int sis_kfs_exists(struct sis_kfs *k, const char *path_fmt, ...)
{
	sis_autofree char *path = full_path(k, path_fmt);
	struct stat st;

	return k->ops->stat(k, path, &st) == 0;
}

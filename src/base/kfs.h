/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The only access to kernel trees (sysfs, configfs, procfs) and to small files beside them, below
 * a root directory. The operations can be replaced: recorder, fault injection.
 * Knows nothing of what the files mean.
 */
#ifndef SIS_BASE_KFS_H
#define SIS_BASE_KFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/vec.h"

struct sis_kfs;

/* Each returns 0 or -errno; paths are complete (root included) and absolute. */
struct sis_kfs_ops {
	int (*read)(struct sis_kfs *k, const char *path, size_t max, char **ret, size_t *ret_len);
	int (*write)(struct sis_kfs *k, const char *path, const char *data, size_t len);
	int (*mkdir)(struct sis_kfs *k, const char *path);
	int (*rmdir)(struct sis_kfs *k, const char *path);
	int (*symlink)(struct sis_kfs *k, const char *target, const char *path);
	int (*unlink)(struct sis_kfs *k, const char *path);
	int (*readlink)(struct sis_kfs *k, const char *path, char **ret);
	int (*list)(struct sis_kfs *k, const char *path, sis_strv *ret);
	int (*stat)(struct sis_kfs *k, const char *path, struct stat *ret);
	int (*replace)(struct sis_kfs *k, const char *path, const char *text, unsigned mode);
};

struct sis_kfs {
	const char *root; /* "" or an absolute path without trailing slash; borrowed */
	const struct sis_kfs_ops *ops;
	void *ctx;            /* of a replaced ops */
	/* limit for one call that may hang: write, mkdir, rmdir, symlink, unlink; 0 = none */
	unsigned timeout_ms;
	const char *shown;    /* during sis_kfs_write_secret(): what may be told of the data */
};

enum { SIS_KFS_TIMEOUT_MS = 60000, SIS_KFS_MAX_READ = 16 << 20 };

/*
 * With a limit, what changes something is done by a helper process, one call of a thread at a time,
 * while other lanes work: a request (path and data) is at most 64 KiB (E2BIG). Without one it is done
 * here, with signals blocked.
 */
extern const struct sis_kfs_ops sis_kfs_real_ops;

/*
 * All paths below are relative to the root and formatted like printf: they begin with '/'.
 * Errors are -errno with a message that names operation and path (without root).
 */

/* The whole file, NUL-terminated (may hold NULs: see ret_len, NULL allowed). Caller frees. */
int sis_kfs_read(struct sis_kfs *k, char **ret, size_t *ret_len, struct sis_err *err,
		 const char *path_fmt, ...) __attribute__((format(printf, 5, 6)));

/* First line, trailing white space removed. Caller frees. */
int sis_kfs_read_line(struct sis_kfs *k, char **ret, struct sis_err *err, const char *path_fmt,
		      ...) __attribute__((format(printf, 4, 5)));

/*
 * Exactly one write(2) of `data`, as kernel trees want it; a short write is EIO. Signals are
 * blocked meanwhile (a restarted write would be carried out twice by SCST). A call that exceeds
 * k->timeout_ms returns ETIMEDOUT, naming the path: the kernel may still carry it out.
 */
int sis_kfs_write(struct sis_kfs *k, const char *data, struct sis_err *err, const char *path_fmt,
		  ...) __attribute__((format(printf, 4, 5)));

/*
 * The same for data with a secret in it: a recorder tells `shown` in its place, with the secret as
 * SIS_SECRET_SHOWN.
 */
int sis_kfs_write_secret(struct sis_kfs *k, const char *data, const char *shown,
			 struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define SIS_SECRET_SHOWN "********"

/* EEXIST is an error here: the caller decides what it means. */
int sis_kfs_mkdir(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 3, 4)));
int sis_kfs_rmdir(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 3, 4)));
int sis_kfs_unlink(struct sis_kfs *k, struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* `target` is stored as given; when it begins with '/', the root is put before it. */
int sis_kfs_symlink(struct sis_kfs *k, const char *target, struct sis_err *err,
		    const char *path_fmt, ...) __attribute__((format(printf, 4, 5)));
/* What is stored, as it is: the root is not taken off. */
int sis_kfs_readlink(struct sis_kfs *k, char **ret, struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Names in the directory without "." and "..", sorted. */
int sis_kfs_list(struct sis_kfs *k, sis_strv *ret, struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 4, 5)));

int sis_kfs_stat(struct sis_kfs *k, struct stat *ret, struct sis_err *err, const char *path_fmt,
		 ...) __attribute__((format(printf, 4, 5)));

/*
 * For a small configuration file on an ordinary file system: the whole text at once, as
 * sis_file_replace() does. One that is there keeps its mode and owner and must be a regular file
 * (ELOOP for a link, EINVAL for the rest); `mode` is for a new one.
 */
int sis_kfs_replace(struct sis_kfs *k, const char *text, unsigned mode, struct sis_err *err,
		    const char *path_fmt, ...) __attribute__((format(printf, 5, 6)));

/* Does it exist? Any error is "no". */
int sis_kfs_exists(struct sis_kfs *k, const char *path_fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Small files of our own (configuration, record) and waiting: read with a limit, replace
 * atomically, never through a link somebody else planted.
 */
#ifndef SIS_BASE_FILE_H
#define SIS_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Adds everything up to the end to b, which then holds at most `max` bytes. 0, -EFBIG beyond max
 * or -errno of read(2).
 */
int sis_fd_read(int fd, size_t max, struct sis_str *b);

/*
 * Reads a regular file of at most `max` bytes, NUL-terminated; caller frees. -ENOENT as it is;
 * -EISDIR / -EINVAL for what is not a regular file; -EFBIG beyond max; -EILSEQ with a NUL inside.
 */
int sis_file_read(const char *path, size_t max, char **ret, struct sis_err *err);
/* The same below an open folder, as openat(2): for many files of one folder. */
int sis_file_read_at(int dir, const char *path, size_t max, char **ret, struct sis_err *err);

/*
 * Writes the whole file under a temporary name in the same directory (O_EXCL, O_NOFOLLOW, given
 * mode) and renames it over path: a reader sees the old or the new one, never a part.
 */
int sis_file_replace(const char *path, const char *text, unsigned mode, struct sis_err *err);

/*
 * The same for what does not outlive the machine's run anyway, as below /run: is not forced to the
 * disk, which can take longer than all else that is done about a share.
 */
int sis_file_replace_volatile(const char *path, const char *text, unsigned mode,
			      struct sis_err *err);

/* Has a file of this name been left by one of these that was killed? */
bool sis_file_is_temporary(const char *name);

/* mkdir -p with mode for what is missing; each existing part must be a directory. */
int sis_mkdir_p(const char *path, unsigned mode, struct sis_err *err);

/*
 * Is it a folder in which nobody else can put anything: no link, of root or of this user, and not to
 * be written by others? -ENOENT without message when it is not there.
 */
int sis_dir_own(const char *path, struct sis_err *err);

/* sis_mkdir_p() with mode 0755, then the same. */
int sis_mkdir_own(const char *path, struct sis_err *err);

/* Monotonic clock in milliseconds. */
uint64_t sis_now_ms(void);

/* Sleeps that long, or less when a signal comes. */
void sis_pause(unsigned ms);

/*
 * Calls ready(ctx) until it returns non-zero or `timeout_ms` is over, with pauses that grow from
 * 1 to 100 ms, in which other lanes work. Returns what ready() returned last.
 */
int sis_wait_until(int (*ready)(void *ctx), void *ctx, unsigned timeout_ms);

#endif

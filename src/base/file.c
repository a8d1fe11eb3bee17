/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Our own small files, the clock and waiting. Kernel trees are not for this file (kfs), nor are
 * locks.
 */
#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/lanes.h"
#include "base/str.h"

#define TEMPORARY ".tmp"

/* -errno for what is not a regular file. */
static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/*
 * All of a small file at once, as most are: what ends before the room for it is a file, as what
 * else there may be in its place has no offset to read at, or no end.
 */
static bool read_small(int fd, size_t max, struct sis_str *b)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	bool small = n > 0 && (size_t)n < sizeof(text) && (size_t)n <= max;

	if (small)
		sis_str_addn(b, text, (size_t)n);
	if (n > 0)
		sis_wipe(text, (size_t)n); /* it may be a secret */
	return small;
}

int sis_fd_read(int fd, size_t max, struct sis_str *b)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if ((size_t)n > max - b->len)
			return -EFBIG;
		sis_str_addn(b, chunk, (size_t)n);
		sis_wipe(chunk, (size_t)n); /* it may be a secret */
	}
}

static int file_read(int dir, const char *path, size_t max, struct sis_str *b)
{
	sis_autoclose int fd = -1;
	int r = 0;

	/* O_NONBLOCK: a FIFO in its place must not hold us up */
	fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENXIO ? -EINVAL : -errno; /* a socket or a dead device */
	if (!read_small(fd, max, b)) {
		r = check_regular(fd);
		r = r < 0 ? r : sis_fd_read(fd, max, b);
	}
	if (r < 0)
		return r;
	return memchr(sis_str_get(b), '\0', b->len) ? -EILSEQ : 0;
}

int sis_file_read_at(int dir, const char *path, size_t max, char **ret, struct sis_err *err)
{
	sis_autostr struct sis_str b = { 0 };
	int r = file_read(dir, path, max, &b);

	switch (r) {
	case 0:
		*ret = sis_str_take(&b);
		return 0;
	case -EINVAL:
		return sis_err_set(err, EINVAL, "cannot read '%s': not a regular file", path);
	case -EILSEQ:
		return sis_err_set(err, EILSEQ, "cannot read '%s': it holds a NUL byte", path);
	case -EFBIG:
		return sis_err_set(err, EFBIG, "cannot read '%s': larger than %zu bytes", path, max);
	default:
		return sis_err_errno(err, -r, "cannot read '%s'", path);
	}
}

int sis_file_read(const char *path, size_t max, char **ret, struct sis_err *err)
{
	return sis_file_read_at(AT_FDCWD, path, max, ret, err);
}

/* A hidden name beside path, of this process alone: two writers never share a file. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;

	return sis_asprintf("%.*s.%s.%ld" TEMPORARY, dir, path, path + dir, (long)getpid());
}

bool sis_file_is_temporary(const char *name)
{
	const size_t len = strlen(name), tail = strlen(TEMPORARY);

	return name[0] == '.' && len > tail && sis_streq(name + len - tail, TEMPORARY);
}

static int create_new(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		ssize_t n = write(fd, s, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s += n;
		left -= (size_t)n;
	}
	return 0;
}

static int write_new(const char *path, const char *text, unsigned mode, bool durable)
{
	sis_autoclose int fd = -1;
	int r;

	fd = create_new(path);
	if (fd == -EEXIST && unlink(path) == 0) /* left by a process that had our pid and died */
		fd = create_new(path);
	if (fd < 0)
		return fd;
	r = write_all(fd, text);
	/* not before the text is in: until now only we could open it; and umask plays no part */
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	/* before the rename, or a crash could leave the new name with nothing behind it */
	if (r == 0 && durable && fdatasync(fd) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(path); /* the first failure is the one to report */
	return r;
}

static int replace(const char *path, const char *text, unsigned mode, bool durable,
		   struct sis_err *err)
{
	sis_autofree char *temporary = temporary_name(path);
	int r = write_new(temporary, text, mode, durable);

	if (r == 0 && rename(temporary, path) < 0) {
		r = -errno;
		(void)unlink(temporary); /* as above */
	}
	return r < 0 ? sis_err_errno(err, -r, "cannot write '%s'", path) : 0;
}

int sis_file_replace(const char *path, const char *text, unsigned mode, struct sis_err *err)
{
	return replace(path, text, mode, true, err);
}

int sis_file_replace_volatile(const char *path, const char *text, unsigned mode,
			      struct sis_err *err)
{
	return replace(path, text, mode, false, err);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int mkdir_one(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int sis_mkdir_p(const char *path, unsigned mode, struct sis_err *err)
{
	sis_autofree char *part = NULL;
	int r = 0;

	if (is_dir(path)) /* as it mostly is, after the first time */
		return 0;
	part = sis_strdup(path);
	for (char *p = part + strspn(part, "/"); r == 0 && *p;) {
		char *end = p + strcspn(p, "/");
		char kept = *end;

		*end = '\0';
		r = mkdir_one(part, mode);
		if (r < 0)
			return sis_err_errno(err, -r, "cannot create directory '%s'", part);
		*end = kept;
		p = end + strspn(end, "/");
	}
	return 0;
}

int sis_dir_own(const char *path, struct sis_err *err)
{
	const char *wrong = NULL;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? -ENOENT :
					 sis_err_errno(err, errno, "cannot look at '%s'", path);
	if (!S_ISDIR(st.st_mode))
		wrong = "it is no directory";
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		wrong = "another user owns it";
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		wrong = "others can write to it";
	if (wrong)
		return sis_err_set(err, EACCES, "'%s' is not safe to use: %s; remove it", path, wrong);
	return 0;
}

int sis_mkdir_own(const char *path, struct sis_err *err)
{
	int r = sis_dir_own(path, err);

	if (r != -ENOENT)
		return r;
	r = sis_mkdir_p(path, 0755, err);
	return r < 0 ? r : sis_dir_own(path, err);
}

uint64_t sis_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void sis_pause(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	/* cut short by a signal is fine: all callers look at the clock themselves */
	(void)nanosleep(&t, NULL);
}

int sis_wait_until(int (*ready)(void *ctx), void *ctx, unsigned timeout_ms)
{
	enum { LONGEST_MS = 100 };
	uint64_t now, end = sis_now_ms() + timeout_ms;
	unsigned pause = 1;

	for (;;) {
		int r = ready(ctx);

		now = sis_now_ms();
		if (r || now >= end)
			return r;
		sis_lane_leave();
		sis_pause(end - now < pause ? (unsigned)(end - now) : pause);
		sis_lane_enter();
		pause = pause < LONGEST_MS / 2 ? pause * 2 : LONGEST_MS;
	}
}

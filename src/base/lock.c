/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lock file. Polls, because flock has no time limit and an alarm would be the whole
 * process's business; the pauses are short, so that a queue of waiters moves on quickly.
 */
#include "base/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

enum { LONGEST_PAUSE_MS = 10 };

static int open_lock(const char *path)
{
	sis_autoclose int fd = -1;
	struct stat st;
	int r;

	/* O_NONBLOCK: for the case that it is not a file */
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = fd;
	fd = -1;
	return r;
}

/* Was the file removed or replaced while we waited? Then we hold a lock nobody else looks at. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, now;

	return fstat(fd, &ours) == 0 && lstat(path, &now) == 0 && ours.st_dev == now.st_dev &&
	       ours.st_ino == now.st_ino;
}

/* For the message of those who wait; the lock holds without it. */
static void write_pid(int fd)
{
	sis_autofree char *text = sis_asprintf("%ld\n", (long)getpid());
	size_t n = strlen(text);

	if (pwrite(fd, text, n, 0) == (ssize_t)n)
		(void)!ftruncate(fd, (off_t)n);
}

/* The live process that wrote its pid into the file, or 0. */
static uint64_t read_pid(int fd)
{
	char text[32] = "";
	uint64_t pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	if (sis_parse_u64(sis_str_trim(text), 1, INT32_MAX, &pid) < 0)
		return 0;
	return kill((pid_t)pid, 0) == 0 || errno == EPERM ? pid : 0;
}

static int timed_out(int fd, const char *path, unsigned timeout_ms, struct sis_err *err)
{
	uint64_t pid = read_pid(fd);

	if (pid)
		return sis_err_set(err, ETIMEDOUT,
				   "'%s' is locked by process %llu: gave up after %u ms", path,
				   (unsigned long long)pid, timeout_ms);
	return sis_err_set(err, ETIMEDOUT, "'%s' is locked by another process: gave up after %u ms",
			   path, timeout_ms);
}

/* Opens the file if *fd is -1. 1 = locked, 0 = somebody else has it, or -errno. */
static int try_lock(const char *path, int *fd)
{
	if (*fd < 0) {
		int r = open_lock(path);

		if (r < 0)
			return r;
		*fd = r;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
	if (is_current(*fd, path))
		return 1;
	close(*fd);
	*fd = -1;
	return 0;
}

int sis_lock_take(const char *path, unsigned timeout_ms, int *ret_fd, struct sis_err *err)
{
	uint64_t now, end = sis_now_ms() + timeout_ms;
	sis_autoclose int fd = -1;
	unsigned pause = 1;

	for (;;) {
		int r = try_lock(path, &fd);

		if (r < 0)
			return sis_err_set(err, -r, "cannot lock '%s': %s%s", path, strerror(-r),
					   r == -EACCES ? "; this needs root" : "");
		if (r > 0)
			break;
		now = sis_now_ms();
		if (now >= end)
			return timed_out(fd, path, timeout_ms, err);
		sis_pause(end - now < pause ? (unsigned)(end - now) : pause);
		pause = pause < LONGEST_PAUSE_MS / 2 ? pause * 2 : LONGEST_PAUSE_MS;
	}
	write_pid(fd);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Put before the program with LD_PRELOAD: notes what it changes in configfs, as `plan` prints it,
 * in $OUTSIDE/calls, and goes wrong at the Nth change when $OUTSIDE/fault says "kill N" (after it)
 * or "fail N" (instead of it); $OUTSIDE/fault.done then tells that it came to that.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TREE "/sys/kernel/config/"

static pid_t program; /* not its helper */
static char fault[8];
static unsigned number, count;

static void path_of(char *path, const char *name)
{
	const char *dir = getenv("OUTSIDE");

	snprintf(path, PATH_MAX, "%s/%s", dir ? dir : "/nonexistent", name);
}

__attribute__((constructor)) static void start(void)
{
	char path[PATH_MAX];
	FILE *f;

	program = getpid();
	path_of(path, "fault");
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%7s %u", fault, &number) != 2)
		number = 0;
	fclose(f);
}

static void add_to(const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;

	path_of(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0) {
		(void)!syscall(SYS_write, fd, text, strlen(text));
		close(fd);
	}
}

/* Is this change the one to fail? */
static bool fails(void)
{
	count++;
	if (count != number || strcmp(fault, "fail"))
		return false;
	add_to("fault.done", "");
	errno = EIO;
	return true;
}

/* After a change; keeps errno. */
static int done(int result, const char *line)
{
	int error = errno;

	if (result >= 0)
		add_to("calls", line);
	if (count == number && !strcmp(fault, "kill")) {
		add_to("fault.done", "");
		kill(program, SIGKILL);
		_exit(1);
	}
	errno = error;
	return result;
}

static bool ours(const char *path)
{
	return strncmp(path, TREE, strlen(TREE)) == 0;
}

/* Characters that a shell takes as they are. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_./:=,@%+-";

static const char *quote_of(const char *text, const char *mark)
{
	return *text && text[strspn(text, plain)] == '\0' ? "" : mark;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ONE_PATH(name, word, type, ...)                                                   \
	{                                                                                 \
		char line[PATH_MAX + 16];                                                 \
                                                                                          \
		if (!ours(path))                                                          \
			return REAL(name)(path, ##__VA_ARGS__);                           \
		if (fails())                                                              \
			return -1;                                                        \
		snprintf(line, sizeof(line), word " %s%s%s\n", quote_of(path, "'"), path, \
			 quote_of(path, "'"));                                            \
		return done(REAL(name)(path, ##__VA_ARGS__), line);                       \
	}

int mkdir(const char *path, mode_t mode)
	ONE_PATH(mkdir, "mkdir", int, mode) int rmdir(const char *path)
		ONE_PATH(rmdir, "rmdir", int) int unlink(const char *path)
			ONE_PATH(unlink, "rm", int)

				int symlink(const char *target, const char *path)
{
	char line[3 * PATH_MAX];

	if (!ours(path))
		return REAL(symlink)(target, path);
	if (fails())
		return -1;
	snprintf(line, sizeof(line), "ln -s %s %s\n", target, path);
	return done(REAL(symlink)(target, path), line);
}

/* In quotes where a shell needs them. */
static void note_write(char *line, size_t size, const char *data, size_t len, const char *path)
{
	char text[4096];
	const char *quote;

	while (len && data[len - 1] == '\n')
		len--;
	snprintf(text, sizeof(text), "%.*s", (int)len, data);
	quote = quote_of(text, "\"");
	snprintf(line, size, "echo %s%s%s > %s\n", quote, text, quote, path);
}

ssize_t write(int fd, const void *data, size_t len)
{
	char path[PATH_MAX] = "", link[64], line[3 * PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 || !ours(path))
		return syscall(SYS_write, fd, data, len);
	if (fails())
		return -1;
	note_write(line, sizeof(line), data, len, path);
	n = syscall(SYS_write, fd, data, len);
	return done((int)n, line);
}

// SPDX-License-Identifier: MPL-2.0
/*
 * Small helpers of the simulated IET: memory, paths, whole files. A failure of the host is not
 * a behaviour of IET, so each of them ends the program with a status the real one never has.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void sim_die(const char *fmt, ...)
{
	va_list ap;

	fputs("iet-sim: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(SIM_BROKEN);
}

char *sim_format(const char *fmt, ...)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	va_list ap;

	if (!out)
		sim_die("out of memory");
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	if (fclose(out) != 0)
		sim_die("out of memory");
	return text;
}

char *sim_copy(const char *s)
{
	return sim_format("%s", s);
}

void *sim_zalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		sim_die("out of memory");
	return p;
}

/* Makes the directories above path, but not path itself. */
void sim_mkdir_parents(const char *path)
{
	char *copy = sim_copy(path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			sim_die("mkdir %s: %s", copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
}

static void write_all(int fd, const char *path, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			sim_die("write %s: %s", path, strerror(errno));
		text += n;
		len -= (size_t)n;
	}
}

/* Through a rename, so that a reader without the lock sees the old text or the new. */
void sim_write_whole(const char *tmp, const char *path, const char *text, size_t len)
{
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		sim_die("open %s: %s", tmp, strerror(errno));
	write_all(fd, tmp, text, len);
	close(fd);
	if (rename(tmp, path) < 0)
		sim_die("rename %s: %s", path, strerror(errno));
}

/* One write() with O_APPEND, so that lines of parallel runs never mix. */
void sim_append(const struct sim *s, const char *file, const char *line)
{
	char *path = sim_format("%s/%s", s->dir, file);
	char *text = sim_format("%s\n", line);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		sim_die("open %s: %s", path, strerror(errno));
	write_all(fd, path, text, strlen(text));
	close(fd);
	free(text);
	free(path);
}

void sim_sleep_ms(uint32_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

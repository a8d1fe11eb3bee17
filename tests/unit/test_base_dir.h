/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A directory of a test's own under $TMPDIR: made before, removed with all it holds after.
 * For the tests of src/base; must not use what they test.
 */
#ifndef TEST_BASE_DIR_H
#define TEST_BASE_DIR_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "remove_tree.h"

static char dir[256];

static int dir_setup(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%s/sis-test-XXXXXX", base && base[0] == '/' ? base : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int dir_teardown(void **state)
{
	(void)state;
	return remove_tree(dir);
}

/* A path in the directory, in one of some rotating buffers. */
static const char *in_dir(const char *name)
{
	static char path[8][512];
	static unsigned next;
	char *p = path[next++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static inline void put_bytes(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	assert_int_equal(close(fd), 0);
}

static inline void put_text(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static inline void assert_file(const char *path, const char *text)
{
	char got[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, got, sizeof(got) - 1);
	assert_true(n >= 0);
	got[n] = '\0';
	close(fd);
	assert_string_equal(got, text);
}

/* Gone, or a zombie that nobody has reaped yet; for sis_wait_until(), of a pid_t. */
static inline int process_is_gone(void *pid)
{
	char path[64], text[512] = "";
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)*(pid_t *)pid);
	f = fopen(path, "re");
	if (!f)
		return 1;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	return !n || strncmp(strrchr(text, ')'), ") Z", 3) == 0;
}

#endif

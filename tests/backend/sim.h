/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the simulated targets have in common: a root of their own, and a program that is told what
 * is to happen to their host. For the tests of back ends; must not use them.
 */
#ifndef TEST_SIM_H
#define TEST_SIM_H

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

#include "base/alloc.h"
#include "base/file.h"
#include "base/run.h"
#include "base/str.h"
#include "remove_tree.h"

static const char *sim_ctl_program;
static char *sim_control; /* what that takes first: where the simulator is */
static char *sim_root;

/* "COMMAND ARGS..." to the simulator; its answer, which the caller frees, or NULL if refused. */
static inline char *sim_ask(const char *line)
{
	sis_autofree char *words = sis_strdup(line);
	sis_autoresult struct sis_cmd_result r = { 0 };
	const char *argv[16] = { sim_ctl_program, sim_control };
	const struct sis_cmd cmd = { .argv = argv };
	char *cursor = words, *word;
	size_t n = 2;

	while ((word = sis_str_next(&cursor, " ")) && n < 15)
		argv[n++] = word;
	assert_int_equal(sis_runner_real.run(NULL, &cmd, &r, NULL), 0);
	assert_in_range(r.status, 0, 1);
	return r.status ? NULL : sis_steal(&r.out);
}

static inline bool sim_ctl(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline bool sim_ctl(const char *fmt, ...)
{
	sis_autofree char *line = NULL, *answer = NULL;
	va_list ap;

	va_start(ap, fmt);
	line = sis_vasprintf(fmt, ap);
	va_end(ap);
	answer = sim_ask(line);
	return answer != NULL;
}

static inline char *sim_path(const char *path)
{
	return sis_asprintf("%s%s", sim_root, path);
}

static inline void sim_volume(const char *path, uint64_t size)
{
	sis_autofree char *full = sim_path(path);
	sis_autoclose int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starts the simulated SCST below a root of its own, talks to it, stops it. For the tests of the
 * SCST back end; must not use the back end.
 */
#ifndef TEST_SCST_SIM_H
#define TEST_SCST_SIM_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/run.h"
#include "base/str.h"

static const char *sim_program, *ctl_program;
static char *sim_root, *sim_control, *sim_log, *sim_mount;
static pid_t sim_pid = -1;

static inline void sim_volume(const char *path, uint64_t size)
{
	sis_autofree char *full = sis_asprintf("%s%s", sim_root, path);
	sis_autoclose int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static inline void sim_spawn(void)
{
	char ready[6] = "";
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	sim_pid = fork();
	assert_true(sim_pid >= 0);
	if (sim_pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		/* libfuse drops directory handles whose release it has not seen yet */
		setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
		execl(sim_program, sim_program, "-f", "--files-are-blocks", "--control",
		      sim_control, "--log", sim_log, sim_mount, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], ready, 5), 5); /* or the end, if it did not start */
	assert_string_equal(ready, "ready");
	close(fds[0]);
}

static inline int sim_start(void)
{
	static const char *const dirs[] = { "/sys/kernel/scst_tgt", "/dev/zvol/mypool" };
	char dir[] = "/tmp/sis-scst-XXXXXX";

	assert_non_null(mkdtemp(dir));
	sim_root = sis_strdup(dir);
	sim_control = sis_asprintf("%s/ctl", dir);
	sim_log = sis_asprintf("%s/writes", dir);
	sim_mount = sis_asprintf("%s%s", dir, dirs[0]);
	for (size_t i = 0; i < 2; i++) {
		sis_autofree char *path = sis_asprintf("%s%s", dir, dirs[i]);

		assert_int_equal(sis_mkdir_p(path, 0700, NULL), 0);
	}
	sim_spawn();
	return 0;
}

static inline int sim_remove_entry(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static inline int sim_stop(void)
{
	int status = -1;

	if (sim_pid > 0) {
		kill(sim_pid, SIGTERM);
		waitpid(sim_pid, &status, 0);
	}
	sim_pid = -1;
	(void)nftw(sim_root, sim_remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(sim_root);
	free(sim_control);
	free(sim_log);
	free(sim_mount);
	return status;
}

/* "COMMAND ARGS..." to the simulator; its answer, which the caller frees, or NULL if refused. */
static inline char *sim_ask(const char *line)
{
	sis_autofree char *words = sis_strdup(line);
	sis_autoresult struct sis_cmd_result r = { 0 };
	const char *argv[16] = { ctl_program, sim_control };
	struct sis_cmd cmd = { .argv = argv };
	char *cursor = words, *word;
	size_t n = 2;

	while ((word = sis_str_next(&cursor, " ")) && n < 15)
		argv[n++] = word;
	assert_int_equal(sis_runner_real.run(NULL, &cmd, &r, NULL), 0);
	if (r.status)
		return NULL;
	return sis_steal(&r.out);
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

static inline unsigned sim_writes(void)
{
	sis_autofree char *answer = sim_ask("writes");

	assert_non_null(answer);
	return (unsigned)strtoul(answer, NULL, 10);
}

/* The writes since the start, one a line; names of devices masked. Caller frees. */
static inline char *sim_logged(void)
{
	sis_autofree char *text = NULL;
	char *p;

	assert_int_equal(sis_file_read(sim_log, 1 << 20, &text, NULL), 0);
	for (p = text; (p = strstr(p, "sis")); p++) {
		if (p == text || !strchr(" /", p[-1]))
			continue;
		if (strspn(p, "0123456789abcdefghijklmnopqrstuvwxyz") == 16)
			memcpy(p, "DEVICE----------", 16);
	}
	return sis_steal(&text);
}

#endif

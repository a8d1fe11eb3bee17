/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starts the simulated SCST below a root of its own, talks to it, stops it. For the tests of the
 * SCST back end; must not use the back end.
 */
#ifndef TEST_SCST_SIM_H
#define TEST_SCST_SIM_H

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "sim.h"

static const char *sim_program;
static char *sim_log, *sim_mount;
static pid_t sim_pid = -1;

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

static inline int sim_stop(void)
{
	int status = -1;

	if (sim_pid > 0) {
		kill(sim_pid, SIGTERM);
		waitpid(sim_pid, &status, 0);
	}
	sim_pid = -1;
	(void)remove_tree(sim_root);
	free(sim_root);
	free(sim_control);
	free(sim_log);
	free(sim_mount);
	return status;
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

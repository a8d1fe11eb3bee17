/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files that run programs share. Nobody else includes it.
 */
#ifndef SIS_BASE_RUN_INT_H
#define SIS_BASE_RUN_INT_H

#include <sys/types.h>

#include "base/run.h"

enum { SIS_RUN_MAX_STDERR = 64 << 10 };

/* ---- run_spawn.c ---- */

/* What a relative path means would depend on where we happen to be. -EINVAL. */
int sis_spawn_check(const char *program, struct sis_err *err);

/* Descriptors for a child, never 0 to 2. 0 or -errno. */
int sis_spawn_null(int flags, int *ret);
int sis_spawn_pipe(int *ret_read, int *ret_write);
/* A memory file instead of a pipe: nothing to feed, so no deadlock and no SIGPIPE. */
int sis_spawn_input(const char *text, int *ret);

/* waitpid() tells nothing where SIGCHLD is ignored, and that is inherited through exec. */
void sis_spawn_waitable(void);

/*
 * Starts it in the clean environment, with `more_env`; `how` is POSIX_SPAWN_SETPGROUP or
 * POSIX_SPAWN_SETSID; fds become 0, 1 and 2. 0 or -errno.
 */
int sis_spawn(const char *const *argv, const char *const *more_env, const int fds[3], short how,
	      pid_t *ret);

/* ---- run.c ---- */

struct sis_capture {
	int fd; /* read end, -1 after its end */
	size_t max;
	bool cut; /* what exceeds max is dropped; otherwise it is EFBIG */
	struct sis_str text;
};

/* Takes what is there. 0, -EFBIG or -errno; closes at the end. */
int sis_capture_read(struct sis_capture *c);
void sis_capture_close(struct sis_capture *c);
void sis_capture_free(struct sis_capture *c);

/* Of what waitpid() tells: 0..255, or 128 + signal. */
int sis_exit_code(int status);

#endif

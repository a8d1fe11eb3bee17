/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The only place that starts other programs: argv (never a shell), clean environment, time
 * limit, captured output. Knows nothing of what it runs.
 */
#ifndef SIS_BASE_RUN_H
#define SIS_BASE_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct sis_cmd {
	const char *const *argv;  /* NULL-ended; argv[0] is an absolute path */
	const char *const *env;   /* NULL-ended "K=V" added to the clean environment, or NULL */
	const char *input;        /* text for stdin, or NULL for /dev/null */
	const char *const *shown; /* argv as it may be told, secrets masked; NULL: as it is */
	const char *remember;     /* the output follows from the program file: keep it by this name */
	bool changes;             /* it changes something: a dry run only notes it */
	unsigned timeout_ms;      /* 0 = SIS_RUN_TIMEOUT_MS */
	size_t max_output;        /* bytes of stdout kept; 0 = SIS_RUN_MAX_OUTPUT. More is EFBIG */
};

struct sis_cmd_result {
	int status;    /* exit status 0..255, or 128 + signal */
	char *out;     /* stdout, NUL-terminated, owned; never NULL on success */
	size_t out_len;
	char *errout;  /* stderr, at most 64 KiB, trailing newlines cut, owned; never NULL */
};

enum { SIS_RUN_TIMEOUT_MS = 30000, SIS_RUN_MAX_OUTPUT = 256 << 20 };

/*
 * A way to run programs: the real one, a recorder, or one that fails on purpose.
 * Returns 0 when the program ran to its end, whatever its status: *ret is then filled and the
 * caller's to free. Otherwise negative: ENOENT (no such program), ETIMEDOUT (killed at the limit,
 * the message names the program), EFBIG, EINVAL (not an absolute path), or what fork and exec say.
 */
struct sis_runner {
	int (*run)(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		   struct sis_err *err);
	void *ctx;
	bool (*note)(void *ctx, const char *const *argv); /* see below; NULL: nobody cares */
};

/*
 * For who brings about a change without the program a person would use for it: tells what that
 * person would type. False when it is not to be done, as in a dry run.
 */
static inline bool sis_runner_note(const struct sis_runner *r, const char *const *argv)
{
	return !r->note || r->note(r->ctx, argv);
}

/*
 * Runs the program for real. Its environment is PATH=/usr/sbin:/usr/bin:/sbin:/bin, LC_ALL=C and
 * cmd->env, nothing else; its descriptors are stdin, stdout, stderr, nothing else; its signal
 * mask and dispositions are the defaults; it is killed with its process group at the limit.
 */
extern const struct sis_runner sis_runner_real;

/*
 * Starts a program and forgets it: not waited for, stdin, stdout and stderr are /dev/null, own
 * session, environment as above. 0 or -errno of fork; an exec that fails is nobody's concern.
 */
int sis_run_detached(const char *const *argv, const char *const *env, struct sis_err *err);

/*
 * Runs a program in our place: our environment, our descriptors 0 to 2, no time limit; interrupts
 * from the terminal are the program's. Where `out` or `errout` is not NULL, what it prints there is
 * added to that instead. *ret_status as in struct sis_cmd_result. 0, or negative when it did not
 * run.
 */
int sis_run_foreground(const char *path, char *const *argv, struct sis_str *out,
		       struct sis_str *errout, int *ret_status, struct sis_err *err);

/* The argument vector as a person would type it in a shell. Caller frees. */
char *sis_cmd_text(const char *const *argv);

void sis_cmd_result_free(struct sis_cmd_result *r);
#define sis_autoresult __attribute__((cleanup(sis_cmd_result_free)))

#endif

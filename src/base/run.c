/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runs a program and gathers what it says, under one deadline; or starts one and forgets it. Must
 * not use a shell, or wait for anything without a limit.
 */
#include "base/run_int.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

enum {
	/* how long output may still come, through processes it left behind, once it has ended */
	GRACE_MS = 100,
	/* how long a killed program may take to go; one stuck in the kernel stays behind */
	KILL_MS = 1000,
	/* how often to look where the kernel has no pidfd */
	SLICE_MS = 5,
};

/* ---- what it prints ---- */

void sis_capture_close(struct sis_capture *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int sis_capture_read(struct sis_capture *c)
{
	char chunk[16384];
	ssize_t n = read(c->fd, chunk, sizeof(chunk));
	size_t room = c->max - c->text.len;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		sis_capture_close(c);
	if ((size_t)n > room && !c->cut)
		return -EFBIG;
	sis_str_addn(&c->text, chunk, (size_t)n < room ? (size_t)n : room);
	return 0;
}

void sis_capture_free(struct sis_capture *c)
{
	sis_capture_close(c);
	sis_str_free(&c->text);
}

/* ---- one run ---- */

struct child {
	pid_t pid;
	int pidfd; /* -1 where the kernel has none */
	int status;
	bool ended;
	uint64_t deadline;
	struct sis_capture out, errout;
};

static int child_reap(struct child *c)
{
	uint64_t grace = sis_now_ms() + GRACE_MS;
	pid_t r = waitpid(c->pid, &c->status, WNOHANG);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (r == 0)
		return 0;
	c->ended = true;
	if (c->deadline > grace)
		c->deadline = grace;
	return 0;
}

static int poll_limit(const struct child *c, uint64_t now)
{
	uint64_t left = c->deadline - now;

	if (!c->ended && c->pidfd < 0 && left > SLICE_MS)
		left = SLICE_MS;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Waits for output or the end, once. */
static int child_step(struct child *c, uint64_t now)
{
	struct pollfd p[] = {
		{ .fd = c->out.fd, .events = POLLIN },
		{ .fd = c->errout.fd, .events = POLLIN },
		{ .fd = c->ended ? -1 : c->pidfd, .events = POLLIN },
	};
	int r = 0;

	if (poll(p, 3, poll_limit(c, now)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[0].revents)
		r = sis_capture_read(&c->out);
	if (r == 0 && p[1].revents)
		r = sis_capture_read(&c->errout);
	if (r == 0 && !c->ended && (p[2].revents || c->pidfd < 0))
		r = child_reap(c);
	return r;
}

/* Until it has ended and its output too, or only it and the grace is over. */
static int child_collect(struct child *c)
{
	while (!c->ended || c->out.fd >= 0 || c->errout.fd >= 0) {
		uint64_t now = sis_now_ms();
		int r;

		if (now >= c->deadline)
			return c->ended ? 0 : -ETIMEDOUT;
		r = child_step(c, now);
		if (r < 0)
			return r;
	}
	return 0;
}

static void child_kill(struct child *c)
{
	if (c->ended)
		return;
	/* not reaped yet, so neither number can belong to anybody else */
	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL); /* it may have left its group */
	sis_capture_close(&c->out);
	sis_capture_close(&c->errout);
	c->deadline = sis_now_ms() + KILL_MS;
	(void)child_collect(c); /* a process stuck in the kernel becomes init's */
}

static void child_free(struct child *c)
{
	sis_capture_free(&c->out);
	sis_capture_free(&c->errout);
	sis_closep(&c->pidfd);
}

static int child_start(struct child *c, const struct sis_cmd *cmd, struct sis_err *err)
{
	sis_autoclose int in = -1, out = -1, errout = -1;
	int r;

	r = cmd->input ? sis_spawn_input(cmd->input, &in) : sis_spawn_null(O_RDONLY, &in);
	if (r == 0)
		r = sis_spawn_pipe(&c->out.fd, &out);
	if (r == 0)
		r = sis_spawn_pipe(&c->errout.fd, &errout);
	if (r < 0)
		return sis_err_errno(err, -r, "cannot prepare to start '%s'", cmd->argv[0]);
	sis_spawn_waitable();
	r = sis_spawn(cmd->argv, cmd->env, (int[]){ in, out, errout }, POSIX_SPAWN_SETPGROUP,
		      &c->pid);
	if (r == -ENOENT)
		return sis_err_set(err, ENOENT, "no such program '%s'", cmd->argv[0]);
	if (r < 0)
		return sis_err_errno(err, -r, "cannot start '%s'", cmd->argv[0]);
	c->pidfd = pidfd_open(c->pid, 0);
	return 0;
}

static void cut_newlines(struct sis_str *b)
{
	while (b->len > 0 && b->s[b->len - 1] == '\n')
		b->s[--b->len] = '\0';
}

int sis_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void fill_result(struct child *c, struct sis_cmd_result *ret)
{
	cut_newlines(&c->errout.text);
	ret->status = sis_exit_code(c->status);
	ret->out_len = c->out.text.len;
	ret->out = sis_str_take(&c->out.text);
	ret->errout = sis_str_take(&c->errout.text);
}

static int run_real(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		    struct sis_err *err)
{
	unsigned timeout_ms = cmd->timeout_ms ? cmd->timeout_ms : SIS_RUN_TIMEOUT_MS;
	sis_cleanup(child_free) struct child c = {
		.pidfd = -1,
		.out = { .fd = -1, .max = cmd->max_output ? cmd->max_output : SIS_RUN_MAX_OUTPUT },
		.errout = { .fd = -1, .max = SIS_RUN_MAX_STDERR, .cut = true },
		.deadline = sis_now_ms() + timeout_ms,
	};
	int r;

	(void)ctx; /* the real one has nothing to remember */
	r = sis_spawn_check(cmd->argv[0], err);
	if (r < 0)
		return r;
	r = child_start(&c, cmd, err);
	if (r < 0)
		return r;
	r = child_collect(&c);
	if (r == 0) {
		fill_result(&c, ret);
		return 0;
	}
	child_kill(&c);
	if (r == -ETIMEDOUT)
		return sis_err_set(err, ETIMEDOUT, "'%s' did not end within %u ms and was killed",
				   cmd->argv[0], timeout_ms);
	if (r == -EFBIG)
		return sis_err_set(err, EFBIG, "'%s' printed more than %zu bytes and was killed",
				   cmd->argv[0], c.out.max);
	return sis_err_errno(err, -r, "cannot follow '%s'", cmd->argv[0]);
}

const struct sis_runner sis_runner_real = { .run = run_real };

/* ---- without waiting ---- */

int sis_run_detached(const char *const *argv, const char *const *env, struct sis_err *err)
{
	sis_autoclose int null = -1;
	pid_t pid;
	int r;

	r = sis_spawn_check(argv[0], err);
	if (r < 0)
		return r;
	r = sis_spawn_null(O_RDWR, &null);
	if (r < 0)
		return sis_err_errno(err, -r, "cannot prepare to start '%s'", argv[0]);
	sis_spawn_waitable();
	/* a process in between, which ends at once: init then reaps the program, not we */
	pid = fork();
	if (pid == 0) {
		/* a failure is nobody's concern, see the header */
		(void)sis_spawn(argv, env, (int[]){ null, null, null }, POSIX_SPAWN_SETSID, &pid);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0)
		return sis_err_errno(err, errno, "cannot start '%s'", argv[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return 0;
}

/* ---- command and result ---- */

char *sis_cmd_text(const char *const *argv)
{
	struct sis_str b = { 0 };

	for (size_t i = 0; argv[i]; i++) {
		sis_autofree char *word = sis_shell_quote(argv[i]);

		if (i)
			sis_str_addc(&b, ' ');
		sis_str_add(&b, word);
	}
	return sis_str_take(&b);
}

void sis_cmd_result_free(struct sis_cmd_result *r)
{
	if (!r)
		return;
	free(r->out);
	free(r->errout);
	*r = (struct sis_cmd_result){ 0 };
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runs a program in our place: with our environment and descriptors, for as long as it takes. Must
 * not be used for anything but what the user has asked for by name.
 */
#include "base/run_int.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/alloc.h"

struct foreground {
	pid_t pid;
	int status;
	struct sis_capture out, errout;
};

static void foreground_free(struct foreground *c)
{
	sis_capture_free(&c->out);
	sis_capture_free(&c->errout);
}

/* While a program runs in our place, only it is to be ended from the terminal. */
struct terminal {
	struct sigaction interrupt, quit;
};

static void terminal_yield(struct terminal *t)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* neither can fail with these arguments */
	(void)sigaction(SIGINT, &ignore, &t->interrupt);
	(void)sigaction(SIGQUIT, &ignore, &t->quit);
}

static void terminal_restore(const struct terminal *t)
{
	(void)sigaction(SIGINT, &t->interrupt, NULL);
	(void)sigaction(SIGQUIT, &t->quit, NULL);
}

/* The dispositions as we had them ourselves. */
static int foreground_attr(posix_spawnattr_t *attr, const struct terminal *t)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	if (t->interrupt.sa_handler != SIG_IGN)
		sigaddset(&set, SIGINT);
	if (t->quit.sa_handler != SIG_IGN)
		sigaddset(&set, SIGQUIT);
	r = posix_spawnattr_setsigdefault(attr, &set);
	return r ? r : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF);
}

static int foreground_spawn(const char *path, char *const *argv, int out, int errout,
			    const struct terminal *t, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r;

	/* with glibc neither can fail */
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawnattr_init(&attr);
	r = foreground_attr(&attr, t);
	if (r == 0 && out >= 0)
		r = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (r == 0 && errout >= 0)
		r = posix_spawn_file_actions_adddup2(&files, errout, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static int foreground_start(struct foreground *c, const char *path, char *const *argv,
			    bool take_out, bool take_errout, const struct terminal *t,
			    struct sis_err *err)
{
	sis_autoclose int out = -1, errout = -1;
	int r = take_out ? sis_spawn_pipe(&c->out.fd, &out) : 0;

	if (r == 0 && take_errout)
		r = sis_spawn_pipe(&c->errout.fd, &errout);
	if (r == 0) {
		sis_spawn_waitable();
		r = foreground_spawn(path, argv, out, errout, t, &c->pid);
	}
	return r < 0 ? sis_err_errno(err, -r, "cannot start '%s'", path) : 0;
}

/* Reads to the end, then waits, for as long as it takes. */
static int foreground_collect(struct foreground *c)
{
	int r = 0;

	while (r == 0 && (c->out.fd >= 0 || c->errout.fd >= 0)) {
		struct pollfd p[] = {
			{ .fd = c->out.fd, .events = POLLIN },
			{ .fd = c->errout.fd, .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0)
			r = errno == EINTR ? 0 : -errno;
		else if (p[0].revents)
			r = sis_capture_read(&c->out);
		else if (p[1].revents)
			r = sis_capture_read(&c->errout);
	}
	/* after a failure too: it ends by itself when nobody reads from it */
	sis_capture_close(&c->out);
	sis_capture_close(&c->errout);
	while (waitpid(c->pid, &c->status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r;
}

int sis_run_foreground(const char *path, char *const *argv, struct sis_str *out,
		       struct sis_str *errout, int *ret_status, struct sis_err *err)
{
	sis_cleanup(foreground_free) struct foreground c = {
		.out = { .fd = -1, .max = SIS_RUN_MAX_OUTPUT },
		.errout = { .fd = -1, .max = SIS_RUN_MAX_STDERR, .cut = true },
	};
	struct terminal t;
	int r = sis_spawn_check(path, err);

	if (r < 0)
		return r;
	terminal_yield(&t);
	r = foreground_start(&c, path, argv, out, errout, &t, err);
	if (r == 0) {
		r = foreground_collect(&c);
		if (r < 0)
			(void)sis_err_errno(err, -r, "cannot follow '%s'", path);
	}
	terminal_restore(&t);
	if (r < 0)
		return r;
	if (out)
		sis_str_addn(out, sis_str_get(&c.out.text), c.out.text.len);
	if (errout)
		sis_str_addn(errout, sis_str_get(&c.errout.text), c.errout.text.len);
	*ret_status = sis_exit_code(c.status);
	return 0;
}

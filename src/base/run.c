/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starts programs by posix_spawn and gathers what they say, under one deadline. Must not use a
 * shell; but for a program that runs in our place, must not pass on our environment or
 * descriptors, or wait for anything without a limit.
 */
#include "base/run.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

enum {
	MAX_STDERR = 64 << 10,
	/* how long output may still come, through processes it left behind, once it has ended */
	GRACE_MS = 100,
	/* how long a killed program may take to go; one stuck in the kernel stays behind */
	KILL_MS = 1000,
	/* how often to look where the kernel has no pidfd */
	SLICE_MS = 5,
};

struct capture {
	int fd; /* read end, -1 after its end */
	size_t max;
	bool cut; /* what exceeds max is dropped; otherwise it is EFBIG */
	struct sis_str text;
};

struct child {
	pid_t pid;
	int pidfd; /* -1 where the kernel has none */
	int status;
	bool ended;
	uint64_t deadline;
	struct capture out, errout;
};

/* Descriptors 0 to 2 are what the child's are made in: a source there would be overwritten. */
static int out_of_the_way(int *fd)
{
	int high;

	if (*fd > STDERR_FILENO)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (high < 0)
		return -errno;
	close(*fd);
	*fd = high;
	return 0;
}

static int open_null(int flags, int *ret)
{
	*ret = open("/dev/null", flags | O_CLOEXEC);
	return *ret < 0 ? -errno : out_of_the_way(ret);
}

/* A memory file instead of a pipe: nothing to feed, so no deadlock and no SIGPIPE. */
static int open_input(const char *text, int *ret)
{
	size_t done = 0, len = strlen(text);

	*ret = memfd_create("stdin", MFD_CLOEXEC);
	if (*ret < 0)
		return -errno;
	while (done < len) {
		ssize_t n = pwrite(*ret, text + done, len - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return out_of_the_way(ret);
}

static int open_pipe(int *ret_read, int *ret_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_read = fds[0];
	*ret_write = fds[1];
	return out_of_the_way(ret_write);
}

/* The array is the caller's, the strings are not. */
static const char **make_env(const char *const *more)
{
	const char **env;
	size_t n = 0;

	while (more && more[n])
		n++;
	env = sis_calloc(n + 3, sizeof(*env));
	env[0] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	env[1] = "LC_ALL=C";
	if (n)
		memcpy(env + 2, more, n * sizeof(*env));
	return env;
}

static int prepare_files(posix_spawn_file_actions_t *files, const int fds[3])
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(files, fds[i], i);
	/* what we inherited ourselves may lack close-on-exec */
	return r ? r : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

static int prepare_attr(posix_spawnattr_t *attr, short how)
{
	sigset_t all, none;
	int r;

	sigfillset(&all);
	sigemptyset(&none);
	r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(attr, (short)(how | POSIX_SPAWN_SETSIGDEF |
							   POSIX_SPAWN_SETSIGMASK));
	return r;
}

/* `how` is POSIX_SPAWN_SETPGROUP or POSIX_SPAWN_SETSID; fds become 0, 1 and 2. */
static int spawn(const char *const *argv, const char *const *more_env, const int fds[3], short how,
		 pid_t *ret)
{
	sis_autofree const char **env = make_env(more_env);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r;

	/* with glibc neither can fail */
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawnattr_init(&attr);
	r = prepare_files(&files, fds);
	if (r == 0)
		r = prepare_attr(&attr, how);
	if (r == 0)
		r = posix_spawn(ret, argv[0], &files, &attr, (char *const *)argv,
				(char *const *)env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static void capture_close(struct capture *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Takes what is there. 0, -EFBIG or -errno; closes at the end. */
static int capture_read(struct capture *c)
{
	char chunk[16384];
	ssize_t n = read(c->fd, chunk, sizeof(chunk));
	size_t room = c->max - c->text.len;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		capture_close(c);
	if ((size_t)n > room && !c->cut)
		return -EFBIG;
	sis_str_addn(&c->text, chunk, (size_t)n < room ? (size_t)n : room);
	return 0;
}

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
		r = capture_read(&c->out);
	if (r == 0 && p[1].revents)
		r = capture_read(&c->errout);
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
	capture_close(&c->out);
	capture_close(&c->errout);
	c->deadline = sis_now_ms() + KILL_MS;
	(void)child_collect(c); /* a process stuck in the kernel becomes init's */
}

static void child_free(struct child *c)
{
	capture_close(&c->out);
	capture_close(&c->errout);
	sis_str_free(&c->out.text);
	sis_str_free(&c->errout.text);
	sis_closep(&c->pidfd);
}

/* waitpid() tells nothing where SIGCHLD is ignored, and that is inherited through exec. */
static void make_waitable(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
		(void)signal(SIGCHLD, SIG_DFL); /* cannot fail with these arguments */
}

/* What a relative path means would depend on where we happen to be. */
static int check_absolute(const char *program, struct sis_err *err)
{
	if (program[0] == '/')
		return 0;
	return sis_err_set(err, EINVAL, "'%s' is not an absolute path", program);
}

static int child_start(struct child *c, const struct sis_cmd *cmd, struct sis_err *err)
{
	sis_autoclose int in = -1, out = -1, errout = -1;
	int r;

	r = cmd->input ? open_input(cmd->input, &in) : open_null(O_RDONLY, &in);
	if (r == 0)
		r = open_pipe(&c->out.fd, &out);
	if (r == 0)
		r = open_pipe(&c->errout.fd, &errout);
	if (r < 0)
		return sis_err_errno(err, -r, "cannot prepare to start '%s'", cmd->argv[0]);
	make_waitable();
	r = spawn(cmd->argv, cmd->env, (int[]){ in, out, errout }, POSIX_SPAWN_SETPGROUP, &c->pid);
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

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void fill_result(struct child *c, struct sis_cmd_result *ret)
{
	cut_newlines(&c->errout.text);
	ret->status = exit_status(c->status);
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
		.errout = { .fd = -1, .max = MAX_STDERR, .cut = true },
		.deadline = sis_now_ms() + timeout_ms,
	};
	int r;

	(void)ctx; /* the real one has nothing to remember */
	r = check_absolute(cmd->argv[0], err);
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

int sis_run_detached(const char *const *argv, const char *const *env, struct sis_err *err)
{
	sis_autoclose int null = -1;
	pid_t pid;
	int r;

	r = check_absolute(argv[0], err);
	if (r < 0)
		return r;
	r = open_null(O_RDWR, &null);
	if (r < 0)
		return sis_err_errno(err, -r, "cannot prepare to start '%s'", argv[0]);
	make_waitable();
	/* a process in between, which ends at once: init then reaps the program, not we */
	pid = fork();
	if (pid == 0) {
		/* a failure is nobody's concern, see the header */
		(void)spawn(argv, env, (int[]){ null, null, null }, POSIX_SPAWN_SETSID, &pid);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0)
		return sis_err_errno(err, errno, "cannot start '%s'", argv[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return 0;
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

static int foreground_start(struct child *c, const char *path, char *const *argv, bool take_out,
			    bool take_errout, const struct terminal *t, struct sis_err *err)
{
	sis_autoclose int out = -1, errout = -1;
	int r = take_out ? open_pipe(&c->out.fd, &out) : 0;

	if (r == 0 && take_errout)
		r = open_pipe(&c->errout.fd, &errout);
	if (r == 0) {
		make_waitable();
		r = foreground_spawn(path, argv, out, errout, t, &c->pid);
	}
	return r < 0 ? sis_err_errno(err, -r, "cannot start '%s'", path) : 0;
}

/* Reads to the end, then waits, for as long as it takes. */
static int foreground_collect(struct child *c)
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
			r = capture_read(&c->out);
		else if (p[1].revents)
			r = capture_read(&c->errout);
	}
	/* after a failure too: it ends by itself when nobody reads from it */
	capture_close(&c->out);
	capture_close(&c->errout);
	while (waitpid(c->pid, &c->status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return r;
}

int sis_run_foreground(const char *path, char *const *argv, struct sis_str *out,
		       struct sis_str *errout, int *ret_status, struct sis_err *err)
{
	sis_cleanup(child_free) struct child c = {
		.pidfd = -1,
		.out = { .fd = -1, .max = SIS_RUN_MAX_OUTPUT },
		.errout = { .fd = -1, .max = MAX_STDERR, .cut = true },
	};
	struct terminal t;
	int r = check_absolute(path, err);

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
	*ret_status = exit_status(c.status);
	return 0;
}

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

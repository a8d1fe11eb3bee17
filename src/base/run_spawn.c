/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starting a program by posix_spawn: its descriptors, environment and signals. Must not pass on
 * ours, and must not wait.
 */
#include "base/run_int.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>

#include "base/alloc.h"

int sis_spawn_check(const char *program, struct sis_err *err)
{
	if (program[0] == '/')
		return 0;
	return sis_err_set(err, EINVAL, "'%s' is not an absolute path", program);
}

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

int sis_spawn_null(int flags, int *ret)
{
	*ret = open("/dev/null", flags | O_CLOEXEC);
	return *ret < 0 ? -errno : out_of_the_way(ret);
}

int sis_spawn_input(const char *text, int *ret)
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

int sis_spawn_pipe(int *ret_read, int *ret_write)
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
		r = posix_spawnattr_setflags(
			attr, (short)(how | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
	return r;
}

int sis_spawn(const char *const *argv, const char *const *more_env, const int fds[3], short how,
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

void sis_spawn_waitable(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
		(void)signal(SIGCHLD, SIG_DFL); /* cannot fail with these arguments */
}

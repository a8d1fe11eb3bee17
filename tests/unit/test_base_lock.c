/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lock: exclusion, time limit, who holds it, and files that change under the waiters.
 */
#include "test_base_dir.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock.h"

enum { PATIENCE_MS = 20000 };

static int take(const char *name)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int fd = -1;

	if (sis_lock_take(in_dir(name), PATIENCE_MS, &fd, &err) < 0)
		fail_msg("%s", sis_err_msg(&err));
	return fd;
}

static void assert_not_taken(const char *path, unsigned timeout_ms, int code, const char *msg)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int fd = -7;

	assert_int_equal(sis_lock_take(path, timeout_ms, &fd, &err), -code);
	assert_int_equal(err.code, code);
	assert_string_equal(sis_err_msg(&err), msg);
	assert_int_equal(fd, -7);
}

static void test_take(void **state)
{
	sis_autofree char *pid = sis_asprintf("%ld\n", (long)getpid());
	int fd, again;
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	fd = take("l");
	umask(old);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_file(in_dir("l"), pid);
	close(fd);
	put_text(in_dir("l"), "123456789012345678901234567890\n");
	again = take("l");
	assert_file(in_dir("l"), pid); /* nothing left of a longer text */
	close(again);
}

static void test_timeout(void **state)
{
	sis_autofree char *by = sis_asprintf("'%s' is locked by process %ld: gave up after 30 ms",
					     in_dir("t"), (long)getpid());
	sis_autofree char *now = sis_asprintf("'%s' is locked by process %ld: gave up after 0 ms",
					      in_dir("t"), (long)getpid());
	int fd = take("t");
	uint64_t start = sis_now_ms();

	(void)state;
	assert_not_taken(in_dir("t"), 30, ETIMEDOUT, by);
	assert_in_range(sis_now_ms() - start, 30, 5000);
	assert_not_taken(in_dir("t"), 0, ETIMEDOUT, now);
	close(fd);
	close(take("t"));
}

/* A pid that is no process, or no pid, is not named. */
static void test_unknown_holder(void **state)
{
	static const char *const text[] = { "", "0\n", "-1\n", "garbage", "99999999999\n", "1 2\n" };
	sis_autofree char *msg =
		sis_asprintf("'%s' is locked by another process: gave up after 0 ms", in_dir("u"));
	sis_autofree char *dead = NULL;
	int fd = take("u");
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		put_text(in_dir("u"), text[i]);
		assert_not_taken(in_dir("u"), 0, ETIMEDOUT, msg);
	}
	dead = sis_asprintf("%ld\n", (long)pid);
	put_text(in_dir("u"), dead);
	assert_not_taken(in_dir("u"), 0, ETIMEDOUT, msg);
	close(fd);
}

static void assert_refused(const char *path, int code)
{
	sis_autofree char *msg = sis_asprintf("cannot lock '%s': %s", path, strerror(code));

	assert_not_taken(path, PATIENCE_MS, code, msg);
}

static void test_refused(void **state)
{
	(void)state;
	put_text(in_dir("victim"), "v");
	assert_int_equal(symlink("victim", in_dir("link")), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_refused(in_dir("link"), ELOOP);
	assert_file(in_dir("victim"), "v");
	assert_refused(in_dir("fifo"), EINVAL);
	assert_refused(in_dir(""), EISDIR);
	assert_refused(in_dir("none/l"), ENOENT);
}

/* A child that has the lock (true) or could not get it, until it is told to end. */
static pid_t hold_in_child(const char *name, int *ret_tell)
{
	int ready[2], tell[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int fd = -1;

		close(tell[1]);
		if (sis_lock_take(in_dir(name), PATIENCE_MS, &fd, NULL) < 0 ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(tell[0], &c, 1) == 0 ? 0 : 1);
	}
	close(ready[1]);
	close(tell[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*ret_tell = tell[1];
	return pid;
}

static void test_ends_with_process(void **state)
{
	sis_autofree char *msg = NULL;
	int tell, status, fd;
	pid_t pid = hold_in_child("k", &tell);

	(void)state;
	msg = sis_asprintf("'%s' is locked by process %ld: gave up after 1 ms", in_dir("k"),
			   (long)pid);
	assert_not_taken(in_dir("k"), 1, ETIMEDOUT, msg);
	assert_int_equal(kill(pid, SIGKILL), 0);
	fd = take("k"); /* waits for nothing but its death */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(fd);
	close(tell);
}

struct opener {
	pid_t pid;
	const char *path;
};

/* Has the process the file open? */
static int has_open(void *ctx)
{
	const struct opener *o = ctx;
	int found = 0;

	for (int fd = 3; fd < 64 && !found; fd++) {
		sis_autofree char *link = sis_asprintf("/proc/%d/fd/%d", o->pid, fd);
		char target[512] = "";

		found = readlink(link, target, sizeof(target) - 1) > 0 &&
			strcmp(target, o->path) == 0;
	}
	return found;
}

/* 0 if the lock it gets is that of the file that has the name. */
static int take_current(const char *name)
{
	struct stat mine, named;
	int fd = -1;

	if (sis_lock_take(in_dir(name), PATIENCE_MS, &fd, NULL) < 0 || fstat(fd, &mine) < 0 ||
	    stat(in_dir(name), &named) < 0)
		return 1;
	return mine.st_ino == named.st_ino ? 0 : 2;
}

/*
 * The holder removes the file while another waits for it: who gets the old file's lock then must
 * go on to the new file.
 */
static void test_replaced(void **state)
{
	struct opener waiter = { .path = in_dir("r") };
	int ready[2], first = take("r"), second, status;
	char c;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	waiter.pid = fork();
	if (waiter.pid == 0) {
		close(first);
		close(ready[1]); /* from here on it has the file open by itself or not at all */
		_exit(take_current("r"));
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 0);
	assert_true(sis_wait_until(has_open, &waiter, PATIENCE_MS));
	assert_int_equal(unlink(in_dir("r")), 0);
	second = take("r"); /* another file now, so it is free */
	close(first);
	close(second);
	assert_int_equal(waitpid(waiter.pid, &status, 0), waiter.pid);
	assert_int_equal(status, 0);
	close(ready[0]);
}

/* Read, add one, write back: loses counts as soon as two are inside. */
static int count_under_lock(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		sis_autofree char *old = NULL;
		sis_autofree char *new = NULL;
		sis_autoclose int fd = -1;

		if (sis_lock_take(in_dir("count.lock"), PATIENCE_MS, &fd, NULL) < 0 ||
		    sis_file_read(in_dir("count"), 100, &old, NULL) < 0)
			return 1;
		new = sis_asprintf("%d", atoi(old) + 1);
		put_text(in_dir("count"), new);
	}
	return 0;
}

static void test_many(void **state)
{
	enum { CALLERS = 32, ROUNDS = 5 };
	int status;

	(void)state;
	put_text(in_dir("count"), "0");
	for (int i = 0; i < CALLERS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(count_under_lock(ROUNDS));
		assert_true(pid > 0);
	}
	for (int i = 0; i < CALLERS; i++) {
		assert_true(waitpid(-1, &status, 0) > 0);
		assert_int_equal(status, 0);
	}
	assert_file(in_dir("count"), "160");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_unknown_holder),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ends_with_process),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("base/lock", tests, dir_setup, dir_teardown);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starting programs: what they are given, what comes back, and what happens at the limits.
 */
#include "test_base_dir.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/run.h"
#include "base/str.h"

enum { PATIENCE_MS = 10000 };

static int run_cmd(const struct sis_cmd *cmd, struct sis_cmd_result *ret, struct sis_err *err)
{
	return sis_runner_real.run(sis_runner_real.ctx, cmd, ret, err);
}

#define SH(text) .argv = (const char *const[]){ "/bin/sh", "-c", text, NULL }

/* Runs a script that must come to its end. */
static struct sis_cmd_result sh(const char *script)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_cmd_result r = { .status = -1 };

	if (run_cmd(&(struct sis_cmd){ SH(script) }, &r, &err) < 0)
		fail_msg("%s", sis_err_msg(&err));
	return r;
}

/* It must fail like that and leave the result alone. */
static void assert_fails(const struct sis_cmd *cmd, int code, const char *msg)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_cmd_result r = { .status = 4711 };

	assert_int_equal(run_cmd(cmd, &r, &err), -code);
	assert_int_equal(err.code, code);
	assert_string_equal(sis_err_msg(&err), msg);
	assert_int_equal(r.status, 4711);
	assert_null(r.out);
	assert_null(r.errout);
}

static void test_output(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("echo out; printf 'a\\n\\nb\\n\\n' >&2; exit 3");

	(void)state;
	assert_int_equal(r.status, 3);
	assert_string_equal(r.out, "out\n");
	assert_int_equal(r.out_len, 4);
	assert_string_equal(r.errout, "a\n\nb");
}

static void test_no_output(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("exit 255");

	(void)state;
	assert_int_equal(r.status, 255);
	assert_string_equal(r.out, "");
	assert_int_equal(r.out_len, 0);
	assert_string_equal(r.errout, "");
}

static void test_binary_output(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("printf 'a\\0b'");

	(void)state;
	assert_int_equal(r.out_len, 3);
	assert_memory_equal(r.out, "a\0b", 4);
}

static void test_signal_status(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("kill -TERM $$");

	(void)state;
	assert_int_equal(r.status, 128 + SIGTERM);
}

/* More than the pipes hold, on both at once. */
static void test_much_output(void **state)
{
	sis_autoresult struct sis_cmd_result r =
		sh("head -c 300000 /dev/zero >&2; head -c 1000000 /dev/zero; "
		   "head -c 300000 /dev/zero | tr '\\0' x >&2");

	(void)state;
	assert_int_equal(r.status, 0);
	assert_int_equal(r.out_len, 1000000);
}

static void test_stderr_is_cut(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("head -c 300000 /dev/zero | tr '\\0' x >&2");

	(void)state;
	assert_int_equal(r.status, 0);
	assert_int_equal(strlen(r.errout), 64 << 10);
}

static void test_max_output(void **state)
{
	sis_autoresult struct sis_cmd_result r = { 0 };

	(void)state;
	assert_int_equal(run_cmd(&(struct sis_cmd){ SH("head -c 1000 /dev/zero"),
						    .max_output = 1000 }, &r, NULL), 0);
	assert_int_equal(r.out_len, 1000);
	assert_fails(&(struct sis_cmd){ SH("head -c 1001 /dev/zero"), .max_output = 1000 }, EFBIG,
		     "'/bin/sh' printed more than 1000 bytes and was killed");
	assert_fails(&(struct sis_cmd){ SH("exec cat /dev/zero"), .max_output = 1000 }, EFBIG,
		     "'/bin/sh' printed more than 1000 bytes and was killed");
}

static void test_stdin(void **state)
{
	sis_autoresult struct sis_cmd_result null = sh("readlink /proc/self/fd/0; cat");
	sis_autoresult struct sis_cmd_result r = { 0 };
	sis_autoresult struct sis_cmd_result empty = { 0 };
	size_t big = 1 << 20;
	sis_autofree char *text = sis_calloc(big + 1, 1);

	(void)state;
	assert_string_equal(null.out, "/dev/null\n");
	memset(text, 'x', big);
	assert_int_equal(run_cmd(&(struct sis_cmd){ SH("cat"), .input = text }, &r, NULL), 0);
	assert_int_equal(r.out_len, big);
	assert_string_equal(r.out, text);
	assert_int_equal(run_cmd(&(struct sis_cmd){ SH("cat"), .input = "" }, &empty, NULL), 0);
	assert_int_equal(empty.out_len, 0);
}

/* A program that does not read its input must neither block nor kill us. */
static void test_stdin_unread(void **state)
{
	sis_autoresult struct sis_cmd_result r = { 0 };
	size_t big = 1 << 20;
	sis_autofree char *text = sis_calloc(big + 1, 1);

	(void)state;
	memset(text, 'x', big);
	assert_int_equal(run_cmd(&(struct sis_cmd){ SH("exec <&-; echo ok"), .input = text }, &r,
				 NULL), 0);
	assert_string_equal(r.out, "ok\n");
}

static void test_environment(void **state)
{
	sis_autoresult struct sis_cmd_result r = { 0 };
	sis_autoresult struct sis_cmd_result plain = { 0 };
	const char *const argv[] = { "/usr/bin/env", NULL };
	const char *const more[] = { "A=1", "B=two words", NULL };

	(void)state;
	setenv("SIS_TEST_LEAK", "1", 1);
	assert_int_equal(run_cmd(&(struct sis_cmd){ .argv = argv, .env = more }, &r, NULL), 0);
	assert_string_equal(r.out, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n"
				   "A=1\nB=two words\n");
	assert_int_equal(run_cmd(&(struct sis_cmd){ .argv = argv }, &plain, NULL), 0);
	assert_string_equal(plain.out, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
}

/* fd 3 is the directory that ls reads. */
static void test_descriptors(void **state)
{
	int leak = open("/dev/zero", O_RDONLY);
	int high = fcntl(leak, F_DUPFD, 200);
	sis_autoresult struct sis_cmd_result r = { 0 };
	const char *const argv[] = { "/bin/ls", "/proc/self/fd", NULL };

	(void)state;
	assert_true(leak >= 0 && high >= 200);
	assert_int_equal(run_cmd(&(struct sis_cmd){ .argv = argv, .input = "x" }, &r, NULL), 0);
	close(leak);
	close(high);
	assert_string_equal(r.out, "0\n1\n2\n3\n");
}

static void test_signal_state(void **state)
{
	sis_autoresult struct sis_cmd_result r = { 0 };
	const char *const argv[] = { "/bin/grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status",
				     NULL };
	const unsigned long long internal = 3ULL << 31; /* 32 and 33: glibc's own, it ignores them */
	unsigned long long blocked, ignored;
	sigset_t set, old;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(run_cmd(&(struct sis_cmd){ .argv = argv }, &r, NULL), 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(sscanf(r.out, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~internal, 0);
}

static void test_own_group(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("read pid a b c group rest < /proc/self/stat; "
						    "echo $((group == $$))");

	(void)state;
	assert_string_equal(r.out, "1\n");
}

/* A handler of ours that runs meanwhile changes nothing. */
static void on_alarm(int sig)
{
	(void)sig;
}

static void test_interrupted(void **state)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = on_alarm }, old;

	(void)state;
	sigaction(SIGALRM, &sa, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 10; i++) {
		sis_autoresult struct sis_cmd_result r = sh("head -c 200000 /dev/zero; exit 7");

		assert_int_equal(r.status, 7);
		assert_int_equal(r.out_len, 200000);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
}

static void test_sigchld_ignored(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	{
		sis_autoresult struct sis_cmd_result r = sh("exit 5");

		assert_int_equal(r.status, 5);
	}
	signal(SIGCHLD, SIG_DFL);
}

static void test_cannot_start(void **state)
{
	const char *plain = in_dir("plain"), *odd = in_dir("odd"), *none = in_dir("none");
	sis_autofree char *no_program = sis_asprintf("no such program '%s'", none);
	sis_autofree char *denied = sis_asprintf("cannot start '%s': Permission denied", plain);
	sis_autofree char *format = sis_asprintf("cannot start '%s': Exec format error", odd);

	(void)state;
	put_text(plain, "#!/bin/sh\n");
	put_text(odd, "echo never by a shell\n");
	chmod(odd, 0755);
	assert_fails(&(struct sis_cmd){ .argv = (const char *const[]){ none, NULL } }, ENOENT,
		     no_program);
	assert_fails(&(struct sis_cmd){ .argv = (const char *const[]){ plain, NULL } }, EACCES,
		     denied);
	assert_fails(&(struct sis_cmd){ .argv = (const char *const[]){ odd, NULL } }, ENOEXEC,
		     format);
	assert_fails(&(struct sis_cmd){ .argv = (const char *const[]){ "true", NULL } }, EINVAL,
		     "'true' is not an absolute path");
}

static pid_t read_pid(const char *path)
{
	sis_autofree char *text = NULL;
	uint64_t pid;

	assert_int_equal(sis_file_read(path, 100, &text, NULL), 0);
	assert_int_equal(sis_parse_u64(sis_str_trim(text), 1, INT32_MAX, &pid), 0);
	return (pid_t)pid;
}

static void test_timeout(void **state)
{
	sis_autofree char *script = sis_asprintf("sleep 60 & echo $! > %s; wait", in_dir("pid"));
	uint64_t start = sis_now_ms();
	pid_t pid;

	(void)state;
	assert_fails(&(struct sis_cmd){ SH(script), .timeout_ms = 200 }, ETIMEDOUT,
		     "'/bin/sh' did not end within 200 ms and was killed");
	assert_in_range(sis_now_ms() - start, 200, PATIENCE_MS);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
	pid = read_pid(in_dir("pid"));
	assert_true(sis_wait_until(process_is_gone, &pid, PATIENCE_MS)); /* the whole group went */
}

/* TERM would not be enough, and closed output is not the end. */
static void test_timeout_stubborn(void **state)
{
	(void)state;
	assert_fails(&(struct sis_cmd){ SH("trap '' TERM; exec >&- 2>&-; sleep 60"),
					.timeout_ms = 50 }, ETIMEDOUT,
		     "'/bin/sh' did not end within 50 ms and was killed");
	assert_fails(&(struct sis_cmd){ SH("exec cat /dev/zero >&2"), .timeout_ms = 50 }, ETIMEDOUT,
		     "'/bin/sh' did not end within 50 ms and was killed");
}

static void test_closes_early(void **state)
{
	sis_autoresult struct sis_cmd_result r = sh("echo a; exec >&- 2>&-; sleep 0.02; exit 9");

	(void)state;
	assert_int_equal(r.status, 9);
	assert_string_equal(r.out, "a\n");
}

/* A daemon that keeps the pipe: its parent's end counts, and it lives on. */
static void test_left_behind(void **state)
{
	sis_autofree char *script = sis_asprintf("sleep 60 & echo $! > %s; echo ok", in_dir("pid"));
	uint64_t start = sis_now_ms();
	sis_autoresult struct sis_cmd_result r = sh(script);
	pid_t pid = read_pid(in_dir("pid"));

	(void)state;
	assert_true(sis_now_ms() - start < PATIENCE_MS);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "ok\n");
	assert_int_equal(kill(pid, SIGKILL), 0);
}

/* Without 0, 1 and 2 the pipes would get these numbers. */
static void test_closed_standard(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sis_cmd_result r = { 0 };

		close(0);
		close(1);
		close(2);
		if (run_cmd(&(struct sis_cmd){ SH("cat; echo e >&2"), .input = "in" }, &r, NULL) < 0)
			_exit(1);
		_exit(sis_streq(r.out, "in") && sis_streq(r.errout, "e") ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int file_is_there(void *ctx)
{
	return access(ctx, F_OK) == 0;
}

static void test_detached(void **state)
{
	char *done = sis_strdup(in_dir("done"));
	sis_autofree char *script = sis_asprintf(
		"{ echo $A; readlink /proc/self/fd/0 /proc/self/fd/1; ls /proc/self/fd; "
		"read pid a b c group session rest < /proc/self/stat; echo $((session == $$)); } "
		"> %s.new 2>&1; mv %s.new %s", done, done, done);
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const env[] = { "A=1", NULL };
	sis_autofree char *expect = sis_asprintf("1\n/dev/null\n%s.new\n0\n1\n2\n3\n1\n", done);

	(void)state;
	assert_int_equal(sis_run_detached(argv, env, NULL), 0);
	assert_true(sis_wait_until(file_is_there, done, PATIENCE_MS));
	assert_file(done, expect);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child of ours */
	free(done);
}

static void test_detached_errors(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	(void)state;
	assert_int_equal(sis_run_detached((const char *const[]){ in_dir("none"), NULL }, NULL,
					  &err), 0);
	assert_int_equal(sis_run_detached((const char *const[]){ "true", NULL }, NULL, &err),
			 -EINVAL);
	assert_string_equal(sis_err_msg(&err), "'true' is not an absolute path");
}

static void test_text(void **state)
{
	const char *const argv[] = { "/sbin/zfs", "set", "a=b c", "", "tank/v1", NULL };
	sis_autofree char *text = sis_cmd_text(argv);

	(void)state;
	assert_string_equal(text, "/sbin/zfs set 'a=b c' '' tank/v1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_no_output),
		cmocka_unit_test(test_binary_output),
		cmocka_unit_test(test_signal_status),
		cmocka_unit_test(test_much_output),
		cmocka_unit_test(test_stderr_is_cut),
		cmocka_unit_test(test_max_output),
		cmocka_unit_test(test_stdin),
		cmocka_unit_test(test_stdin_unread),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_signal_state),
		cmocka_unit_test(test_own_group),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_sigchld_ignored),
		cmocka_unit_test(test_cannot_start),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_timeout_stubborn),
		cmocka_unit_test(test_closes_early),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_closed_standard),
		cmocka_unit_test(test_detached),
		cmocka_unit_test(test_detached_errors),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests_name("base/run", tests, dir_setup, dir_teardown);
}

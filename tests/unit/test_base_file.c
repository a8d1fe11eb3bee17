/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and replacing files, making directories, waiting.
 */
#include "test_base_dir.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"

static void assert_unreadable(const char *path, size_t max, int code, const char *why)
{
	sis_autofree char *msg = sis_asprintf("cannot read '%s': %s", path, why);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char *text = NULL;

	assert_int_equal(sis_file_read(path, max, &text, &err), -code);
	assert_int_equal(err.code, code);
	assert_string_equal(sis_err_msg(&err), msg);
	assert_null(text);
}

static void assert_reads(const char *path, size_t max, const char *expect)
{
	sis_autofree char *text = NULL;

	assert_int_equal(sis_file_read(path, max, &text, NULL), 0);
	assert_string_equal(text, expect);
}

static void test_read(void **state)
{
	(void)state;
	put_text(in_dir("f"), "12345\n");
	assert_reads(in_dir("f"), 6, "12345\n");
	assert_reads(in_dir("f"), 1 << 20, "12345\n");
	assert_unreadable(in_dir("f"), 5, EFBIG, "larger than 5 bytes");
	assert_unreadable(in_dir("f"), 0, EFBIG, "larger than 0 bytes");
	put_text(in_dir("f"), "");
	assert_reads(in_dir("f"), 0, "");
	put_bytes(in_dir("f"), "a\0b", 3);
	assert_unreadable(in_dir("f"), 100, EILSEQ, "it holds a NUL byte");
	put_text(in_dir("f"), "x");
	assert_int_equal(symlink("f", in_dir("link")), 0);
	assert_reads(in_dir("link"), 10, "x");
	assert_reads("/proc/sys/kernel/ostype", 100, "Linux\n"); /* its st_size is 0 */
}

static void test_read_long(void **state)
{
	size_t n = 100001;
	sis_autofree char *text = sis_calloc(n + 1, 1);

	(void)state;
	memset(text, 'y', n);
	put_bytes(in_dir("long"), text, n);
	assert_reads(in_dir("long"), n, text);
	assert_unreadable(in_dir("long"), n - 1, EFBIG, "larger than 100000 bytes");
}

static void test_read_irregular(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s/s", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_unreadable(in_dir("none"), 100, ENOENT, "No such file or directory");
	assert_unreadable(in_dir(""), 100, EISDIR, "Is a directory");
	assert_unreadable(in_dir("fifo"), 100, EINVAL, "not a regular file"); /* no writer: no wait */
	assert_unreadable(in_dir("s"), 100, EINVAL, "not a regular file");
	assert_unreadable("/dev/null", 100, EINVAL, "not a regular file");
}

static void assert_mode(const char *path, unsigned mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_true(S_ISREG(st.st_mode));
}

/* The name sis_file_replace() writes under, which nothing may be left of. */
static const char *temporary(const char *name)
{
	sis_autofree char *t = sis_asprintf(".%s.%ld.tmp", name, (long)getpid());

	return in_dir(t);
}

static void test_replace(void **state)
{
	const char *path = in_dir("conf");
	mode_t old = umask(077);

	(void)state;
	assert_int_equal(sis_file_replace(path, "one", 0644, NULL), 0);
	assert_file(path, "one");
	assert_mode(path, 0644);
	assert_int_equal(sis_file_replace(path, "", 0600, NULL), 0);
	assert_file(path, "");
	assert_mode(path, 0600);
	assert_int_equal(sis_file_replace_volatile(path, "two", 0644, NULL), 0);
	umask(old);
	assert_file(path, "two");
	assert_mode(path, 0644);
	assert_int_equal(access(temporary("conf"), F_OK), -1);
}

static void test_replace_relative(void **state)
{
	char *cwd = getcwd(NULL, 0);

	(void)state;
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(sis_file_replace("rel", "r", 0600, NULL), 0);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
	assert_file(in_dir("rel"), "r");
}

/* The link goes, what it points to stays. */
static void test_replace_link(void **state)
{
	(void)state;
	put_text(in_dir("victim"), "v");
	assert_int_equal(symlink("victim", in_dir("planted")), 0);
	assert_int_equal(symlink("victim", temporary("planted")), 0);
	assert_int_equal(sis_file_replace(in_dir("planted"), "new", 0600, NULL), 0);
	assert_file(in_dir("planted"), "new");
	assert_mode(in_dir("planted"), 0600);
	assert_file(in_dir("victim"), "v");
}

static void test_replace_leftover(void **state)
{
	(void)state;
	put_text(temporary("again"), "a much longer text of a process that was killed");
	assert_int_equal(sis_file_replace(in_dir("again"), "short", 0600, NULL), 0);
	assert_file(in_dir("again"), "short");
	assert_int_equal(access(temporary("again"), F_OK), -1);
}

static void assert_not_replaced(const char *path, int code)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *msg = sis_asprintf("cannot write '%s': %s", path, strerror(code));

	assert_int_equal(sis_file_replace(path, "0123456789", 0600, &err), -code);
	assert_string_equal(sis_err_msg(&err), msg);
}

static void test_replace_fails(void **state)
{
	(void)state;
	assert_not_replaced(in_dir("none/f"), ENOENT);
	assert_int_equal(mkdir(in_dir("d"), 0700), 0);
	assert_not_replaced(in_dir("d"), EISDIR);
	assert_int_equal(access(temporary("d"), F_OK), -1);
}

/* As with a full file system: the old one stays, and no part of the new one. */
static void test_replace_no_space(void **state)
{
	struct rlimit old, small;

	(void)state;
	put_text(in_dir("kept"), "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ 4, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_not_replaced(in_dir("kept"), EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_file(in_dir("kept"), "old");
	assert_int_equal(access(temporary("kept"), F_OK), -1);
}

/* One text or the other, whole, while two processes replace it. */
static void test_replace_atomic(void **state)
{
	enum { SIZE = 20000, ROUNDS = 100 };
	sis_autofree char *a = sis_calloc(SIZE + 1, 1);
	sis_autofree char *b = sis_calloc(SIZE + 1, 1);
	pid_t pid[2];
	int status;

	(void)state;
	memset(a, 'a', SIZE);
	memset(b, 'b', SIZE);
	assert_int_equal(sis_file_replace(in_dir("both"), a, 0600, NULL), 0);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int n = 0; n < ROUNDS; n++) {
			if (sis_file_replace(in_dir("both"), i ? a : b, 0600, NULL) < 0)
				_exit(1);
		}
		_exit(0);
	}
	for (int n = 0; n < ROUNDS; n++) {
		sis_autofree char *text = NULL;

		assert_int_equal(sis_file_read(in_dir("both"), SIZE, &text, NULL), 0);
		assert_true(strcmp(text, a) == 0 || strcmp(text, b) == 0);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
}

static void test_mkdir_p(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *msg = NULL;
	char *cwd = getcwd(NULL, 0);
	struct stat st;

	(void)state;
	assert_int_equal(sis_mkdir_p(in_dir("x/y//z/"), 0750, NULL), 0);
	assert_int_equal(stat(in_dir("x/y"), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07, 0);
	assert_int_equal(stat(in_dir("x/y/z"), &st), 0);
	assert_int_equal(sis_mkdir_p(in_dir("x/y/z"), 0750, NULL), 0);
	assert_int_equal(sis_mkdir_p("/", 0750, NULL), 0);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(sis_mkdir_p("rel.d/ative", 0750, NULL), 0);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
	assert_int_equal(stat(in_dir("rel.d/ative"), &st), 0);
	put_text(in_dir("x/file"), "");
	msg = sis_asprintf("cannot create directory '%s': Not a directory", in_dir("x/file"));
	assert_int_equal(sis_mkdir_p(in_dir("x/file/sub"), 0750, &err), -ENOTDIR);
	assert_string_equal(sis_err_msg(&err), msg);
	assert_int_equal(sis_mkdir_p(in_dir("x/file"), 0750, &err), -ENOTDIR);
	assert_int_equal(symlink("nowhere", in_dir("x/dangling")), 0);
	assert_int_equal(sis_mkdir_p(in_dir("x/dangling"), 0750, &err), -ENOENT);
	assert_int_equal(symlink("y", in_dir("x/dirlink")), 0);
	assert_int_equal(sis_mkdir_p(in_dir("x/dirlink/q"), 0750, &err), 0);
	assert_int_equal(stat(in_dir("x/y/q"), &st), 0);
}

/* A folder that another user could have filled is not used; nothing is made behind a link. */
static void test_own(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(sis_dir_own(in_dir("own/none"), &err), -ENOENT);
	assert_int_equal(err.code, 0);
	assert_int_equal(sis_mkdir_own(in_dir("own/a"), NULL), 0);
	assert_int_equal(sis_mkdir_own(in_dir("own/a"), NULL), 0);
	assert_int_equal(symlink("a", in_dir("own/link")), 0);
	assert_int_equal(sis_mkdir_own(in_dir("own/link"), &err), -EACCES);
	assert_non_null(strstr(err.msg, "it is no directory"));
	assert_int_equal(symlink("elsewhere", in_dir("own/dangling")), 0);
	assert_int_equal(sis_mkdir_own(in_dir("own/dangling"), &err), -EACCES);
	assert_int_equal(stat(in_dir("own/elsewhere"), &st), -1);
	put_text(in_dir("own/file"), "");
	assert_int_equal(sis_mkdir_own(in_dir("own/file"), &err), -EACCES);
	assert_int_equal(chmod(in_dir("own/a"), 0775), 0);
	assert_int_equal(sis_mkdir_own(in_dir("own/a"), &err), -EACCES);
	assert_non_null(strstr(err.msg, "others can write to it"));
	assert_int_equal(chmod(in_dir("own/a"), 01777), 0);
	assert_int_equal(sis_dir_own(in_dir("own/a"), &err), -EACCES);
	assert_int_equal(chmod(in_dir("own/a"), 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(in_dir("own/a"), 65534, 65534), 0);
		assert_int_equal(sis_mkdir_own(in_dir("own/a"), &err), -EACCES);
		assert_non_null(strstr(err.msg, "another user owns it"));
	}
}

struct count {
	int calls, after, value;
};

static int count_calls(void *ctx)
{
	struct count *c = ctx;

	return ++c->calls >= c->after ? c->value : 0;
}

static void test_wait_until(void **state)
{
	struct count at_once = { .after = 1, .value = -5 }, third = { .after = 3, .value = 8 };
	struct count never = { .after = 1 << 30 }, once = { .after = 1 << 30 };
	uint64_t start = sis_now_ms();

	(void)state;
	assert_int_equal(sis_wait_until(count_calls, &at_once, 10000), -5);
	assert_int_equal(at_once.calls, 1);
	assert_int_equal(sis_wait_until(count_calls, &third, 10000), 8);
	assert_int_equal(third.calls, 3);
	assert_true(sis_now_ms() - start < 5000);
	start = sis_now_ms();
	assert_int_equal(sis_wait_until(count_calls, &never, 40), 0);
	assert_in_range(sis_now_ms() - start, 40, 5000);
	assert_in_range(never.calls, 2, 20); /* growing pauses: no busy loop */
	assert_int_equal(sis_wait_until(count_calls, &once, 0), 0);
	assert_int_equal(once.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_long),
		cmocka_unit_test(test_read_irregular),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_relative),
		cmocka_unit_test(test_replace_link),
		cmocka_unit_test(test_replace_leftover),
		cmocka_unit_test(test_replace_fails),
		cmocka_unit_test(test_replace_no_space),
		cmocka_unit_test(test_replace_atomic),
		cmocka_unit_test(test_mkdir_p),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_wait_until),
	};

	return cmocka_run_group_tests_name("base/file", tests, dir_setup, dir_teardown);
}

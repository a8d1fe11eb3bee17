/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Access to kernel trees, on ordinary directories and FIFOs: what the calls do, how they fail, and
 * that a call that hangs is given up.
 */
#include "test_base_dir.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/kfs.h"

enum { PATIENCE_MS = 10000 };

/* The same calls made here and by the helper. */
static struct sis_kfs direct = { .root = dir, .ops = &sis_kfs_real_ops };
static struct sis_kfs limited = { .root = dir, .ops = &sis_kfs_real_ops,
				  .timeout_ms = PATIENCE_MS };
static struct sis_kfs *const both[] = { &direct, &limited };

/* Checks the outcome of a call and clears err. */
static void assert_err(int r, struct sis_err *err, int code, const char *msg)
{
	assert_int_equal(r, -code);
	assert_int_equal(err->code, code);
	assert_string_equal(sis_err_msg(err), msg);
	sis_err_clear(err);
}

static void test_read(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	char *text = NULL;
	size_t n = 4711;

	(void)state;
	put_bytes(in_dir("r"), "a\0b\n", 4);
	assert_int_equal(sis_kfs_read(&direct, &text, &n, &e, "/%s", "r"), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(text, "a\0b\n", 5);
	free(text);
	put_text(in_dir("r"), "");
	assert_int_equal(sis_kfs_read(&direct, &text, NULL, &e, "/r"), 0);
	assert_string_equal(text, "");
	free(text);
	text = NULL;
	n = 4711;
	assert_err(sis_kfs_read(&direct, &text, &n, &e, "/none/%d", 1), &e, ENOENT,
		   "cannot read '/none/1': No such file or directory");
	assert_err(sis_kfs_read(&direct, &text, &n, &e, "/"), &e, EISDIR,
		   "cannot read '/': Is a directory");
	assert_null(text);
	assert_int_equal(n, 4711);
}

static void test_read_limit(void **state)
{
	size_t size = 100000, n = 4711;
	sis_autofree char *data = sis_calloc(size, 1);
	char *text = NULL;

	(void)state;
	put_bytes(in_dir("big"), data, size);
	assert_int_equal(sis_kfs_real_ops.read(&direct, in_dir("big"), size - 1, &text, &n), -EFBIG);
	assert_null(text);
	assert_int_equal(n, 4711);
	assert_int_equal(sis_kfs_real_ops.read(&direct, in_dir("big"), size, &text, &n), 0);
	assert_int_equal(n, size);
	free(text);
}

static void test_read_line(void **state)
{
	static const char *const row[][2] = {
		{ "", "" }, { "\n", "" }, { "\nb\n", "" }, { "a", "a" }, { "a\n", "a" },
		{ " a b \t\r\nc\n", " a b" }, { " \n", "" },
	};
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	char *line = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		put_text(in_dir("line"), row[i][0]);
		assert_int_equal(sis_kfs_read_line(&direct, &line, &e, "/line"), 0);
		assert_string_equal(line, row[i][1]);
		free(line);
		line = NULL;
	}
	assert_err(sis_kfs_read_line(&direct, &line, &e, "/none"), &e, ENOENT,
		   "cannot read '/none': No such file or directory");
	assert_null(line);
}

/* In place: nothing is made and nothing emptied. */
static void test_write(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		put_text(in_dir("w"), "12345");
		assert_int_equal(sis_kfs_write(both[i], "ab", &e, "/%c", 'w'), 0);
		assert_file(in_dir("w"), "ab345");
		assert_int_equal(sis_kfs_write(both[i], "", &e, "/w"), 0);
		assert_file(in_dir("w"), "ab345");
		assert_err(sis_kfs_write(both[i], "x", &e, "/none"), &e, ENOENT,
			   "cannot write to '/none': No such file or directory");
		assert_err(sis_kfs_write(both[i], "x", &e, "/"), &e, EISDIR,
			   "cannot write to '/': Is a directory");
	}
	assert_int_equal(sis_kfs_exists(&direct, "/none"), 0);
}

/* The kernel's answer to the write itself, and never the data in the message. */
static void test_write_refused(void **state)
{
	struct sis_kfs k[] = {
		{ .root = "/dev", .ops = &sis_kfs_real_ops },
		{ .root = "/dev", .ops = &sis_kfs_real_ops, .timeout_ms = PATIENCE_MS },
	};
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_err(sis_kfs_write(&k[i], "secret", &e, "/full"), &e, ENOSPC,
			   "cannot write to '/full': No space left on device");
}

static void test_write_short(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct rlimit old, small;

	(void)state;
	put_text(in_dir("w"), "");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ 3, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_err(sis_kfs_write(&direct, "12345", &e, "/w"), &e, EIO,
		   "cannot write to '/w': Input/output error");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_file(in_dir("w"), "123");
}

static void test_write_size(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	size_t fits = (64 << 10) - strlen(in_dir("w")) - 2;
	sis_autofree char *data = sis_calloc(fits + 2, 1);
	struct stat st;

	(void)state;
	put_text(in_dir("w"), "");
	memset(data, 'x', fits);
	assert_int_equal(sis_kfs_write(&limited, data, &e, "/w"), 0);
	assert_int_equal(sis_kfs_stat(&direct, &st, &e, "/w"), 0);
	assert_int_equal(st.st_size, fits);
	data[fits] = 'x';
	assert_err(sis_kfs_write(&limited, data, &e, "/w"), &e, E2BIG,
		   "cannot write to '/w': Argument list too long");
	assert_int_equal(sis_kfs_write(&direct, data, &e, "/w"), 0);
}

static void test_directories(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sis_kfs_mkdir(both[i], &e, "/d"), 0);
		assert_err(sis_kfs_mkdir(both[i], &e, "/d"), &e, EEXIST,
			   "cannot create directory '/d': File exists");
		assert_int_equal(sis_kfs_mkdir(both[i], &e, "/d/%s", "sub"), 0);
		assert_err(sis_kfs_rmdir(both[i], &e, "/d"), &e, ENOTEMPTY,
			   "cannot remove directory '/d': Directory not empty");
		assert_int_equal(sis_kfs_rmdir(both[i], &e, "/d/sub"), 0);
		assert_int_equal(sis_kfs_rmdir(both[i], &e, "/d"), 0);
		assert_err(sis_kfs_rmdir(both[i], &e, "/d"), &e, ENOENT,
			   "cannot remove directory '/d': No such file or directory");
		assert_err(sis_kfs_mkdir(both[i], &e, "/d/e"), &e, ENOENT,
			   "cannot create directory '/d/e': No such file or directory");
	}
}

static void assert_link(const char *path, const char *expect)
{
	sis_autofree char *target = NULL;

	assert_int_equal(sis_kfs_readlink(&direct, &target, NULL, "%s", path), 0);
	assert_string_equal(target, expect);
}

static void test_links(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	char *target = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sis_kfs_symlink(both[i], "../rel", &e, "/l%d", 1), 0);
		assert_link("/l1", "../rel");
		assert_err(sis_kfs_symlink(both[i], "other", &e, "/l1"), &e, EEXIST,
			   "cannot create link '/l1': File exists");
		assert_int_equal(sis_kfs_symlink(both[i], "/abs", &e, "/l2"), 0);
		assert_link("/l2", in_dir("abs"));
		assert_int_equal(sis_kfs_unlink(both[i], &e, "/l1"), 0);
		assert_int_equal(sis_kfs_unlink(both[i], &e, "/l2"), 0);
		assert_err(sis_kfs_unlink(both[i], &e, "/l2"), &e, ENOENT,
			   "cannot remove '/l2': No such file or directory");
	}
	put_text(in_dir("plain"), "");
	assert_err(sis_kfs_readlink(&direct, &target, &e, "/plain"), &e, EINVAL,
		   "cannot read link '/plain': Invalid argument");
	assert_null(target);
}

static void test_list(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autostrv sis_strv names = { 0 };

	(void)state;
	assert_int_equal(mkdir(in_dir("list"), 0700), 0);
	assert_int_equal(sis_kfs_list(&direct, &names, &e, "/list"), 0);
	assert_int_equal(names.n, 0);
	put_text(in_dir("list/b"), "");
	put_text(in_dir("list/B"), "");
	put_text(in_dir("list/.a"), "");
	assert_int_equal(mkdir(in_dir("list/a"), 0700), 0);
	assert_int_equal(sis_kfs_list(&direct, &names, &e, "/list"), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], ".a");
	assert_string_equal(names.v[1], "B");
	assert_string_equal(names.v[2], "a");
	assert_string_equal(names.v[3], "b");
	assert_err(sis_kfs_list(&direct, &names, &e, "/none"), &e, ENOENT,
		   "cannot list '/none': No such file or directory");
	assert_err(sis_kfs_list(&direct, &names, &e, "/list/b"), &e, ENOTDIR,
		   "cannot list '/list/b': Not a directory");
	assert_int_equal(names.n, 4);
}

static void test_stat(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct stat st = { .st_size = 4711 };

	(void)state;
	put_text(in_dir("s"), "12");
	assert_int_equal(symlink("s", in_dir("s.link")), 0);
	assert_int_equal(symlink("nowhere", in_dir("s.dangling")), 0);
	assert_err(sis_kfs_stat(&direct, &st, &e, "/none"), &e, ENOENT,
		   "cannot look at '/none': No such file or directory");
	assert_int_equal(st.st_size, 4711);
	assert_int_equal(sis_kfs_stat(&direct, &st, &e, "/s.link"), 0);
	assert_int_equal(st.st_size, 2);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(sis_kfs_exists(&direct, "/%s", "s"), 1);
	assert_int_equal(sis_kfs_exists(&direct, "/none"), 0);
	assert_int_equal(sis_kfs_exists(&direct, "/s/x"), 0);
	assert_int_equal(sis_kfs_exists(&direct, "/s.dangling"), 0);
}

struct fake {
	char path[256], data[64];
	int r;
};

static int fake_write(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	struct fake *f = k->ctx;

	snprintf(f->path, sizeof(f->path), "%s", path);
	snprintf(f->data, sizeof(f->data), "%.*s", (int)len, data);
	return f->r;
}

static int fake_read(struct sis_kfs *k, const char *path, size_t max, char **ret, size_t *ret_len)
{
	(void)path;
	(void)ret;
	(void)ret_len;
	assert_int_equal(max, SIS_KFS_MAX_READ);
	return ((struct fake *)k->ctx)->r;
}

static void test_replaced_ops(void **state)
{
	static const struct sis_kfs_ops ops = { .write = fake_write, .read = fake_read };
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct fake f = { .r = 0 };
	struct sis_kfs k = { .root = "/root", .ops = &ops, .ctx = &f };
	char *text = NULL;

	(void)state;
	assert_int_equal(sis_kfs_write(&k, "data", &e, "/a/%d", 7), 0);
	assert_string_equal(f.path, "/root/a/7");
	assert_string_equal(f.data, "data");
	k.root = "";
	assert_int_equal(sis_kfs_write(&k, "", &e, "/a"), 0);
	assert_string_equal(f.path, "/a");
	f.r = -EAGAIN;
	assert_err(sis_kfs_read(&k, &text, NULL, &e, "/a"), &e, EAGAIN,
		   "cannot read '/a': Resource temporarily unavailable");
	assert_null(text);
}

/* The processes that `pid` has started, by /proc. Returns the first, or 0. */
static pid_t first_child(pid_t pid)
{
	sis_autofree char *path = sis_asprintf("/proc/%d/task/%d/children", pid, pid);
	sis_autofree char *text = NULL;

	if (sis_file_read(path, 4096, &text, NULL) < 0)
		return 0;
	return (pid_t)atoi(text);
}

static void start_helper(void)
{
	put_text(in_dir("w"), "");
	assert_int_equal(sis_kfs_write(&limited, "1", NULL, "/w"), 0);
}

/* Opening a FIFO that nobody reads hangs, as a write to a kernel attribute may. */
static void test_timeout(void **state)
{
	struct sis_kfs k = { .root = dir, .ops = &sis_kfs_real_ops, .timeout_ms = 50 };
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	uint64_t start;
	pid_t helper;

	(void)state;
	start_helper();
	helper = first_child(getpid());
	assert_true(helper > 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	start = sis_now_ms();
	assert_err(sis_kfs_write(&k, "secret", &e, "/fifo"), &e, ETIMEDOUT,
		   "cannot write to '/fifo': the kernel has not answered for 50 ms and may still "
		   "carry it out");
	assert_in_range(sis_now_ms() - start, 50, 5000);
	/* and work goes on, while the stuck helper is gone if it could be killed */
	k.timeout_ms = PATIENCE_MS;
	assert_int_equal(sis_kfs_mkdir(&k, &e, "/after"), 0);
	assert_int_equal(sis_kfs_rmdir(&k, &e, "/after"), 0);
	assert_true(sis_wait_until(process_is_gone, &helper, PATIENCE_MS));
	(void)waitpid(helper, NULL, 0); /* unless that is done already */
}

static int signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

/*
 * Signals come while the call waits for the FIFO's reader. Without SA_RESTART a call that is not
 * protected fails with EINTR.
 */
static void test_signals(void **state)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;
	int status;

	(void)state;
	assert_int_equal(mkfifo(in_dir("sig"), 0600), 0);
	sigaction(SIGUSR1, &sa, &old);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			char c = 0;
			int fd;

			for (int n = 0; n < 20; n++) {
				kill(getppid(), SIGUSR1);
				sis_pause(1);
			}
			fd = open(in_dir("sig"), O_RDONLY | O_CLOEXEC);
			_exit(read(fd, &c, 1) == 1 && c == 'x' && read(fd, &c, 1) == 0 ? 0 : 1);
		}
		signals = 0;
		assert_int_equal(sis_kfs_write(both[i], "x", NULL, "/sig"), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_true(signals > 0);
	}
	sigaction(SIGUSR1, &old, NULL);
}

/* A FIFO that takes one page and is not read: what writes more hangs, having made it readable. */
static int open_full_fifo(const char *name)
{
	int fd;

	assert_int_equal(mkfifo(in_dir(name), 0600), 0);
	fd = open(in_dir(name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_SETPIPE_SZ, 4096) > 0);
	return fd;
}

static char *more_than_fits(void)
{
	char *data = sis_calloc(60001, 1);

	memset(data, 'x', 60000);
	return data;
}

/* The helper has written to this end and cannot go on, as nobody reads: it is busy for sure. */
static void *kill_while_busy(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) == 1)
		kill(first_child(getpid()), SIGKILL);
	return NULL;
}

static void test_helper_dies_busy(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *data = more_than_fits();
	int fd = open_full_fifo("busy");
	pthread_t thread;

	(void)state;
	start_helper();
	assert_int_equal(pthread_create(&thread, NULL, kill_while_busy, &fd), 0);
	assert_err(sis_kfs_write(&limited, data, &e, "/busy"), &e, EIO,
		   "cannot write to '/busy': Input/output error");
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fd);
	start_helper();
}

/* One that died while it had nothing to do is replaced, and nobody notices. */
static void test_helper_dies_idle(void **state)
{
	pid_t before, after;

	(void)state;
	start_helper();
	before = first_child(getpid());
	assert_true(before > 0);
	assert_int_equal(kill(before, SIGKILL), 0);
	assert_int_equal(waitpid(before, NULL, 0), before);
	start_helper();
	assert_file(in_dir("w"), "1");
	after = first_child(getpid());
	assert_true(after > 0 && after != before);
}

/* The helper of a forked process's parent is not its own. */
static void test_after_fork(void **state)
{
	pid_t helper, pid;
	int status;

	(void)state;
	start_helper();
	helper = first_child(getpid());
	pid = fork();
	if (pid == 0) {
		int r = sis_kfs_write(&limited, "2", NULL, "/w");

		_exit(r == 0 && first_child(getpid()) > 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_file(in_dir("w"), "2");
	assert_int_equal(sis_kfs_write(&limited, "3", NULL, "/w"), 0);
	assert_int_equal(first_child(getpid()), helper);
}

/* Nothing we had open lives on in it: locks, pipes, terminals. */
static void test_helper_holds_nothing(void **state)
{
	int fds[2];
	char c;

	(void)state;
	start_helper();
	assert_int_equal(kill(first_child(getpid()), SIGKILL), 0);
	assert_int_equal(waitpid(-1, NULL, 0) > 0, 1);
	assert_int_equal(pipe(fds), 0); /* without O_CLOEXEC, which a fork ignores anyway */
	start_helper();
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

static void test_replace(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(sis_kfs_replace(&limited, "a\n", 0640, &e, "/conf"), 0);
	assert_file(in_dir("conf"), "a\n");
	assert_int_equal(sis_kfs_stat(&limited, &st, &e, "/conf"), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* one that is there keeps its mode and its owner */
	assert_int_equal(chmod(in_dir("conf"), 0604), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(in_dir("conf"), 12, 34), 0);
	assert_int_equal(sis_kfs_replace(&limited, "b\n", 0640, &e, "/conf"), 0);
	assert_file(in_dir("conf"), "b\n");
	assert_int_equal(sis_kfs_stat(&limited, &st, &e, "/conf"), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	if (geteuid() == 0)
		assert_true(st.st_uid == 12 && st.st_gid == 34);

	assert_int_equal(symlink("conf", in_dir("conf-link")), 0);
	assert_int_equal(sis_kfs_replace(&limited, "c\n", 0640, &e, "/conf-link"), -ELOOP);
	assert_int_equal(mkdir(in_dir("conf-dir"), 0700), 0);
	assert_int_equal(sis_kfs_replace(&limited, "c\n", 0640, &e, "/conf-dir"), -EINVAL);
	assert_file(in_dir("conf"), "b\n");
	assert_err(sis_kfs_replace(&limited, "", 0640, &e, "/none/conf"), &e, ENOENT,
		   "cannot replace '/none/conf': No such file or directory");
}

/* Killed in the middle of a call, we leave no stuck helper behind. */
static void test_killed_with_us(void **state)
{
	sis_autofree char *data = more_than_fits();
	int fd = open_full_fifo("never");
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t pid, helper;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(sis_kfs_write(&limited, data, NULL, "/never") == 0);
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	helper = first_child(pid);
	assert_true(helper > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(sis_wait_until(process_is_gone, &helper, PATIENCE_MS));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_limit),
		cmocka_unit_test(test_read_line),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_refused),
		cmocka_unit_test(test_write_short),
		cmocka_unit_test(test_write_size),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_replaced_ops),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_helper_dies_busy),
		cmocka_unit_test(test_helper_dies_idle),
		cmocka_unit_test(test_after_fork),
		cmocka_unit_test(test_helper_holds_nothing),
		cmocka_unit_test(test_killed_with_us),
	};

	return cmocka_run_group_tests_name("base/kfs", tests, dir_setup, dir_teardown);
}

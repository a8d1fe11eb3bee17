/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The real operations on kernel trees. The ones that change something may never come back, so a
 * helper process of each thread makes those system calls one at a time, and we wait for its answer
 * with a limit. Knows nothing of what the files mean.
 *
 * Why a process and not a thread: a thread stuck in the kernel would keep our own process from
 * ending, with its locks and its terminal. A helper can be killed and left behind; it is forked
 * at the first call, holds nothing but its socket, and ends with us.
 */
#include "base/kfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/lanes.h"
#include "base/str.h"

enum op { OP_WRITE, OP_MKDIR, OP_RMDIR, OP_SYMLINK, OP_UNLINK };

/* Kernel attributes take a page; a path takes PATH_MAX. */
enum { MAX_TEXT = 64 << 10 };

/* What goes to the helper in one packet: this, then the path and the data, each with its NUL. */
struct request {
	enum op op;
	size_t path_size, data_len;
};

/* Of this thread: the kernel ends a helper with the thread that forked it. */
static _Thread_local struct {
	pid_t pid, owner; /* owner: who forked it; after a fork of ours it is not our child */
	int fd;
	bool busy; /* has a request it has not answered */
} helper = { .fd = -1 };

static pthread_once_t end_once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key; /* a thread that sets it has helper_end() called when it ends */
static bool end_known;

static int write_once(const char *path, const char *data, size_t len)
{
	/* neither O_CREAT nor O_TRUNC: these are not files that could be made or emptied */
	sis_autoclose int fd = -1;
	ssize_t n;

	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, data, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* In the helper: only what is safe after a fork. */
static int carry_out(enum op op, const char *path, const char *data, size_t len)
{
	int r = -1;

	switch (op) {
	case OP_WRITE:
		return write_once(path, data, len);
	case OP_MKDIR:
		r = mkdir(path, 0755);
		break;
	case OP_RMDIR:
		r = rmdir(path);
		break;
	case OP_SYMLINK:
		r = symlink(data, path);
		break;
	case OP_UNLINK:
		r = unlink(path);
		break;
	}
	return r < 0 ? -errno : 0;
}

static void helper_main(int fd, pid_t parent) __attribute__((noreturn));

static void helper_main(int fd, pid_t parent)
{
	struct {
		struct request head;
		char text[MAX_TEXT];
	} q;

	/* killed with our parent, as a call of its own would be; it may be dead already */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	if (dup2(fd, 0) < 0 || chdir("/") < 0)
		_exit(EXIT_FAILURE);
	/* locks, pipes and terminals must not live on in a helper that is stuck */
	closefrom(1);
	while (recv(0, &q, sizeof(q), 0) >= (ssize_t)sizeof(q.head)) {
		const char *data = q.text + q.head.path_size;
		int r = carry_out(q.head.op, q.text, data, q.head.data_len);

		sis_wipe(&q, sizeof(q.head) + q.head.path_size + q.head.data_len);
		if (send(0, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
			break;
	}
	_exit(EXIT_SUCCESS);
}

/*
 * Kills it. An idle one ends at once and leaves no zombie to anybody; a stuck one is left behind,
 * to be reaped by init when we are gone.
 */
static void helper_drop(void)
{
	if (helper.fd < 0)
		return;
	close(helper.fd);
	helper.fd = -1;
	if (helper.owner == getpid()) {
		(void)kill(helper.pid, SIGKILL); /* our child until reaped: nobody else's pid */
		(void)waitpid(helper.pid, NULL, helper.busy ? WNOHANG : 0);
	}
	helper.busy = false;
}

static void helper_end(void *unused)
{
	(void)unused;
	helper_drop();
}

/* Where there is no room for one of these, PR_SET_PDEATHSIG ends helpers all the same. */
static void end_prepare(void)
{
	end_known = pthread_key_create(&end_key, helper_end) == 0;
	(void)atexit(helper_drop); /* exit() looks at no keys */
}

static void block_signals(sigset_t *ret_old)
{
	sigset_t all;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, ret_old); /* fails only for a wrong `how` */
}

static int helper_fork(int fd)
{
	pid_t pid, parent = getpid();
	sigset_t old;

	block_signals(&old); /* for the helper: no handler of ours runs there */
	pid = fork();
	if (pid == 0)
		helper_main(fd, parent);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -errno;
	helper.pid = pid;
	helper.owner = parent;
	return 0;
}

static int helper_start(void)
{
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	r = helper_fork(fds[1]);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	helper.fd = fds[0];
	(void)pthread_once(&end_once, end_prepare);
	if (end_known)
		(void)pthread_setspecific(end_key, &helper);
	return 0;
}

static int helper_send(enum op op, const char *path, const char *data, size_t len)
{
	struct request q = { .op = op, .path_size = strlen(path) + 1, .data_len = len };
	struct iovec parts[] = {
		{ .iov_base = &q, .iov_len = sizeof(q) },
		{ .iov_base = (char *)path, .iov_len = q.path_size },
		{ .iov_base = (char *)data, .iov_len = len + 1 },
	};
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 3 };
	ssize_t n;

	if (q.path_size + len + 1 > MAX_TEXT)
		return -E2BIG;
	do {
		n = sendmsg(helper.fd, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Waits for the answer. 0, -ETIMEDOUT, or -EIO if the helper is gone. */
static int helper_receive(unsigned timeout_ms, int *ret)
{
	uint64_t now = sis_now_ms(), end = now + timeout_ms;
	struct pollfd p = { .fd = helper.fd, .events = POLLIN };
	int r;

	do {
		r = poll(&p, 1, end - now < INT_MAX ? (int)(end - now) : INT_MAX);
		if (r < 0 && errno != EINTR)
			return -errno;
		now = sis_now_ms();
	} while (r <= 0 && now < end);
	if (r <= 0)
		return -ETIMEDOUT;
	return recv(helper.fd, ret, sizeof(*ret), MSG_DONTWAIT) == sizeof(*ret) ? 0 : -EIO;
}

/* Hands the request to a helper that can take it. */
static int helper_ask(enum op op, const char *path, const char *data, size_t len)
{
	int r = -EPIPE;

	if (helper.fd >= 0 && helper.owner == getpid())
		r = helper_send(op, path, data, len);
	if (r != -EPIPE && r != -ECONNRESET)
		return r;
	/* none yet, another process's, or ended; nobody has seen the request */
	helper_drop();
	r = helper_start();
	return r < 0 ? r : helper_send(op, path, data, len);
}

static int call_helper(unsigned timeout_ms, enum op op, const char *path, const char *data,
		       size_t len)
{
	int r, answer = 0;

	r = helper_ask(op, path, data, len);
	if (r < 0)
		return r;
	helper.busy = true;
	r = helper_receive(timeout_ms, &answer);
	helper.busy = r < 0 && r != -EIO; /* with EIO it has ended */
	if (r < 0)
		helper_drop();
	return r < 0 ? r : answer;
}

static int call(const struct sis_kfs *k, enum op op, const char *path, const char *data,
		size_t len)
{
	sigset_t old;
	int r;

	if (k->timeout_ms) {
		unsigned limit = k->timeout_ms;

		sis_lane_leave();
		r = call_helper(limit, op, path, data, len);
		sis_lane_enter();
		return r;
	}
	block_signals(&old);
	r = carry_out(op, path, data, len);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

static int real_write(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	return call(k, OP_WRITE, path, data, len);
}

static int real_mkdir(struct sis_kfs *k, const char *path)
{
	return call(k, OP_MKDIR, path, "", 0);
}

static int real_rmdir(struct sis_kfs *k, const char *path)
{
	return call(k, OP_RMDIR, path, "", 0);
}

static int real_symlink(struct sis_kfs *k, const char *target, const char *path)
{
	return call(k, OP_SYMLINK, path, target, strlen(target));
}

static int real_unlink(struct sis_kfs *k, const char *path)
{
	return call(k, OP_UNLINK, path, "", 0);
}

static int real_read(struct sis_kfs *k, const char *path, size_t max, char **ret, size_t *ret_len)
{
	sis_autostr struct sis_str b = { 0 };
	sis_autoclose int fd = -1;
	int r;

	(void)k;
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = sis_fd_read(fd, max, &b);
	if (r < 0)
		return r;
	*ret_len = b.len;
	*ret = sis_str_take(&b);
	return 0;
}

static int real_readlink(struct sis_kfs *k, const char *path, char **ret)
{
	char target[PATH_MAX]; /* no link is longer than PATH_MAX - 1 */
	ssize_t n = readlink(path, target, sizeof(target));

	(void)k;
	if (n < 0)
		return -errno;
	*ret = sis_strndup(target, (size_t)n);
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* only read */
}

static int real_list(struct sis_kfs *k, const char *path, sis_strv *ret)
{
	sis_cleanup(closedirp) DIR *d = opendir(path);
	sis_autostrv sis_strv names = { 0 };
	struct dirent *e;

	(void)k;
	if (!d)
		return -errno;
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (!sis_streq(e->d_name, ".") && !sis_streq(e->d_name, ".."))
			sis_strv_add(&names, e->d_name);
	}
	if (errno)
		return -errno;
	sis_vec_sort(&names, sis_strp_cmp);
	*ret = names;
	names = (sis_strv){ 0 };
	return 0;
}

static int real_stat(struct sis_kfs *k, const char *path, struct stat *ret)
{
	struct stat st;

	(void)k;
	if (stat(path, &st) < 0)
		return -errno;
	*ret = st;
	return 0;
}

/* Not through the helper: a file system for configuration does not hang as a target's tree may. */
static int real_replace(struct sis_kfs *k, const char *path, const char *text, unsigned mode)
{
	struct stat st;
	bool there = lstat(path, &st) == 0;
	int r;

	(void)k;
	if (there && !S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
	r = sis_file_replace(path, text, there ? st.st_mode & 07777 : mode, NULL);
	if (r == 0 && there && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    lchown(path, st.st_uid, st.st_gid) < 0)
		r = -errno;
	return r;
}

const struct sis_kfs_ops sis_kfs_real_ops = {
	.read = real_read,
	.write = real_write,
	.mkdir = real_mkdir,
	.rmdir = real_rmdir,
	.symlink = real_symlink,
	.unlink = real_unlink,
	.readlink = real_readlink,
	.list = real_list,
	.stat = real_stat,
	.replace = real_replace,
};

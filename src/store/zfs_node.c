/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checks nodes by asking the kernel whose they are: udev makes and moves the links some time after
 * the volume was made or renamed, so a name alone proves nothing. Must not hold a node open while it
 * waits for others, nor where nobody asked for that.
 */
#include "store/zfs_node.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "store/zfs.h"

/* Udev is asked for nodes that have not come: after this time, and each time it has doubled. */
enum { NODE_NAME_MAX = 256, ASK_UDEV_MS = 1000 };

/* include/sys/fs/zfs.h of OpenZFS: the name of the volume, which is as long as the kernel's. */
#define BLKZNAME _IOR(0x12, 125, char[NODE_NAME_MAX])

struct look {
	const struct sis_sx *sx;
	sis_volumes *volumes;
	sis_strv *pools; /* that may be read-only */
	uint64_t start, ask_again; /* when udev is asked the next time, if need be */
	size_t may_hold;	   /* how many more nodes */
};

/* The descriptor is the volume's from now on, if it may be: 0, which stands for none, never is. */
static void hold(struct look *k, struct sis_volume *v, int *fd)
{
	if (!k->may_hold || *fd <= 0)
		return;
	k->may_hold--;
	v->node = *fd;
	*fd = -1;
}

/* The pool of a volume, once while its volumes come one after the other. */
static void pool_add(sis_strv *l, const char *name)
{
	sis_autofree char *pool = sis_strndup(name, strcspn(name, "/"));

	if (!l->n || !sis_streq(l->v[l->n - 1], pool))
		sis_strv_add(l, pool);
}

/* Is it meant to be shared? Whether it may be is decided elsewhere. */
static bool wanted(const struct sis_volume *v)
{
	return v->share && !sis_streq(v->share, "off");
}

/*
 * How many of `wanted` may be held: a part of the descriptors that this process may have, and it takes
 * as many more as it needs and is allowed. Programs that it runs get that limit, too.
 */
static size_t hold_limit(size_t wanted)
{
	struct rlimit l;
	size_t part, more;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 0;
	part = l.rlim_cur / 4;
	if (part >= wanted)
		return wanted;
	more = wanted - part;
	if (more > l.rlim_max - l.rlim_cur)
		more = l.rlim_max - l.rlim_cur;
	l.rlim_cur += more;
	return setrlimit(RLIMIT_NOFILE, &l) == 0 ? part + more : part;
}

/* They are opened one by one: where many open at once, they are in each other's way for seconds. */
static size_t may_hold(const struct sis_sx *sx, const sis_volumes *l)
{
	size_t n = 0;

	sis_vec_each(v, l)
		n += wanted(v);
	return sx->hold ? hold_limit(n) : 0;
}

/* A file may stand in for a node below a root of tests. */
static bool stands_in(const struct sis_sx *sx, const struct stat *st)
{
	return *sx->root && S_ISREG(st->st_mode);
}

static int open_failed(const struct sis_volume *v, int code, struct sis_err *err)
{
	if (code == ENOENT)
		return sis_err_set(err, EAGAIN, "its device node '%s' has not appeared yet",
				   v->device);
	if (code == EACCES || code == EPERM)
		return sis_err_errno(err, code, "cannot open its device node '%s'", v->device);
	/* Whatever else the kernel says while the volume comes, goes or is renamed. */
	return sis_err_set(err, EAGAIN, "its device node '%s' cannot be opened yet: %s", v->device,
			   strerror(code));
}

static int check_owner(int fd, const struct stat *st, const struct sis_volume *v,
		       struct sis_err *err)
{
	char name[NODE_NAME_MAX] = "";

	if (!S_ISBLK(st->st_mode))
		return sis_err_set(err, EAGAIN, "'%s' is no block device", v->device);
	if (ioctl(fd, BLKZNAME, name) < 0)
		return sis_err_set(err, EAGAIN, "'%s' is no device node of a volume", v->device);
	if (strnlen(name, sizeof(name)) == sizeof(name) || !sis_streq(name, v->name))
		return sis_err_set(err, EAGAIN, "its device node '%s' still is that of '%.*s'",
				   v->device, NODE_NAME_MAX, name);
	return 0;
}

/* 0, -EAGAIN (may come right by itself) or another error. */
static int check_node(struct look *k, struct sis_volume *v, const char *path,
		      struct sis_err *err)
{
	sis_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int read_only = v->readonly, r;

	if (fd < 0)
		return open_failed(v, errno, err);
	if (fstat(fd, &st) < 0)
		return sis_err_errno(err, errno, "cannot examine '%s'", v->device);
	if (!stands_in(k->sx, &st)) {
		r = check_owner(fd, &st, v, err);
		if (r)
			return r;
		if (!v->readonly && ioctl(fd, BLKROGET, &read_only) < 0)
			return sis_err_errno(err, errno, "cannot examine '%s'", v->device);
	}
	if (read_only)
		pool_add(k->pools, v->name);
	hold(k, v, &fd);
	return 0;
}

static int find_node(const struct sis_volume *v, const char *path, struct sis_err *err)
{
	struct stat st;

	return stat(path, &st) < 0 ? open_failed(v, errno, err) : 0;
}

static bool is_pending(const struct sis_volume *v)
{
	return !v->ready && !v->not_ready_final;
}

static void look_at(struct look *k, struct sis_volume *v)
{
	sis_autofree char *path = sis_asprintf("%s%s", k->sx->root, v->device);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int r = wanted(v) ? check_node(k, v, path, &err) : find_node(v, path, &err);

	v->ready = r == 0;
	v->not_ready_final = r && r != -EAGAIN;
	sis_replace(&v->not_ready, r ? sis_err_msg(&err) : NULL);
}

/* Does udev have something to do? Then the node may be next. */
static bool udev_busy(const struct sis_sx *sx)
{
	sis_autofree char *path = sis_asprintf("%s/run/udev/queue", sx->root);

	return access(path, F_OK) == 0;
}

/*
 * An open of a volume fails when it waits longer than a second for a command at work on the pools,
 * and then udev gives the device up: "Unknown error 512". It is asked once more about those that it
 * has not looked at. Older than 251 it refuses that, and there is nothing lost.
 */
static void ask_udev(struct look *k)
{
	static const char *const words[] = { "trigger", "--action=add", "--subsystem-match=block",
					     "--sysname-match=zd*", "--initialized-nomatch", NULL };
	const char *argv[1 + sizeof(words) / sizeof(words[0])];
	const struct sis_cmd cmd = { .argv = argv, .changes = true };
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autofree char *program = NULL;
	uint64_t now = sis_now_ms();

	if (now < k->ask_again || udev_busy(k->sx))
		return;
	k->ask_again = now + (now - k->start);
	if (sis_zfs_program(k->sx->root, "udevadm", &program, NULL) < 0)
		return;
	argv[0] = program;
	memcpy(argv + 1, words, sizeof(words));
	(void)k->sx->runner->run(k->sx->runner->ctx, &cmd, &res, NULL); /* the node tells */
}

/* Waiting takes seconds, in which somebody may want to destroy a volume or export its pool. */
static void hold_no_more(struct look *k)
{
	sis_vec_each(v, k->volumes)
		sis_volume_let_go(v);
	k->may_hold = 0;
}

/* For sis_wait_until(): is nothing more to come that somebody waits for? */
static int all_settled(void *ctx)
{
	struct look *k = ctx;
	int settled = 1;

	sis_vec_each(v, k->volumes) {
		if (!wanted(v) || !is_pending(v))
			continue;
		look_at(k, v);
		if (is_pending(v))
			settled = 0;
	}
	if (!settled)
		hold_no_more(k);
	if (!settled && k->sx->wait_ms && !k->sx->dry)
		ask_udev(k);
	return settled;
}

/* A reason to have no node counts as long as there is none. */
static void check_reason(const struct sis_sx *sx, struct sis_volume *v)
{
	sis_autofree char *path = sis_asprintf("%s%s", sx->root, v->device);

	if (v->not_ready && !v->not_ready_final)
		v->not_ready_final = access(path, F_OK) < 0;
}

void sis_zfs_nodes_check(const struct sis_sx *sx, sis_volumes *l, sis_strv *pools)
{
	struct look k = { .sx = sx, .volumes = l, .pools = pools, .start = sis_now_ms() };

	k.ask_again = k.start + ASK_UDEV_MS;
	k.may_hold = may_hold(sx, l);
	sis_vec_each(v, l)
		check_reason(sx, v);
	(void)sis_wait_until(all_settled, &k, sx->wait_ms); /* each volume says what it lacks */
	sis_vec_each(v, l) {
		if (!wanted(v) && is_pending(v))
			look_at(&k, v);
	}
}

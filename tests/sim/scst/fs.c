// SPDX-License-Identifier: MPL-2.0
/*
 * The tree as a FUSE file system that behaves as sysfs: what can be opened, one command per
 * write(2), values made at the read. Knows nodes only, not what is behind them.
 */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects.h"

enum { SYSFS_PAGE = 4096 }; /* a value is at most one page; so is what one write(2) takes */

/* An open file: the text made by the last read at offset 0. */
struct handle {
	char *text;
	size_t len;
};

static void enter(void)
{
	pthread_mutex_lock(&sim.lock);
	sessions_reap();
}

static int leave(int r)
{
	pthread_mutex_unlock(&sim.lock);
	return r;
}

static void *fs_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	(void)conn;
	cfg->use_ino = 1;
	cfg->direct_io = 1; /* a write(2) arrives as it was made; a read is never cached */
	cfg->entry_timeout = 0;
	cfg->attr_timeout = 0;
	cfg->negative_timeout = 0;
	return NULL;
}

static void node_stat(const struct node *node, struct stat *st)
{
	*st = (struct stat){ .st_ino = node->ino, .st_nlink = 1, .st_uid = getuid(),
			     .st_gid = getgid(), .st_blksize = SYSFS_PAGE };
	switch (node->kind) {
	case NODE_DIR:
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		break;
	case NODE_LINK:
		st->st_mode = S_IFLNK | 0777;
		break;
	case NODE_ATTR:
		st->st_mode = S_IFREG | node->attr->mode;
		st->st_size = SYSFS_PAGE;
		break;
	}
}

static int fs_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	struct node *node;

	(void)fi;
	enter();
	node = node_lookup(path);
	if (!node)
		return leave(-ENOENT);
	node_stat(node, st);
	return leave(0);
}

static int fs_readlink(const char *path, char *buf, size_t size)
{
	struct node *node;
	char *text;

	enter();
	node = node_lookup(path);
	if (!node || node->kind != NODE_LINK)
		return leave(node ? -EINVAL : -ENOENT);
	text = node_link_text(node);
	snprintf(buf, size, "%s", text);
	free(text);
	return leave(0);
}

static int fs_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	struct node *node, *child;

	(void)offset;
	(void)fi;
	(void)flags;
	enter();
	node = node_lookup(path);
	if (!node || node->kind != NODE_DIR)
		return leave(node ? -ENOTDIR : -ENOENT);
	fill(buf, ".", NULL, 0, 0);
	fill(buf, "..", NULL, 0, 0);
	TAILQ_FOREACH(child, &node->children, entry) {
		struct stat st;

		node_stat(child, &st);
		fill(buf, child->name, &st, 0, 0);
	}
	return leave(0);
}

static int fs_open(const char *path, struct fuse_file_info *fi)
{
	int access_mode = fi->flags & O_ACCMODE;
	struct node *node;

	enter();
	node = node_lookup(path);
	if (!node)
		return leave(-ENOENT);
	/* B4: what only add_device may set refuses the open with EACCES, even for root. */
	if ((access_mode != O_RDONLY && !node->attr->store) ||
	    (access_mode != O_WRONLY && !node->attr->show))
		return leave(-EACCES);
	fi->fh = (uintptr_t)xcalloc(sizeof(struct handle));
	return leave(0);
}

static int fs_release(const char *path, struct fuse_file_info *fi)
{
	struct handle *handle = (struct handle *)(uintptr_t)fi->fh;

	(void)path;
	free(handle->text);
	free(handle);
	return 0;
}

static int judge_read(const struct node *node, const char *path)
{
	static unsigned reads;
	struct verdict verdict = fault_judge(true, path, "");

	if (verdict.kind == FAULT_HANG)
		return sim_wait_ms(verdict.ms, true);
	if (verdict.kind == FAULT_FAIL)
		return -verdict.error;
	if (verdict.kind != FAULT_NONE)
		return -EAGAIN;
	/* B5.3 and B5.6: a test build answers three of four such reads so. */
	if (node->attr->flags & ATTR_QUEUED_READ && sim.eagain != EAGAIN_OFF && reads++ % 4 < 3)
		return -EAGAIN;
	return 0;
}

static int make_text(const char *path, struct handle *handle)
{
	struct node *node = node_lookup(path);
	FILE *out;
	int r;

	if (!node)
		return -ENODEV; /* as sysfs: open file of an object that is gone */
	r = judge_read(node, path);
	if (r < 0)
		return r;
	if (node->attr->flags & ATTR_DAEMON_READ)
		r = need_daemon(true);
	if (r < 0)
		return r;
	node = node_lookup(path); /* the lock was dropped while it waited */
	if (!node)
		return -ENODEV;
	free(handle->text);
	handle->text = NULL;
	out = open_memstream(&handle->text, &handle->len);
	if (!out)
		abort();
	r = node->attr->show(node, out);
	fclose(out);
	if (handle->len > SYSFS_PAGE)
		handle->len = SYSFS_PAGE;
	return r;
}

static int fs_read(const char *path, char *buf, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	struct handle *handle = (struct handle *)(uintptr_t)fi->fh;
	size_t left;
	int r;

	enter();
	if (offset == 0 || !handle->text) {
		r = make_text(path, handle);
		if (r < 0)
			return leave(r);
	}
	if ((size_t)offset >= handle->len)
		return leave(0);
	left = handle->len - offset;
	if (size > left)
		size = left;
	memcpy(buf, handle->text + offset, size);
	return leave(size);
}

static int fs_write(const char *path, const char *buf, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct verdict verdict;
	struct node *node;
	char *text;
	int r;

	(void)offset; /* B2 notes: each write(2) is a command of its own */
	(void)fi;
	if (size > SYSFS_PAGE)
		size = SYSFS_PAGE;
	enter();
	node = node_lookup(path);
	if (!node)
		return leave(-ENODEV);
	log_write(path, buf, size);
	text = strndup(buf, size);
	if (!text)
		abort();
	verdict = fault_judge(false, path, text);
	if (node->attr->flags & ATTR_QUEUED)
		r = queue_write(path, text, &verdict);
	else
		r = direct_write(path, text, &verdict);
	free(text);
	return leave(r < 0 ? r : (int)size);
}

/* The shell's '>' truncates; sysfs takes that as nothing. */
static int fs_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	int r;

	(void)size;
	(void)fi;
	enter();
	r = node_lookup(path) ? 0 : -ENOENT;
	return leave(r);
}

/* What sysfs answers to attempts to make or remove things by hand. */
static int fs_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	(void)path;
	(void)mode;
	(void)fi;
	return -EACCES;
}

static int fs_mkdir(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	return -EPERM;
}

static int fs_remove(const char *path)
{
	(void)path;
	return -EPERM;
}

static int fs_symlink(const char *text, const char *path)
{
	(void)text;
	(void)path;
	return -EPERM;
}

const struct fuse_operations fs_operations = {
	.init = fs_init,
	.getattr = fs_getattr,
	.readlink = fs_readlink,
	.readdir = fs_readdir,
	.open = fs_open,
	.release = fs_release,
	.read = fs_read,
	.write = fs_write,
	.truncate = fs_truncate,
	.create = fs_create,
	.mkdir = fs_mkdir,
	.unlink = fs_remove,
	.rmdir = fs_remove,
	.symlink = fs_symlink,
};

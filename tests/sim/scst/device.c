// SPDX-License-Identifier: MPL-2.0
/*
 * Devices: their life, and the claim on what is behind them (sections 0, B2 and B4). The
 * backing store is only looked at with stat(2), never opened for writing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "objects.h"

struct devices devices = TAILQ_HEAD_INITIALIZER(devices);

/* Exclusive claims by others than SCST: a mount, another target. */
struct claim {
	dev_t dev;
	ino_t ino;
	TAILQ_ENTRY(claim) entry;
};

static TAILQ_HEAD(, claim) claims = TAILQ_HEAD_INITIALIZER(claims);

char *backing_path(const char *given)
{
	if (sim.block_root) {
		char *below = xasprintf("%s%s", sim.block_root, given);

		if (access(below, F_OK) == 0)
			return below;
		free(below);
	}
	return xstrdup(given);
}

static int backing_stat(const char *given, struct stat *st)
{
	char *path = backing_path(given);
	int r = stat(path, st) < 0 ? -errno : 0;

	free(path);
	return r;
}

static int block_query(const char *given, unsigned long request, void *ret_value)
{
	char *path = backing_path(given);
	int r = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, request, ret_value) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	free(path);
	return r;
}

int backing_size(const char *given, uint64_t *ret_size)
{
	struct stat st;
	int r = backing_stat(given, &st);

	if (r < 0)
		return r;
	if (S_ISBLK(st.st_mode))
		return block_query(given, BLKGETSIZE64, ret_size);
	*ret_size = st.st_size;
	return 0;
}

/* A block device is the same one under any of its names. */
static void claim_identity(const struct stat *st, dev_t *ret_dev, ino_t *ret_ino)
{
	*ret_dev = S_ISBLK(st->st_mode) ? st->st_rdev : st->st_dev;
	*ret_ino = S_ISBLK(st->st_mode) ? 0 : st->st_ino;
}

static struct claim *claim_find(dev_t dev, ino_t ino)
{
	struct claim *claim;

	TAILQ_FOREACH(claim, &claims, entry) {
		if (claim->dev == dev && claim->ino == ino)
			return claim;
	}
	return NULL;
}

int claim_add(const char *path)
{
	struct claim *claim;
	struct stat st;
	int r = backing_stat(path, &st);

	if (r < 0)
		return r;
	claim = xcalloc(sizeof(*claim));
	claim_identity(&st, &claim->dev, &claim->ino);
	TAILQ_INSERT_TAIL(&claims, claim, entry);
	return 0;
}

static void claim_drop(struct claim *claim)
{
	TAILQ_REMOVE(&claims, claim, entry);
	free(claim);
}

int claim_del(const char *path)
{
	struct claim *claim;
	struct stat st;
	dev_t dev;
	ino_t ino;
	int r = backing_stat(path, &st);

	if (r < 0)
		return r;
	claim_identity(&st, &dev, &ino);
	claim = claim_find(dev, ino);
	if (!claim)
		return -ENOENT;
	claim_drop(claim);
	return 0;
}

void claims_free(void)
{
	while (!TAILQ_EMPTY(&claims))
		claim_drop(TAILQ_FIRST(&claims));
}

/* Section 0: vdisk_blockio claims exclusively; vdisk_fileio never does, nor minds a claim. */
static bool claimed(dev_t dev, ino_t ino)
{
	struct device *other;

	if (claim_find(dev, ino))
		return true;
	TAILQ_FOREACH(other, &devices, entry) {
		if (other->open && other->handler->mask == BLOCKIO && other->claim_dev == dev &&
		    other->claim_ino == ino)
			return true;
	}
	return false;
}

/* Section 0: a volume with readonly=on is EROFS to a writer. A file without w stands for one. */
static int check_writable(const struct device *dev, const struct stat *st)
{
	int read_only = !(st->st_mode & 0222);
	int r = 0;

	if (dev->value[DV_READ_ONLY])
		return 0;
	if (S_ISBLK(st->st_mode))
		r = block_query(dev->filename, BLKROGET, &read_only);
	return r == 0 && read_only ? -EROFS : r;
}

int device_open(struct device *dev)
{
	bool blockio = dev->handler->mask == BLOCKIO;
	struct stat st;
	int r;

	if (dev->handler->mask == NULLIO)
		return 0;
	r = backing_stat(dev->filename, &st);
	if (r < 0)
		return r; /* B2 row 1: ENOENT, path missing */
	if (blockio && !S_ISBLK(st.st_mode) && !(sim.files_are_blocks && S_ISREG(st.st_mode)))
		return -ENOTBLK; /* B2 row 1 */
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return -EINVAL;
	r = check_writable(dev, &st);
	if (r < 0)
		return r;
	claim_identity(&st, &dev->claim_dev, &dev->claim_ino);
	if (blockio && claimed(dev->claim_dev, dev->claim_ino))
		return -EBUSY; /* B2 row 1 */
	r = backing_size(dev->filename, &dev->size);
	dev->open = r == 0;
	return r;
}

void device_close(struct device *dev)
{
	dev->open = false;
}

struct device *device_find(const char *name)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &devices, entry) {
		if (strcmp(dev->name, name) == 0)
			return dev;
	}
	return NULL;
}

struct device *device_new(const struct handler *handler, const char *name)
{
	struct device *dev = xcalloc(sizeof(*dev));

	dev->name = xstrdup(name);
	dev->handler = handler;
	TAILQ_INIT(&dev->luns);
	if (handler->mask == NULLIO)
		dev->size = UINT64_C(5) << 39; /* 2.5 TiB */
	devattr_defaults(dev);
	return dev;
}

int device_register(struct device *dev)
{
	int r = 0;

	/* B1: without the folder of persistent reservations every add_device is ENOENT. */
	if (access(sim.pr_dir, F_OK) < 0)
		return -ENOENT;
	if (dev->value[DV_ACTIVE])
		r = device_open(dev);
	if (r < 0)
		return r;
	dev->dir = node_dir(node_child(tree_root, "devices"), dev->name);
	node_link(dev->dir, "handler", dev->handler->dir);
	dev->exported_dir = node_dir(dev->dir, "exported");
	devattr_tree(dev);
	dev->link = node_link(dev->handler->dir, dev->name, dev->dir);
	TAILQ_INSERT_TAIL(&devices, dev, entry);
	/* B1: the copy manager gets a LUN for every device. */
	lun_add(&copy_manager, dev, copy_manager_next_lun(), false);
	return 0;
}

void device_free(struct device *dev)
{
	free(dev->name);
	free(dev->filename);
	free(dev->pr_file);
	for (unsigned i = 0; i < DT_COUNT; i++)
		free(dev->text[i]);
	for (unsigned i = 0; i < DX_COUNT; i++)
		free(dev->hex[i]);
	free(dev);
}

void device_del(struct device *dev)
{
	/* B2 notes: never refuses; the LUNs go from every target and group. */
	while (!TAILQ_EMPTY(&dev->luns))
		lun_del(TAILQ_FIRST(&dev->luns));
	node_del(dev->link);
	node_del(dev->dir);
	TAILQ_REMOVE(&devices, dev, entry);
	device_free(dev);
}

// SPDX-License-Identifier: MPL-2.0
/*
 * How the module takes a new LUN: its parameters and the device behind it. Opens the device for
 * a moment to ask the host the same question the module would; never holds or writes it.
 */
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_LUN 0x3fffu
#define MAX_ID 16
#define MIN_BLOCK 512u
#define MAX_BLOCK 4096u
#define NULLIO_BYTES (UINT64_C(64) << 30)

enum {
	KEY_PATH, KEY_TYPE, KEY_IOMODE, KEY_SCSI_ID, KEY_SCSI_SN, KEY_BLOCK_SIZE, KEY_SECTORS,
	KEY_BLOCKS, KEYS
};

#define DISK (1u << SIM_FILEIO | 1u << SIM_BLOCKIO)
#define NULLIO (1u << SIM_NULLIO)

/* D2: the keys, and which iotypes take them in 1.4.19 and in 1.4.20. Any other is EINVAL:
 * so nullio of 1.4.19 refuses even ScsiId and ScsiSN, and nullio of both refuses IOMode. */
static const struct {
	const char *name;
	unsigned int early, later;
} keys[KEYS] = {
	[KEY_PATH] = { "Path", DISK, DISK },
	[KEY_TYPE] = { "Type", DISK | NULLIO, DISK | NULLIO },
	[KEY_IOMODE] = { "IOMode", DISK, DISK },
	[KEY_SCSI_ID] = { "ScsiId", DISK, DISK | NULLIO },
	[KEY_SCSI_SN] = { "ScsiSN", DISK, DISK | NULLIO },
	[KEY_BLOCK_SIZE] = { "BlockSize", 0, DISK | NULLIO },
	[KEY_SECTORS] = { "Sectors", NULLIO, NULLIO },
	[KEY_BLOCKS] = { "Blocks", 0, NULLIO },
};

struct wish {
	const char *value[KEYS];	/* NULL: not given */
	const char *unknown;		/* a word that is no key=value of ours */
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Keys are exact in 1.4.19; 1.4.20 folds the case of the key, not of the value. */
static int find_key(const struct sim *s, const char *name)
{
	for (int i = 0; i < KEYS; i++) {
		if (sim_is_later(s) ? !strcasecmp(keys[i].name, name) :
				      !strcmp(keys[i].name, name))
			return i;
	}
	return -1;
}

/* Splits args in place. An empty value matches no key; empty words are skipped. */
static int parse(const struct sim *s, char *args, struct wish *wish)
{
	char *word;

	while ((word = strsep(&args, ","))) {
		char *value = strchr(word, '=');
		int key = -1;

		if (!*word)
			continue;
		if (value)
			*value++ = '\0';
		if (value && *value)
			key = find_key(s, word);
		if (key == KEY_PATH && wish->value[KEY_PATH]) {
			sim_printk(s, "duplicate \"Path\" param");
			return -EINVAL;
		}
		if (key < 0)
			wish->unknown = word;
		else
			wish->value[key] = value;
	}
	return 0;
}

static int choose_type(const struct wish *wish, struct sim_lun *lun)
{
	const char *type = wish->value[KEY_TYPE];

	if (!type || !strcmp(type, "fileio"))
		lun->type = SIM_FILEIO;
	else if (!strcmp(type, "blockio"))
		lun->type = SIM_BLOCKIO;
	else if (!strcmp(type, "nullio"))
		lun->type = SIM_NULLIO;
	else
		return -ENOENT;
	return 0;
}

/* 1.4.19 takes any word as write-through; 1.4.20 refuses it. */
static int choose_mode(const struct sim *s, const struct wish *wish, struct sim_lun *lun)
{
	const char *mode = wish->value[KEY_IOMODE];

	if (mode && !strcmp(mode, "ro"))
		lun->mode = SIM_RO;
	else if (mode && !strcmp(mode, "wb"))
		lun->mode = SIM_WB;
	else if (mode && strcmp(mode, "wt") && sim_is_later(s))
		return -EINVAL;

	/* D2: blockio ignores wb, and shows wt */
	if (lun->type == SIM_BLOCKIO && lun->mode == SIM_WB)
		lun->mode = SIM_WT;
	return 0;
}

static int choose_ids(const struct sim *s, const struct wish *wish, struct sim_lun *lun)
{
	const char *id = or_empty(wish->value[KEY_SCSI_ID]);
	const char *sn = or_empty(wish->value[KEY_SCSI_SN]);

	/* D2: both hold 16 characters */
	if (strlen(id) > MAX_ID || strlen(sn) > MAX_ID) {
		sim_printk(s, "SCSI ID or SN too long, %zu and %zu provided, %d max", strlen(id),
			   strlen(sn), MAX_ID);
		return -EINVAL;
	}
	for (const char *p = sn; *p && sim_is_later(s); p++) {
		if (!isascii((unsigned char)*p) || !isprint((unsigned char)*p))
			return -EINVAL;
	}
	lun->scsi_id = sim_copy(id);
	lun->scsi_sn = sim_copy(sn);
	return 0;
}

static bool is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static int choose_block_size(const struct sim *s, const struct wish *wish, struct sim_lun *lun)
{
	const char *text = wish->value[KEY_BLOCK_SIZE];
	unsigned long size;

	/* 1.4.20 matches a number or nothing: a word is as good as absent */
	if (!text || !is_number(text))
		return 0;
	size = strtoul(text, NULL, 10);
	if (size < MIN_BLOCK || size > MAX_BLOCK || (size & (size - 1))) {
		sim_printk(s, "invalid BlockSize=%lu", size);
		return -EINVAL;
	}
	lun->block_size = (uint32_t)size;
	return 0;
}

/* Blocks is the younger name of Sectors. */
static const char *block_count(const struct wish *wish)
{
	return wish->value[KEY_SECTORS] ? wish->value[KEY_SECTORS] : wish->value[KEY_BLOCKS];
}

static int check_keys(const struct sim *s, const struct wish *wish, const struct sim_lun *lun)
{
	const char *unknown = wish->unknown;
	const char *count = block_count(wish);

	for (int i = 0; i < KEYS && !unknown; i++) {
		unsigned int taken = sim_is_later(s) ? keys[i].later : keys[i].early;

		if (wish->value[i] && !(taken & 1u << lun->type))
			unknown = keys[i].name;
	}
	if (!unknown && count && !is_number(count))
		unknown = count;
	if (unknown) {
		sim_printk(s, "unknown param %s", unknown);
		return -EINVAL;
	}
	if (lun->type != SIM_NULLIO && !wish->value[KEY_PATH]) {
		sim_printk(s, "missing \"Path\" param");
		return -EINVAL;
	}
	return 0;
}

/* Caller frees. DIR's own /dev first, so that tests need no entry in the host's. */
static char *find_device(const struct sim *s, const char *path)
{
	char *inside = sim_format("%s%s", s->root, path);

	if (access(inside, F_OK) == 0)
		return inside;
	free(inside);
	return sim_copy(path);
}

/* A regular file below DIR/dev stands for a block device; elsewhere it is a file. */
static bool is_disk(const struct sim *s, const char *device, const struct stat *st)
{
	char *dev = sim_format("%s/dev/", s->root);
	bool inside = !strncmp(device, dev, strlen(dev));

	free(dev);
	if (S_ISREG(st->st_mode))
		return inside || s->set[SIM_FILES_AS_DISKS];
	return S_ISBLK(st->st_mode);
}

static bool is_held(const struct sim *s, const char *holder)
{
	for (const struct sim_target *t = s->targets; t; t = t->next) {
		for (const struct sim_lun *l = t->luns; l; l = l->next) {
			if (!strcmp(l->holder, holder))
				return true;
		}
	}
	return false;
}

/* D2: blockio opens the device exclusively; a LUN that still drains counts as a holder */
static int hold(const struct sim *s, const struct stat *st, struct sim_lun *lun)
{
	bool block = S_ISBLK(st->st_mode);
	dev_t dev = block ? st->st_rdev : st->st_dev;

	free(lun->holder);
	lun->holder = sim_format("%c%u:%u:%llu", block ? 'b' : 'f', major(dev), minor(dev),
				 block ? 0 : (unsigned long long)st->st_ino);
	return is_held(s, lun->holder) ? -EBUSY : 0;
}

static int measure(const struct sim *s, const char *device, int fd, const struct stat *st,
		   struct sim_lun *lun)
{
	uint64_t bytes = (uint64_t)st->st_size;
	int logical = MIN_BLOCK;

	if (S_ISBLK(st->st_mode) &&
	    (ioctl(fd, BLKGETSIZE64, &bytes) < 0 || ioctl(fd, BLKSSZGET, &logical) < 0))
		return -errno;

	/* D2: 1.4.19 always has blocks of 512; blockio of 1.4.20 those of the device */
	if (lun->block_size == 0)
		lun->block_size = lun->type == SIM_BLOCKIO && sim_is_later(s) ?
			(uint32_t)logical : MIN_BLOCK;
	if (lun->type == SIM_BLOCKIO && sim_is_later(s) && lun->block_size < (uint32_t)logical) {
		sim_printk(s, "Specified block size (%u) smaller than that of %s (%d)",
			   lun->block_size, device, logical);
		return -EINVAL;
	}
	lun->blocks = bytes / lun->block_size;
	return 0;
}

static int attach_device(const struct sim *s, const char *device, struct sim_lun *lun)
{
	int flags = (lun->mode == SIM_RO ? O_RDONLY : O_RDWR) | O_CLOEXEC;
	struct stat st;
	int fd, err = 0;

	if (stat(device, &st) < 0)
		return -errno;
	if (lun->type == SIM_BLOCKIO && !is_disk(s, device, &st))
		return -ENOTBLK;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -EINVAL;
	if (lun->type == SIM_BLOCKIO)
		err = hold(s, &st, lun);
	if (err < 0)
		return err;

	fd = open(device, lun->type == SIM_BLOCKIO && S_ISBLK(st.st_mode) ? flags | O_EXCL : flags);
	if (fd < 0)
		return -errno;
	err = measure(s, device, fd, &st, lun);
	close(fd);
	return err;
}

static int attach_disk(const struct sim *s, const struct wish *wish, struct sim_lun *lun)
{
	char *device = find_device(s, wish->value[KEY_PATH]);
	int err = attach_device(s, device, lun);

	if (err < 0)
		sim_printk(s, "Can't open %s %d", wish->value[KEY_PATH], err);
	free(lun->path);
	lun->path = sim_copy(wish->value[KEY_PATH]);
	free(device);
	return err;
}

static int attach_null(const struct wish *wish, struct sim_lun *lun)
{
	const char *count = block_count(wish);

	if (lun->block_size == 0)
		lun->block_size = MIN_BLOCK;
	if (count)
		lun->blocks = strtoull(count, NULL, 10);
	if (lun->blocks == 0)
		lun->blocks = NULLIO_BYTES / lun->block_size;
	return 0;
}

static int fill(const struct sim *s, char *args, struct sim_lun *lun)
{
	struct wish wish = { .unknown = NULL };
	int err = parse(s, args, &wish);

	if (err == 0)
		err = choose_type(&wish, lun);
	if (err == 0)
		err = choose_mode(s, &wish, lun);
	if (err == 0)
		err = check_keys(s, &wish, lun);
	if (err == 0)
		err = choose_ids(s, &wish, lun);
	if (err == 0)
		err = choose_block_size(s, &wish, lun);
	if (err < 0)
		return err;
	return lun->type == SIM_NULLIO ? attach_null(&wish, lun) : attach_disk(s, &wish, lun);
}

int sim_kernel_lun_add(struct sim *s, uint32_t tid, uint32_t lun, const char *args)
{
	struct sim_target *t = sim_kernel_target(s, tid);
	struct sim_lun **end, *l;
	char *copy;
	int err;

	if (!t) {
		sim_printk(s, "can't find the target %u", tid);
		return -EINVAL;
	}
	for (end = &t->luns; *end; end = &(*end)->next) {
		/* D2: a LUN that was deleted but still drains keeps its number */
		if ((*end)->lun == lun)
			return -EEXIST;
	}
	if (lun > MAX_LUN)
		return -EINVAL;

	l = sim_zalloc(sizeof(*l));
	l->lun = lun;
	l->holder = sim_copy("");
	l->path = sim_copy("");
	copy = sim_copy(args);
	err = fill(s, copy, l);
	free(copy);
	if (err == 0)
		*end = l;
	else
		sim_free_lun(l);
	return err;
}

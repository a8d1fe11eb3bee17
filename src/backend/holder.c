/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looks for the holder of a block device where the kernel shows one: holders/ in sysfs, the mounts,
 * the swap areas. Best effort: what cannot be read is skipped. Changes nothing.
 */
#include "backend/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Undoes the \040 of mountinfo and swaps (proc(5)) in place. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (*s == '\\' && is_octal(s[1]) && is_octal(s[2]) && is_octal(s[3])) {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* device-mapper (LVM, dm-crypt, multipath), md, bcache: all that stacks on a block device. */
static char *stacked_on(struct sis_kfs *k, const char *dir)
{
	sis_autostrv sis_strv names = { 0 };
	sis_autofree char *dm = NULL;

	if (sis_kfs_list(k, &names, NULL, "%s/holders", dir) < 0 || !names.n)
		return NULL;
	if (sis_kfs_read_line(k, &dm, NULL, "%s/holders/%s/dm/name", dir, names.v[0]) == 0)
		return sis_asprintf("is held by device-mapper %s", dm);
	return sis_asprintf("is held by %s", names.v[0]);
}

/* Mount ID, parent ID, MAJOR:MINOR, root, mount point, ... */
static char *mounted_on(struct sis_kfs *k, const char *number)
{
	sis_autofree char *text = NULL;
	char *cursor, *line;

	if (sis_kfs_read(k, &text, NULL, NULL, "/proc/self/mountinfo") < 0)
		return NULL;
	cursor = text;
	while ((line = sis_str_next(&cursor, "\n"))) {
		char *field[5] = { NULL };

		for (int i = 0; i < 5 && line; i++)
			field[i] = sis_str_next(&line, " ");
		if (!field[4] || !sis_streq(field[2], number))
			continue;
		unescape(field[4]);
		return sis_asprintf("is mounted on '%s'", field[4]);
	}
	return NULL;
}

static bool is_swap(struct sis_kfs *k, const char *number)
{
	sis_autofree char *text = NULL;
	char *cursor, *line;

	if (sis_kfs_read(k, &text, NULL, NULL, "/proc/swaps") < 0)
		return false;
	cursor = text;
	while ((line = sis_str_next(&cursor, "\n"))) {
		sis_autofree char *id = NULL;
		struct stat st;

		line[strcspn(line, " \t")] = '\0';
		unescape(line);
		if (line[0] != '/' || sis_kfs_stat(k, &st, NULL, "%s", line) < 0)
			continue;
		id = sis_asprintf("%u:%u", major(st.st_rdev), minor(st.st_rdev));
		if (S_ISBLK(st.st_mode) && sis_streq(id, number))
			return true;
	}
	return false;
}

/* `dir` is the sysfs folder of a disk or of a partition. */
static char *holder_of(struct sis_kfs *k, const char *dir)
{
	sis_autofree char *number = NULL;
	char *text = stacked_on(k, dir);

	if (text || sis_kfs_read_line(k, &number, NULL, "%s/dev", dir) < 0)
		return text;
	text = mounted_on(k, number);
	if (!text && is_swap(k, number))
		text = sis_strdup("is used as swap");
	return text;
}

char *sis_holder_text(struct sis_kfs *k, dev_t dev)
{
	sis_autofree char *disk = sis_asprintf("/sys/dev/block/%u:%u", major(dev), minor(dev));
	sis_autostrv sis_strv entries = { 0 };
	char *text = holder_of(k, disk);

	if (text || sis_kfs_list(k, &entries, NULL, "%s", disk) < 0)
		return text;
	sis_vec_each(e, &entries) {
		sis_autofree char *part = sis_asprintf("%s/%s", disk, *e);

		if (!sis_kfs_exists(k, "%s/partition", part))
			continue;
		text = holder_of(k, part);
		if (text) {
			sis_autofree char *whole = text;

			return sis_asprintf("has partition %s, which %s", *e, whole);
		}
	}
	return NULL;
}

bool sis_holder_any(const char *path)
{
	int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

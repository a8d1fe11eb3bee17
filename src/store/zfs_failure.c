/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What zfs says when it fails: which error that is, and which names it does not know. Prints and
 * decides nothing.
 */
#include "store/zfs_parse.h"

#include "base/str.h"

char *sis_zfs_next_missing(const char **cursor)
{
	const char *head = "cannot open '", *tail = "': dataset does not exist";

	while (**cursor) {
		const char *line = *cursor;
		size_t n = strcspn(line, "\n"), head_n = strlen(head), tail_n = strlen(tail);

		*cursor += n + (line[n] == '\n');
		if (n > head_n + tail_n && memcmp(line, head, head_n) == 0 &&
		    memcmp(line + n - tail_n, tail, tail_n) == 0)
			return sis_strndup(line + head_n, n - head_n - tail_n);
	}
	return NULL;
}

/* The reason stands at the end of the line; before it is a name, which may be anything. */
static const struct {
	const char *end;
	int code;
} reasons[] = {
	{ "does not exist", ENOENT },
	{ "no such pool", ENOENT },
	{ "pool is read-only", EROFS },
	{ "permission denied", EACCES },
	{ "must be run as root.", EACCES },
	{ "dataset is busy", EBUSY },
	{ "pool is busy", EBUSY },
	{ "out of space", ENOSPC },
	{ "operation not applicable to datasets of this type", EINVAL },
	{ "is not expected here", EINVAL },
	{ " in name", EINVAL },
	{ "name is too long", ENAMETOOLONG },
};

static int reason_code(const char *line)
{
	size_t n = strlen(line);

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		size_t end_n = strlen(reasons[i].end);

		if (n >= end_n && sis_streq(line + n - end_n, reasons[i].end))
			return reasons[i].code;
	}
	return EIO;
}

/* The first line with another reason than that something is not there; else the first. */
static char *first_failure(const char *errout)
{
	size_t n;

	for (const char *p = errout; *p; p += n + (p[n] == '\n')) {
		sis_autofree char *line = NULL;

		n = strcspn(p, "\n");
		line = sis_strndup(p, n);
		if (reason_code(line) != ENOENT)
			return sis_steal(&line);
	}
	return sis_strndup(errout, strcspn(errout, "\n"));
}

int sis_zfs_failure(const char *program, int status, const char *errout, struct sis_err *err)
{
	sis_autofree char *line = first_failure(errout);

	if (!*line)
		return sis_err_set(err, EIO, "'%s' ended with status %d and said nothing", program,
				   status);
	if (sis_str_starts(line, "The ZFS modules are not loaded"))
		return sis_err_set(err, ENODEV,
				   "the ZFS modules are not loaded; try "
				   "'/sbin/modprobe zfs' as root");
	return sis_err_set(err, reason_code(line), "%s", line);
}

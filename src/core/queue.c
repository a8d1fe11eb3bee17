/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The queue is a file of lines under a lock. It does not grow without end: when it is full, a look
 * at everything is cheaper than the list, and that is what a full one means.
 */
#include "core/queue.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/str.h"
#include "core/ctx.h"

enum { QUEUE_FULL = 64 << 10, QUEUE_NAMES = 100, QUEUE_LOCK_MS = 10000 };

/* What to look at; NULL: nothing. Whatever is no name of a dataset is the store's to refuse. */
static char *dataset_of(const char *name)
{
	const char *node = sis_str_after(name, "/dev/zvol/");
	char *dataset = sis_strdup(node ? node : name), *internal;

	/* '+' is not legal in a name; in the node's path it stands for a blank. */
	for (char *c = node ? strchr(dataset, '+') : NULL; c; c = strchr(c, '+'))
		*c = ' ';
	internal = strstr(dataset, "/%");
	if (internal)
		*internal = '\0';
	if (!*dataset || strpbrk(dataset, "@#")) {
		free(dataset);
		return NULL;
	}
	return dataset;
}

static int add_lines(const sis_strv *names, struct sis_str *text, struct sis_err *err)
{
	sis_vec_each(name, names) {
		sis_autofree char *dataset = NULL;

		if (!sis_str_clean(*name))
			return sis_err_set(err, SIS_ERR_USAGE, "'%s' is not the name of a dataset",
					   *name);
		dataset = dataset_of(*name);
		if (dataset)
			sis_str_addf(text, "%s\n", dataset);
	}
	if (!names->n)
		sis_str_addc(text, '\n');
	return 0;
}

/* Takes the lock of the queue and names its file. */
static int enter(const char *root, char **ret_path, int *ret_fd, struct sis_err *err)
{
	sis_autofree char *dir = sis_ctx_run_dir(root);
	sis_autofree char *lock = sis_asprintf("%s/queue.lock", dir);
	int rc = sis_mkdir_own(dir, err);

	if (rc == 0)
		rc = sis_lock_take(lock, QUEUE_LOCK_MS, ret_fd, err);
	if (rc == 0)
		*ret_path = sis_asprintf("%s/queue", dir);
	return rc;
}

static int append(const char *path, const struct sis_str *text, bool *ret_first,
		  struct sis_err *err)
{
	sis_autoclose int fd = open(
		path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return sis_err_errno(err, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return sis_err_set(err, EINVAL, "'%s' is not a regular file; remove it", path);
	if (st.st_size <= QUEUE_FULL)
		n = write(fd, text->s, text->len);
	if (n < 0)
		return sis_err_errno(err, errno, "cannot write '%s'", path);
	*ret_first = st.st_size == 0;
	return 0;
}

int sis_queue_add(const char *root, const sis_strv *names, bool *ret_first, struct sis_err *err)
{
	sis_autoclose int lock = -1;
	sis_autofree char *path = NULL;
	sis_autostr struct sis_str text = { 0 };
	int rc = add_lines(names, &text, err);

	if (rc == 0 && !text.len) {
		*ret_first = false;
		return 0;
	}
	if (rc == 0)
		rc = enter(root, &path, &lock, err);
	return rc < 0 ? rc : append(path, &text, ret_first, err);
}

off_t sis_queue_size(const char *root)
{
	sis_autofree char *path = sis_asprintf("%s/run/shareiscsi/queue", root);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_size;
}

/* Is there a line that means everything, or more than is worth to be looked at one by one? */
static bool split(char *text, sis_strv *ret)
{
	sis_autostrv sis_strv lines = { 0 };
	char *line;

	while ((line = sis_str_next(&text, "\n")))
		if (text)
			sis_strv_add(&lines, line);
	sis_vec_sort(&lines, sis_strp_cmp);
	sis_vec_each(name, &lines) {
		if (!**name || !sis_str_clean(*name))
			return true;
		if (!ret->n || !sis_streq(*name, ret->v[ret->n - 1]))
			sis_strv_add(ret, *name);
	}
	return ret->n > QUEUE_NAMES;
}

int sis_queue_take(const char *root, sis_strv *ret_names, bool *ret_all, struct sis_err *err)
{
	sis_autoclose int lock = -1;
	sis_autofree char *path = NULL, *text = NULL;
	sis_autostrv sis_strv names = { 0 };
	int rc = enter(root, &path, &lock, err);

	if (rc < 0)
		return rc;
	/* One write more than full can be in it. */
	rc = sis_file_read(path, 2 * QUEUE_FULL, &text, NULL);
	if (rc == -ENOENT) {
		*ret_all = false;
		return 0;
	}
	/* Whatever else is wrong with it: a look at everything makes it good. */
	if (unlink(path) < 0)
		return sis_err_errno(err, errno, "cannot remove '%s'", path);
	*ret_all = rc < 0 || strlen(text) > QUEUE_FULL || split(text, &names);
	if (!*ret_all) {
		*ret_names = names;
		names = (typeof(names)){ 0 };
	}
	return 0;
}

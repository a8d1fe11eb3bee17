/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The record of what this tool made: reading and writing of its files. What they mean for a live
 * target is decided in view.c.
 *
 * Format, one line a LUN, fields separated by tabs: GUID (16 hexadecimal digits), LUN, volume,
 * path. Neither a volume's name nor a path that a target was told can hold a tab or a newline.
 * A line "chap", tab, digest may stand before them; such a file is root's alone to read.
 */
#include "core/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "model/iqn.h"
#include "model/option.h"

#define CHAP "chap\t"

enum { RECORD_MAX = 16 << 20 };

static char *record_path(const char *root, const char *backend, const char *iqn)
{
	return sis_asprintf("%s/run/shareiscsi/%s%s%s", root, backend, *iqn ? "/" : "", iqn);
}

static int record_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_record *)a)->iqn, ((const struct sis_record *)b)->iqn);
}

static void record_free(struct sis_record *r)
{
	sis_vec_each(l, &r->luns) {
		free(l->volume);
		free(l->path);
	}
	sis_vec_free(&r->luns);
	sis_wipe_free(r->chap);
	free(r->iqn);
}

void sis_records_free(sis_records *records)
{
	sis_vec_each(r, records)
		record_free(r);
	sis_vec_free(records);
}

const struct sis_record *sis_records_find(const sis_records *records, const char *iqn)
{
	struct sis_record key = { .iqn = (char *)iqn };

	/* Where it was found is no part of the records. */
	return sis_vec_find_near(records, &key, record_cmp, (size_t *)&records->near);
}

void sis_records_drop(sis_records *records, const char *iqn)
{
	const struct sis_record *old = sis_records_find(records, iqn);

	if (!old)
		return;
	record_free(&records->v[old - records->v]);
	sis_vec_remove(records, (size_t)(old - records->v));
}

void sis_records_put(sis_records *records, const struct sis_target *t, const char *chap)
{
	struct sis_record r = { .iqn = sis_strdup(t->iqn), .chap = sis_strdup_null(chap) };

	sis_vec_each(l, &t->luns)
		if (l->guid)
			sis_vec_push(&r.luns, ((struct sis_record_lun){
						      .guid = l->guid,
						      .number = l->number,
						      .volume = sis_strdup(l->volume),
						      .path = sis_strdup(l->path) }));
	sis_records_drop(records, t->iqn);
	sis_vec_push(records, r);
	sis_vec_sort(records, record_cmp);
}

static int parse_line(char *line, struct sis_record *r)
{
	const char *chap = sis_str_after(line, CHAP);
	char *guid, *number, *volume, *path;
	struct sis_record_lun l;
	uint64_t n;

	if (chap) {
		sis_replace(&r->chap, chap);
		return 0;
	}
	guid = sis_str_next(&line, "\t");
	number = sis_str_next(&line, "\t");
	volume = sis_str_next(&line, "\t");
	path = sis_str_next(&line, "\t");
	if (!path || line || sis_parse_hex(guid, 16, &l.guid) < 0 ||
	    sis_parse_u64(number, 0, SIS_LUN_MAX, &n) < 0)
		return -EINVAL;
	l.number = (uint32_t)n;
	l.volume = sis_strdup(volume);
	l.path = sis_strdup(path);
	sis_vec_push(&r->luns, l);
	return 0;
}

/* `path`: below the open folder `dir`. */
static int read_one(int dir, const char *path, const char *iqn, sis_records *records,
		    struct sis_err *err)
{
	sis_autofree char *text = NULL;
	struct sis_record r = { .iqn = sis_strdup(iqn) };
	char *cursor, *line;
	int rc;

	rc = sis_file_read_at(dir, path, RECORD_MAX, &text, err);
	cursor = text;
	while (rc == 0 && (line = sis_str_next(&cursor, "\n")))
		if (*line)
			rc = parse_line(line, &r);
	if (rc == -EINVAL)
		(void)sis_err_set(err, EINVAL, "'%s' is not a record of this tool", path);
	if (rc < 0)
		record_free(&r);
	else
		sis_vec_push(records, r);
	return rc;
}

/* By its whole name, as people are told it. */
static void read_named(const char *root, const char *backend, const char *iqn, sis_records *records)
{
	sis_autofree char *path = record_path(root, backend, iqn);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (read_one(AT_FDCWD, path, iqn, records, &err) < 0 && err.code != ENOENT)
		sis_log(SIS_LOG_WARN, "%s", sis_err_msg(&err));
}

int sis_records_read(const char *root, const char *backend, sis_records *ret, sis_strv *ret_begun,
		     struct sis_err *err)
{
	sis_autofree char *dir = record_path(root, backend, "");
	sis_autorecords sis_records found = { 0 };
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d && errno != ENOENT)
		return sis_err_errno(err, errno, "'%s'", dir);
	while (d && (e = readdir(d))) {
		if (ret_begun && sis_file_is_temporary(e->d_name))
			sis_strv_add(ret_begun, e->d_name);
		if (sis_iqn_check(e->d_name, NULL) == 0 &&
		    read_one(dirfd(d), e->d_name, e->d_name, &found, NULL) < 0)
			read_named(root, backend, e->d_name, &found); /* it says why not */
	}
	if (d)
		closedir(d);
	sis_vec_sort(&found, record_cmp);
	*ret = found;
	found = (sis_records){ 0 };
	return 0;
}

void sis_records_add(const char *root, const char *backend, const sis_strv *iqns,
		     sis_records *records)
{
	sis_records more = { 0 };

	sis_vec_each(iqn, iqns)
		if (!sis_records_find(records, *iqn))
			read_named(root, backend, *iqn, &more);
	sis_vec_sort(&more, record_cmp);
	sis_vec_each(r, &more) {
		/* A name may have been asked for twice. */
		if (records->n && sis_streq(r->iqn, records->v[records->n - 1].iqn))
			record_free(r);
		else
			sis_vec_push(records, *r);
	}
	sis_vec_free(&more);
	sis_vec_sort(records, record_cmp);
}

bool sis_records_any(const char *root, const char *backend)
{
	sis_autofree char *dir = record_path(root, backend, "");
	DIR *d = opendir(dir);
	struct dirent *e;
	bool any = false;

	while (d && !any && (e = readdir(d)))
		any = sis_iqn_check(e->d_name, NULL) == 0;
	if (d)
		closedir(d);
	return any;
}

char *sis_record_text(const struct sis_target *t, const char *chap)
{
	struct sis_str text = { 0 };

	if (chap)
		sis_str_addf(&text, CHAP "%s\n", chap);
	sis_vec_each(l, &t->luns)
		if (l->guid)
			sis_str_addf(&text, "%016" PRIx64 "\t%" PRIu32 "\t%s\t%s\n", l->guid,
				     l->number, l->volume, l->path);
	return sis_str_take(&text);
}

int sis_record_write_text(const char *root, const char *backend, const char *iqn, const char *text,
			  struct sis_err *err)
{
	sis_autofree char *dir = NULL, *path = record_path(root, backend, iqn);
	const unsigned mode = sis_str_starts(text, CHAP) ? 0600 : 0644;
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int rc = sis_file_replace_volatile(path, text, mode, &e);

	if (rc != -ENOENT)
		return rc < 0 ? sis_err_move(err, &e) : 0;
	dir = record_path(root, backend, ""); /* this is the first record */
	rc = sis_mkdir_p(dir, 0755, err);
	return rc < 0 ? rc : sis_file_replace_volatile(path, text, mode, err);
}

int sis_record_write(const char *root, const char *backend, const struct sis_target *t,
		     const char *chap, struct sis_err *err)
{
	sis_autofree char *text = sis_record_text(t, chap);

	return sis_record_write_text(root, backend, t->iqn, text, err);
}

int sis_record_remove(const char *root, const char *backend, const char *iqn, struct sis_err *err)
{
	sis_autofree char *path = record_path(root, backend, iqn);

	if (unlink(path) < 0 && errno != ENOENT)
		return sis_err_errno(err, errno, "cannot remove '%s'", path);
	return 0;
}

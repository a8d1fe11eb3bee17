/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A dir store in a directory of the test's own, with the pools "mypool" and "other".
 */
#ifndef TEST_STORE_DIR_H
#define TEST_STORE_DIR_H

#include "test_base_dir.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/str.h"
#include "store/store.h"

#define SHARE SIS_PROP_SHARE
#define GUID_ATTR "user." SIS_PROP_SHARE ":guid"

enum { MIB = 1 << 20 };

static struct sis_sx sx;
static char top[512]; /* without links */

static int store_setup(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *spec = NULL;

	if (dir_setup(state) < 0 || !realpath(dir, top))
		return -1;
	if (setxattr(dir, "user.probe", "1", 1, 0) < 0) {
		fprintf(stderr, "%s: no user extended attributes here (%s); run the test with "
			"TMPDIR on ext4, XFS or btrfs\n", dir, strerror(errno));
		return -1;
	}
	if (chmod(dir, 0755) < 0 || mkdir(in_dir("mypool"), 0755) < 0 ||
	    mkdir(in_dir("other"), 0755) < 0)
		return -1;
	spec = sis_asprintf("dir:%s", dir);
	sx = (struct sis_sx){ 0 };
	if (sis_store_open(spec, NULL, NULL, &sx, &err)) {
		fprintf(stderr, "%s\n", sis_err_msg(&err));
		return -1;
	}
	return 0;
}

static int store_teardown(void **state)
{
	sis_store_close(&sx);
	return dir_teardown(state);
}

#define store_test(fn) cmocka_unit_test_setup_teardown(fn, store_setup, store_teardown)

/* Runs a slot, which must succeed, or fail with this code and message. */
#define ok(slot, ...)                                                            \
	do {                                                                     \
		sis_autoerr struct sis_err e_ = SIS_ERR_INIT;                    \
		int r_ = sx.store->slot(&sx, __VA_ARGS__, &e_);                  \
		assert_string_equal(e_.msg ? e_.msg : "", "");                   \
		assert_int_equal(r_, 0);                                         \
	} while (0)

#define fails(code_, text, slot, ...)                                            \
	do {                                                                     \
		sis_autoerr struct sis_err e_ = SIS_ERR_INIT;                    \
		int r_ = sx.store->slot(&sx, __VA_ARGS__, &e_);                  \
		assert_string_equal(sis_err_msg(&e_), text);                     \
		assert_int_equal(r_, -(code_));                                  \
		assert_int_equal(e_.code, code_);                                \
		assert_int_equal(sx.store->slot(&sx, __VA_ARGS__, NULL), -(code_)); \
	} while (0)

static inline void make_volume(const char *name)
{
	ok(create, name, (&(struct sis_create){ .volume = true, .sparse = true, .size = MIB }));
}

static inline void make_folder(const char *name)
{
	ok(create, name, (&(struct sis_create){ 0 }));
}

/* A file made by hand, as a user would with truncate(1). */
static inline void make_file(const char *name, off_t size)
{
	put_text(in_dir(name), "");
	assert_int_equal(truncate(in_dir(name), size), 0);
}

/* The one volume of this name, or of all when NULL; the caller frees. */
static inline struct sis_volume list_volume(const char *name)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char *names[] = { (char *)name };
	sis_strv l = { names, 1, 1 };
	sis_volumes found = { 0 };
	struct sis_volume v;

	assert_int_equal(sx.store->list(&sx, name ? &l : NULL, &found, NULL, &err), 0);
	assert_int_equal(found.n, 1);
	v = found.v[0];
	sis_vec_free(&found);
	return v;
}

static inline uint64_t list_guid(const char *name)
{
	struct sis_volume v = list_volume(name);
	uint64_t guid = v.guid;

	assert_true(v.ready);
	assert_null(v.not_ready);
	sis_volume_free(&v);
	return guid;
}

/* "NAME NAME ..." of all volumes in `names` (NULL = all); the caller frees. */
static inline char *list_names(const sis_strv *names, sis_strv *missing)
{
	sis_autovolumes sis_volumes l = { 0 };
	struct sis_str s = { 0 };

	ok(list, names, &l, missing);
	sis_vec_each(v, &l)
		sis_str_addf(&s, "%s%s", s.len ? " " : "", v->name);
	return sis_str_take(&s);
}

static inline void assert_names(const char *want)
{
	sis_autofree char *got = list_names(NULL, NULL);

	assert_string_equal(got, want);
}

static inline void assert_prop(const char *name, const char *prop, const char *value,
			       enum sis_source source, const char *from)
{
	struct sis_prop p = { 0 };

	ok(get, name, prop, &p);
	assert_string_equal(p.dataset, name);
	assert_string_equal(p.name, prop);
	assert_string_equal(p.value ? p.value : "(null)", value ? value : "(null)");
	assert_int_equal(p.source, source);
	assert_string_equal(p.from ? p.from : "(null)", from ? from : "(null)");
	sis_prop_free(&p);
}

/* A size of which the file system has not enough, though a file could be so long. */
static inline uint64_t more_than_free(void)
{
	struct statvfs fs;

	assert_int_equal(statvfs(dir, &fs), 0);
	return fs.f_blocks * fs.f_frsize / MIB * MIB + MIB;
}

/* Nothing is left under a temporary name anywhere? */
static inline int count_dots(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	return path[f->base] == '.';
}

static inline void assert_no_remnants(void)
{
	assert_int_equal(nftw(top, count_dots, 8, FTW_PHYS), 0);
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the built-in zfs share. Nobody else includes this.
 */
#ifndef SIS_CLI_DIRZFS_INT_H
#define SIS_CLI_DIRZFS_INT_H

#include "cli/dirzfs.h"

enum { SIS_DIRZFS_FAILED = 1, SIS_DIRZFS_USAGE = 2 };

/* One command. */
struct sis_dirzfs {
	struct sis_sx *sx;
	int argc; /* operands, once the options are read */
	char **argv;
	const char *usage; /* of the verb */
	FILE *out, *errout;
};

/* "MESSAGE" and the usage; returns SIS_DIRZFS_USAGE. */
int sis_dirzfs_usage(struct sis_dirzfs *z, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One line; returns SIS_DIRZFS_FAILED. */
int sis_dirzfs_fail(struct sis_dirzfs *z, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What the store said, as one line or, if it is about the command line, with the usage. */
int sis_dirzfs_error(struct sis_dirzfs *z, const struct sis_err *err);

/*
 * Reads the options (letters as for getopt): (*ret)[LETTER] is its last argument, "" without one,
 * NULL if not given; `each` (or NULL) gets every argument. Then z->argc and z->argv are the
 * operands. 0, or what sis_dirzfs_usage() returned.
 */
enum { SIS_DIRZFS_LETTERS = 128 };
typedef const char *sis_dirzfs_options[SIS_DIRZFS_LETTERS];
int sis_dirzfs_getopt(struct sis_dirzfs *z, const char *letters, sis_dirzfs_options *ret,
		      void (*each)(void *ctx, int letter, const char *arg), void *ctx);

/* ---- properties (dirzfs_prop.c) ---- */

/* Names of its own properties, in the order of `zfs get all`; NULL-ended. */
extern const char *const sis_dirzfs_props[];
/* The full name of a property ("available" for "avail"), or NULL: neither its own nor a user's. */
const char *sis_dirzfs_prop_name(const char *prop);
/* Its title in `zfs list`. Caller frees. */
char *sis_dirzfs_prop_title(const char *prop);
bool sis_dirzfs_prop_is_number(const char *prop);
bool sis_dirzfs_prop_is_user(const char *prop);
/* Least width of its values. */
size_t sis_dirzfs_prop_width(const char *prop);
bool sis_dirzfs_prop_applies(const char *prop, enum sis_dataset_type type);

/* One value as zfs prints it. */
struct sis_dirzfs_value {
	char *text;   /* "-" when unset */
	char *source; /* "local", "inherited from X", "default", "-" */
	uint64_t number;
};
void sis_dirzfs_value_free(struct sis_dirzfs_value *v);
#define sis_autovalue __attribute__((cleanup(sis_dirzfs_value_free)))
int sis_dirzfs_value(struct sis_dirzfs *z, const struct sis_dataset *d, const char *prop,
		     bool exact, struct sis_dirzfs_value *ret, struct sis_err *err);

/* ---- verbs that show (dirzfs_show.c) ---- */

int sis_dirzfs_get(struct sis_dirzfs *z);
int sis_dirzfs_list(struct sis_dirzfs *z);

#endif

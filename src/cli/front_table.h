/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What `zfs get` prints: rows, its options -o and -s, and its table. For the front end and for the
 * built-in zfs.
 */
#ifndef SIS_CLI_FRONT_TABLE_H
#define SIS_CLI_FRONT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/vec.h"

enum sis_get_column {
	SIS_GET_NAME,
	SIS_GET_PROPERTY,
	SIS_GET_VALUE,
	SIS_GET_RECEIVED,
	SIS_GET_SOURCE,
	SIS_GET_COLUMNS
};

struct sis_get_row {
	char *field[SIS_GET_COLUMNS]; /* none NULL */
	size_t title;		      /* the value is padded to at least this width */
	bool ours;		      /* front end: asked for as "shareiscsi" */
};

typedef SIS_VEC(struct sis_get_row) sis_get_rows;
void sis_get_rows_free(sis_get_rows *rows);
#define sis_autorows __attribute__((cleanup(sis_get_rows_free)))

/* How the rows are to be shown. */
struct sis_get_style {
	bool scripted; /* -H */
	enum sis_get_column column[SIS_GET_COLUMNS];
	size_t columns;
	unsigned sources;	       /* bits of -s; 0: all */
	size_t least[SIS_GET_COLUMNS]; /* widths of at least this */
};

/* The arguments of -o and -s (NULL: not given). False if zfs would refuse them. */
bool sis_get_style_columns(struct sis_get_style *s, const char *text);
bool sis_get_style_sources(struct sis_get_style *s, const char *text);

void sis_get_print(const struct sis_get_style *s, const sis_get_rows *rows, FILE *out);

#endif

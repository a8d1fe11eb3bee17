/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Results for people and for programs from one table of columns: header, aligned rows and JSON
 * keys cannot drift apart. Prints to stdout only.
 */
#ifndef SIS_CLI_OUT_H
#define SIS_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"

enum sis_col_kind {
	SIS_COL_TEXT,
	SIS_COL_NUMBER, /* JSON number; aligned to the right */
	SIS_COL_YES,	/* "yes" or not; JSON true or false */
};

struct json_object;

struct sis_col {
	const char *key;   /* JSON */
	const char *title; /* header; NULL: only in JSON */
	enum sis_col_kind kind;
};

struct sis_table {
	const char *name; /* JSON: {"NAME": [rows]} */
	const struct sis_col *cols;
	size_t n;
	SIS_VEC(char *) cells; /* row by row; NULL prints as "-" and null */
};

/* Appends one cell; copies `text` (NULL allowed). */
void sis_table_add(struct sis_table *t, const char *text);
void sis_table_addf(struct sis_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints all of it, as JSON or as columns, and empties it. */
void sis_table_print(struct sis_table *t, bool json);

/* Empties it. */
void sis_table_free(struct sis_table *t);

/* A text from outside, made printable; NULL is null. */
struct json_object *sis_json_text(const char *text);

/* Prints it and frees it. */
void sis_json_print(struct json_object *top);

/* For a run that failed as a whole: {"error": TEXT}, so that a reader always gets JSON. */
void sis_json_print_error(const char *text);

#endif

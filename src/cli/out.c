/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Printing of tables. Text from outside is made printable here and nowhere else.
 */
#include "cli/out.h"

#include <json-c/json.h>
#include <string.h>

#include "base/str.h"

void sis_table_add(struct sis_table *t, const char *text)
{
	sis_vec_push(&t->cells, sis_strdup_null(text));
}

void sis_table_addf(struct sis_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sis_vec_push(&t->cells, sis_vasprintf(fmt, ap));
	va_end(ap);
}

struct json_object *sis_json_text(const char *text)
{
	sis_autofree char *printable =
		text && !sis_str_clean(text) ? sis_str_printable(text) : NULL;

	return text ? json_object_new_string(printable ? printable : text) : NULL;
}

void sis_json_print(struct json_object *top)
{
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
}

void sis_json_print_error(const char *text)
{
	struct json_object *top = json_object_new_object();

	json_object_object_add(top, "error", sis_json_text(text));
	sis_json_print(top);
}

static struct json_object *cell_json(const struct sis_col *col, const char *text)
{
	if (!text)
		return NULL;
	if (col->kind == SIS_COL_YES)
		return json_object_new_boolean(sis_streq(text, "yes"));
	if (col->kind == SIS_COL_NUMBER)
		return json_object_new_uint64(strtoull(text, NULL, 10));
	return sis_json_text(text);
}

static void print_json(const struct sis_table *t)
{
	struct json_object *top = json_object_new_object(), *rows = json_object_new_array();

	for (size_t i = 0; i < t->cells.n; i += t->n) {
		struct json_object *row = json_object_new_object();

		for (size_t c = 0; c < t->n; c++)
			json_object_object_add(row, t->cols[c].key,
					       cell_json(&t->cols[c], t->cells.v[i + c]));
		json_object_array_add(rows, row);
	}
	json_object_object_add(top, t->name, rows);
	sis_json_print(top);
}

static size_t column_width(const struct sis_table *t, size_t c)
{
	size_t width = strlen(t->cols[c].title);

	for (size_t i = c; i < t->cells.n; i += t->n)
		if (t->cells.v[i] && strlen(t->cells.v[i]) > width)
			width = strlen(t->cells.v[i]);
	return width;
}

static void print_cell(const struct sis_col *col, const char *text, size_t width, bool last)
{
	sis_autofree char *printable = sis_str_printable(text ? text : "-");

	if (col->kind == SIS_COL_NUMBER)
		printf("%*s", (int)width, printable);
	else if (last)
		fputs(printable, stdout);
	else
		printf("%-*s", (int)width, printable);
	fputs(last ? "\n" : "  ", stdout);
}

static void print_text(const struct sis_table *t)
{
	SIS_VEC(size_t) shown = { 0 }, widths = { 0 };

	for (size_t c = 0; c < t->n; c++) {
		if (!t->cols[c].title)
			continue;
		sis_vec_push(&shown, c);
		sis_vec_push(&widths, column_width(t, c));
	}
	for (size_t s = 0; s < shown.n; s++)
		print_cell(&t->cols[shown.v[s]], t->cols[shown.v[s]].title, widths.v[s],
			   s + 1 == shown.n);
	for (size_t i = 0; i < t->cells.n; i += t->n)
		for (size_t s = 0; s < shown.n; s++)
			print_cell(&t->cols[shown.v[s]], t->cells.v[i + shown.v[s]], widths.v[s],
				   s + 1 == shown.n);
	sis_vec_free(&shown);
	sis_vec_free(&widths);
}

void sis_table_print(struct sis_table *t, bool json)
{
	if (json)
		print_json(t);
	else if (t->cells.n)
		print_text(t);
	sis_table_free(t);
}

void sis_table_free(struct sis_table *t)
{
	sis_vec_each(cell, &t->cells)
		free(*cell);
	sis_vec_free(&t->cells);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The table of `zfs get`, with the widths of libzfs. Knows nothing of what the rows mean.
 */
#include "cli/front_table.h"

#include "base/str.h"

static const struct {
	const char *name, *title;
} columns[SIS_GET_COLUMNS] = {
	[SIS_GET_NAME] = { "name", "NAME" },	   [SIS_GET_PROPERTY] = { "property", "PROPERTY" },
	[SIS_GET_VALUE] = { "value", "VALUE" },	   [SIS_GET_RECEIVED] = { "received", "RECEIVED" },
	[SIS_GET_SOURCE] = { "source", "SOURCE" },
};

/* -s: the words of zfs, and how their rows begin. */
static const struct {
	const char *word, *source;
} sources[] = {
	{ "local", "local" },	    { "default", "default" },	  { "inherited", "inherited" },
	{ "received", "received" }, { "temporary", "temporary" }, { "none", "-" },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

void sis_get_rows_free(sis_get_rows *rows)
{
	sis_vec_each(r, rows)
		for (size_t i = 0; i < SIS_GET_COLUMNS; i++)
			free(r->field[i]);
	sis_vec_free(rows);
}

static void add_column(struct sis_get_style *s, enum sis_get_column c)
{
	s->column[s->columns++] = c;
}

bool sis_get_style_columns(struct sis_get_style *s, const char *text)
{
	sis_autofree char *copy = sis_strdup(text ? text : "name,property,value,source");
	char *cursor = copy, *word;

	s->columns = 0;
	if (sis_streq(copy, "all")) {
		for (size_t i = 0; i < SIS_GET_COLUMNS; i++)
			add_column(s, (enum sis_get_column)i);
		return true;
	}
	while ((word = sis_str_next(&cursor, ","))) {
		size_t i = 0;

		while (i < SIS_GET_COLUMNS && !sis_streq(word, columns[i].name))
			i++;
		if (i == SIS_GET_COLUMNS || s->columns == SIS_GET_COLUMNS)
			return false;
		add_column(s, (enum sis_get_column)i);
	}
	return true;
}

bool sis_get_style_sources(struct sis_get_style *s, const char *text)
{
	sis_autofree char *copy = sis_strdup_null(text);
	char *cursor = copy, *word;

	s->sources = 0;
	while (copy && (word = sis_str_next(&cursor, ","))) {
		size_t i = 0;

		while (i < SOURCES && !sis_streq(word, sources[i].word))
			i++;
		if (i == SOURCES)
			return false;
		s->sources |= 1U << i;
	}
	return true;
}

static bool is_shown(const struct sis_get_style *s, const struct sis_get_row *r)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (s->sources & (1U << i) &&
		    sis_str_starts(r->field[SIS_GET_SOURCE], sources[i].source))
			return true;
	return s->sources == 0;
}

static void widen(size_t *width, size_t to)
{
	if (to > *width)
		*width = to;
}

/* zprop_print_headers() of libzfs: over all rows, also those that -s leaves out. */
static void measure(const struct sis_get_style *s, const sis_get_rows *rows, size_t *width)
{
	for (size_t i = 0; i < SIS_GET_COLUMNS; i++) {
		width[i] = strlen(columns[i].title);
		widen(&width[i], s->least[i]);
	}
	sis_vec_each(r, rows) {
		for (size_t i = 0; i < SIS_GET_SOURCE; i++)
			widen(&width[i], strlen(r->field[i]));
		widen(&width[SIS_GET_VALUE], r->title);
	}
	if (width[SIS_GET_NAME] > strlen("NAME"))
		width[SIS_GET_SOURCE] = width[SIS_GET_NAME] + strlen("inherited from");
}

static void print_fields(const struct sis_get_style *s, const char *const *field,
			 const size_t *width, FILE *out)
{
	for (size_t i = 0; i < s->columns; i++) {
		const char *text = field[s->column[i]];

		if (i + 1 == s->columns)
			fprintf(out, "%s\n", text);
		else if (s->scripted)
			fprintf(out, "%s\t", text);
		else
			fprintf(out, "%-*s  ", (int)width[s->column[i]], text);
	}
}

void sis_get_print(const struct sis_get_style *s, const sis_get_rows *rows, FILE *out)
{
	const char *titles[SIS_GET_COLUMNS];
	size_t width[SIS_GET_COLUMNS];
	bool head = !s->scripted;

	measure(s, rows, width);
	for (size_t i = 0; i < SIS_GET_COLUMNS; i++)
		titles[i] = columns[i].title;
	sis_vec_each(r, rows) {
		if (!is_shown(s, r))
			continue;
		if (head)
			print_fields(s, titles, width, out);
		head = false;
		print_fields(s, (const char *const *)r->field, width, out);
	}
}

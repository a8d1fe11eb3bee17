/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zfs list with a column `shareiscsi`: the real program lists the stored name, and the column is
 * put in its place. If its table is not what is expected, it is shown as it came.
 */
#include "base/str.h"
#include "cli/front_int.h"

static const char title[] = "SHAREISCSI", stored_title[] = "ORG.ZFSONLINUX:SHAREISCSI";

static void translate_keys(struct sis_front_args *a)
{
	sis_vec_each(flag, &a->flags)
		if ((flag->letter == 's' || flag->letter == 'S') &&
		    sis_streq(flag->arg, SIS_FRONT_PROP))
			sis_front_args_replace(a, flag->arg, SIS_PROP_SHARE);
}

/* The list with -H and other columns. */
static int run_scripted(struct sis_front *f, const struct sis_front_args *a, const char *columns,
			struct sis_str *out)
{
	sis_autostrv sis_strv words = { 0 };

	sis_vec_each(w, &a->words)
		sis_strv_add(&words, *w);
	sis_vec_each(flag, &a->flags)
		if (flag->letter == 'o')
			sis_front_args_put(a, &words, flag->arg, columns);
	/* behind the verb; it may be there twice */
	sis_strv_add(&words, "-H");
	for (size_t i = words.n - 1; i > 2; i--) {
		char *word = words.v[i];

		words.v[i] = words.v[i - 1];
		words.v[i - 1] = word;
	}
	return sis_front_run(f, &words, out, NULL);
}

static const char *shown(const char *name, const char *value)
{
	return sis_streq(value, "-") && !strpbrk(name, "@#") ? "off" : value;
}

/* Names and values of the column, in the order of the table. */
struct column {
	sis_strv stored, shown;
};

static void column_free(struct column *c)
{
	sis_strv_free(&c->stored);
	sis_strv_free(&c->shown);
}

static bool column_cut(char *text, struct column *c)
{
	char *cursor = text, *line;

	while (cursor && *cursor && (line = sis_str_next(&cursor, "\n"))) {
		const char *name = sis_str_next(&line, "\t");

		if (!line)
			return false;
		sis_strv_add(&c->stored, line);
		sis_strv_add(&c->shown, shown(name, line));
	}
	return true;
}

static size_t longest(const sis_strv *l, size_t least)
{
	sis_vec_each(s, l)
		if (strlen(*s) > least)
			least = strlen(*s);
	return least;
}

/* The stretch of a line that the column takes, and what it becomes. */
struct stretch {
	size_t at, width, new_width;
	bool last; /* no blanks behind the value */
};

static bool put_line(const struct stretch *s, const char *line, const char *stored,
		     const char *text, struct sis_str *out)
{
	size_t len = strlen(line), n = strlen(stored);

	if (len < s->at + n || memcmp(line + s->at, stored, n) != 0 ||
	    (s->last && len != s->at + n) || (!s->last && len < s->at + s->width))
		return false;
	sis_str_addn(out, line, s->at);
	if (s->last)
		sis_str_addf(out, "%s\n", text);
	else
		sis_str_addf(out, "%-*s%s\n", (int)s->new_width, text, line + s->at + s->width);
	return true;
}

/* The table with the column in place; false if it does not fit together. */
static bool rewrite(char *table, const struct column *c, struct sis_str *out)
{
	char *cursor = table, *line = cursor ? sis_str_next(&cursor, "\n") : NULL, *at;
	struct stretch s;

	at = line ? strstr(line, stored_title) : NULL;
	if (!at || strstr(at + 1, stored_title))
		return false;
	s = (struct stretch){
		.at = (size_t)(at - line),
		.width = longest(&c->stored, strlen(stored_title)),
		.new_width = longest(&c->shown, strlen(title)),
		.last = !at[strlen(stored_title)],
	};
	if (!put_line(&s, line, stored_title, title, out))
		return false;
	for (size_t i = 0; i < c->stored.n; i++) {
		line = sis_str_next(&cursor, "\n");
		if (!line || !put_line(&s, line, c->stored.v[i], c->shown.v[i], out))
			return false;
	}
	return cursor && !*cursor;
}

static int show_table(struct sis_front *f, const struct sis_front_args *a)
{
	sis_autostr struct sis_str table = { 0 }, rows = { 0 }, out = { 0 };
	sis_cleanup(column_free) struct column c = { 0 };
	sis_autofree char *copy = NULL;
	int status = sis_front_run(f, &a->words, &table, NULL);

	(void)run_scripted(f, a, "name," SIS_PROP_SHARE, &rows); /* the table then does not fit */
	copy = sis_strdup(sis_str_get(&table));
	if (column_cut(rows.s, &c) && rewrite(copy, &c, &out))
		fputs(sis_str_get(&out), stdout);
	else
		fputs(sis_str_get(&table), stdout);
	return status;
}

/* One line, the name before it, fields at tabs; as it is if their number is not right. */
static void put_scripted(char *line, const bool *ours, size_t columns)
{
	const char *name = sis_str_next(&line, "\t"), *field;
	size_t tabs = 0;

	if (!line) {
		puts(name);
		return;
	}
	for (const char *p = line; *p; p++)
		tabs += *p == '\t';
	if (tabs + 1 != columns) {
		puts(line);
		return;
	}
	for (size_t i = 0; (field = sis_str_next(&line, "\t")); i++)
		printf("%s%s", i ? "\t" : "", ours[i] ? shown(name, field) : field);
	putchar('\n');
}

static int show_scripted(struct sis_front *f, const struct sis_front_args *a, const char *list,
			 const char *stored)
{
	sis_autofree char *columns = sis_asprintf("name,%s", stored);
	sis_autofree char *copy = sis_strdup(list);
	sis_autofree bool *ours = sis_calloc(strlen(list) + 1, sizeof(*ours));
	sis_autostr struct sis_str out = { 0 };
	char *cursor = copy, *word, *line;
	size_t n = 0;
	int status;

	while ((word = sis_str_next(&cursor, ",")))
		ours[n++] = sis_streq(word, SIS_FRONT_PROP);
	status = run_scripted(f, a, columns, &out);
	cursor = out.s;
	while (cursor && *cursor && (line = sis_str_next(&cursor, "\n")))
		put_scripted(line, ours, n);
	return status;
}

int sis_front_list(struct sis_front *f, struct sis_front_args *a)
{
	const char *list = sis_front_args_get(a, 'o');
	sis_autofree char *stored = NULL;
	bool found = false;

	if (a->unknown)
		return sis_front_exec(f);
	translate_keys(a);
	stored = sis_front_translate_list(list ? list : "", &found);
	if (!found)
		return sis_front_exec_words(f, &a->words);
	sis_front_args_replace(a, list, stored);
	if (sis_front_args_has(a, 'j') || sis_front_args_has(a, 'J'))
		return sis_front_json(f, a, false);
	if (sis_front_args_has(a, 'H'))
		return show_scripted(f, a, list, stored);
	return show_table(f, a);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zfs get with `shareiscsi` among the properties: the real program is asked for the stored name,
 * and what it says is shown as for a property of its own.
 */
#include "base/str.h"
#include "cli/front_get.h"

/* What is not set reads as a property of zfs's own does. Snapshots and bookmarks have none. */
static void show_as_native(struct sis_get_row *r)
{
	sis_replace(&r->field[SIS_GET_PROPERTY], SIS_FRONT_PROP);
	if (!sis_streq(r->field[SIS_GET_SOURCE], "-") || strpbrk(r->field[SIS_GET_NAME], "@#"))
		return;
	sis_replace(&r->field[SIS_GET_VALUE], "off");
	sis_replace(&r->field[SIS_GET_SOURCE], "default");
}

/* A value is never narrower than its property's title; that of a user property is its name. */
static void prepare(sis_get_rows *rows)
{
	sis_vec_each(r, rows) {
		if (r->ours)
			show_as_native(r);
		if (r->ours || strchr(r->field[SIS_GET_PROPERTY], ':'))
			r->title = strlen(r->field[SIS_GET_PROPERTY]);
	}
}

/* Where a title begins in the head of a table, or 0. */
static size_t title_at(const char *head, const char *title)
{
	const char *at = strstr(head, title);

	return at ? (size_t)(at - head) : 0;
}

/*
 * The widths that libzfs gives to the properties of its own depend on all the values that one
 * could have: taken from its table without ours.
 */
static void learn_widths(struct sis_front *f, const struct sis_front_args *a, const char *others,
			 struct sis_get_style *s)
{
	sis_autostr struct sis_str out = { 0 }, errout = { 0 };
	sis_autostrv sis_strv words = { 0 };
	size_t property, value, source;

	sis_strv_add(&words, a->argv[0]);
	sis_strv_add(&words, "get");
	sis_strv_add(&words, "--");
	sis_strv_add(&words, others);
	for (size_t i = 1; i < a->operands.n; i++)
		sis_strv_add(&words, a->operands.v[i]);
	(void)sis_front_run(f, &words, &out, &errout); /* what is wrong was said already */
	sis_str_addc(&out, '\n');
	out.s[strcspn(out.s, "\n")] = '\0';
	property = title_at(out.s, "PROPERTY");
	value = title_at(out.s, "VALUE");
	source = title_at(out.s, "SOURCE");
	if (!property || value < property + 2 || source < value + 2)
		return;
	s->least[SIS_GET_PROPERTY] = value - property - 2;
	s->least[SIS_GET_VALUE] = source - value - 2;
}

/* The properties of the list that are not ours. Caller frees. */
static char *without_ours(const char *list)
{
	sis_autofree char *copy = sis_strdup(list);
	sis_autostr struct sis_str out = { 0 };
	char *cursor = copy, *name;

	while ((name = sis_str_next(&cursor, ",")))
		if (!sis_streq(name, SIS_FRONT_PROP))
			sis_str_addf(&out, "%s%s", out.len ? "," : "", name);
	return sis_str_take(&out);
}

static int show(struct sis_front *f, struct sis_front_args *a, const char *list,
		struct sis_get_style *s)
{
	sis_autorows sis_get_rows rows = { 0 };
	sis_autofree char *others = without_ours(list);
	int status;

	if (sis_get_ask(f, a, list, &rows, &status) < 0)
		return sis_front_exec_words(f, &a->words); /* with the stored name, at least */
	prepare(&rows);
	if (rows.n && *others && !s->scripted)
		learn_widths(f, a, others, s);
	sis_get_print(s, &rows, stdout);
	return status;
}

int sis_front_get(struct sis_front *f, struct sis_front_args *a)
{
	const char *list = a->operands.n ? a->operands.v[0] : "";
	struct sis_get_style s = { .scripted = sis_front_args_has(a, 'H') };
	bool found = false, all = sis_streq(list, "all");
	sis_autofree char *stored = sis_front_translate_list(list, &found);

	if (a->unknown || (!found && !all))
		return sis_front_exec(f);
	sis_front_args_replace(a, list, stored);
	if (sis_front_args_has(a, 'j') || sis_front_args_has(a, 'J'))
		return sis_front_json(f, a, all);
	if (!sis_get_style_columns(&s, sis_front_args_get(a, 'o')) ||
	    !sis_get_style_sources(&s, sis_front_args_get(a, 's')))
		return sis_front_exec_words(f, &a->words);
	return show(f, a, list, &s);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * get and list of the built-in zfs. Changes nothing.
 */
#include "base/str.h"
#include "cli/dirzfs_int.h"
#include "cli/front_table.h"

/* ---- which datasets ---- */

static int dataset_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_dataset *)a)->name, ((const struct sis_dataset *)b)->name);
}

/* Sorted, each once. */
static void settle(sis_datasets *l)
{
	sis_vec_sort(l, dataset_cmp);
	for (size_t i = l->n; i-- > 1;) {
		if (!sis_streq(l->v[i].name, l->v[i - 1].name))
			continue;
		free(l->v[i].name);
		sis_vec_remove(l, i);
	}
}

/* Adds what is wanted of one operand (NULL: everything); 0 or the exit status. */
static int gather_one(struct sis_dirzfs *z, const char *name, int depth, unsigned types,
		      sis_datasets *ret)
{
	sis_autodatasets sis_datasets l = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	size_t before = ret->n;

	if (z->sx->store->datasets(z->sx, name, depth, SIS_DATASET_FILESYSTEM | SIS_DATASET_VOLUME,
				   &l, &err) < 0)
		return sis_dirzfs_error(z, &err);
	sis_vec_each(d, &l) {
		if (!(d->type & types))
			continue;
		sis_vec_push(ret, *d);
		*d = (struct sis_dataset){ 0 };
	}
	if (name && depth == 0 && ret->n == before)
		return sis_dirzfs_fail(z,
				       "cannot open '%s': operation not applicable to datasets "
				       "of this type",
				       name);
	return 0;
}

/* -d, -r, -t and the operands behind the first `skip`; 0 or the exit status. */
static int gather(struct sis_dirzfs *z, const sis_dirzfs_options o, int skip, sis_datasets *ret)
{
	unsigned types = SIS_DATASET_FILESYSTEM | SIS_DATASET_VOLUME;
	uint64_t depth = 0;
	int status = 0, limit;

	if (o['d'] && sis_parse_u64(o['d'], 0, INT32_MAX, &depth) < 0)
		return sis_dirzfs_usage(z, "'%s' is not an integer", o['d']);
	limit = o['d'] ? (int)depth : o['r'] ? -1 : 0;
	if (o['t']) {
		sis_autofree char *copy = sis_strdup(o['t']);
		char *cursor = copy, *word;

		types = 0;
		while ((word = sis_str_next(&cursor, ","))) {
			if (sis_streq(word, "filesystem") || sis_streq(word, "all"))
				types |= SIS_DATASET_FILESYSTEM;
			if (sis_streq(word, "volume") || sis_streq(word, "all"))
				types |= SIS_DATASET_VOLUME;
			else if (!sis_streq(word, "filesystem") && !sis_streq(word, "snapshot") &&
				 !sis_streq(word, "bookmark"))
				return sis_dirzfs_usage(z, "invalid type '%s'", word);
		}
	}
	if (z->argc == skip)
		status = gather_one(z, NULL, -1, types, ret);
	for (int i = skip; i < z->argc; i++)
		status |= gather_one(z, z->argv[i], limit, types, ret);
	settle(ret);
	return status;
}

/* A list of properties by their full names; 0 or the exit status. */
static int parse_props(struct sis_dirzfs *z, const char *text, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *word;

	while ((word = sis_str_next(&cursor, ","))) {
		const char *name = sis_dirzfs_prop_name(word);

		if (!name)
			return sis_dirzfs_usage(z, "bad property list: invalid property '%s'",
						word);
		sis_strv_add(ret, name);
	}
	return 0;
}

/* ---- get ---- */

static int add_row(struct sis_dirzfs *z, const struct sis_dataset *d, const char *prop, bool exact,
		   sis_get_rows *rows, struct sis_err *err)
{
	sis_autovalue struct sis_dirzfs_value v = { 0 };
	struct sis_get_row *r;
	int rc = sis_dirzfs_value(z, d, prop, exact, &v, err);

	if (rc < 0)
		return rc;
	r = sis_vec_add(rows);
	r->field[SIS_GET_NAME] = sis_strdup(d->name);
	r->field[SIS_GET_PROPERTY] = sis_strdup(prop);
	r->field[SIS_GET_VALUE] = sis_steal(&v.text);
	r->field[SIS_GET_RECEIVED] = sis_strdup("-");
	r->field[SIS_GET_SOURCE] = sis_steal(&v.source);
	r->title = sis_dirzfs_prop_width(prop);
	return 0;
}

/* Its own ones first, then those of users. */
static int add_all(struct sis_dirzfs *z, const struct sis_dataset *d, bool exact,
		   sis_get_rows *rows, struct sis_err *err)
{
	sis_autoprops sis_props users = { 0 };
	int rc = z->sx->store->get_all(z->sx, d->name, &users, err);

	for (size_t i = 0; rc == 0 && sis_dirzfs_props[i]; i++)
		if (sis_dirzfs_prop_applies(sis_dirzfs_props[i], d->type))
			rc = add_row(z, d, sis_dirzfs_props[i], exact, rows, err);
	for (size_t i = 0; rc == 0 && i < users.n; i++)
		rc = add_row(z, d, users.v[i].name, exact, rows, err);
	return rc;
}

static int add_rows(struct sis_dirzfs *z, const struct sis_dataset *d, const sis_strv *props,
		    bool exact, sis_get_rows *rows)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int rc = props ? 0 : add_all(z, d, exact, rows, &err);

	for (size_t i = 0; rc == 0 && props && i < props->n; i++)
		rc = add_row(z, d, props->v[i], exact, rows, &err);
	return rc < 0 ? sis_dirzfs_error(z, &err) : 0;
}

int sis_dirzfs_get(struct sis_dirzfs *z)
{
	sis_dirzfs_options o = { 0 };
	struct sis_get_style style = { 0 };
	sis_autodatasets sis_datasets l = { 0 };
	sis_autorows sis_get_rows rows = { 0 };
	sis_autostrv sis_strv props = { 0 };
	bool all;
	int status = sis_dirzfs_getopt(z, "d:o:s:rt:Hp", &o, NULL, NULL);

	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing property argument");
	if (!sis_get_style_columns(&style, o['o']))
		return sis_dirzfs_usage(z, "invalid column name '%s'", o['o']);
	if (!sis_get_style_sources(&style, o['s']))
		return sis_dirzfs_usage(z, "invalid source '%s'", o['s']);
	style.scripted = o['H'];
	all = sis_streq(z->argv[0], "all");
	status = all ? 0 : parse_props(z, z->argv[0], &props);
	if (status)
		return status;
	status = gather(z, o, 1, &l);
	sis_vec_each(d, &l)
		status |= add_rows(z, d, all ? NULL : &props, o['p'], &rows);
	sis_get_print(&style, &rows, z->out);
	return status;
}

/* ---- list ---- */

/* A dataset with the values of all columns and sort keys. */
struct line {
	const char *name;
	struct sis_dirzfs_value *columns, *keys;
};

struct listing {
	struct sis_dirzfs *z;
	bool scripted, exact;
	sis_strv columns;
	sis_strv keys;
	SIS_VEC(bool) descending; /* of each key */
	SIS_VEC(struct line) lines;
	const char *bad_key;
};

static void values_free(struct sis_dirzfs_value *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++)
		sis_dirzfs_value_free(&v[i]);
	free(v);
}

static void listing_free(struct listing *l)
{
	sis_vec_each(line, &l->lines) {
		values_free(line->columns, l->columns.n);
		values_free(line->keys, l->keys.n);
	}
	sis_vec_free(&l->lines);
	sis_strv_free(&l->columns);
	sis_strv_free(&l->keys);
	sis_vec_free(&l->descending);
}

/* -s and -S, in their order. */
static void take_key(void *ctx, int letter, const char *arg)
{
	struct listing *l = ctx;

	if (letter != 's' && letter != 'S')
		return;
	if (!sis_dirzfs_prop_name(arg)) {
		l->bad_key = arg;
		return;
	}
	sis_strv_add(&l->keys, sis_dirzfs_prop_name(arg));
	sis_vec_push(&l->descending, letter == 'S');
}

static int values(struct listing *l, const struct sis_dataset *d, const sis_strv *props,
		  struct sis_dirzfs_value **ret, struct sis_err *err)
{
	struct sis_dirzfs_value *v = sis_calloc(props->n + 1, sizeof(*v));
	int rc = 0;

	*ret = v;
	for (size_t i = 0; rc == 0 && i < props->n; i++)
		rc = sis_dirzfs_value(l->z, d, props->v[i], l->exact, &v[i], err);
	return rc;
}

static int add_line(struct listing *l, const struct sis_dataset *d)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct line line = { .name = d->name };
	int rc = values(l, d, &l->columns, &line.columns, &err);

	if (rc == 0)
		rc = values(l, d, &l->keys, &line.keys, &err);
	if (rc == 0) {
		sis_vec_push(&l->lines, line);
		return 0;
	}
	values_free(line.columns, l->columns.n);
	values_free(line.keys, l->keys.n);
	return sis_dirzfs_error(l->z, &err);
}

/* What is set before what is not, whatever the direction, as zfs does. */
static int key_cmp(const struct sis_dirzfs_value *a, const struct sis_dirzfs_value *b, bool number,
		   bool descending)
{
	bool a_set = !sis_streq(a->text, "-"), b_set = !sis_streq(b->text, "-");
	int r;

	if (!a_set || !b_set)
		return (int)b_set - (int)a_set;
	r = number ? (a->number > b->number) - (a->number < b->number) : strcmp(a->text, b->text);
	return descending ? -r : r;
}

static int line_cmp(const void *a, const void *b, void *ctx)
{
	const struct listing *l = ctx;
	const struct line *x = a, *y = b;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->keys.n; i++)
		r = key_cmp(&x->keys[i], &y->keys[i], sis_dirzfs_prop_is_number(l->keys.v[i]),
			    l->descending.v[i]);
	return r ? r : strcmp(x->name, y->name);
}

static size_t column_width(const struct listing *l, size_t i)
{
	size_t width = sis_dirzfs_prop_width(l->columns.v[i]);

	/* numbers have a fixed width unless they are exact */
	if (sis_dirzfs_prop_is_number(l->columns.v[i]) && !l->exact)
		return width;
	sis_vec_each(line, &l->lines)
		if (strlen(line->columns[i].text) > width)
			width = strlen(line->columns[i].text);
	return width;
}

static void put_field(const struct listing *l, size_t i, const char *text, size_t width)
{
	bool number = sis_dirzfs_prop_is_number(l->columns.v[i]), last = i + 1 == l->columns.n;

	if (i)
		fputs(l->scripted ? "\t" : "  ", l->z->out);
	if (l->scripted || (last && !number))
		fputs(text, l->z->out);
	else
		fprintf(l->z->out, number ? "%*s" : "%-*s", (int)width, text);
}

static void print_listing(const struct listing *l)
{
	sis_autofree size_t *width = sis_calloc(l->columns.n + 1, sizeof(*width));

	for (size_t i = 0; i < l->columns.n; i++) {
		sis_autofree char *title = sis_dirzfs_prop_title(l->columns.v[i]);

		width[i] = column_width(l, i);
		if (!l->scripted)
			put_field(l, i, title, width[i]);
	}
	if (!l->scripted)
		fputc('\n', l->z->out);
	sis_vec_each(line, &l->lines) {
		for (size_t i = 0; i < l->columns.n; i++)
			put_field(l, i, line->columns[i].text, width[i]);
		fputc('\n', l->z->out);
	}
}

int sis_dirzfs_list(struct sis_dirzfs *z)
{
	sis_cleanup(listing_free) struct listing l = { .z = z };
	sis_autodatasets sis_datasets datasets = { 0 };
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, "HS:d:o:prs:t:", &o, take_key, &l);

	if (status)
		return status;
	if (l.bad_key)
		return sis_dirzfs_usage(z, "invalid property '%s'", l.bad_key);
	l.scripted = o['H'];
	l.exact = o['p'];
	status = parse_props(z, o['o'] ? o['o'] : "name,used,available,referenced,mountpoint",
			     &l.columns);
	if (status)
		return status;
	status = gather(z, o, 0, &datasets);
	sis_vec_each(d, &datasets)
		status |= add_line(&l, d);
	if (l.lines.n) {
		qsort_r(l.lines.v, l.lines.n, sizeof(*l.lines.v), line_cmp, &l);
		print_listing(&l);
	} else if (status == 0 && !l.scripted) {
		fputs("no datasets available\n", z->errout);
	}
	return status;
}

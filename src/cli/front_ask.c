/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Asking `zfs get` so that no value can pretend to be a row. Values of user properties are printed
 * as they are, with tabs and newlines, and may be anybody's. So after each property a second one
 * is asked for whose name nobody can know beforehand: what stands between is the value.
 */
#include <sys/random.h>

#include "base/str.h"
#include "cli/front_get.h"

/* `zfs get` with the user's choice of datasets, columns in a fixed order, all sources. */
static void query_words(const struct sis_front_args *a, const char *list, sis_strv *ret)
{
	sis_strv_add(ret, a->argv[0]);
	sis_strv_add(ret, "get");
	sis_strv_add(ret, "-H");
	sis_vec_each(flag, &a->flags) {
		sis_autofree char *word = NULL;

		if (!strchr("prdt", flag->letter))
			continue;
		word = sis_asprintf("-%c%s", flag->letter, flag->arg ? flag->arg : "");
		sis_strv_add(ret, word);
	}
	sis_strv_add(ret, "-o");
	sis_strv_add(ret, "name,property,value,received,source");
	sis_strv_add(ret, "--");
	sis_strv_add(ret, list);
	for (size_t i = 1; i < a->operands.n; i++)
		sis_strv_add(ret, a->operands.v[i]);
}

static char *make_nonce(void)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return NULL;
	return sis_asprintf(SIS_FRONT_PROP ":%016llx", (unsigned long long)random);
}

/* The properties of the list, each followed by the nonce; which of them are ours. */
static char *interleave(const char *list, const char *nonce, sis_strv *names)
{
	sis_autofree char *copy = sis_strdup(list);
	sis_autostr struct sis_str out = { 0 };
	char *cursor = copy, *name;

	while ((name = sis_str_next(&cursor, ","))) {
		bool ours = sis_streq(name, SIS_FRONT_PROP);

		sis_strv_add(names, name);
		sis_str_addf(&out, "%s%s,%s", out.len ? "," : "", ours ? SIS_PROP_SHARE : name,
			     nonce);
	}
	return sis_str_take(&out);
}

/* Cuts "VALUE<TAB>RECEIVED<TAB>SOURCE" from the right, as only the value is free text. */
static bool cut_fields(char *text, struct sis_get_row *r)
{
	char *source = strrchr(text, '\t'), *received;

	if (!source)
		return false;
	*source++ = '\0';
	received = strrchr(text, '\t');
	if (!received)
		return false;
	*received++ = '\0';
	r->field[SIS_GET_VALUE] = sis_strdup(text);
	r->field[SIS_GET_RECEIVED] = sis_strdup(received);
	r->field[SIS_GET_SOURCE] = sis_strdup(source);
	return true;
}

/* One property and the nonce's line behind it. Moves *cursor on. */
static bool cut_row(char **cursor, const char *nonce, bool ours, struct sis_get_row *r)
{
	sis_autofree char *end = NULL;
	char *name = sis_str_next(cursor, "\t"), *prop = sis_str_next(cursor, "\t"), *next;

	if (!prop || !*cursor || (ours && !sis_streq(prop, SIS_PROP_SHARE)))
		return false;
	end = sis_asprintf("\n%s\t%s\t", name, nonce);
	next = strstr(*cursor, end);
	if (!next)
		return false;
	*next = '\0';
	r->field[SIS_GET_NAME] = sis_strdup(name);
	r->field[SIS_GET_PROPERTY] = sis_strdup(prop);
	r->ours = ours;
	if (!cut_fields(*cursor, r))
		return false;
	*cursor = next + strlen(end);
	(void)sis_str_next(cursor, "\n"); /* the nonce's "-", "-" and "-" */
	return *cursor != NULL;
}

static bool cut_rows(char *text, const sis_strv *names, const char *nonce, sis_get_rows *ret)
{
	char *cursor = text;

	while (cursor && *cursor) {
		sis_vec_each(n, names) {
			struct sis_get_row *r = sis_vec_add(ret);

			if (!cut_row(&cursor, nonce, sis_streq(*n, SIS_FRONT_PROP), r))
				return false;
		}
	}
	return true;
}

static int ask_list(struct sis_front *f, const struct sis_front_args *a, const char *list,
		    sis_get_rows *ret, int *ret_status)
{
	sis_autofree char *nonce = make_nonce(), *query = NULL;
	sis_autostrv sis_strv names = { 0 }, words = { 0 };
	sis_autostr struct sis_str out = { 0 };

	if (!nonce)
		return -EIO;
	query = interleave(list, nonce, &names);
	query_words(a, query, &words);
	*ret_status = sis_front_run(f, &words, &out, NULL);
	if (*ret_status == SIS_FRONT_USAGE)
		return 0; /* said what is wrong */
	return cut_rows(out.s, &names, nonce, ret) ? 0 : -EBADMSG;
}

static void copy_row(const struct sis_get_row *from, sis_get_rows *ret)
{
	struct sis_get_row *r = sis_vec_add(ret);

	r->ours = from->ours;
	for (size_t i = 0; i < SIS_GET_COLUMNS; i++)
		r->field[i] = sis_strdup(from->field[i]);
}

/* A line of `get all` if it is one of this dataset; what is not is the rest of a value. */
static bool cut_line(char *line, const char *dataset, struct sis_get_row *r)
{
	char *cursor = line, *name = sis_str_next(&cursor, "\t"), *prop;

	if (!name || !sis_streq(name, dataset))
		return false;
	prop = sis_str_next(&cursor, "\t");
	if (!prop || !cursor || !cut_fields(cursor, r))
		return false;
	r->field[SIS_GET_NAME] = sis_strdup(name);
	r->field[SIS_GET_PROPERTY] = sis_strdup(prop);
	return true;
}

static bool is_of(const char *line, const char *dataset)
{
	const char *rest = sis_str_after(line, dataset);

	return rest && *rest == '\t';
}

/*
 * The rows of `get all`, dataset by dataset in the order of `ours`, with our row behind the last
 * property of zfs's own and the stored one left out. False if a line is none of these.
 */
static bool weave(char *text, const sis_get_rows *ours, sis_get_rows *ret)
{
	char *cursor = text, *line = cursor ? sis_str_next(&cursor, "\n") : NULL;

	sis_vec_each(o, ours) {
		const char *dataset = o->field[SIS_GET_NAME];
		bool snapshot = strpbrk(dataset, "@#") && sis_streq(o->field[SIS_GET_SOURCE], "-");
		bool put = snapshot; /* an unset one has no row there */

		for (; line && is_of(line, dataset); line = sis_str_next(&cursor, "\n")) {
			struct sis_get_row r = { .ours = false };

			if (!cut_line(line, dataset, &r))
				return false;
			if (!put && strchr(r.field[SIS_GET_PROPERTY], ':')) {
				copy_row(o, ret);
				put = true;
			}
			if (!sis_streq(r.field[SIS_GET_PROPERTY], SIS_PROP_SHARE)) {
				sis_vec_push(ret, r);
				continue;
			}
			for (size_t i = 0; i < SIS_GET_COLUMNS; i++)
				free(r.field[i]);
		}
		if (!put)
			copy_row(o, ret);
	}
	return !line || !*line;
}

int sis_get_ask(struct sis_front *f, const struct sis_front_args *a, const char *list,
		sis_get_rows *ret, int *ret_status)
{
	sis_autorows sis_get_rows ours = { 0 };
	sis_autostrv sis_strv words = { 0 };
	sis_autostr struct sis_str out = { 0 }, errout = { 0 };
	int rc;

	if (!sis_streq(list, "all"))
		return ask_list(f, a, list, ret, ret_status);
	rc = ask_list(f, a, SIS_FRONT_PROP, &ours, ret_status);
	if (rc < 0)
		return rc;
	query_words(a, "all", &words);
	(void)sis_front_run(f, &words, &out, &errout); /* what is wrong was said already */
	return weave(out.s, &ours, ret) ? 0 : -EBADMSG;
}

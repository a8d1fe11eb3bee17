/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lines of initiators.allow. How ietd reads it (IET 1.4.19, usr/plain.c, the same in later ones):
 * line by line until the first that begins with the target's name or "ALL"; that line alone tells
 * who may log in. Without such a line nobody may, without a file everybody.
 *
 * So a line of ours goes to the top. Above it stands a comment that names the target: that is how
 * it is told from a line that somebody else has written, which is never touched. A file that we
 * make ends with "ALL ALL", as the other targets were open before.
 */
#include "backend/iet_allow.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define MARK "# shareiscsi "
#define ALL "ALL"

enum { NEW_MODE = 0644 };

/* ---- lines ---- */

/*
 * Cuts a line into its first word and the rest, as ietd does: without white space behind the word
 * it is no line at all. NULL for that and for a comment.
 */
static char *line_name(char *line, char **ret_rest)
{
	static const char space[] = " \t\v\f\r";
	char *name = line + strspn(line, space);
	char *end = name + strcspn(name, space);

	if (!*end || *name == '#')
		return NULL;
	*end = '\0';
	*ret_rest = end + 1;
	return name;
}

static int allow_cmp(const void *a, const void *b)
{
	const struct sis_iet_allow *x = a, *y = b;

	return strcmp(x->iqn, y->iqn);
}

static int place_cmp(const void *a, const void *b)
{
	const struct sis_iet_allow *x = a, *y = b;
	int d = allow_cmp(a, b);

	return d ? d : (x->line > y->line) - (x->line < y->line);
}

static void allow_free(struct sis_iet_allow *a)
{
	free(a->iqn);
	free(a->entries);
}

static bool is_mark(const char *line, const char *name)
{
	const char *rest = line ? sis_str_after(line, MARK) : NULL;

	return rest && sis_streq(rest, name);
}

/* All lines up to the one that speaks for every target. A line without a line end is none. */
static void read_lines(char *text, sis_iet_allows *ret)
{
	char *cursor = text, *line, *before = NULL;

	for (; (line = sis_str_next(&cursor, "\n")) && cursor; before = line) {
		sis_autofree char *copy = sis_strdup(line);
		char *rest, *name = line_name(copy, &rest);

		if (!name)
			continue;
		if (sis_streq(name, ALL))
			return;
		sis_vec_push(ret, ((struct sis_iet_allow){ sis_strdup(name),
							   sis_strdup(sis_str_trim(rest)),
							   is_mark(before, name), ret->n }));
		sis_str_lower(ret->v[ret->n - 1].iqn);
	}
}

void sis_iet_allows_parse(const char *text, sis_iet_allows *ret)
{
	sis_autofree char *copy = sis_strdup_null(text);
	sis_iet_allows lines = { 0 };

	*ret = (sis_iet_allows){ 0 };
	if (text)
		read_lines(copy, &lines);
	sis_vec_sort(&lines, place_cmp);
	sis_vec_each(a, &lines) {
		if (ret->n && sis_streq(ret->v[ret->n - 1].iqn, a->iqn))
			allow_free(a);
		else
			sis_vec_push(ret, *a);
	}
	sis_vec_free(&lines);
}

const struct sis_iet_allow *sis_iet_allows_find(const sis_iet_allows *l, const char *iqn)
{
	sis_autofree char *folded = sis_strdup(iqn);
	const struct sis_iet_allow key = { .iqn = folded }, *a;

	sis_str_lower(folded);
	a = sis_vec_find(l, &key, allow_cmp);
	return a && a->ours ? a : NULL;
}

bool sis_iet_allow_hides(const struct sis_iet_allow *a)
{
	return sis_streq(a->entries, SIS_IET_NOBODY);
}

void sis_iet_allows_free(sis_iet_allows *l)
{
	sis_vec_each(a, l)
		allow_free(a);
	sis_vec_free(l);
}

static void add_pair(struct sis_str *out, const char *name, const char *entries)
{
	sis_str_addf(out, MARK "%s\n%s %s\n", name, name, entries);
}

/* The length of our two lines about that target at the beginning of `text`; 0: there are none. */
static size_t pair_length(const char *text, const char *iqn)
{
	const char *line = strchr(text, '\n');
	const char *rest = sis_str_after(text, MARK);
	size_t len = strlen(iqn);
	const char *end;

	if (!rest || !line || strncmp(rest, iqn, len) != 0 || rest + len != line)
		return 0;
	line++;
	end = strchr(line, '\n');
	if (!end || strncmp(line, iqn, len) != 0 || line[len] != ' ')
		return 0;
	return (size_t)(end + 1 - text);
}

char *sis_iet_allow_edit(const char *text, const char *iqn, const char *entries)
{
	sis_autostr struct sis_str out = { 0 }, made = { 0 };
	const char *was = text;

	if (entries)
		add_pair(&out, iqn, entries);
	if (!text && entries)
		add_pair(&out, ALL, ALL);
	while (text && *text) {
		size_t n = pair_length(text, iqn);

		if (!n) {
			n = strcspn(text, "\n");
			n += text[n] == '\n';
			sis_str_addn(&out, text, n);
		}
		text += n;
	}
	add_pair(&made, ALL, ALL);
	if (!out.len && !was)
		return NULL;
	return sis_streq(sis_str_get(&out), sis_str_get(&made)) ? NULL : sis_str_take(&out);
}

/* ---- the file ---- */

static const char *const places[] = { "/etc/iet", "/etc" };

/* The file `name` that ietd reads: text NULL when there is none. Caller frees *ret_text. */
static int find_file(struct sis_bx *bx, const char *name, const char **ret_dir, char **ret_text,
		     struct sis_err *err)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		sis_autoerr struct sis_err e = SIS_ERR_INIT;
		size_t len;
		int r = sis_kfs_read(bx->kfs, ret_text, &len, &e, "%s/%s", places[i], name);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return sis_err_move(err, &e);
		*ret_dir = places[i];
		return strlen(*ret_text) == len ?
			       0 :
			       sis_err_set(err, EILSEQ, "'%s/%s' holds a NUL byte", places[i],
					   name);
	}
	*ret_dir = sis_kfs_exists(bx->kfs, "%s", places[0]) ? places[0] : places[1];
	*ret_text = NULL;
	return 0;
}

/*
 * With initiators.deny there, ietd asks another question: who is named there and not in
 * initiators.allow is kept out, all others get in. A line of ours would shut nobody out.
 */
static bool deny_exists(struct sis_bx *bx)
{
	return sis_kfs_exists(bx->kfs, "%s/initiators.deny", places[0]) ||
	       sis_kfs_exists(bx->kfs, "%s/initiators.deny", places[1]);
}

static int check_deny(struct sis_bx *bx, struct sis_err *err)
{
	if (!deny_exists(bx))
		return 0;
	return sis_err_set(err, EOPNOTSUPP,
			   "ietd cannot keep initiators out of a single target "
			   "while there is an 'initiators.deny' in /etc/iet or /etc; say it in "
			   "initiators.allow and remove initiators.deny");
}

int sis_iet_allow_read(struct sis_bx *bx, sis_iet_allows *ret, struct sis_err *err)
{
	sis_autofree char *text = NULL;
	const char *dir;
	int r = find_file(bx, "initiators.allow", &dir, &text, err);

	if (r < 0)
		return r;
	sis_iet_allows_parse(deny_exists(bx) ? NULL : text, ret);
	return 0;
}

int sis_iet_allow_foreign(struct sis_bx *bx, const char *iqn, const char **ret,
			  struct sis_err *err)
{
	static const char *const files[] = { "initiators.allow", "initiators.deny",
					     "targets.allow" };
	sis_autofree char *folded = sis_strdup(iqn);

	sis_str_lower(folded);
	*ret = NULL;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		sis_autofree char *text = NULL;
		sis_iet_allows lines;
		const char *dir;
		int r = find_file(bx, files[i], &dir, &text, err);

		if (r < 0)
			return r;
		sis_iet_allows_parse(text, &lines);
		sis_vec_each(a, &lines)
			if (!a->ours && sis_streq(a->iqn, folded))
				*ret = files[i];
		sis_iet_allows_free(&lines);
	}
	return 0;
}

/* Is it said already, where ietd obeys it? */
static bool says(const char *text, const char *iqn, const char *entries)
{
	const struct sis_iet_allow *a;
	sis_iet_allows l;
	bool same;

	sis_iet_allows_parse(text, &l);
	a = sis_iet_allows_find(&l, iqn);
	same = a && entries && sis_streq(a->entries, entries);
	sis_iet_allows_free(&l);
	return same;
}

static int store(struct sis_bx *bx, const char *iqn, const char *entries, struct sis_err *err)
{
	sis_autofree char *text = NULL, *edited = NULL;
	const char *dir;
	int r = find_file(bx, "initiators.allow", &dir, &text, err);

	if (r < 0 || says(text, iqn, entries))
		return r;
	edited = sis_iet_allow_edit(text, iqn, entries);
	if (sis_streq_null(edited, text))
		return 0;
	if (!edited)
		return sis_kfs_unlink(bx->kfs, err, "%s/initiators.allow", dir);
	r = sis_kfs_replace(bx->kfs, edited, NEW_MODE, err, "%s/initiators.allow", dir);
	return r == -ELOOP ? sis_err_append(err, ": put the file itself in place of the link") : r;
}

int sis_iet_allow_set(struct sis_bx *bx, const char *iqn, const sis_rules *rules,
		      struct sis_err *err)
{
	sis_autofree char *entries = NULL;
	int r = sis_iet_allow_entries(rules, &entries, err);

	if (r == 0 && entries)
		r = check_deny(bx, err);
	return r < 0 ? r : store(bx, iqn, entries, err);
}

int sis_iet_allow_hide(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	int r = check_deny(bx, err);

	return r < 0 ? r : store(bx, iqn, SIS_IET_NOBODY, err);
}

int sis_iet_allow_remove(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	return store(bx, iqn, NULL, err);
}

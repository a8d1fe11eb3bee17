/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules in the words of ietd: the entries of a line of initiators.allow. Pure; must not know files.
 *
 * An entry is "ALL", an address, or a regular expression for the initiator's name, and ietd tries
 * each of them as an expression, addresses too: whoever calls himself "192.0.2.7" would be let in
 * by that address. "\(" behind an address prevents it: the expression is then none, and for the
 * address ietd does not look behind bracket or mask.
 */
#include "backend/iet_allow.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

/* ietd reads 4095 bytes of a line, and what is behind as another one. */
enum { MAX_ENTRIES = 3800 }; /* which leaves room for the longest name */

/* All of a family's addresses look like zero to ietd when it compares them with the other's. */
static bool matches_other_family(const char *address)
{
	const char *rest = sis_str_after(address, strchr(address, ':') ? "::" : "0.0.0.0");

	return rest && (!*rest || *rest == '/');
}

static void add_address(struct sis_str *out, const char *text)
{
	size_t len = strcspn(text, "/");

	sis_str_addf(out, "[%.*s]%s" SIS_IET_NOBODY, (int)len, text, text + len);
}

/* A POSIX basic regular expression; ietd puts ^ and $ around it. */
static void add_name(struct sis_str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '*' || *text == '?')
			sis_str_add(out, *text == '*' ? ".*" : ".");
		else if (*text == '.')
			sis_str_add(out, "\\.");
		else
			sis_str_addc(out, *text);
	}
}

int sis_iet_allow_entries(const sis_rules *rules, char **ret, struct sis_err *err)
{
	sis_autostr struct sis_str out = { 0 };

	sis_vec_each(r, rules) {
		if (r->kind == SIS_RULE_ADDRESS && matches_other_family(r->text))
			return sis_err_set(err, EINVAL,
					   "initiator '%s': ietd would take it for "
					   "every address of the other family, too; leave "
					   "initiator= out to let in everybody",
					   r->text);
		if (out.len)
			sis_str_add(&out, ", ");
		if (r->kind == SIS_RULE_ADDRESS)
			add_address(&out, r->text);
		else
			add_name(&out, r->text);
	}
	if (out.len > MAX_ENTRIES)
		return sis_err_set(err, E2BIG,
				   "initiator= is too long for a line of ietd: %zu of "
				   "%d bytes",
				   out.len, MAX_ENTRIES);
	*ret = out.len ? sis_str_take(&out) : NULL;
	return 0;
}

/* The inverse of add_name(). Caller frees. */
static char *name_text(const char *entry)
{
	sis_autostr struct sis_str out = { 0 };

	for (const char *p = entry; *p; p++) {
		if (*p == '\\' && p[1])
			sis_str_addc(&out, *++p);
		else if (sis_str_starts(p, ".*"))
			sis_str_addc(&out, *++p);
		else
			sis_str_addc(&out, *p == '.' ? '?' : *p);
	}
	return sis_str_take(&out);
}

/* The rule as it is in the property: what is no rule of ours stays as it is, and so differs. */
static void add_rule(sis_rules *rules, char *entry)
{
	size_t len = strlen(entry), tail = strlen(SIS_IET_NOBODY);
	sis_autofree char *text = NULL;
	struct sis_rule r;

	if (entry[0] == '[' && len > tail && sis_streq(entry + len - tail, SIS_IET_NOBODY)) {
		char *end = strchr(entry, ']');

		entry[len - tail] = '\0';
		text = end ? sis_asprintf("%.*s%s", (int)(end - entry - 1), entry + 1, end + 1) :
			     sis_strdup(entry);
	} else {
		text = name_text(entry);
	}
	if (sis_rule_parse(text, &r, NULL) < 0)
		r = (struct sis_rule){ .kind = SIS_RULE_NAME, .text = sis_strdup(entry) };
	sis_vec_push(rules, r);
}

void sis_iet_allow_rules(const struct sis_iet_allow *a, sis_rules *ret)
{
	sis_autofree char *copy = sis_strdup(a->entries);
	char *cursor = copy, *entry;

	*ret = (sis_rules){ 0 };
	while ((entry = sis_str_next(&cursor, ",")))
		add_rule(ret, sis_str_trim(entry));
}

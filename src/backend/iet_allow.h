/* SPDX-License-Identifier: MPL-2.0 */
/*
 * IET's access lists: lines in initiators.allow, which ietd reads anew at each login. Lines of
 * others are never changed. Decides nothing about targets.
 */
#ifndef SIS_BACKEND_IET_ALLOW_H
#define SIS_BACKEND_IET_ALLOW_H

#include <stdbool.h>

#include "backend/backend.h"

/* ---- the text: pure ---- */

/* The line by which ietd judges a target. */
struct sis_iet_allow {
	char *iqn;     /* folded to lower case, as ietd compares it */
	char *entries; /* as written */
	bool ours;
	size_t line; /* its place in the file */
};

/* Sorted by IQN. Freed with sis_iet_allows_free(). */
typedef SIS_VEC(struct sis_iet_allow) sis_iet_allows;

/* The lines in effect, one for a target; those behind "ALL" are not. A `text` of NULL is no file.
 */
void sis_iet_allows_parse(const char *text, sis_iet_allows *ret);
/* The target's line if it is ours, else NULL. Borrowed. */
const struct sis_iet_allow *sis_iet_allows_find(const sis_iet_allows *l, const char *iqn);
void sis_iet_allows_free(sis_iet_allows *l);

/* Does the line keep everybody out? */
bool sis_iet_allow_hides(const struct sis_iet_allow *a);

/*
 * The file's new text with `entries` for that target, or without a line of ours when `entries` is
 * NULL. A `text` or a result of NULL is no file: as everybody may log in then, only a file that we
 * made and that says nothing else becomes none. Caller frees.
 */
char *sis_iet_allow_edit(const char *text, const char *iqn, const char *entries);

/* ---- iet_rule.c: the entries of a line, pure too ---- */

/* Fits nobody: as an entry of its own, and behind one that is no expression. */
#define SIS_IET_NOBODY "\\("

/* The rules that a line's entries are. */
void sis_iet_allow_rules(const struct sis_iet_allow *a, sis_rules *ret);

/*
 * The entries for these rules; NULL in *ret for none of them: everyone. -EINVAL for a rule that
 * ietd would read as another one, -E2BIG for more than fit in one of its lines. Caller frees.
 */
int sis_iet_allow_entries(const sis_rules *rules, char **ret, struct sis_err *err);

/* ---- the file ---- */

/* Reads what is in effect: nothing when ietd does not go by the file. */
int sis_iet_allow_read(struct sis_bx *bx, sis_iet_allows *ret, struct sis_err *err);

/*
 * The file in which others wrote a line about this target: initiators.allow, initiators.deny or
 * targets.allow; NULL when there is none. *ret is static.
 */
int sis_iet_allow_foreign(struct sis_bx *bx, const char *iqn, const char **ret,
			  struct sis_err *err);

/* Only these may log in to the target from now on; an empty list: everyone, as far as we go. */
int sis_iet_allow_set(struct sis_bx *bx, const char *iqn, const sis_rules *rules,
		      struct sis_err *err);

/* Nobody may log in from now on. */
int sis_iet_allow_hide(struct sis_bx *bx, const char *iqn, struct sis_err *err);

/* No line of ours for a target that is gone. */
int sis_iet_allow_remove(struct sis_bx *bx, const char *iqn, struct sis_err *err);

#endif

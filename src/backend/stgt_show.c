/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parser of tgtd's listing of targets, by key and depth, so that lines a version adds or lacks do
 * no harm. Must not guess: a listing that contradicts itself is refused as a whole.
 */
#include "backend/stgt_show.h"

#include "backend/stgt_int.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

#define TARGET "Target " /* begins a line, and with it a target */

enum {
	MAX_TARGETS = 65536,
};

/* In the order in which tgtd prints them; each stands once in a target. */
enum section { NONE, SYSTEM, NEXUS, LUNS, ACCOUNTS, ACL };

static const char *const section_titles[] = {
	[SYSTEM] = "System information:", [NEXUS] = "I_T nexus information:",
	[LUNS] = "LUN information:",	  [ACCOUNTS] = "Account information:",
	[ACL] = "ACL information:",
};

/* What has come of a nexus; tgtd prints just these, in this order. */
enum part { NUMBER, INITIATOR, CONNECTION, ADDRESS };

struct sis_stgt_show {
	struct sis_str rest; /* the last target that came, of which more may come */
	struct sis_state state;
	sis_stgt_tids tids;
	struct sis_target *t; /* the last of state while it is being read, else NULL */
	bool behind;	      /* the one before had sessions */
	bool offline, unproven, doubtful;
	enum section section;
	struct sis_stgt_shown_lun lun;
	uint64_t sid;
	bool in_nexus;
	enum part part;
	const char *initiator; /* of the nexus, until its connection comes; in rest */
	struct sis_err err;    /* the first; what comes then does not matter */
};

static int malformed(struct sis_stgt_show *s, const char *what)
{
	return sis_err_set(&s->err, EPROTO,
			   "cannot trust tgtd's list of targets: %s%s%s; has an "
			   "initiator line breaks in its name or alias?",
			   what, s->t ? " in target " : "", s->t ? s->t->iqn : "");
}

/* ---- LUNs ---- */

/* Puts the LUN that was being read into its target. */
static void lun_close(struct sis_stgt_show *s)
{
	if (s->lun.open)
		sis_stgt_shown_lun_add(&s->lun, s->t);
	s->lun = (struct sis_stgt_shown_lun){ 0 };
}

static int lun_open(struct sis_stgt_show *s, const char *number)
{
	uint64_t n;

	lun_close(s);
	if (sis_parse_u64(number, 0, UINT64_MAX, &n) < 0)
		return malformed(s, "a LUN without a number");
	if (s->t->luns.n >= SIS_STGT_MAX_ENTRIES)
		return malformed(s, "too many LUNs");
	s->lun.open = true;
	/* Others than this tool may use numbers that no REPORT LUNS can carry. */
	s->lun.number = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	return 0;
}

static int lun_line(struct sis_stgt_show *s, size_t depth, const char *text)
{
	const char *value = depth == 8 ? sis_str_after(text, "LUN: ") : NULL;

	if (value)
		return lun_open(s, value);
	if (depth == 12)
		sis_stgt_shown_lun_line(&s->lun, text);
	return 0;
}

/* ---- sessions, accounts, rules ---- */

/* In the listing of targets an alias stands behind the name, which none has a blank in. */
static char *initiator_name(const char *text)
{
	const char *alias = strstr(text, " alias: ");

	return alias ? sis_strndup(text, (size_t)(alias - text)) : sis_strdup(text);
}

static int session_add(struct sis_stgt_show *s, uint64_t cid)
{
	struct sis_session *x;

	if (s->t->sessions.n >= SIS_STGT_MAX_ENTRIES)
		return malformed(s, "too many sessions");
	x = sis_vec_add(&s->t->sessions);
	x->initiator = initiator_name(s->initiator ? s->initiator : "");
	x->id = sis_asprintf("%llu:%llu", (unsigned long long)s->sid, (unsigned long long)cid);
	return 0;
}

/* A nexus whose connection tgtd did not tell counts as a session all the same. */
static int nexus_close(struct sis_stgt_show *s)
{
	bool add = s->in_nexus && s->part < CONNECTION;
	int r = add ? session_add(s, 0) : 0;

	s->doubtful |= s->in_nexus && s->part != ADDRESS;
	s->in_nexus = false;
	s->initiator = NULL;
	return r;
}

static int nexus_open(struct sis_stgt_show *s, const char *number)
{
	int r = nexus_close(s);

	if (r == 0 && sis_parse_u64(number, 0, UINT64_MAX, &s->sid) < 0)
		r = malformed(s, "a nexus without a number");
	s->in_nexus = true;
	s->part = NUMBER;
	return r;
}

static int nexus_line(struct sis_stgt_show *s, size_t depth, const char *text)
{
	const char *value;
	char *address;
	uint64_t cid;

	if (depth == 8 && (value = sis_str_after(text, "I_T nexus: ")))
		return nexus_open(s, value);
	if (s->in_nexus && s->part == NUMBER && depth == 12 &&
	    (value = sis_str_after(text, "Initiator: "))) {
		s->initiator = value;
		s->part = INITIATOR;
	} else if (s->in_nexus && s->part == INITIATOR && depth == 12 &&
		   (value = sis_str_after(text, "Connection: ")) &&
		   sis_parse_u64(value, 0, UINT32_MAX, &cid) == 0) {
		s->part = CONNECTION;
		return session_add(s, cid);
	} else if (s->in_nexus && s->part == CONNECTION && depth == 16 &&
		   (address = sis_stgt_address(text))) {
		s->t->sessions.v[s->t->sessions.n - 1].address = address;
		s->part = ADDRESS;
	} else {
		s->doubtful = true;
	}
	return 0;
}

/* Several by which one may log in are told as one user, which none can be: it has commas in it. */
static void account_line(struct sis_stgt_show *s, const char *text)
{
	static const char outgoing[] = " (outgoing)";
	struct sis_chap *c = &s->t->chap;
	sis_autofree char *both = NULL;
	size_t len = strlen(text), tail = strlen(outgoing);

	if (len > tail && sis_streq(text + len - tail, outgoing)) {
		free(c->mutual_user);
		c->mutual_user = sis_strndup(text, len - tail);
		return;
	}
	both = c->user ? sis_asprintf("%s,%s", c->user, text) : sis_strdup(text);
	sis_replace(&c->user, both);
}

/* An entry this tool would not have written keeps its text, so that it can be taken out again. */
static int acl_line(struct sis_stgt_show *s, const char *text)
{
	struct sis_rule parsed = { 0 }, *r;
	bool named = sis_str_starts(text, "iqn.") || sis_str_starts(text, "eui.") ||
		     sis_str_starts(text, "naa.");

	if (s->t->rules.n >= SIS_STGT_MAX_ENTRIES)
		return malformed(s, "too many access rules");
	r = sis_vec_add(&s->t->rules);
	/* "ALL" is what most targets have, and no rule. */
	if (!sis_streq(text, "ALL") && sis_rule_parse(text, &parsed, NULL) == 0 && !parsed.ro &&
	    sis_streq(parsed.text, text)) {
		*r = parsed;
		return 0;
	}
	sis_rule_free(&parsed);
	r->kind = named ? SIS_RULE_NAME : SIS_RULE_ADDRESS;
	r->text = sis_strdup(text);
	return 0;
}

/* ---- targets ---- */

static int target_close(struct sis_stgt_show *s)
{
	struct sis_target *t = s->t;
	struct sis_stgt_tid *tid;

	if (!t)
		return 0;
	lun_close(s);
	/* The last section has come, or the text was cut: rules would be missing then. */
	if (s->section != ACL)
		return malformed(s, "something is missing");
	tid = sis_vec_add(&s->tids);
	tid->tid = t->tid;
	tid->reachable = t->rules.n > 0 || t->sessions.n > 0;
	tid->offline = s->offline;
	tid->unproven = s->unproven;
	tid->doubtful = s->doubtful;
	t->shown = t->rules.n > 0 && !s->offline;
	t->known |= SIS_BIT(SIS_FIELD_CHAP);
	if (t->rules.n > 0)
		t->known |= SIS_BIT(SIS_FIELD_RULES);
	if (t->rules.n == 1 && sis_streq(t->rules.v[0].text, "ALL"))
		sis_rules_free(&t->rules);
	s->behind = t->sessions.n > 0;
	s->t = NULL;
	return 0;
}

static int target_open(struct sis_stgt_show *s, char *text)
{
	char *name = strstr(text, ": ");
	uint64_t tid;
	int r = target_close(s);

	if (r < 0)
		return r;
	if (!name || !name[2])
		return malformed(s, "a target without a name");
	*name = '\0';
	if (sis_parse_u64(text, 1, INT32_MAX, &tid) < 0)
		return malformed(s, "a target without a TID");
	if (s->state.targets.n >= MAX_TARGETS)
		return malformed(s, "too many targets");
	s->t = sis_vec_add(&s->state.targets);
	s->t->tid = (uint32_t)tid;
	s->t->iqn = sis_strdup(name + 2);
	s->section = NONE;
	s->offline = s->doubtful = false;
	s->unproven = s->behind;
	return 0;
}

static int section_open(struct sis_stgt_show *s, enum section section)
{
	int r = nexus_close(s);

	if (r < 0)
		return r;
	lun_close(s);
	/* Order and number are fixed: otherwise an initiator put line breaks into its name. */
	if (section <= s->section)
		return malformed(s, "a section stands twice or too late");
	s->section = section;
	return 0;
}

static int section_line(struct sis_stgt_show *s, size_t depth, const char *line)
{
	const char *text = line + depth;

	/* tgtd cuts what it prints of a session, line end included: the title may be lost. */
	if (s->section == NEXUS && depth == 8 && sis_str_starts(text, "LUN: ")) {
		int r = section_open(s, LUNS);

		if (r < 0)
			return r;
	}
	switch (s->section) {
	case SYSTEM:
		if (depth == 8 && sis_streq(text, "State: offline"))
			s->offline = true;
		return 0;
	case NEXUS: return nexus_line(s, depth, text);
	case LUNS: return lun_line(s, depth, text);
	case ACCOUNTS:
		if (depth == 8)
			account_line(s, text);
		return 0;
	case ACL: return depth >= 8 ? acl_line(s, line + 8) : 0;
	case NONE: break;
	}
	return 0;
}

static int target_line(struct sis_stgt_show *s, char *line)
{
	size_t depth = 0;
	char *text;

	while (line[depth] == ' ')
		depth++;
	text = line + depth;
	if (depth == 0 && sis_str_starts(line, TARGET))
		return target_open(s, line + strlen(TARGET));
	if (!s->t)
		return *text ? malformed(s, "text before the first target") : 0;
	for (int i = SYSTEM; depth == 4 && i <= ACL; i++) {
		if (sis_streq(text, section_titles[i]))
			return section_open(s, (enum section)i);
	}
	return section_line(s, depth, line);
}

int sis_stgt_tid_cmp(const void *a, const void *b)
{
	const struct sis_stgt_tid *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* Names and TIDs are unique in tgtd; twice means that somebody forged a target. */
static int check_unique(struct sis_stgt_show *s)
{
	for (size_t i = 1; i < s->tids.n; i++) {
		if (s->tids.v[i].tid == s->tids.v[i - 1].tid)
			return malformed(s, "a TID stands in it twice");
	}
	for (size_t i = 1; i < s->state.targets.n; i++) {
		if (sis_streq(s->state.targets.v[i].iqn, s->state.targets.v[i - 1].iqn))
			return malformed(s, "a target stands in it twice");
	}
	return 0;
}

/* ---- the text as it comes ---- */

/* Whole targets: the first `len` bytes of what is kept, or all of it. */
static void read_lines(struct sis_stgt_show *s, size_t len)
{
	char *cursor = s->rest.s, *line;
	int r = 0;

	if (len) {
		cursor[len - 1] = '\0'; /* in place of the line's end */
		while (r == 0 && (line = sis_str_next(&cursor, "\n")))
			r = target_line(s, line);
	}
	if (r == 0)
		(void)target_close(s); /* what is wrong stands in s->err */
}

/* Where the last target begins in what is kept, if that is behind `from`; else 0. */
static size_t last_target(const struct sis_stgt_show *s, size_t from)
{
	for (size_t n = s->rest.len; n > from;) {
		const char *end = memrchr(s->rest.s + from, '\n', n - from);

		if (!end)
			break;
		if (sis_str_starts(end + 1, TARGET))
			return (size_t)(end + 1 - s->rest.s);
		n = (size_t)(end - s->rest.s);
	}
	return 0;
}

void sis_stgt_show_take(struct sis_stgt_show *s, const char *text, size_t len)
{
	size_t had = s->rest.len, from = had > strlen(TARGET) ? had - strlen(TARGET) - 1 : 0, last;

	if (s->err.code)
		return;
	sis_str_addn(&s->rest, text, len);
	last = last_target(s, from);
	if (!last)
		return;
	read_lines(s, last);
	sis_str_cut(&s->rest, last);
}

int sis_stgt_show_end(struct sis_stgt_show *s, struct sis_state *ret, sis_stgt_tids *ret_tids,
		      struct sis_err *err)
{
	if (!s->err.code && s->rest.len && s->rest.s[s->rest.len - 1] != '\n')
		(void)malformed(s, "its last line is cut off");
	if (!s->err.code)
		read_lines(s, s->rest.len);
	sis_state_sort(&s->state);
	sis_vec_sort(&s->tids, sis_stgt_tid_cmp);
	if (s->err.code || check_unique(s) < 0)
		return sis_err_move(err, &s->err);
	*ret = s->state;
	*ret_tids = s->tids;
	s->state = (struct sis_state){ 0 };
	s->tids = (sis_stgt_tids){ 0 };
	return 0;
}

void sis_stgt_show_begin(struct sis_stgt_show *s)
{
	sis_str_free(&s->rest);
	sis_state_free(&s->state);
	sis_vec_free(&s->tids);
	sis_err_clear(&s->err);
	*s = (struct sis_stgt_show){ 0 };
}

struct sis_stgt_show *sis_stgt_show_new(void)
{
	return sis_new(struct sis_stgt_show);
}

void sis_stgt_show_free(struct sis_stgt_show *s)
{
	sis_stgt_show_begin(s);
	free(s);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parser of tgtd's listings, by key and depth, so that lines a version adds or lacks do no harm.
 * Must not guess: a listing that contradicts itself is refused as a whole.
 */
#include "backend/stgt_show.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum {
	MAX_TARGETS = 65536,
	MAX_ENTRIES = 65536,
	GIVE_BACK = 2 << 20,
	/*
	 * tgtd knows the size of a LUN to the byte but shows the nearest million, of whole sectors and
	 * by integers alone: (sectors - sectors / 625 + 974) / 1950 (tgt: usr/target.c).
	 */
	MB = 1000000,
	MB_SLACK = MB / 2 + 2 * 512,
};

/* In the order in which tgtd prints them; each stands once in a target. */
enum section { NONE, SYSTEM, NEXUS, LUNS, ACCOUNTS, ACL };

static const char *const section_titles[] = {
	[SYSTEM] = "System information:", [NEXUS] = "I_T nexus information:",
	[LUNS] = "LUN information:",	  [ACCOUNTS] = "Account information:",
	[ACL] = "ACL information:",
};

/* A LUN while its lines come in; all text is borrowed from the listing. */
struct lun {
	bool open;
	uint32_t number;
	const char *type, *scsi_id, *scsi_sn, *size, *blocksize, *readonly, *thin;
	const char *store, *path, *flags;
	const char *online;
};

static const struct {
	const char *key;
	size_t offset;
} lun_keys[] = {
	{ "Type: ", offsetof(struct lun, type) },
	{ "SCSI ID: ", offsetof(struct lun, scsi_id) },
	{ "SCSI SN: ", offsetof(struct lun, scsi_sn) },
	{ "Size: ", offsetof(struct lun, size) },
	{ "Online: ", offsetof(struct lun, online) },
	{ "Readonly: ", offsetof(struct lun, readonly) },
	{ "Thin-provisioning: ", offsetof(struct lun, thin) },
	{ "Backing store type: ", offsetof(struct lun, store) },
	{ "Backing store path: ", offsetof(struct lun, path) },
	{ "Backing store flags: ", offsetof(struct lun, flags) },
};

struct show {
	struct sis_state *state;
	sis_stgt_tids *tids;
	struct sis_target *t; /* the last of state, NULL before the first */
	bool offline, unproven;
	enum section section;
	struct lun lun;
	uint64_t sid;
	bool in_nexus, has_conn;
	const char *initiator; /* of the nexus, until its connection comes */
	struct sis_err *err;
};

static int malformed(struct show *s, const char *what)
{
	return sis_err_set(s->err, EPROTO,
			   "cannot trust tgtd's list of targets: %s%s%s; has an "
			   "initiator line breaks in its name or alias?",
			   what, s->t ? " in target " : "", s->t ? s->t->iqn : "");
}

/* ---- LUNs ---- */

char *sis_stgt_naa(const char *scsi_id)
{
	char naa[33];
	size_t len = strlen(scsi_id);

	memset(naa, '0', 32);
	naa[32] = '\0';
	for (size_t i = 0; i < 32 && i < len; i++) {
		char c = scsi_id[len - 1 - i];

		naa[31 - i] = c && strchr("0123456789abcdefABCDEF", c) ? c : '0';
	}
	naa[0] = '6';
	sis_str_lower(naa);
	return sis_strdup(naa);
}

/* "134 MB, Block size: 512"; the second half came with 1.0.17 or so. */
static void lun_size(struct sis_lun *l, const char *text)
{
	sis_autofree char *copy = sis_strdup(text);
	char *blocks = strstr(copy, ", Block size: ");
	uint64_t n;
	char *mb;

	if (blocks) {
		*blocks = '\0';
		if (sis_parse_u64(strstr(text, ": ") + 2, 1, UINT32_MAX, &n) == 0) {
			l->blocksize = (uint32_t)n;
			l->known |= SIS_BIT(SIS_FIELD_BLOCKSIZE);
		}
	}
	mb = strstr(copy, " MB");
	if (!mb || mb[3] != '\0')
		return;
	*mb = '\0';
	if (sis_parse_u64(copy, 0, UINT64_MAX / MB, &n) == 0) {
		l->size = n ? n * MB : 1; /* 0 is for what is offline */
		l->size_slack = MB_SLACK;
		l->known |= SIS_BIT(SIS_FIELD_SIZE);
	}
}

static enum sis_iomode lun_iomode(const char *store, const char *flags)
{
	bool plain = !flags || !*flags;

	if (sis_streq(store, "rdwr") && !plain)
		return sis_streq(flags, "sync") ? SIS_IOMODE_WT : SIS_IOMODE_NONE;
	for (int i = SIS_IOMODE_RDWR; plain && i < SIS_IOMODE_N; i++) {
		if (sis_streq(store, sis_iomode_names[i]))
			return (enum sis_iomode)i;
	}
	return SIS_IOMODE_NONE;
}

static void lun_kind(struct sis_lun *l, const struct lun *in)
{
	if (in->type) {
		l->type = sis_streq(in->type, "disk")	     ? SIS_TYPE_DISK :
			  sis_streq(in->type, "tape")	     ? SIS_TYPE_TAPE :
			  sis_streq(in->type, "passthrough") ? SIS_TYPE_PT :
							       SIS_TYPE_NONE;
		l->known |= SIS_BIT(SIS_FIELD_TYPE);
	}
	if (in->store) {
		l->iomode = lun_iomode(in->store, in->flags);
		l->known |= SIS_BIT(SIS_FIELD_IOMODE);
	}
	/* Of the others the backing store follows from the type, and blocks are not bytes. */
	if (l->type != SIS_TYPE_DISK)
		l->known &= ~(SIS_BIT(SIS_FIELD_IOMODE) | SIS_BIT(SIS_FIELD_BLOCKSIZE) |
			      SIS_BIT(SIS_FIELD_SIZE));
}

static void lun_ids(struct sis_lun *l, const struct lun *in)
{
	if (in->scsi_sn) {
		l->serial = sis_strdup(in->scsi_sn);
		l->known |= SIS_BIT(SIS_FIELD_SERIAL);
	}
	if (in->scsi_id) {
		l->t10_id = sis_strdup(in->scsi_id);
		l->naa = sis_stgt_naa(in->scsi_id);
		l->known |= SIS_BIT(SIS_FIELD_NAA);
	}
}

static void lun_yes_no(struct sis_lun *l, const char *text, bool *flag, enum sis_field field)
{
	if (!text)
		return;
	*flag = sis_streq(text, "Yes");
	l->known |= SIS_BIT(field);
}

/* Puts the LUN that was being read into its target. */
static void lun_close(struct show *s)
{
	const struct lun *in = &s->lun;
	struct sis_lun *l;

	if (in->open && !(in->type && sis_streq(in->type, "controller"))) {
		l = sis_vec_add(&s->t->luns);
		l->number = in->number;
		/* "None" stands where nothing is open, e.g. after a path could not be opened. */
		l->path = sis_strdup(in->path && in->path[0] == '/' ? in->path : "");
		lun_ids(l, in);
		if (in->size)
			lun_size(l, in->size);
		lun_kind(l, in);
		lun_yes_no(l, in->readonly, &l->readonly, SIS_FIELD_READONLY);
		lun_yes_no(l, in->thin, &l->thin, SIS_FIELD_THIN);
		if (in->online && sis_streq(in->online, "No"))
			l->size = 0; /* nothing can be read of it */
	}
	s->lun = (struct lun){ 0 };
}

static int lun_open(struct show *s, const char *number)
{
	uint64_t n;

	lun_close(s);
	if (sis_parse_u64(number, 0, UINT64_MAX, &n) < 0)
		return malformed(s, "a LUN without a number");
	if (s->t->luns.n >= MAX_ENTRIES)
		return malformed(s, "too many LUNs");
	s->lun.open = true;
	/* Others than this tool may use numbers that no REPORT LUNS can carry. */
	s->lun.number = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	return 0;
}

static int lun_line(struct show *s, size_t depth, const char *text)
{
	const char *value = depth == 8 ? sis_str_after(text, "LUN: ") : NULL;

	if (value)
		return lun_open(s, value);
	for (size_t i = 0; depth == 12 && i < sizeof(lun_keys) / sizeof(lun_keys[0]); i++) {
		value = sis_str_after(text, lun_keys[i].key);
		if (value) {
			*(const char **)((char *)&s->lun + lun_keys[i].offset) = value;
			break;
		}
	}
	return 0;
}

/* ---- sessions, accounts, rules ---- */

/* Without the alias that may stand behind it. Caller frees. */
static char *initiator_name(const char *text)
{
	const char *alias = strstr(text, " alias: ");

	return alias ? sis_strndup(text, (size_t)(alias - text)) : sis_strdup(text);
}

static int session_add(struct show *s, uint64_t cid)
{
	struct sis_session *x;

	if (s->t->sessions.n >= MAX_ENTRIES)
		return malformed(s, "too many sessions");
	x = sis_vec_add(&s->t->sessions);
	x->initiator = initiator_name(s->initiator ? s->initiator : "");
	x->id = sis_asprintf("%llu:%llu", (unsigned long long)s->sid, (unsigned long long)cid);
	return 0;
}

/* A nexus whose connection tgtd did not tell counts as a session all the same. */
static int nexus_close(struct show *s)
{
	bool add = s->in_nexus && !s->has_conn;
	int r = add ? session_add(s, 0) : 0;

	s->in_nexus = s->has_conn = false;
	s->initiator = NULL;
	return r;
}

static int nexus_line(struct show *s, size_t depth, const char *text)
{
	const char *value;
	uint64_t cid;

	if (depth == 8 && (value = sis_str_after(text, "I_T nexus: "))) {
		int r = nexus_close(s);

		if (r == 0 && sis_parse_u64(value, 0, UINT64_MAX, &s->sid) < 0)
			r = malformed(s, "a nexus without a number");
		s->in_nexus = true;
		return r;
	}
	if (!s->in_nexus)
		return 0;
	if (depth == 12 && (value = sis_str_after(text, "Initiator: "))) {
		s->initiator = value;
	} else if (depth == 12 && (value = sis_str_after(text, "Connection: "))) {
		s->has_conn = true;
		return sis_parse_u64(value, 0, UINT32_MAX, &cid) < 0 ?
			       malformed(s, "a connection without a number") :
			       session_add(s, cid);
	} else if (depth == 16 && s->has_conn && (value = sis_str_after(text, "IP Address: "))) {
		sis_replace(&s->t->sessions.v[s->t->sessions.n - 1].address, value);
	}
	return 0;
}

/* Several by which one may log in are told as one user, which none can be: it has commas in it. */
static void account_line(struct show *s, const char *text)
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
static int acl_line(struct show *s, const char *text)
{
	struct sis_rule parsed = { 0 }, *r;
	bool named = sis_str_starts(text, "iqn.") || sis_str_starts(text, "eui.") ||
		     sis_str_starts(text, "naa.");

	if (s->t->rules.n >= MAX_ENTRIES)
		return malformed(s, "too many access rules");
	r = sis_vec_add(&s->t->rules);
	if (sis_rule_parse(text, &parsed, NULL) == 0 && !parsed.ro &&
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

static int target_close(struct show *s)
{
	struct sis_target *t = s->t;
	struct sis_stgt_tid *tid;

	if (!t)
		return 0;
	lun_close(s);
	/* The last section has come, or the text was cut: rules would be missing then. */
	if (s->section != ACL)
		return malformed(s, "something is missing");
	tid = sis_vec_add(s->tids);
	tid->tid = t->tid;
	tid->offline = s->offline;
	tid->unproven = s->unproven;
	t->shown = t->rules.n > 0 && !s->offline;
	t->known |= SIS_BIT(SIS_FIELD_CHAP);
	if (t->rules.n > 0)
		t->known |= SIS_BIT(SIS_FIELD_RULES);
	if (t->rules.n == 1 && sis_streq(t->rules.v[0].text, "ALL"))
		sis_rules_free(&t->rules);
	s->t = NULL;
	return 0;
}

static int target_open(struct show *s, char *text)
{
	char *name = strstr(text, ": ");
	bool behind = s->t && s->t->sessions.n;
	uint64_t tid;
	int r = target_close(s);

	if (r < 0)
		return r;
	if (!name || !name[2])
		return malformed(s, "a target without a name");
	*name = '\0';
	if (sis_parse_u64(text, 1, INT32_MAX, &tid) < 0)
		return malformed(s, "a target without a TID");
	if (s->state->targets.n >= MAX_TARGETS)
		return malformed(s, "too many targets");
	s->t = sis_vec_add(&s->state->targets);
	s->t->tid = (uint32_t)tid;
	s->t->iqn = sis_strdup(name + 2);
	s->section = NONE;
	s->offline = false;
	s->unproven = behind;
	return 0;
}

static int section_open(struct show *s, enum section section)
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

static int section_line(struct show *s, size_t depth, const char *line)
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

static int target_line(struct show *s, char *line)
{
	size_t depth = strspn(line, " ");
	char *text = line + depth;

	if (depth == 0 && sis_str_starts(line, "Target "))
		return target_open(s, line + strlen("Target "));
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
static int check_unique(struct show *s)
{
	for (size_t i = 1; i < s->tids->n; i++) {
		if (s->tids->v[i].tid == s->tids->v[i - 1].tid)
			return malformed(s, "a TID stands in it twice");
	}
	for (size_t i = 1; i < s->state->targets.n; i++) {
		if (sis_streq(s->state->targets.v[i].iqn, s->state->targets.v[i - 1].iqn))
			return malformed(s, "a target stands in it twice");
	}
	return 0;
}

/*
 * The list of 10,000 targets is a third of all the memory of a run. What was read of it is given
 * back by and by, before what it says takes up as much. `from` is the first byte not given back.
 */
static char *give_back(char *from, char *to)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *start = from + (page - (uintptr_t)from % page) % page;
	char *end = to - (uintptr_t)to % page;

	if (to - from < GIVE_BACK || start >= end)
		return from;
	/* Where it does not work, it only costs memory. */
	(void)madvise(start, (size_t)(end - start), MADV_DONTNEED);
	return end;
}

int sis_stgt_parse_targets(char *text, struct sis_state *ret, sis_stgt_tids *ret_tids,
			   struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_stgt_tids tids = { 0 };
	struct show s = { .state = &state, .tids = &tids, .err = err };
	char *cursor = text, *line, *kept = text;
	size_t len = strlen(text);
	int r = len && text[len - 1] != '\n' ? malformed(&s, "its last line is cut off") : 0;

	while (r == 0 && (line = sis_str_next(&cursor, "\n"))) {
		r = target_line(&s, line);
		if (s.t && s.section == NONE) /* a new target: nothing before it is needed */
			kept = give_back(kept, line);
	}
	if (r == 0)
		r = target_close(&s);
	if (r == 0) {
		sis_state_sort(&state);
		sis_vec_sort(&tids, sis_stgt_tid_cmp);
		r = check_unique(&s);
	}
	if (r < 0) {
		sis_vec_free(&tids);
		return r;
	}
	*ret = state;
	state = (struct sis_state){ 0 };
	*ret_tids = tids;
	return 0;
}

/* ---- the other listings ---- */

/* A session counts from its first line on, and before tgtd tells a connection of it. */
static struct sis_session *conn_open(sis_sessions *l)
{
	struct sis_session *s = sis_vec_add(l);

	s->initiator = sis_strdup("");
	return s;
}

void sis_stgt_parse_conns(const char *text, sis_sessions *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;
	const char *sid = "", *value;
	struct sis_session *s = NULL;

	while ((line = sis_str_next(&cursor, "\n")) && ret->n < MAX_ENTRIES) {
		if ((value = sis_str_after(line, "Session: "))) {
			sid = value;
			s = conn_open(ret);
		} else if (s && (value = sis_str_after(line, "    Connection: "))) {
			s = s->id ? conn_open(ret) : s;
			s->id = sis_asprintf("%s:%s", sid, value);
		} else if (s && (value = sis_str_after(line, "        Initiator: "))) {
			free(s->initiator);
			s->initiator = initiator_name(value);
		} else if (s && (value = sis_str_after(line, "        IP Address: "))) {
			sis_replace(&s->address, value);
		}
	}
}

void sis_stgt_parse_accounts(const char *text, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;

	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *user = sis_str_after(line, "    ");

		if (user && *user && ret->n < MAX_ENTRIES)
			sis_strv_add(ret, user);
	}
}


void sis_stgt_parse_stores(const char *text, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;
	bool inside = false;

	while ((line = sis_str_next(&cursor, "\n"))) {
		if (line[0] != ' ')
			inside = sis_streq(line, "Backing stores:");
		else if (inside && ret->n < MAX_ENTRIES)
			sis_strv_add(ret, sis_str_trim(line));
	}
}

bool sis_stgt_has_store(const sis_strv *stores, const char *name, const char *flag)
{
	for (size_t i = 0; i < stores->n; i++) {
		const char *rest = sis_str_after(stores->v[i], name);

		if (rest && (*rest == '\0' || *rest == ' ') && (!flag || strstr(rest, flag)))
			return true;
	}
	return false;
}

uint32_t sis_stgt_version(const char *text)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *part;
	uint64_t v[3], n;

	for (size_t i = 0; i < 3; i++) {
		part = sis_str_next(&cursor, ".");
		if (!part)
			return 0;
		/* what a distribution may have put behind the last number */
		if (i == 2)
			part[strspn(part, "0123456789")] = '\0';
		if (sis_parse_u64(part, 0, 255, &n) < 0)
			return 0;
		v[i] = n;
	}
	return SIS_STGT_VERSION(v[0], v[1], v[2]);
}

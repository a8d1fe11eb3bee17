/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Listings of tgtd: targets ('t'), backing stores and version ('s'). With 'f' the name by which an
 * initiator logs in to the first of two targets: whatever it is, LUNs, rules and the other target
 * are what they are, or the listing is refused. With 'c' the same in the list of connections: the
 * sessions that tgtd has are in it.
 */
#include "fuzz.h"

#include "backend/stgt_show.h"

static int parse_by(const char *text, size_t piece, struct sis_state *ret, sis_stgt_tids *ret_tids,
		    struct sis_err *err)
{
	struct sis_stgt_show *s = sis_stgt_show_new();
	size_t len = strlen(text);
	int r;

	for (size_t at = 0; at < len; at += piece)
		sis_stgt_show_take(s, text + at, len - at < piece ? len - at : piece);
	r = sis_stgt_show_end(s, ret, ret_tids, err);
	sis_stgt_show_free(s);
	return r;
}

/* However the text was cut while it came, it says the same. */
static void same_by(const char *text, size_t piece, int r, size_t targets)
{
	sis_autostate struct sis_state s = { 0 };
	sis_stgt_tids tids = { 0 };

	must(parse_by(text, piece, &s, &tids, NULL) == r && s.targets.n == targets);
	sis_vec_free(&tids);
}

/* *ret_unproven: a TID that only tgtd itself can confirm, or 0. */
static int parse(const char *text, struct sis_state *ret, uint32_t *ret_unproven)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_stgt_tids tids = { 0 };
	int r = parse_by(text, SIZE_MAX, ret, &tids, &err);

	same_by(text, 1 + strlen(text) % 23, r, ret->targets.n);

	if (r < 0) {
		must(r == -EPROTO);
		must_refuse(r, &err);
		must(!tids.n && !ret->targets.n);
		return r;
	}
	must(tids.n == ret->targets.n);
	*ret_unproven = 0;
	sis_vec_each(t, &tids)
		if (t->unproven && t->tid != 2)
			*ret_unproven = t->tid;
	for (size_t i = 1; i < tids.n; i++) {
		must(tids.v[i - 1].tid < tids.v[i].tid);
		must(strcmp(ret->targets.v[i - 1].iqn, ret->targets.v[i].iqn) < 0);
	}
	sis_vec_free(&tids);
	return 0;
}

static void targets(const char *text)
{
	sis_autostate struct sis_state s = { 0 };
	uint32_t unproven;

	if (parse(text, &s, &unproven) < 0)
		return;
	sis_vec_each(t, &s.targets) {
		must(t->tid <= INT32_MAX && *t->iqn);
		sis_vec_each(l, &t->luns) {
			must(!*l->path || l->path[0] == '/');
			must(!l->naa || strlen(l->naa) == 32);
		}
	}
}

static void stores(const char *text)
{
	sis_autostrv sis_strv l = { 0 };

	sis_stgt_parse_stores(text, &l);
	sis_vec_each(s, &l)
		must(!strchr(*s, '\n'));
	(void)sis_stgt_has_store(&l, "rdwr", "direct");
	must(sis_stgt_version(text) <= SIS_STGT_VERSION(255, 255, 255));
}

static void add_target(struct sis_str *out, int tid, const char *initiator, const char *rule)
{
	sis_str_addf(out, "Target %d: iqn.x:%d\n    System information:\n        Driver: iscsi\n"
			  "        State: ready\n    I_T nexus information:\n", tid, tid);
	if (initiator)
		sis_str_addf(out, "        I_T nexus: 1\n            Initiator: %s alias: none\n"
				  "            Connection: 0\n                IP Address: 10.0.0.1\n",
			     initiator);
	sis_str_addf(out, "    LUN information:\n        LUN: 1\n            Type: disk\n"
			  "            SCSI SN: 000000000000000%d\n"
			  "            Backing store path: /dev/zvol/tank/%d\n"
			  "    Account information:\n    ACL information:\n        %s\n",
		     tid, tid, rule);
}

static void check_target(const struct sis_target *t, uint32_t tid, const char *rule)
{
	sis_autofree char *path = sis_asprintf("/dev/zvol/tank/%u", tid);

	must(t->tid == tid && t->luns.n == 1 && t->luns.v[0].number == 1);
	must(sis_streq(t->luns.v[0].path, path) && t->rules.n == 1);
	must(sis_streq(t->rules.v[0].text, rule));
}

static void forged(const char *initiator)
{
	sis_autostate struct sis_state s = { 0 };
	sis_autostr struct sis_str out = { 0 };
	uint32_t unproven;

	add_target(&out, 1, initiator, "10.0.0.1");
	add_target(&out, 2, NULL, "10.0.0.2");
	/* one that tgtd does not have: it is asked, and the listing refused */
	if (parse(out.s, &s, &unproven) < 0 || unproven)
		return;
	must(s.targets.n == 2);
	check_target(&s.targets.v[0], 1, "10.0.0.1");
	check_target(&s.targets.v[1], 2, "10.0.0.2");
	must(s.targets.v[0].sessions.n && !s.targets.v[1].sessions.n);
}

static bool has(const sis_sessions *l, const char *id)
{
	sis_vec_each(s, l)
		if (s->id && sis_streq(s->id, id))
			return true;
	return false;
}

static void conns(const char *initiator)
{
	sis_autofree char *text = sis_asprintf(
		"Session: 3\n    Connection: 0\n        Initiator: iqn.x:a\n"
		"        IP Address: 10.0.0.1\n"
		"Session: 4\n    Connection: 0\n        Initiator: %s\n        IP Address: ::1\n"
		"Session: 5\n    Connection: 1\n        Initiator: iqn.x:b\n        \n",
		initiator);
	sis_autosessions sis_sessions l = { 0 };
	bool plain = sis_stgt_parse_conns(text, &l);

	must(has(&l, "3:0") && has(&l, "4:0") && has(&l, "5:1"));
	must(!plain || l.n > 3 || !strchr(initiator, '\n'));
	sis_vec_each(s, &l) {
		must(s->initiator && !strchr(s->initiator, '\n'));
		must(s->id || !plain);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 't': targets(text); break;
	case 's': stores(text); break;
	case 'f': forged(text); break;
	case 'c': conns(text); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

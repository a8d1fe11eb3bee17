/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Listings captured from real daemons against what they mean (tests/golden/stgt: NAME.txt is what
 * tgtadm printed, NAME.state what is read from it), and listings that are damaged on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>

#include "backend/stgt_show.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_GOLDEN = 1 << 20 };

static char *golden(const char *name, const char *suffix)
{
	sis_autofree char *path = sis_asprintf("tests/golden/stgt/%s.%s", name, suffix);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char *text = NULL;

	if (sis_file_read(path, MAX_GOLDEN, &text, &err) < 0)
		fail_msg("%s (tests run in the source folder)", sis_err_msg(&err));
	return text;
}

static void print_lun(struct sis_str *out, const struct sis_lun *l)
{
	static const struct {
		enum sis_field field;
		const char *name;
	} fields[] = {
		{ SIS_FIELD_TYPE, "type" },	      { SIS_FIELD_IOMODE, "iomode" },
		{ SIS_FIELD_BLOCKSIZE, "blocksize" }, { SIS_FIELD_READONLY, "readonly" },
		{ SIS_FIELD_THIN, "thin" },	      { SIS_FIELD_SERIAL, "serial" },
		{ SIS_FIELD_T10_ID, "t10" },	      { SIS_FIELD_NAA, "naa" },
		{ SIS_FIELD_SIZE, "size" },
	};

	sis_str_addf(out, "  lun %" PRIu32 " path '%s'", l->number, l->path);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!(l->known & SIS_BIT(fields[i].field)))
			continue;
		sis_str_addf(out, " %s=", fields[i].name);
		sis_field_rows[fields[i].field].lun_print(l, out);
	}
	sis_str_addc(out, '\n');
}

static char *print_state(const struct sis_state *state, const sis_stgt_tids *tids)
{
	sis_autostr struct sis_str out = { 0 };

	sis_vec_each(t, &state->targets) {
		sis_str_addf(&out, "target %s tid %" PRIu32 "%s%s\n", t->iqn, t->tid,
			     t->shown ? " shown" : "",
			     t->known & SIS_BIT(SIS_FIELD_RULES) ? " rules" : "");
		sis_vec_each(l, &t->luns)
			print_lun(&out, l);
		sis_vec_each(r, &t->rules)
			sis_str_addf(&out, "  %s '%s'%s\n",
				     r->kind == SIS_RULE_NAME ? "name" : "address", r->text,
				     r->prefix ? " prefix" : "");
		if (t->chap.user)
			sis_str_addf(&out, "  user '%s'\n", t->chap.user);
		sis_vec_each(s, &t->sessions)
			sis_str_addf(&out, "  session %s '%s' from '%s'\n", s->id, s->initiator,
				     s->address ? s->address : "");
	}
	sis_str_add(&out, "tids");
	sis_vec_each(tid, tids)
		sis_str_addf(&out, " %" PRIu32 "%s%s", tid->tid, tid->offline ? "(offline)" : "",
			     tid->unproven ? "(unproven)" : "");
	sis_str_addc(&out, '\n');
	return sis_str_take(&out);
}

/* The text comes in pieces of so many bytes. */
static int parse_targets(const char *text, size_t piece, struct sis_state *ret,
			 sis_stgt_tids *ret_tids, struct sis_err *err)
{
	struct sis_stgt_show *s = sis_stgt_show_new();
	size_t len = strlen(text);
	int r;

	sis_stgt_show_begin(s);
	sis_stgt_show_take(s, "Target 9: of one that ", 22); /* it did not end: it counts not */
	sis_stgt_show_begin(s);
	for (size_t at = 0; at < len; at += piece)
		sis_stgt_show_take(s, text + at, len - at < piece ? len - at : piece);
	r = sis_stgt_show_end(s, ret, ret_tids, err);
	sis_stgt_show_free(s);
	return r;
}

static char *meaning_by(const char *text, size_t piece)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_stgt_tids tids = { 0 };
	char *printed;

	if (parse_targets(text, piece, &state, &tids, &err) < 0) {
		assert_int_equal(err.code, EPROTO);
		return sis_asprintf("error: %s\n", sis_err_msg(&err));
	}
	printed = print_state(&state, &tids);
	sis_vec_free(&tids);
	return printed;
}

/* What a listing means as text, or the error. Caller frees. */
static char *meaning(const char *text)
{
	static const size_t pieces[] = { 1, 7, 61, 1000 };
	char *whole = meaning_by(text, SIZE_MAX);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		sis_autofree char *same = meaning_by(text, pieces[i]);

		assert_string_equal(same, whole);
	}
	return whole;
}

static void test_golden(void **state)
{
	static const char *const names[] = {
		"targets-1.0.85-none",		"targets-1.0.85-one",
		"targets-1.0.85-kinds",		"targets-1.0.85-sessions",
		"targets-1.0.85-forged-target", "targets-1.0.85-forged-section",
		"targets-1.0.85-forged-whole",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sis_autofree char *text = golden(names[i], "txt");
		sis_autofree char *want = golden(names[i], "state");
		sis_autofree char *got = meaning(text);

		assert_string_equal(got, want);
	}
}

/* One so long that its memory is given back while it is read means what a short one does. */
static void test_long(void **state)
{
	enum { MANY = 6000 };
	sis_autofree char *one = golden("targets-1.0.85-one", "txt");
	const char *rest = strchr(one, '\n');
	sis_autostr struct sis_str text = { 0 }, want = { 0 };
	sis_autofree char *got = NULL;
	sis_autofree char *first = meaning(one);
	sis_autofree char *body = sis_strdup(strchr(first, '\n') + 1);

	(void)state;
	*strstr(body, "tids") = '\0';
	assert_true(strchr(rest, 'T') && !strstr(rest, "\nTarget "));
	for (int i = 1; i <= MANY; i++) {
		sis_str_addf(&text, "Target %d: iqn.2026-01.org.x:%05d%s", i, i, rest);
		sis_str_addf(&want, "target iqn.2026-01.org.x:%05d tid %d shown rules\n%s", i, i,
			     body);
	}
	sis_str_add(&want, "tids");
	for (int i = 1; i <= MANY; i++)
		sis_str_addf(&want, " %d", i);
	sis_str_addc(&want, '\n');
	got = meaning(sis_str_get(&text));
	assert_true(sis_streq(got, sis_str_get(&want)));
}

/* Cut anywhere it is refused, unless it is whole up to there; never half understood. */
static void test_cut(void **state)
{
	sis_autofree char *text = golden("targets-1.0.85-kinds", "txt");

	(void)state;
	for (size_t len = strlen(text); len-- > 1;) {
		sis_autofree char *cut = sis_strndup(text, len);
		sis_autofree char *got = meaning(cut);
		const char *last = strstr(cut, "Target ");

		for (const char *next = last; next; next = strstr(next + 1, "\nTarget "))
			last = next;
		if (!sis_str_starts(got, "error: "))
			assert_non_null(last ? strstr(last, "    ACL information:\n") : NULL);
	}
}

/* Every byte replaced by some that mean something: no crash, no leak. */
static void test_damaged(void **state)
{
	static const char bytes[] = " \n:0%\x01\xff";
	sis_autofree char *text = golden("targets-1.0.85-sessions", "txt");
	size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];

		for (const char *b = bytes; *b; b++) {
			sis_autofree char *got = NULL;

			text[i] = *b;
			got = meaning(text);
			assert_non_null(got);
		}
		text[i] = kept;
	}
}

static void test_odd(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "\n", "tids\n" },
		{ "tgtadm: something\n", "error: " },
		{ "Target 1\n", "error: " },
		{ "Target 1: \n", "error: " },
		{ "Target -1: a\n    ACL information:\n", "error: " },
		{ "Target 99999999999: a\n    ACL information:\n", "error: " },
		{ "Target 1: a\n", "error: " },
		{ "Target 1: a\n    ACL information:", "error: " },
		{ "Target 1: a\n    ACL information:\n        ALL\n"
		  "Target 1: b\n    ACL information:\n",
		  "error: " },
		{ "Target 1: a\n    ACL information:\n"
		  "Target 2: a\n    ACL information:\n",
		  "error: " },
		/* unknown lines and sections, missing ones: another version's */
		{ "Target 7: a: b\n    New information:\n        ALL\n    ACL information:\n"
		  "    What:\n        \n",
		  "target a: b tid 7 shown rules\n  address ''\ntids 7\n" },
		/* 1.0.0: fewer lines, no block size */
		{ "Target 1: a\n    LUN information:\n        LUN: 1\n            Type: disk\n"
		  "            Size: 12 MB\n            Backing store: /x\n"
		  "    Account information:\n    ACL information:\n        ALL\n",
		  "target a tid 1 shown rules\n  lun 1 path '' type=disk size=12000000\ntids 1\n" },
		/* numbers beyond what is ours */
		{ "Target 1: a\n    LUN information:\n        LUN: 18446744073709551614\n"
		  "            Size: 99999999999999999999 MB, Block size: 0\n"
		  "    ACL information:\n",
		  "target a tid 1\n  lun 4294967295 path ''\ntids 1\n" },
		{ "Target 1: a\n    LUN information:\n        LUN: x\n    ACL information:\n",
		  "error: " },
		{ "Target 1: a\n    I_T nexus information:\n        I_T nexus: 4\n"
		  "        I_T nexus: 5\n            Connection: 1\n    LUN information:\n"
		  "    ACL information:\n",
		  "target a tid 1\n  session 4:0 '' from ''\n  session 5:0 '' from ''\ntids 1\n" },
		/* tgtd cuts a session off at 1023 bytes, and with it the line end */
		{ "Target 1: a\n    I_T nexus information:\n        I_T nexus: 4\n"
		  "            Initiator: x alias: long    LUN information:\n        LUN: 1\n"
		  "            Type: disk\n    Account information:\n    ACL information:\n"
		  "        ALL\n",
		  "target a tid 1 shown rules\n  lun 1 path '' type=disk\n"
		  "  session 4:0 'x' from ''\ntids 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *got = meaning(row[i].text);

		if (sis_streq(row[i].want, "error: "))
			assert_true(sis_str_starts(got, "error: "));
		else
			assert_string_equal(got, row[i].want);
	}
}

static void test_stores(void **state)
{
	sis_autofree char *text = golden("system-1.0.85", "txt");
	sis_autostrv sis_strv stores = { 0 }, none = { 0 };

	(void)state;
	sis_stgt_parse_stores(text, &stores);
	assert_int_equal(stores.n, 9);
	assert_true(sis_stgt_has_store(&stores, "rdwr", NULL));
	assert_true(sis_stgt_has_store(&stores, "rdwr", "sync"));
	assert_true(sis_stgt_has_store(&stores, "aio", NULL));
	assert_false(sis_stgt_has_store(&stores, "aio", "sync"));
	assert_false(sis_stgt_has_store(&stores, "mmap", NULL));
	assert_false(sis_stgt_has_store(&stores, "s", NULL));
	assert_false(sis_stgt_has_store(&stores, "disk", NULL));
	sis_stgt_parse_stores("System:\n    State: ready\n", &none);
	assert_int_equal(none.n, 0);
}

/* What is read of the size that tgtd shows. */
static struct sis_lun size_of(unsigned mb)
{
	sis_autofree char *text = sis_asprintf(
		"Target 1: a\n    LUN information:\n        LUN: 1\n            Type: disk\n"
		"            Size: %u MB, Block size: 512\n    ACL information:\n", mb);
	sis_autostate struct sis_state state = { 0 };
	sis_stgt_tids tids = { 0 };
	struct sis_lun size = { 0 };

	assert_int_equal(parse_targets(text, SIZE_MAX, &state, &tids, NULL), 0);
	sis_vec_free(&tids);
	size.size = state.targets.v[0].luns.v[0].size;
	size.size_slack = state.targets.v[0].luns.v[0].size_slack;
	return size;
}

/* Measured with files of these sizes; and the ends of what one and the same number is shown for. */
static void test_rounded_size(void **state)
{
	static const struct {
		unsigned mb;
		uint64_t bytes[3];
	} rows[] = {
		{ 0, { 512, 100 << 10, 499712 } },
		{ 1, { 1 << 20, 500224, 1499648 } },
		{ 8, { 8 << 20, 7500288, 8499712 } },
		{ 134, { 134217728, 133500416, 134499840 } },
		{ 734, { 700 << 20, 733500416, 734499840 } },
		{ 10737, { 10ULL << 30, 10736500224, 10737499648 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sis_lun l = size_of(rows[i].mb);

		for (size_t k = 0; k < 3; k++)
			assert_true(sis_lun_has_size(&l, rows[i].bytes[k]));
		assert_false(sis_lun_has_size(&l, rows[i].bytes[0] + 1000000));
		assert_false(rows[i].mb && sis_lun_has_size(&l, rows[i].bytes[0] - 1000000));
	}
}

static bool conns(const char *text, sis_sessions *ret)
{
	sis_sessions_free(ret);
	return sis_stgt_parse_conns(text, ret);
}

static void test_conns(void **state)
{
	sis_autosessions sis_sessions l = { 0 };

	(void)state;
	assert_true(conns("", &l));
	assert_int_equal(l.n, 0);
	assert_true(conns("Session: 7\n    Connection: 2\n        Initiator: iqn.c:h2\n        \n"
			  "Session: 1\n    Connection: 0\n        Initiator: iqn.c:h1 alias: a\n"
			  "        IP Address: fe80::1%lo\n",
			  &l));
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].id, "7:2");
	assert_string_equal(l.v[0].initiator, "iqn.c:h2");
	assert_null(l.v[0].address);
	/* no alias stands there: this is a name */
	assert_string_equal(l.v[1].id, "1:0");
	assert_string_equal(l.v[1].initiator, "iqn.c:h1 alias: a");
	assert_string_equal(l.v[1].address, "fe80::1");
	/* cut off: somebody is there all the same */
	assert_false(conns("Session: 9\n", &l));
	assert_int_equal(l.n, 1);
	assert_null(l.v[0].id);
	assert_string_equal(l.v[0].initiator, "");
}

/* With line breaks in a name: what tgtd itself prints is found whatever stands between. */
static void test_conns_forged(void **state)
{
	static const char *const names[] = {
		"iqn.c:h1\n        IP Address: 10.0.0.1",
		"iqn.c:h1\n        IP Address: 10.0.0.1\nSession: 4",
		"iqn.c:h1\nSession: 4\n    Connection: 0",
		"iqn.c:h1\n\n",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sis_autofree char *text = sis_asprintf(
			"Session: 1\n    Connection: 0\n        Initiator: %s\n"
			"        IP Address: 10.0.0.2\n"
			"Session: 2\n    Connection: 0\n        Initiator: iqn.c:h2\n"
			"        IP Address: 10.0.0.3\n",
			names[i]);
		sis_autosessions sis_sessions l = { 0 };
		size_t found = 0;

		assert_false(conns(text, &l));
		sis_vec_each(s, &l)
			found += s->id && (sis_streq(s->id, "1:0") || sis_streq(s->id, "2:0"));
		assert_int_equal(found, 2);
	}
}

static void test_address(void **state)
{
	static const char *const rows[][2] = {
		{ "IP Address: 10.0.0.1", "10.0.0.1" },
		{ "RDMA IP Address: 10.0.0.1", "10.0.0.1" },
		{ "IP Address: fe80::66%lo", "fe80::66" },
		{ "IP Address: fe80::66%a-very-long-interface", NULL },
		{ "IP Address: 10.0.0.1    LUN information:", NULL },
		{ "IP Address: host", NULL },
		{ "IP Address: ", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sis_autofree char *got = sis_stgt_address(rows[i][0]);

		assert_true(rows[i][1] ? got && sis_streq(got, rows[i][1]) : !got);
	}
}

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(sis_stgt_version("1.0.85"), SIS_STGT_VERSION(1, 0, 85));
	assert_int_equal(sis_stgt_version("1.0.85-1.1"), SIS_STGT_VERSION(1, 0, 85));
	assert_true(sis_stgt_version("1.0.90") > sis_stgt_version("1.0.83"));
	assert_true(sis_stgt_version("1.1.0") > sis_stgt_version("1.0.97"));
	assert_int_equal(sis_stgt_version("1.0"), 0);
	assert_int_equal(sis_stgt_version("1.0."), 0);
	assert_int_equal(sis_stgt_version("1.0.256"), 0);
	assert_int_equal(sis_stgt_version("v1.0.85"), 0);
	assert_int_equal(sis_stgt_version(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_odd),
		cmocka_unit_test(test_stores),	cmocka_unit_test(test_rounded_size),
		cmocka_unit_test(test_version), cmocka_unit_test(test_conns),
		cmocka_unit_test(test_conns_forged), cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests_name("stgt_show", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * IET's two files against what they mean (tests/golden/iet: NAME-volume.txt and NAME-session.txt as
 * the module shows them, NAME.state what is read from both), damaged and forged ones, and the
 * editing of initiators.allow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <inttypes.h>

#include "backend/iet_allow.h"
#include "backend/iet_proc.h"
#include "golden.h"
#include "model/field.h"
#include "model/option.h"

/* ---- /proc/net/iet ---- */

static void print_lun(struct sis_str *out, const struct sis_lun *l)
{
	static const enum sis_field fields[] = { SIS_FIELD_TYPE, SIS_FIELD_IOMODE,
						 SIS_FIELD_BLOCKSIZE, SIS_FIELD_READONLY,
						 SIS_FIELD_SIZE };

	sis_str_addf(out, "  lun %" PRIu32 " path '%s'", l->number, l->path);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct sis_field_row *row = &sis_field_rows[fields[i]];

		if (!(l->known & SIS_BIT(fields[i])))
			continue;
		sis_str_addf(out, ", %s ", row->title);
		row->lun_print(l, out);
	}
	sis_str_addc(out, '\n');
}

static void print_state(struct sis_str *out, const struct sis_state *state,
			const sis_iet_drains *drains)
{
	sis_vec_each(t, &state->targets) {
		sis_str_addf(out, "target %s tid %" PRIu32 "\n", t->iqn, t->tid);
		sis_vec_each(l, &t->luns)
			print_lun(out, l);
		sis_vec_each(s, &t->sessions)
			sis_str_addf(out, "  session %s '%s' from '%s'\n", s->id, s->initiator,
				     s->address ? s->address : "");
	}
	sis_vec_each(d, drains)
		sis_str_addf(out, "drains tid %" PRIu32 " lun %" PRIu32 "\n", d->tid, d->lun);
}

/* What both files mean as text, or the error. Caller frees. */
static char *meaning(const char *volume, const char *session)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autostr struct sis_str out = { 0 };
	sis_iet_drains drains = { 0 };

	if (sis_iet_parse_volume(volume, &state, &drains, &err) < 0) {
		assert_int_equal(err.code, EPROTO);
		return sis_asprintf("error: %s\n", sis_err_msg(&err));
	}
	sis_iet_parse_session(session, &state);
	print_state(&out, &state, &drains);
	sis_vec_free(&drains);
	return sis_str_take(&out);
}

static char *golden(const char *name, const char *suffix)
{
	sis_autofree char *path = sis_asprintf("tests/golden/iet/%s%s", name, suffix);

	return golden_read(path);
}

static void test_golden(void **state)
{
	static const char *const names[] = { "none", "1.4.19", "1.4.20.3", "any-order", "forged" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sis_autofree char *volume = golden(names[i], "-volume.txt");
		sis_autofree char *session = golden(names[i], "-session.txt");
		sis_autofree char *want = golden(names[i], ".state");
		sis_autofree char *got = meaning(volume, session);

		assert_string_equal(got, want);
	}
}

static void test_odd(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "tid:1 name:a", "target a tid 1\n" }, /* no line end */
		{ "tid:1 name:", "target  tid 1\n" },
		{ "tid:1\n", "error: " },
		{ "name:a\n", "" },
		{ "tid:x name:a\n", "error: " },
		{ "tid:-1 name:a\n", "error: " },
		{ "tid:4294967296 name:a\n", "error: " },
		{ "tid:1 name:a b tid:2\n", "target a b tid:2 tid 1\n" },
		{ "tid:1 name:\x1b[2J\n", "target ?[2J tid 1\n" },
		{ "\tlun:0 state:0 iotype:fileio iomode:wt path:/x\n", "" }, /* of no target */
		{ "tid:1 name:a\n\tlun:0\n", "error: " },
		{ "tid:1 name:a\n\tlun:0 state:\n", "error: " },
		{ "tid:1 name:a\n\tlun:0 state:g iotype:fileio iomode:wt\n", "error: " },
		{ "tid:1 name:a\n\tlun:0 state:0 iotype:fileio\n", "error: " },
		{ "tid:1 name:a\n\tlun:0 state:1\n", "target a tid 1\ndrains tid 1 lun 0\n" },
		{ "tid:1 name:a\n\tlun:x state:0 iotype:fileio iomode:wt\n", "error: " },
		{ "tid:1 name:a\n\tlun:0 state:0 iotype:new iomode:wt path:/x\n",
		  "target a tid 1\n  lun 0 path '/x', type unknown, read-only off\n" },
		{ "tid:1 name:a\n\tlun:0 state:0 iotype:fileio iomode:wt blocks:1 blocksize:0\n",
		  "error: " },
		{ "tid:1 name:a\n\tlun:0 state:0 iotype:fileio iomode:wt "
		  "blocks:18446744073709551615 blocksize:4096\n",
		  "error: " },
		{ "tid:1 name:a\n  \tanything\n:\n", "target a tid 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *got = meaning(row[i].text, "");

		if (sis_streq(row[i].want, "error: "))
			assert_true(sis_str_starts(got, "error: /proc/net/iet/volume: line '"));
		else
			assert_string_equal(got, row[i].want);
	}
}

/* Every byte replaced by some that mean something, and every length: no crash, no leak. */
static void test_damaged(void **state)
{
	static const char bytes[] = " \n\t:[0\x01\xff";
	sis_autofree char *volume = golden("1.4.20.3", "-volume.txt");
	sis_autofree char *session = golden("1.4.20.3", "-session.txt");
	char *const texts[] = { volume, session };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		char *text = texts[n];

		for (size_t i = 0, len = strlen(text); i < len; i++) {
			char kept = text[i];

			for (size_t b = 0; b < sizeof(bytes); b++) { /* the NUL, too */
				text[i] = bytes[b];
				free(meaning(volume, session));
			}
			text[i] = kept;
		}
	}
}

static void test_huge(void **state)
{
	enum { TARGETS = 20000 };
	sis_autostr struct sis_str volume = { 0 }, session = { 0 };
	sis_autostate struct sis_state s = { 0 };
	size_t sessions = 0;

	(void)state;
	for (int i = TARGETS; i > 0; i--) {
		sis_str_addf(&volume,
			     "tid:%d name:iqn.x:%d\n\tlun:0 state:0 iotype:blockio "
			     "iomode:wt path:/dev/zvol/p/v%d\n",
			     i, i, i);
		sis_str_addf(&session,
			     "tid:%d name:iqn.x:%d\n\tsid:%d initiator:a\n"
			     "\t\tcid:0 ip:10.0.0.1 state:active hd:none dd:none\n",
			     i, i, i);
	}
	assert_int_equal(sis_iet_parse_volume(sis_str_get(&volume), &s, NULL, NULL), 0);
	sis_iet_parse_session(sis_str_get(&session), &s);
	assert_int_equal(s.targets.n, TARGETS);
	sis_vec_each(t, &s.targets)
		sessions += t->sessions.n;
	assert_int_equal(sessions, TARGETS);
}

/* ---- initiators.allow ---- */

static sis_rules rules_of(const char *text)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *one;
	sis_rules rules = { 0 };

	while (*text && (one = sis_str_next(&cursor, ";")))
		assert_int_equal(sis_rule_parse(one, sis_vec_add(&rules), NULL), 0);
	return rules;
}

static void test_entries(void **state)
{
	static const struct {
		const char *rules, *want; /* NULL: refused */
	} row[] = {
		{ "192.0.2.7", "[192.0.2.7]\\(" },
		{ "192.0.2.7/24", "[192.0.2.0]/24\\(" },
		{ "2001:db8::1;[2001:db8:1::]/48", "[2001:db8::1]\\(, [2001:db8:1::]/48\\(" },
		{ "iqn.1993-08.org.debian:01:abc", "iqn\\.1993-08\\.org\\.debian:01:abc" },
		{ "iqn.a*:b?c", "iqn\\.a.*:b.c" },
		{ "*", ".*" },
		{ "10.0.0.0/8;eui.0123456789abcdef", "[10.0.0.0]/8\\(, eui\\.0123456789abcdef" },
		{ "0.0.0.0", NULL },
		{ "0.0.0.0/1", NULL },
		{ "::/0", NULL },
		{ "::", NULL },
		{ "::1", "[::1]\\(" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		sis_autofree char *got = NULL;
		char iqn[] = "iqn.x:a";
		sis_rules rules = rules_of(row[i].rules), back;
		struct sis_iet_allow a = { .iqn = iqn };
		int r = sis_iet_allow_entries(&rules, &got, &err);

		assert_int_equal(r, row[i].want ? 0 : -EINVAL);
		if (row[i].want) {
			assert_string_equal(got, row[i].want);
			a.entries = got;
			sis_iet_allow_rules(&a, &back);
			assert_true(sis_rules_equal(&rules, &back));
			sis_rules_free(&back);
		}
		sis_rules_free(&rules);
	}
}

static void test_entries_limits(void **state)
{
	sis_autofree char *got = NULL;
	sis_rules rules = { 0 };

	(void)state;
	assert_int_equal(sis_iet_allow_entries(&rules, &got, NULL), 0);
	assert_null(got);
	for (int i = 0; i < 200; i++) {
		sis_autofree char *text = sis_asprintf("192.0.2.%d", i);

		assert_int_equal(sis_rule_parse(text, sis_vec_add(&rules), NULL), 0);
	}
	assert_int_equal(sis_iet_allow_entries(&rules, &got, NULL), 0);
	for (int i = 0; i < 200; i++) {
		sis_autofree char *text = sis_asprintf("198.51.100.%d", i);

		assert_int_equal(sis_rule_parse(text, sis_vec_add(&rules), NULL), 0);
	}
	free(got);
	got = NULL;
	assert_int_equal(sis_iet_allow_entries(&rules, &got, NULL), -E2BIG);
	assert_null(got);
	sis_rules_free(&rules);
}

#define A "iqn.x:a"
#define OURS_A "# shareiscsi " A "\n" A " E\n"
#define OURS_B "# shareiscsi iqn.x:b\niqn.x:b F\n"
#define OURS_ALL "# shareiscsi ALL\nALL ALL\n"

static void test_edit(void **state)
{
	static const struct {
		const char *text, *entries, *want; /* NULL: no file */
	} row[] = {
		{ NULL, NULL, NULL },
		{ NULL, "E", OURS_A OURS_ALL },
		{ OURS_A OURS_ALL, NULL, NULL },
		{ OURS_A OURS_B OURS_ALL, NULL, OURS_B OURS_ALL },
		{ OURS_B OURS_ALL, "E", OURS_A OURS_B OURS_ALL },
		{ OURS_A OURS_ALL, "G", "# shareiscsi " A "\n" A " G\n" OURS_ALL },
		/* an empty file of somebody else keeps everybody out: it stays */
		{ "", NULL, "" },
		{ "", "E", OURS_A },
		{ OURS_A, NULL, "" },
		/* others' lines, whatever they are, stay byte by byte */
		{ "ALL ALL", "E", OURS_A "ALL ALL" },
		{ OURS_A "ALL ALL", NULL, "ALL ALL" },
		{ "# x\n\nALL 10.0.0.1\r\n", "E", OURS_A "# x\n\nALL 10.0.0.1\r\n" },
		{ A " H\n", "E", OURS_A A " H\n" },
		{ A " H\n", NULL, A " H\n" },
		{ OURS_A A " H\n", NULL, A " H\n" },
		/* a comment of ours alone, or above another's line, makes nothing ours */
		{ "# shareiscsi " A "\n", NULL, "# shareiscsi " A "\n" },
		{ "# shareiscsi " A "\niqn.x:b F\n", NULL, "# shareiscsi " A "\niqn.x:b F\n" },
		{ "# shareiscsi " A "\niqn.x:ab F\n", NULL, "# shareiscsi " A "\niqn.x:ab F\n" },
		{ "# shareiscsi " A "b\niqn.x:ab F\n", NULL, "# shareiscsi " A "b\niqn.x:ab F\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *got = sis_iet_allow_edit(row[i].text, A, row[i].entries);

		if (row[i].want) {
			assert_non_null(got);
			assert_string_equal(got, row[i].want);
		} else {
			assert_null(got);
		}
	}
}

/* The entries by which ietd judges A, when they are ours; "" else. Caller frees. */
static char *in_effect(const char *text)
{
	const struct sis_iet_allow *a;
	sis_iet_allows l;
	char *entries;

	sis_iet_allows_parse(text, &l);
	a = sis_iet_allows_find(&l, A);
	entries = sis_strdup(a ? a->entries : "");
	sis_iet_allows_free(&l);
	return entries;
}

static void test_in_effect(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ NULL, "" },
		{ "", "" },
		{ OURS_A, "E" },
		{ OURS_B OURS_A, "E" },
		{ "# shareiscsi " A "\n" A " E, F,G \n", "E, F,G" },
		{ "ALL ALL\n" OURS_A, "" },
		{ "ALL\n" OURS_A, "E" },  /* "ALL" without entries is no line */
		{ " ALL \n" OURS_A, "" }, /* with a blank behind it is */
		{ "all ALL\n" OURS_A, "E" },
		{ "#ALL ALL\n" OURS_A, "E" },
		{ A " H\n" OURS_A, "" },      /* somebody else's comes first */
		{ "IQN.X:A H\n" OURS_A, "" }, /* ietd ignores the case of names */
		{ OURS_A A " H\n", "E" },
		{ A " H\n", "" },
		{ "# shareiscsi " A "\n" A " E", "" }, /* no line end: ietd does not see it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *got = in_effect(row[i].text);

		assert_string_equal(got, row[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_odd),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_huge),
		cmocka_unit_test(test_entries), cmocka_unit_test(test_entries_limits),
		cmocka_unit_test(test_edit),	cmocka_unit_test(test_in_effect),
	};

	return cmocka_run_group_tests_name("iet", tests, NULL, NULL);
}

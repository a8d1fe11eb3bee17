/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Plans against their golden file; and what must hold for every plan there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "golden.h"
#include "model/option.h"
#include "model/plan.h"

struct plan_case {
	char *title;
	bool force;
	struct sis_state desired, live;
	struct sis_str want;
	struct sis_target *target; /* the one above the LUNs being read */
	bool reading_live;
};

#define LUN_KNOWN                                                                                 \
	(SIS_BIT(SIS_FIELD_VOLUME) | SIS_BIT(SIS_FIELD_BLOCKSIZE) | SIS_BIT(SIS_FIELD_READONLY) | \
	 SIS_BIT(SIS_FIELD_SIZE) | SIS_BIT(SIS_FIELD_THIN))

static void add_sessions(struct sis_target *t, uint64_t n, bool named)
{
	for (uint64_t i = 0; i < n; i++)
		sis_vec_push(&t->sessions,
			     ((struct sis_session){
				     .id = named ? sis_asprintf("%" PRIu64, i) : NULL,
				     .initiator = sis_asprintf("iqn.2020-01.org.c:h%" PRIu64, i),
				     .address = sis_asprintf("10.0.0.%" PRIu64, i),
			     }));
}

static uint64_t number(const char *text, bool hex)
{
	char *end;
	uint64_t n = strtoull(text, &end, hex ? 16 : 10);

	assert_true(*text && !*end);
	return n;
}

static void target_word(struct sis_target *t, const char *word)
{
	const char *v;

	if (sis_streq(word, "ours"))
		t->owner = SIS_OWNER_OURS;
	else if (sis_streq(word, "foreign"))
		t->owner = SIS_OWNER_FOREIGN;
	else if (sis_streq(word, "shown"))
		t->shown = true;
	else if (sis_streq(word, "half"))
		t->half = true;
	else if ((v = sis_str_after(word, "sessions=")))
		add_sessions(t, number(v, false), true);
	else if ((v = sis_str_after(word, "unnamed=")))
		add_sessions(t, number(v, false), false);
	else if ((v = sis_str_after(word, "rule=")))
		assert_int_equal(sis_rule_parse(v, sis_vec_add(&t->rules), NULL), 0);
	else
		fail_msg("bad word '%s'", word);
}

static void lun_word(struct sis_lun *l, const char *word)
{
	const char *v;

	if ((v = sis_str_after(word, "guid=")))
		l->guid = number(v, true);
	else if ((v = sis_str_after(word, "bs=")))
		l->blocksize = (uint32_t)number(v, false);
	else if ((v = sis_str_after(word, "size=")))
		l->size = number(v, false);
	else if (sis_streq(word, "ro"))
		l->readonly = true;
	else if (sis_streq(word, "thin"))
		l->thin = true;
	else if (sis_streq(word, "keep"))
		l->keep = true;
	else
		fail_msg("bad word '%s'", word);
}

static void read_target(struct plan_case *c, char *line)
{
	struct sis_state *s = *line == 'D' ? &c->desired : &c->live;
	char *cursor = line + 2, *word;

	c->reading_live = *line == 'L';
	c->target = sis_vec_add(&s->targets);
	c->target->iqn = sis_strdup(sis_str_next(&cursor, " "));
	c->target->known = SIS_BIT(SIS_FIELD_RULES);
	while ((word = sis_str_next(&cursor, " ")))
		target_word(c->target, word);
}

static void read_lun(struct plan_case *c, char *line)
{
	struct sis_lun *l = sis_vec_add(&c->target->luns);
	char *cursor = line + strlen("lun "), *word;

	l->number = (uint32_t)number(sis_str_next(&cursor, " "), false);
	while ((word = sis_str_next(&cursor, " ")))
		lun_word(l, word);
	if (l->guid)
		l->volume = sis_asprintf("v%" PRIu64, l->guid);
	if (c->reading_live)
		l->known = LUN_KNOWN;
}

static void dump(const struct sis_plan *p, struct sis_str *out)
{
	sis_vec_each(g, &p->groups) {
		sis_str_addf(out, "%s\n", g->iqn);
		if (g->refused.code) {
			sis_str_addf(out, "  refused %d: %s\n", g->refused.code, g->refused.msg);
			continue;
		}
		if (g->blocked.code)
			sis_str_addf(out, "  blocked %d %s: %s\n", g->blocked.code,
				     g->blocked_volume, g->blocked.msg);
		sis_vec_each(s, &g->steps) {
			bool lun = s->kind == SIS_STEP_LUN_ADD || s->kind == SIS_STEP_LUN_DEL ||
				   s->kind == SIS_STEP_LUN_SET;

			sis_str_addf(out, "  %s", sis_step_names[s->kind]);
			if (lun)
				sis_str_addf(out, " %" PRIu32, s->lun);
			sis_str_addf(out, ": %s\n", s->reason);
		}
	}
}

/*
 * What goes, goes first; nothing is shown before its rules are set, no LUN is added before them to
 * a target that is there; and nothing follows once it is shown.
 */
static void check_order(const struct sis_plan *p)
{
	sis_vec_each(g, &p->groups) {
		bool access = g->live != NULL, added = false, shown = false;

		if (g->refused.code)
			continue;
		sis_vec_each(s, &g->steps) {
			assert_non_null(s->reason);
			assert_false(shown);
			assert_false(added && s->kind <= SIS_STEP_TARGET_DEL);
			assert_false(g->live && added && s->kind == SIS_STEP_TARGET_SET);
			added |= s->kind == SIS_STEP_LUN_ADD;
			access |= s->kind == SIS_STEP_TARGET_SET;
			shown = s->kind == SIS_STEP_SHOW;
			assert_true(access || !shown);
		}
	}
}

static void run_case(struct plan_case *c)
{
	sis_autoplan struct sis_plan p = { 0 };
	sis_autostr struct sis_str got = { 0 };

	if (!c->title)
		return;
	sis_state_sort(&c->desired);
	sis_state_sort(&c->live);
	sis_plan_make(&c->desired, &c->live, c->force, &p);
	dump(&p, &got);
	if (!sis_streq(sis_str_get(&got), sis_str_get(&c->want)))
		fail_msg("case '%s': wanted\n%sgot\n%s", c->title, sis_str_get(&c->want),
			 sis_str_get(&got));
	check_order(&p);
}

static void end_case(struct plan_case *c)
{
	free(c->title);
	sis_state_free(&c->desired);
	sis_state_free(&c->live);
	sis_str_free(&c->want);
	*c = (struct plan_case){ 0 };
}

static void test_golden(void **state)
{
	sis_autofree char *text = golden_read("tests/golden/model/plans.txt");
	char *cursor = text, *line;
	struct plan_case c = { 0 };
	size_t n = 0;

	(void)state;
	while ((line = golden_line(&cursor))) {
		if (sis_str_starts(line, "case ")) {
			run_case(&c);
			end_case(&c);
			c.title = sis_strdup(line + strlen("case "));
			n++;
		} else if (*line == 'D' || *line == 'L') {
			read_target(&c, line);
		} else if (sis_str_starts(line, "lun ")) {
			read_lun(&c, line);
		} else if (sis_str_starts(line, "> ")) {
			sis_str_addf(&c.want, "%s\n", line + 2);
		} else if (sis_streq(line, "force")) {
			c.force = true;
		} else {
			assert_true(!*line || *line == '#');
		}
	}
	run_case(&c);
	end_case(&c);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_golden) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

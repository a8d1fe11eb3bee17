/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The difference between desired and live as ordered steps. Pure; carrying out is core/apply.c's.
 */
#include "model/plan.h"

#include <inttypes.h>

#include "base/str.h"
#include "model/option.h"

enum { SESSIONS_SHOWN = 8 };

/* Every field of a target: what a new one is told. */
#define TARGET_FIELDS \
	(SIS_BIT(SIS_FIELD_RULES) | SIS_BIT(SIS_FIELD_CHAP) | SIS_BIT(SIS_FIELD_PORTALS))

const char *const sis_step_names[SIS_STEP_N] = {
	[SIS_STEP_HIDE] = "hide target",	 [SIS_STEP_LUN_DEL] = "delete LUN",
	[SIS_STEP_TARGET_DEL] = "delete target", [SIS_STEP_TARGET_ADD] = "add target",
	[SIS_STEP_LUN_ADD] = "add LUN",		 [SIS_STEP_LUN_SET] = "change LUN",
	[SIS_STEP_TARGET_SET] = "set access",	 [SIS_STEP_SESSION_END] = "end sessions",
	[SIS_STEP_SHOW] = "show target",
};

/* Takes ownership of `reason`. */
static void add_step(struct sis_group *g, enum sis_step_kind kind, uint32_t lun, unsigned changed,
		     char *reason)
{
	sis_vec_push(&g->steps, ((struct sis_step){ kind, lun, changed, reason }));
}

static unsigned fields_of(enum sis_change change)
{
	unsigned bits = 0;

	for (int f = 0; f < SIS_FIELD_N; f++)
		if (sis_field_rows[f].change == change)
			bits |= SIS_BIT(f);
	return bits;
}

static void plan_new(struct sis_group *g)
{
	const char *volume = g->desired->luns.v[0].volume;

	add_step(g, SIS_STEP_TARGET_ADD, 0, 0, sis_asprintf("'%s' is to be shared", volume));
	sis_vec_each(l, &g->desired->luns)
		add_step(g, SIS_STEP_LUN_ADD, l->number, 0,
			 sis_asprintf("'%s' is to be LUN %" PRIu32, l->volume, l->number));
	add_step(g, SIS_STEP_TARGET_SET, 0, TARGET_FIELDS,
		 sis_strdup("the target is new: access before it is shown"));
	add_step(g, SIS_STEP_SHOW, 0, 0, sis_strdup("the target is complete"));
}

static char *lun_gone_reason(const struct sis_lun *l)
{
	return l->volume ? sis_asprintf("'%s' is not to be shared here", l->volume) :
			   sis_asprintf("LUN %" PRIu32 " belongs to no shared volume", l->number);
}

static void plan_removal(struct sis_group *g)
{
	bool whole = true;

	sis_vec_each(l, &g->live->luns)
		whole &= !l->keep;
	if (whole && g->live->shown)
		add_step(g, SIS_STEP_HIDE, 0, 0, sis_strdup("the target goes away"));
	sis_vec_each(l, &g->live->luns)
		if (!l->keep)
			add_step(g, SIS_STEP_LUN_DEL, l->number, 0, lun_gone_reason(l));
	if (whole)
		add_step(g, SIS_STEP_TARGET_DEL, 0, 0, sis_strdup("no LUN is left in it"));
	g->drops = g->steps.n > 0;
}

enum verdict { LUN_SAME, LUN_NEW, LUN_SET, LUN_REBUILD, LUN_REFUSED };

/* What is to be done about a LUN that should be; *diff says why. */
static enum verdict judge_lun(const struct sis_group *g, const struct sis_lun *want,
			      const struct sis_lun **have, unsigned *diff)
{
	*have = sis_target_lun(g->live, want->number);
	*diff = 0;
	if (!*have)
		return LUN_NEW;
	if ((*have)->keep)
		return (*have)->guid == want->guid ? LUN_SAME : LUN_REFUSED;
	*diff = sis_lun_diff(want, *have);
	if (!*diff)
		return LUN_SAME;
	if (sis_lun_check_change(want, *have, NULL) < 0)
		return LUN_REFUSED;
	if (*diff & fields_of(SIS_CHANGE_REBUILD))
		return LUN_REBUILD;
	return LUN_SET;
}

/* The LUN stays as it is; that stops no other one. The first of several is told. */
static void block_lun(struct sis_group *g, const struct sis_lun *want, const struct sis_lun *have)
{
	if (g->blocked.code)
		return;
	g->blocked_volume = want->volume;
	if (have->keep)
		(void)sis_err_set(&g->blocked, EEXIST, "LUN %" PRIu32 " of '%s' is held by '%s'",
				  want->number, g->iqn, have->volume ? have->volume : have->path);
	else
		(void)sis_lun_check_change(want, have, &g->blocked);
}

/* Adds a step of `kind` for every desired LUN with this verdict. */
static void plan_luns(struct sis_group *g, enum verdict verdict, enum sis_step_kind kind)
{
	sis_vec_each(want, &g->desired->luns) {
		const struct sis_lun *have;
		unsigned diff;

		if (judge_lun(g, want, &have, &diff) != verdict)
			continue;
		if (verdict == LUN_REFUSED)
			block_lun(g, want, have);
		else
			add_step(g, kind, want->number, diff,
				 have ? sis_lun_diff_text(want, have, diff) :
					sis_asprintf("'%s' is to be LUN %" PRIu32, want->volume,
						     want->number));
	}
}

static bool has_verdict(const struct sis_group *g, enum verdict verdict)
{
	sis_vec_each(want, &g->desired->luns) {
		const struct sis_lun *have;
		unsigned diff;

		if (judge_lun(g, want, &have, &diff) == verdict)
			return true;
	}
	return false;
}

/* A live LUN that stays whatever its volume's property says, or NULL. */
static const struct sis_lun *kept_lun(const struct sis_target *live)
{
	sis_vec_each(l, &live->luns)
		if (l->keep)
			return l;
	return NULL;
}

/* Access is the whole target's: it must not change for a LUN of which nobody said so. */
static void refuse_access(struct sis_group *g, const struct sis_lun *kept, unsigned diff)
{
	sis_autofree char *text = sis_target_diff_text(g->desired, g->live, diff);

	(void)sis_err_set(&g->refused, EPERM,
			  "%s; but '%s', which stays as it is, is in the same target '%s': see to "
			  "that one first",
			  text, kept->volume ? kept->volume : kept->path, g->iqn);
}

/*
 * Of these, the sessions that the desired rules do not admit; borrowed. Where a target tells one
 * session of an initiator only (LIO) the others are without handle: those of one named already.
 */
static void shut_out(const struct sis_group *g, const sis_sessions *now, sis_sessions *ret)
{
	sis_vec_each(s, now)
		if (s->id && !sis_rules_admit(&g->desired->rules, s))
			sis_vec_push(ret, *s);
}

/* Where the rules change, who is shut out is looked for again once they are in place. */
static void plan_sessions(struct sis_group *g, bool rules, bool force)
{
	sis_sessions out = { 0 };

	shut_out(g, &g->live->sessions, &out);
	if (!out.n && rules && force && g->live->sessions.n)
		add_step(g, SIS_STEP_SESSION_END, 0, 0, sis_strdup("who is no longer allowed"));
	if (out.n) {
		sis_autofree char *who = sis_sessions_text(&out);

		add_step(g, SIS_STEP_SESSION_END, 0, 0, sis_asprintf("no longer allowed: %s", who));
	}
	sis_vec_free(&out);
}

/* Where all that is desired is read-only `=ro` was left out, but a LUN that is kept shows it still. */
static bool only_ro_differs(const struct sis_group *g)
{
	return !sis_target_writable(g->desired) &&
	       sis_rules_name_same(&g->desired->rules, &g->live->rules);
}

static void plan_existing(struct sis_group *g, bool force)
{
	bool hide = g->live->shown && has_verdict(g, LUN_REBUILD);
	unsigned diff = sis_target_diff(g->desired, g->live);
	const struct sis_lun *kept = kept_lun(g->live);

	if (kept && only_ro_differs(g))
		diff &= ~SIS_BIT(SIS_FIELD_RULES);
	if (diff && kept) {
		refuse_access(g, kept, diff);
		return;
	}
	plan_luns(g, LUN_REFUSED, SIS_STEP_N);
	if (hide)
		add_step(g, SIS_STEP_HIDE, 0, 0, sis_strdup("a LUN is made anew"));
	sis_vec_each(l, &g->live->luns)
		if (!l->keep && !sis_target_lun(g->desired, l->number))
			add_step(g, SIS_STEP_LUN_DEL, l->number, 0, lun_gone_reason(l));
	plan_luns(g, LUN_REBUILD, SIS_STEP_LUN_DEL);
	g->drops = g->steps.n > 0;
	if (g->live->half)
		add_step(g, SIS_STEP_TARGET_ADD, 0, 0,
			 sis_strdup("pieces of the target are missing"));
	/* Who may see it is settled before there is anything more to be seen. */
	if (diff)
		add_step(g, SIS_STEP_TARGET_SET, 0, diff,
			 sis_target_diff_text(g->desired, g->live, diff));
	plan_sessions(g, diff & SIS_BIT(SIS_FIELD_RULES), force);
	plan_luns(g, LUN_NEW, SIS_STEP_LUN_ADD);
	plan_luns(g, LUN_REBUILD, SIS_STEP_LUN_ADD);
	plan_luns(g, LUN_SET, SIS_STEP_LUN_SET);
	if (hide || !g->live->shown)
		add_step(g, SIS_STEP_SHOW, 0, 0, sis_strdup("initiators may not log in yet"));
}

char *sis_sessions_text(const sis_sessions *l)
{
	sis_autostr struct sis_str out = { 0 };

	for (size_t i = 0; i < l->n && i < SESSIONS_SHOWN; i++) {
		const struct sis_session *s = &l->v[i];

		sis_str_addf(&out, "%s%s%s%s", i ? ", " : "", s->initiator,
			     s->address ? " from " : "", s->address ? s->address : "");
	}
	if (l->n > SESSIONS_SHOWN)
		sis_str_addf(&out, " and %zu more", l->n - SESSIONS_SHOWN);
	return sis_str_take(&out);
}

static bool deletes(const struct sis_group *g, uint32_t lun)
{
	sis_vec_each(s, &g->steps)
		if (s->kind == SIS_STEP_LUN_DEL && s->lun == lun)
			return true;
	return false;
}

/* What to give the command as names: the volumes whose LUNs go, else all of the target. */
static char *names_text(const struct sis_group *g)
{
	sis_autostr struct sis_str out = { 0 };

	sis_vec_each(l, &g->live->luns) {
		sis_autofree char *word = l->volume ? sis_shell_quote(l->volume) : NULL;

		if (word && (!g->drops || deletes(g, l->number)))
			sis_str_addf(&out, " %s", word);
	}
	return sis_str_take(&out);
}

static int in_use(const struct sis_group *g, const sis_sessions *l, struct sis_err *err)
{
	const char *one = l->n == 1 ? " is" : "s are", *end = l->n == 1 ? "" : "s";
	sis_autofree char *who = sis_sessions_text(l), *names = names_text(g);

	if (g->drops)
		return sis_err_set(err, SIS_ERR_INUSE,
				   "%zu initiator%s logged in to '%s' (%s); log out first, or end "
				   "the session%s with `shareiscsi unshare -f%s`",
				   l->n, one, g->iqn, who, end, names);
	return sis_err_set(err, SIS_ERR_INUSE,
			   "%zu initiator%s logged in to '%s' (%s), which the new initiator= shuts "
			   "out; log out first, or end the session%s with `shareiscsi sync -f%s`; "
			   "while the value is not set yet, end all with `shareiscsi unshare -f%s`",
			   l->n, one, g->iqn, who, end, names, names);
}

bool sis_group_may_drop(const struct sis_group *g)
{
	bool shuts = false;

	sis_vec_each(s, &g->steps)
		shuts |= s->kind == SIS_STEP_SESSION_END || s->kind == SIS_STEP_TARGET_ADD ||
			 (s->kind == SIS_STEP_TARGET_SET && s->changed & SIS_BIT(SIS_FIELD_RULES));
	return g->drops || (g->live && shuts);
}

/* Without force no session ends: neither for a LUN that goes nor for rules that shut it out. */
int sis_group_in_use(const struct sis_group *g, const sis_sessions *now, struct sis_err *err)
{
	sis_sessions out = { 0 };
	int rc = 0;

	if (g->drops)
		return now->n ? in_use(g, now, err) : 0;
	if (g->desired)
		shut_out(g, now, &out);
	if (out.n)
		rc = in_use(g, &out, err);
	sis_vec_free(&out);
	return rc;
}

static void plan_group(struct sis_plan *p, const struct sis_target *desired,
		       const struct sis_target *live, bool force)
{
	struct sis_group g = { .iqn = desired ? desired->iqn : live->iqn,
			       .desired = desired,
			       .live = live };

	if (!live)
		plan_new(&g);
	else if (live->owner == SIS_OWNER_FOREIGN && desired)
		(void)sis_err_set(&g.refused, EEXIST,
				  "target '%s' exists and was not made by this tool; remove it or "
				  "choose another name with name=",
				  live->iqn);
	else if (live->owner == SIS_OWNER_FOREIGN)
		return;
	else if (!desired)
		plan_removal(&g);
	else
		plan_existing(&g, force);
	if (live && !force && !g.refused.code)
		(void)sis_group_in_use(&g, &live->sessions, &g.refused);
	if (g.steps.n || g.refused.code || g.blocked.code)
		sis_vec_push(&p->groups, g);
}

/* What takes away comes first: a volume can only have one exclusive holder at a time. */
static int group_cmp(const void *a, const void *b)
{
	const struct sis_group *x = a, *y = b;
	int dx = x->desired ? x->drops ? 1 : 2 : 0, dy = y->desired ? y->drops ? 1 : 2 : 0;

	return dx != dy ? dx - dy : strcmp(x->iqn, y->iqn);
}

/* One search in each of the three parts that group_cmp() sorts into. */
struct sis_group *sis_plan_find(const struct sis_plan *p, const char *iqn)
{
	static const struct sis_target some;
	const struct sis_group keys[] = {
		{ .iqn = iqn },
		{ .iqn = iqn, .desired = &some, .drops = true },
		{ .iqn = iqn, .desired = &some },
	};
	struct sis_group *found = NULL;

	for (size_t i = 0; !found && i < sizeof(keys) / sizeof(keys[0]); i++)
		found = sis_vec_find(&p->groups, &keys[i], group_cmp);
	return found;
}

static bool gives_up(const struct sis_group *g, uint64_t guid)
{
	if (g->live)
		sis_vec_each(l, &g->live->luns)
			if (l->guid == guid)
				return true;
	return false;
}

/* A volume that cannot leave its old target must not appear in a second one. */
void sis_plan_refuse_followers(struct sis_plan *p, const struct sis_group *held)
{
	if (!held->live)
		return; /* it had nothing to give up */
	sis_vec_each(g, &p->groups) {
		if (g == held || g->refused.code || !g->desired)
			continue;
		sis_vec_each(l, &g->desired->luns)
			if (!g->refused.code && gives_up(held, l->guid) &&
			    !(g->live && gives_up(g, l->guid)))
				(void)sis_err_set(&g->refused, held->refused.code, "%s",
						  held->refused.msg);
	}
}

/* A live LUN that is not ours, of a target. */
struct other {
	const struct sis_target *target;
	const struct sis_lun *lun;
};
typedef SIS_VEC(struct other) other_luns;

static int other_cmp(const void *a, const void *b)
{
	const struct other *x = a, *y = b;

	return strcmp(x->lun->path, y->lun->path);
}

/* Sorted by path. */
static void find_others(const struct sis_state *live, other_luns *ret)
{
	sis_vec_each(t, &live->targets)
		sis_vec_each(l, &t->luns)
			if (!l->guid && l->path)
				sis_vec_push(ret, ((struct other){ t, l }));
	sis_vec_sort(ret, other_cmp);
}

/*
 * Two LUNs with two serial numbers are two disks to an initiator, and their data is one: a volume
 * that something else shares is not shared a second time.
 */
static void refuse_shared_by_others(struct sis_group *g, const other_luns *l)
{
	if (g->refused.code || !g->desired)
		return;
	sis_vec_each(want, &g->desired->luns) {
		const struct other key = { .lun = want };
		const struct other *found = want->path ? sis_vec_find(l, &key, other_cmp) : NULL;

		if (!found || gives_up(g, want->guid))
			continue;
		(void)sis_err_set(&g->refused, EEXIST,
				  "'%s' is LUN %" PRIu32 " of target '%s' already, which was not "
				  "made by this tool; take that over with `shareiscsi adopt %s`, "
				  "or remove it",
				  want->volume, found->lun->number, found->target->iqn,
				  found->target->iqn);
		return;
	}
}

void sis_plan_make(const struct sis_state *desired, const struct sis_state *live, bool force,
		   struct sis_plan *ret)
{
	size_t d = 0, l = 0, n;
	other_luns others = { 0 };

	*ret = (struct sis_plan){ 0 };
	while (d < desired->targets.n || l < live->targets.n) {
		const struct sis_target *x = d < desired->targets.n ? &desired->targets.v[d] : NULL;
		const struct sis_target *y = l < live->targets.n ? &live->targets.v[l] : NULL;
		int cmp = !x ? 1 : !y ? -1 : strcmp(x->iqn, y->iqn);

		plan_group(ret, cmp <= 0 ? x : NULL, cmp >= 0 ? y : NULL, force);
		d += cmp <= 0;
		l += cmp >= 0;
	}
	sis_vec_sort(&ret->groups, group_cmp);
	find_others(live, &others);
	sis_vec_each(g, &ret->groups)
		refuse_shared_by_others(g, &others);
	sis_vec_free(&others);
	n = ret->groups.n;
	for (size_t i = 0; i < n; i++)
		if (ret->groups.v[i].refused.code && ret->groups.v[i].live)
			sis_plan_refuse_followers(ret, &ret->groups.v[i]);
}

void sis_group_steps_free(struct sis_group *g)
{
	sis_vec_each(s, &g->steps)
		free(s->reason);
	sis_vec_free(&g->steps);
}

void sis_plan_free(struct sis_plan *p)
{
	sis_vec_each(g, &p->groups) {
		sis_group_steps_free(g);
		sis_err_clear(&g->refused);
		sis_err_clear(&g->blocked);
	}
	sis_vec_free(&p->groups);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who gets at the LUNs of an SCST target: LUN sets, access groups, portals; changed in an order
 * that is never more open than the old or the new rules. Must not touch groups of others.
 */
#include "backend/scst_access.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static int group_make(struct sis_bx *bx, const char *iqn, const char *name, struct sis_err *err)
{
	sis_autofree char *mgmt = sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/mgmt", iqn);
	sis_autofree char *proof = sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s", iqn, name);
	sis_autofree char *command = sis_asprintf("create %s", name);

	return sis_scst_make(bx, mgmt, command, proof, err);
}

/* The read-only group first: an initiator that both take may then only read. */
int sis_scst_groups_make(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	sis_autofree char *rw = sis_scst_group(bx, iqn, SIS_SCST_RW);
	int r;

	r = group_make(bx, iqn, sis_scst_own_group(SIS_SCST_RO), err);
	return r < 0 ? r : group_make(bx, iqn, rw, err);
}

/* A group with sessions cannot be deleted: without patterns they move to the default set. */
static int group_delete(struct sis_bx *bx, const char *iqn, const char *name, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups", iqn);
	sis_autofree char *mgmt = sis_asprintf("%s/mgmt", dir);
	sis_autofree char *proof = sis_asprintf("%s/%s", dir, name);
	sis_autofree char *command = sis_asprintf("del %s", name);
	int r;

	if (!sis_scst_exists(bx, "%s", proof))
		return 0;
	r = sis_scst_poke(bx, "clear", err, "%s/initiators/mgmt", proof);
	return r < 0 ? r : sis_scst_unmake(bx, mgmt, command, proof, err);
}

static int set_add(struct sis_bx *bx, const char *iqn, enum sis_scst_set set, uint32_t number,
		   const char *device, struct sis_err *err)
{
	sis_autofree char *dir = sis_scst_set_path(bx, iqn, set);
	sis_autofree char *mgmt = sis_asprintf("%s/mgmt", dir);
	sis_autofree char *proof = sis_asprintf("%s/%u", dir, number);
	sis_autofree char *command = sis_asprintf("add %s %u%s", device, number,
						  set == SIS_SCST_RO ? " read_only=1" : "");
	sis_autofree char *holder = NULL;
	int r;

	r = sis_scst_make(bx, mgmt, command, proof, err);
	if (r < 0 || bx->dry)
		return r;
	r = sis_scst_set_device(bx, iqn, set, number, &holder, err);
	if (r == 0 && !sis_streq(holder, device))
		return sis_err_set(err, EEXIST, "LUN %u of '%s' belongs to device '%s'", number, iqn,
				   holder);
	return r;
}

static int set_delete(struct sis_bx *bx, const char *iqn, enum sis_scst_set set, uint32_t number,
		      struct sis_err *err)
{
	sis_autofree char *dir = sis_scst_set_path(bx, iqn, set);
	sis_autofree char *mgmt = sis_asprintf("%s/mgmt", dir);
	sis_autofree char *proof = sis_asprintf("%s/%u", dir, number);
	sis_autofree char *command = sis_asprintf("del %u", number);

	return sis_scst_unmake(bx, mgmt, command, proof, err);
}

int sis_scst_place(struct sis_bx *bx, const struct sis_target *t, uint32_t number,
		   const char *device, struct sis_err *err)
{
	int r;

	if (!t->rules.n)
		return set_add(bx, t->iqn, SIS_SCST_DEFAULT, number, device, err);
	r = sis_scst_groups_make(bx, t->iqn, err);
	if (r == 0)
		r = set_add(bx, t->iqn, SIS_SCST_RO, number, device, err);
	return r < 0 ? r : set_add(bx, t->iqn, SIS_SCST_RW, number, device, err);
}

static int pattern_set(struct sis_bx *bx, const char *iqn, const char *group, const char *text,
		       bool there, struct sis_err *err)
{
	sis_autofree char *dir =
		sis_asprintf(SIS_SCST_ISCSI "/%s/ini_groups/%s/initiators", iqn, group);
	sis_autofree char *mgmt = sis_asprintf("%s/mgmt", dir);
	sis_autofree char *proof = sis_asprintf("%s/%s", dir, text);
	sis_autofree char *command = sis_asprintf("%s %s", there ? "add" : "del", text);

	return there ? sis_scst_make(bx, mgmt, command, proof, err) :
		       sis_scst_unmake(bx, mgmt, command, proof, err);
}

static enum sis_scst_set set_of(const struct sis_rule *rule)
{
	return rule->ro ? SIS_SCST_RO : SIS_SCST_RW;
}

static bool wanted(const struct sis_target *t, enum sis_scst_set set, const char *text)
{
	sis_vec_each(rule, &t->rules) {
		if (set_of(rule) == set && sis_streq(rule->text, text))
			return true;
	}
	return false;
}

/*
 * SCST goes by the first group that knows an initiator. What was taken over stands before the
 * read-only group, which was made later.
 */
static int check_order(struct sis_bx *bx, const struct sis_target *t, const char *rw,
		       struct sis_err *err)
{
	sis_autostrv sis_strv theirs = { 0 };
	int r = sis_scst_foreign_groups(bx, t->iqn, &theirs, err);

	sis_vec_each(rule, &t->rules)
		if (r == 0 && rule->ro && sis_strv_has(&theirs, rw))
			r = sis_err_set(err, EOPNOTSUPP, "the group '%s' that target '%s' was taken over "
					"with stands before one for reading only: `shareiscsi unshare` "
					"it, then share it again", rw, t->iqn);
	return r;
}

static int check_rules(const struct sis_target *t, struct sis_err *err)
{
	sis_vec_each(rule, &t->rules) {
		int r = sis_scst_check_pattern(rule->text, "the initiator", err);

		if (r == 0 && (rule->kind != SIS_RULE_NAME || strchr(rule->text, '/')))
			r = sis_err_set(err, ENOTSUP, "SCST knows initiators by name, not '%s'",
					rule->text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Who moves from one group to the other is first in both: the session keeps its LUNs. */
static int set_patterns(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	int r = 0;

	sis_vec_each(rule, &t->rules) {
		sis_autofree char *group = sis_scst_group(bx, t->iqn, set_of(rule));

		r = pattern_set(bx, t->iqn, group, rule->text, true, err);
		if (r < 0)
			return r;
	}
	for (int i = SIS_SCST_RO; i < SIS_SCST_SET_N; i++) {
		enum sis_scst_set set = (enum sis_scst_set)i;
		sis_autofree char *group = sis_scst_group(bx, t->iqn, set);
		sis_autostrv sis_strv live = { 0 };

		r = sis_scst_patterns(bx, t->iqn, set, &live, err);
		for (size_t k = 0; r == 0 && k < live.n; k++) {
			if (!wanted(t, set, live.v[k]))
				r = pattern_set(bx, t->iqn, group, live.v[k], false, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_last(struct sis_bx *bx, const char *iqn, uint32_t number)
{
	sis_scst_numbers numbers = { 0 };
	bool last = sis_scst_set_luns(bx, iqn, SIS_SCST_RW, &numbers, NULL) == 0 &&
		    numbers.n == 1 && numbers.v[0] == number;

	sis_vec_free(&numbers);
	return last;
}

int sis_scst_leave_group(struct sis_bx *bx, const char *iqn, uint32_t number, struct sis_err *err)
{
	sis_autofree char *rw = sis_scst_group(bx, iqn, SIS_SCST_RW);
	const char *ours = sis_scst_own_group(SIS_SCST_RW);
	sis_autostrv sis_strv patterns = { 0 };
	int r;

	if (sis_streq(rw, ours) || !is_last(bx, iqn, number))
		return 0;
	r = sis_scst_patterns(bx, iqn, SIS_SCST_RW, &patterns, err);
	if (r == 0)
		r = group_delete(bx, iqn, rw, err);
	if (r == 0)
		r = group_make(bx, iqn, sis_scst_own_group(SIS_SCST_RO), err);
	if (r == 0)
		r = group_make(bx, iqn, ours, err);
	sis_vec_each(p, &patterns)
		if (r == 0)
			r = pattern_set(bx, iqn, ours, *p, true, err);
	return r;
}

/* Puts the LUNs of one set where the rules want them. */
static int spread(struct sis_bx *bx, const struct sis_target *t, enum sis_scst_set from,
		  struct sis_err *err)
{
	sis_scst_numbers numbers = { 0 };
	int r;

	r = sis_scst_set_luns(bx, t->iqn, from, &numbers, err);
	for (size_t i = 0; r == 0 && i < numbers.n; i++) {
		sis_autofree char *device = NULL;

		r = sis_scst_set_device(bx, t->iqn, from, numbers.v[i], &device, err);
		if (r == 0)
			r = sis_scst_place(bx, t, numbers.v[i], device, err);
		else if (r == -ENOENT) { /* went away meanwhile */
			sis_err_clear(err);
			r = 0;
		}
	}
	sis_vec_free(&numbers);
	return r;
}

static int empty_default(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	sis_scst_numbers numbers = { 0 };
	int r;

	r = sis_scst_set_luns(bx, iqn, SIS_SCST_DEFAULT, &numbers, err);
	for (size_t i = 0; r == 0 && i < numbers.n; i++)
		r = set_delete(bx, iqn, SIS_SCST_DEFAULT, numbers.v[i], err);
	sis_vec_free(&numbers);
	return r;
}

/*
 * From everyone to some: the groups get LUNs, then initiators, which moves their sessions without
 * loss; only then the default set is emptied for the others. From some to everyone: the default
 * set gets the LUNs before the groups let go of their sessions.
 */
int sis_scst_set_rules(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	/* which group is ours can be told as long as nobody else has LUNs */
	sis_autofree char *rw = sis_scst_group(bx, t->iqn, SIS_SCST_RW);
	sis_autofree char *ro = sis_scst_group(bx, t->iqn, SIS_SCST_RO);
	int r;

	r = check_rules(t, err);
	if (r == 0)
		r = check_order(bx, t, rw, err);
	if (r == 0 && t->rules.n)
		r = sis_scst_groups_make(bx, t->iqn, err);
	if (r == 0)
		r = spread(bx, t, SIS_SCST_DEFAULT, err);
	if (r == 0)
		r = spread(bx, t, SIS_SCST_RW, err);
	if (r < 0)
		return r;
	if (t->rules.n) {
		r = set_patterns(bx, t, err);
		return r < 0 ? r : empty_default(bx, t->iqn, err);
	}
	r = group_delete(bx, t->iqn, rw, err);
	return r < 0 ? r : group_delete(bx, t->iqn, ro, err);
}

static int change_portal(struct sis_bx *bx, const char *iqn, const char *verb, const char *address,
			 struct sis_err *err)
{
	sis_autofree char *command = sis_asprintf("%s %s allowed_portal %s", verb, iqn, address);
	int r;

	r = sis_scst_check_pattern(address, "the portal", err);
	return r < 0 ? r : sis_scst_poke(bx, command, err, SIS_SCST_ISCSI_MGMT);
}

static bool has_portal(const struct sis_target *t, const char *address)
{
	sis_vec_each(p, &t->portals) {
		if (sis_streq(p->address, address))
			return true;
	}
	return false;
}

static int add_portals(struct sis_bx *bx, const struct sis_target *t, const sis_strv *live,
		       struct sis_err *err)
{
	int r = 0;

	sis_vec_each(p, &t->portals) {
		if (r == 0 && !sis_vec_find(live, &p->address, sis_strp_cmp))
			r = change_portal(bx, t->iqn, "add_target_attribute", p->address, err);
	}
	return r;
}

static int delete_portals(struct sis_bx *bx, const struct sis_target *t, const sis_strv *live,
			  struct sis_err *err)
{
	int r = 0;

	sis_vec_each(address, live) {
		if (r == 0 && !has_portal(t, *address))
			r = change_portal(bx, t->iqn, "del_target_attribute", *address, err);
	}
	return r;
}

/* The answer to a command may be that to somebody else's: what counts is the tree. */
static int check_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	sis_autostrv sis_strv live = { 0 };
	bool equal;
	int r;

	r = sis_scst_portals(bx, t->iqn, &live, err);
	if (r < 0)
		return r;
	equal = live.n == t->portals.n;
	sis_vec_each(address, &live)
		equal &= has_portal(t, *address);
	return equal ? 0 : sis_err_set(err, EIO, "SCST has not set the portals of '%s'", t->iqn);
}

int sis_scst_set_portals(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	sis_autostrv sis_strv live = { 0 };
	int r;

	r = sis_scst_portals(bx, t->iqn, &live, err);
	if (r < 0)
		return r;
	r = add_portals(bx, t, &live, err);
	if (r == 0)
		r = delete_portals(bx, t, &live, err);
	if (bx->dry || (r < 0 && check_portals(bx, t, NULL) < 0))
		return r;
	sis_err_clear(err);
	return check_portals(bx, t, err);
}

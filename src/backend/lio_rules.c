/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who may reach a LIO target, as its tree shows it, and whether that is all there is to it. Changes
 * nothing.
 */
#include <inttypes.h>

#include "backend/lio_tree.h"
#include "base/str.h"
#include "model/field.h"

static bool all_readonly(const struct sis_target *t)
{
	return t->luns.n && !sis_target_writable(t);
}

struct acl {
	bool whole; /* all LUNs of the target are in it, under their own numbers, and nothing else
		     */
	bool ro;    /* this initiator must not write */
	bool right; /* it is protected exactly as `ro` and the LUNs ask for */
};

static bool maps_others(struct sis_kfs *k, const char *acl, const struct sis_target *t)
{
	sis_autostrv sis_strv names = { 0 };

	if (sis_lio_list(k, acl, "lun_", &names, NULL) < 0)
		return false;
	sis_vec_each(map, &names) {
		uint32_t number;

		if (!sis_lio_lun_number(*map, &number) || !sis_target_lun(t, number))
			return true;
	}
	return false;
}

/* `ro` can only be told from LUNs that others may write to. */
static struct acl read_acl(struct sis_kfs *k, const char *tpg, const struct sis_target *t,
			   const char *name)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	struct acl a = { .whole = !maps_others(k, acl, t), .right = true };
	bool protects = false, leaves = false;

	sis_vec_each(l, &t->luns) {
		sis_autofree char *dir = sis_asprintf("%s/lun_%" PRIu32, acl, l->number);
		bool protect = sis_lio_attr_is(k, dir, "write_protect", "1");

		if (!sis_lio_maps(k, dir, l->number)) {
			a.whole = false;
			continue;
		}
		a.right &= protect || !l->readonly;
		protects |= protect && !l->readonly;
		leaves |= !protect && !l->readonly;
	}
	a.ro = protects && !leaves;
	a.right &= !protects || !leaves;
	return a;
}

bool sis_lio_acl_is_whole(struct sis_kfs *k, const char *tpg, const struct sis_target *t,
			  const char *name)
{
	return read_acl(k, tpg, t, name).whole;
}

/*
 * Would one that is not open let in again who logged in while it was (see lio_access.c)? The kernel
 * caches such initiators from the moment it is opened, and authentication, which shuts them out, is
 * demanded by what this tool closed; it alone hides from discovery, too. What was never open, as
 * other tools make it, demands none and need not.
 */
static bool is_ajar(struct sis_kfs *k, const char *tpg, const sis_strv *acls)
{
	bool excuses = false;

	if (sis_lio_attr_is(k, tpg, "attrib/cache_dynamic_acls", "1"))
		return true;
	sis_vec_each(name, acls)
		excuses |= sis_kfs_exists(k, "%s/acls/%s/attrib/authentication", tpg, *name);
	return excuses && sis_lio_attr_is(k, tpg, "attrib/authentication", "0") &&
	       sis_lio_attr_is(k, tpg, "attrib/demo_mode_discovery", "0");
}

static void read_closed(struct sis_kfs *k, const char *tpg, const sis_strv *acls,
			struct sis_target *t)
{
	sis_vec_each(name, acls) {
		struct acl a = read_acl(k, tpg, t, *name);

		t->half |= !a.whole || !a.right;
		sis_vec_push(&t->rules, ((struct sis_rule){ .kind = SIS_RULE_NAME,
							    .text = sis_strdup(*name),
							    .ro = a.ro }));
	}
	t->half |= !t->rules.n || is_ajar(k, tpg, acls);
}

/* Entries for single initiators must say the same as having none. */
static void read_open(struct sis_kfs *k, const char *tpg, const sis_strv *acls,
		      struct sis_target *t)
{
	bool protect = sis_lio_attr_is(k, tpg, "attrib/demo_mode_write_protect", "1");

	sis_vec_each(name, acls) {
		struct acl a = read_acl(k, tpg, t, *name);

		t->half |= !a.whole || !a.right || a.ro;
	}
	t->half |= t->luns.n && protect != all_readonly(t);
}

/*
 * An entry that is not whole is a rule nevertheless, as it lets in. A target that is not open and
 * lets nobody in is unfinished, not "everyone".
 */
int sis_lio_read_rules(struct sis_kfs *k, const char *tpg, bool open, struct sis_target *t,
		       struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(k, dir, "", &names, err);
	if (r < 0)
		return r;
	if (open)
		read_open(k, tpg, &names, t);
	else
		read_closed(k, tpg, &names, t);
	t->known |= SIS_BIT(SIS_FIELD_RULES);
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The value of property shareiscsi, which a delegated user may choose: parsed, printed and parsed
 * again, and what each target would be told of it. Behind a NUL the identity, which is as free.
 */
#include "fuzz.h"

#include "backend/backend.h"
#include "backend/iet_allow.h"
#include "backend/scst_mgmt.h"
#include "model/desire.h"
#include "model/iqn.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyz0123456789-.:"

/* No separator of any target can be in it. */
static void check_rule(const struct sis_rule *r)
{
	const char *allowed = r->kind == SIS_RULE_NAME ? NAME_BYTES "*?" : "0123456789abcdef.:/";
	sis_autofree char *text = sis_rule_print(r);
	struct sis_rule again;

	must(*r->text && strspn(r->text, allowed) == strlen(r->text));
	must(sis_rule_parse(text, &again, NULL) == 0);
	must(again.kind == r->kind && again.ro == r->ro && sis_streq(again.text, r->text));
	must(again.prefix == r->prefix && again.wildcard == r->wildcard);
	sis_rule_free(&again);
	must(sis_scst_check_word(r->text, "", NULL) == 0);
}

static void check_portal(const struct sis_portal *p)
{
	sis_autofree char *text = sis_portal_print(p);
	struct sis_portal again;

	must(p->port && strspn(p->address, "0123456789abcdef.:") == strlen(p->address));
	must(sis_portal_parse(text, &again, NULL) == 0);
	must(again.port == p->port && again.v6 == p->v6 && sis_streq(again.address, p->address));
	free(again.address);
}

static void check_options(const struct sis_options *o)
{
	must(o->lun <= SIS_LUN_MAX && o->rules.n <= SIS_RULES_MAX && o->portals.n <= SIS_PORTALS_MAX);
	must(!o->name || sis_iqn_check(o->name, NULL) == 0);
	must(!o->auth || (sis_str_clean(o->auth) && !strchr(o->auth, '/')));
	must(!o->authname || sis_str_clean(o->authname));
	must(!o->authname == !o->authpass);
	must(o->on || !o->set);
	sis_vec_each(r, &o->rules)
		check_rule(r);
	sis_vec_each(p, &o->portals)
		check_portal(p);
}

/* Values at the limit can be too long once they are written in full. */
static void check_print(const struct sis_options *o)
{
	sis_autofree char *text = sis_options_print(o), *same = NULL;
	sis_autooptions struct sis_options again = { 0 };

	must(sis_str_clean(text));
	if (strlen(text) > SIS_VALUE_MAX)
		return;
	must(sis_options_parse(text, &again, NULL) == 0);
	same = sis_options_print(&again);
	must(sis_streq(text, same) && again.on == o->on && again.set == o->set);
}

/* The line of ietd's file: one line, whose entries are the rules. */
static void check_allow(const struct sis_target *t)
{
	sis_autofree char *entries = NULL, *text = NULL;
	const struct sis_iet_allow *found;
	sis_iet_allows l = { 0 };
	sis_rules rules;

	if (sis_iet_allow_entries(&t->rules, &entries, NULL) < 0 || !entries)
		return;
	text = sis_iet_allow_edit("# of others\niqn.2000-01.x:y 1.2.3.4\n", t->iqn, entries);
	sis_iet_allows_parse(text, &l);
	must(l.n == 2 - (size_t)sis_streq(t->iqn, "iqn.2000-01.x:y"));
	found = sis_iet_allows_find(&l, t->iqn);
	must(found);
	sis_iet_allow_rules(found, &rules);
	must(rules.n == t->rules.n);
	for (size_t i = 0; i < rules.n; i++)
		must(sis_streq(rules.v[i].text, t->rules.v[i].text));
	sis_rules_free(&rules);
	sis_iet_allows_free(&l);
}

/* What initiators know the disk by: whatever the identity says, one plain word without a separator. */
static void check_id(const char *id)
{
	must(!id || (sis_str_clean(id) && !strpbrk(id, ",\"'\\") && strlen(id) <= SIS_KEPT_MAX));
}

static void check_desire(const struct sis_options *o, const struct sis_caps *caps, char *identity)
{
	const struct sis_volume v = { .name = (char *)"tank/a b", .guid = 1, .size = 1 << 20, .identity = identity,
				      .device = (char *)"/dev/zvol/tank/a+b", .volblocksize = 8192 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_wish w;
	int r = sis_desire(&v, o, caps, "iqn.2010-09.org.example", NULL, &w, &err);

	if (r < 0) {
		must_refuse(r, &err);
		return;
	}
	must(sis_iqn_check(w.target.iqn, NULL) == 0 && w.target.luns.n == 1);
	must(w.target.luns.v[0].number <= caps->max_lun);
	must(w.target.luns.v[0].number >= caps->first_lun);
	check_id(w.target.luns.v[0].serial);
	check_id(w.target.luns.v[0].t10_id);
	check_id(w.target.luns.v[0].naa);
	must(w.target.rules.n == o->rules.n); /* never silently open */
	must(w.target.portals.n == o->portals.n);
	check_allow(&w.target);
	sis_wish_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = strnlen((const char *)data, size), behind = n + (n < size);
	sis_autofree char *text = fuzz_text(data, size);
	sis_autofree char *identity = fuzz_text(data + behind, size - behind);
	sis_autooptions struct sis_options o = { .lun = 4711 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int r = sis_options_parse(text, &o, &err);

	if (r < 0) {
		must_refuse(r, &err);
		must(r == -SIS_ERR_USAGE && o.lun == 4711 && !o.set && !o.name);
		return 0;
	}
	must(strlen(text) <= SIS_VALUE_MAX && sis_str_clean(text));
	check_options(&o);
	check_print(&o);
	for (size_t i = 0; o.on && sis_backends[i]; i++)
		check_desire(&o, &sis_backends[i]->caps, identity);
	return 0;
}

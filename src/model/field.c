/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The comparison table. Compares and describes; what is done about a difference is plan.c's.
 */
#include "model/field.h"

#include <inttypes.h>

#include "model/option.h"

static void print_volume(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_addf(out, "%016" PRIx64, l->guid);
}

static bool volume_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->guid != l->guid;
}

static void print_type(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->type ? sis_type_names[l->type] : "unknown");
}

static bool type_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->type != l->type;
}

static void print_iomode(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->iomode ? sis_iomode_names[l->iomode] : "unknown");
}

static bool iomode_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->iomode != l->iomode;
}

static void print_blocksize(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_addf(out, "%" PRIu32, l->blocksize);
}

static bool blocksize_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->blocksize != l->blocksize;
}

static void print_readonly(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->readonly ? "on" : "off");
}

static bool readonly_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->readonly != l->readonly;
}

static void print_thin(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->thin ? "on" : "off");
}

static bool thin_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->thin != l->thin;
}

static void print_serial(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->serial ? l->serial : "none");
}

static bool serial_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return !sis_streq_null(d->serial, l->serial);
}

static void print_t10_id(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->t10_id ? l->t10_id : "none");
}

static bool t10_id_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return !sis_streq_null(d->t10_id, l->t10_id);
}

static void print_naa(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->naa ? l->naa : "none");
}

static bool naa_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->naa && !sis_streq_null(d->naa, l->naa);
}

static void print_product(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_add(out, l->product ? l->product : "the target's own");
}

static bool product_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return d->product && !sis_streq_null(d->product, l->product);
}

static void print_size(const struct sis_lun *l, struct sis_str *out)
{
	sis_str_addf(out, "%" PRIu64, l->size);
}

static bool size_differs(const struct sis_lun *d, const struct sis_lun *l)
{
	return !sis_lun_has_size(l, d->size);
}

static void print_rules(const struct sis_target *t, struct sis_str *out)
{
	if (!t->rules.n)
		sis_str_add(out, "all");
	sis_vec_each(r, &t->rules) {
		sis_autofree char *text = sis_rule_print(r);

		sis_str_addf(out, "%s%s", r == t->rules.v ? "" : ";", text);
	}
}

static bool rules_differ(const struct sis_target *d, const struct sis_target *l)
{
	return !sis_rules_equal(&d->rules, &l->rules);
}

/* Users are names, not secrets; what the secrets are is never said, only which entry has them. */
static void print_chap(const struct sis_target *t, struct sis_str *out)
{
	sis_str_add(out, !t->chap.user ? "none" : *t->chap.user ? t->chap.user : "(unset)");
	if (t->chap.mutual_user)
		sis_str_addf(out, " (mutual: %s)", t->chap.mutual_user);
	if (t->chap.user && t->chap.name)
		sis_str_addf(out, " with the secret of auth=%s", t->chap.name);
	else if (t->chap.user && !t->chap.pass)
		sis_str_add(out, " with another secret");
}

/* A live secret that neither the target nor the record tells is another one. */
static bool chap_differs(const struct sis_target *d, const struct sis_target *l)
{
	return !sis_chap_equal(&d->chap, &l->chap);
}

static void print_portals(const struct sis_target *t, struct sis_str *out)
{
	if (!t->portals.n)
		sis_str_add(out, "all");
	sis_vec_each(p, &t->portals) {
		sis_autofree char *text = sis_portal_print(p);

		sis_str_addf(out, "%s%s", p == t->portals.v ? "" : ";", text);
	}
}

static bool portals_differ(const struct sis_target *d, const struct sis_target *l)
{
	return !sis_portals_equal(&d->portals, &l->portals);
}

#define LUN_FIELD(title_, change_, name)                                           \
	{                                                                          \
		.title = title_, .change = change_, .lun_differs = name##_differs, \
		.lun_print = print_##name                                          \
	}
#define TARGET_FIELD(title_, differs_, print_)                                                     \
	{                                                                                          \
		.title = title_, .change = SIS_CHANGE_TARGET, .differs = differs_, .print = print_ \
	}

const struct sis_field_row sis_field_rows[SIS_FIELD_N] = {
	[SIS_FIELD_VOLUME] = LUN_FIELD("volume", SIS_CHANGE_REBUILD, volume),
	[SIS_FIELD_TYPE] = LUN_FIELD("type", SIS_CHANGE_REBUILD, type),
	[SIS_FIELD_IOMODE] = LUN_FIELD("iomode", SIS_CHANGE_REBUILD, iomode),
	[SIS_FIELD_BLOCKSIZE] = LUN_FIELD("block size", SIS_CHANGE_REFUSE, blocksize),
	[SIS_FIELD_READONLY] = LUN_FIELD("read-only", SIS_CHANGE_REBUILD, readonly),
	[SIS_FIELD_THIN] = LUN_FIELD("UNMAP", SIS_CHANGE_LUN, thin),
	[SIS_FIELD_SERIAL] = LUN_FIELD("serial number", SIS_CHANGE_REBUILD, serial),
	[SIS_FIELD_T10_ID] = LUN_FIELD("T10 id", SIS_CHANGE_REBUILD, t10_id),
	[SIS_FIELD_NAA] = LUN_FIELD("NAA", SIS_CHANGE_REBUILD, naa),
	[SIS_FIELD_PRODUCT] = LUN_FIELD("product id", SIS_CHANGE_REBUILD, product),
	[SIS_FIELD_SIZE] = LUN_FIELD("size", SIS_CHANGE_LUN, size),
	[SIS_FIELD_RULES] = TARGET_FIELD("initiators", rules_differ, print_rules),
	[SIS_FIELD_CHAP] = TARGET_FIELD("CHAP user", chap_differs, print_chap),
	[SIS_FIELD_PORTALS] = TARGET_FIELD("portals", portals_differ, print_portals),
};

unsigned sis_lun_diff(const struct sis_lun *desired, const struct sis_lun *live)
{
	unsigned changed = 0;

	for (int f = 0; f < SIS_FIELD_N; f++)
		if (sis_field_rows[f].lun_differs && live->known & SIS_BIT(f) &&
		    sis_field_rows[f].lun_differs(desired, live))
			changed |= SIS_BIT(f);
	return changed;
}

unsigned sis_target_closing(const struct sis_target *t)
{
	return (t->rules.n ? SIS_BIT(SIS_FIELD_RULES) : 0) |
	       (t->chap.user ? SIS_BIT(SIS_FIELD_CHAP) : 0) |
	       (t->portals.n ? SIS_BIT(SIS_FIELD_PORTALS) : 0);
}

unsigned sis_target_diff(const struct sis_target *desired, const struct sis_target *live)
{
	unsigned changed = 0;

	for (int f = 0; f < SIS_FIELD_N; f++)
		if (sis_field_rows[f].differs && live->known & SIS_BIT(f) &&
		    sis_field_rows[f].differs(desired, live))
			changed |= SIS_BIT(f);
	return changed;
}

char *sis_lun_diff_text(const struct sis_lun *desired, const struct sis_lun *live, unsigned changed)
{
	sis_autostr struct sis_str out = { 0 };

	for (int f = 0; f < SIS_FIELD_N; f++) {
		if (!(changed & SIS_BIT(f)) || !sis_field_rows[f].lun_print)
			continue;
		sis_str_addf(&out, "%s%s is ", out.len ? "; " : "", sis_field_rows[f].title);
		sis_field_rows[f].lun_print(live, &out);
		sis_str_add(&out, ", should be ");
		sis_field_rows[f].lun_print(desired, &out);
	}
	return sis_str_take(&out);
}

char *sis_target_diff_text(const struct sis_target *desired, const struct sis_target *live,
			   unsigned changed)
{
	sis_autostr struct sis_str out = { 0 };

	for (int f = 0; f < SIS_FIELD_N; f++) {
		if (!(changed & SIS_BIT(f)) || !sis_field_rows[f].print)
			continue;
		sis_str_addf(&out, "%s%s: ", out.len ? "; " : "", sis_field_rows[f].title);
		sis_field_rows[f].print(live, &out);
		sis_str_add(&out, ", should be ");
		sis_field_rows[f].print(desired, &out);
	}
	return sis_str_take(&out);
}

int sis_lun_check_change(const struct sis_lun *desired, const struct sis_lun *live,
			 struct sis_err *err)
{
	unsigned changed = sis_lun_diff(desired, live), refused = 0;
	sis_autofree char *text = NULL;

	for (int f = 0; f < SIS_FIELD_N; f++)
		if (changed & SIS_BIT(f) && sis_field_rows[f].change == SIS_CHANGE_REFUSE)
			refused |= SIS_BIT(f);
	if (!refused)
		return 0;
	text = sis_lun_diff_text(desired, live, refused);
	return sis_err_set(err, EPERM, "%s; that changes only after `shareiscsi unshare %s`", text,
			   desired->volume);
}

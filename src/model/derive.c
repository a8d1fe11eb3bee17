/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Property and identity of a LUN that others made. Says only what the tables of options and
 * capabilities know; what they do not is refused by name. Pure.
 */
#include "model/derive.h"

#include <inttypes.h>

#include "base/str.h"
#include "model/desire.h"
#include "model/field.h"
#include "model/iqn.h"

struct derive {
	const struct sis_volume *v;
	const struct sis_target *t;
	const struct sis_lun *l;
	const struct sis_caps *caps;
	const char *prefix;
};

static bool tells(const struct sis_lun *l, enum sis_field field)
{
	return l->known & SIS_BIT(field);
}

/* ---- the property ---- */

static int derive_name(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	sis_autofree char *minted = NULL;

	if (sis_iqn_check(d->t->iqn, err) < 0)
		return sis_err_wrap(err, "no name= can say this");
	if (d->prefix && d->t->luns.n == 1 &&
	    sis_iqn_make(d->prefix, d->v->name, &minted, NULL) == 0 && sis_streq(minted, d->t->iqn))
		return 0;
	o->name = sis_strdup(d->t->iqn);
	o->set |= SIS_BIT(SIS_OPT_NAME);
	return 0;
}

static int derive_lun(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	if (d->l->number > d->caps->max_lun)
		return sis_err_set(err, EINVAL, "no lun= can say %" PRIu32, d->l->number);
	if (d->l->number == d->caps->first_lun && d->t->luns.n == 1)
		return 0;
	o->lun = d->l->number;
	o->set |= SIS_BIT(SIS_OPT_LUN);
	return 0;
}

static int derive_type(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	const enum sis_type *become = d->v->is_file ? d->caps->file_type : d->caps->block_type;

	if (become[SIS_TYPE_DISK] == d->l->type)
		return 0;
	for (int i = SIS_TYPE_DISK; i < SIS_TYPE_N; i++)
		if (d->l->type && become[i] == d->l->type) {
			o->type = (enum sis_type)i;
			o->set |= SIS_BIT(SIS_OPT_TYPE);
			return 0;
		}
	return sis_err_set(err, EINVAL, "no type= can say what kind of LUN it is");
}

/* Read-only wins where there is room for but one word; the plan tells if that is not the whole. */
static int derive_iomode(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	const enum sis_iomode *become = d->caps->iomode;

	o->readonly = d->l->readonly && !d->v->readonly;
	if (o->readonly)
		o->set |= SIS_BIT(SIS_OPT_IOMODE);
	if (o->readonly || !tells(d->l, SIS_FIELD_IOMODE) ||
	    become[SIS_IOMODE_NONE] == d->l->iomode)
		return 0;
	for (int i = SIS_IOMODE_WT; i < SIS_IOMODE_N; i++)
		if (d->l->iomode && become[i] == d->l->iomode) {
			o->iomode = (enum sis_iomode)i;
			o->set |= SIS_BIT(SIS_OPT_IOMODE);
			return 0;
		}
	return sis_err_set(err, EINVAL, "no iomode= can say how it reads and writes its volume");
}

static uint32_t blocksize_of(const struct derive *d)
{
	return tells(d->l, SIS_FIELD_BLOCKSIZE) ? d->l->blocksize :
						  sis_default_blocksize(d->v, d->caps);
}

static int derive_blocksize(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	uint32_t n = blocksize_of(d);

	if (n != 512 && n != 1024 && n != 2048 && n != 4096)
		return sis_err_set(err, EINVAL, "no blocksize= can say %" PRIu32, n);
	if (n == sis_default_blocksize(d->v, d->caps))
		return 0;
	o->blocksize = n;
	o->set |= SIS_BIT(SIS_OPT_BLOCKSIZE);
	return 0;
}

static int derive_rules(const struct derive *d, struct sis_options *o, struct sis_err *err)
{
	sis_vec_each(r, &d->t->rules) {
		sis_autofree char *text = sis_rule_print(r), *again = NULL;
		struct sis_rule said = { 0 };

		if (o->rules.n < SIS_RULES_MAX && !strpbrk(text, ",;") &&
		    sis_rule_parse(text, &said, NULL) == 0)
			again = sis_rule_print(&said);
		if (!again || !sis_streq(text, again)) {
			sis_rule_free(&said);
			return sis_err_set(err, EINVAL, "no initiator= can say '%s'", text);
		}
		sis_vec_push(&o->rules, said);
		o->set |= SIS_BIT(SIS_OPT_INITIATOR);
	}
	return 0;
}

static void derive_portals(const struct derive *d, struct sis_options *o)
{
	sis_vec_each(p, &d->t->portals) {
		sis_vec_push(&o->portals, ((struct sis_portal){ .address = sis_strdup(p->address),
								.v6 = p->v6,
								.port = p->port }));
		o->set |= SIS_BIT(SIS_OPT_PORTAL);
	}
}

/* Secrets have no place in a property: only their name has. */
static int derive_auth(const struct derive *d, const char *auth, struct sis_options *o,
		       struct sis_err *err)
{
	const char *user = d->t->chap.user ? d->t->chap.user : d->t->chap.mutual_user;

	if (!auth && user)
		return sis_err_set(err, EINVAL,
				   "it asks for CHAP (user '%s'): put the credentials into "
				   "/etc/shareiscsi/secrets and name them with -o auth=NAME",
				   user);
	if (!auth)
		return 0;
	o->auth = sis_strdup(auth);
	o->set |= SIS_BIT(SIS_OPT_AUTH);
	return 0;
}

static int derive_share(const struct derive *d, const char *auth, char **ret, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { .on = true };
	sis_autofree char *text = NULL;
	int rc = derive_name(d, &o, err);

	if (rc == 0)
		rc = derive_lun(d, &o, err);
	if (rc == 0)
		rc = derive_type(d, &o, err);
	if (rc == 0)
		rc = derive_iomode(d, &o, err);
	if (rc == 0)
		rc = derive_blocksize(d, &o, err);
	if (rc == 0)
		rc = derive_rules(d, &o, err);
	if (rc == 0)
		rc = derive_auth(d, auth, &o, err);
	if (rc < 0)
		return rc;
	derive_portals(d, &o);
	text = sis_options_print(&o);
	if (strlen(text) > SIS_VALUE_MAX)
		return sis_err_set(err, EINVAL,
				   "its options are longer than the %d bytes of a property",
				   SIS_VALUE_MAX);
	*ret = sis_steal(&text);
	return 0;
}

/* ---- the identity ---- */

static int keep_text(const char *what, const char *value, char **ret, struct sis_err *err)
{
	if (!sis_kept_text_ok(value))
		return sis_err_set(
			err, EINVAL,
			"its %s '%s' cannot be kept: it is empty, or has a comma, a quote "
			"or a blank at one end",
			what, value);
	*ret = sis_strdup(value);
	return 0;
}

static int keep_serial(const struct derive *d, struct sis_kept *k, struct sis_err *err)
{
	sis_autofree char *own = sis_serial(d->v->guid);

	if (!tells(d->l, SIS_FIELD_SERIAL) || sis_streq(d->l->serial, own))
		return 0;
	if (sis_is_serial(d->l->serial))
		return sis_err_set(err, EINVAL,
				   "its serial number '%s' is that of another volume, which may be "
				   "shared under it",
				   d->l->serial);
	return keep_text("serial number", d->l->serial, &k->serial, err);
}

/* The T10 id and the NAA follow from the serial number unless they are told to be others. */
static int keep_ids(const struct derive *d, struct sis_kept *k, struct sis_err *err)
{
	const char *have = d->l->naa ? d->l->naa : "none";
	sis_autofree char *serial = k->serial ? sis_strdup(k->serial) : sis_serial(d->v->guid);
	sis_autofree char *naa = sis_naa_of(SIS_COMPANY_ID, serial);

	if (tells(d->l, SIS_FIELD_NAA) && d->caps->caps & SIS_CAP_NAA && !d->caps->naa_of_serial &&
	    !sis_streq(have, naa))
		k->naa = sis_strdup(have);
	if (!d->l->t10_id || sis_streq(d->l->t10_id, serial) || sis_streq(d->l->t10_id, have))
		return 0;
	return keep_text("T10 id", d->l->t10_id, &k->t10_id, err);
}

static int derive_identity(const struct derive *d, char **ret, struct sis_err *err)
{
	sis_autoidentity struct sis_identity id = {
		.guid = d->v->guid,
		.iqn = sis_strdup(d->t->iqn),
		.lun = d->l->number,
		.blocksize = blocksize_of(d),
	};
	int rc = keep_serial(d, &id.kept, err);

	if (rc == 0)
		rc = keep_ids(d, &id.kept, err);
	if (rc == 0 && d->l->product)
		rc = keep_text("product id", d->l->product, &id.kept.product, err);
	if (rc < 0)
		return rc;
	if (tells(d->l, SIS_FIELD_THIN) && d->caps->caps & SIS_CAP_UNMAP &&
	    d->l->thin != d->v->sparse)
		id.kept.unmap = d->l->thin ? SIS_UNMAP_ON : SIS_UNMAP_OFF;
	*ret = sis_identity_print(&id);
	return 0;
}

int sis_derive(const struct sis_volume *v, const struct sis_target *t, const struct sis_lun *l,
	       const struct sis_caps *caps, const char *prefix, const char *auth,
	       struct sis_derived *ret, struct sis_err *err)
{
	const struct derive d = { v, t, l, caps, prefix };
	sis_autoderived struct sis_derived out = { 0 };
	int rc = derive_share(&d, auth, &out.share, err);

	if (rc == 0)
		rc = derive_identity(&d, &out.identity, err);
	if (rc < 0)
		return rc;
	*ret = out;
	out = (struct sis_derived){ 0 };
	return 0;
}

void sis_derived_free(struct sis_derived *d)
{
	free(d->share);
	free(d->identity);
	*d = (struct sis_derived){ 0 };
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a volume with its options asks of a target, and what several volumes together ask of one.
 * Whether the target can do that is for caps.c to say. Pure.
 */
#include "model/desire.h"

#include <inttypes.h>

#include "base/str.h"
#include "model/iqn.h"

uint32_t sis_default_blocksize(const struct sis_volume *v, const struct sis_caps *caps)
{
	if (caps->default_blocksize)
		return caps->default_blocksize;
	switch (v->volblocksize) {
	case 512:
	case 1024:
	case 2048: return v->volblocksize;
	default: return 4096;
	}
}

/* The stored identity, when there is one that was minted for this very volume. */
static bool own_identity(const struct sis_volume *v, struct sis_identity *ret)
{
	if (!v->identity || sis_identity_parse(v->identity, ret, NULL) < 0)
		return false;
	if (ret->guid == v->guid)
		return true;
	sis_identity_free(ret);
	return false;
}

static int choose_name(const struct sis_volume *v, const struct sis_options *o,
		       const struct sis_caps *caps, const struct sis_identity *id,
		       const char *prefix, const struct sis_err *prefix_err, char **ret,
		       struct sis_err *err)
{
	sis_autofree char *name = NULL;
	int rc;

	if (o->name || id) {
		name = sis_strdup(o->name ? o->name : id->iqn);
	} else if (!prefix) {
		return sis_err_set(err, prefix_err->code, "%s", prefix_err->msg);
	} else {
		rc = sis_iqn_make(prefix, v->name, &name, err);
		if (rc < 0)
			return rc;
	}
	if (strlen(name) > caps->max_name)
		return sis_err_set(err, ENAMETOOLONG,
				   "target name '%s' is longer than the %u bytes "
				   "that %s allows; choose a shorter one with name=",
				   name, caps->max_name, caps->title);
	if (caps->bad_name && strpbrk(name, caps->bad_name))
		return sis_err_set(err, EINVAL,
				   "target name '%s' has a character that %s does not "
				   "allow (one of \"%s\"); choose another one with name=",
				   name, caps->title, caps->bad_name);
	*ret = sis_steal(&name);
	return 0;
}

/* What was taken over from another target must be had here as well, or it would be another disk. */
static int check_kept(const struct sis_caps *caps, const struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *naa = sis_naa_of(SIS_COMPANY_ID, l->serial);
	const char *what = NULL, *value = l->serial;

	if (strlen(l->serial) > caps->max_serial)
		what = "serial number";
	else if (caps->max_t10_id && strlen(l->t10_id) > caps->max_t10_id)
		what = "T10 id", value = l->t10_id;
	else if (caps->naa_of_serial && !sis_streq_null(l->naa, naa))
		what = "NAA", value = l->naa ? l->naa : "none";
	if (!what)
		return 0;
	return sis_err_set(err, SIS_ERR_USAGE,
			   "%s cannot give it the %s '%s' that it was taken over with; `zfs "
			   "inherit " SIS_PROP_IDENTITY " %s` makes it a new disk",
			   caps->title, what, value, l->volume);
}

static int fill_ids(const struct sis_volume *v, const struct sis_caps *caps,
		    const struct sis_kept *k, struct sis_lun *l, struct sis_err *err)
{
	bool thin = k->unmap ? k->unmap == SIS_UNMAP_ON : v->sparse;

	l->thin = (caps->caps & SIS_CAP_UNMAP) && thin;
	l->serial = k->serial ? sis_strdup(k->serial) : sis_serial(v->guid);
	l->t10_id = sis_strdup(k->t10_id ? k->t10_id : l->serial);
	l->product = sis_strdup_null(k->product);
	if (caps->caps & SIS_CAP_NAA && !k->naa)
		l->naa = k->serial ? sis_naa_of(SIS_COMPANY_ID, k->serial) : sis_naa(v->guid);
	else if (caps->caps & SIS_CAP_NAA && !sis_streq(k->naa, "none"))
		l->naa = sis_strdup(k->naa);
	return sis_kept_any(k) ? check_kept(caps, l, err) : 0;
}

static int fill_lun(const struct sis_volume *v, const struct sis_options *o,
		    const struct sis_caps *caps, const struct sis_identity *id, struct sis_lun *l,
		    struct sis_err *err)
{
	static const struct sis_kept none;

	*l = (struct sis_lun){
		.number = o->set & SIS_BIT(SIS_OPT_LUN) ? o->lun :
			  id				? id->lun :
							  caps->first_lun,
		.path = sis_strdup(v->device),
		.guid = v->guid,
		.volume = sis_strdup(v->name),
		.size = v->size,
		.volblocksize = v->volblocksize,
		.type = sis_caps_type(caps, o, v->is_file),
		.iomode = caps->iomode[o->iomode],
		.blocksize = o->blocksize	 ? o->blocksize :
			     id && id->blocksize ? id->blocksize :
						   sis_default_blocksize(v, caps),
		.readonly = o->readonly || v->readonly,
		.is_file = v->is_file,
	};
	if (l->number < caps->first_lun)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "it was shared as LUN %" PRIu32 ", which %s "
				   "cannot have (its LUN 0 is the controller); choose another with "
				   "lun=%" PRIu32,
				   l->number, caps->title, caps->first_lun);
	if (l->blocksize != 512 && !(caps->caps & SIS_CAP_BLOCKSIZE))
		return sis_err_set(
			err, SIS_ERR_USAGE,
			"%s cannot do block sizes other than 512, and it was shared with "
			"%" PRIu32 "; with blocksize=512 it is another disk to initiators",
			caps->title, l->blocksize);
	if (v->size % l->blocksize)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "its size, %" PRIu64 " bytes, is no multiple "
				   "of block size %" PRIu32 "; choose another with blocksize=",
				   v->size, l->blocksize);
	if (caps->bad_path && strpbrk(v->device, caps->bad_path))
		return sis_err_set(err, EINVAL,
				   "%s cannot be told the path '%s' (it must not "
				   "contain any of \"%s\"); rename the volume",
				   caps->title, v->device, caps->bad_path);
	return fill_ids(v, caps, id ? &id->kept : &none, l, err);
}

static void fill_target(const struct sis_options *o, struct sis_target *t)
{
	struct sis_target from = { .iqn = t->iqn, .rules = o->rules, .portals = o->portals };
	struct sis_target copy;

	/* The copy is deep; `from` only borrows. */
	sis_target_copy(&copy, &from);
	t->rules = copy.rules;
	t->portals = copy.portals;
	free(copy.iqn);
	t->shown = true;
}

int sis_desire(const struct sis_volume *v, const struct sis_options *o, const struct sis_caps *caps,
	       const char *prefix, const struct sis_err *prefix_err, struct sis_wish *ret,
	       struct sis_err *err)
{
	sis_autoidentity struct sis_identity id = { 0 };
	struct sis_wish w = { .volume = v, .named = o->name != NULL };
	bool known = own_identity(v, &id);
	struct sis_lun *l;
	int rc;

	rc = sis_options_supported(o, caps, v->is_file, err);
	if (rc < 0)
		return rc;
	rc = choose_name(v, o, caps, known ? &id : NULL, prefix, prefix_err, &w.target.iqn, err);
	if (rc < 0)
		return rc;
	l = sis_vec_add(&w.target.luns);
	rc = fill_lun(v, o, caps, known ? &id : NULL, l, err);
	if (rc < 0) {
		sis_wish_free(&w);
		return rc;
	}
	fill_target(o, &w.target);
	w.minted = known && sis_streq(id.iqn, w.target.iqn);
	w.identity = (struct sis_identity){ .guid = v->guid,
					    .iqn = sis_strdup(w.target.iqn),
					    .lun = l->number,
					    .blocksize = l->blocksize };
	w.last_blocksize = id.blocksize;
	if (known)
		sis_kept_copy(&w.identity.kept, &id.kept);
	/* There is but one way to write it down. */
	w.identity_differs = !w.minted || id.lun != l->number || id.blocksize != l->blocksize;
	*ret = w;
	return 0;
}

static int wish_rank(const struct sis_wish *w)
{
	return w->recorded ? 0 : w->minted ? 1 : w->named ? 2 : 3;
}

/* A wish and where it stood in the list. */
struct candidate {
	struct sis_wish *wish;
	size_t place;
};

static int wish_cmp(const void *a, const void *b)
{
	const struct sis_wish *x = ((const struct candidate *)a)->wish;
	const struct sis_wish *y = ((const struct candidate *)b)->wish;
	int d = strcmp(x->target.iqn, y->target.iqn);

	if (!d)
		d = wish_rank(x) - wish_rank(y);
	return d ? d : strcmp(x->volume->name, y->volume->name);
}

/* May `w` be another LUN of `t`, whose first LUN is `first`'s? */
static int check_join(const struct sis_target *t, const struct sis_wish *w, struct sis_err *err)
{
	const char *first = t->luns.v[0].volume, *what = NULL;

	if (w->alone || (!w->named && !w->minted))
		return sis_err_set(
			err, EEXIST, "target name '%s' is already that of '%s'; %s", t->iqn, first,
			w->alone ? "rename one of them" : "choose another one with name=");
	sis_vec_each(l, &t->luns)
		if (l->number == w->target.luns.v[0].number)
			return sis_err_set(err, EEXIST,
					   "LUN %" PRIu32 " of target '%s' is already "
					   "'%s'; choose another one with %s=",
					   l->number, t->iqn, l->volume, w->named ? "lun" : "name");
	if (!sis_rules_equal(&t->rules, &w->target.rules))
		what = "initiator";
	else if (!sis_portals_equal(&t->portals, &w->target.portals))
		what = "portal";
	else if (!sis_chap_equal(&t->chap, &w->target.chap))
		what = "auth";
	if (what)
		return sis_err_set(err, EINVAL,
				   "%s= differs from that of '%s', which is in the same "
				   "target '%s'; make them equal",
				   what, first, t->iqn);
	return 0;
}

/* Where nobody may write anything, nothing is left to say of single initiators. */
static void clear_ro(struct sis_target *t)
{
	if (!sis_target_writable(t))
		sis_vec_each(r, &t->rules)
			r->ro = false;
}

/* Where it belongs, the wish still knows by its identity. */
static void take_lun(struct sis_target *from, struct sis_lun *ret)
{
	*ret = from->luns.v[0];
	from->luns.v[0] = (struct sis_lun){ 0 };
}

static void take_target(struct sis_target *from, struct sis_target *ret)
{
	*ret = *from;
	*from = (struct sis_target){ 0 };
}

void sis_desire_merge(struct sis_wish *const *wishes, size_t n, const struct sis_caps *caps,
		      struct sis_state *ret, struct sis_err *errs)
{
	SIS_VEC(struct candidate) order = { 0 };
	struct sis_target *t = NULL;

	*ret = (struct sis_state){ 0 };
	if (caps->caps & SIS_CAP_CHAP_ACCOUNTS)
		sis_desire_accounts(wishes, n, caps, errs);
	for (size_t i = 0; i < n; i++)
		if (!errs[i].code)
			sis_vec_push(&order, ((struct candidate){ wishes[i], i }));
	sis_vec_sort(&order, wish_cmp);
	sis_vec_each(c, &order) {
		struct sis_target *wanted = &c->wish->target;

		if (!t || !sis_streq(t->iqn, wanted->iqn)) {
			t = sis_vec_add(&ret->targets);
			take_target(wanted, t);
		} else if (check_join(t, c->wish, &errs[c->place]) == 0) {
			take_lun(wanted, sis_vec_add(&t->luns));
		}
	}
	sis_vec_free(&order);
	sis_vec_each(merged, &ret->targets)
		clear_ro(merged);
	sis_state_sort(ret);
}

void sis_wish_free(struct sis_wish *w)
{
	sis_target_free(&w->target);
	sis_identity_free(&w->identity);
	*w = (struct sis_wish){ 0 };
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Taking over one target, in the view alone: derives what would have to be written of each volume
 * and judges all that can be told without a plan. Must not write anything.
 */
#include "core/adopt_int.h"

#include <inttypes.h>

#include "base/str.h"
#include "core/elsewhere.h"

/* ---- the view as it would be ---- */

/* From here on the view is as if the volume had these properties. */
static void take_volume(struct sis_adoptee *t, struct sis_volume *v, struct sis_derived *d)
{
	sis_vec_push(&t->takes, ((struct sis_take){ .volume = v,
						    .was = { v->share, v->identity },
						    .was_source = v->share_source }));
	v->share = sis_steal(&d->share);
	v->share_source = SIS_SOURCE_LOCAL;
	v->identity = sis_steal(&d->identity);
}

void sis_adopt_give_back(struct sis_adopt *a, struct sis_adoptee *t)
{
	struct sis_target *live = sis_state_find(&a->view.live, t->iqn);

	for (size_t i = t->takes.n; i-- > 0;) {
		struct sis_take *x = &t->takes.v[i];

		free(x->volume->share);
		free(x->volume->identity);
		x->volume->share = x->was.share;
		x->volume->identity = x->was.identity;
		x->volume->share_source = x->was_source;
	}
	sis_vec_free(&t->takes);
	sis_records_drop(&a->view.records, t->iqn);
	if (live)
		sis_vec_each(l, &live->luns) {
			l->guid = 0;
			l->known &= ~(unsigned)SIS_BIT(SIS_FIELD_VOLUME);
		}
}

/* ---- which other LUN is the same volume ---- */

static int use_cmp(const void *a, const void *b)
{
	const struct sis_use *x = a, *y = b;

	return strcmp(x->volume->name, y->volume->name);
}

void sis_adopt_find_uses(struct sis_adopt *a)
{
	sis_vec_each(t, &a->view.live.targets)
		sis_vec_each(l, &t->luns) {
			const struct sis_item *i = sis_view_guid(&a->view, l->guid);
			const struct sis_volume *v =
				i ? i->volume : sis_match_path(&a->match, l->path);

			if (v)
				sis_vec_push(&a->uses, ((struct sis_use){ v, t, l }));
		}
	sis_vec_sort(&a->uses, use_cmp);
}

/* Another LUN, of any target, that is this volume too; or NULL. */
static const struct sis_use *other_use(const struct sis_adopt *a, const struct sis_volume *v,
				       const struct sis_lun *not_this)
{
	struct sis_use key = { .volume = v };
	const struct sis_use *found = sis_vec_find(&a->uses, &key, use_cmp);
	const struct sis_use *end = a->uses.v + a->uses.n;

	while (found && found > a->uses.v && found[-1].volume == v)
		found--;
	for (; found && found < end && found->volume == v; found++)
		if (found->lun != not_this)
			return found;
	return NULL;
}

/* ---- one target ---- */

/*
 * A value that somebody set on the volume itself is not overwritten: it stays where it says the
 * same, which the plan will tell.
 */
static int respect_value(const struct sis_volume *v, struct sis_derived *d, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };

	if (!v->share || v->share_source == SIS_SOURCE_NONE ||
	    v->share_source == SIS_SOURCE_INHERITED)
		return 0;
	if (v->share_source == SIS_SOURCE_RECEIVED || sis_options_parse(v->share, &o, NULL) < 0 ||
	    !o.on)
		return sis_err_set(
			err, EEXIST,
			"'%s' has a value of shareiscsi of its own, '%s'; it would be '%s': "
			"set that, or `zfs inherit " SIS_PROP_SHARE " %s` first",
			v->name, sis_options_shown(v->share), d->share, v->name);
	sis_replace(&d->share, v->share);
	return 0;
}

static int adopt_lun(struct sis_adopt *a, struct sis_adoptee *into, const struct sis_target *t,
		     struct sis_lun *l, struct sis_err *err)
{
	struct sis_volume *v = sis_match_path(&a->match, l->path);
	sis_autoderived struct sis_derived d = { 0 };
	const struct sis_use *other;
	int rc;

	if (!v)
		return sis_err_set(err, ENOENT,
				   "LUN %" PRIu32
				   " of it ('%s') is none of the volumes here, and a "
				   "target is taken over as a whole",
				   l->number, l->path && *l->path ? l->path : "no path");
	other = other_use(a, v, l);
	if (other)
		return sis_err_set(err, EEXIST, "'%s' is also LUN %" PRIu32 " of '%s'", v->name,
				   other->lun->number, other->target->iqn);
	if (v->pool_readonly)
		return sis_err_set(err, EROFS, "the pool of '%s' is read-only: nothing can be kept",
				   v->name);
	rc = sis_derive(v, t, l, &a->ctx->bx.caps, sis_ctx_prefix(a->ctx), a->rq->auth, &d, err);
	if (rc == 0)
		rc = respect_value(v, &d, err);
	if (rc < 0)
		return rc;
	take_volume(into, v, &d);
	l->guid = v->guid;
	sis_replace(&l->volume, v->name);
	return 0;
}

static int check_beyond(struct sis_adopt *a, const struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *what = NULL;
	int rc = a->ctx->bx.be->beyond ? a->ctx->bx.be->beyond(&a->ctx->bx, t, &what, err) : 0;

	if (rc == 0 && what)
		rc = sis_err_set(err, EINVAL, "%s, which this tool cannot say", what);
	return rc;
}

/* Where a target does not tell its secrets, who named the entry says that they are these. */
static int vouch(struct sis_adopt *a, char **ret_chap, struct sis_err *err)
{
	struct sis_chap chap = { 0 };
	int rc = 0;

	if (a->rq->auth)
		rc = sis_secrets_get(&a->ctx->secrets, a->ctx->root, a->rq->auth, &chap, err);
	if (rc == 0 && a->rq->auth)
		*ret_chap = sis_secrets_digest(&a->ctx->secrets, &chap);
	sis_chap_free(&chap);
	return rc;
}

int sis_adopt_try(struct sis_adopt *a, struct sis_adoptee *into, struct sis_target *t,
		  struct sis_err *err)
{
	sis_autosecret char *chap = NULL;
	int rc = sis_elsewhere(a->ctx, t->iqn, err);

	if (rc == 0 && !t->luns.n)
		rc = sis_err_set(err, ENOENT, "it has no LUN");
	if (rc == 0)
		rc = check_beyond(a, t, err);
	sis_vec_each(l, &t->luns)
		if (rc == 0)
			rc = adopt_lun(a, into, t, l, err);
	if (rc == 0)
		rc = vouch(a, &chap, err);
	if (rc == 0)
		sis_records_put(&a->view.records, t, chap);
	return rc;
}

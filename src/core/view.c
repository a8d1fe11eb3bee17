/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Collecting of what should be and what is. Changes nothing; what is to be done about the
 * difference is the plan's.
 */
#include "core/view.h"

#include "base/str.h"
#include "core/hold.h"
#include "core/judge.h"
#include "core/namesake.h"
#include "core/own.h"

/* ---- looking up ---- */

static int item_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_item *)a)->volume->name,
		      ((const struct sis_item *)b)->volume->name);
}

struct sis_item *sis_view_item(const struct sis_view *v, const char *volume)
{
	struct sis_volume key_volume = { .name = (char *)volume };
	struct sis_item key = { .volume = &key_volume };

	return sis_vec_find(&v->items, &key, item_cmp);
}

/* Is the first of those with this guid in place i? */
static bool is_first(const struct sis_view *v, size_t i, uint64_t guid)
{
	return i < v->by_guid.n && v->by_guid.v[i]->volume->guid == guid &&
	       (!i || v->by_guid.v[i - 1]->volume->guid != guid);
}

struct sis_item *sis_view_guid(const struct sis_view *v, uint64_t guid)
{
	size_t *near = (size_t *)&v->near_guid; /* no part of the view */
	size_t low = 0, high = v->by_guid.n;

	if (is_first(v, *near, guid)) /* most are asked for several times in a row */
		low = high = *near;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->by_guid.v[middle]->volume->guid < guid)
			low = middle + 1;
		else
			high = middle;
	}
	*near = low;
	return guid && is_first(v, low, guid) ? v->by_guid.v[low] : NULL;
}

bool sis_request_names(const struct sis_request *rq, const char *name)
{
	if (!rq->names)
		return true;
	sis_vec_each(n, rq->names)
		if (sis_dataset_within(name, *n))
			return true;
	return false;
}

/* ---- records, and the volumes that are in one target with those asked for ---- */

/* Names of the targets in which the volumes were, by identity, or are to be. */
static void targets_of(const struct sis_view *v, sis_strv *ret)
{
	sis_vec_each(i, &v->items) {
		sis_autoidentity struct sis_identity id = { 0 };

		if (i->volume->identity && sis_identity_parse(i->volume->identity, &id, NULL) == 0)
			sis_strv_add(ret, id.iqn);
		if (i->want == SIS_WANT_SHARED)
			sis_strv_add(ret, i->wish.identity.iqn);
	}
}

/* Does the volume's own identity lead to all targets it can be in? */
static bool is_known(const struct sis_item *i)
{
	if (i->want == SIS_WANT_SHARED)
		return i->wish.minted;
	return i->volume->identity || (i->volume->guid && !i->volume->share);
}

/* Do single records suffice: is every name asked for a known volume? */
static bool all_known(const struct sis_view *v, const struct sis_request *rq)
{
	bool known = !v->missing.n;

	sis_vec_each(name, rq->names) {
		const struct sis_item *i = sis_view_item(v, *name);

		known &= i && is_known(i);
	}
	return known;
}

/* The record as far as it matters: all of it for trees and first shares, else single targets. */
static int read_records(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
			struct sis_err *err)
{
	sis_autostrv sis_strv iqns = { 0 };

	if (v->all_records)
		return 0;
	if (!rq->names || !all_known(v, rq)) {
		sis_records_free(&v->records);
		v->all_records = true;
		return sis_records_read(ctx->root, ctx->bx.be->name, &v->records, &v->begun, err);
	}
	targets_of(v, &iqns);
	sis_records_add(ctx->root, ctx->bx.be->name, &iqns, &v->records);
	return 0;
}

static bool have_volume(const struct sis_view *v, const char *name)
{
	struct sis_volume key = { .name = (char *)name };

	return sis_vec_find(&v->volumes, &key, sis_volume_cmp) != NULL;
}

bool sis_view_recorded(const struct sis_view *v, const char *name)
{
	sis_vec_each(r, &v->records)
		sis_vec_each(l, &r->luns)
			if (sis_dataset_within(l->volume, name))
				return true;
	return false;
}

bool sis_view_concerns(const struct sis_view *v, const struct sis_request *rq,
		       const struct sis_record *r)
{
	sis_vec_each(l, &r->luns) {
		const struct sis_item *i = sis_view_guid(v, l->guid);

		if ((i && i->in_scope) || sis_request_names(rq, l->volume))
			return true;
	}
	return false;
}

/* Is one of the volumes asked for to come into this target? */
static bool is_wished(const struct sis_view *v, const char *iqn)
{
	sis_vec_each(i, &v->items)
		if (i->in_scope && i->want == SIS_WANT_SHARED &&
		    sis_streq(i->wish.identity.iqn, iqn))
			return true;
	return false;
}

/* Volumes in one target with those asked for, as the records name them. */
static void find_siblings(const struct sis_view *v, const struct sis_request *rq, sis_strv *ret)
{
	sis_vec_each(r, &v->records)
		if (sis_view_concerns(v, rq, r) || is_wished(v, r->iqn))
			sis_vec_each(l, &r->luns)
				if (!have_volume(v, l->volume))
					sis_strv_add(ret, l->volume);
}

/*
 * Only the whole store can tell who else may have the name that a first share would get, or the id
 * that a volume was taken over with, and what became of a volume that is recorded but no longer
 * where the record says.
 */
static bool must_look_everywhere(const struct sis_view *v, const struct sis_request *rq)
{
	if (v->whole)
		return false;
	sis_vec_each(i, &v->items)
		if (i->in_scope && i->want == SIS_WANT_SHARED &&
		    ((!i->wish.minted && !i->wish.named) || sis_namesake_keeps(i)))
			return true;
	sis_vec_each(r, &v->records)
		if (sis_view_concerns(v, rq, r))
			sis_vec_each(l, &r->luns)
				if (!sis_view_guid(v, l->guid))
					return true;
	return false;
}

/* Takes over those of `more` that are not there yet; how many. */
static size_t take_volumes(struct sis_view *v, sis_volumes *more)
{
	size_t before = v->volumes.n, n = before;

	sis_vec_each(volume, more) {
		struct sis_volume *found;

		v->volumes.n = before; /* the sorted part */
		found = sis_vec_find(&v->volumes, volume, sis_volume_cmp);
		v->volumes.n = n;
		if (found)
			continue;
		sis_vec_push(&v->volumes, *volume);
		*volume = (struct sis_volume){ 0 };
		n++;
	}
	sis_vec_sort(&v->volumes, sis_volume_cmp);
	return n - before;
}

/* 1 when there are more volumes to be judged than before. */
static int list_more(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
		     struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 }, gone = { 0 };
	sis_autovolumes sis_volumes more = { 0 };
	bool everything = must_look_everywhere(v, rq);
	int rc;

	if (!everything)
		find_siblings(v, rq, &names);
	if (v->whole || (!everything && !names.n))
		return 0;
	v->whole = everything;
	rc = ctx->sx.store->list(&ctx->sx, everything ? NULL : &names, &more, &gone, err);
	return rc < 0 ? rc : take_volumes(v, &more) > 0;
}

/* ---- live ---- */

/* Every target that matters for what was asked; each once. */
static void live_scope(const struct sis_view *v, const struct sis_request *rq, sis_strv *ret)
{
	sis_autostrv sis_strv all = { 0 };

	targets_of(v, &all);
	sis_vec_each(r, &v->records)
		if (sis_view_concerns(v, rq, r))
			sis_strv_add(&all, r->iqn);
	sis_vec_sort(&all, sis_strp_cmp);
	sis_vec_each(iqn, &all)
		if (!ret->n || !sis_streq(*iqn, ret->v[ret->n - 1]))
			sis_strv_add(ret, *iqn);
}

/* Of an account that several targets may have. */
static void recall_secret(const struct sis_ctx *ctx, const char *user, const char *secret,
			  const char *live_user, char **ret)
{
	const struct sis_accounts *a = ctx->bx.accounts;

	if (user && live_user && sis_streq(user, live_user) && a->ours(a->ctx, user, secret))
		sis_replace(ret, secret);
}

/*
 * What a target does not tell of the credentials it has, the record may: a secret whose digest is
 * that of the desired one is the desired one.
 */
static void recall_chap(struct sis_ctx *ctx, const struct sis_view *v, struct sis_target *live)
{
	const struct sis_target *desired;
	const struct sis_record *r;

	if (!live->chap.user && !live->chap.mutual_user)
		return;
	r = sis_records_find(&v->records, live->iqn);
	desired = sis_state_find(&v->desired, live->iqn);
	if (desired && ctx->bx.caps.caps & SIS_CAP_CHAP_ACCOUNTS) {
		recall_secret(ctx, desired->chap.user, desired->chap.pass, live->chap.user,
			      &live->chap.pass);
		recall_secret(ctx, desired->chap.mutual_user, desired->chap.mutual_pass,
			      live->chap.mutual_user, &live->chap.mutual_pass);
		return;
	}
	if (!r || !r->chap || !desired || !live->chap.user || live->chap.pass ||
	    !sis_secrets_match(&ctx->secrets, &desired->chap, r->chap))
		return;
	live->chap.pass = sis_strdup(desired->chap.pass);
	if (live->chap.mutual_user)
		live->chap.mutual_pass = sis_strdup_null(desired->chap.mutual_pass);
}

/*
 * Where the target rounds sizes: a LUN on its volume's own path has its size, unless that cannot be.
 * On any other path, which may lead nowhere since the volume was renamed, the device is looked at;
 * but not for LUNs of others while few volumes are looked at.
 */
static void settle_size(const struct sis_ctx *ctx, const struct sis_view *v, struct sis_lun *l)
{
	const struct sis_item *i = sis_view_guid(v, l->guid);

	if (!l->size_slack || !l->size || (!l->guid && !v->whole))
		return;
	if (!i || !sis_streq(l->path, i->volume->device))
		ctx->bx.be->lun_size(&ctx->bx, l);
	else if (sis_lun_has_size(l, i->volume->size))
		l->size = i->volume->size;
	l->size_slack = 0;
}

static void own_all(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v)
{
	sis_vec_each(t, &v->live.targets) {
		sis_own_target(v, t);
		recall_chap(ctx, v, t);
		sis_vec_each(l, &t->luns) {
			settle_size(ctx, v, l);
			l->keep = sis_own_keeps(v, rq, t, l);
		}
	}
}

/* While the target makes its list, other things are read: of all volumes that takes about as long. */
static void ask_ahead(struct sis_ctx *ctx, const struct sis_view *v)
{
	if (v->whole && ctx->bx.be->read_ahead)
		ctx->bx.be->read_ahead(&ctx->bx);
}

static int read_live(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
		     struct sis_err *err)
{
	sis_autostrv sis_strv scope = { 0 };
	int rc;

	if (!v->whole)
		live_scope(v, rq, &scope);
	if (!v->whole && !scope.n)
		return 0;
	rc = ctx->bx.be->read(&ctx->bx, v->whole ? NULL : &scope, &v->live, err);
	if (rc < 0)
		return rc;
	own_all(ctx, rq, v);
	return 0;
}

void sis_view_rejudge(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v)
{
	sis_items_free(v);
	sis_state_free(&v->desired);
	sis_judge_all(ctx, rq, v);
	sis_judge_index(v);
	sis_judge_merge(&ctx->bx.caps, v);
	own_all(ctx, rq, v);
}

int sis_view_reread(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
		    struct sis_err *err)
{
	sis_autostrv sis_strv iqns = { 0 };
	int rc = 0;

	ask_ahead(ctx, v);
	/* What was made is recorded since. */
	sis_records_free(&v->records);
	sis_state_free(&v->live);
	sis_give_back();
	if (v->all_records) {
		rc = sis_records_read(ctx->root, ctx->bx.be->name, &v->records, NULL, err);
	} else {
		targets_of(v, &iqns);
		sis_records_add(ctx->root, ctx->bx.be->name, &iqns, &v->records);
	}
	return rc < 0 ? rc : read_live(ctx, rq, v, err);
}

/* Judges until no further volume turns up in the targets concerned, then merges. */
static int read_desired(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
			struct sis_err *err)
{
	int rc;

	do {
		sis_items_free(v);
		sis_judge_all(ctx, rq, v);
		rc = read_records(ctx, rq, v, err);
		sis_judge_index(v);
		if (rc == 0)
			rc = list_more(ctx, rq, v, err);
	} while (rc > 0);
	if (rc == 0)
		sis_judge_merge(&ctx->bx.caps, v);
	return rc;
}

int sis_view_read(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *ret,
		  struct sis_err *err)
{
	struct sis_view v = { 0 };
	int rc;

	v.whole = !rq->names;
	ask_ahead(ctx, &v);
	rc = sis_holds_read(ctx->root, &v.holds, err);
	if (rc == 0)
		rc = ctx->sx.store->list(&ctx->sx, rq->names, &v.volumes, &v.missing, err);
	if (rc == 0)
		rc = read_desired(ctx, rq, &v, err);
	if (rc == 0)
		rc = read_live(ctx, rq, &v, err);
	if (rc < 0) {
		sis_view_free(&v);
		return rc;
	}
	*ret = v;
	return 0;
}

void sis_view_free(struct sis_view *v)
{
	sis_items_free(v);
	sis_volumes_free(&v->volumes);
	sis_strv_free(&v->missing);
	sis_strv_free(&v->holds);
	sis_strv_free(&v->begun);
	sis_records_free(&v->records);
	sis_state_free(&v->desired);
	sis_state_free(&v->live);
}

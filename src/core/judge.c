/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What is to become of each volume that view.c collected, and from that what should be. Changes
 * nothing but the view.
 */
#include "core/judge.h"

#include "base/str.h"
#include "core/hold.h"
#include "core/namesake.h"
#include "core/unshared.h"
#include "model/field.h"
#include "model/option.h"

/* By guid; of several with one guid, what is to be shared comes first, what is off last. */
static int guid_cmp(const void *a, const void *b)
{
	static const int rank[] = { [SIS_WANT_SHARED] = 0,
				    [SIS_WANT_PENDING] = 1,
				    [SIS_WANT_BAD] = 2,
				    [SIS_WANT_HELD] = 3,
				    [SIS_WANT_OFF] = 4 };
	const struct sis_item *x = *(struct sis_item *const *)a, *y = *(struct sis_item *const *)b;

	if (x->volume->guid != y->volume->guid)
		return x->volume->guid > y->volume->guid ? 1 : -1;
	if (x->want != y->want)
		return rank[x->want] - rank[y->want];
	return strcmp(x->volume->name, y->volume->name);
}

/* Does the override decide what this volume's value is? */
static bool overridden(const struct sis_override *o, const struct sis_volume *v)
{
	if (!o || !sis_dataset_within(v->name, o->dataset))
		return false;
	if (o->all_below || sis_streq(v->name, o->dataset))
		return true;
	if (v->share_source == SIS_SOURCE_NONE)
		return true;
	/* Inherited from here or from above: nothing in between has a value of its own. */
	return v->share_source == SIS_SOURCE_INHERITED && v->share_from &&
	       sis_dataset_within(o->dataset, v->share_from);
}

/* Did the value arrive with a replica, on the volume or above it? */
static int check_received(const struct sis_volume *v, struct sis_err *err)
{
	const char *where = v->name;

	if (v->share_source == SIS_SOURCE_INHERITED && v->from_received)
		where = v->share_from ? v->share_from : v->name;
	else if (v->share_source != SIS_SOURCE_RECEIVED)
		return 0;
	return sis_err_set(err, SIS_ERR_PENDING,
			   "the value was received with a replica and is "
			   "not followed by itself; `zfs set shareiscsi=%s %s` shares it",
			   sis_options_shown(v->share), where);
}

static enum sis_want judge_ready(const struct sis_volume *v, struct sis_err *err)
{
	if (v->ready)
		return SIS_WANT_SHARED;
	(void)sis_err_set(err, SIS_ERR_PENDING, "%s", v->not_ready ? v->not_ready : "not ready");
	return SIS_WANT_PENDING;
}

/*
 * Does it stay the disk it was when it was last shared? That is kept with the volume, as nothing may
 * be live of it; and it holds until somebody unshares it.
 */
static int check_last(const struct sis_ctx *ctx, const struct sis_wish *w, struct sis_err *err)
{
	const struct sis_lun *now = &w->target.luns.v[0];
	const struct sis_lun last = { .blocksize = w->last_blocksize,
				      .known = w->last_blocksize ? SIS_BIT(SIS_FIELD_BLOCKSIZE) :
								   0 };
	sis_autoerr struct sis_err refusal = SIS_ERR_INIT;

	if (sis_lun_check_change(now, &last, &refusal) == 0 ||
	    sis_unshared_noted(ctx->root, now->guid))
		return 0;
	return sis_err_move(err, &refusal);
}

/* Fills want and problem; for a volume to be shared also the wish. */
static enum sis_want judge(struct sis_ctx *ctx, const struct sis_request *rq, const sis_strv *holds,
			   struct sis_item *item, struct sis_err *err)
{
	const struct sis_volume *v = item->volume;
	bool over = overridden(rq->override, v);
	const char *value = over ? rq->override->value : v->share;
	sis_autooptions struct sis_options o = { 0 };
	const char *prefix, *hold;
	enum sis_want want;
	bool alone;

	if (rq->mode == SIS_VIEW_UNSHARE && item->in_scope)
		return SIS_WANT_OFF;
	/* Not even its properties could be read: that says nothing about what is wanted. */
	if (!v->guid)
		return judge_ready(v, err);
	if (sis_options_parse(value, &o, err) < 0)
		return SIS_WANT_BAD;
	if (!o.on)
		return SIS_WANT_OFF;
	hold = sis_holds_find(holds, v->name);
	if (hold) {
		(void)sis_err_set(err, SIS_ERR_PENDING,
				  "it is held back on this host, as by a cluster that shares it "
				  "elsewhere; `shareiscsi sync --release %s` shares it",
				  hold);
		return SIS_WANT_HELD;
	}
	if (!over && !ctx->conf.share_received && check_received(v, err) < 0)
		return SIS_WANT_HELD;
	if (sis_conf_allows(&ctx->conf, v->name, &o, err) < 0)
		return SIS_WANT_BAD;
	want = judge_ready(v, err);
	if (want != SIS_WANT_SHARED)
		return want;
	prefix = sis_ctx_prefix(ctx);
	if (sis_conf_allows_identity(&ctx->conf, v, &o, &alone, err) < 0)
		return SIS_WANT_BAD;
	if (sis_desire(v, &o, &ctx->bx.caps, prefix, &ctx->prefix_err, &item->wish, err) < 0 ||
	    sis_ctx_chap(ctx, &o, &item->wish.target.chap, err) < 0 ||
	    check_last(ctx, &item->wish, err) < 0)
		return SIS_WANT_BAD;
	item->wish.alone = alone;
	return SIS_WANT_SHARED;
}

/* Is this very volume (not another one with its guid) recorded in the target it wants? */
static bool recorded(const struct sis_view *v, const struct sis_item *i)
{
	const struct sis_record *r = sis_records_find(&v->records, i->wish.identity.iqn);

	if (r)
		sis_vec_each(l, &r->luns)
			if (l->guid == i->volume->guid && sis_streq(l->volume, i->volume->name))
				return true;
	return false;
}

/* Does a record of any target name this very volume? */
static bool recorded_anywhere(const struct sis_view *v, const struct sis_item *i)
{
	sis_vec_each(r, &v->records)
		sis_vec_each(l, &r->luns)
			if (l->guid == i->volume->guid && sis_streq(l->volume, i->volume->name))
				return true;
	return false;
}

static void refuse_twin(struct sis_item *i, const struct sis_item *other)
{
	i->want = SIS_WANT_BAD;
	(void)sis_err_set(&i->problem, EEXIST,
			  "it has the guid of '%s', a copy of the same disk; two disks with one "
			  "serial number are not shared: set shareiscsi=off on one of them and "
			  "unshare it",
			  other->volume->name);
}

/* The one of n volumes with one guid that is shared already, or NULL. */
static struct sis_item *known_twin(const struct sis_view *v, struct sis_item **same, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (recorded_anywhere(v, same[i]))
			return same[i];
	return NULL;
}

/*
 * Volumes with one guid (a pool and its copy) must not be on line as one disk. The one that is
 * recorded stays what it is, and none of the others takes its place before it is unshared; where
 * none is recorded and several are wanted, nobody can tell which is meant.
 */
static void refuse_twins(struct sis_view *v)
{
	for (size_t i = 0, n; i < v->by_guid.n; i += n) {
		struct sis_item **same = &v->by_guid.v[i], *known;
		size_t wanting = 0;

		for (n = 0; i + n < v->by_guid.n && same[n]->volume->guid == same[0]->volume->guid;
		     n++)
			wanting += same[n]->want == SIS_WANT_SHARED;
		if (n == 1 || !wanting || !same[0]->volume->guid)
			continue;
		known = known_twin(v, same, n);
		for (size_t k = 0; k < wanting; k++)
			if (same[k] != known && (known || wanting > 1))
				refuse_twin(same[k], known ? known : same[k ? 0 : 1]);
	}
}

void sis_judge_all(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v)
{
	sis_vec_each(volume, &v->volumes) {
		struct sis_item *item = sis_vec_add(&v->items);

		item->volume = volume;
		item->in_scope = sis_request_names(rq, volume->name);
		item->want = judge(ctx, rq, &v->holds, item, &item->problem);
	}
}

void sis_judge_index(struct sis_view *v)
{
	sis_vec_each(i, &v->items) {
		if (i->want == SIS_WANT_SHARED)
			i->wish.recorded = recorded(v, i);
		sis_vec_push(&v->by_guid, i);
	}
	sis_vec_sort(&v->by_guid, guid_cmp);
	refuse_twins(v);
	sis_namesakes_refuse(v);
	sis_vec_sort(&v->by_guid, guid_cmp);
}

void sis_items_free(struct sis_view *v)
{
	sis_vec_each(i, &v->items) {
		sis_err_clear(&i->problem);
		sis_wish_free(&i->wish);
	}
	sis_vec_free(&v->items);
	sis_vec_free(&v->by_guid);
}

void sis_judge_merge(const struct sis_caps *caps, struct sis_view *v)
{
	SIS_VEC(struct sis_wish *) wishes = { 0 };
	SIS_VEC(struct sis_item *) owners = { 0 };
	struct sis_err *errs;

	sis_vec_each(i, &v->items) {
		if (i->want != SIS_WANT_SHARED)
			continue;
		sis_vec_push(&wishes, &i->wish);
		sis_vec_push(&owners, i);
	}
	errs = sis_calloc(wishes.n + 1, sizeof(*errs));
	sis_desire_merge(wishes.v, wishes.n, caps, &v->desired, errs);
	for (size_t i = 0; i < wishes.n; i++) {
		if (!errs[i].code)
			continue;
		owners.v[i]->want = SIS_WANT_BAD;
		(void)sis_err_move(&owners.v[i]->problem, &errs[i]);
	}
	free(errs);
	sis_vec_free(&wishes);
	sis_vec_free(&owners);
}

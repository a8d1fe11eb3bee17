/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Collecting of what should be and what is. Changes nothing; what is to be done about the
 * difference is the plan's.
 */
#include "core/view.h"

#include "base/str.h"

/* ---- items: one verdict per volume ---- */

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

static int guid_cmp(const void *a, const void *b)
{
	const struct sis_item *x = *(struct sis_item *const *)a, *y = *(struct sis_item *const *)b;

	return (x->volume->guid > y->volume->guid) - (x->volume->guid < y->volume->guid);
}

struct sis_item *sis_view_guid(const struct sis_view *v, uint64_t guid)
{
	struct sis_volume key_volume = { .guid = guid };
	struct sis_item key = { .volume = &key_volume }, *keyp = &key, **found;

	found = guid ? sis_vec_find(&v->by_guid, &keyp, guid_cmp) : NULL;
	return found ? *found : NULL;
}

static bool in_scope(const struct sis_request *rq, const char *name)
{
	if (!rq->names)
		return true;
	sis_vec_each(n, rq->names)
		if (sis_dataset_within(name, *n))
			return true;
	return false;
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

static enum sis_want judge_ready(const struct sis_volume *v, struct sis_err *err)
{
	if (v->ready)
		return SIS_WANT_SHARED;
	(void)sis_err_set(err, SIS_ERR_PENDING, "%s", v->not_ready ? v->not_ready : "not ready");
	return SIS_WANT_PENDING;
}

/* Fills want and problem; for a volume to be shared also the wish. */
static enum sis_want judge(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_item *item,
			   struct sis_err *err)
{
	const struct sis_volume *v = item->volume;
	bool over = overridden(rq->override, v);
	const char *value = over ? rq->override->value : v->share;
	sis_autooptions struct sis_options o = { 0 };
	const char *prefix;
	enum sis_want want;

	if (rq->mode == SIS_VIEW_UNSHARE && item->in_scope)
		return SIS_WANT_OFF;
	/* Not even its properties could be read: that says nothing about what is wanted. */
	if (!v->guid)
		return judge_ready(v, err);
	if (sis_options_parse(value, &o, err) < 0)
		return SIS_WANT_BAD;
	if (!o.on)
		return SIS_WANT_OFF;
	if (!over && v->share_source == SIS_SOURCE_RECEIVED && !ctx->conf.share_received) {
		(void)sis_err_set(err, SIS_ERR_PENDING,
				  "the value was received with a replica and is "
				  "not followed by itself; `zfs set shareiscsi=%s %s` shares it",
				  value, v->name);
		return SIS_WANT_HELD;
	}
	if (sis_conf_allows(&ctx->conf, v->name, &o, err) < 0)
		return SIS_WANT_BAD;
	want = judge_ready(v, err);
	if (want != SIS_WANT_SHARED)
		return want;
	prefix = sis_ctx_prefix(ctx);
	if (sis_desire(v, &o, &ctx->bx.caps, prefix, &ctx->prefix_err, &item->wish, err) < 0)
		return SIS_WANT_BAD;
	return SIS_WANT_SHARED;
}

/* Two volumes with one guid (a pool and its copy) must not be on line as one disk. */
static void refuse_twins(struct sis_view *v)
{
	for (size_t i = 1; i < v->by_guid.n; i++) {
		struct sis_item *a = v->by_guid.v[i - 1], *b = v->by_guid.v[i];

		if (a->volume->guid != b->volume->guid || b->want != SIS_WANT_SHARED)
			continue;
		sis_wish_free(&b->wish);
		b->want = SIS_WANT_BAD;
		(void)sis_err_set(&b->problem, EEXIST,
				  "it has the guid of '%s', a copy of the same "
				  "disk; two disks with one serial number are not shared",
				  a->volume->name);
	}
}

static void judge_all(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v)
{
	sis_vec_each(volume, &v->volumes) {
		struct sis_item *item = sis_vec_add(&v->items);

		item->volume = volume;
		item->in_scope = in_scope(rq, volume->name);
		item->want = judge(ctx, rq, item, &item->problem);
	}
	sis_vec_each(i, &v->items)
		sis_vec_push(&v->by_guid, i);
	sis_vec_sort(&v->by_guid, guid_cmp);
	refuse_twins(v);
}

static void items_free(struct sis_view *v)
{
	sis_vec_each(i, &v->items) {
		sis_err_clear(&i->problem);
		sis_wish_free(&i->wish);
	}
	sis_vec_free(&v->items);
	sis_vec_free(&v->by_guid);
}

/* ---- desired ---- */

static void merge_wishes(struct sis_view *v)
{
	SIS_VEC(struct sis_wish) wishes = { 0 };
	SIS_VEC(struct sis_item *) owners = { 0 };
	struct sis_err *errs;

	sis_vec_each(i, &v->items) {
		if (i->want != SIS_WANT_SHARED)
			continue;
		sis_vec_push(&wishes, i->wish);
		sis_vec_push(&owners, i);
	}
	errs = sis_calloc(wishes.n + 1, sizeof(*errs));
	sis_desire_merge(wishes.v, wishes.n, &v->desired, errs);
	for (size_t i = 0; i < wishes.n; i++) {
		if (!errs[i].code)
			continue;
		owners.v[i]->want = SIS_WANT_BAD;
		(void)sis_err_move(&owners.v[i]->problem, &errs[i]);
	}
	free(errs);
	/* The wishes themselves belong to the items. */
	sis_vec_free(&wishes);
	sis_vec_free(&owners);
}

/* ---- records, and the volumes that are in one target with those asked for ---- */

static int add_record(struct sis_ctx *ctx, struct sis_view *v, const char *iqn, struct sis_err *err)
{
	return sis_records_add(ctx->root, ctx->bx.be->name, iqn, &v->records, err);
}

/* Records of the targets in which the volumes are, were or will be. */
static int read_records(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
			struct sis_err *err)
{
	int rc = 0;

	if (!rq->names && !v->records.n)
		return sis_records_read(ctx->root, ctx->bx.be->name, &v->records, err);
	sis_vec_each(volume, &v->volumes) {
		sis_autoidentity struct sis_identity id = { 0 };

		if (rc == 0 && volume->identity &&
		    sis_identity_parse(volume->identity, &id, NULL) == 0)
			rc = add_record(ctx, v, id.iqn, err);
	}
	sis_vec_each(t, &v->desired.targets)
		if (rc == 0)
			rc = add_record(ctx, v, t->iqn, err);
	return rc;
}

static bool have_volume(const struct sis_view *v, const char *name)
{
	struct sis_volume key = { .name = (char *)name };

	return sis_vec_find(&v->volumes, &key, sis_volume_cmp) != NULL;
}

/* Volumes that the records name beside those already there. */
static void find_siblings(const struct sis_view *v, const struct sis_request *rq, sis_strv *ret)
{
	sis_vec_each(r, &v->records)
		sis_vec_each(l, &r->luns)
			if (!have_volume(v, l->volume) && !in_scope(rq, l->volume))
				sis_strv_add(ret, l->volume);
}

static int list_siblings(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
			 struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 }, gone = { 0 };
	sis_autovolumes sis_volumes more = { 0 };
	int rc, added = 0;

	find_siblings(v, rq, &names);
	if (!names.n)
		return 0;
	rc = ctx->sx.store->list(&ctx->sx, &names, &more, &gone, err);
	if (rc < 0)
		return rc;
	sis_vec_each(volume, &more) {
		if (have_volume(v, volume->name))
			continue;
		sis_vec_push(&v->volumes, *volume);
		*volume = (struct sis_volume){ 0 };
		added = 1;
	}
	sis_vec_sort(&v->volumes, sis_volume_cmp);
	return added;
}

/* ---- live ---- */

/* Does the live LUN show that it is this volume: by its serial number or by its path? */
static bool lun_is(const struct sis_lun *live, uint64_t guid, const char *path)
{
	sis_autofree char *serial = sis_serial(guid);

	return (live->serial && sis_streq(live->serial, serial)) ||
	       (live->path && sis_streq(live->path, path));
}

/* A null device of IET shows neither: one in the right place is believed to be the right one. */
static bool shows_nothing(const struct sis_lun *live)
{
	return live->type == SIS_TYPE_NULLIO && !live->serial && (!live->path || !*live->path);
}

static void lun_own(struct sis_lun *live, uint64_t guid, const char *volume)
{
	live->guid = guid;
	live->known |= SIS_BIT(SIS_FIELD_VOLUME);
	sis_replace(&live->volume, volume);
}

/* Marks the LUNs that the record names and the live state confirms; how many. */
static size_t own_by_record(struct sis_target *t, const struct sis_record *r)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_record_lun *by = NULL;

		sis_vec_each(x, &r->luns)
			if (!by && x->number == l->number &&
			    (shows_nothing(l) || lun_is(l, x->guid, x->path)))
				by = x;
		if (!by)
			continue;
		lun_own(l, by->guid, by->volume);
		n++;
	}
	return n;
}

/* The record was lost: what matches a desired target in name and volume is ours. */
static size_t own_by_desire(struct sis_target *t, const struct sis_target *desired)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_lun *want = desired ? sis_target_lun(desired, l->number) : NULL;

		if (!want || !(lun_is(l, want->guid, want->path) ||
			       (shows_nothing(l) && want->type == SIS_TYPE_NULLIO)))
			continue;
		lun_own(l, want->guid, want->volume);
		n++;
	}
	return n;
}

/* The volume whose kept identity says that it is this LUN, or NULL. */
static const struct sis_volume *identified(const struct sis_view *v, const struct sis_target *t,
					   const struct sis_lun *l)
{
	sis_autoidentity struct sis_identity id = { 0 };
	const struct sis_item *i;
	uint64_t guid;

	if (!l->serial || sis_parse_hex(l->serial, 16, &guid) < 0)
		return NULL;
	i = sis_view_guid(v, guid);
	if (!i || !i->volume->identity || sis_identity_parse(i->volume->identity, &id, NULL) < 0 ||
	    id.guid != guid || id.lun != l->number || !sis_streq(id.iqn, t->iqn))
		return NULL;
	return i->volume;
}

/* The same where nothing is desired any more. */
static size_t own_by_identity(const struct sis_view *v, struct sis_target *t)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_volume *volume = l->guid ? NULL : identified(v, t, l);

		if (!volume)
			continue;
		lun_own(l, volume->guid, volume->name);
		n++;
	}
	return n;
}

static void own_target(const struct sis_view *v, struct sis_target *t)
{
	const struct sis_record *r = sis_records_find(&v->records, t->iqn);
	size_t n = r ? own_by_record(t, r) : 0;

	n += own_by_desire(t, sis_state_find(&v->desired, t->iqn));
	n += own_by_identity(v, t);
	/* A recorded target without LUNs is one that a crash left half made. */
	t->owner = n || (r && !t->luns.n) ? SIS_OWNER_OURS : SIS_OWNER_FOREIGN;
}

/* A LUN stays as it is when nothing was said about its volume, or nothing that can be followed. */
static bool lun_kept(const struct sis_view *v, const struct sis_request *rq,
		     const struct sis_lun *l)
{
	const struct sis_item *i;

	if (!l->guid)
		return true;
	i = sis_view_guid(v, l->guid);
	if (!i) {
		i = sis_view_item(v, l->volume);
		return (i && !i->volume->guid) || !in_scope(rq, l->volume);
	}
	switch (i->want) {
	case SIS_WANT_SHARED: return false;
	case SIS_WANT_OFF:
		return rq->mode == SIS_VIEW_SHARE || !(i->in_scope || rq->mode == SIS_VIEW_SYNC);
	case SIS_WANT_HELD:
	case SIS_WANT_PENDING:
	case SIS_WANT_BAD: break;
	}
	return true;
}

/* Every target in which the volumes are to be, or were by record or identity; each once. */
static void live_scope(const struct sis_view *v, sis_strv *ret)
{
	sis_autostrv sis_strv all = { 0 };

	sis_vec_each(t, &v->desired.targets)
		sis_strv_add(&all, t->iqn);
	sis_vec_each(r, &v->records)
		sis_strv_add(&all, r->iqn);
	sis_vec_each(volume, &v->volumes) {
		sis_autoidentity struct sis_identity id = { 0 };

		if (volume->identity && sis_identity_parse(volume->identity, &id, NULL) == 0)
			sis_strv_add(&all, id.iqn);
	}
	sis_vec_sort(&all, sis_strp_cmp);
	sis_vec_each(iqn, &all)
		if (!ret->n || !sis_streq(*iqn, ret->v[ret->n - 1]))
			sis_strv_add(ret, *iqn);
}

int sis_view_reread(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
		    struct sis_err *err)
{
	sis_autostrv sis_strv scope = { 0 };
	int rc;

	sis_state_free(&v->live);
	live_scope(v, &scope);
	if (rq->names && !scope.n)
		return 0;
	rc = ctx->bx.be->read(&ctx->bx, rq->names ? &scope : NULL, &v->live, err);
	if (rc < 0)
		return rc;
	sis_vec_each(t, &v->live.targets) {
		own_target(v, t);
		sis_vec_each(l, &t->luns)
			l->keep = lun_kept(v, rq, l);
	}
	return 0;
}

/* Judges and merges until no further volume turns up in the targets concerned. */
static int read_desired(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
			struct sis_err *err)
{
	int rc;

	do {
		items_free(v);
		sis_state_free(&v->desired);
		judge_all(ctx, rq, v);
		merge_wishes(v);
		rc = read_records(ctx, rq, v, err);
		if (rc == 0)
			rc = list_siblings(ctx, rq, v, err);
	} while (rc > 0);
	return rc;
}

/*
 * A name asked for that is gone, but recorded: the volume may live on under another name, and only
 * the whole store can tell.
 */
static int look_everywhere(struct sis_ctx *ctx, struct sis_view *v, struct sis_err *err)
{
	bool recorded = false;
	int rc;

	if (!v->missing.n)
		return 0;
	rc = sis_records_read(ctx->root, ctx->bx.be->name, &v->records, err);
	sis_vec_each(r, &v->records)
		sis_vec_each(l, &r->luns)
			sis_vec_each(name, &v->missing)
				recorded |= sis_dataset_within(l->volume, *name);
	if (rc < 0 || !recorded)
		return rc;
	sis_volumes_free(&v->volumes);
	return ctx->sx.store->list(&ctx->sx, NULL, &v->volumes, NULL, err);
}

int sis_view_read(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *ret,
		  struct sis_err *err)
{
	struct sis_view v = { 0 };
	int rc;

	rc = ctx->sx.store->list(&ctx->sx, rq->names, &v.volumes, &v.missing, err);
	if (rc == 0)
		rc = look_everywhere(ctx, &v, err);
	if (rc == 0)
		rc = read_desired(ctx, rq, &v, err);
	if (rc == 0)
		rc = sis_view_reread(ctx, rq, &v, err);
	if (rc < 0) {
		sis_view_free(&v);
		return rc;
	}
	*ret = v;
	return 0;
}

void sis_view_free(struct sis_view *v)
{
	items_free(v);
	sis_volumes_free(&v->volumes);
	sis_strv_free(&v->missing);
	sis_records_free(&v->records);
	sis_state_free(&v->desired);
	sis_state_free(&v->live);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Keeping identities. One that is kept ahead of its share does no harm after a crash: it is the one
 * the next run would compute. But what was refused is not to be kept, so it is taken back.
 */
#include "core/mint.h"

#include "base/log.h"
#include "base/str.h"
#include "core/unshared.h"

static int mint(struct sis_flow *f, const struct sis_lun *l, struct sis_err *err)
{
	struct sis_item *i = sis_view_guid(&f->view, l->guid);
	sis_autofree char *text = NULL;

	if (!i || !i->wish.identity_differs)
		return 0;
	if (i->volume->pool_readonly) {
		sis_log(SIS_LOG_WARN,
			"'%s': its pool is read-only, so its identity cannot be kept; "
			"it is shared with computed values",
			i->volume->name);
		return 0;
	}
	text = sis_identity_print(&i->wish.identity);
	if (!i->kept_ahead &&
	    f->ctx->sx.store->keep(&f->ctx->sx, i->volume->name, SIS_PROP_IDENTITY, text, err) < 0)
		return sis_err_wrap(err, "cannot keep its identity");
	i->kept_ahead = i->wish.identity_differs = false;
	return 0;
}

int sis_mint_target(struct sis_flow *f, const struct sis_target *t, struct sis_err *err)
{
	int rc = 0;

	sis_vec_each(l, &t->luns) {
		if (rc == 0)
			rc = mint(f, l, err);
		if (rc == 0 && f->unshared && !f->ctx->choice.dry)
			sis_unshared_forget(f->ctx->root, l->guid);
	}
	return rc;
}

static int keep_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_keep *)a)->name, ((const struct sis_keep *)b)->name);
}

static void keep_many(struct sis_flow *f, sis_keeps *l)
{
	sis_vec_sort(l, keep_cmp);
	f->ctx->sx.store->keep_many(&f->ctx->sx, SIS_PROP_IDENTITY, l);
}

/* The texts are the caller's to free. */
static void add_group(const struct sis_flow *f, const struct sis_group *g, sis_keeps *ret)
{
	sis_vec_each(l, &g->desired->luns) {
		const struct sis_item *i = sis_view_guid(&f->view, l->guid);

		if (i && i->wish.identity_differs && !i->volume->pool_readonly)
			sis_vec_push(ret, ((struct sis_keep){
						  .name = i->volume->name,
						  .value = sis_identity_print(&i->wish.identity) }));
	}
}

void sis_mint_ahead(struct sis_flow *f)
{
	sis_keeps l = { 0 };

	if (!f->ctx->sx.store->keep_many)
		return;
	sis_trace_clear(&f->ctx->trace);
	sis_vec_each(g, &f->plan.groups)
		if (g->desired && g->steps.n && !g->refused.code && sis_flow_asked(f, g))
			add_group(f, g, &l);
	keep_many(f, &l);
	sis_vec_each(k, &l) {
		sis_view_item(&f->view, k->name)->kept_ahead = k->done;
		free((char *)k->value);
	}
	sis_vec_free(&l);
	sis_flow_report_lines(f, "identity", "kept at once before the first target is made");
}

void sis_mint_take_back(struct sis_flow *f)
{
	sis_keeps l = { 0 };

	sis_vec_each(i, &f->view.items)
		if (i->kept_ahead)
			sis_vec_push(&l, ((struct sis_keep){ .name = i->volume->name,
							     .value = i->volume->identity }));
	if (f->ctx->sx.store->keep_many)
		keep_many(f, &l);
	sis_vec_each(k, &l) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		if (!k->done && f->ctx->sx.store->keep(&f->ctx->sx, k->name, SIS_PROP_IDENTITY,
						       k->value, &err) < 0)
			sis_log(SIS_LOG_WARN, "'%s': its identity could not be put back: %s",
				k->name, sis_err_msg(&err));
		sis_view_item(&f->view, k->name)->kept_ahead = false;
	}
	sis_vec_free(&l);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The record of what is about to be done, written before the first step: after a crash anywhere,
 * what is there is known to be ours. What the record says afterwards is flow.c's.
 */
#include "core/intent.h"

#include "base/str.h"

/*
 * Ours among the live LUNs: what the record has to name besides what is desired. All is borrowed
 * but the list of LUNs, which is for sis_vec_free().
 */
static void record_target(const struct sis_group *g, struct sis_target *ret)
{
	*ret = (struct sis_target){ .iqn = (char *)g->iqn };
	if (g->desired)
		sis_vec_each(l, &g->desired->luns)
			sis_vec_push(&ret->luns, *l);
	if (g->live)
		sis_vec_each(l, &g->live->luns)
			if (l->guid)
				sis_vec_push(&ret->luns, *l);
}

const char *sis_intent_chap(const struct sis_flow *f, const char *iqn)
{
	const struct sis_record *r = sis_records_find(&f->view.records, iqn);

	return r ? r->chap : NULL;
}

/* The same while a group is being done: of what it changes nothing is known till it is done. */
static const char *chap_meanwhile(const struct sis_flow *f, const struct sis_group *g)
{
	if (!g->live)
		return NULL;
	sis_vec_each(s, &g->steps)
		if (s->kind == SIS_STEP_TARGET_SET && s->changed & SIS_BIT(SIS_FIELD_CHAP))
			return NULL;
	return sis_intent_chap(f, g->iqn);
}

/* What only goes away is mostly recorded as it is: that must not fail where there is no room. */
static bool is_written(const struct sis_flow *f, const struct sis_group *g,
		       const struct sis_target *t)
{
	return !g->desired && sis_flow_record_fits(sis_records_find(&f->view.records, g->iqn), t);
}

static int write_now(struct sis_flow *f, const struct sis_group *g, char **ret_text,
		     struct sis_err *err)
{
	sis_autofree char *text = NULL;
	struct sis_target t;
	int rc = 0;

	record_target(g, &t);
	text = sis_record_text(&t, chap_meanwhile(f, g));
	if (!is_written(f, g, &t))
		rc = sis_record_write_text(f->ctx->root, f->ctx->bx.be->name, g->iqn, text, err);
	sis_vec_free(&t.luns);
	if (rc == 0)
		*ret_text = sis_steal(&text);
	return rc;
}

int sis_intent_write(struct sis_flow *f, const struct sis_group *g, char **ret_text,
		     struct sis_err *err)
{
	if (f->ahead.g != g)
		return write_now(f, g, ret_text, err);
	*ret_text = sis_steal(&f->ahead.text);
	f->ahead.g = NULL;
	return 0;
}

/* Of a target that is there, or was, the record says more than what is about to be done. */
static bool is_new(const struct sis_flow *f, const struct sis_group *g)
{
	return !g->live && !sis_records_find(&f->view.records, g->iqn);
}

void sis_intent_ahead(void *flow)
{
	struct sis_flow *f = flow;
	const struct sis_group *g = f->next;

	f->next = NULL;
	if (g && !f->ahead.g && !g->refused.code && g->steps.n && is_new(f, g) &&
	    sis_flow_asked(f, g) && write_now(f, g, &f->ahead.text, NULL) == 0)
		f->ahead.g = g;
}

void sis_intent_drop(struct sis_flow *f)
{
	if (!f->ahead.g)
		return;
	sis_strv_add(&f->unmade, f->ahead.g->iqn);
	sis_replace(&f->ahead.text, NULL);
	f->ahead.g = NULL;
}

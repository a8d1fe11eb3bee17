/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs that look at shares: status and sessions. They change nothing and need no lock.
 */
#include <inttypes.h>

#include "backend/holder.h"
#include "base/str.h"
#include "cli/live.h"
#include "cli/metrics.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "core/elsewhere.h"
#include "core/flow.h"

/* One line of the status, before it is text. */
struct row {
	const char *state;
	const char *volume;
	const struct sis_target *target; /* live if there is one, else desired */
	const struct sis_lun *lun;
	const char *reason;
	bool live;
	bool differs; /* something is to be done, by a sync or by a person */
};

struct status {
	struct sis_ctx *ctx;
	struct sis_flow flow; /* of a sync that ends before it does anything */
	sis_lives live;
	struct sis_table table;
	sis_strv reasons; /* "volume: reason", below the table */
	bool differs;
};

/* Why nothing is done about the volume in this target, or NULL. */
static const struct sis_err *refusal(const struct sis_group *g, const struct sis_item *i)
{
	if (g && g->refused.code)
		return &g->refused;
	return g && g->blocked.code && sis_streq(g->blocked_volume, i->volume->name) ? &g->blocked :
										       NULL;
}

/* The first step that is to be done about this LUN (or its target), or the refusal. */
static const char *group_reason(const struct sis_group *g, uint32_t lun, const struct sis_item *i)
{
	const struct sis_err *no = refusal(g, i);

	if (no)
		return no->msg;
	sis_vec_each(s, &g->steps)
		if (s->reason && (s->lun == lun || s->kind == SIS_STEP_TARGET_SET ||
				  s->kind == SIS_STEP_TARGET_ADD || s->kind == SIS_STEP_SHOW))
			return s->reason;
	return NULL;
}

/* What is not there, and why `sync` would make it: nobody refuses it. */
static const char *absent_reason(const struct sis_group *g, const char *reason, bool recorded)
{
	if (g->refused.code || reason == g->blocked.msg)
		return reason;
	return recorded ?
		       "the target does not have it any more; `shareiscsi sync` shares it again" :
		       "it is to be shared; `shareiscsi sync` does that";
}

static void add_row(struct status *st, const struct row *r)
{
	struct sis_table *t = &st->table;
	const struct sis_target *target = r->target, *live = r->live ? target : NULL;
	sis_autofree char *size = r->lun && r->lun->size ? sis_format_size(r->lun->size) : NULL;

	sis_table_add(t, r->state);
	sis_table_add(t, r->volume);
	sis_table_add(t, target ? target->iqn : NULL);
	if (r->lun)
		sis_table_addf(t, "%" PRIu32, r->lun->number);
	else
		sis_table_add(t, NULL);
	if (live && live->tid)
		sis_table_addf(t, "%" PRIu32, live->tid);
	else
		sis_table_add(t, NULL);
	sis_table_add(t, st->ctx->bx.be->name);
	sis_table_add(t, size);
	if (r->lun && r->lun->size)
		sis_table_addf(t, "%" PRIu64, r->lun->size);
	else
		sis_table_add(t, NULL);
	if (live)
		sis_table_addf(t, "%zu", live->sessions.n);
	else
		sis_table_add(t, NULL);
	sis_table_add(t, r->lun ? r->lun->serial : NULL);
	sis_table_add(t, r->lun && r->lun->type ? sis_type_names[r->lun->type] : NULL);
	sis_table_add(t, r->lun && r->lun->iomode ? sis_iomode_names[r->lun->iomode] : NULL);
	if (r->lun && r->lun->blocksize)
		sis_table_addf(t, "%" PRIu32, r->lun->blocksize);
	else
		sis_table_add(t, NULL);
	sis_table_add(t, r->lun ? r->lun->readonly ? "yes" : "no" : NULL);
	sis_table_add(t, r->lun ? r->lun->path : NULL);
	sis_table_add(t, r->differs ? "yes" : "no");
	sis_table_add(t, r->reason);
	st->differs |= r->differs;
	if (r->reason) {
		const char *name = r->volume ? r->volume : target ? target->iqn : "-";
		sis_autofree char *line = sis_asprintf("%s: %s", name, r->reason);

		sis_strv_add(&st->reasons, line);
	}
}

/*
 * What this host itself does with a disk that is its initiators': some targets do not notice, and
 * two writers destroy what is on it.
 */
static char *host_use(struct status *st, const char *path)
{
	sis_autofree char *text = NULL;
	struct stat s;

	if (sis_kfs_stat(&st->ctx->kfs, &s, NULL, "%s", path) < 0 || !S_ISBLK(s.st_mode))
		return NULL;
	text = sis_holder_text(&st->ctx->kfs, s.st_rdev);
	return text ? sis_asprintf("this host itself uses it: '%s' %s; end that, and see that it "
				   "does not come again (volmode=dev, filter of LVM)",
				   path, text) :
		      NULL;
}

/* It is live, but as another LUN than it is to be, or in a target of another name. */
static void moving_row(struct status *st, const struct sis_item *i, const struct sis_live *live)
{
	const struct sis_identity *to = &i->wish.identity;
	const struct sis_err *no = refusal(sis_plan_find(&st->flow.plan, live->target->iqn), i);
	sis_autofree char *use = host_use(st, live->lun->path), *reason = NULL;

	if (!no)
		no = refusal(sis_plan_find(&st->flow.plan, to->iqn), i);
	reason = sis_asprintf("it is to be LUN %" PRIu32 " of target '%s'; `shareiscsi sync` does "
			      "that", to->lun, to->iqn);
	add_row(st, &(struct row){
		.state = no && no->code == SIS_ERR_INUSE ? "pending" : "differs",
		.volume = i->volume->name,
		.target = live->target,
		.lun = live->lun,
		.reason = use ? use : no ? no->msg : reason,
		.live = true,
		.differs = true,
	});
}

/* A volume whose share is desired: live and equal, or what is still to do. */
static void wanted_row(struct status *st, const struct sis_item *i)
{
	const struct sis_target *wanted = sis_state_find(&st->flow.view.desired, i->wish.identity.iqn);
	const struct sis_lun *want = sis_target_lun(wanted, i->wish.identity.lun);
	const struct sis_target *live = sis_state_find(&st->flow.view.live, wanted->iqn);
	const struct sis_lun *have = live ? sis_target_lun(live, want->number) : NULL;
	const struct sis_group *g = sis_plan_find(&st->flow.plan, wanted->iqn);
	bool there = have && have->guid == want->guid;
	const struct sis_live *elsewhere = there ? NULL : sis_live_of(&st->live, &st->flow.view, i);
	bool in_use = g && g->refused.code == SIS_ERR_INUSE;
	const char *reason = g ? group_reason(g, want->number, i) : NULL;
	sis_autofree char *use = host_use(st, want->path);
	struct row r = {
		.state = !reason		    ? "shared" :
			 there && !in_use	    ? "differs" :
			 !there && i->wish.recorded ? "lost" :
						      "pending",
		.volume = i->volume->name,
		.target = there ? live : wanted,
		.lun = want, /* what live does not tell equals it, or `reason` says so */
		.reason = use		   ? use :
			  reason && !there ? absent_reason(g, reason, i->wish.recorded) :
					     reason,
		.live = there,
		.differs = use || reason,
	};

	if (elsewhere)
		moving_row(st, i, elsewhere);
	else
		add_row(st, &r);
}

/* A volume that is not to be shared (now): why, and whether something is live all the same. */
static void other_row(struct status *st, const struct sis_item *i, bool named)
{
	static const char *const states[] = {
		[SIS_WANT_OFF] = "off",	  [SIS_WANT_SHARED] = "shared",
		[SIS_WANT_HELD] = "held", [SIS_WANT_PENDING] = "pending",
		[SIS_WANT_BAD] = "error",
	};
	const struct sis_live *live = sis_live_of(&st->live, &st->flow.view, i);
	const struct sis_lun *l = live ? live->lun : NULL;
	struct row r = {
		.state = states[i->want],
		.volume = i->volume->name,
		.target = live ? live->target : NULL,
		.lun = l,
		.reason = i->problem.msg,
		.live = l != NULL,
		.differs = i->want == SIS_WANT_BAD || i->want == SIS_WANT_PENDING || l,
	};

	if (i->want == SIS_WANT_OFF && l) {
		const struct sis_group *g = sis_plan_find(&st->flow.plan, live->target->iqn);
		bool in_use = g && g->refused.code == SIS_ERR_INUSE;

		r.state = in_use ? "pending" : "leftover";
		r.reason = in_use ? g->refused.msg :
				    "it is shared though the property is off; `shareiscsi sync` "
				    "ends that";
	} else if (i->want == SIS_WANT_OFF && !named) {
		return;
	}
	add_row(st, &r);
}

/* Live LUNs of ours whose volume is gone, and, if all was asked for, targets that others made. */
static void live_rows(struct status *st, const struct sis_request *rq)
{
	sis_vec_each(t, &st->flow.view.live.targets) {
		bool ours = t->owner == SIS_OWNER_OURS;

		sis_vec_each(l, &t->luns) {
			struct row r = { .state = "foreign", .target = t, .lun = l, .live = true };

			if (l->guid ? sis_view_guid(&st->flow.view, l->guid) ||
					      !sis_request_names(rq, l->volume) :
				      rq->names != NULL)
				continue;
			r.volume = l->guid ? l->volume : NULL;
			if (l->guid && l->keep) {
				r.state = "kept"; /* its pool has a row with the reason */
			} else if (l->guid) {
				r.state = "leftover";
				r.reason = "its volume is gone; `shareiscsi sync` takes it away";
				r.differs = true;
			}
			add_row(st, &r);
		}
		if (!t->luns.n && !ours && !rq->names)
			add_row(st, &(struct row){ .state = "foreign", .target = t, .live = true });
	}
}

static const struct sis_col status_cols[] = {
	{ "state", "STATE", SIS_COL_TEXT },
	{ "volume", "VOLUME", SIS_COL_TEXT },
	{ "iqn", "IQN", SIS_COL_TEXT },
	{ "lun", "LUN", SIS_COL_NUMBER },
	{ "tid", "TID", SIS_COL_NUMBER },
	{ "target", "TARGET", SIS_COL_TEXT },
	{ "size", "SIZE", SIS_COL_TEXT },
	{ "bytes", NULL, SIS_COL_NUMBER },
	{ "sessions", "SESSIONS", SIS_COL_NUMBER },
	{ "serial", NULL, SIS_COL_TEXT },
	{ "type", NULL, SIS_COL_TEXT },
	{ "iomode", NULL, SIS_COL_TEXT },
	{ "blocksize", NULL, SIS_COL_NUMBER },
	{ "readonly", NULL, SIS_COL_YES },
	{ "path", NULL, SIS_COL_TEXT },
	{ "differs", NULL, SIS_COL_YES },
	{ "reason", NULL, SIS_COL_TEXT },
};

static struct sis_request request(const struct sis_args *a)
{
	return (struct sis_request){ .names = a->names.n ? &a->names : NULL,
				     .mode = SIS_VIEW_SYNC };
}

/*
 * Reads and plans as a sync would. A name that is gone is an error, unless it is recorded:
 * something of it may be left.
 */
static int read_flow(const struct sis_args *a, struct sis_ctx *ctx, struct sis_flow *f,
		     struct sis_err *err)
{
	const struct sis_view *v = &f->view;
	int rc = sis_ctx_open(ctx, &a->choice, err);

	ctx->sx.wait_ms = 0; /* a node that is not there now is what is to be told */
	if (rc == 0)
		rc = sis_ctx_backend(ctx, err);
	if (rc == 0)
		rc = sis_flow_read(f, err);
	if (rc < 0)
		return rc;
	sis_vec_each(name, &v->missing)
		if (!sis_view_recorded(v, *name))
			return sis_err_set(err, ENOENT, "cannot open '%s': dataset does not exist",
					   *name);
	return 0;
}

static void print_status(struct status *st, unsigned flags)
{
	if (flags & SIS_FLAG_METRICS) {
		sis_metrics_print(&st->table, true);
		sis_table_free(&st->table);
		return;
	}
	sis_table_print(&st->table, flags & SIS_FLAG_JSON);
	if (flags & SIS_FLAG_JSON)
		return;
	sis_vec_each(line, &st->reasons) {
		sis_autofree char *text = sis_str_printable(*line);

		puts(text);
	}
}

int sis_cmd_status(const struct sis_args *a, struct sis_err *err)
{
	struct sis_request rq = request(a);
	struct sis_ctx ctx;
	struct status st = { .ctx = &ctx,
			     .flow = { .ctx = &ctx, .rq = &rq },
			     .table = { "status",
					status_cols,
					sizeof(status_cols) / sizeof(status_cols[0]),
					{ 0 } } };
	int rc = read_flow(a, &ctx, &st.flow, err);

	if (rc == 0) {
		sis_elsewhere_refuse(&st.flow);
		sis_live_index(&st.flow.view, &st.live);
		sis_vec_each(i, &st.flow.view.items) {
			if (!i->in_scope)
				continue;
			if (i->want == SIS_WANT_SHARED)
				wanted_row(&st, i);
			else
				other_row(&st, i, a->names.n > 0);
		}
		live_rows(&st, &rq);
		print_status(&st, a->flags);
		/* As metrics the differences are in what was printed. */
		rc = st.differs && !(a->flags & SIS_FLAG_METRICS) ? 3 : 0;
	} else if (a->flags & SIS_FLAG_METRICS) {
		sis_metrics_print(&st.table, false);
	}
	sis_vec_free(&st.live);
	sis_strv_free(&st.reasons);
	sis_flow_free(&st.flow);
	sis_ctx_close(&ctx);
	return rc;
}

/* Is one of the volumes that were named in this target? A back end may have read others, too. */
static bool target_named(const struct sis_view *v, const struct sis_target *t)
{
	sis_vec_each(l, &t->luns) {
		const struct sis_item *i = sis_view_guid(v, l->guid);

		if (i && i->in_scope)
			return true;
	}
	return false;
}

int sis_cmd_sessions(const struct sis_args *a, struct sis_err *err)
{
	static const struct sis_col cols[] = {
		{ "initiator", "INITIATOR", SIS_COL_TEXT },
		{ "address", "ADDRESS", SIS_COL_TEXT },
		{ "iqn", "IQN", SIS_COL_TEXT },
		{ "volume", "VOLUME", SIS_COL_TEXT },
		{ "id", NULL, SIS_COL_TEXT },
	};
	struct sis_table table = { "sessions", cols, sizeof(cols) / sizeof(cols[0]), { 0 } };
	struct sis_request rq = request(a);
	struct sis_ctx ctx;
	struct sis_flow f = { .ctx = &ctx, .rq = &rq };
	const struct sis_view *v = &f.view;
	int rc = read_flow(a, &ctx, &f, err);

	sis_vec_each(t, &v->live.targets) {
		if (a->names.n && !target_named(v, t))
			continue;
		sis_vec_each(s, &t->sessions) {
			sis_table_add(&table, s->initiator);
			sis_table_add(&table, s->address);
			sis_table_add(&table, t->iqn);
			sis_table_add(&table, t->luns.n ? t->luns.v[0].volume : NULL);
			sis_table_add(&table, s->id);
		}
	}
	if (rc == 0)
		sis_table_print(&table, a->flags & SIS_FLAG_JSON);
	sis_flow_free(&f);
	sis_ctx_close(&ctx);
	return rc;
}

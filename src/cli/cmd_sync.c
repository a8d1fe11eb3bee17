/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs that change something: share, unshare, sync; and plan, which is sync that does not.
 */
#include "base/log.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/verb.h"
#include "core/hold.h"
#include "core/move.h"

static const char *const mode_verbs[] = {
	[SIS_VIEW_SYNC] = "sync",
	[SIS_VIEW_SHARE] = "share",
	[SIS_VIEW_UNSHARE] = "unshare",
};

static void complain(const char *name, const char *why)
{
	sis_log(SIS_LOG_ERROR, "cannot share '%s': %s", name, why);
}

/* Is there something to share under this name? */
static bool check_name(const sis_volumes *found, const char *name)
{
	struct sis_volume key = { .name = (char *)name };
	const struct sis_volume *v = sis_vec_find(found, &key, sis_volume_cmp);

	if (v && v->guid && (!v->share || sis_streq(v->share, "off"))) {
		sis_autofree char *why = sis_asprintf("property shareiscsi is off; set it: "
						      "zfs set shareiscsi=on %s",
						      name);

		complain(name, why);
		return false;
	}
	if (v)
		return true;
	sis_vec_each(below, found)
		if (sis_dataset_within(below->name, name))
			return true;
	complain(name, "there is no volume in it, and only volumes are shared");
	return false;
}

/*
 * What was named must exist and be on: with a name, doing nothing silently would be a lie. The
 * others are shared all the same. *ret_fine says whether all of them are.
 */
static int check_named(struct sis_ctx *ctx, const struct sis_args *a, bool *ret_fine,
		       struct sis_err *err)
{
	sis_autovolumes sis_volumes found = { 0 };
	sis_autostrv sis_strv missing = { 0 };
	int rc;

	*ret_fine = true;
	if (!a->names.n)
		return 0;
	rc = ctx->sx.store->list(&ctx->sx, &a->names, &found, &missing, err);
	if (rc < 0)
		return rc;
	sis_vec_sort(&missing, sis_strp_cmp);
	sis_vec_each(name, &a->names)
		if (!sis_vec_find(&missing, name, sis_strp_cmp))
			*ret_fine &= check_name(&found, *name);
	return 0;
}

/* Before the shares are looked at, and also when no target runs: the next one may. */
static int set_holds(struct sis_ctx *ctx, const struct sis_args *a, struct sis_err *err)
{
	int rc = a->flags & (SIS_FLAG_HOLD | SIS_FLAG_RELEASE) ? sis_ctx_lock(ctx, err) : 0;

	if (rc == 0 && a->flags & SIS_FLAG_RELEASE)
		rc = sis_holds_remove(ctx->root, &a->names, err);
	if (rc == 0 && a->flags & SIS_FLAG_HOLD)
		rc = sis_holds_add(ctx->root, &a->names, err);
	return rc;
}

static int run(const struct sis_args *a, enum sis_view_mode mode, bool dry, bool strict,
	       struct sis_err *err)
{
	struct sis_choice choice = a->choice;
	struct sis_request rq = { .names = a->names.n ? &a->names : NULL,
				  .mode = mode,
				  .force = a->flags & SIS_FLAG_FORCE,
				  .for_now = a->flags & SIS_FLAG_HOLD };
	sis_autoreport struct sis_report report = { 0 };
	struct sis_ctx ctx;
	bool fine = true;
	int rc;

	if (!dry)
		sis_interrupt_tell();
	choice.dry = dry;
	choice.steps = a->flags & SIS_FLAG_JSON;
	rc = sis_ctx_open(&ctx, &choice, err);
	if (rc == 0)
		rc = set_holds(&ctx, a, err);
	if (rc == 0 && mode == SIS_VIEW_SHARE)
		rc = check_named(&ctx, a, &fine, err);
	if (!a->names.n && !dry && !a->choice.verbose) {
		sis_progress_start(mode_verbs[mode]);
		rq.progress = sis_progress_tick;
	}
	if (rc == 0)
		rc = a->from ? sis_move(&ctx, a->from, &rq, &report, err) :
			       sis_sync(&ctx, &rq, &report, err);
	sis_ctx_close(&ctx);
	sis_progress_end();
	if (rc < 0)
		return rc;
	if (a->flags & SIS_FLAG_JSON)
		sis_report_print_json(&report);
	else if (dry)
		sis_report_print_steps(&report);
	sis_report_print_problems(&report, a->from ? "move" : mode_verbs[mode],
				  strict || a->choice.verbose);
	sis_progress_sum(&report);
	rc = sis_report_status(&report, strict);
	if (!a->hints) {
		sis_report_print_missing(&report);
		fine &= !report.missing.n;
	}
	if (rc == 0 && !fine)
		rc = 1;
	if (dry && rc == 0 && report.steps.n)
		rc = 3;
	return rc;
}

static int need_names(const struct sis_args *a, const char *verb, struct sis_err *err)
{
	if (a->names.n || a->flags & SIS_FLAG_ALL)
		return 0;
	return sis_err_set(err, SIS_ERR_USAGE, "%s needs a volume or dataset, or -a for all", verb);
}

int sis_cmd_share(const struct sis_args *a, struct sis_err *err)
{
	int rc = need_names(a, "share", err);

	return rc < 0 ? rc : run(a, SIS_VIEW_SHARE, a->choice.dry, a->names.n > 0, err);
}

int sis_cmd_unshare(const struct sis_args *a, struct sis_err *err)
{
	int rc = need_names(a, "unshare", err);

	return rc < 0 ? rc : run(a, SIS_VIEW_UNSHARE, a->choice.dry, false, err);
}

int sis_cmd_sync(const struct sis_args *a, struct sis_err *err)
{
	if (a->flags & SIS_FLAG_LATER)
		return sis_cmd_later(a, err);
	if (a->flags & SIS_FLAG_QUEUED)
		return sis_cmd_queued(a, err);
	return run(a, SIS_VIEW_SYNC, a->choice.dry, false, err);
}

int sis_cmd_plan(const struct sis_args *a, struct sis_err *err)
{
	return run(a, SIS_VIEW_SYNC, true, false, err);
}

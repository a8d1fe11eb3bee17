/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Looking at the other back ends for one target. Changes nothing.
 */
#include "core/elsewhere.h"

#include "core/record.h"

/* Does it run, and has it this target? What cannot be told is "no": its own syncs will say so. */
static bool has_target(struct sis_ctx *ctx, const struct sis_backend *be, const char *iqn)
{
	sis_autostrv sis_strv scope = { 0 };
	sis_autostate struct sis_state live = { 0 };
	sis_autoprobe struct sis_probe probe = { 0 };
	struct sis_bx bx;
	bool has;

	sis_strv_add(&scope, iqn);
	sis_ctx_bx(ctx, be, &bx);
	has = be->probe(&bx, &probe, NULL) == 0 && probe.state == SIS_PROBE_RUNNING &&
	      be->read(&bx, &scope, &live, NULL) == 0 && sis_state_find(&live, iqn);
	sis_bx_free(&bx);
	return has;
}

/* Has any other back end a record at all? While we have the lock, none gets one but by us. */
static bool others_have_records(struct sis_ctx *ctx)
{
	for (size_t i = 0; ctx->others == SIS_OTHERS_UNKNOWN && sis_backends[i]; i++)
		if (sis_backends[i] != ctx->bx.be &&
		    sis_records_any(ctx->root, sis_backends[i]->name))
			ctx->others = SIS_OTHERS_SOME;
	if (ctx->others == SIS_OTHERS_UNKNOWN)
		ctx->others = SIS_OTHERS_NONE;
	return ctx->others == SIS_OTHERS_SOME;
}

int sis_elsewhere(struct sis_ctx *ctx, const char *iqn, struct sis_err *err)
{
	sis_autostrv sis_strv one = { 0 };

	if (!others_have_records(ctx))
		return 0;
	sis_strv_add(&one, iqn);
	for (size_t i = 0; sis_backends[i]; i++) {
		const struct sis_backend *be = sis_backends[i];
		sis_autorecords sis_records records = { 0 };

		if (be == ctx->bx.be)
			continue;
		sis_records_add(ctx->root, be->name, &one, &records);
		if (records.n && has_target(ctx, be, iqn))
			return sis_err_set(err, EEXIST,
					   "it is shared through %s; move it with `shareiscsi sync "
					   "--backend %s --from %s`, or unshare it there",
					   be->caps.title, ctx->bx.be->name, be->name);
	}
	return 0;
}

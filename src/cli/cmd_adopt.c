/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verb that takes over targets which others made.
 */
#include "cli/report.h"
#include "cli/verb.h"
#include "core/adopt.h"

/* -o auth=NAME: the one option that cannot be read from a live target. */
static int parse_auth(const char *text, struct sis_options *ret, struct sis_err *err)
{
	int rc = text ? sis_options_parse(text, ret, err) : 0;

	if (text && (rc < 0 || ret->set != SIS_BIT(SIS_OPT_AUTH)))
		rc = sis_err_set(
			err, SIS_ERR_USAGE,
			"-o takes auth=NAME, the name of an entry of /etc/shareiscsi/secrets");
	return rc;
}

int sis_cmd_adopt(const struct sis_args *a, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };
	struct sis_adopt_request rq = { .names = a->names.n ? &a->names : NULL };
	sis_autoreport struct sis_report report = { 0 };
	struct sis_ctx ctx;
	int rc;

	if (!a->names.n && !(a->flags & SIS_FLAG_ALL))
		return sis_err_set(err, SIS_ERR_USAGE,
				   "adopt needs a volume, dataset or target name, or -a for all");
	rc = parse_auth(a->option, &o, err);
	if (rc < 0)
		return rc;
	rq.auth = o.auth;
	rc = sis_ctx_open(&ctx, &a->choice, err);
	if (rc == 0)
		rc = sis_adopt(&ctx, &rq, &report, err);
	sis_ctx_close(&ctx);
	if (rc < 0)
		return rc;
	if (a->flags & SIS_FLAG_JSON)
		sis_report_print_json(&report);
	else if (a->choice.dry)
		sis_report_print_steps(&report);
	sis_report_print_problems(&report, "adopt", true);
	rc = sis_report_status(&report, true);
	return a->choice.dry && rc == 0 && report.steps.n ? 3 : rc;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A report as text or JSON: what was done or would be, and what was not. Decides nothing.
 */
#include "cli/report.h"

#include <json-c/json.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/out.h"

/* The steps as a shell script that a person can read: the reason, then what is done. */
void sis_report_print_steps(const struct sis_report *r)
{
	sis_vec_each(d, &r->steps) {
		sis_autofree char *reason = sis_str_printable(d->reason ? d->reason : "");

		printf("# %s%s%s: %s\n", d->name, d->iqn ? " " : "", d->iqn ? d->iqn : "", reason);
		sis_vec_each(line, &d->commands)
			puts(*line);
	}
}

static struct json_object *step_json(const struct sis_done *d)
{
	struct json_object *o = json_object_new_object(), *lines = json_object_new_array();

	json_object_object_add(o, "step", sis_json_text(d->name));
	json_object_object_add(o, "iqn", sis_json_text(d->iqn));
	json_object_object_add(o, "volume", sis_json_text(d->volume));
	json_object_object_add(o, "reason", sis_json_text(d->reason));
	sis_vec_each(line, &d->commands)
		json_object_array_add(lines, sis_json_text(*line));
	json_object_object_add(o, "commands", lines);
	return o;
}

void sis_report_print_json(const struct sis_report *r)
{
	struct json_object *top = json_object_new_object(), *steps = json_object_new_array(),
			   *problems = json_object_new_array();

	sis_vec_each(d, &r->steps)
		json_object_array_add(steps, step_json(d));
	sis_vec_each(p, &r->problems) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "volume", sis_json_text(p->subject));
		json_object_object_add(o, "reason", sis_json_text(sis_err_msg(&p->err)));
		json_object_object_add(o, "status",
				       json_object_new_int(sis_exit_status(p->err.code)));
		json_object_array_add(problems, o);
	}
	json_object_object_add(top, "steps", steps);
	json_object_object_add(top, "problems", problems);
	json_object_object_add(top, "shared", json_object_new_uint64(r->shared));
	json_object_object_add(top, "unshared", json_object_new_uint64(r->unshared));
	json_object_object_add(top, "changed", json_object_new_uint64(r->changed));
	sis_json_print(top);
}

/* Volumes that merely wait are only mentioned when they were asked for by name, or with -v. */
void sis_report_print_problems(const struct sis_report *r, const char *verb, bool strict)
{
	sis_vec_each(p, &r->problems)
		if (strict || p->want == SIS_WANT_SHARED || p->want == SIS_WANT_BAD)
			sis_log(SIS_LOG_ERROR, "cannot %s '%s': %s", verb, p->subject,
				sis_err_msg(&p->err));
}

void sis_report_print_missing(const struct sis_report *r)
{
	sis_vec_each(name, &r->missing)
		sis_log(SIS_LOG_ERROR, "cannot open '%s': dataset does not exist", *name);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The property's two names, and whether it may have a value. Stores nothing.
 */
#include "base/log.h"
#include "base/str.h"
#include "cli/front_int.h"
#include "model/caps.h"

bool sis_front_names_share(const char *text, const char *ends)
{
	static const char *const names[] = { SIS_FRONT_PROP, SIS_PROP_SHARE };

	for (size_t i = 0; i < 2; i++) {
		const char *rest = sis_str_after(text, names[i]);

		if (rest && (!*rest || strchr(ends, *rest)))
			return true;
	}
	return false;
}

const char *sis_front_share_value(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && sis_front_names_share(text, "=") ? equals + 1 : NULL;
}

char *sis_front_translate_list(const char *list, bool *ret_found)
{
	sis_autostr struct sis_str out = { 0 };
	sis_autofree char *copy = sis_strdup(list);
	char *cursor = copy, *name;

	while ((name = sis_str_next(&cursor, ","))) {
		bool ours = sis_streq(name, SIS_FRONT_PROP);

		sis_str_addf(&out, "%s%s", name == copy ? "" : ",", ours ? SIS_PROP_SHARE : name);
		*ret_found |= ours;
	}
	return sis_str_take(&out);
}

static void translate_pair(struct sis_front_args *a, const char *pair)
{
	const char *value = sis_front_share_value(pair);
	sis_autofree char *stored = NULL;

	if (!value)
		return;
	stored = sis_asprintf(SIS_PROP_SHARE "=%s", value);
	sis_front_args_replace(a, pair, stored);
}

void sis_front_translate_pairs(struct sis_front_args *a, int letter)
{
	if (!letter)
		sis_vec_each(o, &a->operands)
			translate_pair(a, *o);
	sis_vec_each(f, &a->flags)
		if (letter && f->letter == letter && f->arg)
			translate_pair(a, f->arg);
}

/* What the target that runs can do at all, none has to run; and the credentials must be known. */
static int check_target(struct sis_front *f, const struct sis_options *o, struct sis_err *err)
{
	sis_autoerr struct sis_err none = SIS_ERR_INIT;
	struct sis_chap chap = { 0 };
	int rc = 0;

	if (sis_ctx_backend(&f->ctx, &none) == 0)
		rc = sis_options_supported(o, &f->ctx.bx.caps, f->own, err);
	if (rc == 0)
		rc = sis_ctx_chap(&f->ctx, o, &chap, err);
	if (rc == 0)
		sis_chap_free(&chap);
	return rc;
}

static int check(struct sis_front *f, const char *dataset, const char *value, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };
	int rc;

	if (strpbrk(dataset, "@#"))
		return sis_err_set(err, EINVAL,
				   "'" SIS_FRONT_PROP "' does not apply to datasets of "
				   "this type");
	if (sis_options_parse(value, &o, err) < 0)
		return sis_err_wrap(err, "'" SIS_FRONT_PROP "' cannot be set to invalid options");
	if (!o.on)
		return 0;
	if (o.set & (SIS_BIT(SIS_OPT_AUTHNAME) | SIS_BIT(SIS_OPT_AUTHPASS)))
		sis_log(SIS_LOG_WARN, "anyone may read authname and authpass in a property; "
				      "auth=NAME keeps them in /etc/shareiscsi/secrets");
	rc = sis_front_ctx(f, err);
	if (rc == 0)
		rc = sis_conf_allows(&f->ctx.conf, dataset, &o, err);
	if (rc == 0)
		rc = check_target(f, &o, err);
	return rc;
}

bool sis_front_check_value(struct sis_front *f, const char *verb, const char *dataset,
			   const char *value)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (check(f, dataset, value, &err) == 0)
		return true;
	sis_front_say(verb, dataset, sis_err_msg(&err));
	return false;
}

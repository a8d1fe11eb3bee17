/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zfs set and zfs inherit: everything that can be refused is refused before anything is stored,
 * then the real program stores, then the volumes follow.
 */
#include <unistd.h>

#include "base/str.h"
#include "cli/front_int.h"

static const char set_verb[] = "set property for";

/* What a native property means for a share. */
enum effect {
	EFFECT_NONE,
	EFFECT_FOLLOW,	/* the LUN is to follow the volume */
	EFFECT_RELEASE, /* the device goes or is made anew: waits for the last close, or blocks */
};

static enum effect native_effect(const char *text, const char *ends)
{
	static const struct {
		const char *name;
		enum effect effect;
	} rows[] = {
		{ "volsize", EFFECT_FOLLOW },
		{ "readonly", EFFECT_FOLLOW },
		{ "volmode", EFFECT_RELEASE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *rest = sis_str_after(text, rows[i].name);

		if (rest && (!*rest || strchr(ends, *rest)))
			return rows[i].effect;
	}
	return EFFECT_NONE;
}

/* A command line of `zfs set`: properties, then datasets. */
struct change {
	const char *value; /* of shareiscsi, or NULL */
	enum effect effect;
	sis_strv datasets;
};

static void change_free(struct change *c)
{
	sis_strv_free(&c->datasets);
}

static void change_read(const struct sis_front_args *a, struct change *c)
{
	size_t i = 0;

	for (; i < a->operands.n && strchr(a->operands.v[i], '='); i++) {
		const char *value = sis_front_share_value(a->operands.v[i]);
		enum effect effect = native_effect(a->operands.v[i], "=");

		if (value)
			c->value = value;
		if (effect > c->effect)
			c->effect = effect;
	}
	for (; i < a->operands.n; i++)
		sis_strv_add(&c->datasets, a->operands.v[i]);
}

static bool check_values(struct sis_front *f, const struct sis_front_args *a,
			 const struct change *c)
{
	bool fine = true;

	for (size_t i = 0; i < a->operands.n && strchr(a->operands.v[i], '='); i++) {
		const char *value = sis_front_share_value(a->operands.v[i]);

		for (size_t d = 0; value && d < c->datasets.n; d++)
			fine &= sis_front_check_value(f, set_verb, c->datasets.v[d], value);
	}
	return fine;
}

/* Would the value end sessions on this dataset or below? */
static bool blocked(struct sis_front *f, const char *verb, const struct sis_override *o)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_request rq = { .names = &names, .mode = SIS_VIEW_SYNC, .override = o };

	sis_strv_add(&names, o->dataset);
	return sis_front_in_use(f, &rq, verb);
}

static bool any_blocked(struct sis_front *f, const struct change *c)
{
	bool any = false;

	sis_vec_each(d, &c->datasets) {
		struct sis_override o = { .dataset = *d, .value = c->value };

		any |= blocked(f, set_verb, &o);
	}
	return any;
}

/*
 * The value is stored; whether it could be followed is said as zfs says it for NFS. If the command
 * failed, it may still have done some of several datasets. A share may be there of which there is
 * no record; who may not look for it learns only of recorded ones.
 */
static int follow(struct sis_front *f, const sis_strv *names, const char *verb, int status)
{
	struct sis_request rq = { .names = names, .mode = SIS_VIEW_SYNC };

	if (status != 0) {
		if (status != SIS_FRONT_USAGE && names->n > 1)
			(void)sis_front_resync(f, names, SIS_FRONT_QUIET);
		return status;
	}
	if (geteuid() != 0 && !sis_front_concerned(f, names))
		return 0;
	if (sis_front_sync(f, &rq, verb, SIS_FRONT_LOUD))
		return 0;
	fprintf(stderr, "property may be set but unable to share volume\n");
	return SIS_FRONT_FAILED;
}

int sis_front_set(struct sis_front *f, struct sis_front_args *a)
{
	sis_cleanup(change_free) struct change c = { 0 };

	change_read(a, &c);
	if (a->unknown || !c.datasets.n || (!c.value && c.effect == EFFECT_NONE))
		return sis_front_exec(f);
	if (!check_values(f, a, &c))
		return SIS_FRONT_FAILED;
	sis_front_translate_pairs(a, 0);
	if (c.value && any_blocked(f, &c))
		return SIS_FRONT_FAILED;
	if (c.effect == EFFECT_RELEASE)
		return sis_front_run_released(f, a, set_verb, &c.datasets, &c.datasets, false);
	if (!c.value)
		return sis_front_run_resync(f, a, &c.datasets);
	if (sis_front_args_has(a, 'u')) /* store only, share nothing */
		return sis_front_exec_words(f, &a->words);
	return follow(f, &c.datasets, sis_streq(c.value, "off") ? "unshare" : "share",
		      sis_front_run(f, &a->words, NULL, NULL));
}

/* The value that a dataset gets when it has none of its own; "-" and nothing mean none. */
static char *value_above(struct sis_front *f, const char *dataset, bool received)
{
	sis_autofree char *parent = sis_strdup(dataset), *value = NULL;
	char *slash = strrchr(parent, '/');

	if (received) {
		if (sis_front_ask(f, &value, "get", "-H", "-o", "received", SIS_PROP_SHARE, "--",
				  dataset, NULL) == 0 &&
		    !sis_streq(value, "-"))
			return sis_steal(&value);
		free(sis_steal(&value));
	}
	if (!slash)
		return NULL;
	*slash = '\0';
	if (sis_front_ask(f, &value, "get", "-H", "-o", "value", SIS_PROP_SHARE, "--", parent,
			  NULL) != 0 ||
	    sis_streq(value, "-"))
		return NULL;
	return sis_steal(&value);
}

static bool inherit_blocked(struct sis_front *f, const struct sis_front_args *a)
{
	bool any = false;

	for (size_t i = 1; i < a->operands.n; i++) {
		sis_autofree char *value =
			value_above(f, a->operands.v[i], sis_front_args_has(a, 'S'));
		struct sis_override o = { .dataset = a->operands.v[i],
					  .value = value,
					  .all_below = sis_front_args_has(a, 'r') };

		any |= blocked(f, "inherit " SIS_FRONT_PROP " for", &o);
	}
	return any;
}

/* Native properties that zfs has hidden: set and get work, but this one stops the kernel. */
static bool is_deadly(const char *prop)
{
	return sis_streq(prop, "iscsioptions") || sis_streq(prop, "stmf_sbd_lu");
}

int sis_front_inherit(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };
	const char *prop = a->operands.n ? a->operands.v[0] : "";
	enum effect effect = native_effect(prop, "");

	for (size_t i = 1; i < a->operands.n; i++)
		sis_strv_add(&names, a->operands.v[i]);
	if (is_deadly(prop)) {
		for (size_t i = 0; i < names.n; i++)
			sis_front_say("inherit", names.v[i],
				      "this hidden property of zfs crashes "
				      "the kernel when it is inherited; set it to another value "
				      "instead");
		return SIS_FRONT_FAILED;
	}
	if (a->unknown || !names.n)
		return sis_front_exec(f);
	if (effect == EFFECT_RELEASE)
		return sis_front_run_released(f, a, set_verb, &names, &names, false);
	if (effect == EFFECT_FOLLOW)
		return sis_front_run_resync(f, a, &names);
	if (!sis_front_names_share(prop, ""))
		return sis_front_exec(f);
	sis_front_args_replace(a, prop, SIS_PROP_SHARE);
	if (inherit_blocked(f, a))
		return SIS_FRONT_FAILED;
	return follow(f, &names, "share", sis_front_run(f, &a->words, NULL, NULL));
}

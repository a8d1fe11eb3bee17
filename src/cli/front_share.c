/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zfs share and zfs unshare, for volumes and with -a for all of them. File systems are the real
 * program's business.
 */
#include "base/str.h"
#include "cli/front_int.h"

/* With -a: which kind of share. NULL: all kinds. */
static const char *kind(const struct sis_front_args *a)
{
	return a->operands.n ? a->operands.v[0] : NULL;
}

static int do_all(struct sis_front *f, const struct sis_front_args *a, const char *verb,
		  enum sis_view_mode mode)
{
	struct sis_request rq = { .mode = mode };
	int status = kind(a) ? 0 : sis_front_run(f, &a->words, NULL, NULL);

	if (!sis_front_concerned(f, NULL))
		return status;
	if (!sis_front_sync(f, &rq, verb, SIS_FRONT_LOUD) && status == 0)
		status = SIS_FRONT_FAILED;
	return status;
}

static int do_one(struct sis_front *f, const char *name, const char *verb, enum sis_view_mode mode)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_request rq = { .names = &names, .mode = mode };

	sis_strv_add(&names, name);
	return sis_front_sync(f, &rq, verb, SIS_FRONT_LOUD) ? 0 : SIS_FRONT_FAILED;
}

/* Is this a command for us: all, all of iscsi, or one volume? */
static bool is_ours(struct sis_front *f, const struct sis_front_args *a)
{
	if (a->unknown || a->operands.n > 1)
		return false;
	if (sis_front_args_has(a, 'a'))
		return !kind(a) || sis_streq(kind(a), "iscsi");
	/* a path is that of a mounted file system */
	return a->operands.n == 1 && a->operands.v[0][0] != '/' &&
	       sis_front_is_volume(f, a->operands.v[0]);
}

/* -l: the key belongs to the encryption root, which may be a parent. */
static int load_key(struct sis_front *f, const char *name)
{
	sis_autofree char *status = NULL, *root = NULL;
	sis_autostrv sis_strv words = { 0 };

	if (sis_front_ask(f, &status, "get", "-H", "-o", "value", "keystatus", "--", name, NULL) !=
		    0 ||
	    !sis_streq(status, "unavailable") ||
	    sis_front_ask(f, &root, "get", "-H", "-o", "value", "encryptionroot", "--", name,
			  NULL) != 0)
		return 0; /* nothing to load */
	sis_strv_add(&words, f->argv[0]);
	sis_strv_add(&words, "load-key");
	sis_strv_add(&words, root);
	return sis_front_run(f, &words, NULL, NULL);
}

static bool is_off(struct sis_front *f, const char *name)
{
	sis_autofree char *value = NULL;

	return sis_front_ask(f, &value, "get", "-H", "-o", "value", SIS_PROP_SHARE, "--", name,
			     NULL) == 0 &&
	       (sis_streq(value, "off") || sis_streq(value, "-"));
}

int sis_front_share(struct sis_front *f, struct sis_front_args *a)
{
	const char *name;
	int status;

	if (!is_ours(f, a))
		return sis_front_exec(f);
	if (sis_front_args_has(a, 'a'))
		return do_all(f, a, "share", SIS_VIEW_SHARE);
	name = a->operands.v[0];
	if (is_off(f, name)) {
		sis_autofree char *why = sis_asprintf("property " SIS_FRONT_PROP " is off; use "
						      "'zfs set " SIS_FRONT_PROP "=on %s'",
						      name);

		sis_front_say("share", name, why);
		return SIS_FRONT_FAILED;
	}
	status = sis_front_args_has(a, 'l') ? load_key(f, name) : 0;
	return status ? status : do_one(f, name, "share", SIS_VIEW_SHARE);
}

int sis_front_unshare(struct sis_front *f, struct sis_front_args *a)
{
	if (!is_ours(f, a))
		return sis_front_exec(f);
	if (sis_front_args_has(a, 'a'))
		return do_all(f, a, "unshare", SIS_VIEW_UNSHARE);
	return do_one(f, a->operands.v[0], "unshare", SIS_VIEW_UNSHARE);
}

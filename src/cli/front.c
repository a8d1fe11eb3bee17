/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where zfs begins: its verbs that concern shares. What a verb does is in its own file; all other
 * verbs go through untouched.
 */
#include "cli/front.h"

#include "base/log.h"
#include "base/str.h"
#include "cli/front_int.h"

/* Letters as in zfs's own getopt strings of all its versions; set -u is of 2.2 and later. */
const struct sis_front_verb sis_front_zfs_verbs[] = {
	{ "set", "u", sis_front_set, "=", "" },
	{ "inherit", "rS", sis_front_inherit, "", "=" },
	{ "get", "d:o:s:rt:Hpj", sis_front_get, "", "=" },
	{ "list", "HS:d:o:prs:t:j", sis_front_list, "", "osS" },
	{ "create", "PV:b:nso:puv", sis_front_create, "o", "" },
	{ "clone", "o:pu", sis_front_clone, "o", "" },
	{ "share", "al", sis_front_share, "", "" },
	{ "unshare", "a", sis_front_unshare, "", "" },
	{ "destroy", "vpndfrR", sis_front_destroy, "", "" },
	{ "rename", "pruf", sis_front_rename, "", "" },
	{ "rollback", "rRf", sis_front_rollback, "", "" },
	{ "load-key", "anrL:", sis_front_load_key, "", "" },
	{ "unload-key", "anrL:", sis_front_unload_key, "", "" },
	{ .name = NULL },
};

static const struct sis_front_verb *find_verb(const struct sis_front *f,
					      const struct sis_front_verb *verbs)
{
	for (; f->argc > 1 && verbs->name; verbs++)
		if (sis_streq(verbs->name, f->argv[1]))
			return verbs;
	return NULL;
}

static int dispatch(struct sis_front *f, const struct sis_front_verb *verbs)
{
	sis_autofront_args struct sis_front_args a = { 0 };
	const struct sis_front_verb *verb = find_verb(f, verbs);
	int first = 2;

	/* zfs takes `zfs P=V DATASET` for `zfs set` */
	if (verbs == sis_front_zfs_verbs && f->argc > 1 && strchr(f->argv[1], '=')) {
		verb = &verbs[0];
		first = 1;
	}
	if (!verb)
		return sis_front_exec(f);
	sis_front_args_parse(f->argc, f->argv, first, verb->letters, &a);
	return verb->run(f, &a);
}

int sis_front_main(const char *program, const struct sis_front_verb *verbs, int argc, char **argv)
{
	sis_cleanup(sis_front_free) struct sis_front f = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	sis_log_setup(program, SIS_LOG_WARN, false);
	if (sis_front_init(&f, program, argc, argv, &err) < 0) {
		fprintf(stderr, "%s\n", sis_err_msg(&err));
		return SIS_FRONT_FAILED;
	}
	return dispatch(&f, verbs);
}

int sis_front_zfs(int argc, char **argv)
{
	return sis_front_main("zfs", sis_front_zfs_verbs, argc, argv);
}

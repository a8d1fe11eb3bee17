/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs for which a volume must not be open, or changes under those who use it: destroy,
 * rename, rollback, unload-key; and load-key, after which volumes appear. Here is only found out
 * which volumes are concerned.
 */
#include "base/str.h"
#include "cli/front_int.h"

/* Runs the command's own trial: what would go? Lines "destroy<TAB>NAME". */
static int ask_doomed(struct sis_front *f, const struct sis_front_args *a, sis_strv *ret)
{
	sis_autostr struct sis_str out = { 0 }, errout = { 0 };
	sis_autostrv sis_strv words = { 0 };
	char *cursor, *line;
	int status;

	sis_strv_add(&words, f->argv[0]);
	sis_strv_add(&words, "destroy");
	sis_strv_add(&words, "-nvp");
	if (sis_front_args_has(a, 'r'))
		sis_strv_add(&words, "-r");
	if (sis_front_args_has(a, 'R'))
		sis_strv_add(&words, "-R");
	sis_strv_add(&words, "--");
	sis_strv_add(&words, a->operands.v[0]);
	status = sis_front_run(f, &words, &out, &errout);
	cursor = out.s;
	while (status == 0 && (line = sis_str_next(&cursor, "\n"))) {
		const char *name = sis_str_after(line, "destroy\t");

		if (name && !strpbrk(name, "@#"))
			sis_strv_add(ret, name);
	}
	return status;
}

int sis_front_destroy(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };
	const char *name = a->operands.n == 1 ? a->operands.v[0] : NULL;

	if (!name || a->unknown || sis_front_args_has(a, 'n') || strchr(name, '#') ||
	    (strchr(name, '@') && !sis_front_args_has(a, 'R')))
		return sis_front_exec(f);
	if (ask_doomed(f, a, &names) != 0 || !names.n)
		return sis_front_exec(f);
	return sis_front_run_released(f, a, "destroy", &names, &names, sis_front_args_has(a, 'f'));
}

int sis_front_rename(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv old = { 0 }, new = { 0 };

	if (a->operands.n != 2 || a->unknown || strpbrk(a->operands.v[0], "@#"))
		return sis_front_exec(f);
	sis_strv_add(&old, a->operands.v[0]);
	sis_strv_add(&new, a->operands.v[1]);
	return sis_front_run_released(f, a, "rename", &old, &new, sis_front_args_has(a, 'f'));
}

/* -R destroys the clones of later snapshots. Lines "SNAPSHOT<TAB>CLONE[,CLONE...]", oldest first.
 */
static void add_later_clones(struct sis_front *f, const char *snapshot, const char *dataset,
			     sis_strv *names)
{
	sis_autofree char *out = NULL;
	char *cursor, *line, *clone;
	bool later = false;

	if (sis_front_ask(f, &out, "list", "-H", "-t", "snapshot", "-d", "1", "-s", "createtxg",
			  "-o", "name,clones", "--", dataset, NULL) != 0)
		return; /* the command finds out itself */
	cursor = out;
	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *name = sis_str_next(&line, "\t");

		while (later && (clone = sis_str_next(&line, ",")))
			if (!sis_streq(clone, "-") && *clone)
				sis_strv_add(names, clone);
		later |= sis_streq(name, snapshot);
	}
}

int sis_front_rollback(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };
	const char *snapshot = a->operands.n == 1 ? a->operands.v[0] : "";
	sis_autofree char *dataset = sis_strndup(snapshot, strcspn(snapshot, "@"));

	if (a->unknown || !strchr(snapshot, '@'))
		return sis_front_exec(f);
	/* volumes below a file system are not rolled back with it */
	if (sis_front_is_volume(f, dataset))
		sis_strv_add(&names, dataset);
	if (sis_front_args_has(a, 'R'))
		add_later_clones(f, snapshot, dataset, &names);
	if (!names.n)
		return sis_front_exec(f);
	return sis_front_run_released(f, a, "rollback", &names, &names, sis_front_args_has(a, 'f'));
}

static const char *key_name(const struct sis_front_args *a)
{
	return a->operands.n == 1 && !sis_front_args_has(a, 'a') ? a->operands.v[0] : NULL;
}

static bool key_understood(const struct sis_front_args *a)
{
	return !a->unknown && !sis_front_args_has(a, 'n') &&
	       (key_name(a) || sis_front_args_has(a, 'a'));
}

int sis_front_load_key(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };

	if (!key_understood(a))
		return sis_front_exec(f);
	if (key_name(a))
		sis_strv_add(&names, key_name(a));
	return sis_front_run_resync(f, a, key_name(a) ? &names : NULL);
}

/* Volumes whose key would go: that of `name`, with -r of all below, without name every key. */
static void add_locked(struct sis_front *f, const char *name, bool below, sis_strv *ret)
{
	sis_autofree char *out = NULL;
	char *cursor, *line;
	int status;

	status = name ? sis_front_ask(f, &out, "list", "-H", "-r", "-t", "volume", "-o",
				      "name,encryptionroot", "--", name, NULL) :
			sis_front_ask(f, &out, "list", "-H", "-t", "volume", "-o",
				      "name,encryptionroot", NULL);
	cursor = status == 0 ? out : NULL;
	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *volume = sis_str_next(&line, "\t");

		if (!line || sis_streq(line, "-") || (name && !below && !sis_streq(line, name)))
			continue;
		sis_strv_add(ret, volume);
	}
}

int sis_front_unload_key(struct sis_front *f, struct sis_front_args *a)
{
	sis_autostrv sis_strv names = { 0 };

	if (!key_understood(a))
		return sis_front_exec(f);
	add_locked(f, key_name(a), sis_front_args_has(a, 'r'), &names);
	if (!names.n)
		return sis_front_exec(f);
	return sis_front_run_released(f, a, "unload key for", &names, &names, false);
}

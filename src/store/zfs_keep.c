/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Writes the two properties: one by one with `zfs set`, or those of many volumes by a channel
 * program, which is one transaction. Must not change anything else.
 */
#include "store/zfs_keep.h"

#include <json-c/json.h>

#include "base/str.h"
#include "store/zfs.h"
#include "store/zfs_parse.h"

enum {
	/* Where there are fewer in a pool, nothing is gained. */
	MANY = 4,
	/* Far below what a command line, and a channel program with its own limits, may hold. */
	AT_ONCE = 100,
};

/* Names and values come as arguments only. Returns the numbers of those that could not be set. */
static const char script[] = "local argv = (...)[\"argv\"]\n"
			     "local failed = \"\"\n"
			     "for i = 2, #argv, 2 do\n"
			     "\tlocal rc\n"
			     "\tif argv[i + 1] == \"\" then\n"
			     "\t\trc = zfs.sync.inherit(argv[i], argv[1])\n"
			     "\telse\n"
			     "\t\trc = zfs.sync.set_prop(argv[i], argv[1], argv[i + 1])\n"
			     "\tend\n"
			     "\tif rc ~= 0 then\n"
			     "\t\tfailed = failed .. i / 2 - 1 .. \" \"\n"
			     "\tend\n"
			     "end\n"
			     "return failed\n";

/* The command for one of them. The strings are the caller's, but for *setting, which is new. */
static void command(const struct sis_sx *sx, const char *name, const char *prop, const char *value,
		    char **setting, const char *ret_argv[5])
{
	*setting = value ? sis_asprintf("%s=%s", prop, value) : sis_strdup(prop);
	ret_argv[0] = sis_zfs_path(sx);
	ret_argv[1] = value ? "set" : "inherit";
	ret_argv[2] = *setting;
	ret_argv[3] = name;
	ret_argv[4] = NULL;
}

int sis_zfs_keep(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		 struct sis_err *err)
{
	sis_autofree char *setting = NULL;
	const char *argv[5];
	const struct sis_cmd cmd = { .argv = argv, .changes = true };
	sis_autoresult struct sis_cmd_result res = { 0 };
	int r;

	command(sx, name, prop, value, &setting, argv);
	r = sx->runner->run(sx->runner->ctx, &cmd, &res, err);
	if (!r && res.status)
		r = sis_zfs_failure(argv[0], res.status, res.errout, err);
	return r;
}

/* What a person would type for each. In a dry run that is all: false. */
static bool note(const struct sis_sx *sx, const char *prop, struct sis_keep *l, size_t n)
{
	bool todo = true;

	for (size_t i = 0; i < n; i++) {
		sis_autofree char *setting = NULL;
		const char *argv[5];

		command(sx, l[i].name, prop, l[i].value, &setting, argv);
		l[i].done = !sis_runner_note(sx->runner, argv);
		todo &= !l[i].done;
	}
	return todo;
}

/* "3 7 ": all but these were set. */
static bool take_failed(char *text, struct sis_keep *l, size_t n)
{
	sis_autofree bool *failed = sis_calloc(n, sizeof(*failed));
	char *word;

	while ((word = sis_str_next(&text, " "))) {
		uint64_t i;

		if (!*word)
			continue;
		if (sis_parse_u64(word, 0, n - 1, &i) < 0)
			return false;
		failed[i] = true;
	}
	for (size_t i = 0; i < n; i++)
		l[i].done = !failed[i];
	return true;
}

/* {"return":"3 7 "}. Anything else says nothing about any of them. */
static bool take_answer(const char *out, struct sis_keep *l, size_t n)
{
	struct json_object *all = json_tokener_parse(out), *returned = NULL;
	sis_autofree char *text = NULL;

	if (json_object_object_get_ex(all, "return", &returned) &&
	    json_object_is_type(returned, json_type_string))
		text = sis_strdup(json_object_get_string(returned));
	json_object_put(all);
	return text && take_failed(text, l, n);
}

/* Why it failed, where it did, is told of each volume by the command for one. */
static bool run_script(const struct sis_sx *sx, const char *pool, const char *prop,
		       struct sis_keep *l, size_t n)
{
	const char *words[] = { sis_zfs_path(sx), "program", "-j", pool, "-", prop };
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	sis_autofree const char **argv = sis_calloc(WORDS + 2 * n + 1, sizeof(*argv));
	const struct sis_cmd cmd = { .argv = argv, .input = script };
	sis_autoresult struct sis_cmd_result res = { 0 };

	memcpy(argv, words, sizeof(words));
	for (size_t i = 0; i < n; i++) {
		argv[WORDS + 2 * i] = l[i].name;
		argv[WORDS + 2 * i + 1] = l[i].value ? l[i].value : "";
	}
	return sx->runner->run(sx->runner->ctx, &cmd, &res, NULL) == 0 && res.status == 0 &&
	       take_answer(res.out, l, n);
}

/* All of one pool, as long as the pool takes such programs. */
static void keep_pool(const struct sis_sx *sx, const char *pool, const char *prop,
		      struct sis_keep *l, size_t n)
{
	bool todo = note(sx, prop, l, n);

	for (size_t i = 0; todo && i < n; i += AT_ONCE)
		todo = run_script(sx, pool, prop, l + i, n - i < AT_ONCE ? n - i : AT_ONCE);
}

void sis_zfs_keep_many(struct sis_sx *sx, const char *prop, sis_keeps *l)
{
	for (size_t i = 0, n; i < l->n; i += n) {
		struct sis_keep *first = &l->v[i];
		sis_autofree char *pool = sis_strndup(first->name, strcspn(first->name, "/"));

		for (n = 1; i + n < l->n && sis_dataset_within(first[n].name, pool); n++)
			;
		if (n >= MANY)
			keep_pool(sx, pool, prop, first, n);
	}
}

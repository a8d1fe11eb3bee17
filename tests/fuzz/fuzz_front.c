/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the zfs front end makes of what the real zfs prints: the table of `list` ('t'), its columns
 * under -H ('h'), `get` of one property ('g') and of all ('a'), JSON ('j'). Answers stand behind
 * each other with \2 between them; \1 stands for the property that nobody can know beforehand. With
 * 'v' the value that somebody gave the property: whatever it is, that is what is shown, and no
 * more.
 */
#include "fuzz.h"

#include <json-c/json.h>

#include "cli/front_int.h"
#include "store/store.h"

/* What the real program is to print, run by run, and what it was asked to do instead. */
static char *answers;
static bool handed_over;

/* ---- in place of front_native.c and front_core.c ---- */

int sis_front_run(struct sis_front *f, const sis_strv *words, struct sis_str *out,
		  struct sis_str *errout)
{
	char *text = answers ? sis_str_next(&answers, "\2") : NULL;
	const char *nonce = "";

	(void)f;
	(void)errout;
	for (size_t i = 0; i + 1 < words->n; i++)
		if (sis_streq(words->v[i], "--") && strrchr(words->v[i + 1], ','))
			nonce = strrchr(words->v[i + 1], ',') + 1;
	for (; text && *text; text++)
		if (*text == '\1')
			sis_str_add(out, nonce);
		else
			sis_str_addc(out, *text);
	return 0;
}

int sis_front_exec(struct sis_front *f)
{
	(void)f;
	handed_over = true;
	return 0;
}

int sis_front_exec_words(struct sis_front *f, const sis_strv *words)
{
	(void)words;
	return sis_front_exec(f);
}

int sis_front_ctx(struct sis_front *f, struct sis_err *err)
{
	(void)f;
	return sis_err_set(err, ENOTSUP, "none here");
}

void sis_front_say(const char *verb, const char *name, const char *message)
{
	(void)verb;
	(void)name;
	(void)message;
}

/* ---- one command ---- */

/* What it prints; caller frees. */
static char *run(const char *const *words, char *text)
{
	sis_autofront_args struct sis_front_args a = { 0 };
	struct sis_front f = { .program = "zfs" };
	FILE *standard = stdout;
	bool list = sis_streq(words[1], "list");
	char *argv[12], *printed = NULL;
	size_t len;
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = sis_strdup(words[argc]);
	argv[argc] = NULL;
	answers = text;
	handed_over = false;
	sis_front_args_parse(argc, argv, 2, list ? "HS:d:o:prs:t:jJ" : "d:o:s:jJrt:Hp", &a);
	stdout = open_memstream(&printed, &len);
	must(stdout);
	must((list ? sis_front_list : sis_front_get)(&f, &a) == 0);
	must(fclose(stdout) == 0);
	stdout = standard;
	must(!handed_over || !len);
	while (argc)
		free(argv[--argc]);
	return printed;
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

/* A line of the table stays a line. */
static void table(char *text)
{
	sis_autofree char *first = sis_strndup(text, strcspn(text, "\2"));
	sis_autofree char *out =
		run((const char *[]){ "zfs", "list", "-o", "name,shareiscsi,used", NULL }, text);

	must(strchr(first, '\1') || count(out, '\n') == count(first, '\n'));
}

/* The name goes in front, so that of three fields two are shown. */
static void fields(char *text)
{
	sis_autofree char *first = sis_strndup(text, strcspn(text, "\2"));
	sis_autofree char *out =
		run((const char *[]){ "zfs", "list", "-H", "-o", "used,shareiscsi", NULL }, text);

	must(count(out, '\t') <= count(first, '\t'));
	must(count(out, '\n') >= count(first, '\n'));
}

static void must_have_no_stored_name(struct json_object *datasets)
{
	struct json_object *properties;

	json_object_object_foreach(datasets, name, dataset)
	{
		(void)name;
		must(!json_object_object_get_ex(dataset, "properties", &properties) ||
		     !json_object_object_get_ex(properties, SIS_PROP_SHARE, NULL));
	}
}

/* A document stays one, with the property under the name its user knows; or all is as it came. */
static void json(char *text)
{
	sis_autofree char *came = sis_strndup(text, strcspn(text, "\1\2"));
	sis_autofree char *out = run((const char *[]){ "zfs", "get", "-j", "all", NULL }, text);
	struct json_object *all = json_tokener_parse(out), *datasets = NULL;

	if (json_object_object_get_ex(all, "datasets", &datasets) &&
	    json_object_is_type(datasets, json_type_object))
		must_have_no_stored_name(datasets);
	else
		must(sis_streq(out, came) || strpbrk(text, "\1\2"));
	json_object_put(all);
}

static void value(const char *text)
{
	sis_autofree char *stored = sis_asprintf("tank/v\t" SIS_PROP_SHARE "\t%s\t-\tlocal\n"
						 "tank/v\t\1\t-\t-\t-\n",
						 text);
	sis_autofree char *want = sis_asprintf("%s\n", text);
	sis_autofree char *out = run(
		(const char *[]){ "zfs", "get", "-H", "-o", "value", "shareiscsi", "tank/v", NULL },
		stored);

	must(strpbrk(text, "\1\2") || sis_streq(out, want));
}

static void get(const char *list, char *text)
{
	free(run((const char *[]){ "zfs", "get", list, "tank", NULL }, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 't': table(text); break;
	case 'h': fields(text); break;
	case 'g': get("compression,shareiscsi", text); break;
	case 'a': get("all", text); break;
	case 'j': json(text); break;
	case 'v': value(text); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

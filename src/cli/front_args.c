/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Command lines of zfs and zpool: parsed by getopt with their own letters, and changed word by
 * word, so that what is not understood stays as it was. Judges nothing.
 */
#include "base/str.h"
#include "cli/front_int.h"

/* Options without letter of `zfs get` and `zfs list`. */
static const struct option long_options[] = {
	{ .name = "json", .val = 'j' },
	{ .name = "json-int", .val = 'J' },
	{ .name = NULL },
};

static void take_option(struct sis_front_args *a, int letter)
{
	if (letter == '?' || letter == ':') {
		a->unknown = true;
		return;
	}
	sis_vec_push(&a->flags, ((struct sis_front_flag){ .letter = letter, .arg = optarg }));
}

void sis_front_args_parse(int argc, char **argv, int first, const char *letters,
			  struct sis_front_args *ret)
{
	sis_autofree char *quiet = sis_asprintf(":%s", letters);
	int n = argc - first + 1, letter;
	sis_autofree char **order = sis_calloc((size_t)n + 1, sizeof(*order));

	*ret = (struct sis_front_args){ .argv = argv, .argc = argc };
	for (int i = 0; i < argc; i++)
		sis_strv_add(&ret->words, argv[i]);
	/* getopt reorders, so it gets a list of its own; its first word is not looked at */
	memcpy(order, argv + first - 1, (size_t)n * sizeof(*order));
	opterr = 0;
	optind = 0; /* from the start, with POSIXLY_CORRECT looked up again */
	while ((letter = strchr(letters, 'j') ? getopt_long(n, order, quiet, long_options, NULL) :
						getopt(n, order, quiet)) != -1)
		take_option(ret, letter);
	for (int i = optind; i < n; i++)
		sis_vec_push(&ret->operands, order[i]);
}

void sis_front_args_free(struct sis_front_args *a)
{
	sis_strv_free(&a->words);
	sis_vec_free(&a->flags);
	sis_vec_free(&a->operands);
}

bool sis_front_args_has(const struct sis_front_args *a, int letter)
{
	sis_vec_each(f, &a->flags)
		if (f->letter == letter)
			return true;
	return false;
}

char *sis_front_args_get(const struct sis_front_args *a, int letter)
{
	char *arg = NULL;

	sis_vec_each(f, &a->flags)
		if (f->letter == letter)
			arg = f->arg;
	return arg;
}

void sis_front_args_put(const struct sis_front_args *a, sis_strv *words, const char *part,
			const char *text)
{
	for (int i = 0; i < a->argc; i++) {
		const char *word = a->argv[i];

		/* an argument may be the rest of its option's word: "-oNAME" */
		if (part < word || part > word + strlen(word))
			continue;
		free(words->v[i]);
		words->v[i] = sis_asprintf("%.*s%s", (int)(part - word), word, text);
		return;
	}
}

void sis_front_args_replace(struct sis_front_args *a, const char *part, const char *text)
{
	sis_front_args_put(a, &a->words, part, text);
}

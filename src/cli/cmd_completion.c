/* SPDX-License-Identifier: MPL-2.0 */
/*
 * completion: what the last word of a command line may become, one candidate a line, for the
 * scripts in completion/, which know of no verb and no option. Whatever goes wrong, there are no
 * candidates: nothing is ever said into a command line that somebody is typing.
 */
#include <dirent.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/complete.h"
#include "cli/verb.h"

void sis_complete_skip(struct sis_complete *c, size_t len)
{
	sis_autofree char *keep = c->keep;

	c->keep = sis_asprintf("%s%.*s", keep ? keep : "", (int)len, c->tail);
	c->tail += len;
}

void sis_complete_offer(const struct sis_complete *c, const char *word, const char *help)
{
	/* a line break in a name would make two candidates of it */
	if (sis_str_starts(word, c->tail) && sis_str_clean(word))
		printf("%s%s\t%s\n", c->keep ? c->keep : "", word, help);
}

/* The tail is the begin of a path. */
static void offer_folders(struct sis_complete *c)
{
	const char *slash = strrchr(c->tail, '/');
	sis_autofree char *parent =
		slash ? sis_asprintf("%.*s", (int)(slash - c->tail) + 1, c->tail) : sis_strdup(".");
	DIR *dir = opendir(parent);
	struct dirent *e;

	if (slash)
		sis_complete_skip(c, (size_t)(slash - c->tail) + 1);
	while (dir && (e = readdir(dir))) {
		sis_autofree char *name = sis_asprintf("%s/", e->d_name);

		if (e->d_type == DT_DIR && (e->d_name[0] != '.' || c->tail[0] == '.'))
			sis_complete_offer(c, name, "");
	}
	if (dir)
		(void)closedir(dir); /* was only read */
}

static void offer_backends(const struct sis_complete *c)
{
	for (const struct sis_backend *const *be = sis_backends; *be; be++)
		sis_complete_offer(c, (*be)->name, (*be)->title);
}

static void offer_stores(struct sis_complete *c)
{
	if (sis_str_starts(c->tail, "dir:")) {
		sis_complete_skip(c, strlen("dir:"));
		offer_folders(c);
		return;
	}
	for (const struct sis_store *const *s = sis_stores; *s; s++) {
		sis_autofree char *word =
			sis_asprintf("%s%s", (*s)->name, sis_streq((*s)->name, "dir") ? ":" : "");

		sis_complete_offer(c, word, (*s)->title);
	}
}

static void offer_argument(struct sis_complete *c, const struct sis_cli_option *o)
{
	switch (o->letter) {
	case SIS_OPTION_BACKEND:
	case SIS_OPTION_FROM: offer_backends(c); break;
	case SIS_OPTION_STORE: offer_stores(c); break;
	case SIS_OPTION_ROOT: offer_folders(c); break;
	default: break; /* a number */
	}
}

/* A volume and the datasets above it, but for those that were offered with the one before. */
static void offer_name(const struct sis_complete *c, const char *name, const char *before)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		sis_autofree char *above = sis_asprintf("%.*s", (int)(slash - name), name);

		if (strncmp(before, name, (size_t)(slash - name) + 1) != 0)
			sis_complete_offer(c, above, "all volumes below");
	}
	sis_complete_offer(c, name, "volume");
}

/* Not more than the dataset whose name is there already is looked through. */
static void offer_names(const struct sis_complete *c)
{
	const char *slash = strrchr(c->tail, '/');
	sis_autofree char *parent =
		slash ? sis_asprintf("%.*s", (int)(slash - c->tail), c->tail) : NULL;
	sis_autostrv sis_strv within = { 0 }, missing = { 0 };
	sis_autovolumes sis_volumes volumes = { 0 };
	const char *before = "";
	struct sis_ctx ctx;
	int rc = sis_ctx_open(&ctx, &c->choice, NULL);

	if (parent)
		sis_strv_add(&within, parent);
	ctx.sx.wait_ms = 0;
	if (rc == 0)
		rc = ctx.sx.store->list(&ctx.sx, parent ? &within : NULL, &volumes, &missing, NULL);
	if (rc == 0)
		sis_vec_each(v, &volumes) {
			offer_name(c, v->name, before);
			before = v->name;
		}
	sis_ctx_close(&ctx);
}

static const struct sis_cli_option *find_option(const char *word, size_t len)
{
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++)
		if ((len == 2 && word[0] == '-' && word[1] == o->letter) ||
		    (len == strlen(o->name) + 2 && strncmp(word, "--", 2) == 0 &&
		     strncmp(word + 2, o->name, len - 2) == 0))
			return o;
	return NULL;
}

static void choose(struct sis_choice *choice, const struct sis_cli_option *o, const char *value)
{
	if (o->letter == SIS_OPTION_STORE)
		choice->store = value;
	else if (o->letter == SIS_OPTION_ROOT)
		choice->root = value;
}

static void offer_options(const struct sis_complete *c, const struct sis_verb *v)
{
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++) {
		sis_autofree char *word = sis_asprintf("--%s", o->name);

		if (!v || sis_verb_takes(v, o))
			sis_complete_offer(c, word, o->help);
	}
}

static void offer_words(struct sis_complete *c, const struct sis_verb *v)
{
	if (c->tail[0] == '-') {
		offer_options(c, v);
		return;
	}
	if (v && strstr(v->usage, "NAME"))
		offer_names(c);
	for (v = v ? NULL : sis_verbs; v && v->name; v++)
		sis_complete_offer(c, v->name, v->help);
}

static void complete_tool(struct sis_complete *c)
{
	const struct sis_cli_option *pending = NULL, *o;
	const struct sis_verb *verb = NULL;
	size_t len;

	for (int i = 1; i < c->n; i++) {
		const char *word = c->words[i];
		bool last = i == c->n - 1;

		len = strcspn(word, "=");
		o = pending ? NULL : find_option(word, len);
		if (last && !pending && o && o->arg && word[len]) {
			sis_complete_skip(c, len + 1);
			pending = o;
		}
		if (last)
			break;
		if (pending)
			choose(&c->choice, pending, word);
		else if (o && word[len])
			choose(&c->choice, o, word + len + 1);
		else if (!verb && word[0] != '-')
			verb = sis_verb_find(word);
		pending = o && o->arg && !word[len] ? o : NULL;
	}
	if (pending)
		offer_argument(c, pending);
	else
		offer_words(c, verb);
}

int sis_cmd_completion(const struct sis_args *a, struct sis_err *err)
{
	struct sis_complete c = { .words = a->names.v, .n = (int)a->names.n };
	const char *program;

	if (c.n < 2)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "completion needs a command line behind --, with what is to be "
				   "completed as its last word");
	c.tail = c.words[c.n - 1];
	program = strrchr(c.words[0], '/') ? strrchr(c.words[0], '/') + 1 : c.words[0];
	if (sis_streq(program, "zfs") || sis_streq(program, "zpool")) {
		sis_complete_front(&c);
	} else {
		complete_tool(&c);
	}
	free(c.keep);
	return 0;
}

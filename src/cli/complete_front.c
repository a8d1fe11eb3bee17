/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Completion of what the front ends add to zfs and zpool: the property and its value. All else is
 * left to the completion that came with ZFS.
 */
#include "base/str.h"
#include "cli/complete.h"
#include "cli/front_int.h"
#include "model/caps.h"

static void offer_words(const struct sis_complete *c, enum sis_opt opt)
{
	sis_autofree char *copy = sis_strdup(sis_opt_rows[opt].words);
	char *cursor = copy, *word;
	struct sis_ctx ctx;

	if (!*copy)
		return;
	if (sis_ctx_open(&ctx, &c->choice, NULL) == 0)
		(void)sis_ctx_backend(&ctx, NULL); /* without one, all is offered */
	while ((word = sis_str_next(&cursor, " ")))
		if (!ctx.bx.be || sis_caps_take(&ctx.bx.caps, opt, word))
			sis_complete_offer(c, word, "");
	sis_ctx_close(&ctx);
}

/* The tail is a value of the property. */
static void complete_value(struct sis_complete *c)
{
	const char *comma = strrchr(c->tail, ','), *last = comma ? comma + 1 : c->tail;
	sis_autofree char *before = sis_asprintf("%.*s", (int)(last - c->tail), c->tail);
	char *cursor = before, *pair;
	unsigned used = 0;
	int opt;

	while ((pair = sis_str_next(&cursor, ","))) {
		pair[strcspn(pair, "=")] = '\0';
		opt = sis_opt_find(pair);
		used |= opt < 0 ? 0 : SIS_BIT(opt);
	}
	sis_complete_skip(c, (size_t)(last - c->tail));
	if (strchr(c->tail, '=')) {
		sis_autofree char *key = sis_asprintf("%.*s", (int)strcspn(c->tail, "="), c->tail);

		opt = sis_opt_find(key);
		sis_complete_skip(c, strlen(key) + 1);
		if (opt >= 0)
			offer_words(c, (enum sis_opt)opt);
		return;
	}
	if (!comma) {
		sis_complete_offer(c, "on", "share it");
		sis_complete_offer(c, "off", "do not share it");
	}
	for (int i = 0; i < SIS_OPT_N; i++) {
		sis_autofree char *word = sis_asprintf("%s=", sis_opt_rows[i].key);

		if (!(used & SIS_BIT(i)))
			sis_complete_offer(c, word, sis_opt_rows[i].help);
	}
}

/* The tail is P=VALUE. */
static void complete_pair(struct sis_complete *c)
{
	const char *value = sis_front_share_value(c->tail);

	if (value) {
		sis_complete_skip(c, (size_t)(value - c->tail));
		complete_value(c);
	} else {
		sis_complete_offer(c, SIS_FRONT_PROP "=", "share volumes over iSCSI");
	}
}

/* The tail is a list of properties. */
static void complete_names(struct sis_complete *c)
{
	const char *comma = strrchr(c->tail, ',');

	if (comma)
		sis_complete_skip(c, (size_t)(comma - c->tail) + 1);
	sis_complete_offer(c, SIS_FRONT_PROP, "how volumes are shared over iSCSI");
}

void sis_complete_front(struct sis_complete *c)
{
	const char *slash = strrchr(c->words[0], '/');
	const struct sis_front_verb *verb = sis_streq(slash ? slash + 1 : c->words[0], "zfs") ?
						    sis_front_zfs_verbs :
						    sis_front_zpool_verbs;
	sis_autofront_args struct sis_front_args a = { 0 };
	const char *word = c->words[c->n - 1], *end = word + strlen(word);
	int letter = 0; /* of the option whose argument it is; '=': an operand */

	while (c->n > 2 && verb->name && !sis_streq(verb->name, c->words[1]))
		verb++;
	if (c->n < 3 || !verb->name)
		return;
	sis_front_choice(&c->choice);
	sis_front_args_parse(c->n, c->words, 2, verb->letters, &a);
	/* an argument may be the rest of its option's word: "-oNAME" */
	sis_vec_each(f, &a.flags) {
		if (!f->arg || f->arg < word || f->arg > end)
			continue;
		letter = f->letter;
		sis_complete_skip(c, (size_t)(f->arg - word));
	}
	if (!letter && a.operands.n && a.operands.v[a.operands.n - 1] == word)
		letter = '=';
	if (letter && strchr(verb->pairs, letter))
		complete_pair(c);
	else if (letter && strchr(verb->names, letter) && (letter != '=' || a.operands.n == 1))
		complete_names(c);
}

// SPDX-License-Identifier: MPL-2.0
/*
 * iSCSI targets and the attributes of their own directory (sections B2 and B3). Keys, accounts,
 * LUNs, groups and sessions have files of their own.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

enum { NAME_MAX_LEN = 255 }; /* B2 notes: what is longer is silently cut */

struct targets targets = TAILQ_HEAD_INITIALIZER(targets);

struct target *target_find(const char *name)
{
	struct target *target;

	TAILQ_FOREACH(target, &targets, entry) {
		if (strcmp(target->name, name) == 0)
			return target;
	}
	return NULL;
}

static bool rel_tgt_id_used(unsigned id, const struct target *except, bool enabled_only)
{
	struct target *target;

	TAILQ_FOREACH(target, &targets, entry) {
		if (target != except && target->rel_tgt_id == id &&
		    (target->enabled || !enabled_only))
			return true;
	}
	return false;
}

static int enabled_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	fprintf(out, "%d\n", target->enabled);
	return 0;
}

/* B2 row 6: idempotent, the first byte counts; sessions survive a 0. */
static int enabled_store(const struct node *node, char *text)
{
	struct target *target = node->obj;

	if (*text != '0' && *text != '1')
		return -EINVAL;
	if (*text == '1' && rel_tgt_id_used(target->rel_tgt_id, target, true) &&
	    target->rel_tgt_id != 0)
		return -EBADSLT;
	if (*text == '1' && target->rel_tgt_id == 0) /* B3: 0 until first enable */
		while (rel_tgt_id_used(++target->rel_tgt_id, target, false))
			;
	target->enabled = *text == '1';
	return 0;
}

static int rel_tgt_id_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	fprintf(out, "%u\n", target->rel_tgt_id);
	show_key(out, target->rel_tgt_id != 0);
	return 0;
}

static int rel_tgt_id_store(const struct node *node, char *text)
{
	struct target *target = node->obj;
	unsigned long long id;

	if (lex_unsigned(text, &id) < 0)
		return -EINVAL;
	if (target->enabled && id != target->rel_tgt_id && rel_tgt_id_used(id, target, true))
		return -EBADSLT;
	if (id > 65535 || (id == 0 && target->enabled))
		return -EINVAL;
	target->rel_tgt_id = id;
	return 0;
}

static int tid_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	fprintf(out, "%u\n", target->tid);
	return 0;
}

/* B3: free text, marked for saving; empty file when not set. */
static int comment_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	if (target->comment)
		fprintf(out, "%s\n[key]\n", target->comment);
	return 0;
}

static int comment_store(const struct node *node, char *text)
{
	struct target *target = node->obj;
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	free(target->comment);
	target->comment = len ? xstrdup(text) : NULL;
	return 0;
}

static int alias_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	if (target->alias)
		fprintf(out, "%s\n[key]\n", target->alias);
	fputc('\n', out); /* B3: one of those with an empty line */
	return 0;
}

static int alias_store(const struct node *node, char *text)
{
	struct target *target = node->obj;
	size_t len;

	text += strspn(text, " \t\n");
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	free(target->alias);
	target->alias = len ? xstrdup(text) : NULL;
	return 0;
}

static int per_portal_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;

	fprintf(out, "%d\n", target->per_portal_acl);
	show_key(out, target->per_portal_acl);
	fputc('\n', out); /* B3 */
	return 0;
}

static int per_portal_store(const struct node *node, char *text)
{
	struct target *target = node->obj;
	const char *word = lex_word(&text);

	if (strcmp(word, "0") != 0 && strcmp(word, "1") != 0)
		return -EINVAL;
	target->per_portal_acl = *word == '1';
	return 0;
}

/* Attributes nobody changes here; the index chooses the text. */
static int constant_show(const struct node *node, FILE *out)
{
	static const char *const text[] = { "0\n", "\n", "PERIPHERAL\n", "auto\n", "ff\n", "64\n" };

	fputs(text[node->attr->index], out);
	return 0;
}

static const struct attr attrs[] = {
	{ "enabled", 0644, ATTR_QUEUED | ATTR_DAEMON, enabled_show, enabled_store, 0 },
	{ "rel_tgt_id", 0644, ATTR_QUEUED, rel_tgt_id_show, rel_tgt_id_store, 0 },
	{ "tid", 0444, 0, tid_show, NULL, 0 },
	{ "comment", 0644, 0, comment_show, comment_store, 0 },
	{ "alias", 0644, ATTR_DAEMON | ATTR_DAEMON_READ, alias_show, alias_store, 0 },
	{ "per_portal_acl", 0644, ATTR_DAEMON | ATTR_DAEMON_READ, per_portal_show,
	  per_portal_store, 0 },
	{ "aen_disabled", 0444, 0, constant_show, NULL, 0 },
	{ "black_hole", 0444, 0, constant_show, NULL, 0 },
	{ "forward_dst", 0444, 0, constant_show, NULL, 0 },
	{ "forward_src", 0444, 0, constant_show, NULL, 0 },
	{ "redirect", 0444, 0, constant_show, NULL, 1 },
	{ "addr_method", 0444, 0, constant_show, NULL, 2 },
	{ "io_grouping_type", 0444, 0, constant_show, NULL, 3 },
	{ "cpu_mask", 0444, 0, constant_show, NULL, 4 },
	{ "sg_tablesize", 0444, 0, constant_show, NULL, 5 },
};

static void target_tree(struct target *target)
{
	target->dir = node_dir(node_lookup("/targets/iscsi"), target->name);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		node_attr(target->dir, &attrs[i], target);
	keys_tree(target);
	lunset_init(&target->luns, target, NULL, target->dir, true);
	group_tree(target);
	target->sessions_dir = node_dir(target->dir, "sessions");
}

static int param_set(struct target *target, char *param)
{
	const char *name = lex_word(&param);
	enum account_kind kind;
	const char *user, *secret;
	int r;

	if (!*name || strcasecmp(name, "Alias") == 0) /* accepted without effect */
		return 0;
	if (account_kind_of(name, &kind) && kind != ACCOUNT_PORTAL) {
		user = lex_word(&param);
		secret = lex_word(&param);
		if (*lex_word(&param))
			return -EINVAL;
		return account_add(&target->accounts, target->dir, kind, name, user, secret);
	}
	r = keys_set(target, name, param);
	return r == -ENOENT ? -EINVAL : r; /* B2 row 3: unknown k */
}

int target_add(const char *name, char *params)
{
	static unsigned last_tid;
	struct target *target;
	char *cut, *param;
	int r = 0;

	cut = xasprintf("%.*s", NAME_MAX_LEN, name); /* B2 row 3: no other check of the name */
	if (target_find(cut)) {
		free(cut);
		return -EEXIST; /* B2 row 3; two long names can be one (B2 notes) */
	}
	target = xcalloc(sizeof(*target));
	target->name = cut;
	target->tid = ++last_tid;
	TAILQ_INIT(&target->accounts);
	TAILQ_INIT(&target->groups);
	TAILQ_INIT(&target->sessions);
	keys_defaults(target);
	target_tree(target);
	TAILQ_INSERT_TAIL(&targets, target, entry);
	while (r == 0 && (param = strsep(&params, ";\n")))
		r = param_set(target, param);
	if (r < 0)
		target_free(target);
	return r;
}

void target_free(struct target *target)
{
	sessions_cut(target);
	groups_free(target);
	lunset_clear(&target->luns);
	accounts_free(&target->accounts);
	node_del(target->dir);
	TAILQ_REMOVE(&targets, target, entry);
	free(target->name);
	free(target->comment);
	free(target->alias);
	free(target);
}

int target_del(const char *name)
{
	struct target *target = target_find(name);

	if (!target)
		return -ENOENT; /* B2 notes */
	if (sessions_refuse(target))
		return -EBUSY; /* B2 notes */
	target_free(target); /* takes LUNs, groups and users with it */
	return 0;
}

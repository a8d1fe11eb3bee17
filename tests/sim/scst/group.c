// SPDX-License-Identifier: MPL-2.0
/*
 * Initiator groups of a target (section B6): ini_groups/mgmt, the patterns of a group, and
 * which LUN set an initiator gets by them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

static struct group *group_find(struct target *target, const char *name)
{
	struct group *group;

	TAILQ_FOREACH(group, &target->groups, entry) {
		if (strcmp(group->name, name) == 0)
			return group;
	}
	return NULL;
}

static struct pattern *pattern_find(struct group *group, const char *text)
{
	struct pattern *pattern;

	TAILQ_FOREACH(pattern, &group->patterns, entry) {
		if (strcmp(pattern->text, text) == 0)
			return pattern;
	}
	return NULL;
}

struct lunset *group_choose(struct target *target, const char *initiator)
{
	struct pattern *pattern;
	struct group *group;

	TAILQ_FOREACH(group, &target->groups, entry) {
		TAILQ_FOREACH(pattern, &group->patterns, entry) {
			if (lex_match(pattern->text, initiator))
				return &group->luns;
		}
	}
	return &target->luns;
}

/* B3: initiators/PATTERN is a file containing the pattern. */
static int pattern_show(const struct node *node, FILE *out)
{
	const struct pattern *pattern = node->obj;

	fprintf(out, "%s\n", pattern->text);
	return 0;
}

static const struct attr pattern_attr = { "pattern", 0444, 0, pattern_show, NULL, 0 };

static int pattern_add(struct group *group, const char *text)
{
	struct pattern *pattern;

	if (pattern_find(group, text))
		return -EEXIST;
	pattern = xcalloc(sizeof(*pattern));
	pattern->text = xstrdup(text);
	pattern->node = node_attr_named(group->initiators, text, &pattern_attr, pattern);
	TAILQ_INSERT_TAIL(&group->patterns, pattern, entry);
	return 0;
}

static void pattern_del(struct group *group, struct pattern *pattern)
{
	TAILQ_REMOVE(&group->patterns, pattern, entry);
	node_del(pattern->node);
	free(pattern->text);
	free(pattern);
}

static void patterns_clear(struct group *group)
{
	while (!TAILQ_EMPTY(&group->patterns))
		pattern_del(group, TAILQ_FIRST(&group->patterns));
}

static int pattern_move(struct group *group, struct pattern *pattern, const char *to_name)
{
	struct group *to = group_find(group->target, to_name);
	char *text;
	int r;

	if (!to)
		return -EINVAL;
	if (pattern_find(to, pattern->text))
		return -EEXIST;
	text = xstrdup(pattern->text);
	pattern_del(group, pattern);
	r = pattern_add(to, text);
	free(text);
	return r;
}

static int initiators_command(struct group *group, const char *action, char *args)
{
	const char *name;
	struct pattern *pattern;

	if (strcasecmp(action, "clear") == 0) {
		patterns_clear(group);
		return 0;
	}
	name = lex_word(&args);
	if (!*name)
		return -EINVAL;
	if (strcasecmp(action, "add") == 0)
		return pattern_add(group, name);
	pattern = pattern_find(group, name);
	if (!pattern)
		return -EINVAL;
	if (strcasecmp(action, "move") == 0)
		return pattern_move(group, pattern, lex_word(&args));
	if (strcasecmp(action, "del") != 0)
		return -EINVAL;
	pattern_del(group, pattern);
	return 0;
}

static int initiators_store(const struct node *node, char *text)
{
	struct group *group = node->obj;
	const char *action = lex_word(&text);
	int r = initiators_command(group, action, text);

	/* B6: a live session gets its other LUN set immediately. */
	sessions_reassign(group->target);
	return r;
}

static int initiators_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("Usage: echo \"add initiator_name\" >mgmt\n"
	      "       echo \"del initiator_name\" >mgmt\n"
	      "       echo \"move initiator_name group_name\" >mgmt\n"
	      "       echo \"clear\" >mgmt\n", out);
	return 0;
}

static const struct attr initiators_attr = { "mgmt", 0644, ATTR_QUEUED, initiators_show,
					     initiators_store, 0 };

static int group_create(struct target *target, const char *name)
{
	struct group *group;

	if (group_find(target, name))
		return -EEXIST; /* B6 */
	group = xcalloc(sizeof(*group));
	group->name = xstrdup(name);
	group->target = target;
	TAILQ_INIT(&group->patterns);
	group->dir = node_dir(target->groups_dir, name);
	group->initiators = node_dir(group->dir, "initiators");
	node_attr(group->initiators, &initiators_attr, group);
	lunset_init(&group->luns, target, group, group->dir, true);
	TAILQ_INSERT_TAIL(&target->groups, group, entry);
	return 0;
}

static void group_free(struct group *group)
{
	lunset_clear(&group->luns);
	patterns_clear(group);
	node_del(group->dir);
	TAILQ_REMOVE(&group->target->groups, group, entry);
	free(group->name);
	free(group);
}

static int group_del(struct target *target, const char *name)
{
	struct group *group = group_find(target, name);
	struct session *session;

	if (!group)
		return -EINVAL; /* B6 */
	TAILQ_FOREACH(session, &target->sessions, entry) {
		if (session->set == &group->luns)
			return -EBUSY; /* B6 */
	}
	group_free(group);
	return 0;
}

static int groups_store(const struct node *node, char *text)
{
	struct target *target = node->obj;
	const char *action = lex_word(&text), *name = lex_word(&text);

	if (!*name)
		return -EINVAL;
	if (strcasecmp(action, "create") == 0)
		return group_create(target, name);
	if (strcasecmp(action, "del") == 0)
		return group_del(target, name);
	return -EINVAL;
}

static int groups_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("Usage: echo \"create group_name\" >mgmt\n"
	      "       echo \"del group_name\" >mgmt\n", out);
	return 0;
}

static const struct attr groups_attr = { "mgmt", 0644, ATTR_QUEUED, groups_show, groups_store, 0 };

void group_tree(struct target *target)
{
	target->groups_dir = node_dir(target->dir, "ini_groups");
	node_attr(target->groups_dir, &groups_attr, target);
}

void groups_free(struct target *target)
{
	while (!TAILQ_EMPTY(&target->groups))
		group_free(TAILQ_FIRST(&target->groups));
}

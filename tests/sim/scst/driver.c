// SPDX-License-Identifier: MPL-2.0
/*
 * The target drivers: targets/iscsi with its mgmt file and the files that exist only while
 * iscsi-scstd is connected (section B1), and targets/copy_manager.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

enum { COMMAND_MAX = 512 }; /* B6: the whole command value */

static struct node *dir;
static struct accounts discovery = TAILQ_HEAD_INITIALIZER(discovery);
static bool enabled;

struct lunset copy_manager;

unsigned long copy_manager_next_lun(void)
{
	static unsigned long next;

	return next++;
}

bool driver_enabled(void)
{
	return enabled;
}

/* add_target_attribute and its like: what they work on, or -ENOENT, -EINVAL. */
static int attribute_command(const char *action, char *args)
{
	bool add = strncasecmp(action, "add_", 4) == 0;
	struct target *target;

	if (strcasecmp(action, "add_attribute") == 0 || strcasecmp(action, "del_attribute") == 0)
		return account_command(&discovery, dir, true, add, args);
	if (strcasecmp(action, "add_target_attribute") != 0 &&
	    strcasecmp(action, "del_target_attribute") != 0)
		return -EINVAL;
	target = target_find(lex_word(&args));
	if (!target)
		return -ENOENT; /* B2 row 4 */
	return account_command(&target->accounts, target->dir, false, add, args);
}

/* A ';' ends the name, even without a blank before it. */
static int target_add_command(char *args)
{
	char *name = lex_word(&args), *rest = strchr(name, ';');
	char *params;
	int r;

	if (!rest)
		return *name ? target_add(name, args) : -EINVAL;
	params = xasprintf("%s %s", rest + 1, args);
	*rest = '\0';
	r = *name ? target_add(name, params) : -EINVAL;
	free(params);
	return r;
}

static int mgmt_store(const struct node *node, char *text)
{
	size_t len = strlen(text);
	const char *action = lex_word(&text), *name;

	(void)node;
	if (strcasecmp(action, "add_target") == 0)
		return target_add_command(text);
	if (strcasecmp(action, "del_target") == 0) {
		name = lex_word(&text);
		return *name && !*lex_word(&text) ? target_del(name) : -EINVAL;
	}
	if (len > COMMAND_MAX)
		return -EINVAL;
	return attribute_command(action, text);
}

static int mgmt_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("Usage: echo \"add_target target_name [parameters]\" >mgmt\n"
	      "       echo \"del_target target_name\" >mgmt\n"
	      "       echo \"add_attribute attribute value\" >mgmt\n"
	      "       echo \"del_attribute attribute value\" >mgmt\n"
	      "       echo \"add_target_attribute target_name attribute value\" >mgmt\n"
	      "       echo \"del_target_attribute target_name attribute value\" >mgmt\n\n"
	      "The following target driver attributes available: IncomingUser, OutgoingUser\n"
	      "The following target attributes available: IncomingUser, OutgoingUser, "
	      "allowed_portal\n\n", out);
	return 0;
}

static int version_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("3.11.0-pre\nTRACING\n", out); /* B1 */
	return 0;
}

static int open_state_show(const struct node *node, FILE *out)
{
	(void)node;
	fprintf(out, "%s\n", sim.daemon == DAEMON_DOWN ? "closed" : "open"); /* B1 */
	return 0;
}

static int enabled_show(const struct node *node, FILE *out)
{
	(void)node;
	fprintf(out, "%d\n\n", enabled); /* B3: with an empty line, never marked */
	return 0;
}

static int enabled_store(const struct node *node, char *text)
{
	const char *word = lex_word(&text);

	(void)node;
	if (strcmp(word, "0") != 0 && strcmp(word, "1") != 0)
		return -EINVAL;
	enabled = *word == '1';
	return 0;
}

static int link_local_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("1\n\n", out);
	return 0;
}

static int empty_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("\n\n", out);
	return 0;
}

static const struct attr module_attrs[] = {
	{ "mgmt", 0644, ATTR_QUEUED | ATTR_DAEMON, mgmt_show, mgmt_store, 0 },
	{ "version", 0444, 0, version_show, NULL, 0 },
	{ "open_state", 0444, 0, open_state_show, NULL, 0 },
};

static const struct attr daemon_attrs[] = {
	{ "enabled", 0644, ATTR_DAEMON | ATTR_DAEMON_READ, enabled_show, enabled_store, 0 },
	{ "iSNSServer", 0444, 0, empty_show, NULL, 0 },
	{ "internal_portal", 0444, 0, empty_show, NULL, 0 },
	{ "isns_entity_name", 0444, 0, empty_show, NULL, 0 },
	{ "link_local", 0444, 0, link_local_show, NULL, 0 },
};

enum {
	MODULE_ATTRS = sizeof(module_attrs) / sizeof(module_attrs[0]),
	DAEMON_ATTRS = sizeof(daemon_attrs) / sizeof(daemon_attrs[0])
};

void driver_daemon_start(void)
{
	if (sim.daemon == DAEMON_DOWN) {
		for (size_t i = 0; i < DAEMON_ATTRS; i++)
			node_attr(dir, &daemon_attrs[i], NULL);
		enabled = false;
	}
	sim.daemon = DAEMON_UP;
}

void driver_daemon_kill(void)
{
	if (sim.daemon == DAEMON_DOWN)
		return;
	sim.daemon = DAEMON_DOWN;
	while (!TAILQ_EMPTY(&targets))
		target_free(TAILQ_FIRST(&targets));
	accounts_free(&discovery);
	for (size_t i = 0; i < DAEMON_ATTRS; i++)
		node_del(node_child(dir, daemon_attrs[i].name));
	enabled = false;
}

void driver_tree(struct node *root)
{
	struct node *parent = node_dir(root, "targets");
	struct node *manager = node_dir(parent, "copy_manager");

	lunset_init(&copy_manager, NULL, NULL, node_dir(manager, "copy_manager_tgt"), false);
	dir = node_dir(parent, "iscsi");
	for (size_t i = 0; i < MODULE_ATTRS; i++)
		node_attr(dir, &module_attrs[i], NULL);
}

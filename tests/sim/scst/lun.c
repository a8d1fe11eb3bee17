// SPDX-License-Identifier: MPL-2.0
/*
 * LUN sets (luns/) of targets and initiator groups: their mgmt file (section B2, row 5, and B6)
 * and the links between a LUN and its device (section B3).
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "objects.h"

enum { LUN_MAX = 16383 }; /* B2 row 5 */

static struct lun *lun_find(const struct lunset *set, unsigned long number)
{
	struct lun *lun;

	TAILQ_FOREACH(lun, &set->luns, in_set) {
		if (lun->number == number)
			return lun;
	}
	return NULL;
}

static int read_only_show(const struct node *node, FILE *out)
{
	const struct lun *lun = node->obj;
	bool read_only = lun->read_only || lun->dev->value[DV_READ_ONLY];

	fprintf(out, "%d\n", read_only);
	show_key(out, read_only);
	return 0;
}

static const struct attr read_only_attr = { "read_only", 0444, 0, read_only_show, NULL, 0 };

static void set_changed(const struct lunset *set)
{
	if (set->target)
		sessions_reassign(set->target);
}

struct lun *lun_add(struct lunset *set, struct device *dev, unsigned long number, bool read_only)
{
	struct lun *lun = xcalloc(sizeof(*lun));
	char *name = xasprintf("%lu", number);
	char *export_name = xasprintf("export%u", dev->exported++);

	lun->set = set;
	lun->dev = dev;
	lun->number = number;
	lun->read_only = read_only;
	lun->dir = node_dir(set->dir, name);
	node_attr(lun->dir, &read_only_attr, lun);
	node_link(lun->dir, "device", dev->dir);
	lun->export_link = node_link(dev->exported_dir, export_name, lun->dir);
	TAILQ_INSERT_TAIL(&set->luns, lun, in_set);
	TAILQ_INSERT_TAIL(&dev->luns, lun, in_device);
	free(name);
	free(export_name);
	set_changed(set);
	return lun;
}

void lun_del(struct lun *lun)
{
	struct lunset *set = lun->set;

	TAILQ_REMOVE(&set->luns, lun, in_set);
	TAILQ_REMOVE(&lun->dev->luns, lun, in_device);
	node_del(lun->export_link);
	node_del(lun->dir);
	free(lun);
	set_changed(set);
}

void lunset_clear(struct lunset *set)
{
	while (!TAILQ_EMPTY(&set->luns))
		lun_del(TAILQ_FIRST(&set->luns));
}

static int params_parse(char *args, bool *read_only)
{
	char *param;

	while ((param = lex_param(&args))) {
		const char *name = lex_word(&param), *text = lex_word(&param);
		unsigned long long value;
		int r;

		if (!*name || !*text || *lex_word(&param))
			return -EINVAL;
		r = lex_unsigned(text, &value);
		if (r < 0)
			return r;
		if (strcasecmp(name, "read_only") != 0)
			return -EINVAL; /* B2 row 5: unknown parameter */
		*read_only = value != 0;
	}
	return 0;
}

/* add, replace and replace_no_ua; the last two differ only in what initiators are told. */
static int lun_put(struct lunset *set, bool replace, char *args)
{
	struct device *dev = device_find(lex_word(&args));
	unsigned long long number;
	bool read_only = false;
	struct lun *old;
	int r;

	if (!dev)
		return -EINVAL; /* B2 row 5: unknown device */
	r = lex_unsigned(lex_word(&args), &number);
	if (r == 0 && number > LUN_MAX)
		r = -EINVAL;
	if (r == 0)
		r = params_parse(args, &read_only);
	if (r < 0)
		return r;
	old = lun_find(set, number);
	if (old && !replace)
		return -EEXIST; /* B2 row 5 */
	if (old)
		lun_del(old);
	lun_add(set, dev, number, read_only);
	return 0;
}

static int lun_remove(struct lunset *set, char *args)
{
	unsigned long long number;
	struct lun *lun;
	int r = lex_unsigned(lex_word(&args), &number);

	if (r < 0)
		return r;
	lun = lun_find(set, number);
	if (!lun || *lex_word(&args))
		return -EINVAL;
	lun_del(lun);
	return 0;
}

static int mgmt_store(const struct node *node, char *text)
{
	struct lunset *set = node->obj;
	const char *action = lex_word(&text);

	if (strcasecmp(action, "add") == 0)
		return lun_put(set, false, text);
	if (strcasecmp(action, "replace") == 0 || strcasecmp(action, "replace_no_ua") == 0)
		return lun_put(set, true, text);
	if (strcasecmp(action, "del") == 0)
		return lun_remove(set, text);
	if (strcasecmp(action, "clear") != 0 || *lex_word(&text))
		return -EINVAL;
	lunset_clear(set);
	return 0;
}

static int mgmt_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("Usage: echo \"add device_name lun [parameters]\" >mgmt\n"
	      "       echo \"del lun\" >mgmt\n"
	      "       echo \"replace device_name lun [parameters]\" >mgmt\n"
	      "       echo \"replace_no_ua device_name lun [parameters]\" >mgmt\n"
	      "       echo \"clear\" >mgmt\n\n"
	      "The following parameters available: read_only\n", out);
	return 0;
}

static const struct attr mgmt_attr = { "mgmt", 0644, ATTR_QUEUED, mgmt_show, mgmt_store, 0 };

void lunset_init(struct lunset *set, struct target *target, struct group *group,
		 struct node *parent, bool with_mgmt)
{
	set->target = target;
	set->group = group;
	set->dir = node_dir(parent, "luns");
	TAILQ_INIT(&set->luns);
	if (with_mgmt)
		node_attr(set->dir, &mgmt_attr, set);
}

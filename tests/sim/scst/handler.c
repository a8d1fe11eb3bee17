// SPDX-License-Identifier: MPL-2.0
/*
 * The device handlers and their mgmt files: grammar and checks of add_device and del_device
 * (section B2, row 1), and the help text that tells which parameters this version takes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

struct handler handlers[] = {
	{ .name = "vdisk_blockio", .mask = BLOCKIO },
	{ .name = "vdisk_fileio", .mask = FILEIO },
	{ .name = "vdisk_nullio", .mask = NULLIO },
};

const size_t handler_count = sizeof(handlers) / sizeof(handlers[0]);

/* B4: older versions lack some parameters; the tests choose which. */
static bool lacking(const char *name)
{
	size_t len = strlen(name);

	for (const char *p = sim.lacking; p && *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (strncasecmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

/* Parameters that are no numbers of a device. */
static const struct {
	const char *name;
	unsigned of;
} other_params[] = {
	{ "dif_filename", DISKS }, { "dif_mode", ALL_HANDLERS }, { "filename", DISKS },
	{ "size", NULLIO },        { "size_mb", NULLIO },        { "t10_dev_id", ALL_HANDLERS },
};

static bool other_param(const char *name, enum handler_mask mask)
{
	for (size_t i = 0; i < sizeof(other_params) / sizeof(other_params[0]); i++)
		if (strcasecmp(other_params[i].name, name) == 0)
			return other_params[i].of & mask;
	return false;
}

static bool value_param(const char *name, enum handler_mask mask, enum device_value *ret_value)
{
	for (unsigned i = 0; i < DV_COUNT; i++) {
		if (strcasecmp(devattr_name(i), name) == 0) {
			*ret_value = i;
			return devattr_is_param(i, mask);
		}
	}
	return false;
}

static int blocksize_set(struct device *dev, unsigned long long size)
{
	if (size == 0)
		size = 512; /* B2 notes: accepted */
	if (size < 512 || size > 4096)
		return -EINVAL;
	while (size & (size - 1))
		size &= size - 1; /* B2 notes: 3000 is stored as 2048 */
	dev->value[DV_BLOCKSIZE] = size;
	return 0;
}

static int value_set(struct device *dev, enum device_value which, const char *text)
{
	unsigned long long value;
	long long signed_value;
	int r;

	if (which == DV_NUMA) {
		r = lex_number(text, &signed_value);
		if (r == 0)
			dev->value[which] = signed_value;
		return r < 0 || signed_value < -1 ? -EINVAL : 0;
	}
	r = lex_unsigned(text, &value);
	if (r < 0)
		return r;
	if (which == DV_BLOCKSIZE)
		return blocksize_set(dev, value);
	if ((which == DV_TST || which == DV_DUMMY) && value > 1)
		return -EINVAL;
	if (which == DV_THIN)
		dev->thin_set = true;
	dev->value[which] = which == DV_DIF_TAG || which == DV_DIF_TYPE ? (long long)value :
									   (long long)(value & 1);
	return 0;
}

static int other_set(struct device *dev, const char *name, const char *text)
{
	unsigned long long size;

	if (strcasecmp(name, "t10_dev_id") == 0)
		return devattr_set_text(dev, DT_T10_DEV_ID, text);
	if (strcasecmp(name, "dif_mode") == 0)
		return 0; /* data integrity is not simulated */
	if (strncasecmp(name, "size", 4) == 0) {
		if (lex_unsigned(text, &size) < 0)
			return -EINVAL;
		dev->size = strcasecmp(name, "size") == 0 ? size : size << 20;
		return 0;
	}
	if (*text != '/')
		return -EINVAL; /* B2 row 1: relative */
	if (strcasecmp(name, "filename") != 0)
		return 0;
	if (dev->filename)
		return -EINVAL;
	dev->filename = xstrdup(text);
	return 0;
}

static int param_set(struct device *dev, char *param)
{
	enum handler_mask mask = dev->handler->mask;
	const char *name = lex_word(&param), *text = lex_word(&param);
	enum device_value which;

	/* B2 notes: a path with a blank in it is one word too many. */
	if (!*name || !*text || *lex_word(&param) || lacking(name))
		return -EINVAL;
	if (value_param(name, mask, &which))
		return value_set(dev, which, text);
	if (other_param(name, mask))
		return other_set(dev, name, text);
	return -EINVAL; /* B4: an unknown one fails the whole command */
}

static int params_check(const struct device *dev)
{
	const long long *value = dev->value;

	if (dev->handler->mask != NULLIO && !dev->filename)
		return -EINVAL; /* B2 row 1 */
	if (dev->handler->mask == FILEIO && value[DV_READ_ONLY] &&
	    (value[DV_WRITE_THROUGH] || value[DV_NV_CACHE]))
		return -EINVAL; /* B4 */
	if (value[DV_O_DIRECT] && !value[DV_ASYNC])
		return -EINVAL;
	if (dev->handler->mask == NULLIO && dev->size % value[DV_BLOCKSIZE] != 0)
		return -EINVAL;
	return 0;
}

/* B4: a default usn that clashes with one in use is EEXIST. */
static bool usn_clashes(const char *name)
{
	char *usn = xasprintf("%x", devattr_default_id(name));
	struct device *dev;
	bool clash = false;

	TAILQ_FOREACH(dev, &devices, entry)
		clash |= strcmp(dev->text[DT_USN], usn) == 0;
	free(usn);
	return clash;
}

static int name_check(const char *name)
{
	if (!*name)
		return -EINVAL;
	if (device_find(name))
		return -EEXIST; /* B2 row 1: in use by any handler */
	if (strlen(name) > sim.max_name)
		return -EINVAL; /* B4 */
	return usn_clashes(name) ? -EEXIST : 0;
}

static int device_add(const struct handler *handler, char *args)
{
	const char *name = lex_word(&args);
	int r = name_check(name);
	struct device *dev;
	char *param;

	if (r < 0)
		return r;
	dev = device_new(handler, name);
	while (r == 0 && (param = lex_param(&args)))
		r = param_set(dev, param);
	if (r == 0)
		r = params_check(dev);
	if (r == 0 && strpbrk(dev->name, "./"))
		r = -EINVAL; /* B2 row 1 */
	if (r == 0)
		r = device_register(dev);
	if (r < 0)
		device_free(dev);
	return r;
}

static int mgmt_store(const struct node *node, char *text)
{
	const struct handler *handler = node->obj;
	const char *action = lex_word(&text);
	struct device *dev;

	if (strcasecmp(action, "add_device") == 0)
		return device_add(handler, text);
	if (strcasecmp(action, "del_device") != 0)
		return -EINVAL;
	/* B2 notes: any vdisk handler deletes a device of another one; unknown is EINVAL. */
	dev = device_find(lex_word(&text));
	if (!dev || *lex_word(&text))
		return -EINVAL;
	device_del(dev);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int mgmt_show(const struct node *node, FILE *out)
{
	const struct handler *handler = node->obj;
	size_t other_count = sizeof(other_params) / sizeof(other_params[0]), n = 0;
	const char *names[DV_COUNT + sizeof(other_params) / sizeof(other_params[0])];

	for (unsigned i = 0; i < DV_COUNT; i++)
		if (devattr_is_param(i, handler->mask) && !lacking(devattr_name(i)))
			names[n++] = devattr_name(i);
	for (size_t i = 0; i < other_count; i++)
		if (other_params[i].of & handler->mask && !lacking(other_params[i].name))
			names[n++] = other_params[i].name;
	qsort(names, n, sizeof(names[0]), compare_names);
	fputs("Usage: echo \"add_device device_name [parameters]\" >mgmt\n"
	      "       echo \"del_device device_name\" >mgmt\n\n", out);
	/* B3: the line a writer can probe for features. */
	fputs("The following parameters available: ", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? ", " : "", names[i]);
	fputs("\n\n", out);
	return 0;
}

static int type_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("0 - Direct-access device (e.g., magnetic disk)\n", out);
	return 0;
}

static int trace_level_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("out_of_mem | minor | mgmt | special\n\n", out);
	return 0;
}

static const struct attr mgmt_attr = { "mgmt", 0644, ATTR_QUEUED, mgmt_show, mgmt_store, 0 };
static const struct attr type_attr = { "type", 0444, 0, type_show, NULL, 0 };
static const struct attr trace_attr = { "trace_level", 0444, 0, trace_level_show, NULL, 0 };

void handler_tree(struct node *root)
{
	struct node *dir = node_dir(root, "handlers");

	for (size_t i = 0; i < handler_count; i++) {
		handlers[i].dir = node_dir(dir, handlers[i].name);
		node_attr(handlers[i].dir, &mgmt_attr, &handlers[i]);
		node_attr(handlers[i].dir, &type_attr, NULL);
		node_attr(handlers[i].dir, &trace_attr, NULL);
	}
}

// SPDX-License-Identifier: MPL-2.0
/*
 * Parameters and attributes of devices (section B4): one table each for numbers, texts and
 * hexadecimal ids drives the parser of add_device, the help text and the files. Opens nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

static const struct {
	const char *name;
	long long def;
	unsigned param_of; /* handlers whose add_device takes it */
} values[DV_COUNT] = {
	[DV_ACTIVE] = { "active", 1, DISKS },
	[DV_ASYNC] = { "async", 0, FILEIO },
	[DV_BIND_ALUA] = { "bind_alua_state", 1, DISKS },
	[DV_BLOCKSIZE] = { "blocksize", 512, ALL_HANDLERS },
	[DV_CLUSTER_MODE] = { "cluster_mode", 0, ALL_HANDLERS },
	[DV_DIF_TAG] = { "dif_static_app_tag", 0, ALL_HANDLERS },
	[DV_DIF_TYPE] = { "dif_type", 0, ALL_HANDLERS },
	[DV_DUMMY] = { "dummy", 0, NULLIO },
	[DV_EXPL_ALUA] = { "expl_alua", 0, 0 },
	[DV_LB_PER_PB] = { "lb_per_pb_exp", 1, 0 },
	[DV_NUMA] = { "numa_node_id", -1, ALL_HANDLERS },
	[DV_NV_CACHE] = { "nv_cache", 0, DISKS },
	[DV_O_DIRECT] = { "o_direct", 0, FILEIO },
	[DV_OPT_TRANS_LEN] = { "opt_trans_len", 8192, 0 },
	[DV_READ_ONLY] = { "read_only", 0, ALL_HANDLERS },
	[DV_READ_ZERO] = { "read_zero", 0, 0 },
	[DV_REMOVABLE] = { "removable", 0, ALL_HANDLERS },
	[DV_ROTATIONAL] = { "rotational", 1, ALL_HANDLERS },
	[DV_THIN] = { "thin_provisioned", 0, DISKS },
	[DV_TST] = { "tst", 1, ALL_HANDLERS },
	[DV_WRITE_THROUGH] = { "write_through", 0, DISKS },
};

const char *devattr_name(enum device_value value)
{
	return values[value].name;
}

bool devattr_is_param(enum device_value value, enum handler_mask mask)
{
	return values[value].param_of & mask;
}

long long devattr_default(enum device_value value, enum handler_mask mask)
{
	if (value == DV_BIND_ALUA)
		return mask == BLOCKIO;
	/* B4: switched on by itself when the backend can discard, as zvols can. */
	if (value == DV_THIN)
		return mask != NULLIO;
	return values[value].def;
}

static bool is_marked(const struct device *dev, enum device_value value)
{
	if (value == DV_THIN)
		return dev->thin_set;
	if (value == DV_OPT_TRANS_LEN)
		return dev->opt_trans_set;
	return dev->value[value] != devattr_default(value, dev->handler->mask);
}

static int value_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;
	enum device_value which = node->attr->index;
	long long value = dev->value[which];

	/* B4: 1 means "from the queue"; a zvol of 8 KiB blocks reports 4. */
	if (which == DV_LB_PER_PB && value == 1)
		value = 4;
	fprintf(out, "%lld\n", value);
	show_key(out, is_marked(dev, which));
	return 0;
}

static int switch_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	bool value;
	int r = lex_bool(text, &value);

	if (r == 0)
		dev->value[node->attr->index] = value;
	return r;
}

static int opt_trans_len_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	unsigned long long value;
	int r = lex_unsigned(text, &value);

	if (r < 0)
		return r;
	if (value % dev->value[DV_BLOCKSIZE] != 0)
		return -EINVAL;
	dev->value[DV_OPT_TRANS_LEN] = value;
	dev->opt_trans_set = true;
	return 0;
}

static int active_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	bool active;
	int r = lex_bool(text, &active);

	if (r < 0 || active == dev->value[DV_ACTIVE])
		return r;
	if (active)
		r = device_open(dev); /* B4: ENOENT if the file is missing */
	else
		device_close(dev);
	if (r == 0)
		dev->value[DV_ACTIVE] = active;
	return r;
}

static const struct {
	const char *name;
	size_t max;
} texts[DT_COUNT] = {
	[DT_INQ_VEND_SPECIFIC] = { "inq_vend_specific", 176 },
	[DT_PROD_ID] = { "prod_id", 16 },
	[DT_PROD_REV] = { "prod_rev_lvl", 4 },
	[DT_SCSI_NAME] = { "scsi_device_name", 256 },
	[DT_T10_DEV_ID] = { "t10_dev_id", 25 },
	[DT_T10_VEND_ID] = { "t10_vend_id", 8 },
	[DT_USN] = { "usn", 20 },
	[DT_VEND_SPECIFIC] = { "vend_specific_id", 128 },
};

int devattr_set_text(struct device *dev, enum device_text which, const char *text)
{
	size_t len = strcspn(text, "\n");

	if (len > texts[which].max)
		return -EINVAL;
	free(dev->text[which]);
	dev->text[which] = xasprintf("%.*s", (int)len, text);
	dev->text_set[which] = true;
	if (which == DT_SCSI_NAME || which == DT_INQ_VEND_SPECIFIC)
		dev->text_set[which] = len > 0;
	return 0;
}

static int text_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;

	fprintf(out, "%s\n", dev->text[node->attr->index]);
	show_key(out, dev->text_set[node->attr->index]);
	return 0;
}

static int text_store(const struct node *node, char *text)
{
	return devattr_set_text(node->obj, node->attr->index, text);
}

static int hex_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;
	const char *hex = dev->hex[node->attr->index];

	fprintf(out, "%s%s\n", hex ? "0x" : "", hex ? hex : "");
	show_key(out, hex);
	return 0;
}

/* B4: naa_id 16 or 32 digits, eui64_id 16, 24 or 32, with or without 0x; empty clears. */
static bool hex_fits(enum device_hex which, const char *digits, size_t len)
{
	if (len == 0)
		return true;
	if (which == DX_EUI64)
		return len == 16 || len == 24 || len == 32;
	/* The first digit tells the NAA format, and with it the length. */
	return (len == 16 && strchr("235", digits[0])) || (len == 32 && digits[0] == '6');
}

static int hex_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	char **hex = &dev->hex[node->attr->index];
	size_t len;

	text += strspn(text, " \t\n");
	for (len = strlen(text); len > 0 && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	if (strncmp(text, "0x", 2) == 0) {
		text += 2;
		len -= 2;
	}
	if (!hex_fits(node->attr->index, text, len) ||
	    strspn(text, "0123456789abcdefABCDEF") != len)
		return -EINVAL;
	for (char *p = text; *p; p++)
		*p = tolower((unsigned char)*p);
	free(*hex);
	*hex = len ? xstrdup(text) : NULL;
	return 0;
}

static int size_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;
	unsigned shift = node->attr->index;

	fprintf(out, "%llu\n", (unsigned long long)dev->size >> shift);
	show_key(out, shift == 0);
	return 0;
}

static int size_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	unsigned shift = node->attr->index;
	unsigned long long size;
	int r = lex_unsigned(text, &size);

	if (r < 0)
		return r;
	if (size > UINT64_MAX >> shift || (size << shift) % dev->value[DV_BLOCKSIZE] != 0)
		return -EINVAL;
	dev->size = size << shift;
	return 0;
}

static int resync_size_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;

	(void)text; /* B4: whatever is written */
	if (!dev->open)
		return -EMEDIUMTYPE;
	return backing_size(dev->filename, &dev->size);
}

static int filename_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;

	fprintf(out, "%s\n[key]\n\n", dev->filename); /* B3: one of those with an empty line */
	return 0;
}

static int filename_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;

	if (dev->value[DV_ACTIVE])
		return -EINVAL; /* B4: only while active=0 */
	text += strspn(text, " \t\n");
	for (size_t len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	if (*text != '/')
		return -EINVAL;
	free(dev->filename);
	dev->filename = xstrdup(text);
	return 0;
}

static int pr_file_show(const struct node *node, FILE *out)
{
	const struct device *dev = node->obj;

	if (dev->pr_file)
		fprintf(out, "%s\n", dev->pr_file);
	else
		fprintf(out, "/var/lib/scst/pr/%s\n", dev->name);
	show_key(out, dev->pr_file);
	return 0;
}

static int pr_file_store(const struct node *node, char *text)
{
	struct device *dev = node->obj;
	struct lun *lun;

	TAILQ_FOREACH(lun, &dev->luns, in_device)
		if (lun->set != &copy_manager)
			return -EBUSY; /* not once the device is exported */
	text[strcspn(text, "\n")] = '\0';
	free(dev->pr_file);
	dev->pr_file = *text ? xstrdup(text) : NULL;
	return 0;
}

static int type_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("0 - Direct-access device (e.g., magnetic disk)\n", out);
	return 0;
}

/* Who has which file. B4: EACCES for what only add_device may set, so those have no store. */
static const struct dev_attr {
	unsigned of;
	struct attr attr;
} attrs[] = {
	{ DISKS, { "active", 0644, ATTR_QUEUED, value_show, active_store, DV_ACTIVE } },
	{ FILEIO, { "async", 0644, 0, value_show, switch_store, DV_ASYNC } },
	{ DISKS, { "bind_alua_state", 0644, 0, value_show, switch_store, DV_BIND_ALUA } },
	{ ALL_HANDLERS, { "blocksize", 0444, 0, value_show, NULL, DV_BLOCKSIZE } },
	{ ALL_HANDLERS, { "cluster_mode", 0644, ATTR_QUEUED, value_show, switch_store,
			  DV_CLUSTER_MODE } },
	{ NULLIO, { "dummy", 0444, 0, value_show, NULL, DV_DUMMY } },
	{ ALL_HANDLERS, { "eui64_id", 0644, 0, hex_show, hex_store, DX_EUI64 } },
	{ DISKS, { "expl_alua", 0644, 0, value_show, switch_store, DV_EXPL_ALUA } },
	{ DISKS, { "filename", 0644, ATTR_QUEUED | ATTR_QUEUED_READ, filename_show,
		   filename_store, 0 } },
	{ ALL_HANDLERS, { "inq_vend_specific", 0644, 0, text_show, text_store,
			  DT_INQ_VEND_SPECIFIC } },
	{ DISKS, { "lb_per_pb_exp", 0644, 0, value_show, switch_store, DV_LB_PER_PB } },
	{ ALL_HANDLERS, { "naa_id", 0644, 0, hex_show, hex_store, DX_NAA } },
	{ DISKS, { "nv_cache", 0444, 0, value_show, NULL, DV_NV_CACHE } },
	{ FILEIO, { "o_direct", 0444, 0, value_show, NULL, DV_O_DIRECT } },
	{ ALL_HANDLERS, { "opt_trans_len", 0644, 0, value_show, opt_trans_len_store,
			  DV_OPT_TRANS_LEN } },
	{ ALL_HANDLERS, { "pr_file_name", 0644, ATTR_QUEUED, pr_file_show, pr_file_store, 0 } },
	{ ALL_HANDLERS, { "prod_id", 0644, 0, text_show, text_store, DT_PROD_ID } },
	{ ALL_HANDLERS, { "prod_rev_lvl", 0644, 0, text_show, text_store, DT_PROD_REV } },
	{ ALL_HANDLERS, { "read_only", 0444, 0, value_show, NULL, DV_READ_ONLY } },
	{ NULLIO, { "read_zero", 0644, 0, value_show, switch_store, DV_READ_ZERO } },
	{ ALL_HANDLERS, { "removable", 0444, 0, value_show, NULL, DV_REMOVABLE } },
	{ DISKS, { "resync_size", 0200, ATTR_QUEUED, NULL, resync_size_store, 0 } },
	{ ALL_HANDLERS, { "rotational", 0444, 0, value_show, NULL, DV_ROTATIONAL } },
	{ ALL_HANDLERS, { "scsi_device_name", 0644, 0, text_show, text_store, DT_SCSI_NAME } },
	{ BLOCKIO | NULLIO, { "size", 0644, ATTR_QUEUED, size_show, size_store, 0 } },
	{ FILEIO, { "size", 0444, 0, size_show, NULL, 0 } },
	{ BLOCKIO | NULLIO, { "size_mb", 0644, ATTR_QUEUED, size_show, size_store, 20 } },
	{ FILEIO, { "size_mb", 0444, 0, size_show, NULL, 20 } },
	{ ALL_HANDLERS, { "t10_dev_id", 0644, 0, text_show, text_store, DT_T10_DEV_ID } },
	{ ALL_HANDLERS, { "t10_vend_id", 0644, 0, text_show, text_store, DT_T10_VEND_ID } },
	{ DISKS, { "thin_provisioned", 0444, 0, value_show, NULL, DV_THIN } },
	{ ALL_HANDLERS, { "tst", 0444, 0, value_show, NULL, DV_TST } },
	{ ALL_HANDLERS, { "type", 0444, 0, type_show, NULL, 0 } },
	{ ALL_HANDLERS, { "usn", 0644, 0, text_show, text_store, DT_USN } },
	{ ALL_HANDLERS, { "vend_specific_id", 0644, 0, text_show, text_store, DT_VEND_SPECIFIC } },
	{ DISKS, { "write_through", 0444, 0, value_show, NULL, DV_WRITE_THROUGH } },
};

uint32_t devattr_default_id(const char *name)
{
	uint32_t hash = 2166136261u ^ sim.setup_id; /* FNV-1a: any hash of both will do */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

void devattr_defaults(struct device *dev)
{
	uint32_t id = devattr_default_id(dev->name);

	for (unsigned i = 0; i < DV_COUNT; i++)
		dev->value[i] = devattr_default(i, dev->handler->mask);
	dev->text[DT_INQ_VEND_SPECIFIC] = xstrdup("");
	dev->text[DT_PROD_ID] = xasprintf("%.16s", dev->name);
	dev->text[DT_PROD_REV] = xstrdup("3110");
	dev->text[DT_SCSI_NAME] = xstrdup("");
	dev->text[DT_T10_DEV_ID] = xasprintf("%x-%s", id, dev->name);
	if (strlen(dev->text[DT_T10_DEV_ID]) > texts[DT_T10_DEV_ID].max)
		dev->text[DT_T10_DEV_ID][texts[DT_T10_DEV_ID].max] = '\0';
	dev->text[DT_T10_VEND_ID] =
		xstrdup(dev->handler->mask == BLOCKIO ? "SCST_BIO" : "SCST_FIO");
	dev->text[DT_USN] = xasprintf("%x", id);
	dev->text[DT_VEND_SPECIFIC] = xstrdup(dev->text[DT_T10_DEV_ID]);
}

void devattr_tree(struct device *dev)
{
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (attrs[i].of & dev->handler->mask)
			node_attr(dev->dir, &attrs[i].attr, dev);
}

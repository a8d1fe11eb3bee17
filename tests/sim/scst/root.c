// SPDX-License-Identifier: MPL-2.0
/*
 * The top level of the tree (section B1) and its attributes; among them last_sysfs_mgmt_res.
 */
#include <errno.h>

#include "objects.h"

static int last_result_show(const struct node *node, FILE *out)
{
	(void)node;
	if (queue_busy())
		return -EAGAIN; /* B5.2 */
	fprintf(out, "%d\n", sim.last_result);
	return 0;
}

static int version_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("SCST version: 3.11.0-pre\nSCST build date: n/a\nSCST build number: n/a\n"
	      "SCST git commit sha1: n/a\nSCST kver: n/a\nSCST arch type: n/a\n"
	      "SCST config: TRACING\n", out);
	return 0;
}

static int setup_id_show(const struct node *node, FILE *out)
{
	(void)node;
	fprintf(out, "0x%x\n", sim.setup_id);
	show_key(out, sim.setup_id != 0);
	return 0;
}

static int setup_id_store(const struct node *node, char *text)
{
	unsigned long long value;
	int r = lex_unsigned(text, &value);

	(void)node;
	if (r == 0)
		sim.setup_id = value;
	return r;
}

static int zero_show(const struct node *node, FILE *out)
{
	(void)node;
	fputs("0\n", out);
	return 0;
}

/* suspend: takes a number; nothing to suspend here */
static int number_store(const struct node *node, char *text)
{
	long long value;

	(void)node;
	return lex_number(text, &value);
}

static const struct attr attrs[] = {
	{ "last_sysfs_mgmt_res", 0444, 0, last_result_show, NULL, 0 },
	{ "version", 0444, 0, version_show, NULL, 0 },
	{ "setup_id", 0644, 0, setup_id_show, setup_id_store, 0 },
	{ "suspend", 0644, 0, zero_show, number_store, 0 },
	{ "async_lun_replace", 0444, 0, zero_show, NULL, 0 },
	{ "cluster_name", 0444, 0, zero_show, NULL, 0 },
	{ "force_global_sgv_pool", 0444, 0, zero_show, NULL, 0 },
	{ "max_tasklet_cmd", 0444, 0, zero_show, NULL, 0 },
	{ "measure_latency", 0444, 0, zero_show, NULL, 0 },
	{ "poll_us", 0444, 0, zero_show, NULL, 0 },
	{ "threads", 0444, 0, zero_show, NULL, 0 },
	{ "trace_cmds", 0444, 0, zero_show, NULL, 0 },
	{ "trace_level", 0444, 0, zero_show, NULL, 0 },
	{ "trace_mcmds", 0444, 0, zero_show, NULL, 0 },
};

void root_tree(void)
{
	tree_root = node_dir(NULL, "");
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		node_attr(tree_root, &attrs[i], NULL);
	node_dir(tree_root, "devices");
	node_dir(tree_root, "device_groups");
	node_dir(tree_root, "sgv");
	handler_tree(tree_root);
	driver_tree(tree_root);
}

void root_free(void)
{
	driver_daemon_kill();
	while (!TAILQ_EMPTY(&devices))
		device_del(TAILQ_FIRST(&devices));
	node_del(tree_root);
	tree_root = NULL;
	claims_free();
	fault_clear();
}

// SPDX-License-Identifier: MPL-2.0
/*
 * The iSCSI keys of a target that are files in its directory (section B3): HeaderDigest,
 * MaxSessions, QueuedCommands and so on. One table; nothing else about targets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

enum key_kind { KEY_NUMBER, KEY_YES_NO, KEY_DIGEST };

enum { DIGEST_NONE = 1, DIGEST_CRC32C = 2 };

struct key {
	struct attr attr;
	enum key_kind kind;
	long long def, min, max;
};

static int key_show(const struct node *node, FILE *out);
static int key_store(const struct node *node, char *text);

#define KEY(index, name, kind, def, min, max) \
	[index] = { { name, 0644, ATTR_DAEMON | ATTR_DAEMON_READ, key_show, key_store, index }, \
		    kind, def, min, max }

static const struct key keys[KEY_COUNT] = {
	KEY(0, "QueuedCommands", KEY_NUMBER, 32, 1, 2048),
	KEY(1, "RspTimeout", KEY_NUMBER, 90, 2, 65535),
	KEY(2, "NopInInterval", KEY_NUMBER, 30, 0, 65535),
	KEY(3, "NopInTimeout", KEY_NUMBER, 30, 2, 65535),
	KEY(4, "MaxSessions", KEY_NUMBER, 0, 0, 65535),
	KEY(5, "InitialR2T", KEY_YES_NO, 0, 0, 1),
	KEY(6, "ImmediateData", KEY_YES_NO, 1, 0, 1),
	KEY(7, "MaxRecvDataSegmentLength", KEY_NUMBER, 1048576, 512, 1048576),
	KEY(8, "MaxXmitDataSegmentLength", KEY_NUMBER, 1048576, 512, 1048576),
	KEY(9, "MaxBurstLength", KEY_NUMBER, 1048576, 512, 1048576),
	KEY(10, "FirstBurstLength", KEY_NUMBER, 65536, 512, 1048576),
	KEY(11, "MaxOutstandingR2T", KEY_NUMBER, 32, 1, 65535),
	KEY(12, "HeaderDigest", KEY_DIGEST, DIGEST_NONE, DIGEST_NONE, 3),
	KEY(13, "DataDigest", KEY_DIGEST, DIGEST_NONE, DIGEST_NONE, 3),
	KEY(14, "RDMAExtensions", KEY_YES_NO, 0, 0, 1),
};

static int digest_parse(const char *text, long long *value)
{
	*value = 0;
	for (const char *p = text; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncasecmp(p, "None", 4) == 0)
			*value |= DIGEST_NONE;
		else if (strncasecmp(p, "CRC32C", 6) == 0)
			*value |= DIGEST_CRC32C;
		else
			return -EINVAL;
	}
	return 0;
}

static int key_parse(const struct key *key, const char *text, long long *value)
{
	int r = 0;

	if (strcmp(text, ":default:") == 0) {
		*value = key->def;
	} else if (key->kind == KEY_NUMBER) {
		r = lex_number(text, value);
	} else if (key->kind == KEY_DIGEST) {
		r = digest_parse(text, value);
	} else {
		*value = strcmp(text, "Yes") == 0;
		r = *value || strcmp(text, "No") == 0 ? 0 : -EINVAL;
	}
	if (r == 0 && (*value < key->min || *value > key->max))
		r = -EINVAL; /* B6: out of range */
	return r;
}

static int key_show(const struct node *node, FILE *out)
{
	const struct target *target = node->obj;
	const struct key *key = &keys[node->attr->index];
	long long value = target->key[node->attr->index];

	if (key->kind == KEY_NUMBER)
		fprintf(out, "%lld\n", value);
	else if (key->kind == KEY_YES_NO)
		fprintf(out, "%s\n", value ? "Yes" : "No");
	else /* B3: "CRC32C,None" reads back the other way round */
		fprintf(out, "%s%s%s\n", value & DIGEST_NONE ? "None" : "", value == 3 ? "," : "",
			value & DIGEST_CRC32C ? "CRC32C" : "");
	if (value != key->def)
		fputs("[key]\n\n", out);
	return 0;
}

static int key_set(struct target *target, int index, char *text)
{
	const char *word = lex_word(&text);
	long long value;
	int r;

	if (*lex_word(&text))
		return -EINVAL;
	r = key_parse(&keys[index], word, &value);
	if (r == 0)
		target->key[index] = value;
	return r;
}

static int key_store(const struct node *node, char *text)
{
	return key_set(node->obj, node->attr->index, text);
}

int keys_set(struct target *target, const char *name, char *text)
{
	for (int i = 0; i < KEY_COUNT; i++)
		if (strcasecmp(keys[i].attr.name, name) == 0)
			return key_set(target, i, text);
	return -ENOENT;
}

void keys_defaults(struct target *target)
{
	for (int i = 0; i < KEY_COUNT; i++)
		target->key[i] = keys[i].def;
}

void keys_tree(struct target *target)
{
	for (int i = 0; i < KEY_COUNT; i++)
		node_attr(target->dir, &keys[i].attr, target);
}

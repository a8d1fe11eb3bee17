// SPDX-License-Identifier: MPL-2.0
/*
 * The target and session keys of `--op update` and `--op show` (D5): ietadm reads and prints
 * them, the kernel keeps them. Nothing is negotiated here: a session shows its target's values.
 */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANY 0, UINT32_MAX
#define DIGEST_NONE 1u
#define DIGEST_CRC32C 2u

enum kind { TO_MIN, TO_MAX, BOOLEAN, DIGEST, MARKER };

/* Out of range, ietadm takes min (for DefaultTime2Wait: max) and says nothing; the kernel has
 * narrower limits for some keys and takes its own lowest value. */
struct key {
	const char *name;
	enum kind kind;
	uint32_t initial, min, max;
	uint32_t kernel_min, kernel_max;
};

static const struct key target_keys[SIM_TARGET_KEYS] = {
	[SIM_WTHREADS] = { "Wthreads", TO_MIN, 8, 1, 128, 1, 128 },
	[SIM_TYPE] = { "Type", TO_MIN, 0, 0, 16, 0, 0 },
	[SIM_QUEUED_COMMANDS] = { "QueuedCommands", TO_MIN, 32, 1, 256, 1, 256 },
	[SIM_NOP_INTERVAL] = { "NOPInterval", TO_MIN, 0, 0, 90, 0, 90 },
	[SIM_NOP_TIMEOUT] = { "NOPTimeout", TO_MIN, 0, 0, 90, 0, 90 },
};

static const struct key session_keys[SIM_SESSION_KEYS] = {
	{ "InitialR2T", BOOLEAN, 1, 0, 1, ANY },
	{ "ImmediateData", BOOLEAN, 1, 0, 1, ANY },
	{ "MaxConnections", TO_MIN, 1, 1, 65535, 1, 1 },
	{ "MaxRecvDataSegmentLength", TO_MIN, 8192, 512, 16777215, 512, 262144 },
	{ "MaxXmitDataSegmentLength", TO_MIN, 8192, 512, 16777215, 512, 262144 },
	{ "MaxBurstLength", TO_MIN, 262144, 512, 16777215, ANY },
	{ "FirstBurstLength", TO_MIN, 65536, 512, 16777215, ANY },
	{ "DefaultTime2Wait", TO_MAX, 2, 0, 3600, ANY },
	{ "DefaultTime2Retain", TO_MIN, 20, 0, 3600, ANY },
	{ "MaxOutstandingR2T", TO_MIN, 1, 1, 65535, ANY },
	{ "DataPDUInOrder", BOOLEAN, 1, 0, 1, 1, 1 },
	{ "DataSequenceInOrder", BOOLEAN, 1, 0, 1, 1, 1 },
	{ "ErrorRecoveryLevel", TO_MIN, 0, 0, 2, 0, 0 },
	{ "HeaderDigest", DIGEST, DIGEST_NONE, 0, 0, ANY },
	{ "DataDigest", DIGEST, DIGEST_NONE, 0, 0, ANY },
	{ "OFMarker", BOOLEAN, 0, 0, 1, 0, 0 },
	{ "IFMarker", BOOLEAN, 0, 0, 1, 0, 0 },
	{ "OFMarkInt", MARKER, 2048, 1, 65535, ANY },
	{ "IFMarkInt", MARKER, 2048, 1, 65535, ANY },
};

static int find(const struct key *keys, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (!strcasecmp(keys[i].name, name))
			return i;
	}
	return -1;
}

static int parse_value(const struct key *key, const char *text, uint32_t *ret_val)
{
	uint32_t val;

	switch (key->kind) {
	case BOOLEAN:
		if (strcmp(text, "Yes") && strcmp(text, "No"))
			return -EINVAL;
		*ret_val = text[0] == 'Y';
		return 0;
	case DIGEST:
		if (!strncmp(text, "CRC32C", strlen("CRC32C")))
			*ret_val = DIGEST_NONE | DIGEST_CRC32C;
		else if (!strncmp(text, "None", strlen("None")))
			*ret_val = DIGEST_NONE;
		else
			return -EINVAL;
		return 0;
	case MARKER:
		*ret_val = key->initial;	/* ietadm never looks at the text */
		return 0;
	case TO_MIN:
	case TO_MAX:
		break;
	}

	/* D2: numbers are taken unchecked, here in any base: "abc" is 0, "0x10" is 16 */
	val = (uint32_t)strtol(text, NULL, 0);
	if (val < key->min || val > key->max)
		val = key->kind == TO_MAX ? key->max : key->min;
	*ret_val = val;
	return 0;
}

static int parse_key(const struct key *key, const char *text, uint32_t *ret_val)
{
	int err = parse_value(key, text, ret_val);

	if (err < 0)
		fprintf(stderr, "Invalid %s value \"%s\".\n", key->name, text);
	return err;
}

/* Words without '=' are skipped. Splits params in place; NULL is no parameter at all. */
int sim_param_parse(char *params, struct sim_request *rq)
{
	char *word;
	int err = 0;

	while (err == 0 && (word = strsep(&params, ","))) {
		char *value = strchr(word, '=');
		int i;

		if (!value)
			continue;
		*value++ = '\0';
		if ((i = find(target_keys, SIM_TARGET_KEYS, word)) >= 0) {
			err = parse_key(&target_keys[i], value, &rq->tparam[i]);
			rq->tmask |= 1u << i;
		} else if ((i = find(session_keys, SIM_SESSION_KEYS, word)) >= 0) {
			err = parse_key(&session_keys[i], value, &rq->sparam[i]);
			rq->smask |= 1u << i;
		} else {
			fprintf(stderr, "Unknown parameter \"%s\".\n", word);
			err = -EINVAL;
		}
	}
	return err;
}

static void print_key(const struct key *key, uint32_t val)
{
	printf("%s=", key->name);
	if (key->kind == BOOLEAN)
		puts(val ? "Yes" : "No");
	else if (key->kind == DIGEST)
		puts(val & DIGEST_CRC32C ? "CRC32C" : "None");
	else if (key->kind == MARKER)
		puts(val ? "Reject" : "Irrelevant");
	else
		printf("%" PRIu32 "\n", val);
}

void sim_param_print(const struct sim_request *rq, bool session)
{
	for (int i = 0; session && i < SIM_SESSION_KEYS; i++)
		print_key(&session_keys[i], rq->sparam[i]);
	for (int i = 0; !session && i < SIM_TARGET_KEYS; i++)
		print_key(&target_keys[i], rq->tparam[i]);
}

void sim_param_defaults(struct sim_target *t)
{
	for (int i = 0; i < SIM_TARGET_KEYS; i++)
		t->tparam[i] = target_keys[i].initial;
	for (int i = 0; i < SIM_SESSION_KEYS; i++)
		t->sparam[i] = session_keys[i].initial;
}

static void set_keys(const struct sim *s, const struct key *keys, int count, uint32_t mask,
		     const uint32_t *from, uint32_t *to)
{
	for (int i = 0; i < count; i++) {
		if (!(mask & 1u << i))
			continue;
		to[i] = from[i];
		if (to[i] >= keys[i].kernel_min && to[i] <= keys[i].kernel_max)
			continue;
		sim_printk(s, "%s: %u is out of range (%u %u)", keys[i].name, to[i],
			   keys[i].kernel_min, keys[i].kernel_max);
		to[i] = keys[i].kernel_min;
	}
}

int sim_kernel_param_set(struct sim *s, const struct sim_request *rq, bool session)
{
	struct sim_target *t = sim_kernel_target(s, rq->tid);

	if (!t)
		return -EINVAL;
	if (session)
		set_keys(s, session_keys, SIM_SESSION_KEYS, rq->smask, rq->sparam, t->sparam);
	else
		set_keys(s, target_keys, SIM_TARGET_KEYS, rq->tmask, rq->tparam, t->tparam);
	return 0;
}

int sim_kernel_param_get(struct sim *s, struct sim_request *rq, bool session)
{
	struct sim_target *t = sim_kernel_target(s, rq->tid);
	const struct sim_session *e;

	if (!t)
		return -EINVAL;
	memcpy(rq->tparam, t->tparam, sizeof(rq->tparam));
	memcpy(rq->sparam, t->sparam, sizeof(rq->sparam));
	if (!session || rq->sid == 0)
		return 0;
	for (e = t->sessions; e && e->sid != rq->sid; e = e->next)
		continue;
	return e ? 0 : -ENOENT;
}

// SPDX-License-Identifier: MPL-2.0
/*
 * Who may log in (D5): initiators.allow, initiators.deny and targets.allow, read anew at every
 * login, below DIR/etc/iet or else DIR/etc. Only reads them.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SIZE 4096

struct address {
	int bits;	/* 32 or 128; 0: not an address */
	unsigned char byte[16];
};

static struct address parse_address(const char *text)
{
	struct address a = { .bits = 0 };

	if (inet_pton(AF_INET, text, a.byte) == 1)
		a.bits = 32;
	else if (inet_pton(AF_INET6, text, a.byte) == 1)
		a.bits = 128;
	return a;
}

static bool same_prefix(const struct address *a, const struct address *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a->byte, b->byte, bits / 8) != 0)
		return false;
	return rest == 0 || (a->byte[bits / 8] ^ b->byte[bits / 8]) >> (8 - rest) == 0;
}

static bool host_bits_set(const struct address *a, unsigned int bits)
{
	for (unsigned int i = bits; i < (unsigned int)a->bits; i++) {
		if (a->byte[i / 8] & 0x80u >> i % 8)
			return true;
	}
	return false;
}

/* D5: the full length is no valid mask, so a single host is written without one; an IPv4
 * network that names a host in it ("10.0.0.5/24") matches nothing; /0 of IPv4 is one address */
static bool network_matches(const struct address *net, const char *mask,
			    const struct address *peer)
{
	unsigned long bits = strtoul(mask, NULL, 0);

	if (bits >= (unsigned long)net->bits)
		return false;
	if (net->bits == 32 && bits == 0)
		bits = 32;
	if (net->bits == 32 && host_bits_set(net, (unsigned int)bits))
		return false;
	return same_prefix(net, peer, (unsigned int)bits);
}

static bool name_matches(const char *initiator, const char *entry)
{
	char *pattern = sim_format("^%s$", entry);
	bool match = false;
	regex_t re;

	if (regcomp(&re, pattern, REG_NOSUB) == 0) {
		match = regexec(&re, initiator, 0, NULL, 0) == 0;
		regfree(&re);
	}
	free(pattern);
	return match;
}

static bool address_matches(char *entry, const struct address *peer)
{
	char *mask = strchr(entry, '/');
	struct address a;

	if (mask)
		*mask++ = '\0';
	a = parse_address(entry);
	if (a.bits == 0 || a.bits != peer->bits)
		return false;
	return mask ? network_matches(&a, mask, peer) :
		      same_prefix(&a, peer, (unsigned int)a.bits);
}

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* The entries of one line. initiator is NULL for targets.allow, which knows no names. */
static bool line_matches(char *entries, const char *initiator, const struct address *peer)
{
	char *entry;

	while ((entry = strsep(&entries, ","))) {
		entry = trim(entry);
		if (!strcmp(entry, "ALL"))
			return true;
		if (*entry && initiator && name_matches(initiator, entry))
			return true;
		if (*entry == '[') {
			char *end = strchr(++entry, ']'), *mask;

			if (!end)	/* gives up on the rest of the line */
				return false;
			mask = end + strcspn(end, "/");
			memmove(end, mask, strlen(mask) + 1);
		}
		if (address_matches(entry, peer))
			return true;
	}
	return false;
}

static FILE *open_list(const struct sim *s, const char *name)
{
	char *path = sim_format("%s/etc/iet/%s", s->root, name);
	FILE *in = fopen(path, "re");

	free(path);
	if (in || errno != ENOENT)
		return in;
	path = sim_format("%s/etc/%s", s->root, name);
	in = fopen(path, "re");
	free(path);
	return in;
}

/* Reads on until a line for this target, or for ALL, and judges by that one alone (D5). */
static int list_judges(struct sim *s, const struct sim_target *t, const char *name,
		       const char *initiator, const char *ip)
{
	struct address peer = parse_address(ip);
	FILE *in = open_list(s, name);
	char line[LINE_SIZE];
	int verdict = -EPERM;

	if (!in)
		return -errno;
	while (fgets(line, sizeof(line), in)) {
		char *word = line, *rest, *end = strchr(line, '\n');

		/* D5: a last line without newline does not count */
		if (!end)
			continue;
		*end = '\0';
		while (isspace((unsigned char)*word))
			word++;
		/* a target without entries is no line at all */
		rest = word + strcspn(word, " \t\v\f\r");
		if (!*rest || *word == '#')
			continue;
		*rest++ = '\0';
		if (strcmp(word, "ALL") && sim_daemon_target(s, word) != t)
			continue;
		if (line_matches(rest, initiator, &peer))
			verdict = 0;
		break;
	}
	fclose(in);
	return verdict;
}

bool sim_login_allowed(struct sim *s, const struct sim_target *t, const char *initiator,
		       const char *ip, const char *portal)
{
	int allow = list_judges(s, t, "initiators.allow", initiator, ip);
	int deny = list_judges(s, t, "initiators.deny", initiator, ip);
	int target = list_judges(s, t, "targets.allow", NULL, portal);

	/* D5: with initiators.deny there, only what it names and allow does not name is out */
	if (deny != -ENOENT ? deny == 0 && allow != 0 : allow != 0 && allow != -ENOENT)
		return false;
	return target == 0 || target == -ENOENT;
}

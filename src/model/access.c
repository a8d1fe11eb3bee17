/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who may connect and where: the texts of options `initiator` and `portal`, and comparing them as
 * sets. Pure: no names are resolved.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <fnmatch.h>

#include "base/str.h"
#include "model/share.h"

enum { DEFAULT_PORT = 3260 }; /* IANA iscsi-target */

/* Clears what is behind the prefix, so that equal networks are equal texts. */
static void mask_address(unsigned char *addr, size_t size, unsigned bits)
{
	for (size_t i = 0; i < size; i++) {
		unsigned keep = bits >= 8 ? 8 : bits;

		addr[i] &= (unsigned char)(0xff00 >> keep);
		bits -= keep;
	}
}

/* ADDRESS[/BITS], IPv6 with or without brackets. -EINVAL when it is no address at all. */
static int rule_address(const char *text, struct sis_rule *ret)
{
	unsigned char addr[sizeof(struct in6_addr)];
	char canonical[INET6_ADDRSTRLEN];
	sis_autofree char *copy = sis_strdup(text);
	char *host = copy, *slash = strchr(copy, '/');
	uint64_t bits;
	size_t len;
	int family;

	if (slash)
		*slash = '\0';
	len = strlen(host);
	if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
	}
	family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, host, addr) != 1)
		return -EINVAL;
	bits = family == AF_INET6 ? 128 : 32;
	if (slash && sis_parse_u64(slash + 1, 0, bits, &bits) < 0)
		return -ERANGE;
	ret->prefix = bits < (family == AF_INET6 ? 128 : 32);
	mask_address(addr, family == AF_INET6 ? 16 : 4, (unsigned)bits);
	(void)inet_ntop(family, addr, canonical,
			sizeof(canonical)); /* cannot fail: it was parsed */
	ret->kind = SIS_RULE_ADDRESS;
	ret->text = ret->prefix ? sis_asprintf("%s/%u", canonical, (unsigned)bits) :
				  sis_strdup(canonical);
	return 0;
}

/* An iSCSI name or a pattern of one: only what names consist of, and * and ?. */
/* What begins like an address was meant as one, and a target may even take it so. */
static bool name_pattern_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:*?";
	bool typed = sis_str_starts(name, "iqn.") || sis_str_starts(name, "eui.") ||
		     sis_str_starts(name, "naa.");

	return *name && strlen(name) <= 223 && strspn(name, allowed) == strlen(name) &&
	       (typed || (strpbrk(name, "*?") && !isdigit((unsigned char)*name)));
}

int sis_rule_parse(const char *text, struct sis_rule *ret, struct sis_err *err)
{
	struct sis_rule r = { 0 };
	sis_autofree char *who = sis_strdup(text);
	char *mode = strrchr(who, '=');
	int rc;

	if (mode) {
		*mode++ = '\0';
		if (!sis_streq(mode, "ro") && !sis_streq(mode, "rw"))
			return sis_err_set(err, SIS_ERR_USAGE,
					   "initiator '%s': '=%s' must be '=ro' or '=rw'", text,
					   mode);
		r.ro = sis_streq(mode, "ro");
	}
	rc = rule_address(who, &r);
	if (rc == -ERANGE)
		return sis_err_set(err, SIS_ERR_USAGE, "initiator '%s': bad prefix length", text);
	if (rc == 0) {
		*ret = r;
		return 0;
	}
	sis_str_lower(who);
	if (!name_pattern_ok(who))
		return sis_err_set(
			err, SIS_ERR_USAGE,
			"initiator '%s' is neither an iSCSI name (iqn., eui., naa., with * "
			"or ?) nor ADDRESS[/BITS]",
			text);
	r.kind = SIS_RULE_NAME;
	r.wildcard = strpbrk(who, "*?") != NULL;
	r.text = sis_steal(&who);
	*ret = r;
	return 0;
}

int sis_portal_parse(const char *text, struct sis_portal *ret, struct sis_err *err)
{
	unsigned char addr[sizeof(struct in6_addr)];
	char canonical[INET6_ADDRSTRLEN];
	sis_autofree char *copy = sis_strdup(text);
	char *host = copy, *port = NULL, *end;
	bool v6 = copy[0] == '[';
	uint64_t number = DEFAULT_PORT;

	end = v6 ? strchr(copy, ']') : strchr(copy, ':');
	if (v6 && end) {
		host++;
		*end++ = '\0';
	}
	if (end && *end == ':') {
		*end = '\0';
		port = end + 1;
	} else if (v6 && (!end || *end)) {
		goto bad;
	}
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, addr) != 1)
		goto bad;
	if (port && sis_parse_u64(port, 1, UINT16_MAX, &number) < 0)
		return sis_err_set(err, SIS_ERR_USAGE, "portal '%s': the port must be 1 to 65535",
				   text);
	(void)inet_ntop(v6 ? AF_INET6 : AF_INET, addr, canonical, sizeof(canonical));
	*ret = (struct sis_portal){ sis_strdup(canonical), v6, (uint16_t)number };
	return 0;
bad:
	return sis_err_set(err, SIS_ERR_USAGE,
			   "portal '%s' is not ADDRESS[:PORT] (IPv6 in brackets: [::1]:3260)",
			   text);
}

char *sis_rule_print(const struct sis_rule *r)
{
	return sis_asprintf("%s%s", r->text, r->ro ? "=ro" : "");
}

char *sis_portal_print(const struct sis_portal *p)
{
	return sis_asprintf(p->v6 ? "[%s]:%u" : "%s:%u", p->address, p->port);
}

static int rule_cmp(const void *a, const void *b)
{
	const struct sis_rule *x = *(const struct sis_rule *const *)a;
	const struct sis_rule *y = *(const struct sis_rule *const *)b;
	int d = strcmp(x->text, y->text);

	return d ? d : x->ro - y->ro;
}

static int portal_cmp(const void *a, const void *b)
{
	const struct sis_portal *x = *(const struct sis_portal *const *)a;
	const struct sis_portal *y = *(const struct sis_portal *const *)b;
	int d = strcmp(x->address, y->address);

	return d ? d : x->port - y->port;
}

/* Equal as sets: element pointers of both are sorted, then compared side by side. */
static bool sets_equal(const void *a, size_t na, const void *b, size_t nb, size_t size,
		       int (*cmp)(const void *, const void *))
{
	SIS_VEC(const void *) x = { 0 }, y = { 0 };
	bool equal = na == nb;

	for (size_t i = 0; equal && i < na; i++) {
		sis_vec_push(&x, (const char *)a + i * size);
		sis_vec_push(&y, (const char *)b + i * size);
	}
	sis_vec_sort(&x, cmp);
	sis_vec_sort(&y, cmp);
	for (size_t i = 0; equal && i < na; i++)
		equal = cmp(&x.v[i], &y.v[i]) == 0;
	sis_vec_free(&x);
	sis_vec_free(&y);
	return equal;
}

bool sis_rules_equal(const sis_rules *a, const sis_rules *b)
{
	return sets_equal(a->v, a->n, b->v, b->n, sizeof(*a->v), rule_cmp);
}

static int rule_text_cmp(const void *a, const void *b)
{
	const struct sis_rule *x = *(const struct sis_rule *const *)a;
	const struct sis_rule *y = *(const struct sis_rule *const *)b;

	return strcmp(x->text, y->text);
}

bool sis_rules_name_same(const sis_rules *a, const sis_rules *b)
{
	return sets_equal(a->v, a->n, b->v, b->n, sizeof(*a->v), rule_text_cmp);
}

bool sis_portals_equal(const sis_portals *a, const sis_portals *b)
{
	return sets_equal(a->v, a->n, b->v, b->n, sizeof(*a->v), portal_cmp);
}

/* Is the address within ADDRESS[/BITS]? Both in canonical form, so their texts tell. */
static bool address_within(const char *address, const struct sis_rule *r)
{
	const char *bits = strchr(r->text, '/');
	sis_autofree char *cut = sis_asprintf("%s%s", address, bits ? bits : "");
	struct sis_rule own = { 0 };
	bool within = rule_address(cut, &own) == 0 && sis_streq(own.text, r->text);

	sis_rule_free(&own);
	return within;
}

static bool rule_admits(const struct sis_rule *r, const struct sis_session *s)
{
	if (r->kind == SIS_RULE_ADDRESS)
		return s->address && address_within(s->address, r);
	/* Names are compared without case: RFC 7143 section 4.2.7.1 folds them. */
	return fnmatch(r->text, s->initiator, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

bool sis_rules_admit(const sis_rules *rules, const struct sis_session *s)
{
	sis_vec_each(r, rules)
		if (rule_admits(r, s))
			return true;
	return !rules->n;
}

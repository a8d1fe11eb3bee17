/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who may log in to a target of STGT: its list of entries, changed one by one. The entries are
 * what opens it: without any it lets nobody in.
 */
#include "backend/stgt_int.h"

#include <arpa/inet.h>

#include "base/str.h"

sis_rules sis_stgt_rules_of(const sis_rules *rules)
{
	static char text[] = "ALL";
	static struct sis_rule everyone = { .kind = SIS_RULE_ADDRESS, .text = text };

	return rules->n ? *rules : (sis_rules){ .v = &everyone, .n = 1 };
}

static int rule_request(struct sis_bx *bx, enum sis_stgt_op op, uint32_t tid,
			const struct sis_rule *rule, struct sis_err *err)
{
	const bool name = rule->kind == SIS_RULE_NAME;
	const struct sis_stgt_req q = {
		.op = op,
		.mode = SIS_STGT_TARGET,
		.tid = tid,
		.address = name ? NULL : rule->text,
		.initiator = name ? rule->text : NULL,
	};

	return sis_stgt_request_or(bx, &q, op == SIS_STGT_BIND ? EEXIST : ENOENT, err);
}

static bool has_rule(const sis_rules *l, const struct sis_rule *rule)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].kind == rule->kind && sis_streq(l->v[i].text, rule->text))
			return true;
	}
	return false;
}

/* One request for each of `list` of that kind which is not in `except`. */
static int rules_request(struct sis_bx *bx, enum sis_stgt_op op, uint32_t tid, int kind,
			 const sis_rules *list, const sis_rules *except, struct sis_err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct sis_rule *rule = &list->v[i];
		int r = (int)rule->kind != kind || has_rule(except, rule) ?
				0 :
				rule_request(bx, op, tid, rule, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Up to 1.0.82 names narrow what addresses let in: the last name to go, or an address that comes
 * before the first name, would open the target. So names come first and go last.
 */
int sis_stgt_rules_bind(struct sis_bx *bx, uint32_t tid, const sis_rules *want,
			const sis_rules *have, struct sis_err *err)
{
	int r = rules_request(bx, SIS_STGT_BIND, tid, SIS_RULE_NAME, want, have, err);

	return r < 0 ? r : rules_request(bx, SIS_STGT_BIND, tid, SIS_RULE_ADDRESS, want, have, err);
}

int sis_stgt_rules_unbind(struct sis_bx *bx, uint32_t tid, const sis_rules *have,
			  const sis_rules *want, struct sis_err *err)
{
	int r = rules_request(bx, SIS_STGT_UNBIND, tid, SIS_RULE_ADDRESS, have, want, err);

	return r < 0 ? r : rules_request(bx, SIS_STGT_UNBIND, tid, SIS_RULE_NAME, have, want, err);
}

/* ---- what tgtd cannot keep apart ---- */

/*
 * tgtd looks at a client's address as one of the rule's family, whichever it is of (tgt:
 * usr/iscsi/target.c, ip_match). Where a rule of IPv4 looks, a client of IPv6 has its flow label,
 * which is 0; where one of IPv6 looks, a client of IPv4 has 8 bytes of 0 and then what was left in
 * memory. Networks are told masked, so what is behind a short prefix is 0 here as well.
 */
static bool admits_ipv6(const char *rule)
{
	const char *rest = sis_str_after(rule, "0.0.0.0");

	return rest && (!*rest || *rest == '/');
}

static bool admits_ipv4(const char *rule)
{
	static const unsigned char zero[8];
	sis_autofree char *host = sis_strndup(rule, strcspn(rule, "/"));
	struct in6_addr addr;

	return inet_pton(AF_INET6, host, &addr) == 1 && memcmp(&addr, zero, sizeof(zero)) == 0;
}

int sis_stgt_rules_check(const sis_rules *rules, struct sis_err *err)
{
	sis_vec_each(r, rules) {
		if (r->kind != SIS_RULE_ADDRESS)
			continue;
		if (admits_ipv6(r->text))
			return sis_err_set(
				err, EINVAL,
				"STGT cannot match initiator '%s': tgtd would let in "
				"clients of IPv6 by it; leave initiator= out, or for all of "
				"IPv4 use 1.0.0.0/8;2.0.0.0/7;4.0.0.0/6;8.0.0.0/5;"
				"16.0.0.0/4;32.0.0.0/3;64.0.0.0/2;128.0.0.0/1",
				r->text);
		if (admits_ipv4(r->text))
			return sis_err_set(
				err, EINVAL,
				"STGT cannot match initiator '%s': tgtd would let in "
				"clients of IPv4 by it; leave initiator= out, or use "
				"networks that do not begin with 64 bits of 0, as 2000::/3",
				r->text);
	}
	return 0;
}

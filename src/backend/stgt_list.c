/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parsers of tgtd's short listings: sessions of one target, accounts, backing stores; and of its
 * version. Lines they do not know are passed over.
 */
#include <arpa/inet.h>
#include <net/if.h>

#include "backend/stgt_int.h"
#include "base/str.h"

char *sis_stgt_address(const char *line)
{
	const char *plain = sis_str_after(line, "RDMA "); /* iSER */
	const char *text = sis_str_after(plain ? plain : line, "IP Address: ");
	const char *scope = text ? strchrnul(text, '%') : NULL;
	sis_autofree char *host = text ? sis_strndup(text, (size_t)(scope - text)) : NULL;
	unsigned char binary[sizeof(struct in6_addr)];

	if (!host || strlen(scope) > IF_NAMESIZE ||
	    inet_pton(strchr(host, ':') ? AF_INET6 : AF_INET, host, binary) != 1)
		return NULL;
	return sis_steal(&host);
}

/* What of a session is to come next, in the order in which tgtd prints it. */
enum part { SESSION, CONNECTION, INITIATOR, ADDRESS };

/* One line of the session that is being read, or the first of the next; false: it is not so. */
static bool conn_line(sis_sessions *l, enum part *next, const char **sid, const char *line)
{
	static const char *const begins[] = { "Session: ", "    Connection: ",
					      "        Initiator: ", "        " };
	const char *value = sis_str_after(line, begins[*next]);
	struct sis_session *s;

	if (!value)
		return false;
	s = *next == SESSION ? sis_vec_add(l) : &l->v[l->n - 1];
	switch (*next) {
	case SESSION:
		*sid = value;
		s->initiator = sis_strdup("");
		break;
	case CONNECTION: s->id = sis_asprintf("%s:%s", *sid, value); break;
	case INITIATOR: sis_replace(&s->initiator, value); break;
	case ADDRESS: s->address = sis_stgt_address(value); break;
	}
	*next = *next == ADDRESS ? SESSION : *next + 1;
	return true;
}

bool sis_stgt_parse_conns(const char *text, sis_sessions *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;
	const char *sid = "";
	enum part next = SESSION;
	bool plain = true;

	while ((line = sis_str_next(&cursor, "\n")) && ret->n < SIS_STGT_MAX_ENTRIES) {
		if (!*line && !cursor)
			break; /* behind the last line's end */
		/* tgtd's own lines are all there and whole, whatever stands between them */
		if (sis_str_starts(line, "Session: ") && next != SESSION) {
			plain = false;
			next = SESSION;
		}
		plain &= conn_line(ret, &next, &sid, line);
	}
	return plain && next == SESSION;
}

void sis_stgt_parse_accounts(const char *text, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;

	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *user = sis_str_after(line, "    ");

		if (user && *user && ret->n < SIS_STGT_MAX_ENTRIES)
			sis_strv_add(ret, user);
	}
}

void sis_stgt_parse_stores(const char *text, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;
	bool inside = false;

	while ((line = sis_str_next(&cursor, "\n"))) {
		if (line[0] != ' ')
			inside = sis_streq(line, "Backing stores:");
		else if (inside && ret->n < SIS_STGT_MAX_ENTRIES)
			sis_strv_add(ret, sis_str_trim(line));
	}
}

bool sis_stgt_has_store(const sis_strv *stores, const char *name, const char *flag)
{
	for (size_t i = 0; i < stores->n; i++) {
		const char *rest = sis_str_after(stores->v[i], name);

		if (rest && (*rest == '\0' || *rest == ' ') && (!flag || strstr(rest, flag)))
			return true;
	}
	return false;
}

uint32_t sis_stgt_version(const char *text)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *part;
	uint64_t v[3], n;

	for (size_t i = 0; i < 3; i++) {
		part = sis_str_next(&cursor, ".");
		if (!part)
			return 0;
		/* what a distribution may have put behind the last number */
		if (i == 2)
			part[strspn(part, "0123456789")] = '\0';
		if (sis_parse_u64(part, 0, 255, &n) < 0)
			return 0;
		v[i] = n;
	}
	return SIS_STGT_VERSION(v[0], v[1], v[2]);
}

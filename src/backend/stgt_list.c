/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parsers of tgtd's short listings: sessions of one target, accounts, backing stores; and of its
 * version. Lines they do not know are passed over.
 */
#include "backend/stgt_int.h"
#include "base/str.h"

char *sis_stgt_initiator_name(const char *text)
{
	const char *alias = strstr(text, " alias: ");

	return alias ? sis_strndup(text, (size_t)(alias - text)) : sis_strdup(text);
}

/* A session counts from its first line on, and before tgtd tells a connection of it. */
static struct sis_session *conn_open(sis_sessions *l)
{
	struct sis_session *s = sis_vec_add(l);

	s->initiator = sis_strdup("");
	return s;
}

void sis_stgt_parse_conns(const char *text, sis_sessions *ret)
{
	sis_autofree char *copy = sis_strdup(text);
	char *cursor = copy, *line;
	const char *sid = "", *value;
	struct sis_session *s = NULL;

	while ((line = sis_str_next(&cursor, "\n")) && ret->n < SIS_STGT_MAX_ENTRIES) {
		if ((value = sis_str_after(line, "Session: "))) {
			sid = value;
			s = conn_open(ret);
		} else if (s && (value = sis_str_after(line, "    Connection: "))) {
			s = s->id ? conn_open(ret) : s;
			s->id = sis_asprintf("%s:%s", sid, value);
		} else if (s && (value = sis_str_after(line, "        Initiator: "))) {
			free(s->initiator);
			s->initiator = sis_stgt_initiator_name(value);
		} else if (s && (value = sis_str_after(line, "        IP Address: "))) {
			sis_replace(&s->address, value);
		}
	}
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

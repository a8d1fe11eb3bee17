/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Texts of single attributes of LIO: of a backing object ('i'), of an initiator's entry ('a'), the
 * sessions without an entry ('d').
 */
#include "fuzz.h"

#include "backend/lio_tree.h"

static void info(const char *text)
{
	sis_autolioinfo struct sis_lio_info i = { 0 };

	sis_lio_info_parse(text, &i);
	must(!i.path || !strchr(i.path, '\n'));
	must(!i.path || strstr(text, i.path));
}

static void acl(const char *text)
{
	struct sis_session s = { 0 };

	if (!sis_lio_acl_session_parse(text, &s))
		return;
	must(s.initiator && !strchr(s.initiator, '\n') && sis_streq(s.id, s.initiator));
	must(!s.address || !strpbrk(s.address, " \n"));
	sis_session_free(&s);
}

static void dynamic(const uint8_t *data, size_t size)
{
	sis_autofree char *copy = sis_calloc(1, size);
	sis_sessions l = { 0 };

	memcpy(copy, data, size);
	sis_lio_dynamic_sessions_parse(copy, size, &l);
	must(l.n <= size / 2 + 1);
	sis_vec_each(s, &l) {
		must(*s->initiator);
		sis_session_free(s);
	}
	sis_vec_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 'i': info(text); break;
	case 'a': acl(text); break;
	case 'd': dynamic(data, size); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The texts of LIO's attributes, and the names and numbers derived for it. Touches no file.
 */
#include <inttypes.h>
#include <limits.h>

#include "backend/lio_tree.h"
#include "base/str.h"

/* What stands between `before` and the last `after` of the same line; NULL when it does not. */
static char *cut_between(const char *text, const char *before, const char *after)
{
	const char *start = strstr(text, before), *end = NULL, *line_end;

	if (!start)
		return NULL;
	start += strlen(before);
	line_end = start + strcspn(start, "\n");
	for (const char *p = strstr(start, after); p && p < line_end; p = strstr(p + 1, after))
		end = p;
	return end ? sis_strndup(start, (size_t)(end - start)) : NULL;
}

/* The decimal number behind `before`. */
static int number_behind(const char *text, const char *before, uint64_t max, uint64_t *ret)
{
	const char *start = strstr(text, before);
	sis_autofree char *digits = NULL;

	if (!start)
		return -EINVAL;
	start += strlen(before);
	digits = sis_strndup(start, strspn(start, "0123456789"));
	return sis_parse_u64(digits, 0, max, ret);
}

void sis_lio_info_parse(const char *text, struct sis_lio_info *ret)
{
	uint64_t major, minor, readonly;

	*ret = (struct sis_lio_info){ 0 };
	if (strstr(text, "TCM FILEIO ID:")) {
		ret->path = cut_between(text, "  File: ", "  Size: ");
		ret->buffered = strstr(text, "  Mode: Buffered-WCE") != NULL;
		(void)number_behind(text, "  Size: ", UINT64_MAX, &ret->size); /* 0 = not told */
		return;
	}
	ret->path = cut_between(text, "UDEV PATH: ", "  readonly: ");
	ret->readonly = number_behind(text, "  readonly: ", 1, &readonly) == 0 && readonly;
	ret->has_device = strstr(text, "iBlock device: ") &&
			  number_behind(text, " Major: ", UINT_MAX, &major) == 0 &&
			  number_behind(text, " Minor: ", UINT_MAX, &minor) == 0;
	if (ret->has_device) {
		ret->major = (unsigned)major;
		ret->minor = (unsigned)minor;
	}
}

void sis_lio_info_free(struct sis_lio_info *i)
{
	free(i->path);
	*i = (struct sis_lio_info){ 0 };
}

bool sis_lio_acl_session_parse(const char *text, struct sis_session *ret)
{
	const char *name = strstr(text, "InitiatorName: ");
	const char *address = strstr(text, "   Address ");

	if (!name)
		return false;
	name += strlen("InitiatorName: ");
	*ret = (struct sis_session){ .initiator = sis_strndup(name, strcspn(name, "\n")) };
	ret->id = sis_strdup(ret->initiator);
	if (address) {
		address += strlen("   Address ");
		ret->address = sis_strndup(address, strcspn(address, " \n"));
	}
	return true;
}

void sis_lio_dynamic_sessions_parse(const char *text, size_t len, sis_sessions *ret)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = strnlen(text, (size_t)(end - text));
		size_t name = n && text[n - 1] == '\n' ? n - 1 : n;

		if (name) {
			struct sis_session *s = sis_vec_add(ret);

			s->initiator = sis_strndup(text, name);
			s->id = sis_strdup(s->initiator);
		}
		text += n + 1;
	}
}

uint64_t sis_lio_hba(const char *iqn, uint32_t lun)
{
	sis_autofree char *text = sis_asprintf("%s,%" PRIu32, iqn, lun);
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */

	for (const char *p = text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	return hash | UINT64_C(1) << 63;
}

char *sis_lio_tpg(const char *iqn, uint32_t tag)
{
	return sis_asprintf(SIS_LIO_ISCSI "/%s/tpgt_%" PRIu32, iqn, tag ? tag : SIS_LIO_TAG);
}

bool sis_lio_is_all(const struct sis_portal *p)
{
	return p->port == 3260 && (sis_streq(p->address, "::") || sis_streq(p->address, "0.0.0.0"));
}

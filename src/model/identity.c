/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Text form of a volume's identity, and the SCSI identifiers that follow from its guid.
 */
#include "model/identity.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/iqn.h"
#include "model/option.h"

static bool blocksize_ok(uint64_t n)
{
	return n == 512 || n == 1024 || n == 2048 || n == 4096;
}

static int parse_word(const char *word, struct sis_identity *id)
{
	const char *v;
	uint64_t n;

	if ((v = sis_str_after(word, "guid=")) && !id->guid && sis_parse_hex(v, 16, &n) == 0)
		id->guid = n;
	else if ((v = sis_str_after(word, "lun=")) && sis_parse_u64(v, 0, SIS_LUN_MAX, &n) == 0)
		id->lun = (uint32_t)n;
	else if ((v = sis_str_after(word, "blocksize=")) && sis_parse_u64(v, 1, 4096, &n) == 0 &&
		 blocksize_ok(n))
		id->blocksize = (uint32_t)n;
	else if ((v = sis_str_after(word, "iqn=")) && !id->iqn && sis_iqn_check(v, NULL) == 0)
		id->iqn = sis_strdup(v);
	else
		return -EINVAL;
	return 0;
}

int sis_identity_parse(const char *text, struct sis_identity *ret, struct sis_err *err)
{
	sis_autoidentity struct sis_identity id = { 0 };
	sis_autofree char *copy = sis_strdup(text);
	sis_autofree char *again = NULL;
	char *cursor = copy, *word;

	while ((word = sis_str_next(&cursor, ",")))
		if (parse_word(word, &id) < 0)
			return sis_err_set(err, EINVAL, "bad word '%s' in the stored identity",
					   word);
	if (id.guid && id.iqn)
		again = sis_identity_print(&id);
	if (!again || !sis_streq(again, text))
		return sis_err_set(err, EINVAL, "the stored identity is not one this tool wrote");
	*ret = id;
	id.iqn = NULL;
	return 0;
}

char *sis_identity_print(const struct sis_identity *id)
{
	sis_autostr struct sis_str out = { 0 };

	sis_str_addf(&out, "guid=%016" PRIx64 ",lun=%" PRIu32, id->guid, id->lun);
	if (id->blocksize)
		sis_str_addf(&out, ",blocksize=%" PRIu32, id->blocksize);
	sis_str_addf(&out, ",iqn=%s", id->iqn);
	return sis_str_take(&out);
}

void sis_identity_free(struct sis_identity *id)
{
	free(id->iqn);
	*id = (struct sis_identity){ 0 };
}

/* Made for every volume several times in a run: printf would be a good part of it. */
static char *guid_between(const char *before, uint64_t guid, const char *after)
{
	size_t len = strlen(before);
	char *s = sis_calloc(1, len + 16 + strlen(after) + 1);

	memcpy(s, before, len);
	for (int i = 15; i >= 0; i--, guid >>= 4)
		s[len + (size_t)i] = "0123456789abcdef"[guid & 15];
	strcpy(s + len + 16, after);
	return s;
}

char *sis_serial(uint64_t guid)
{
	return guid_between("", guid, "");
}

char *sis_naa(uint64_t guid)
{
	return guid_between("6001405", guid, "000000000");
}

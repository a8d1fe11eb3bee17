/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Text form of a volume's identity, and the SCSI identifiers that follow from its guid.
 */
#include "model/identity.h"

#include "base/alloc.h"
#include "base/str.h"
#include "model/iqn.h"
#include "model/option.h"

static bool blocksize_ok(uint64_t n)
{
	return n == 512 || n == 1024 || n == 2048 || n == 4096;
}

static const char *const unmap_words[] = { [SIS_UNMAP_ON] = "on", [SIS_UNMAP_OFF] = "off" };

bool sis_is_serial(const char *text)
{
	return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

bool sis_kept_text_ok(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > SIS_KEPT_MAX || text[0] == ' ' || text[len - 1] == ' ')
		return false;
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~' || strchr(",\"'\\", *p))
			return false;
	return true;
}

static bool naa_ok(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");

	return sis_streq(text, "none") || (!text[digits] && (digits == 16 || digits == 32));
}

/* Where the word is `key`: 1 when its value was taken, -EINVAL when it must not stand there. */
static int take_text(const char *word, const char *key, bool (*ok)(const char *), char **ret)
{
	const char *v = sis_str_after(word, key);

	if (!v)
		return 0;
	if (*ret || !ok(v))
		return -EINVAL;
	*ret = sis_strdup(v);
	return 1;
}

static bool serial_ok(const char *text)
{
	return sis_kept_text_ok(text) && !sis_is_serial(text);
}

/* What was taken over from another tool's target. */
static int parse_kept(const char *word, struct sis_kept *k)
{
	const char *v = sis_str_after(word, "unmap=");
	int r = take_text(word, "serial=", serial_ok, &k->serial);

	if (r == 0)
		r = take_text(word, "t10=", sis_kept_text_ok, &k->t10_id);
	if (r == 0)
		r = take_text(word, "naa=", naa_ok, &k->naa);
	if (r == 0)
		r = take_text(word, "product=", sis_kept_text_ok, &k->product);
	for (int i = SIS_UNMAP_ON; v && r == 0 && i <= SIS_UNMAP_OFF; i++)
		if (sis_streq(v, unmap_words[i])) {
			k->unmap = (enum sis_unmap)i;
			r = 1;
		}
	return r == 1 ? 0 : -EINVAL;
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
		return parse_kept(word, &id->kept);
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
	id = (struct sis_identity){ 0 };
	return 0;
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

static void print_text(struct sis_str *out, const char *key, const char *value)
{
	if (!value)
		return;
	sis_str_add(out, key);
	sis_str_add(out, value);
}

char *sis_identity_print(const struct sis_identity *id)
{
	sis_autofree char *head = guid_between("guid=", id->guid, ",lun=");
	sis_autostr struct sis_str out = { 0 };

	sis_str_add(&out, head);
	sis_str_addu(&out, id->lun);
	if (id->blocksize) {
		sis_str_add(&out, ",blocksize=");
		sis_str_addu(&out, id->blocksize);
	}
	print_text(&out, ",serial=", id->kept.serial);
	print_text(&out, ",t10=", id->kept.t10_id);
	print_text(&out, ",naa=", id->kept.naa);
	print_text(&out, ",product=", id->kept.product);
	print_text(&out, ",unmap=", unmap_words[id->kept.unmap]);
	print_text(&out, ",iqn=", id->iqn);
	return sis_str_take(&out);
}

void sis_identity_free(struct sis_identity *id)
{
	free(id->iqn);
	free(id->kept.serial);
	free(id->kept.t10_id);
	free(id->kept.naa);
	free(id->kept.product);
	*id = (struct sis_identity){ 0 };
}

bool sis_kept_any(const struct sis_kept *k)
{
	return k->serial || k->t10_id || k->naa || k->product || k->unmap;
}

void sis_kept_copy(struct sis_kept *ret, const struct sis_kept *k)
{
	*ret = (struct sis_kept){
		.serial = sis_strdup_null(k->serial),
		.t10_id = sis_strdup_null(k->t10_id),
		.naa = sis_strdup_null(k->naa),
		.product = sis_strdup_null(k->product),
		.unmap = k->unmap,
	};
}

char *sis_serial(uint64_t guid)
{
	return guid_between("", guid, "");
}

char *sis_naa(uint64_t guid)
{
	return guid_between("6" SIS_COMPANY_ID, guid, "000000000");
}

char *sis_naa_of(const char *company_id, const char *serial)
{
	enum { VENDOR_DIGITS = 25 };
	sis_autostr struct sis_str out = { 0 };
	size_t head;

	sis_str_addf(&out, "6%s", company_id);
	head = out.len;
	for (; *serial && out.len < head + VENDOR_DIGITS; serial++)
		if (strchr("0123456789abcdefABCDEF", *serial))
			sis_str_addc(&out, *serial);
	while (out.len < head + VENDOR_DIGITS)
		sis_str_addc(&out, '0');
	sis_str_lower(out.s);
	return sis_str_take(&out);
}

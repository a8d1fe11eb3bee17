/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Short texts: the stored identity, names of targets and what they are made of, numbers, and what
 * makes text safe to show. The first byte selects.
 */
#include "fuzz.h"

#include "model/identity.h"
#include "model/iqn.h"
#include "model/option.h"

static void identity(const char *text)
{
	sis_autoidentity struct sis_identity id = { .lun = 4711 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *again = NULL;
	int r = sis_identity_parse(text, &id, &err);

	if (r < 0) {
		must_refuse(r, &err);
		must(id.lun == 4711 && !id.iqn && !id.guid);
		return;
	}
	again = sis_identity_print(&id);
	must(sis_streq(text, again) && id.guid && id.lun <= SIS_LUN_MAX);
	must(sis_iqn_check(id.iqn, NULL) == 0);
}

/* A name is a component of paths below /run and /sys, and a word of commands. */
static void target_name(const char *text)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int r = sis_iqn_check(text, &err);

	if (r < 0)
		must_refuse(r, &err);
	else
		must(strlen(text) <= SIS_IQN_MAX && !strpbrk(text, "/ \t\n\r,;=\"'\\$`!*?_") &&
		     text[0] != '.' && text[0] != '-');
}

/* PREFIX newline DATASET */
static void made_name(char *text)
{
	sis_autofree char *iqn = NULL;
	char *prefix = sis_str_next(&text, "\n");

	if (sis_iqn_check_prefix(prefix, NULL) < 0 || !text)
		return;
	if (sis_iqn_make(prefix, text, &iqn, NULL) == 0)
		must(sis_iqn_check(iqn, NULL) == 0 && sis_str_starts(iqn, prefix));
}

static void domain(const char *text)
{
	sis_autofree char *prefix = NULL;

	if (sis_iqn_prefix(text, 2026, 11, &prefix, NULL) == 0 && strlen(prefix) <= SIS_IQN_MAX)
		must(sis_iqn_check_prefix(prefix, NULL) == 0);
}

static void number(const char *text)
{
	sis_autofree char *again = NULL, *nice = NULL;
	uint64_t n = 4711;

	if (sis_parse_u64(text, 0, UINT64_MAX, &n) == 0) {
		again = sis_asprintf("%llu", (unsigned long long)n);
		must(sis_streq(text, again));
	} else {
		must(n == 4711);
	}
	n = 4711;
	if (sis_parse_size(text, &n) == 0) {
		nice = sis_format_size(n);
		must(strlen(nice) <= 8);
	} else {
		must(n == 4711);
	}
	n = 4711;
	if (sis_parse_hex(text, 16, &n) < 0)
		must(n == 4711);
	else
		must(strlen(text) == 16);
}

/* What LIO makes of a serial number. */
static void naa(const char *text)
{
	sis_autofree char *id = sis_naa_of("001405", text);

	must(strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32);
}

/* What a shell makes of a quoted word: the parts between quotes, and \' between them. */
static void shown(char *text)
{
	sis_autofree char *quoted = sis_shell_quote(text), *printable = sis_str_printable(text);
	sis_autostr struct sis_str back = { 0 };
	bool inside = false;

	for (const char *p = quoted; *p; p++) {
		if (*p == '\'')
			inside = !inside;
		else if (!inside && *p == '\\')
			sis_str_addc(&back, *++p);
		else if (inside || !strchr(" \t\n;&|<>()$`\"*?[#~!{}", *p))
			sis_str_addc(&back, *p);
	}
	must(!inside && sis_streq(sis_str_get(&back), text));
	must(strlen(printable) == strlen(text) && sis_str_clean(printable));
	sis_str_sanitize(text);
	must(sis_str_clean(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 'i': identity(text); break;
	case 't': target_name(text); break;
	case 'm': made_name(text); break;
	case 'd': domain(text); break;
	case 'n': number(text); break;
	case 'a': naa(text); break;
	case 's': shown(text); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

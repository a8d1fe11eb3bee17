/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Making and checking iSCSI names. Pure text; nothing is looked up.
 */
#include "model/iqn.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/str.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-.:"

enum { DOMAIN_MAX = 253 }; /* RFC 1035 section 2.3.4 */

/* Letters, digits and inner hyphens, 1 to 63 of them (RFC 1123 section 2.1). */
static bool label_ok(const char *s, size_t n)
{
	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool domain_ok(const char *domain)
{
	size_t n;

	if (strlen(domain) > DOMAIN_MAX)
		return false;
	for (;; domain += n + 1) {
		n = strcspn(domain, ".");
		if (!label_ok(domain, n))
			return false;
		if (!domain[n])
			return true;
	}
}

int sis_iqn_prefix(const char *domain, int year, int month, char **ret, struct sis_err *err)
{
	sis_autostr struct sis_str out = { 0 };
	sis_autofree char *text = sis_strdup(domain);
	char *dot;

	if (!domain_ok(domain))
		return sis_err_set(err, EINVAL, "'%s' is not a domain name", domain);
	sis_str_lower(text);
	sis_str_addf(&out, "iqn.%04d-%02d", year, month);
	while ((dot = strrchr(text, '.'))) {
		sis_str_addf(&out, ".%s", dot + 1);
		*dot = '\0';
	}
	sis_str_addf(&out, ".%s", text);
	*ret = sis_str_take(&out);
	return 0;
}

/* ":DATASET" with what may stand in a name. Caller frees. */
static char *name_part(const char *dataset)
{
	char *part = sis_asprintf(":%s", dataset);

	sis_str_lower(part);
	for (char *p = part; *p; p++) {
		if (*p == '/')
			*p = '.';
		else if (!strchr(NAME_CHARS, *p))
			*p = '-';
	}
	return part;
}

int sis_iqn_make(const char *prefix, const char *dataset, char **ret, struct sis_err *err)
{
	sis_autofree char *part = name_part(dataset);
	sis_autofree char *name = sis_asprintf("%s%s", prefix, part);
	int rc;

	sis_str_lower(name);
	rc = sis_iqn_check(name, err);
	if (rc < 0)
		return rc;
	*ret = sis_steal(&name);
	return 0;
}

bool sis_iqn_is_of(const char *iqn, const char *dataset)
{
	sis_autofree char *part = name_part(dataset);
	size_t n = strlen(part), len = strlen(iqn);

	return sis_str_starts(iqn, "iqn.") && len > n && sis_streq(iqn + len - n, part);
}

/* "YYYY-MM." and a reversed domain: what follows "iqn." (RFC 7143 section 4.2.7.4). */
static bool iqn_authority_ok(const char *s)
{
	static const char shape[] = "dddd-dd.";
	const char *colon;
	char *domain;
	bool ok;

	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != shape[i])
			return false;
	if (memcmp(s + 5, "01", 2) < 0 || memcmp(s + 5, "12", 2) > 0)
		return false;
	s += sizeof(shape) - 1;
	colon = strchrnul(s, ':');
	domain = sis_strndup(s, (size_t)(colon - s));
	ok = domain_ok(domain) && (*colon == '\0' || colon[1] != '\0');
	free(domain);
	return ok;
}

static bool hex_ok(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static int check(const char *name, bool iqn_only, const char *what, struct sis_err *err)
{
	const char *rest;
	size_t len = strlen(name);

	if (len > SIS_IQN_MAX)
		return sis_err_set(err, ENAMETOOLONG,
				   "%s '%.60s...' has %zu bytes, at most %d are allowed; choose a "
				   "shorter one with name=",
				   what, name, len, SIS_IQN_MAX);
	if (strspn(name, NAME_CHARS) != len)
		return sis_err_set(err, EINVAL,
				   "%s '%s' has a character other than a-z 0-9 - . : (lower case)",
				   what, name);
	rest = sis_str_after(name, "iqn.");
	if (rest ? iqn_authority_ok(rest) : false)
		return 0;
	rest = sis_str_after(name, "eui.");
	if (!iqn_only && rest && hex_ok(rest, 16))
		return 0;
	rest = sis_str_after(name, "naa.");
	if (!iqn_only && rest && (hex_ok(rest, 16) || hex_ok(rest, 32)))
		return 0;
	return sis_err_set(err, EINVAL, "%s '%s' is not of the form iqn.YYYY-MM.reversed.domain%s",
			   what, name,
			   iqn_only ? "" : ":text (or eui., naa. and hexadecimal digits)");
}

int sis_iqn_check(const char *name, struct sis_err *err)
{
	return check(name, false, "target name", err);
}

int sis_iqn_check_prefix(const char *prefix, struct sis_err *err)
{
	return check(prefix, true, "the target name prefix", err);
}

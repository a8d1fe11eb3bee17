/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Strict parsing of numbers and sizes, text made safe to show, the growing buffer.
 * No locale and no <ctype.h>: a byte means the same everywhere.
 */
#include "base/str.h"

#include <errno.h>

#include "base/alloc.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_print(char c)
{
	return c >= ' ' && c <= '~';
}

/* The digits at *s, which moves behind them. False if the value does not fit; all are skipped. */
static bool take_digits(const char **s, uint64_t *ret)
{
	bool fits = true;
	uint64_t v = 0;

	for (; is_digit(**s); (*s)++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**s - '0'), &v))
			fits = false;
	}
	*ret = v;
	return fits;
}

int sis_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *end = s;
	uint64_t v;
	bool fits;

	fits = take_digits(&end, &v);
	if (end == s || *end || (s[0] == '0' && s[1]))
		return -EINVAL;
	if (!fits || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sis_parse_hex(const char *s, size_t digits, uint64_t *ret)
{
	uint64_t v = 0;

	if (digits < 1 || digits > 16)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		int d = hex_value(s[i]); /* -1 at the end of s, too */

		if (d < 0)
			return -EINVAL;
		v = v << 4 | (unsigned)d;
	}
	if (s[digits])
		return -EINVAL;
	*ret = v;
	return 0;
}

/*
 * The power of two of a unit, or -1. "B" alone is one byte; "BB" and "BiB" are not units
 * (str2shift() of libzfs).
 */
static int unit_shift(const char *s)
{
	static const char units[] = "bkmgtpez";
	const char *u;

	if (!*s)
		return 0;
	u = strchr(units, lower(*s));
	if (!u)
		return -1;
	s++;
	if (*s && u == units)
		return -1;
	if (lower(s[0]) == 'i' && lower(s[1]) == 'b')
		s++;
	if (lower(*s) == 'b')
		s++;
	return *s ? -1 : (int)(u - units) * 10;
}

/* Doubles the decimal fraction 0.DIGITS in place and returns what is carried over the point. */
static unsigned double_fraction(char *digits, size_t n)
{
	unsigned carry = 0;

	while (n-- > 0) {
		unsigned d = (unsigned)(digits[n] - '0') * 2 + carry;

		digits[n] = (char)('0' + d % 10);
		carry = d / 10;
	}
	return carry;
}

int sis_parse_size(const char *s, uint64_t *ret)
{
	sis_autofree char *fraction = NULL;
	const char *end = s;
	size_t n = 0;
	uint64_t v;
	int shift;
	bool fits;

	fits = take_digits(&end, &v);
	if (end == s)
		return -EINVAL;
	if (*end == '.') {
		for (end++; is_digit(end[n]);)
			n++;
		if (!n)
			return -EINVAL;
		fraction = sis_strndup(end, n);
	}
	shift = unit_shift(end + n);
	if (shift < 0)
		return -EINVAL;
	if (!fits)
		return -ERANGE;
	while (shift-- > 0) {
		if (v > UINT64_MAX / 2)
			return -ERANGE;
		v = v * 2 + double_fraction(fraction, n);
	}
	*ret = v;
	return 0;
}

/* As zfs_nicenum_format() of libzutil: at most five characters while decimals can be given up. */
char *sis_format_size(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned shift = 0;
	char *text = NULL;

	while (bytes >> shift >= 1024)
		shift += 10;
	if ((bytes & ((UINT64_C(1) << shift) - 1)) == 0)
		return sis_asprintf("%llu%c", (unsigned long long)(bytes >> shift),
				    units[shift / 10]);
	for (int decimals = 2; decimals >= 0; decimals--) {
		free(text);
		text = sis_asprintf("%.*f%c", decimals,
				    (double)bytes / (double)(UINT64_C(1) << shift),
				    units[shift / 10]);
		if (strlen(text) <= 5)
			break;
	}
	return text;
}

/*
 * The length of the well-formed UTF-8 sequence of two bytes or more at s (Unicode, table 3-7),
 * or 0 for anything else, including the C1 controls U+0080 to U+009F.
 */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xc2 || s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool sis_str_clean(const char *s)
{
	while (*s) {
		size_t n = is_print(*s) ? 1 : utf8_length((const unsigned char *)s);

		if (!n)
			return false;
		s += n;
	}
	return true;
}

void sis_str_sanitize(char *s)
{
	for (char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	if (sis_str_clean(s))
		return;
	for (; *s; s++) {
		if (!is_print(*s))
			*s = '?';
	}
}

char *sis_str_printable(const char *s)
{
	char *copy = sis_strdup(s);

	for (char *p = copy; *p; p++) {
		if (!is_print(*p))
			*p = '?';
	}
	return copy;
}

static bool shell_plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (!is_alnum(*s) && !strchr("@%_+=:,./-", *s))
			return false;
	}
	return true;
}

char *sis_shell_quote(const char *s)
{
	struct sis_str b = { 0 };

	if (shell_plain(s))
		return sis_strdup(s);
	sis_str_addc(&b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			sis_str_add(&b, "'\\''");
		else
			sis_str_addc(&b, *s);
	}
	sis_str_addc(&b, '\'');
	return sis_str_take(&b);
}

char *sis_str_trim(char *s)
{
	char *end;

	while (is_space(*s))
		s++;
	end = s + strlen(s);
	while (end > s && is_space(end[-1]))
		end--;
	*end = '\0';
	return s;
}

void sis_str_lower(char *s)
{
	for (; *s; s++)
		*s = lower(*s);
}

/* Made for every volume: printf would take three times as long. */
char *sis_path_join(const char *dir, const char *name)
{
	const size_t head = sis_streq(dir, "/") ? 0 : strlen(dir), tail = strlen(name);
	char *path = sis_calloc(1, head + 1 + tail + 1);

	memcpy(path, dir, head);
	path[head] = '/';
	memcpy(path + head + 1, name, tail);
	return path;
}

char *sis_str_next(char **cursor, const char *seps)
{
	char *piece = *cursor, *end;

	if (!seps[0] || seps[1])
		return strsep(cursor, seps);
	end = piece ? strchr(piece, *seps) : NULL; /* as strsep(), and twice as fast */
	*cursor = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return piece;
}

/* Room for n more bytes and the NUL. */
static void str_room(struct sis_str *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 64;

	if (__builtin_add_overflow(b->len, n, &need) || need >= SIZE_MAX / 2)
		need = SIZE_MAX / 2; /* cannot be had: ends in out of memory */
	if (need < b->cap)
		return;
	while (cap <= need)
		cap *= 2;
	b->s = sis_reallocarray(b->s, cap, 1);
	b->cap = cap;
}

void sis_str_addn(struct sis_str *b, const char *s, size_t n)
{
	str_room(b, n);
	if (n)
		memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void sis_str_add(struct sis_str *b, const char *s)
{
	sis_str_addn(b, s, strlen(s));
}

void sis_str_addc(struct sis_str *b, char c)
{
	sis_str_addn(b, &c, 1);
}

/* Printf takes five times as long, and identities and records of all volumes have such numbers. */
void sis_str_addu(struct sis_str *b, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	sis_str_addn(b, p, (size_t)(digits + sizeof(digits) - p));
}

/* Mostly there is room for it where it is to stand. */
void sis_str_addf(struct sis_str *b, const char *fmt, ...)
{
	enum { USUAL = 127 };
	sis_autofree char *text = NULL;
	va_list ap, again;
	size_t room;
	int n;

	str_room(b, USUAL);
	room = b->cap - b->len;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(b->s + b->len, room, fmt, ap);
	if (n >= 0 && (size_t)n < room) {
		b->len += (size_t)n;
	} else {
		text = sis_vasprintf(fmt, again);
		sis_str_add(b, text);
	}
	va_end(again);
	va_end(ap);
}

void sis_str_cut(struct sis_str *b, size_t n)
{
	if (!n)
		return;
	b->len -= n;
	memmove(b->s, b->s + n, b->len + 1);
}

const char *sis_str_get(const struct sis_str *b)
{
	return b->s ? b->s : "";
}

char *sis_str_take(struct sis_str *b)
{
	char *s = b->s ? b->s : sis_strdup("");

	*b = (struct sis_str){ 0 };
	return s;
}

void sis_str_free(struct sis_str *b)
{
	free(b->s);
	*b = (struct sis_str){ 0 };
}

void sis_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

void sis_wipe_free(char *s)
{
	if (s)
		sis_wipe(s, strlen(s));
	free(s);
}

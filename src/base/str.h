/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Strings: strict parsing of numbers and sizes, a growing buffer, small predicates.
 * No locale, no partial matches: what is not wholly understood is refused.
 */
#ifndef SIS_BASE_STR_H
#define SIS_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool sis_streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Equal, where NULL equals only NULL. */
static inline bool sis_streq_null(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool sis_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The text behind `prefix`, or NULL when s does not start with it. In parsers mostly the latter. */
static inline const char *sis_str_after(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

/*
 * Decimal digits only, no sign, no blanks, no leading zero but "0" itself; min <= value <= max.
 * 0, -EINVAL (not such a number) or -ERANGE. *ret is untouched on failure.
 */
int sis_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* The same for exactly `digits` hexadecimal digits in lower or upper case (16 at most). */
int sis_parse_hex(const char *s, size_t digits, uint64_t *ret);

/*
 * A size as zfs takes it: digits, optional fraction ("1.5G"), optional unit K M G T P E Z in
 * either case with optional "B" or "iB". Powers of 1024; what is left of a byte is cut off.
 * 0, -EINVAL or -ERANGE (over 2^64-1).
 */
int sis_parse_size(const char *s, uint64_t *ret);

/* As zfs prints sizes: "10G", "1.50T", "512B". Caller frees. */
char *sis_format_size(uint64_t bytes);

/* Printable ASCII or well-formed UTF-8, no control bytes (C0, DEL, C1)? */
bool sis_str_clean(const char *s);

/*
 * Makes text from outside one harmless line, in place: control bytes become '?', and so do all
 * bytes from 0x80 up unless the whole is then sis_str_clean().
 */
void sis_str_sanitize(char *s);

/* A copy in which every byte that is not printable ASCII is '?'. Caller frees. */
char *sis_str_printable(const char *s);

/* "DIR/NAME", and "/NAME" where dir is "/". Caller frees. */
char *sis_path_join(const char *dir, const char *name);

/* A copy that a POSIX shell reads back as the same word: quoted only where needed. Caller frees. */
char *sis_shell_quote(const char *s);

/* Removes white space at both ends in place, returns the first kept character. */
char *sis_str_trim(char *s);

/* ASCII lower case in place. */
void sis_str_lower(char *s);

/*
 * Cuts the next piece off *cursor at any of `seps` (like strsep, but *cursor NULL at the end and
 * never skips an empty piece). The text is changed in place. NULL when nothing is left.
 */
char *sis_str_next(char **cursor, const char *seps);

/* A growing, always NUL-terminated buffer. { 0 } is the empty one; .s is NULL until first use. */
struct sis_str {
	char *s;
	size_t len, cap;
};

void sis_str_add(struct sis_str *b, const char *s);
void sis_str_addn(struct sis_str *b, const char *s, size_t n);
void sis_str_addc(struct sis_str *b, char c);
void sis_str_addu(struct sis_str *b, uint64_t n); /* in decimal */
/* No argument may be text of b itself. */
void sis_str_addf(struct sis_str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Removes the first n bytes, which must be there. */
void sis_str_cut(struct sis_str *b, size_t n);
/* The text, "" when empty; stays the buffer's. */
const char *sis_str_get(const struct sis_str *b);
/* The text as the caller's own ("" when empty); the buffer is empty afterwards. */
char *sis_str_take(struct sis_str *b);
void sis_str_free(struct sis_str *b);

#define sis_autostr __attribute__((cleanup(sis_str_free)))

/* Overwrites memory so that the compiler cannot drop it, for secrets. */
void sis_wipe(void *p, size_t n);

/* Overwrites a text and frees it; NULL is fine. */
void sis_wipe_free(char *s);

static inline void sis_wipe_freep(char **s)
{
	sis_wipe_free(*s);
}

/* For a text that has a secret in it. */
#define sis_autosecret __attribute__((cleanup(sis_wipe_freep)))

#endif

// SPDX-License-Identifier: MPL-2.0
/*
 * The grammar of management commands and attribute values. Pure functions on strings, with the
 * quirks of the real parser kept: they are what a writer must be safe against.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim.h"

static bool ends_word(char c)
{
	return isspace((unsigned char)c) || c == '=';
}

/* B2 notes: words are separated by white space or '='. */
char *lex_word(char **text)
{
	char *word = *text, *end;

	while (*word && ends_word(*word))
		word++;
	end = word;
	while (*end && !ends_word(*end))
		end++;
	if (*end)
		*end++ = '\0';
	*text = end;
	return word;
}

/*
 * B2 notes: parameters are separated by ';' or newline. An empty parameter ends the list, so
 * what stands after ";;" is silently ignored.
 */
char *lex_param(char **text)
{
	char *param = *text;
	size_t len = strcspn(param, ";\n");

	if (len == 0)
		return NULL;
	*text = param + len + (param[len] != '\0');
	param[len] = '\0';
	return param;
}

static bool ends_number(const char *end)
{
	return *end == '\0' || (*end == '\n' && end[1] == '\0');
}

int lex_number(const char *text, long long *ret_value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	long long value;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 0);
	if (!ends_number(end))
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int lex_unsigned(const char *text, unsigned long long *ret_value)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)text[*text == '+']))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (!ends_number(end))
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int lex_bool(const char *text, bool *ret_value)
{
	long long value;
	int r = lex_number(text, &value);

	if (r < 0)
		return r;
	if (value != 0 && value != 1)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static bool match_from(const char *pattern, const char *text, bool may_invert)
{
	/* B6: '!' turns round the answer for the rest; only the first one counts. */
	if (*pattern == '!' && may_invert && *text)
		return !match_from(pattern + 1, text, false);
	if (*pattern == '*')
		return match_from(pattern + 1, text, may_invert) ||
		       (*text && match_from(pattern, text + 1, may_invert));
	if (!*pattern || !*text)
		return !*pattern && !*text;
	if (*pattern != '?' && tolower((unsigned char)*pattern) != tolower((unsigned char)*text))
		return false;
	return match_from(pattern + 1, text + 1, may_invert);
}

bool lex_match(const char *pattern, const char *text)
{
	return match_from(pattern, text, true);
}

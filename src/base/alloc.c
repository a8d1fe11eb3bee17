/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory that cannot fail: out of memory ends the process with one line on stderr.
 * Must not use anything that allocates on the way out.
 */
#include "base/alloc.h"

#include <malloc.h>
#include <string.h>

static void no_memory(void) __attribute__((noreturn));

static void no_memory(void)
{
	static const char text[] = "out of memory\n";

	/* stdio may allocate; and whether the line gets out changes nothing */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

static void *checked(void *p)
{
	if (!p)
		no_memory();
	return p;
}

void *sis_calloc(size_t n, size_t size)
{
	/* calloc(0) may be NULL, which the callers do not expect */
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *sis_reallocarray(void *p, size_t n, size_t size)
{
	/* with a size of 0 it would free p */
	return checked(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *sis_strdup(const char *s)
{
	return checked(strdup(s));
}

char *sis_strndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *sis_strdup_null(const char *s)
{
	return s ? sis_strdup(s) : NULL;
}

/* Most texts are short, and vasprintf() takes memory twice for each. */
char *sis_vasprintf(const char *fmt, va_list ap)
{
	char usual[256], *s;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(usual, sizeof(usual), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(usual))
		s = sis_strndup(usual, (size_t)n);
	else if (vasprintf(&s, fmt, again) < 0)
		no_memory();
	va_end(again);
	return s;
}

char *sis_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = sis_vasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void sis_replace(char **p, const char *s)
{
	char *copy = sis_strdup_null(s);

	free(*p);
	*p = copy;
}

void sis_give_back(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0); /* where there is nothing to give back */
#endif
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory that cannot fail, and cleanup attributes.
 * Out of memory ends the process; nothing here knows iSCSI or ZFS.
 */
#ifndef SIS_BASE_ALLOC_H
#define SIS_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* All of these return memory the caller owns (free()), zeroed where fresh, and never NULL. */
void *sis_calloc(size_t n, size_t size);
void *sis_reallocarray(void *p, size_t n, size_t size);
char *sis_strdup(const char *s);
char *sis_strndup(const char *s, size_t n);
char *sis_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sis_vasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Like sis_strdup(), but NULL stays NULL. */
char *sis_strdup_null(const char *s);

/* Frees *p, points *p at a copy of s (NULL allowed). s may point into the old *p. */
void sis_replace(char **p, const char *s);

/* Gives what was freed back to the system: for before much else is needed at once. */
void sis_give_back(void);

#define sis_new(type) ((type *)sis_calloc(1, sizeof(type)))

static inline void sis_freep(void *p)
{
	free(*(void **)p);
}

static inline void sis_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void sis_fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f); /* only used for reading: nothing can be lost */
}

/* For locals a function owns: released at the end of the scope. Descriptors start as -1. */
#define sis_autofree __attribute__((cleanup(sis_freep)))
#define sis_autoclose __attribute__((cleanup(sis_closep)))
#define sis_autofclose __attribute__((cleanup(sis_fclosep)))
#define sis_cleanup(fn) __attribute__((cleanup(fn)))

/* Hands ownership on: evaluates to *p and leaves NULL behind. */
#define sis_steal(p)                 \
	({                           \
		typeof(*(p)) v_ = *(p); \
		*(p) = NULL;         \
		v_;                  \
	})

#endif

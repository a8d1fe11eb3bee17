/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading of golden files, for tests: whole file, line by line, with \t \n \xHH as bytes.
 */
#ifndef SIS_TEST_GOLDEN_H
#define SIS_TEST_GOLDEN_H

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

/* Paths are relative to the top of the sources, where the runner starts every test. */
static inline char *golden_read(const char *path)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char *text = NULL;

	if (sis_file_read(path, 1 << 20, &text, &err) < 0) {
		fprintf(stderr, "%s: %s\n", path, sis_err_msg(&err));
		exit(1);
	}
	return text;
}

/* The next line, or NULL. Changes the text. */
static inline char *golden_line(char **cursor)
{
	char *line = sis_str_next(cursor, "\n");

	return line && !*line && !*cursor ? NULL : line;
}

/* Replaces the escapes in place. */
static inline void golden_unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		uint64_t byte;
		char hex[3] = { 0 };

		if (*s != '\\') {
			*out++ = *s;
			continue;
		}
		s++;
		if (*s == 'x') {
			hex[0] = s[1];
			hex[1] = s[2];
			if (sis_parse_hex(hex, 2, &byte) < 0)
				abort();
			*out++ = (char)byte;
			s += 2;
		} else {
			*out++ = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s;
		}
	}
	*out = '\0';
}

#endif

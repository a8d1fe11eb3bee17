/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the completion share. Candidates come from the tables that the program itself
 * works from, so that they cannot differ from what it takes. Nobody else includes this.
 */
#ifndef SIS_CLI_COMPLETE_H
#define SIS_CLI_COMPLETE_H

#include "base/vec.h"
#include "core/ctx.h"

/* One command line, up to the cursor. */
struct sis_complete {
	char **words; /* words[0] is the program */
	int n;
	struct sis_choice choice; /* what the words before the cursor chose */
	char *keep;		  /* what stands in front of `tail` in the last word, owned */
	const char *tail;	  /* the part of the last word that is to be completed */
};

/* From here on only what stands behind the first `len` bytes of the tail is to be completed. */
void sis_complete_skip(struct sis_complete *c, size_t len);

/* Prints "WORD<tab>HELP" if the tail may become this. Words that end in '=' or ':' go on. */
void sis_complete_offer(const struct sis_complete *c, const char *word, const char *help);

/* complete_front.c: zfs and zpool. Only what the front ends add to these programs. */
void sis_complete_front(struct sis_complete *c);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Takes away what a test has made below a folder of its own. Must not leave it, by a link or into
 * what is mounted there.
 */
#ifndef TEST_REMOVE_TREE_H
#define TEST_REMOVE_TREE_H

#include <ftw.h>
#include <stdio.h>

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* The folder too. 0 or -1. */
static inline int remove_tree(const char *dir)
{
	return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

#endif

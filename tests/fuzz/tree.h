/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A kernel tree made of the input: "@PATH" begins a file, which goes up to the next such line, and
 * ">PATH TARGET" is a link. Whatever would change something ends the run: reading must not.
 */
#ifndef SIS_FUZZ_TREE_H
#define SIS_FUZZ_TREE_H

#include "backend/backend.h"

/* Borrows `text` and changes it. *kfs and *bx are good until the next call. */
void tree_make(char *text, const struct sis_backend *be, struct sis_kfs *kfs, struct sis_bx *bx);
void tree_free(void);

#endif

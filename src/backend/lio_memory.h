/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a run remembers of LIO, so that it need not look again: the targets that it is making, and
 * the portals that somebody listens to.
 */
#ifndef SIS_BACKEND_LIO_MEMORY_H
#define SIS_BACKEND_LIO_MEMORY_H

#include "backend/backend.h"

/* The folder of a target: this run has just made it; it is new no more. */
void sis_lio_made(struct sis_bx *bx, const char *dir);
void sis_lio_known(struct sis_bx *bx, const char *dir);

/* Is it below such a folder? Then what is not written by this run is as the kernel makes it. */
bool sis_lio_is_new(const struct sis_bx *bx, const char *path);

/* A portal listens for as long as a target has it: after one was removed nothing is known. */
void sis_lio_heard_add(struct sis_bx *bx, const char *portal);
bool sis_lio_heard(const struct sis_bx *bx, const char *portal);
void sis_lio_heard_drop(struct sis_bx *bx);

/* The slot `done`. */
void sis_lio_memory_free(struct sis_bx *bx);

#endif

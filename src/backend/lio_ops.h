/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The single changes of LIO's configfs tree, where being done already is success.
 */
#ifndef SIS_BACKEND_LIO_OPS_H
#define SIS_BACKEND_LIO_OPS_H

#include "backend/backend.h"

/* Writes an attribute unless it holds the value already; one of a new target always. */
int sis_lio_put(struct sis_bx *bx, const char *dir, const char *name, const char *value,
		struct sis_err *err);

/* rmdir waits while the folder is busy, 10 s at most. */
int sis_lio_mkdir(struct sis_bx *bx, const char *dir, struct sis_err *err);
int sis_lio_rmdir(struct sis_bx *bx, const char *dir, struct sis_err *err);

/* Takes away the only link in `dir` that points below `anchor`, if there is one. */
int sis_lio_unlink(struct sis_bx *bx, const char *dir, const char *anchor, struct sis_err *err);

#endif

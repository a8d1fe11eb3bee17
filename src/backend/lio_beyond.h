/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The slot `beyond` of LIO: what of a target that others made this tool would not make again.
 */
#ifndef SIS_BACKEND_LIO_BEYOND_H
#define SIS_BACKEND_LIO_BEYOND_H

#include "backend/backend.h"

int sis_lio_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		   struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The slots of the SCST back end that have a file of their own. Nobody else includes it.
 */
#ifndef SIS_BACKEND_SCST_INT_H
#define SIS_BACKEND_SCST_INT_H

#include "backend/backend.h"

enum { SIS_SCST_MAX_LUN = 16383 };

/* ---- scst_probe.c ---- */

int sis_scst_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err);
int sis_scst_prepare(struct sis_bx *bx, struct sis_err *err);

/* ---- scst_lun.c ---- */

int sis_scst_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		     struct sis_err *err);
int sis_scst_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		     const struct sis_lun *live, unsigned changed, struct sis_err *err);
int sis_scst_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		     struct sis_err *err);

#endif

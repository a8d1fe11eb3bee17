/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The backing object of one LUN in LIO: an HBA of its own with one device in it.
 */
#ifndef SIS_BACKEND_LIO_STORE_H
#define SIS_BACKEND_LIO_STORE_H

#include "backend/backend.h"

/* Makes and enables it, with all identifiers; what a cut-off run left of it is taken away first.
 * Sets l->handle: "iblock_NUMBER/NAME", below SIS_LIO_CORE. */
int sis_lio_store_add(struct sis_bx *bx, const char *iqn, struct sis_lun *l, struct sis_err *err);

/* UNMAP (thin provisioning) on or off, at any time after enabling. */
int sis_lio_store_thin(struct sis_bx *bx, const char *handle, bool thin, struct sis_err *err);

/* Takes it away with its HBA; the volume is closed then. */
int sis_lio_store_del(struct sis_bx *bx, const char *handle, struct sis_err *err);

/* Takes away what a cut-off run left for this LUN, none of it linked. */
int sis_lio_store_clean(struct sis_bx *bx, const char *iqn, uint32_t lun, struct sis_err *err);

#endif

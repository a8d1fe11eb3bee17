/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The SCST back end as the list of back ends sees it.
 */
#ifndef SIS_BACKEND_SCST_H
#define SIS_BACKEND_SCST_H

#include "backend/backend.h"

extern const struct sis_backend sis_backend_scst;

#endif

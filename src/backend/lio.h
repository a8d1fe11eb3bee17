/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The LIO back end as the list of back ends sees it.
 */
#ifndef SIS_BACKEND_LIO_H
#define SIS_BACKEND_LIO_H

#include "backend/backend.h"

extern const struct sis_backend sis_backend_lio;

#endif

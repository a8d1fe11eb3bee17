/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The IET back end as the list of back ends sees it.
 */
#ifndef SIS_BACKEND_IET_H
#define SIS_BACKEND_IET_H

#include "backend/backend.h"

extern const struct sis_backend sis_backend_iet;

#endif

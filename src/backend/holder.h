/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who has a block device open so that a target cannot have it: for error messages only.
 */
#ifndef SIS_BACKEND_HOLDER_H
#define SIS_BACKEND_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/kfs.h"

/*
 * "is mounted on '/x'", "is held by device-mapper vg0-root", "is held by md0", "is used as swap",
 * "has partition zd0p1, which is mounted on ..."; NULL when nobody can be named. Caller frees.
 */
char *sis_holder_text(struct sis_kfs *k, dev_t dev);

/*
 * Does anybody have the device for itself? Other targets do, which no file of the kernel tells:
 * opens it for a moment. A device that cannot be opened for another reason is not held.
 */
bool sis_holder_any(const char *path);

#endif

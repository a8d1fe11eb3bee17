/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Datasets that are held back: what is in them is not shared by itself until they are released.
 * For a cluster manager, which alone decides where a pool's volumes are shared. Kept until the next
 * boot, one name a line, in ROOT/run/shareiscsi/held.
 */
#ifndef SIS_CORE_HOLD_H
#define SIS_CORE_HOLD_H

#include "base/err.h"
#include "base/vec.h"

/* All of them, sorted. A file that cannot be read is an error: it may hold anything back. */
int sis_holds_read(const char *root, sis_strv *ret, struct sis_err *err);

/* The one that holds back this dataset: its own name or one above it; NULL: none. Borrowed. */
const char *sis_holds_find(const sis_strv *holds, const char *dataset);

/* Both need the lock of the run. */
int sis_holds_add(const char *root, const sis_strv *names, struct sis_err *err);
/*
 * Takes away the holds on the names and below; no names: all. -EBUSY for a name that a hold above
 * it would go on holding back; then nothing is changed.
 */
int sis_holds_remove(const char *root, const sis_strv *names, struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which volumes somebody has unshared by name since they were last shared: until then they keep what
 * changes only after that, also when their target was restarted and nothing of them is live. One
 * empty file each, by guid, in ROOT/run/shareiscsi/unshared. After a boot it has to be said again.
 */
#ifndef SIS_CORE_UNSHARED_H
#define SIS_CORE_UNSHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Is there any such note? Mostly there is none, and nothing to be forgotten. */
bool sis_unshared_any(const char *root);
bool sis_unshared_noted(const char *root, uint64_t guid);
int sis_unshared_note(const char *root, uint64_t guid, struct sis_err *err);
void sis_unshared_forget(const char *root, uint64_t guid);

#endif

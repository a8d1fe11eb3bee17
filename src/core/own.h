/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Ours or foreign, and what of ours stays as it is.
 */
#ifndef SIS_CORE_OWN_H
#define SIS_CORE_OWN_H

#include "core/view.h"

/*
 * Sets t->owner, and guid and volume of its LUNs that are ours: those that the record names and the
 * live state confirms; those that match a desired target in name and volume, or a volume's kept
 * identity (the record was lost).
 */
void sis_own_target(const struct sis_view *v, struct sis_target *t);

/* Does this LUN stay: nothing was said about its volume, or nothing that can be followed? */
bool sis_own_keeps(const struct sis_view *v, const struct sis_request *rq,
		   const struct sis_target *t, const struct sis_lun *l);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Volumes that would look like one disk because of what their identities keep.
 */
#ifndef SIS_CORE_NAMESAKE_H
#define SIS_CORE_NAMESAKE_H

#include "core/view.h"

/* Does its identity keep an id that another volume may have, too? */
bool sis_namesake_keeps(const struct sis_item *i);

/*
 * Initiators would merge two disks with one id into one, and destroy what is on them. An identity
 * with a kept id that another volume of the view has makes its volume bad; the other one stays, if
 * the id is its own or it is recorded as the one that has it.
 */
void sis_namesakes_refuse(struct sis_view *v);

#endif

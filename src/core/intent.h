/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The record of what is about to be done: see core/intent.c.
 */
#ifndef SIS_CORE_INTENT_H
#define SIS_CORE_INTENT_H

#include "core/flow.h"

/*
 * Writes the record of a group before its first step, unless that was done ahead. *ret_text is what
 * it says; the caller frees it.
 */
int sis_intent_write(struct sis_flow *f, const struct sis_group *g, char **ret_text,
		     struct sis_err *err);

/*
 * The same for the group f->next, if it makes a target: for a while in which there is nothing
 * better to do (struct sis_bx, meanwhile). Fails in silence, as it is then done when it must be.
 */
void sis_intent_ahead(void *flow);

/* The group whose record was written ahead is not done: what it names is not made. */
void sis_intent_drop(struct sis_flow *f);

/*
 * The digest of the secrets that the target is known to have, of all that the record knows; NULL:
 * none is known. Borrowed.
 */
const char *sis_intent_chap(const struct sis_flow *f, const char *iqn);

#endif

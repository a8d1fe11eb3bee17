/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Keeping the identity of what is about to be shared: of a target, before it is shown; of many, in
 * one go before the first of them is made. Decides no identity.
 */
#ifndef SIS_CORE_MINT_H
#define SIS_CORE_MINT_H

#include "core/flow.h"

/* Keeps the identities of the volumes in a target, as far as they are not kept as they are. */
int sis_mint_target(struct sis_flow *f, const struct sis_target *t, struct sis_err *err);

/* Does it for all groups that are to be done, where the store can do many at once. */
void sis_mint_ahead(struct sis_flow *f);

/* Those that were kept ahead, for shares that could not be made, are as they were before. */
void sis_mint_take_back(struct sis_flow *f);

#endif

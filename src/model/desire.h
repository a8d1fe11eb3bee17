/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From a volume and its options to the target that should be, or a refusal that says why.
 * Pure: no file, no clock; what depends on the host comes in as `prefix`.
 */
#ifndef SIS_MODEL_DESIRE_H
#define SIS_MODEL_DESIRE_H

#include "base/err.h"
#include "model/caps.h"
#include "model/identity.h"
#include "model/option.h"
#include "model/volume.h"

/* What one volume asks for. */
struct sis_wish {
	const struct sis_volume *volume; /* borrowed */
	struct sis_target target;	 /* with exactly one LUN; empty once it was merged */
	bool named;			 /* the name was chosen with name= */
	bool minted;			 /* IQN came from the volume's identity */
	bool alone;			 /* set by the core: may not join another volume's target */
	bool recorded;			 /* set by the core: it is known to be in that target */
	uint32_t last_blocksize;	 /* with which it was last shared; 0: not known */
	struct sis_identity identity;	 /* what SIS_PROP_IDENTITY should hold */
	bool identity_differs;		 /* ... and does not */
};

/*
 * Fills *ret (freed with sis_wish_free()) but its CHAP credentials, which the options only name. `prefix` is the ID part of an IQN, or NULL when it could
 * not be found: then prefix_err says why, and it is only an error if a name has to be minted.
 * Refusals: -SIS_ERR_USAGE (the option cannot be honoured by this target, named), -EINVAL,
 * -ENAMETOOLONG.
 */
int sis_desire(const struct sis_volume *v, const struct sis_options *o, const struct sis_caps *caps,
	       const char *prefix, const struct sis_err *prefix_err, struct sis_wish *ret,
	       struct sis_err *err);

/*
 * Puts the wishes together into targets. A wish that clashes with an earlier one gets its error in
 * errs[i] (array of n, zeroed by the caller) and is left out: same IQN without name=, same LUN,
 * options of the whole target that differ, another secret for a CHAP user where the target (`caps`)
 * has one for all. Who is recorded in the target comes first, then who was minted with its name, then
 * who was named, then by name of volume. *ret is sorted. It takes over the targets of the wishes; where
 * its volume belongs, each wish still knows by its identity.
 */
void sis_desire_merge(struct sis_wish *const *wishes, size_t n, const struct sis_caps *caps,
		      struct sis_state *ret, struct sis_err *errs);

/*
 * model/account.c: the wishes whose CHAP user has another secret for another wish, where a user has
 * but one. As above.
 */
void sis_desire_accounts(struct sis_wish *const *wishes, size_t n, const struct sis_caps *caps,
			 struct sis_err *errs);

/* The block size of a first share that asks for none. */
uint32_t sis_default_blocksize(const struct sis_volume *v, const struct sis_caps *caps);

void sis_wish_free(struct sis_wish *w);

#endif

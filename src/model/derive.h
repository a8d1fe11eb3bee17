/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The inverse of desire.h: from a live LUN, made by others, to the property and the identity that
 * reproduce it. Whether they really do is for a plan to prove.
 */
#ifndef SIS_MODEL_DERIVE_H
#define SIS_MODEL_DERIVE_H

#include "base/err.h"
#include "model/caps.h"
#include "model/volume.h"

/* What SIS_PROP_SHARE and SIS_PROP_IDENTITY of a volume would have to be. */
struct sis_derived {
	char *share, *identity;
};

/*
 * Of LUN `l` of target `t`, which is volume `v`. Options that say what would be anyway are left
 * out; name= and lun= are not where the target has several LUNs. `prefix` as in sis_desire(),
 * `auth` names the entry of the secrets file with the target's CHAP credentials, or NULL. -EINVAL
 * when something of it cannot be said; *ret is then untouched, else freed with sis_derived_free().
 */
int sis_derive(const struct sis_volume *v, const struct sis_target *t, const struct sis_lun *l,
	       const struct sis_caps *caps, const char *prefix, const char *auth,
	       struct sis_derived *ret, struct sis_err *err);

void sis_derived_free(struct sis_derived *d);
#define sis_autoderived __attribute__((cleanup(sis_derived_free)))

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where each volume of a view is live, whatever it is to be.
 */
#ifndef SIS_CLI_LIVE_H
#define SIS_CLI_LIVE_H

#include "core/view.h"

/* A live LUN that is a volume's, and where it is; both are the view's. */
struct sis_live {
	const struct sis_target *target;
	const struct sis_lun *lun;
};

typedef SIS_VEC(struct sis_live) sis_lives; /* sorted by guid */

/* All of them; *ret is for sis_vec_free(). */
void sis_live_index(const struct sis_view *v, sis_lives *ret);

/* What is live of this volume, or NULL; of copies of one disk it is the one by that name. */
const struct sis_live *sis_live_of(const sis_lives *lives, const struct sis_view *v,
				   const struct sis_item *i);

#endif

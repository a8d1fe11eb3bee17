/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The files /proc/net/iet/volume and /proc/net/iet/session of IET's kernel module. Pure: text in,
 * targets out. The module prints names of initiators as they came over the network.
 */
#ifndef SIS_BACKEND_IET_PROC_H
#define SIS_BACKEND_IET_PROC_H

#include "base/err.h"
#include "model/share.h"

/* A LUN that was deleted while commands were under way: its number and device are still taken. */
struct sis_iet_drain {
	uint32_t tid, lun;
};

typedef SIS_VEC(struct sis_iet_drain) sis_iet_drains;

/*
 * All targets with their LUNs, sorted by IQN; LUNs being deleted are in *ret_drains only, which
 * may be NULL. -EPROTO for a line of the module's that is not understood. The caller frees both.
 */
int sis_iet_parse_volume(const char *text, struct sis_state *ret, sis_iet_drains *ret_drains,
			 struct sis_err *err);

/*
 * Adds the sessions to those targets of `state` that have the same TID and name; their id is
 * "SID:CID". A session with several connections is several.
 */
void sis_iet_parse_session(const char *text, struct sis_state *state);

#endif

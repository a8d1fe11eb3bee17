/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Targets and sessions that are known by number, as those of IET and STGT are: which target numbers
 * (TIDs) are in use, which one is next. Asks nobody, and keeps nothing beyond what it is handed.
 */
#ifndef SIS_BACKEND_TID_H
#define SIS_BACKEND_TID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "model/share.h"

/* A set, ascending. */
typedef SIS_VEC(uint32_t) sis_tids;

/* Those of this state and no others. */
void sis_tids_of(sis_tids *l, const struct sis_state *state);

void sis_tids_add(sis_tids *l, uint32_t tid);
void sis_tids_remove(sis_tids *l, uint32_t tid);
bool sis_tids_has(const sis_tids *l, uint32_t tid);

/* From 1 on: TID 0 would let the target choose, which counts on and never takes the lowest. */
uint32_t sis_tids_lowest_free(const sis_tids *l);

/* The same from `tid` + 1 on; 0 when there is none up to INT32_MAX. */
uint32_t sis_tids_free_above(const sis_tids *l, uint32_t tid);

/* The numbers of a session whose id is "SID:CID". -EINVAL; `title` names the target then. */
int sis_session_numbers(const struct sis_session *s, const char *title, uint64_t *ret_sid,
			uint32_t *ret_cid, struct sis_err *err);

#endif

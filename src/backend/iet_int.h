/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the IET back end share. Nobody else includes it.
 */
#ifndef SIS_BACKEND_IET_INT_H
#define SIS_BACKEND_IET_INT_H

#include "backend/iet_adm.h"
#include "backend/iet_proc.h"
#include "backend/tid.h"

/* How long sessions may take to end, and commands under way on a LUN that is deleted. */
enum { SIS_IET_WAIT_MS = 10000 };

/* bx->priv */
struct sis_iet {
	struct sis_iet_adm adm;
	bool was_read;
	sis_tids tids;	 /* in use; valid once was_read */
	sis_strv names;	 /* of targets, sorted without regard to case; valid once was_read */
	sis_strv hidden; /* IQNs that this run hid: a dry run cannot read that back */
};

/* ---- iet_state.c ---- */

/* The state, made on demand. -ENOENT when there is no ietadm. */
int sis_iet_of(struct sis_bx *bx, struct sis_iet **ret, struct sis_err *err);
void sis_iet_done(struct sis_bx *bx);

/* As ietd compares names of targets. */
int sis_iet_name_cmp(const void *a, const void *b);

/* All targets with their LUNs as they are now; the sessions only on request. */
int sis_iet_read_volumes(struct sis_bx *bx, struct sis_state *ret, sis_iet_drains *ret_drains,
			 struct sis_err *err);
int sis_iet_read_sessions(struct sis_bx *bx, struct sis_state *state, struct sis_err *err);

/*
 * The same target in a state just read: ietadm only takes TIDs, and this one may have become
 * another target's meanwhile. NULL: it is gone. Borrowed.
 */
const struct sis_target *sis_iet_now(const struct sis_state *state, const struct sis_target *t);

/* ---- iet_user.c: CHAP ---- */

/*
 * The target's users, never their secrets; several for logging in stand in ret->user with commas
 * between them, which none can have in its name.
 */
int sis_iet_chap_read(struct sis_bx *bx, uint32_t tid, struct sis_chap *ret, struct sis_err *err);

/* From `have` to `want`; while either has a user, nobody gets in without CHAP. */
int sis_iet_chap_set(struct sis_bx *bx, uint32_t tid, const struct sis_chap *want,
		     const struct sis_chap *have, struct sis_err *err);

/* ---- iet_lun.c: the slots of these names ---- */

int sis_iet_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		    struct sis_err *err);
int sis_iet_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    const struct sis_lun *live, unsigned changed, struct sis_err *err);
int sis_iet_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		    struct sis_err *err);

/* ---- iet_end.c: the slots of these names ---- */

int sis_iet_session_end(struct sis_bx *bx, const struct sis_target *live,
			const struct sis_session *s, struct sis_err *err);
int sis_iet_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
		     struct sis_err *err);
int sis_iet_target_del(struct sis_bx *bx, const struct sis_target *live, bool force,
		       struct sis_err *err);

/* ---- iet_beyond.c: the slot `beyond` ---- */

int sis_iet_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		   struct sis_err *err);

#endif

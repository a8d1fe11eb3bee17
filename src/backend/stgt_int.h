/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the STGT back end share: its state in one run, and requests to tgtd with the
 * answers that are as good as success. For these files alone.
 */
#ifndef SIS_BACKEND_STGT_INT_H
#define SIS_BACKEND_STGT_INT_H

#include "backend/backend.h"
#include "backend/stgt_adm.h"
#include "backend/stgt_show.h"
#include "backend/tid.h"

/* An account is bound to a target: for logging in, or by it the target proves itself. */
struct sis_stgt_bind {
	uint32_t tid;
	bool outgoing;
	char *user;
};
typedef SIS_VEC(struct sis_stgt_bind) sis_stgt_binds;

/* bx->priv */
struct sis_stgt {
	struct sis_stgt_adm adm;
	bool was_read;
	sis_tids tids;	  /* in use; valid once was_read */
	sis_tids offline; /* of these, set offline by somebody: no rules let anyone in */
	sis_tids reachable; /* shown or in use, when read or since */
	sis_tids hidden;  /* by this run, and not shown since: a dry run cannot read that back */
	sis_stgt_binds binds; /* in tgtd's order; valid once was_read, kept up to date since */
	bool accounts_read;
	sis_strv accounts; /* all there are; valid once accounts_read, kept up to date since */
};

/* ---- stgt_state.c ---- */

/* The state, made on demand. -ENOENT when there is no tgtadm and no other way to tgtd. */
int sis_stgt_of(struct sis_bx *bx, struct sis_stgt **ret, struct sis_err *err);
void sis_stgt_done(struct sis_bx *bx);

/* The slot `read`. */
int sis_stgt_read(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		  struct sis_err *err);

/* The slot of that name. */
void sis_stgt_read_ahead(struct sis_bx *bx);

/* The same within a run: what is known besides stays. */
int sis_stgt_read_bare(struct sis_bx *bx, struct sis_state *ret, struct sis_err *err);

/* Bytes of the file or block device behind an absolute path; 0 when it cannot be told. */
uint64_t sis_stgt_device_size(const struct sis_bx *bx, const char *path);

/* The slot `lun_size`. */
void sis_stgt_lun_size(const struct sis_bx *bx, struct sis_lun *live);

/* The slot `daemon`. */
char *sis_stgt_daemon(struct sis_bx *bx);

/* A request whose answer is only whether it was done. */
int sis_stgt_request(struct sis_bx *bx, const struct sis_stgt_req *q, struct sis_err *err);

/* The same where tgtd's answer `fine` (EEXIST, ENOENT) is success: it is so already. */
int sis_stgt_request_or(struct sis_bx *bx, const struct sis_stgt_req *q, int fine,
			struct sis_err *err);

/* Deletes what may be busy for a moment yet: commands in flight, a session that is ending. */
int sis_stgt_request_delete(struct sis_bx *bx, const struct sis_stgt_req *q, struct sis_err *err);

/* ---- stgt_show_lun.c, stgt_list.c: parts of listings ---- */

enum { SIS_STGT_MAX_ENTRIES = 65536 }; /* of one kind, in one target or listing */

/* A LUN while its lines come in; all text is borrowed from the listing. */
struct sis_stgt_shown_lun {
	bool open;
	uint32_t number;
	const char *type, *scsi_id, *scsi_sn, *size, *readonly, *thin;
	const char *store, *path, *flags;
	const char *online;
	size_t next_key; /* the one that is expected */
};

/* Keeps what a line of it says, if it says anything of interest. */
void sis_stgt_shown_lun_line(struct sis_stgt_shown_lun *in, const char *text);

/* Appends it to the target's LUNs, unless it is the controller, or none that anyone can use. */
void sis_stgt_shown_lun_add(const struct sis_stgt_shown_lun *in, struct sis_target *t);

/* ---- stgt_session.c: who is logged in ---- */

/* The slot `sessions`. */
int sis_stgt_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
		      struct sis_err *err);

/* Puts right what the listing of targets tells of the sessions of this one, where it is doubtful. */
int sis_stgt_sessions_prove(struct sis_bx *bx, struct sis_target *t, struct sis_err *err);

/* ---- stgt_rule.c: access rules of the target with that TID ---- */

/* Does tgtd let in by each of them just who it names? */
int sis_stgt_rules_check(const sis_rules *rules, struct sis_err *err);

/* The entries a list of rules is in tgtd: "ALL" for an empty one. Borrowed from it, or static. */
sis_rules sis_stgt_rules_of(const sis_rules *rules);

/* Lets in who is in `want` and not in `have`. */
int sis_stgt_rules_bind(struct sis_bx *bx, uint32_t tid, const sis_rules *want,
			const sis_rules *have, struct sis_err *err);

/* Shuts out who is in `have` and not in `want`. */
int sis_stgt_rules_unbind(struct sis_bx *bx, uint32_t tid, const sis_rules *have,
			  const sis_rules *want, struct sis_err *err);

/* ---- stgt_account.c: CHAP ---- */

void sis_stgt_binds_read(struct sis_stgt *g, const struct sis_state *state);
void sis_stgt_binds_gone(struct sis_stgt *g, uint32_t tid); /* with the target */
void sis_stgt_binds_free(sis_stgt_binds *l);

/*
 * Sees to it that there are accounts for the target's credentials. One whose secret is another, or
 * not known, is made anew for all targets that have it; `t`, if it is one of them, is left hidden.
 * -EEXIST, with nothing changed, when the account is somebody else's, or a target's that this run
 * is not to change.
 */
int sis_stgt_chap_need(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

/* Are just those accounts bound to the target? */
bool sis_stgt_chap_is_bound(const struct sis_stgt *g, const struct sis_target *t);

/* Binds them, and no others. In between the target has none: nobody may be able to log in. */
int sis_stgt_chap_bind(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

/* Deletes accounts of ours that are bound to no target. */
int sis_stgt_accounts_collect(struct sis_bx *bx, struct sis_err *err);

/* ---- stgt_lun.c: the slots of these names ---- */

int sis_stgt_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		     struct sis_err *err);
int sis_stgt_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		     const struct sis_lun *live, unsigned changed, struct sis_err *err);
int sis_stgt_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		     struct sis_err *err);

/* ---- stgt_beyond.c: the slot `beyond` ---- */

int sis_stgt_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		    struct sis_err *err);

#endif

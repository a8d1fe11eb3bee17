/* SPDX-License-Identifier: MPL-2.0 */
/*
 * IET: targets of the kernel module iscsi_trgt and its daemon ietd. A target can be reached as
 * soon as it is made, so that its access list (iet_allow.h) is written before. Must not take a TID
 * for a target: it may be another one's by now.
 */
#include "backend/iet.h"

#include <inttypes.h>

#include "backend/iet_allow.h"
#include "backend/iet_int.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_TID_TRIES = 16 };

/* ---- live state ---- */

/* Lines that others wrote about a target are theirs: they are no rules of ours. */
static void fill_rules(struct sis_target *t, const sis_iet_allows *allows)
{
	const struct sis_iet_allow *a = sis_iet_allows_find(allows, t->iqn);

	t->shown = !a || !sis_iet_allow_hides(a);
	if (!t->shown)
		return;
	t->known |= SIS_BIT(SIS_FIELD_RULES);
	if (a)
		sis_iet_allow_rules(a, &t->rules);
}

/* Each target is asked by a program of its own. One that is gone meanwhile has nothing to tell. */
static int read_users(struct sis_bx *bx, const sis_strv *scope, struct sis_state *state,
		      struct sis_err *err)
{
	sis_vec_each(t, &state->targets) {
		sis_autoerr struct sis_err e = SIS_ERR_INIT;
		int r = 1;

		if (!scope || sis_strv_has(scope, t->iqn))
			r = sis_iet_chap_read(bx, t->tid, &t->chap, &e);
		if (r == 0)
			t->known |= SIS_BIT(SIS_FIELD_CHAP);
		else if (r < 0 && r != -ENOENT && r != -EPERM)
			return sis_err_move(err, &e);
	}
	return 0;
}

/* Both files list all targets: for them a scope saves nothing. */
static int iet_read(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		    struct sis_err *err)
{
	struct sis_state state = { 0 };
	sis_iet_allows allows = { 0 };
	int r = sis_iet_read_volumes(bx, &state, NULL, err);

	if (r == 0)
		r = sis_iet_read_sessions(bx, &state, err);
	if (r == 0)
		r = read_users(bx, scope, &state, err);
	if (r == 0)
		r = sis_iet_allow_read(bx, &allows, err);
	if (r < 0) {
		sis_state_free(&state);
		return r;
	}
	sis_vec_each(t, &state.targets)
		fill_rules(t, &allows);
	sis_iet_allows_free(&allows);
	*ret = state;
	return 0;
}

/* ---- probe ---- */

static int iet_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_probe p = { .state = SIS_PROBE_RUNNING };
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, &e);

	if (r == -ENOENT) {
		*ret = (struct sis_probe){ .state = SIS_PROBE_ABSENT,
					   .hint = sis_strdup(
						   "install the package iscsitarget; its "
						   "module builds on old kernels "
						   "only") };
		return 0;
	}
	if (r == 0 && !sis_kfs_exists(bx->kfs, "/proc/net/iet/volume"))
		r = sis_err_set(&e, SIS_ERR_NOTARGET,
				"the kernel module iscsi_trgt is not loaded; "
				"start IET: systemctl start iscsitarget");
	else if (r == 0)
		r = sis_iet_adm_ping(&g->adm, bx, &e);
	if (r == -SIS_ERR_NOTARGET) {
		p.state = SIS_PROBE_STOPPED;
		p.hint = sis_strdup(sis_err_msg(&e));
	} else if (r < 0 && r != -EPERM) { /* not for us, but it answers */
		return sis_err_move(err, &e);
	}
	/* Without a version only what every version can do is offered. */
	(void)sis_iet_adm_version(&g->adm, bx, &p.version, NULL);
	sis_backend_later(bx->be, p.version, &bx->caps);
	*ret = p;
	return 0;
}

/* ---- targets ---- */

/*
 * ietd refused to make the target. 1: it is there, with t->tid set; 0: only the TID was taken
 * meanwhile; else the reason in *err, which comes with ietd's own.
 */
static int judge_refusal(struct sis_bx *bx, struct sis_target *t, uint32_t tid, struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autoerr struct sis_err unread = SIS_ERR_INIT;
	const struct sis_target *live;

	if (err->code == SIS_ERR_NOTARGET || sis_iet_read_volumes(bx, &state, NULL, &unread) < 0)
		return -err->code;
	live = sis_state_find(&state, t->iqn);
	if (live && live->luns.n)
		return sis_err_set(err, EEXIST, "target '%s' already exists in IET as TID %" PRIu32,
				   t->iqn, live->tid);
	if (live) {
		t->tid = live->tid;
		return 1;
	}
	sis_vec_each(other, &state.targets)
		if (other->tid == tid)
			return 0;
	if (err->code != EINVAL)
		return -err->code;
	return sis_err_set(err, EEXIST,
			   "ietd has a target '%s' already, in other letters (it "
			   "ignores case), or keeps the name of one that `ietadm --op delete` took "
			   "away with all others: restart ietd then",
			   t->iqn);
}

/*
 * What is needed before there are LUNs. With CHAP nobody may get in before there is a user: a
 * session that began without would get the LUN, too.
 */
static int close_first(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	return t->chap.user ? sis_iet_allow_hide(bx, t->iqn, err) :
			      sis_iet_allow_set(bx, t->iqn, &t->rules, err);
}

static int open_new(struct sis_bx *bx, const struct sis_target *t, bool made, struct sis_err *err)
{
	struct sis_target have = { 0 };
	int r = 0;

	if (!t->chap.user)
		return 0;
	if (!made)
		r = sis_iet_chap_read(bx, t->tid, &have.chap, err);
	if (r == 0)
		r = sis_iet_chap_set(bx, t->tid, &t->chap, &have.chap, err);
	sis_target_free(&have);
	return r < 0 ? r : sis_iet_allow_set(bx, t->iqn, &t->rules, err);
}

/*
 * Also in its access lists ietd ignores case: a line for ours would be in force for a target of others
 * whose name differs in nothing else.
 */
static int check_name(const struct sis_iet *g, const char *iqn, struct sis_err *err)
{
	char **theirs = sis_vec_find(&g->names, &iqn, sis_iet_name_cmp);

	if (!theirs || sis_streq(*theirs, iqn))
		return 0;
	return sis_err_set(err, EEXIST, "ietd has the target '%s', and takes '%s' for the same, as it "
			   "ignores case; give this one another name=", *theirs, iqn);
}

static int make_target(struct sis_bx *bx, struct sis_iet *g, struct sis_target *t,
		       struct sis_err *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < MAX_TID_TRIES; i++) {
		sis_autoerr struct sis_err e = SIS_ERR_INIT;
		uint32_t tid = sis_tids_lowest_free(&g->tids);

		r = sis_iet_target_new(&g->adm, bx, tid, t->iqn, &e);
		if (r == 0) {
			t->tid = tid;
			sis_tids_add(&g->tids, tid);
			return open_new(bx, t, true, err);
		}
		r = judge_refusal(bx, t, tid, &e);
		if (r == 1)
			return open_new(bx, t, false, err);
		if (r < 0)
			return sis_err_move(err, &e);
	}
	return r < 0 ? r :
		       sis_err_set(err, EEXIST,
				   "no TID is left free for '%s': others take "
				   "them as fast as they are found",
				   t->iqn);
}

static int iet_target_add(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0 && !g->was_read)
		r = sis_iet_read_volumes(bx, &state, NULL, err);
	if (r == 0)
		r = check_name(g, t->iqn, err);
	if (r == 0)
		r = close_first(bx, t, err);
	if (r < 0)
		return r;
	r = make_target(bx, g, t, err);
	/* somebody else's, made just now: nobody takes our line away later */
	if (r == -EEXIST)
		(void)sis_iet_allow_remove(bx, t->iqn, NULL);
	return r;
}

static int iet_target_set(struct sis_bx *bx, const struct sis_target *t,
			  const struct sis_target *live, unsigned changed, struct sis_err *err)
{
	const bool chap = changed & SIS_BIT(SIS_FIELD_CHAP);
	bool rules;
	int r = 0;

	/* of a new target they are set before it has LUNs; of a hidden one when it is shown */
	if (!live)
		return 0;
	rules = live->shown && changed & SIS_BIT(SIS_FIELD_RULES);
	/* The one that closes comes first, so that in between nobody gets in who never may. */
	if (chap && t->chap.user)
		r = sis_iet_chap_set(bx, live->tid, &t->chap, &live->chap, err);
	if (r == 0 && rules)
		r = sis_iet_allow_set(bx, t->iqn, &t->rules, err);
	if (r == 0 && chap && !t->chap.user)
		r = sis_iet_chap_set(bx, live->tid, &t->chap, &live->chap, err);
	return r;
}

/* IET has no such step: there is something to do only if it was hidden. */
static int iet_target_show(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	const struct sis_iet_allow *a;
	sis_iet_allows allows = { 0 };
	struct sis_iet *g;
	bool hidden;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = sis_iet_allow_read(bx, &allows, err);
	if (r < 0)
		return r;
	a = sis_iet_allows_find(&allows, t->iqn);
	hidden = (a && sis_iet_allow_hides(a)) || sis_strv_has(&g->hidden, t->iqn);
	sis_iet_allows_free(&allows);
	return hidden ? sis_iet_allow_set(bx, t->iqn, &t->rules, err) : 0;
}

/* Without sessions nobody would notice: the file is left alone. */
static int iet_target_hide(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0 && live->sessions.n)
		r = sis_iet_allow_hide(bx, live->iqn, err);
	if (r == 0 && live->sessions.n)
		sis_strv_add(&g->hidden, live->iqn);
	return r;
}

static const char *const boot_files[] = {
	"/etc/iet/ietd.conf",
	"/etc/ietd.conf",
	NULL,
};

const struct sis_backend sis_backend_iet = {
	.name = "iet",
	.title = "IET (ietd, kernel)",
	.boot_files = boot_files,
	/* which brought block sizes, and shows them */
	.later = { { SIS_CAP_BLOCKSIZE | SIS_CAP_RESIZE, "1.4.20" } },
	.caps = {
		.title = "IET",
		.caps = SIS_CAP_RULE_NAME | SIS_CAP_RULE_WILDCARD | SIS_CAP_RULE_ADDRESS |
			SIS_CAP_RULE_PREFIX | SIS_CAP_RULE_MIXED | SIS_CAP_CHAP |
			SIS_CAP_CHAP_MUTUAL,
		.first_lun = 0,
		.max_lun = 16383,
		.default_blocksize = 512,
		.block_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_BLOCKIO] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_FILEIO] = SIS_TYPE_FILEIO,
			[SIS_TYPE_NULLIO] = SIS_TYPE_NULLIO,
		},
		.file_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_FILEIO,
			[SIS_TYPE_FILEIO] = SIS_TYPE_FILEIO,
			[SIS_TYPE_NULLIO] = SIS_TYPE_NULLIO,
		},
		.iomode = {
			[SIS_IOMODE_NONE] = SIS_IOMODE_WT,
			[SIS_IOMODE_WT] = SIS_IOMODE_WT,
			[SIS_IOMODE_WB] = SIS_IOMODE_WB, /* blockio is wt all the same */
		},
		.max_name = 223,
		.max_serial = 16,
		.max_t10_id = 16,
		.bad_path = ",\n", /* ietd cuts at a comma; a line break would forge its listing */
		.bad_name = "",
		.secret_min = 1,
		.secret_max = 255,
		.user_max = 255,
		.bad_chap = ",", /* ietadm cuts at a comma */
	},
	.probe = iet_probe,
	/* prepare: module and daemon run, nothing else is needed */
	.read = iet_read,
	.target_add = iet_target_add,
	.target_set = iet_target_set,
	.target_show = iet_target_show,
	.target_hide = iet_target_hide,
	.target_del = sis_iet_target_del,
	.lun_add = sis_iet_lun_add,
	.lun_set = sis_iet_lun_set,
	.lun_del = sis_iet_lun_del,
	.session_end = sis_iet_session_end,
	.sessions = sis_iet_sessions,
	.beyond = sis_iet_beyond,
	.done = sis_iet_done,
};

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * STGT: targets of the user-space daemon tgtd. What opens a target is its access rules (a target
 * without any lets nobody in), so that they are always bound last and taken away first.
 * Must not talk to tgtd but through stgt_adm.h.
 */
#include "backend/stgt.h"

#include <inttypes.h>

#include "backend/stgt_int.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_TID_TRIES = 16 };

/* ---- probe ---- */

/* Leaves of the capabilities what this daemon can do. */
static void narrow(struct sis_caps *c, const char *system)
{
	sis_autostrv sis_strv stores = { 0 };

	sis_stgt_parse_stores(system, &stores);
	if (!stores.n)
		return; /* a tgtd that does not tell: it refuses what it has not */
	for (int i = SIS_IOMODE_WT; i < SIS_IOMODE_N; i++) {
		bool sync = c->iomode[i] == SIS_IOMODE_WT;
		const char *store = sync ? "rdwr" : sis_iomode_names[c->iomode[i]];

		if (store && !sis_stgt_has_store(&stores, store, sync ? "sync" : NULL))
			c->iomode[i] = SIS_IOMODE_NONE;
	}
	if (!sis_stgt_has_store(&stores, "ssc", NULL))
		for (int i = 0; i < SIS_TYPE_N; i++) {
			if (c->block_type[i] == SIS_TYPE_TAPE)
				c->block_type[i] = c->file_type[i] = SIS_TYPE_NONE;
		}
	if (!sis_stgt_has_store(&stores, "sg", NULL))
		c->block_type[SIS_TYPE_PT] = SIS_TYPE_NONE;
}

static int stgt_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err)
{
	const struct sis_stgt_req show = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_SYSTEM };
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	sis_autofree char *system = NULL;
	struct sis_probe p = { .state = SIS_PROBE_RUNNING };
	struct sis_stgt *g;
	uint32_t version;
	int r = sis_stgt_of(bx, &g, &e);

	r = r < 0 ? r : sis_stgt_call(&g->adm, bx, &show, &system, &e);
	if (r == -ENOENT || (r == -SIS_ERR_NOTARGET && !g->adm.program)) {
		*ret = (struct sis_probe){ .state = SIS_PROBE_ABSENT,
					   .hint = sis_strdup("install the package tgt (Debian) or "
							      "scsi-target-utils (Red Hat)") };
		return 0;
	}
	if (r == -SIS_ERR_NOTARGET) {
		p.state = SIS_PROBE_STOPPED;
		p.hint = sis_asprintf("%s; start it: systemctl start tgt (Debian) or tgtd "
				      "(Red Hat)",
				      sis_err_msg(&e));
	} else if (r == -ENODEV) {
		p.state = SIS_PROBE_STOPPED;
		p.hint = sis_strdup("tgtd runs without its iscsi driver; start it: "
				    "tgtadm --lld iscsi --op start --mode lld");
	} else if (r < 0) {
		return sis_err_move(err, &e);
	}
	/* Without a version only what every version can do is offered. */
	(void)sis_stgt_adm_version(&g->adm, bx, r == 0, &p.version, NULL);
	version = p.version ? sis_stgt_version(p.version) : 0;
	sis_stgt_adm_version_is(&g->adm, version);
	if (r == 0) {
		sis_backend_later(bx->be, p.version, &bx->caps);
		narrow(&bx->caps, system);
	}
	*ret = p;
	return 0;
}

/* ---- targets ---- */

/*
 * tgtd says "exists" of a TID and of a name alike. Reads what there is: 1 with t->tid set when the
 * target is there and as empty as a new one, 0 when only the TID was taken meanwhile.
 */
static int adopt(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	const struct sis_target *live;
	int r = sis_stgt_read_bare(bx, &state, err);

	if (r < 0)
		return r;
	live = sis_state_find(&state, t->iqn);
	if (!live)
		return 0;
	if (live->luns.n || live->sessions.n || live->chap.user || live->chap.mutual_user ||
	    live->known & SIS_BIT(SIS_FIELD_RULES))
		return sis_err_set(err, EEXIST,
				   "target '%s' already exists in tgtd as TID "
				   "%" PRIu32,
				   t->iqn, live->tid);
	t->tid = live->tid;
	return 1;
}

/*
 * A login that is not finished holds the bare TID of its target, without a limit of time, and gets
 * into whichever target has it by then, past rules and CHAP. So a TID is not given again.
 */
static uint32_t next_tid(const struct sis_bx *bx, const struct sis_stgt *g)
{
	const struct sis_retired *old = bx->retired;
	uint32_t tid = sis_tids_free_above(&g->tids, old ? old->highest(old->ctx) : 0);

	return tid ? tid : sis_tids_lowest_free(&g->tids);
}

/* With all that follow it without a gap, as these go next when all go: that is one note for all. */
static void retire_tid(const struct sis_bx *bx, const struct sis_stgt *g, uint32_t tid)
{
	uint32_t next = sis_tids_free_above(&g->tids, tid);

	if (bx->retired)
		bx->retired->note(bx->retired->ctx, next ? next - 1 : INT32_MAX);
}

static int stgt_target_add(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	struct sis_stgt_req q = { .op = SIS_STGT_NEW,
				  .mode = SIS_STGT_TARGET,
				  .targetname = t->iqn };
	sis_autostate struct sis_state state = { 0 };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_rules_check(&t->rules, err);
	if (r == 0 && !g->was_read)
		r = sis_stgt_read_bare(bx, &state, err);
	for (int i = 0; r == 0 && i < MAX_TID_TRIES; i++) {
		sis_autoerr struct sis_err e = SIS_ERR_INIT;

		q.tid = next_tid(bx, g);
		r = sis_stgt_request(bx, &q, &e);
		if (r == 0) {
			t->tid = q.tid;
			sis_tids_add(&g->tids, q.tid);
			return 0;
		}
		r = r == -EEXIST ? adopt(bx, t, err) : sis_err_move(err, &e);
		if (r == 1)
			return 0;
	}
	return r < 0 ? r :
		       sis_err_set(err, EEXIST,
				   "no TID is left free for '%s': others take "
				   "them as fast as they are found",
				   t->iqn);
}

static int stgt_target_hide(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	const sis_rules have = sis_stgt_rules_of(&live->rules), none = { 0 };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_rules_unbind(bx, live->tid, &have, &none, err);
	if (r == 0)
		sis_tids_add(&g->hidden, live->tid);
	return r;
}

static int show_rules(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	const sis_rules want = sis_stgt_rules_of(&t->rules), none = { 0 };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_rules_check(&t->rules, err);
	if (r == 0)
		r = sis_stgt_rules_bind(bx, t->tid, &want, &none, err);
	if (r == 0) {
		sis_tids_remove(&g->hidden, t->tid);
		sis_tids_add(&g->reachable, t->tid);
	}
	return r;
}

/* First in, then out: whoever may stay is never shut out. */
static int change_rules(struct sis_bx *bx, const struct sis_target *t,
			const struct sis_target *live, struct sis_err *err)
{
	const sis_rules want = sis_stgt_rules_of(&t->rules), have = sis_stgt_rules_of(&live->rules);
	int r = sis_stgt_rules_bind(bx, live->tid, &want, &have, err);

	return r < 0 ? r : sis_stgt_rules_unbind(bx, live->tid, &have, &want, err);
}

/*
 * An open target (`live`) is left hidden where it would otherwise let somebody in who may neither
 * before nor afterwards: without CHAP, or by other rules than those that go with it.
 */
static int set_chap(struct sis_bx *bx, const struct sis_target *t, const struct sis_target *live,
		    bool rules, struct sis_err *err)
{
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_chap_need(bx, t, err);
	if (r < 0)
		return r;
	if (live && !sis_tids_has(&g->hidden, live->tid) &&
	    (rules || (t->chap.user && !sis_stgt_chap_is_bound(g, t))))
		r = stgt_target_hide(bx, live, err);
	return r < 0 ? r : sis_stgt_chap_bind(bx, t, err);
}

static int stgt_target_set(struct sis_bx *bx, const struct sis_target *t,
			   const struct sis_target *live, unsigned changed, struct sis_err *err)
{
	struct sis_stgt *g;
	bool open, rules;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_rules_check(&t->rules, err);
	if (r < 0)
		return r;
	/* The rules of a hidden target are what shows it: they come with target_show. */
	open = live && live->known & SIS_BIT(SIS_FIELD_RULES) && !sis_tids_has(&g->hidden, live->tid);
	rules = open && changed & SIS_BIT(SIS_FIELD_RULES);
	if (changed & SIS_BIT(SIS_FIELD_CHAP))
		r = set_chap(bx, t, open ? live : NULL, rules, err);
	if (r < 0 || !open)
		return r;
	if (sis_tids_has(&g->hidden, live->tid))
		return show_rules(bx, t, err);
	return rules ? change_rules(bx, t, live, err) : 0;
}

static int stgt_target_show(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	const struct sis_stgt_req ready = { .op = SIS_STGT_UPDATE,
					    .mode = SIS_STGT_TARGET,
					    .tid = t->tid,
					    .name = "state",
					    .value = "ready" };
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r < 0)
		return r;
	r = show_rules(bx, t, err);
	if (r == 0 && sis_tids_has(&g->offline, t->tid))
		r = sis_stgt_request(bx, &ready, err);
	return r;
}

static int stgt_session_end(struct sis_bx *bx, const struct sis_target *live,
			    const struct sis_session *s, struct sis_err *err)
{
	struct sis_stgt_req q = { .op = SIS_STGT_DELETE, .mode = SIS_STGT_CONN, .tid = live->tid };
	int r = sis_session_numbers(s, bx->be->caps.title, &q.sid, &q.cid, err);

	return r < 0 ? r : sis_stgt_request_or(bx, &q, ENOENT, err);
}

/* Ends the sessions of a target as tgtd has them now. */
static int sessions_end_now(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	sis_autosessions sis_sessions now = { 0 };
	int r = sis_stgt_sessions(bx, live, &now, err);

	for (size_t i = 0; r == 0 && i < now.n; i++)
		if (now.v[i].id)
			r = stgt_session_end(bx, live, &now.v[i], err);
	return r;
}

static int stgt_target_del(struct sis_bx *bx, const struct sis_target *live, bool force,
			   struct sis_err *err)
{
	const struct sis_stgt_req q = { .op = SIS_STGT_DELETE,
					.mode = SIS_STGT_TARGET,
					.tid = live->tid };
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r < 0)
		return r;
	if (!live->tid) /* it never came to be, or is no more; but what it needed may be there */
		return sis_stgt_accounts_collect(bx, err);
	if (live->sessions.n && !force)
		return sis_err_set(err, SIS_ERR_INUSE, "target '%s' has %zu session%s", live->iqn,
				   live->sessions.n, live->sessions.n == 1 ? "" : "s");
	/* Whoever is thrown out must not come back in. */
	if (live->sessions.n)
		r = stgt_target_hide(bx, live, err);
	for (size_t i = 0; r == 0 && i < live->sessions.n; i++)
		r = stgt_session_end(bx, live, &live->sessions.v[i], err);
	if (r < 0)
		return r;
	retire_tid(bx, g, live->tid);
	r = sis_stgt_request_or(bx, &q, ENOENT, &e);
	if (r == -EBUSY) { /* a session that is ending, or one that came since it was read */
		r = force ? sessions_end_now(bx, live, &e) : 0;
		r = r < 0 ? r : sis_stgt_request_delete(bx, &q, &e);
	}
	if (r == -EBUSY)
		return sis_err_set(err, SIS_ERR_INUSE, "target '%s' still has sessions", live->iqn);
	if (r < 0)
		return sis_err_move(err, &e);
	sis_tids_remove(&g->tids, live->tid);
	sis_tids_remove(&g->offline, live->tid);
	sis_tids_remove(&g->reachable, live->tid);
	sis_tids_remove(&g->hidden, live->tid);
	sis_stgt_binds_gone(g, live->tid);
	/* Not before: an account that goes opens the target. */
	return sis_stgt_accounts_collect(bx, err);
}

static const char *const boot_files[] = {
	"/etc/tgt/targets.conf",
	"/etc/tgt/conf.d/",
	NULL,
};

const struct sis_backend sis_backend_stgt = {
	.name = "stgt",
	.title = "STGT (tgtd, user space)",
	.boot_files = boot_files,
	.later = {
		/* names and addresses: either lets in */
		{ SIS_CAP_RULE_NAME | SIS_CAP_RULE_MIXED, "1.0.83" },
		{ SIS_CAP_UNMAP, "1.0.90" }, /* it reaches a block device */
	},
	.caps = {
		.title = "STGT",
		.caps = SIS_CAP_NAA | SIS_CAP_BLOCKSIZE | SIS_CAP_RULE_ADDRESS | SIS_CAP_RULE_PREFIX |
			SIS_CAP_RESIZE | SIS_CAP_CHAP | SIS_CAP_CHAP_MUTUAL |
			SIS_CAP_CHAP_ACCOUNTS,
		.first_lun = 1, /* LUN 0 is tgtd's controller */
		.max_lun = 16383, /* what REPORT LUNS of tgtd can encode */
		.default_blocksize = 512,
		.block_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_DISK,
			[SIS_TYPE_TAPE] = SIS_TYPE_TAPE,
			[SIS_TYPE_SSC] = SIS_TYPE_TAPE,
			[SIS_TYPE_PT] = SIS_TYPE_PT,
		},
		.file_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_DISK,
			[SIS_TYPE_TAPE] = SIS_TYPE_TAPE,
			[SIS_TYPE_SSC] = SIS_TYPE_TAPE,
		},
		.iomode = {
			[SIS_IOMODE_NONE] = SIS_IOMODE_RDWR,
			[SIS_IOMODE_WT] = SIS_IOMODE_WT, /* rdwr, opened O_SYNC */
			[SIS_IOMODE_WB] = SIS_IOMODE_RDWR,
			[SIS_IOMODE_RDWR] = SIS_IOMODE_RDWR,
			[SIS_IOMODE_AIO] = SIS_IOMODE_AIO,
			[SIS_IOMODE_MMAP] = SIS_IOMODE_MMAP,
			[SIS_IOMODE_SG] = SIS_IOMODE_SG,
			[SIS_IOMODE_SSC] = SIS_IOMODE_SSC,
		},
		.max_name = 223,
		.max_serial = 36,
		.max_t10_id = 36,
		.bad_path = ",\n", /* tgtd cuts at a comma; a line break would forge its listing */
		.bad_name = "",
		.secret_min = 1,
		.secret_max = 255,
		.user_max = 255,
		.bad_chap = ",", /* tgtd cuts at a comma */
	},
	.probe = stgt_probe,
	/* prepare: the daemon runs, nothing else is needed */
	.read = sis_stgt_read,
	.read_ahead = sis_stgt_read_ahead,
	.target_add = stgt_target_add,
	.target_set = stgt_target_set,
	.target_show = stgt_target_show,
	.target_hide = stgt_target_hide,
	.target_del = stgt_target_del,
	.lun_add = sis_stgt_lun_add,
	.lun_set = sis_stgt_lun_set,
	.lun_del = sis_stgt_lun_del,
	.session_end = stgt_session_end,
	.sessions = sis_stgt_sessions,
	.beyond = sis_stgt_beyond,
	.lun_size = sis_stgt_lun_size,
	.daemon = sis_stgt_daemon,
	.done = sis_stgt_done,
};

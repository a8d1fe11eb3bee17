/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST (generic SCSI target subsystem, kernel and iscsi-scstd) through its sysfs tree: its targets
 * and their sessions, in an order that never opens more than was asked for. Must not decide, and
 * leaves targets, devices and groups of others alone.
 */
#include "backend/scst.h"

#include <string.h>

#include "backend/scst_access.h"
#include "backend/scst_auth.h"
#include "backend/scst_beyond.h"
#include "backend/scst_dev.h"
#include "backend/scst_int.h"
#include "backend/scst_mgmt.h"
#include "backend/scst_tree.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_IQN = 223, MAX_SERIAL = 20, MAX_T10_ID = 25 };

/* ---- read ---- */

/* Targets are the directories of the driver that have a tid. */
static int all_targets(struct sis_bx *bx, sis_strv *ret, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_kfs_list(bx->kfs, &names, err, SIS_SCST_ISCSI);
	if (r < 0)
		return r;
	sis_vec_each(name, &names) {
		if (sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI "/%s/tid", *name))
			sis_strv_add(ret, *name);
	}
	return 0;
}

static int scst_read(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		     struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autostrv sis_strv all = { 0 };
	int r = 0;

	if (!scope)
		r = all_targets(bx, &all, err);
	if (r < 0)
		return r;
	sis_vec_each(iqn, scope ? scope : &all) {
		struct sis_target t;

		r = sis_scst_read_target(bx, *iqn, &t, err);
		if (r == 0)
			sis_vec_push(&state.targets, t);
		else if (r != -ENOENT)
			return sis_err_wrap(err, "target '%s'", *iqn);
		sis_err_clear(err);
	}
	sis_state_sort(&state);
	*ret = state;
	state = (struct sis_state){ 0 };
	return 0;
}

/* ---- targets ---- */

static int scst_target_add(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *proof = sis_asprintf(SIS_SCST_ISCSI "/%s", t->iqn);
	sis_autofree char *command = sis_asprintf("add_target %s", t->iqn);
	sis_autofree char *tid = NULL;
	uint64_t n;
	int r;

	r = sis_scst_check_word(t->iqn, "the target name", err);
	if (r < 0)
		return r;
	if (strchr(t->iqn, '/') || strlen(t->iqn) > MAX_IQN)
		return sis_err_set(err, EINVAL, "SCST cannot have the target name '%s'", t->iqn);
	if (!t->tid && sis_kfs_exists(bx->kfs, "%s", proof))
		return sis_err_set(err, EEXIST, "target '%s' was made by something else just now",
				   t->iqn);
	r = sis_scst_make(bx, SIS_SCST_ISCSI_MGMT, command, proof, err);
	if (r == -EPERM)
		return sis_err_set(err, EPERM,
				   "SCST's daemon iscsi-scstd does not run: start it with "
				   "`systemctl start scst`");
	if (r == 0 && t->rules.n)
		r = sis_scst_groups_make(bx, t->iqn, err);
	if (r < 0 || bx->dry)
		return r;
	r = sis_scst_read_line(bx, &tid, err, "%s/tid", proof);
	if (r < 0)
		return r;
	if (sis_parse_u64(tid, 0, UINT32_MAX, &n) < 0)
		return sis_err_set(err, EPROTO, "'%s/tid' reads '%s', not a number", proof, tid);
	t->tid = (uint32_t)n;
	return 0;
}

static int set_access(struct sis_bx *bx, const struct sis_target *t, unsigned fields,
		      struct sis_err *err)
{
	int r = 0;

	if (fields & SIS_BIT(SIS_FIELD_CHAP))
		r = sis_scst_set_chap(bx, t, err);
	if (r == 0 && fields & SIS_BIT(SIS_FIELD_RULES))
		r = sis_scst_set_rules(bx, t, err);
	if (r == 0 && fields & SIS_BIT(SIS_FIELD_PORTALS))
		r = sis_scst_set_portals(bx, t, err);
	return r;
}

static int scst_target_set(struct sis_bx *bx, const struct sis_target *t,
			   const struct sis_target *live, unsigned changed, struct sis_err *err)
{
	int r;

	(void)live; /* the tree is looked at again: it is the one to be made right */
	r = set_access(bx, t, changed & sis_target_closing(t), err);
	return r < 0 ? r : set_access(bx, t, changed & ~sis_target_closing(t), err);
}

static int scst_target_show(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	int r;

	r = sis_scst_set(bx, "1", err, SIS_SCST_ISCSI "/%s/enabled", t->iqn);
	/* the driver's own switch: while it is off, logins to any target hang */
	return r < 0 ? r : sis_scst_set(bx, "1", err, SIS_SCST_ISCSI "/enabled");
}

static int scst_target_hide(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	int r;

	r = sis_scst_set(bx, "0", err, SIS_SCST_ISCSI "/%s/enabled", live->iqn);
	if (r == -ENOENT && !sis_scst_exists(bx, SIS_SCST_ISCSI "/%s", live->iqn)) {
		sis_err_clear(err);
		return 0;
	}
	return r;
}

/* ---- sessions ---- */

struct closing {
	struct sis_bx *bx;
	const char *dir; /* of the session */
	const char *sid;
};

/* Gone, or its name went to a new session of the same initiator. */
static int session_gone(void *ctx)
{
	const struct closing *c = ctx;
	sis_autofree char *sid = NULL;

	return sis_scst_read_line(c->bx, &sid, NULL, "%s/sid", c->dir) == -ENOENT ||
	       (sid && !sis_streq(sid, c->sid));
}

static int scst_session_end(struct sis_bx *bx, const struct sis_target *live,
			    const struct sis_session *s, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_SCST_ISCSI "/%s/sessions/%s", live->iqn, s->id);
	sis_autofree char *sid = NULL;
	struct closing c = { .bx = bx, .dir = dir };
	int r;

	r = sis_scst_read_line(bx, &sid, err, "%s/sid", dir);
	if (r == 0)
		r = sis_scst_poke(bx, "1", err, "%s/force_close", dir);
	if (r == -ENOENT) {
		sis_err_clear(err);
		return 0;
	}
	if (r < 0 || bx->dry)
		return r;
	c.sid = sid;
	if (!sis_wait_until(session_gone, &c, SIS_SCST_SETTLE_MS))
		return sis_err_set(err, EBUSY, "the session of '%s' does not end", s->initiator);
	return 0;
}

static int scst_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
			 struct sis_err *err)
{
	return sis_scst_sessions(bx, live->iqn, ret, err);
}

static int sessions_end(struct sis_bx *bx, const struct sis_target *live, bool force,
			struct sis_err *err)
{
	sis_autosessions sis_sessions now = { 0 };
	int r;

	r = sis_scst_sessions(bx, live->iqn, &now, err);
	if (r == 0 && now.n && !force)
		r = sis_err_set(err, SIS_ERR_INUSE, "%zu initiators are logged in to '%s'", now.n,
				live->iqn);
	for (size_t i = 0; r == 0 && i < now.n; i++)
		r = scst_session_end(bx, live, &now.v[i], err);
	return r;
}

/* ---- target_del ---- */

struct removal {
	struct sis_bx *bx;
	const char *iqn, *command, *proof;
	int r;
	struct sis_err *err;
};

/* A session that was closed may need a moment more until the target is free. */
static int removal_ready(void *ctx)
{
	struct removal *d = ctx;

	d->r = sis_scst_unmake(d->bx, SIS_SCST_ISCSI_MGMT, d->command, d->proof, d->err);
	return d->r != -EBUSY;
}

static int remove_target(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	sis_autofree char *command = sis_asprintf("del_target %s", iqn);
	sis_autofree char *proof = sis_asprintf(SIS_SCST_ISCSI "/%s", iqn);
	struct removal d = { .bx = bx, .iqn = iqn, .command = command, .proof = proof, .err = err };

	if (!sis_wait_until(removal_ready, &d, SIS_SCST_SETTLE_MS))
		return sis_err_set(err, EBUSY, "target '%s' still has sessions", iqn);
	return d.r;
}

/* Devices of ours in LUNs that read() does not tell: half added ones. */
static int drop_hidden_luns(struct sis_bx *bx, const char *iqn, struct sis_err *err)
{
	int r = 0;

	for (int set = 0; set < SIS_SCST_SET_N; set++) {
		sis_scst_numbers numbers = { 0 };

		r = sis_scst_set_luns(bx, iqn, (enum sis_scst_set)set, &numbers, err);
		for (size_t i = 0; r == 0 && i < numbers.n; i++) {
			sis_autofree char *device = NULL;

			if (sis_scst_set_device(bx, iqn, (enum sis_scst_set)set, numbers.v[i],
						&device, NULL) == 0 &&
			    sis_scst_device_ours(device))
				r = sis_scst_device_del(bx, device, err);
		}
		sis_vec_free(&numbers);
		if (r < 0)
			break;
	}
	return r;
}

static int scst_target_del(struct sis_bx *bx, const struct sis_target *live, bool force,
			   struct sis_err *err)
{
	const bool there = sis_scst_exists(bx, SIS_SCST_ISCSI "/%s", live->iqn);
	int r;

	r = there ? scst_target_hide(bx, live, err) : 0;
	if (r == 0)
		r = sessions_end(bx, live, force, err);
	if (r == 0)
		r = drop_hidden_luns(bx, live->iqn, err);
	/* a target of ours without LUNs: a crash, which may have left the device as well */
	if (r == 0 && !live->luns.n)
		r = sis_scst_device_sweep(bx, err);
	return r < 0 ? r : remove_target(bx, live->iqn, err);
}

static const char *const boot_files[] = {
	"/etc/scst.conf",
	NULL,
};

const struct sis_backend sis_backend_scst = {
	.name = "scst",
	.title = "SCST (kernel, sysfs)",
	.boot_files = boot_files,
	/* for people: probe() looks at what is there, not at the version */
	.later = { { SIS_CAP_NAA, "3.0" } },
	.caps = {
		.title = "SCST",
		.caps = SIS_CAP_UNMAP | SIS_CAP_NAA | SIS_CAP_BLOCKSIZE | SIS_CAP_RULE_NAME | SIS_CAP_RULE_WILDCARD |
			SIS_CAP_RULE_RO | SIS_CAP_PORTAL | SIS_CAP_CHAP | SIS_CAP_CHAP_MUTUAL |
			SIS_CAP_RESIZE,
		.first_lun = 0,
		.max_lun = SIS_SCST_MAX_LUN,
		.default_blocksize = 0,
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
		/*
		 * The default is SCST's own: a write cache that initiators are told of and whose
		 * flushes reach the volume, so nothing that was acknowledged as stable is lost.
		 * `wt` asks for more (write_through: every write is flushed); nv_cache, which
		 * ignores flushes, is never used.
		 */
		.iomode = {
			[SIS_IOMODE_NONE] = SIS_IOMODE_WB,
			[SIS_IOMODE_WT] = SIS_IOMODE_WT,
			[SIS_IOMODE_WB] = SIS_IOMODE_WB,
		},
		.max_name = MAX_IQN,
		.max_serial = MAX_SERIAL,
		.max_t10_id = MAX_T10_ID,
		.bad_path = SIS_SCST_BAD_BYTES "\t\n\v\f\r",
		.secret_min = SIS_SCST_SECRET_MIN,
		.secret_max = SIS_SCST_SECRET_MAX,
		.user_max = SIS_SCST_USER_MAX,
		.bad_chap = SIS_SCST_BAD_BYTES,
	},
	.probe = sis_scst_probe,
	.prepare = sis_scst_prepare,
	.read = scst_read,
	.target_add = scst_target_add,
	.target_set = scst_target_set,
	.target_show = scst_target_show,
	.target_hide = scst_target_hide,
	.target_del = scst_target_del,
	.lun_add = sis_scst_lun_add,
	.lun_set = sis_scst_lun_set,
	.lun_del = sis_scst_lun_del,
	.session_end = scst_session_end,
	.sessions = scst_sessions,
	.beyond = sis_scst_beyond,
	.done = sis_scst_done,
};

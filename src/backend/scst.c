/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST (generic SCSI target subsystem, kernel and iscsi-scstd) through its sysfs tree. Obeys:
 * targets, LUN sets and access groups in an order that never opens more than was asked for. Must
 * not decide, and leaves targets, devices and groups of others alone.
 */
#include "backend/scst.h"

#include <string.h>

#include "backend/scst_access.h"
#include "backend/scst_beyond.h"
#include "backend/scst_auth.h"
#include "backend/scst_dev.h"
#include "backend/scst_mgmt.h"
#include "backend/scst_tree.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { MAX_IQN = 223, MAX_LUN = 16383, MAX_SERIAL = 20, MAX_T10_ID = 25 };

/* ---- probe ---- */

static int stopped(struct sis_probe *p, const char *hint)
{
	p->state = SIS_PROBE_STOPPED;
	p->hint = sis_strdup(hint);
	return 0;
}

static bool reads(struct sis_bx *bx, const char *path, const char *value)
{
	sis_autofree char *line = NULL;

	return sis_scst_read_line(bx, &line, NULL, "%s", path) == 0 && sis_streq(line, value);
}

/* `cat mgmt` lists what this version can do. Also true when the list cannot be read. */
static bool offers(struct sis_bx *bx, const char *mgmt, const char *word)
{
	sis_autofree char *help = NULL;

	return sis_kfs_read(bx->kfs, &help, NULL, NULL, "%s", mgmt) < 0 || strstr(help, word);
}

static void withdraw_type(struct sis_caps *c, enum sis_type type)
{
	for (int i = 0; i < SIS_TYPE_N; i++) {
		if (c->block_type[i] == type)
			c->block_type[i] = SIS_TYPE_NONE;
		if (c->file_type[i] == type)
			c->file_type[i] = SIS_TYPE_NONE;
	}
}

static void narrow(struct sis_bx *bx)
{
	struct sis_caps *c = &bx->caps;

	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_fileio"))
		withdraw_type(c, SIS_TYPE_FILEIO);
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_nullio"))
		withdraw_type(c, SIS_TYPE_NULLIO);
	if (!offers(bx, SIS_SCST "/handlers/vdisk_blockio/mgmt", "write_through"))
		c->iomode[SIS_IOMODE_WT] = SIS_IOMODE_NONE;
	if (!offers(bx, SIS_SCST "/handlers/vdisk_fileio/mgmt", "thin_provisioned"))
		c->caps &= ~(unsigned)SIS_CAP_UNMAP;
	if (!offers(bx, SIS_SCST_ISCSI_MGMT, "allowed_portal"))
		c->caps &= ~(unsigned)SIS_CAP_PORTAL;
}

/* First line "SCST version: 3.11.0-pre"; old ones have the number alone. */
static char *version(struct sis_bx *bx)
{
	sis_autofree char *line = NULL;
	const char *number;

	if (sis_scst_read_line(bx, &line, NULL, SIS_SCST "/version") < 0)
		return NULL;
	number = sis_str_after(line, "SCST version: ");
	return sis_strdup(number ? number : line);
}

static bool installed(struct sis_bx *bx)
{
	sis_autofree char *daemon = NULL;

	return sis_backend_program(bx->root, "iscsi-scstd", &daemon, NULL) == 0;
}

static int scst_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err)
{
	(void)err;
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers")) {
		if (installed(bx))
			return stopped(ret, "start it with `systemctl start scst`");
		ret->state = SIS_PROBE_ABSENT;
		ret->hint = sis_strdup("install SCST (modules scst, scst_vdisk and iscsi_scst, and "
				       "iscsi-scstd)");
		return 0;
	}
	ret->version = version(bx);
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_blockio"))
		return stopped(ret, "load its disk handlers with `modprobe scst_vdisk`");
	if (!sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI))
		return stopped(ret, "load its iSCSI driver with `modprobe iscsi_scst`, then "
				    "`systemctl start scst`");
	/* `enabled` is only there while the daemon is connected */
	if (!reads(bx, SIS_SCST_ISCSI "/open_state", "open") ||
	    !sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI "/enabled"))
		return stopped(ret, "its daemon iscsi-scstd does not run: `systemctl start scst`");
	ret->state = SIS_PROBE_RUNNING;
	narrow(bx);
	return 0;
}

/* Without its directory of reservations SCST answers every add_device with ENOENT. */
static int scst_prepare(struct sis_bx *bx, struct sis_err *err)
{
	static const char *const dirs[] = { "/var", "/var/lib", "/var/lib/scst", SIS_SCST_PR };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int r = 0;

		if (!sis_kfs_exists(bx->kfs, "%s", dirs[i]))
			r = sis_kfs_mkdir(bx->kfs, err, "%s", dirs[i]);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

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

static int scst_target_set(struct sis_bx *bx, const struct sis_target *t,
			   const struct sis_target *live, unsigned changed, struct sis_err *err)
{
	int r = 0;

	(void)live; /* the tree is looked at again: it is the one to be made right */
	if (changed & SIS_BIT(SIS_FIELD_PORTALS))
		r = sis_scst_set_portals(bx, t, err);
	if (r == 0 && changed & SIS_BIT(SIS_FIELD_CHAP))
		r = sis_scst_set_chap(bx, t, err);
	if (r == 0 && changed & SIS_BIT(SIS_FIELD_RULES))
		r = sis_scst_set_rules(bx, t, err);
	return r;
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

static int sessions_end(struct sis_bx *bx, const char *iqn, bool force, struct sis_err *err)
{
	struct sis_target t = { .iqn = sis_strdup(iqn) };
	int r;

	r = sis_scst_sessions(bx, iqn, &t.sessions, err);
	if (r == 0 && t.sessions.n && !force)
		r = sis_err_set(err, SIS_ERR_INUSE, "%zu initiators are logged in to '%s'",
				t.sessions.n, iqn);
	for (size_t i = 0; r == 0 && i < t.sessions.n; i++)
		r = scst_session_end(bx, &t, &t.sessions.v[i], err);
	sis_target_free(&t);
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
	int r;

	r = scst_target_hide(bx, live, err);
	if (r == 0)
		r = sessions_end(bx, live->iqn, force, err);
	if (r == 0)
		r = drop_hidden_luns(bx, live->iqn, err);
	/* a target of ours without LUNs: a crash, which may have left the device as well */
	if (r == 0 && !live->luns.n)
		r = sis_scst_device_sweep(bx, err);
	return r < 0 ? r : remove_target(bx, live->iqn, err);
}

/* ---- LUNs ---- */

/* Is the device what lun_add would make, apart from what it can set in place? */
static bool suits(const struct sis_lun *want, const struct sis_lun *live)
{
	const unsigned in_place = SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_T10_ID) |
				  SIS_BIT(SIS_FIELD_NAA) | SIS_BIT(SIS_FIELD_PRODUCT) |
				  SIS_BIT(SIS_FIELD_SIZE);
	/* a path goes stale when its volume is renamed */
	bool same = sis_streq(want->path, live->path) || sis_streq_null(want->serial, live->serial);

	return same && !(sis_lun_diff(want, live) & ~in_place);
}

/*
 * The device that LUN `l->number` has already: *ret, or NULL when there is none. One that is not
 * as wanted is an error, unless it is one of ours half added: in the read-only group alone.
 */
static int find_device(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		       char **ret, struct sis_err *err)
{
	sis_autofree char *name = NULL;
	struct sis_lun live = { 0 };
	enum sis_scst_set set;
	bool good;
	int r;

	r = sis_scst_lun_device(bx, t->iqn, l->number, &name, &set, err);
	if (r == 0)
		r = sis_scst_device_read(bx, name, &live, err);
	if (r == -ENOENT) {
		sis_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	good = suits(l, &live);
	sis_lun_free(&live);
	if (good) {
		*ret = sis_steal(&name);
		return 0;
	}
	if (set == SIS_SCST_RO && sis_scst_device_ours(name))
		return sis_scst_device_del(bx, name, err);
	return sis_err_set(err, EEXIST, "LUN %u of '%s' belongs to device '%s'", l->number, t->iqn,
			   name);
}

static int scst_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
			struct sis_err *err)
{
	sis_autofree char *device = NULL;
	bool made;
	int r;

	if (l->number > MAX_LUN)
		return sis_err_set(err, EINVAL, "SCST cannot have LUN %u", l->number);
	r = find_device(bx, t, l, &device, err);
	if (r < 0)
		return r;
	made = !device;
	if (made)
		r = sis_scst_device_add(bx, l, &device, err);
	else
		r = sis_scst_device_set_ids(bx, device, l, err);
	if (r < 0)
		return r;
	r = sis_scst_place(bx, t, l->number, device, err);
	if (r < 0) {
		/* a device without LUN would be seen by no read */
		if (made)
			(void)sis_scst_device_del(bx, device, NULL);
		return r;
	}
	free(l->handle);
	l->handle = sis_steal(&device);
	return 0;
}

static int scst_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
			const struct sis_lun *live, unsigned changed, struct sis_err *err)
{
	const unsigned ids =
		SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_T10_ID) | SIS_BIT(SIS_FIELD_NAA);
	sis_autofree char *device = NULL;
	int r;

	(void)live; /* its handle may be out of date */
	if (changed & ~(ids | SIS_BIT(SIS_FIELD_SIZE)))
		return sis_err_set(err, ENOTSUP,
				   "SCST can change only size and identifiers of LUN %u "
				   "in place",
				   l->number);
	r = sis_scst_lun_device(bx, t->iqn, l->number, &device, NULL, err);
	if (r == 0 && changed & ids)
		r = sis_scst_device_set_ids(bx, device, l, err);
	if (r == 0 && changed & SIS_BIT(SIS_FIELD_SIZE))
		r = sis_scst_poke(bx, "1", err, SIS_SCST_DEVICES "/%s/resync_size", device);
	return r;
}

/*
 * One command, del_device, takes the LUNs out of all sets and closes the volume: nothing can come
 * between, where "del LUN" first would leave a device that no target tells about.
 */
static int scst_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
			struct sis_err *err)
{
	sis_autofree char *device = sis_strdup_null(l->handle);
	sis_autofree char *user = NULL;
	int r;

	if (!device) {
		r = sis_scst_lun_device(bx, live->iqn, l->number, &device, NULL, err);
		if (r == -ENOENT)
			sis_err_clear(err);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
	}
	r = sis_scst_check_word(device, "the device", err);
	if (r < 0)
		return r;
	user = sis_scst_device_user(bx, device, live->iqn);
	if (user)
		return sis_err_set(err, EBUSY,
				   "SCST's device '%s' (%s) is also exported as '%s': "
				   "remove it there first",
				   device, l->path, user);
	return sis_scst_device_del(bx, device, err);
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
		.max_lun = MAX_LUN,
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
	.probe = scst_probe,
	.prepare = scst_prepare,
	.read = scst_read,
	.target_add = scst_target_add,
	.target_set = scst_target_set,
	.target_show = scst_target_show,
	.target_hide = scst_target_hide,
	.target_del = scst_target_del,
	.lun_add = scst_lun_add,
	.lun_set = scst_lun_set,
	.lun_del = scst_lun_del,
	.session_end = scst_session_end,
	.beyond = sis_scst_beyond,
	.done = sis_scst_done,
};

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LIO, the target in the Linux kernel, in plain file operations below /sys/kernel/config/target.
 * Objects of other tools are never touched; every object made here is below a target of its own
 * or in an HBA of its own.
 *
 * A LUN folder is the first thing made and the last removed of a LUN, so that what a crash leaves
 * is always found: a LUN folder without link, and the backing object whose HBA number follows from
 * target and LUN.
 */
#include "backend/lio.h"

#include <inttypes.h>

#include "backend/lio_access.h"
#include "backend/lio_acl.h"
#include "backend/lio_auth.h"
#include "backend/lio_beyond.h"
#include "backend/lio_memory.h"
#include "backend/lio_ops.h"
#include "backend/lio_store.h"
#include "backend/lio_tree.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

/* ---- is it there ------------------------------------------------------------------------ */

/* Can modprobe find it, or is it built in? */
static bool module_there(struct sis_bx *bx, const char *release, const char *name)
{
	static const char *const lists[] = { "modules.dep", "modules.builtin" };
	sis_autofree char *file = sis_asprintf("/%s.ko", name);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		sis_autofree char *text = NULL;

		if (sis_kfs_read(bx->kfs, &text, NULL, NULL, "/lib/modules/%s/%s", release,
				 lists[i]) == 0 &&
		    strstr(text, file))
			return true;
	}
	return false;
}

/* "Target Engine Core ConfigFS Infrastructure v5.0 on Linux/x86_64 on 6.1.0": the kernel counts. */
static int lio_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err)
{
	sis_autofree char *version = NULL, *release = NULL;
	const char *kernel;

	(void)err; /* what cannot be seen is not there */
	*ret = (struct sis_probe){ .state = SIS_PROBE_ABSENT };
	(void)sis_kfs_read_line(bx->kfs, &release, NULL, "/proc/sys/kernel/osrelease"); /* as said */
	sis_backend_later(bx->be, release, &bx->caps);
	if (sis_kfs_read_line(bx->kfs, &version, NULL, SIS_LIO "/version") == 0) {
		kernel = strrchr(version, ' ');
		ret->state = SIS_PROBE_RUNNING;
		ret->version = sis_asprintf("Linux %s", kernel ? kernel + 1 : version);
	} else if (release && module_there(bx, release, "iscsi_target_mod")) {
		ret->state = SIS_PROBE_STOPPED;
		ret->hint = sis_strdup(
			"`modprobe iscsi_target_mod`; the first share does it by itself");
	} else {
		ret->hint =
			sis_strdup("the kernel has no module iscsi_target_mod: install the package "
				   "with the rest of its modules (linux-modules-extra, "
				   "kernel-modules-extra)");
	}
	return 0;
}

/* ---- start ------------------------------------------------------------------------------ */

static int run(struct sis_bx *bx, const char *const *argv, struct sis_err *err)
{
	sis_autoresult struct sis_cmd_result out = { 0 };
	struct sis_cmd cmd = { .argv = argv, .changes = true };
	int r;

	r = bx->runner->run(bx->runner->ctx, &cmd, &out, err);
	if (r == 0 && out.status)
		r = sis_err_set(err, EIO, "`%s` failed with exit status %d%s%s", argv[0],
				out.status, *out.errout ? ": " : "", out.errout);
	return r;
}

static int load(struct sis_bx *bx, const char *module, struct sis_err *err)
{
	sis_autofree char *program = NULL;
	int r;

	r = sis_backend_program(bx->root, "modprobe", &program, err);
	if (r == 0)
		r = run(bx, (const char *const[]){ program, module, NULL }, err);
	return r < 0 ? sis_err_wrap(err, "cannot load kernel module %s", module) : 0;
}

static int mount_configfs(struct sis_bx *bx, struct sis_err *err)
{
	sis_autofree char *program = sis_asprintf("%s/bin/mount", bx->root);
	int r;

	r = run(bx,
		(const char *const[]){ program, "-t", "configfs", "configfs", "/sys/kernel/config",
				       NULL },
		err);
	return r < 0 ? sis_err_wrap(err, "cannot mount configfs at /sys/kernel/config") : 0;
}

/*
 * Where the kernel keeps what must outlive a reboot of persistent reservations and ALUA; it does
 * not make the folders. Without them only such reservations fail, so this is no reason to.
 */
static void make_dbroot(struct sis_bx *bx)
{
	static const char *const folders[] = { "", "/pr", "/alua" };
	sis_autofree char *root = NULL;

	if (sis_kfs_read_line(bx->kfs, &root, NULL, SIS_LIO "/dbroot") < 0 || root[0] != '/')
		return;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		sis_autofree char *dir = sis_asprintf("%s%s", root, folders[i]);

		(void)sis_lio_mkdir(bx, dir, NULL); /* as said above */
	}
}

static int lio_prepare(struct sis_bx *bx, struct sis_err *err)
{
	int r = 0;

	if (!sis_kfs_exists(bx->kfs, SIS_LIO)) {
		r = load(bx, "target_core_mod", err);
		if (r == 0 && !sis_kfs_exists(bx->kfs, SIS_LIO))
			r = mount_configfs(bx, err);
	}
	if (r == 0 && !sis_kfs_exists(bx->kfs, SIS_LIO_ISCSI)) {
		r = load(bx, "iscsi_target_mod", err);
		if (r == 0)
			r = sis_lio_mkdir(bx, SIS_LIO_ISCSI, err);
	}
	if (r == 0)
		make_dbroot(bx);
	return r;
}

/* ---- read ------------------------------------------------------------------------------- */

static int lio_read(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		    struct sis_err *err)
{
	sis_autostate struct sis_state state = { 0 };
	sis_autostrv sis_strv all = { 0 };
	int r = 0;

	if (!scope)
		r = sis_lio_list(bx->kfs, SIS_LIO_ISCSI, "", &all, err);
	if (r < 0)
		return r;
	sis_vec_each(iqn, scope ? scope : &all) {
		struct sis_target t;

		if (sis_streq(*iqn, "discovery_auth") || strchr(*iqn, '/'))
			continue;
		r = sis_lio_read_target(bx->kfs, *iqn, &t, err);
		if (r == 0)
			sis_vec_push(&state.targets, t);
		else if (r != -ENOENT)
			return sis_err_wrap(err, "target '%s'", *iqn);
	}
	sis_state_sort(&state);
	*ret = state;
	state = (struct sis_state){ 0 };
	return 0;
}

/* ---- targets ---------------------------------------------------------------------------- */

static int lio_check(const struct sis_bx *bx, const struct sis_target *t,
		     const struct sis_target *live, struct sis_err *err)
{
	(void)bx;
	return sis_lio_check(t, live, err);
}

static int clean_lun(struct sis_bx *bx, const char *iqn, const char *tpg, uint32_t lun,
		     struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, lun);
	int r;

	r = sis_lio_unmap_lun(bx, tpg, lun, err);
	if (r == 0)
		r = sis_lio_store_clean(bx, iqn, lun, err);
	return r < 0 ? r : sis_lio_rmdir(bx, dir, err);
}

/* LUNs that a cut-off run left without link. */
static int clean_luns(struct sis_bx *bx, const char *iqn, const char *tpg, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(bx->kfs, dir, "lun_", &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *sub = sis_asprintf("%s/%s", dir, *name), *store = NULL;
		uint32_t lun;

		if (r == 0 && sis_lio_lun_number(*name, &lun) &&
		    sis_lio_link(bx->kfs, sub, "/core/", NULL, &store, NULL) == -ENOENT)
			r = clean_lun(bx, iqn, tpg, lun, err);
	}
	return r;
}

/*
 * Makes the folder of a target; *ret_fresh tells whether it was not there. One that was found is known
 * by its portal group, except for one that a run was cut off in.
 */
static int make_target(struct sis_bx *bx, const struct sis_target *t, const char *dir,
		       bool *ret_fresh, struct sis_err *err)
{
	sis_autostrv sis_strv groups = { 0 };
	int r;

	*ret_fresh = !sis_kfs_exists(bx->kfs, "%s", dir);
	if (*ret_fresh)
		r = sis_kfs_mkdir(bx->kfs, err, "%s", dir);
	else
		r = t->tid ? 0 : sis_lio_list(bx->kfs, dir, "tpgt_", &groups, err);
	if (r == -EEXIST || groups.n)
		return sis_err_set(err, EEXIST, "target '%s' was made by something else just now",
				   t->iqn);
	return r;
}

static int lio_target_set(struct sis_bx *bx, const struct sis_target *t,
			  const struct sis_target *live, unsigned changed, struct sis_err *err)
{
	const unsigned access = SIS_BIT(SIS_FIELD_RULES) | SIS_BIT(SIS_FIELD_CHAP);
	const bool portals = changed & SIS_BIT(SIS_FIELD_PORTALS);
	const bool access_closes = sis_target_closing(t) & access;
	int r = 0;

	(void)live; /* what is there is looked at once more: it may have changed since */
	if (portals && !access_closes)
		r = sis_lio_set_portals(bx, t, err);
	if (r == 0 && changed & access)
		r = sis_lio_set_access(bx, t, err);
	if (r == 0 && portals && access_closes)
		r = sis_lio_set_portals(bx, t, err);
	return r;
}

static int lio_target_add(struct sis_bx *bx, struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_ISCSI "/%s", t->iqn);
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, SIS_LIO_TAG);
	const unsigned all = SIS_BIT(SIS_FIELD_RULES) | SIS_BIT(SIS_FIELD_CHAP) |
			     SIS_BIT(SIS_FIELD_PORTALS);
	bool fresh;
	int r;

	r = make_target(bx, t, dir, &fresh, err);
	t->tid = SIS_LIO_TAG;
	if (r == 0 && fresh)
		sis_lio_made(bx, dir);
	if (r == 0)
		r = sis_lio_mkdir(bx, tpg, err);
	if (r < 0)
		return r;
	if (fresh)
		return sis_lio_protect(bx, t, true, err);
	r = clean_luns(bx, t->iqn, tpg, err);
	return r < 0 ? r : lio_target_set(bx, t, NULL, all, err);
}

/* It is there, or goes again: what it has is looked at from now on. */
static void known(struct sis_bx *bx, const char *iqn)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_ISCSI "/%s", iqn);

	sis_lio_known(bx, dir);
}

static int lio_target_show(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	int r = sis_lio_put(bx, tpg, "enable", "1", err);

	known(bx, t->iqn);
	return r;
}

/* The kernel ends all sessions at this; they could not be kept without logins anyway. */
static int lio_target_hide(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid);

	return sis_kfs_exists(bx->kfs, "%s/enable", tpg) ?
		       sis_lio_put(bx, tpg, "enable", "0", err) :
		       0;
}

/* Takes away every folder in `tpg/sub`, with what an access list entry has inside. */
static int empty_group(struct sis_bx *bx, const char *tpg, const char *sub, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/%s", tpg, sub);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(bx->kfs, dir, "", &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *path = sis_asprintf("%s/%s", dir, *name);

		if (r == 0)
			r = sis_streq(sub, "acls") && !bx->dry ?
				    sis_lio_acl_del(bx, tpg, *name, err) :
				    sis_lio_rmdir(bx, path, err);
	}
	return r;
}

static int lio_target_del(struct sis_bx *bx, const struct sis_target *live, bool force,
			  struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_ISCSI "/%s", live->iqn);
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid);
	uint64_t sessions = force ? 0 : sis_lio_session_count(bx->kfs, live->iqn);
	int r = 0;

	sis_lio_known(bx, dir);
	if (sessions && !bx->dry)
		return sis_err_set(err, SIS_ERR_INUSE,
				   "%" PRIu64 " sessions of target '%s' are logged "
				   "in; log out first, or use -f to end them",
				   sessions, live->iqn);
	if (!bx->dry) /* else it is noted as hidden and emptied already */
		r = lio_target_hide(bx, live, err);
	if (r == 0)
		r = empty_group(bx, tpg, "acls", err);
	if (r == 0)
		r = clean_luns(bx, live->iqn, tpg, err);
	if (r == 0)
		r = empty_group(bx, tpg, "np", err);
	sis_lio_heard_drop(bx);
	if (r == 0 && sis_kfs_exists(bx->kfs, "%s", tpg))
		r = sis_lio_rmdir(bx, tpg, err);
	return r < 0 || !sis_kfs_exists(bx->kfs, "%s", dir) ? r : sis_lio_rmdir(bx, dir, err);
}

/* ---- LUNs ------------------------------------------------------------------------------- */

static int link_lun(struct sis_bx *bx, const char *dir, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autofree char *store = sis_asprintf(SIS_LIO_CORE "/%s", l->handle);

	return sis_kfs_symlink(bx->kfs, store, err, "%s/%s", dir,
			       l->readonly ? SIS_LIO_RO : SIS_LIO_RW);
}

static int lio_lun_add(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		       struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid), *store = NULL;
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, l->number);
	int r;

	r = sis_lio_protect(bx, t, false, err);
	if (r == 0)
		r = sis_lio_mkdir(bx, dir, err);
	if (r < 0)
		return r;
	r = sis_lio_link(bx->kfs, dir, "/core/", NULL, &store, err);
	if (r == -ENOENT) {
		r = sis_lio_store_add(bx, t->iqn, l, err);
		if (r == 0)
			r = link_lun(bx, dir, l, err);
	} else if (r == 0) {
		/* done before: what is linked is what the plan compared */
		sis_replace(&l->handle, store);
	}
	return r < 0 ? r : sis_lio_map_lun(bx, t, l, err);
}

static int lio_lun_set(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		       const struct sis_lun *live, unsigned changed, struct sis_err *err)
{
	sis_autofree char *size = sis_asprintf("fd_dev_size=%" PRIu64, l->size);
	int r = 0;

	if (changed & ~(SIS_BIT(SIS_FIELD_THIN) | SIS_BIT(SIS_FIELD_SIZE)))
		return sis_err_set(err, EOPNOTSUPP,
				   "LIO sets the identifiers of LUN %" PRIu32 " of '%s' only while "
				   "nobody uses it; `shareiscsi unshare` '%s', then share it again",
				   l->number, t->iqn, l->volume);
	if (changed & SIS_BIT(SIS_FIELD_THIN))
		r = sis_lio_store_thin(bx, live->handle, l->thin, err);
	/* only a regular file has been told one, and is told again the same way */
	if (r == 0 && changed & SIS_BIT(SIS_FIELD_SIZE))
		r = sis_kfs_write(bx->kfs, size, err, SIS_LIO_CORE "/%s/control", live->handle);
	return r;
}

static int lio_lun_del(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		       struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid), *store = NULL;
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, l->number);
	int r;

	known(bx, live->iqn);
	r = sis_lio_link(bx->kfs, dir, "/core/", NULL, &store, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = sis_lio_unmap_lun(bx, tpg, l->number, err);
	if (r == 0)
		r = sis_lio_unlink(bx, dir, "/core/", err);
	if (r == 0 && store)
		r = sis_lio_store_del(bx, store, err);
	if (r == 0 && !(bx->dry && store)) /* else it is noted above */
		r = sis_lio_store_clean(bx, live->iqn, l->number, err);
	return r < 0 ? r : sis_lio_rmdir(bx, dir, err);
}

/* ---- sessions --------------------------------------------------------------------------- */

/* There is no way to end one of several sessions of an initiator. */
static int lio_session_end(struct sis_bx *bx, const struct sis_target *live,
			   const struct sis_session *s, struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid);

	if (!s->id)
		return sis_err_set(err, EOPNOTSUPP,
				   "LIO does not tell whose session of '%s' this is, "
				   "so it cannot be ended alone",
				   live->iqn);
	return sis_lio_end_sessions(bx, tpg, s->id, err);
}

static int lio_sessions(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
			struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid);

	*ret = (sis_sessions){ 0 };
	return sis_lio_sessions(bx->kfs, live->iqn, tpg, ret, err);
}

static const char *const boot_files[] = {
	"/etc/target/saveconfig.json",
	"/etc/rtslib-fb-target/saveconfig.json",
	NULL,
};

const struct sis_backend sis_backend_lio = {
	.name = "lio",
	.title = "LIO (kernel, configfs)",
	.on_demand = true,
	.hide_ends = true,
	/* before, portals of targets that are deleted at once could wait for each other for ever */
	.later = { { SIS_CAP_AT_ONCE, "4.13" } },
	.boot_files = boot_files,
	.caps = {
		.title = "LIO",
		/* NAA: follows from the serial number as sis_naa() makes it */
		.caps = SIS_CAP_UNMAP | SIS_CAP_NAA | SIS_CAP_BLOCKSIZE | SIS_CAP_RULE_NAME | SIS_CAP_RULE_RO | SIS_CAP_PORTAL |
			SIS_CAP_PORTAL_PORT | SIS_CAP_CHAP | SIS_CAP_CHAP_MUTUAL | SIS_CAP_RESIZE,
		.first_lun = 0,
		.max_lun = SIS_LUN_MAX,
		.default_blocksize = 512,
		/* no nullio: LIO's would need an object of another kind that loses all data */
		.block_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_BLOCKIO] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_FILEIO] = SIS_TYPE_FILEIO,
		},
		.file_type = {
			[SIS_TYPE_DISK] = SIS_TYPE_FILEIO,
			[SIS_TYPE_FILEIO] = SIS_TYPE_FILEIO,
		},
		/*
		 * fileio honours both. iblock has no cache of its own, so both mean the same: the
		 * volume's, which it flushes whenever an initiator asks, and says that it has.
		 */
		.iomode = {
			[SIS_IOMODE_NONE] = SIS_IOMODE_WT,
			[SIS_IOMODE_WT] = SIS_IOMODE_WT,
			[SIS_IOMODE_WB] = SIS_IOMODE_WB,
		},
		.naa_of_serial = true,
		.max_name = 223,
		.max_serial = 253,
		/* max_t10_id: it follows from the serial number */
		.bad_path = ",\n",
		.secret_min = 1,
		.secret_max = 255,
		.user_max = 255,
		.bad_chap_start = SIS_LIO_NO_CHAP,
	},
	.probe = lio_probe,
	.prepare = lio_prepare,
	.read = lio_read,
	.check = lio_check,
	.target_add = lio_target_add,
	.target_set = lio_target_set,
	.target_show = lio_target_show,
	.target_hide = lio_target_hide,
	.target_del = lio_target_del,
	.lun_add = lio_lun_add,
	.lun_set = lio_lun_set,
	.lun_del = lio_lun_del,
	.session_end = lio_session_end,
	.sessions = lio_sessions,
	.beyond = sis_lio_beyond,
	.done = sis_lio_memory_free,
};

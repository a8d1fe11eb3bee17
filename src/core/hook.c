/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starting of the administrator's script. A script that others could have written is not run.
 */
#include "core/hook.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"

#define HOOK "/sbin/zfs_share_iscsi.sh"

/* Only root's own file may be run as root. */
static bool hook_usable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return false;
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH)) {
		sis_log(SIS_LOG_WARN,
			"'%s' is not run: it must belong to root and nobody else may "
			"write it (chown root, chmod 755)",
			path);
		return false;
	}
	return true;
}

static void start(const char *path, const struct sis_ctx *ctx, const struct sis_target *t,
		  const struct sis_lun *l)
{
	sis_autofree char *tid = sis_asprintf("%" PRIu32, t->tid);
	sis_autofree char *dataset = sis_asprintf("SHAREISCSI_DATASET=%s", l->volume);
	sis_autofree char *iqn = sis_asprintf("SHAREISCSI_IQN=%s", t->iqn);
	sis_autofree char *lun = sis_asprintf("SHAREISCSI_LUN=%" PRIu32, l->number);
	sis_autofree char *backend = sis_asprintf("SHAREISCSI_BACKEND=%s", ctx->bx.be->name);
	const char *const argv[] = { path, tid, NULL };
	const char *const env[] = { dataset, iqn, lun, backend, NULL };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (sis_run_detached(argv, env, &err) < 0)
		sis_log(SIS_LOG_WARN, "'%s' is not run: %s", path, sis_err_msg(&err));
}

void sis_hook_run(const struct sis_ctx *ctx, const struct sis_target *t, const struct sis_lun *l)
{
	sis_autofree char *path = sis_asprintf("%s" HOOK, ctx->root);

	if (hook_usable(path))
		start(path, ctx, t, l);
}

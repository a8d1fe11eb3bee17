/* SPDX-License-Identifier: MPL-2.0 */
/*
 * sync --later and sync --queued: what happens to a volume is told by events, in any number and
 * order; they only leave its name, and one run looks at all the names at once.
 */
#include <limits.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/verb.h"
#include "core/queue.h"

/*
 * A receive first sets what was sent and then what was asked for on its command line; a script
 * makes many changes in a row. So long nobody looks.
 */
enum { DEBOUNCE_MS = 1000 };

static void add_option(sis_strv *argv, const char *name, const char *value)
{
	if (!value)
		return;
	sis_strv_add(argv, name);
	sis_strv_add(argv, value);
}

/* This program as `sync --queued`, by itself. */
static int start_worker(const struct sis_args *a, struct sis_err *err)
{
	const char *socket = getenv("TGT_IPC_SOCKET");
	sis_autofree char *variable = socket ? sis_asprintf("TGT_IPC_SOCKET=%s", socket) : NULL;
	const char *const env[] = { variable, NULL };
	sis_autostrv sis_strv argv = { 0 };
	sis_autofree char *program = realpath("/proc/self/exe", NULL);
	int rc;

	if (!program)
		return sis_err_errno(err, errno, "cannot find this program");
	sis_strv_add(&argv, program);
	sis_strv_add(&argv, "sync");
	sis_strv_add(&argv, "--queued");
	add_option(&argv, "--root", a->choice.root);
	add_option(&argv, "--backend", a->choice.backend);
	add_option(&argv, "--store", a->choice.store);
	sis_vec_push(&argv, NULL);
	rc = sis_run_detached((const char *const *)argv.v, env, err);
	argv.n--;
	return rc;
}

int sis_cmd_later(const struct sis_args *a, struct sis_err *err)
{
	const char *root = a->choice.root ? a->choice.root : "";
	sis_autofree char *systemd = sis_asprintf("%s/run/systemd/system", root);
	bool first;
	int rc = sis_queue_add(root, &a->names, &first, err);

	/* Under systemd shareiscsi-queue.path sees the queue. */
	if (rc < 0 || !first || access(systemd, F_OK) == 0)
		return rc;
	return start_worker(a, err);
}

int sis_cmd_queued(const struct sis_args *a, struct sis_err *err)
{
	struct sis_args work = *a;
	bool all = false;
	int rc;

	work.names = (sis_strv){ 0 };
	work.flags &= ~(unsigned)SIS_FLAG_QUEUED;
	work.hints = true;
	sis_pause(DEBOUNCE_MS);
	rc = sis_queue_take(a->choice.root ? a->choice.root : "", &work.names, &all, err);
	if (rc == 0 && (all || work.names.n))
		rc = sis_cmd_sync(&work, err);
	if (rc < 0 && err->code != SIS_ERR_NOTARGET && work.names.n) {
		/* One name that the store does not take must not cost the others their turn. */
		sis_log(SIS_LOG_WARN, "%s; looking at everything", sis_err_msg(err));
		sis_err_clear(err);
		sis_strv_free(&work.names);
		rc = sis_cmd_sync(&work, err);
	}
	sis_strv_free(&work.names);
	return rc;
}

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
 * makes many changes in a row. Nobody looks before nothing came for so long, or so many times.
 */
enum { QUIET_MS = 1000, QUIET_TRIES = 5 };

/* Before what failed as a whole is tried again. After the last one it is left to the timer. */
static const unsigned retry_seconds[] = { 2, 10, 30 };
enum { RETRIES = sizeof(retry_seconds) / sizeof(retry_seconds[0]) };

static const char *root_of(const struct sis_args *a)
{
	return a->choice.root ? a->choice.root : "";
}

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
	const char *root = root_of(a);
	sis_autofree char *systemd = sis_asprintf("%s/run/systemd/system", root);
	bool first;
	int rc = sis_queue_add(root, &a->names, &first, err);

	/* Under systemd shareiscsi-queue.path sees the queue. */
	if (rc < 0 || !first || access(systemd, F_OK) == 0)
		return rc;
	return start_worker(a, err);
}

static void wait_quiet(const char *root)
{
	for (int i = 0; i < QUIET_TRIES; i++) {
		off_t size = sis_queue_size(root);

		sis_pause(QUIET_MS);
		if (sis_queue_size(root) == size)
			return;
	}
}

/* The names that were taken, none for everything. A failure is that of all of them. */
static int look_at(const struct sis_args *a, const sis_strv *names, struct sis_err *err)
{
	struct sis_args work = *a;
	int rc;

	work.flags &= ~(unsigned)SIS_FLAG_QUEUED;
	work.hints = true;
	work.choice.wait = true; /* nobody is told of a failure but the journal */
	work.names = *names;
	rc = sis_cmd_sync(&work, err);
	if (rc >= 0 || err->code == SIS_ERR_NOTARGET || !names->n)
		return rc;
	/* One name that the store does not take must not cost the others their turn. */
	sis_log(SIS_LOG_WARN, "%s; looking at everything", sis_err_msg(err));
	sis_err_clear(err);
	work.names = (sis_strv){ 0 };
	return sis_cmd_sync(&work, err);
}

/* Nothing may get lost while it waits: the names go back to where others add theirs. */
static bool wait_again(const struct sis_args *a, const sis_strv *names, unsigned seconds,
		       struct sis_err *err)
{
	bool first;

	if (err->code == SIS_ERR_NOTARGET || err->code == SIS_ERR_USAGE ||
	    sis_queue_add(root_of(a), names, &first, NULL) < 0)
		return false;
	sis_log(SIS_LOG_WARN, "%s; trying again in %u s", sis_err_msg(err), seconds);
	sis_err_clear(err);
	sis_pause(seconds * 1000);
	return true;
}

int sis_cmd_queued(const struct sis_args *a, struct sis_err *err)
{
	for (size_t i = 0;; i++) {
		sis_autostrv sis_strv names = { 0 };
		bool all = false;
		int rc;

		wait_quiet(root_of(a));
		rc = sis_queue_take(root_of(a), &names, &all, err);
		if (rc < 0 || (!all && !names.n))
			return rc;
		rc = look_at(a, &names, err);
		if (rc >= 0 || i == RETRIES || !wait_again(a, &names, retry_seconds[i], err))
			return rc;
	}
}

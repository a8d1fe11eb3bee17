/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The way of the front ends into the core: trials, requests, and what is said of their outcome.
 * What goes wrong here must not stop a command that has nothing to do with sharing.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/front_int.h"

enum {
	BUSY_TRIES = 8, /* after a release udev may still have the volume open */
	BUSY_PAUSE_MS = 250,
};

int sis_front_ctx(struct sis_front *f, struct sis_err *err)
{
	int rc;

	if (f->opened)
		return 0;
	rc = sis_ctx_open(&f->ctx, &f->choice, err);
	if (rc < 0)
		sis_ctx_close(&f->ctx);
	f->opened = rc == 0;
	return rc;
}

void sis_front_say(const char *verb, const char *name, const char *message)
{
	sis_autofree char *line = name ? sis_asprintf("cannot %s '%s': %s", verb, name, message) :
					 sis_asprintf("cannot %s: %s", verb, message);

	sis_str_sanitize(line); /* names come from command lines */
	(void)fflush(stdout);
	fprintf(stderr, "%s\n", line);
}

/* The only name asked for, if there is just one. */
static const char *sole_name(const struct sis_request *rq)
{
	return rq->names && rq->names->n == 1 ? rq->names->v[0] : NULL;
}

static bool within_names(const sis_strv *names, const char *dataset)
{
	if (!names)
		return true;
	sis_vec_each(n, names)
		if (sis_dataset_within(dataset, *n))
			return true;
	return false;
}

static bool recorded(struct sis_front *f, const sis_strv *names)
{
	bool found = false;

	for (const struct sis_backend *const *be = sis_backends; *be && !found; be++) {
		sis_autorecords sis_records records = { 0 };

		if (sis_records_read(f->ctx.root, (*be)->name, &records, NULL, NULL) < 0)
			return true;
		sis_vec_each(r, &records)
			sis_vec_each(l, &r->luns)
				found |= within_names(names, l->volume);
	}
	return found;
}

static bool any_value(struct sis_front *f, const sis_strv *names)
{
	sis_autovolumes sis_volumes volumes = { 0 };
	sis_autostrv sis_strv missing = { 0 };
	unsigned wait_ms = f->ctx.sx.wait_ms;
	int rc;

	f->ctx.sx.wait_ms = 0; /* nobody asked for the device yet */
	rc = f->ctx.sx.store->list(&f->ctx.sx, names, &volumes, &missing, NULL);
	f->ctx.sx.wait_ms = wait_ms;
	if (rc < 0)
		return true;
	sis_vec_each(v, &volumes)
		if (v->share && !sis_streq(v->share, "off"))
			return true;
	return false;
}

bool sis_front_concerned(struct sis_front *f, const sis_strv *names)
{
	if (sis_front_ctx(f, NULL) < 0)
		return true;
	return recorded(f, names) || any_value(f, names);
}

/* A trial in a context of its own, as a context is dry from the start or not at all. */
static int try_request(struct sis_front *f, const struct sis_request *rq, struct sis_report *ret)
{
	struct sis_choice choice = f->choice;
	struct sis_ctx ctx;
	int rc;

	choice.dry = true;
	rc = sis_ctx_open(&ctx, &choice, NULL);
	ctx.sx.wait_ms = 0;
	if (rc == 0)
		rc = sis_sync(&ctx, rq, ret, NULL);
	sis_ctx_close(&ctx);
	return rc;
}

bool sis_front_in_use(struct sis_front *f, const struct sis_request *rq, const char *verb)
{
	sis_autoreport struct sis_report report = { 0 };
	bool found = false;

	if (try_request(f, rq, &report) < 0)
		return false;
	sis_vec_each(p, &report.problems) {
		if (p->err.code != SIS_ERR_INUSE)
			continue;
		sis_front_say(verb, p->subject, sis_err_msg(&p->err));
		found = true;
	}
	return found;
}

/* Volumes that are held back or wait for their device are worth a word when named. */
static bool is_concern(const struct sis_problem *p, const struct sis_request *rq,
		       enum sis_front_mood mood)
{
	if (p->want == SIS_WANT_SHARED || p->err.code == SIS_ERR_INUSE)
		return true;
	if (mood == SIS_FRONT_QUIET)
		return false;
	if (p->want == SIS_WANT_BAD || !rq->names)
		return p->want == SIS_WANT_BAD;
	return sis_strv_has(rq->names, p->subject);
}

bool sis_front_sync(struct sis_front *f, const struct sis_request *rq, const char *verb,
		    enum sis_front_mood mood)
{
	sis_autoreport struct sis_report report = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	bool done = true;
	int rc = sis_front_ctx(f, &err);

	if (rc == 0)
		rc = sis_sync(&f->ctx, rq, &report, &err);
	if (rc == -SIS_ERR_NOTARGET &&
	    (mood == SIS_FRONT_QUIET || rq->mode == SIS_VIEW_UNSHARE || !any_value(f, rq->names)))
		return true; /* nothing is shared, and nothing was to be */
	if (rc < 0)
		sis_front_say(verb, sole_name(rq), sis_err_msg(&err));
	sis_vec_each(p, &report.problems) {
		if (!is_concern(p, rq, mood))
			continue;
		sis_front_say(verb, p->subject, sis_err_msg(&p->err));
		done = false;
	}
	return (rc == 0 && done) || mood == SIS_FRONT_QUIET;
}

bool sis_front_resync(struct sis_front *f, const sis_strv *names, enum sis_front_mood mood)
{
	struct sis_request rq = { .names = names, .mode = SIS_VIEW_SYNC };

	if (!sis_front_concerned(f, names))
		return true;
	return sis_front_sync(f, &rq, "share", mood);
}

int sis_front_run_resync(struct sis_front *f, const struct sis_front_args *a, const sis_strv *names)
{
	int status = sis_front_run(f, &a->words, NULL, NULL);

	if (status == 0)
		(void)sis_front_resync(f, names, SIS_FRONT_QUIET);
	return status;
}

/* "dataset is busy", "pool is busy", "Key unload error: 'NAME' is busy." */
static bool is_busy(const char *errout)
{
	return strstr(errout, "is busy") != NULL;
}

/* Whoever looks at a volume that was just closed (udev, blkid) is soon done with it. */
static int run_patiently(struct sis_front *f, const struct sis_front_args *a)
{
	for (unsigned left = BUSY_TRIES;; left--) {
		sis_autostr struct sis_str out = { 0 }, errout = { 0 };
		int status = sis_front_run(f, &a->words, &out, &errout);

		if (status == 0 || left == 0 || !is_busy(sis_str_get(&errout))) {
			fputs(sis_str_get(&out), stdout);
			(void)fflush(stdout);
			fputs(sis_str_get(&errout), stderr);
			return status;
		}
		sis_pause(BUSY_PAUSE_MS);
	}
}

/*
 * The target could not be asked. zfs finds out itself that a volume is open; a folder has nothing
 * that would keep a file from going from under an initiator.
 */
static bool go_unasked(const struct sis_front *f, const struct sis_request *rq, const char *verb,
		       const struct sis_err *err)
{
	if (f->own && !rq->force) {
		sis_front_say(verb, sole_name(rq), sis_err_msg(err));
		return false;
	}
	sis_log(SIS_LOG_WARN, "shares stay as they are: %s", sis_err_msg(err));
	return true;
}

/*
 * Under the lock from before the release until the command has ended: an event must not share it
 * again meanwhile. False: refused.
 */
static bool release(struct sis_front *f, const struct sis_request *rq, const char *verb,
		    bool *ret_asked)
{
	sis_autoreport struct sis_report report = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	bool done = true;
	int rc = sis_front_ctx(f, &err);

	if (rc == 0)
		rc = sis_ctx_lock(&f->ctx, &err);
	if (rc == 0 && sis_front_in_use(f, rq, verb))
		return false;
	if (rc == 0)
		rc = sis_sync(&f->ctx, rq, &report, &err);
	*ret_asked = rc == 0;
	if (rc < 0 && rc != -SIS_ERR_NOTARGET)
		return go_unasked(f, rq, verb, &err);
	sis_vec_each(p, &report.problems) {
		sis_front_say(verb, p->subject, sis_err_msg(&p->err));
		done = false;
	}
	return done;
}

int sis_front_run_released(struct sis_front *f, const struct sis_front_args *a, const char *verb,
			   const sis_strv *names, const sis_strv *after, bool force)
{
	struct sis_request rq = {
		.names = names, .mode = SIS_VIEW_UNSHARE, .force = force, .for_now = true
	};
	int status = SIS_FRONT_FAILED;
	bool asked = true;

	if (!sis_front_concerned(f, names))
		return sis_front_exec_words(f, &a->words);
	if (release(f, &rq, verb, &asked))
		status = run_patiently(f, a);
	if (asked) /* else it would only be said once more that it cannot be */
		(void)sis_front_resync(f, status == 0 ? after : names, SIS_FRONT_QUIET);
	return status;
}

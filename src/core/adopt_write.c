/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Writes what was tried out: property and identity of each volume, then the record, of a target all
 * or nothing. Must not touch the live target.
 */
#include "core/adopt_int.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"
#include "core/adopt_hint.h"

/* Takes what is in *err. */
void sis_adopt_problem(struct sis_adopt *a, const char *subject, struct sis_err *err)
{
	struct sis_problem *p = sis_vec_add(&a->report->problems);

	p->subject = sis_strdup(subject);
	p->want = SIS_WANT_SHARED;
	(void)sis_err_move(&p->err, err);
}

static int keep(struct sis_adopt *a, const struct sis_volume *v, const char *prop,
		const char *value, const char *was, struct sis_err *err)
{
	if (sis_streq_null(value, was))
		return 0;
	return a->ctx->sx.store->keep(&a->ctx->sx, v->name, prop, value, err);
}

/* The identity first: alone it does nothing. */
static int write_take(struct sis_adopt *a, const struct sis_take *x, struct sis_err *err)
{
	const char *share = x->was_source == SIS_SOURCE_LOCAL ? x->was.share : NULL;
	int rc = keep(a, x->volume, SIS_PROP_IDENTITY, x->volume->identity, x->was.identity, err);

	if (rc == 0)
		rc = keep(a, x->volume, SIS_PROP_SHARE, x->volume->share, share, err);
	return rc;
}

static void unwrite_take(struct sis_adopt *a, const struct sis_take *x)
{
	const char *share = x->was_source == SIS_SOURCE_LOCAL ? x->was.share : NULL;
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int rc = keep(a, x->volume, SIS_PROP_SHARE, share, x->volume->share, &err);

	if (keep(a, x->volume, SIS_PROP_IDENTITY, x->was.identity, x->volume->identity,
		 rc < 0 ? NULL : &err) < 0 ||
	    rc < 0)
		sis_log(SIS_LOG_WARN, "'%s': its properties could not be put back: %s",
			x->volume->name, sis_err_msg(&err));
}

static int write_record(struct sis_adopt *a, const struct sis_adoptee *t, struct sis_err *err)
{
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);
	const struct sis_target *desired = sis_state_find(&a->view.desired, t->iqn);
	const bool accounts = a->ctx->bx.caps.caps & SIS_CAP_CHAP_ACCOUNTS;
	sis_autosecret char *chap =
		accounts ? NULL : sis_secrets_digest(&a->ctx->secrets, &desired->chap);
	int rc = accounts ? sis_account_book_take(&a->ctx->accounts, &desired->chap, err) : 0;

	return rc < 0 ? rc : sis_record_write(a->ctx->root, a->ctx->bx.be->name, live, chap, err);
}

static int write_target(struct sis_adopt *a, const struct sis_adoptee *t, struct sis_err *err)
{
	size_t done = 0;
	int rc = 0;

	while (rc == 0 && done < t->takes.n)
		rc = write_take(a, &t->takes.v[done++], err);
	if (rc == 0)
		rc = write_record(a, t, err);
	while (rc < 0 && done > 0)
		unwrite_take(a, &t->takes.v[--done]);
	return rc;
}

static void note_set(struct sis_done *d, const struct sis_volume *v, const char *prop,
		     const char *value)
{
	sis_autofree char *setting = sis_asprintf("%s=%s", prop, value);
	sis_autofree char *line =
		sis_cmd_text((const char *[]){ "zfs", "set", setting, v->name, NULL });

	sis_strv_add(&d->commands, line);
}

static void note_target(struct sis_adopt *a, const struct sis_adoptee *t)
{
	struct sis_done *d = sis_vec_add(&a->report->steps);

	d->name = "adopt";
	d->iqn = sis_strdup(t->iqn);
	d->volume = sis_strdup(t->takes.v[0].volume->name);
	d->reason = sis_strdup("it is what the properties say then");
	sis_vec_each(x, &t->takes) {
		note_set(d, x->volume, SIS_PROP_IDENTITY, x->volume->identity);
		if (x->was_source != SIS_SOURCE_LOCAL)
			note_set(d, x->volume, SIS_PROP_SHARE, x->volume->share);
	}
	sis_vec_each(line, &d->commands)
		sis_log(SIS_LOG_INFO, "%s", *line);
	a->report->changed++;
}

/* Where the target tells no serial numbers, nobody can say that it stays. */
static void warn_serial(const struct sis_adopt *a, const struct sis_adoptee *t)
{
	const struct sis_target *live = sis_state_find(&a->view.live, t->iqn);
	const struct sis_target *desired = sis_state_find(&a->view.desired, t->iqn);

	sis_vec_each(l, &live->luns)
		if (!(l->known & SIS_BIT(SIS_FIELD_SERIAL)) && l->type != SIS_TYPE_NULLIO)
			sis_log(SIS_LOG_WARN,
				"'%s': %s does not tell the serial number of LUN %" PRIu32
				"; when it is made again it is '%s'",
				t->iqn, a->ctx->bx.caps.title, l->number,
				sis_target_lun(desired, l->number)->serial);
}

void sis_adopt_write(struct sis_adopt *a)
{
	sis_vec_each(t, &a->adoptees) {
		if (!t->failed.code && !a->ctx->choice.dry)
			(void)write_target(a, t, &t->failed);
		if (t->failed.code) {
			sis_adopt_problem(a, t->iqn, &t->failed);
			t->failed.code = EIO;
			continue;
		}
		note_target(a, t);
		warn_serial(a, t);
		sis_adopt_hint(a->ctx, t->iqn);
	}
}

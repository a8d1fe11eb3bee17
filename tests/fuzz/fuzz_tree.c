/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The trees of kernel targets, every name and every attribute of them: SCST's sysfs ('s'), LIO's
 * configfs ('l'), and what shows who holds a device ('h').
 */
#include "fuzz.h"

#include <sys/sysmacros.h>

#include "backend/holder.h"
#include "backend/lio.h"
#include "backend/lio_tree.h"
#include "backend/scst.h"
#include "model/plan.h"
#include "tree.h"

/* What was read can be compared and planned with, and shown. */
static void use(const struct sis_state *s)
{
	const struct sis_state none = { 0 };
	sis_autoplan struct sis_plan p = { 0 }, same = { 0 };

	for (size_t i = 0; i < s->targets.n; i++) {
		const struct sis_target *t = &s->targets.v[i];
		sis_autofree char *who = sis_sessions_text(&t->sessions);

		must(*t->iqn && !strchr(t->iqn, '/') && who);
		must(i == 0 || strcmp(s->targets.v[i - 1].iqn, t->iqn) < 0);
		for (size_t n = 1; n < t->luns.n; n++)
			must(t->luns.v[n - 1].number <= t->luns.v[n].number);
	}
	sis_plan_make(&none, s, false, &p);
	must(!p.groups.n); /* nothing of it is ours */
	sis_plan_make(s, s, false, &same);
}

static void backend(char *text, const struct sis_backend *be)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autostate struct sis_state all = { 0 };
	sis_autoprobe struct sis_probe probe = { 0 };
	struct sis_kfs kfs;
	struct sis_bx bx;
	int r;

	tree_make(text, be, &kfs, &bx);
	if (be->probe(&bx, &probe, NULL) == 0)
		must(probe.state == SIS_PROBE_RUNNING || probe.hint);
	r = be->read(&bx, NULL, &all, &err);
	if (r < 0)
		must_refuse(r, &err);
	else
		use(&all);
	if (be->done)
		be->done(&bx);
}

static void holder(char *text)
{
	struct sis_kfs kfs;
	struct sis_bx bx;
	sis_autofree char *who = NULL;

	tree_make(text, &sis_backend_lio, &kfs, &bx);
	who = sis_holder_text(&kfs, makedev(230, 16));
	must(!who || *who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 's': backend(text, &sis_backend_scst); break;
	case 'l': backend(text, &sis_backend_lio); break;
	case 'h': holder(text); break;
	default: return -1; /* not worth keeping */
	}
	tree_free();
	return 0;
}

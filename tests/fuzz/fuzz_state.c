/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files below /run/shareiscsi: the record of a target ('r' and the file), the queue ('q'), names put
 * into the queue ('a', one a line).
 */
#include "fuzz.h"

#include "base/log.h"
#include "core/queue.h"
#include "core/record.h"
#include "model/option.h"

#define IQN "iqn.2010-09.org.example:v"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const dirs[] = { "run", "run/shareiscsi", "run/shareiscsi/lio", NULL };

	(void)argc;
	(void)argv;
	fuzz_dir_make(dirs);
	sis_log_setup("fuzz", SIS_LOG_ERROR, false);
	return 0;
}

static void read_records(sis_records *ret)
{
	sis_autostrv sis_strv iqns = { 0 };

	sis_strv_add(&iqns, IQN);
	sis_strv_add(&iqns, IQN);
	sis_records_add(fuzz_dir, "lio", &iqns, ret);
}

/* Written again it says the same. */
static void records(void)
{
	sis_autorecords sis_records a = { 0 }, b = { 0 };
	sis_autotarget struct sis_target t = { .iqn = sis_strdup(IQN) };

	read_records(&a);
	must(a.n <= 1);
	if (!a.n)
		return;
	sis_vec_each(l, &a.v[0].luns) {
		must(l->number <= SIS_LUN_MAX);
		if (l->guid)
			*sis_vec_add(&t.luns) = (struct sis_lun){ .guid = l->guid, .number = l->number,
				.volume = sis_strdup(l->volume), .path = sis_strdup(l->path) };
	}
	must(sis_record_write(fuzz_dir, "lio", &t, a.v[0].chap, NULL) == 0);
	read_records(&b);
	must(b.n == 1 && b.v[0].luns.n == t.luns.n && sis_streq_null(a.v[0].chap, b.v[0].chap));
	for (size_t i = 0; i < t.luns.n; i++)
		must(b.v[0].luns.v[i].guid == t.luns.v[i].guid &&
		     b.v[0].luns.v[i].number == t.luns.v[i].number &&
		     sis_streq(b.v[0].luns.v[i].volume, t.luns.v[i].volume) &&
		     sis_streq(b.v[0].luns.v[i].path, t.luns.v[i].path));
}

static void queue(void)
{
	sis_autostrv sis_strv names = { 0 };
	bool all = false;

	must(sis_queue_take(fuzz_dir, &names, &all, NULL) == 0);
	must(!all || !names.n);
	for (size_t i = 0; i < names.n; i++) {
		must(*names.v[i] && sis_str_clean(names.v[i]) && names.n <= 100);
		must(i == 0 || strcmp(names.v[i - 1], names.v[i]) < 0);
	}
	must(sis_queue_take(fuzz_dir, &names, &all, NULL) == 0 && !all);
}

/* Each name becomes one line, or the whole call is refused and nothing is left in the queue. */
static void add(char *text)
{
	sis_autostrv sis_strv names = { 0 }, got = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	bool first = false, all = false;
	char *line;
	int r;

	while ((line = sis_str_next(&text, "\n")))
		sis_strv_add(&names, line);
	r = names.n ? sis_queue_add(fuzz_dir, &names, &first, &err) : 0;
	if (r < 0)
		must_refuse(r, &err);
	must(sis_queue_take(fuzz_dir, &got, &all, NULL) == 0);
	must(r == 0 || (!got.n && !all));
	must(got.n <= names.n);
	sis_vec_each(name, &got)
		must(!strpbrk(*name, "@#\n") && sis_str_clean(*name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 'r':
		fuzz_file("run/shareiscsi/lio/" IQN, data, size);
		records();
		break;
	case 'q':
		fuzz_file("run/shareiscsi/queue", data, size);
		queue();
		break;
	case 'a': add(text); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

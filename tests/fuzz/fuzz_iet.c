/* SPDX-License-Identifier: MPL-2.0 */
/*
 * IET: the module's list of volumes and, behind a line "-", of sessions ('v'), initiators.allow
 * ('a'), and the listings of ietadm: users ('u') and parameters ('p'). With 'f' the name by which an
 * initiator logs in to the first of two targets.
 */
#include "fuzz.h"

#include "backend/iet_allow.h"
#include "backend/iet_int.h"

#define IQN "iqn.2010-09.org.example:v"

static void volumes(char *text)
{
	char *cut = strstr(text, "\n-\n");
	const char *sessions = cut ? cut + 3 : "";
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autostate struct sis_state s = { 0 };
	sis_iet_drains drains = { 0 };
	int r;

	if (cut)
		cut[1] = '\0';
	r = sis_iet_parse_volume(text, &s, &drains, &err);
	if (r < 0) {
		must_refuse(r, &err);
		must(!s.targets.n && !drains.n);
		return;
	}
	sis_iet_parse_session(sessions, &s);
	sis_vec_each(t, &s.targets) {
		must(sis_str_clean(t->iqn));
		sis_vec_each(x, &t->sessions)
			must(x->id && sis_str_clean(x->initiator));
		sis_vec_each(l, &t->luns)
			must(l->path && !strchr(l->path, '\n'));
	}
	sis_vec_free(&drains);
}

/* Our line goes in and out again; what others wrote stays as it is, byte for byte. */
static void allow(const char *text)
{
	sis_autofree char *with = sis_iet_allow_edit(text, IQN, "iqn\\.x"), *twice = NULL;
	sis_autofree char *without = NULL, *before = sis_iet_allow_edit(text, IQN, NULL);
	const struct sis_iet_allow *a;
	sis_iet_allows l = { 0 };
	sis_rules rules = { 0 };

	sis_iet_allows_parse(text, &l);
	sis_vec_each(x, &l) {
		(void)sis_iet_allow_hides(x);
		sis_iet_allow_rules(x, &rules);
		sis_rules_free(&rules);
	}
	sis_iet_allows_free(&l);
	must(with);
	sis_iet_allows_parse(with, &l);
	a = sis_iet_allows_find(&l, IQN);
	must(a && sis_streq(a->entries, "iqn\\.x"));
	sis_iet_allows_free(&l);
	twice = sis_iet_allow_edit(with, IQN, "iqn\\.x");
	must(sis_streq(twice, with));
	without = sis_iet_allow_edit(with, IQN, NULL);
	must(sis_streq_null(without, before));
}

static void forged(const char *initiator)
{
	static const char volume[] = "tid:1 name:iqn.x:1\n\tlun:0 state:0 iotype:blockio iomode:wt "
				     "path:/dev/a\ntid:2 name:iqn.x:2\n";
	sis_autofree char *session = sis_asprintf("tid:1 name:iqn.x:1\n\tsid:1 initiator:%s\n\t\t"
						  "cid:0 ip:10.0.0.1 state:active hd:none dd:none\n"
						  "tid:2 name:iqn.x:2\n", initiator);
	sis_autostate struct sis_state s = { 0 };

	must(sis_iet_parse_volume(volume, &s, NULL, NULL) == 0);
	sis_iet_parse_session(session, &s);
	must(s.targets.n == 2 && s.targets.v[0].luns.n == 1);
	must(s.targets.v[0].sessions.n > 0); /* in use, whatever it says */
}

/* Whatever ietadm is asked for, it prints this. */
static int prints(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		  struct sis_err *err)
{
	(void)cmd;
	(void)err;
	*ret = (struct sis_cmd_result){ .out = sis_strdup(ctx), .errout = sis_strdup("") };
	return 0;
}

/* A user is one who stands in a line of its own; of a secret there is no word. */
static void users(struct sis_bx *bx, const char *text)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_chap chap = { 0 };

	must(sis_iet_chap_read(bx, 1, &chap, NULL) == 0);
	must(!chap.pass && !chap.mutual_pass && !chap.name);
	must(chap.user || !sis_str_starts(text, "IncomingUser "));
	sis_chap_users(&chap, &names);
	sis_vec_each(n, &names)
		must(strstr(text, *n) && !strchr(*n, '\n'));
	sis_chap_free(&chap);
}

/* What is told of is a line that is there. */
static void parameters(struct sis_bx *bx, const char *text)
{
	const struct sis_target t = { .iqn = (char *)IQN, .tid = 1 };
	sis_autofree char *what = NULL;

	must(sis_iet_beyond(bx, &t, &what, NULL) == 0);
	must(!what || (strstr(text, strrchr(what, ' ') + 1) && !strchr(what, '\n')));
}

static void listing(char which, char *text)
{
	const struct sis_runner runner = { .run = prints, .ctx = text };
	struct sis_iet g = { .adm.program = (char *)"/ietadm" };
	struct sis_kfs kfs = { .root = "/nonexistent", .ops = &sis_kfs_real_ops };
	struct sis_bx bx = { .runner = &runner, .kfs = &kfs, .priv = &g };

	if (which == 'u')
		users(&bx, text);
	else
		parameters(&bx, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 'v': volumes(text); break;
	case 'a': allow(text); break;
	case 'f': forged(text); break;
	case 'u':
	case 'p': listing(which, text); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The STGT back end against a real tgtd of its own: private control socket, loopback port, ended
 * by pid. libiscsi is the initiator. Skips, saying why, where there is no tgtd.
 */
#include "initiator.h"
#include "tgtd.h"

#include "backend/backend.h"
#include "backend/stgt.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/field.h"
#include "model/identity.h"
#include "model/option.h"

enum { WAIT_MS = 10000, MB = 1 << 20, SKIPPED = 77 };

static struct sis_kfs kfs = { .root = "", .ops = &sis_kfs_real_ops, .timeout_ms = WAIT_MS };
static enum sis_transport transport;
static struct sis_bx bx;
static struct sis_err err;

static void open_bx(void)
{
	bx = (struct sis_bx){ .be = &sis_backend_stgt,
			      .runner = &sis_runner_real,
			      .kfs = &kfs,
			      .root = "",
			      .control_socket = control,
			      .transport = transport,
			      .caps = sis_backend_stgt.caps };
}

static void close_bx(void)
{
	bx.be->done(&bx);
	sis_err_clear(&err);
}

static int answers(void *ctx)
{
	sis_autoprobe struct sis_probe p = { 0 };
	int r;

	(void)ctx;
	open_bx();
	r = bx.be->probe(&bx, &p, NULL);
	close_bx();
	return r == 0 && p.state == SIS_PROBE_RUNNING;
}

static int setup_all(void **state)
{
	(void)state;
	(void)snprintf(portal, sizeof(portal), "127.0.0.1:%u", free_port());
	return make_tgtd_dir() < 0 ? -1 : start_tgtd(portal, answers);
}

static int teardown_all(void **state)
{
	(void)state;
	stop_tgtd();
	return remove_tree(dir);
}

static int setup(void **state)
{
	sis_autoprobe struct sis_probe p = { 0 };

	(void)state;
	open_bx();
	return bx.be->probe(&bx, &p, &err);
}

/* Each test leaves an empty daemon: what it did not delete would be the next one's trouble. */
static int teardown(void **state)
{
	sis_autostate struct sis_state live = { 0 };
	int r = bx.be->read(&bx, NULL, &live, &err);

	(void)state;
	sis_vec_each(t, &live.targets)
		r = r < 0 ? r : bx.be->target_del(&bx, t, true, &err);
	close_bx();
	return r;
}

/* ---- what is shared ---- */

#define assert_ok(call) ok_(call, #call)

static void ok_(int r, const char *what)
{
	if (r < 0)
		fail_msg("%s: %d: %s", what, r, sis_err_msg(&err));
}

#define assert_fails(call, code, text)                            \
	do {                                                      \
		assert_int_equal(call, -(code));                  \
		assert_non_null(strstr(sis_err_msg(&err), text)); \
		sis_err_clear(&err);                              \
	} while (0)

static char *make_file(const char *name, off_t size)
{
	char *path = sis_asprintf("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	assert_return_code(ftruncate(fd, size), errno);
	close(fd);
	return path;
}

/* A target as desired, with one LUN on a file of its own. */
static struct sis_target wanted(const char *name, uint32_t number, uint64_t guid)
{
	struct sis_target t = { .iqn = sis_asprintf("iqn.2026-01.org.example:%s", name) };
	struct sis_lun *l = sis_vec_add(&t.luns);

	l->number = number;
	l->path = make_file(name, 8 * MB);
	l->is_file = true;
	l->guid = guid;
	l->size = 8 * MB;
	l->type = SIS_TYPE_DISK;
	l->iomode = SIS_IOMODE_RDWR;
	l->blocksize = 512;
	l->serial = sis_serial(guid);
	l->naa = sis_naa(guid);
	return t;
}

static void add_rule(struct sis_target *t, const char *text)
{
	assert_ok(sis_rule_parse(text, sis_vec_add(&t->rules), &err));
}

static void share(struct sis_target *t)
{
	assert_ok(bx.be->target_add(&bx, t, &err));
	sis_vec_each(l, &t->luns)
		assert_ok(bx.be->lun_add(&bx, t, l, &err));
	assert_ok(bx.be->target_set(&bx, t, NULL, SIS_BIT(SIS_FIELD_RULES), &err));
	assert_ok(bx.be->target_show(&bx, t, &err));
}

/* The live target of that name as a copy; iqn NULL when there is none. */
static struct sis_target live_of(const char *iqn)
{
	sis_autostate struct sis_state live = { 0 };
	struct sis_target copy = { 0 }, *found;

	assert_ok(bx.be->read(&bx, NULL, &live, &err));
	found = sis_state_find(&live, iqn);
	if (found)
		sis_target_copy(&copy, found);
	return copy;
}

static void assert_same(const struct sis_target *want)
{
	sis_autotarget struct sis_target live = live_of(want->iqn);

	assert_non_null(live.iqn);
	assert_true(live.shown);
	assert_int_equal(live.tid, want->tid);
	assert_int_equal(sis_target_diff(want, &live), 0);
	assert_int_equal(live.luns.n, want->luns.n);
	for (size_t i = 0; i < want->luns.n; i++) {
		sis_autofree char *diff = sis_lun_diff_text(&want->luns.v[i], &live.luns.v[i], ~0U);

		if (sis_lun_diff(&want->luns.v[i], &live.luns.v[i]))
			fail_msg("%s", diff);
	}
}

static int run_tgtadm(const char *const *words)
{
	sis_autofree char *var = sis_asprintf("TGT_IPC_SOCKET=%s", control);
	sis_autoresult struct sis_cmd_result res = { 0 };
	const struct sis_cmd cmd = { .argv = words, .env = (const char *const[]){ var, NULL } };

	assert_ok(sis_runner_real.run(NULL, &cmd, &res, &err));
	return res.status;
}

/* ---- tests ---- */

static void test_probe(void **state)
{
	sis_autoprobe struct sis_probe p = { 0 }, again = { 0 };

	(void)state;
	assert_ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
	assert_non_null(p.version);
	assert_null(p.hint);
	assert_int_equal(bx.caps.iomode[SIS_IOMODE_NONE], SIS_IOMODE_RDWR);
	assert_int_equal(bx.caps.iomode[SIS_IOMODE_AIO], SIS_IOMODE_AIO);
	assert_int_equal(bx.caps.iomode[SIS_IOMODE_MMAP], SIS_IOMODE_NONE);
	assert_ok(bx.be->probe(&bx, &again, &err));
	assert_int_equal(again.state, SIS_PROBE_RUNNING);
}

/* Without tgtadm below the root a daemon that answers is enough, unless only tgtadm may be used. */
static void test_no_tgtadm(void **state)
{
	sis_autoprobe struct sis_probe p = { 0 }, absent = { 0 };
	sis_autofree char *nowhere = sis_asprintf("%s/nowhere", dir);
	struct sis_bx other = bx;

	(void)state;
	other.priv = NULL;
	other.root = dir;
	assert_ok(other.be->probe(&other, &p, &err));
	assert_int_equal(p.state,
			 transport == SIS_TRANSPORT_TGTADM ? SIS_PROBE_ABSENT : SIS_PROBE_RUNNING);
	other.be->done(&other);
	other.control_socket = nowhere;
	assert_ok(other.be->probe(&other, &absent, &err));
	assert_int_equal(absent.state, SIS_PROBE_ABSENT);
	assert_non_null(absent.hint);
	other.be->done(&other);
}

static void test_stopped(void **state)
{
	sis_autoprobe struct sis_probe p = { 0 }, stale = { 0 };
	sis_autofree char *nowhere = sis_asprintf("%s/nowhere", dir);
	sis_autotarget struct sis_target t = wanted("stopped", 1, 1);
	sis_autostate struct sis_state live = { 0 };
	struct sis_bx other = bx;

	(void)state;
	other.priv = NULL;
	other.control_socket = nowhere;
	assert_ok(other.be->probe(&other, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_STOPPED);
	assert_non_null(strstr(p.hint, "systemctl start tgt"));
	assert_non_null(p.version);
	assert_fails(other.be->read(&other, NULL, &live, &err), SIS_ERR_NOTARGET, "nowhere.0");
	assert_fails(other.be->target_add(&other, &t, &err), SIS_ERR_NOTARGET, "does not answer");
	other.be->done(&other);

	/* a socket file that a killed daemon left behind proves nothing */
	share(&t);
	stop_tgtd();
	assert_int_equal(access(control, F_OK), -1);
	assert_ok(bx.be->probe(&bx, &stale, &err));
	assert_int_equal(stale.state, SIS_PROBE_STOPPED);
	assert_fails(bx.be->target_hide(&bx, &t, &err), SIS_ERR_NOTARGET, "does not answer");
	close_bx();
	assert_int_equal(start_tgtd(portal, answers), 0);
	open_bx();
	share(&t);
	assert_same(&t);
}

static void test_share(void **state)
{
	sis_autotarget struct sis_target t = wanted("share", 1, 0x0123456789abcdef), gone = { 0 };
	struct iscsi_context *c;

	(void)state;
	assert_ok(bx.be->target_add(&bx, &t, &err));
	assert_int_equal(t.tid, 1);
	assert_false(lets_in("iqn.x:a", t.iqn, 0));
	assert_ok(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err));
	assert_ok(bx.be->target_set(&bx, &t, NULL, SIS_BIT(SIS_FIELD_RULES), &err));
	assert_false(lets_in("iqn.x:a", t.iqn, 0));
	assert_ok(bx.be->target_show(&bx, &t, &err));
	assert_same(&t);

	c = login(t.iqn, 1);
	assert_non_null(c);
	assert_true(presents_naa(c, 1, "60014050123456789abcdef000000000"));
	assert_presents_serial(c, 1, "0123456789abcdef");
	assert_int_equal(capacity(c, 1), 8 * MB);
	logout(c);

	assert_ok(bx.be->target_hide(&bx, &t, &err));
	assert_false(lets_in("iqn.x:a", t.iqn, 1));
	assert_ok(bx.be->lun_del(&bx, &t, &t.luns.v[0], &err));
	assert_ok(bx.be->target_del(&bx, &t, false, &err));
	gone = live_of(t.iqn);
	assert_null(gone.iqn);
}

static void test_twice(void **state)
{
	sis_autotarget struct sis_target t = wanted("twice", 3, 2);

	(void)state;
	assert_ok(bx.be->target_add(&bx, &t, &err));
	assert_ok(bx.be->target_add(&bx, &t, &err));
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err));
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->target_show(&bx, &t, &err));
	assert_same(&t);
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->target_hide(&bx, &t, &err));
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->lun_del(&bx, &t, &t.luns.v[0], &err));
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->target_del(&bx, &t, false, &err));
	assert_ok(bx.be->target_hide(&bx, &t, &err));
	assert_ok(bx.be->lun_del(&bx, &t, &t.luns.v[0], &err));
}

static void test_kinds(void **state)
{
	static const struct {
		enum sis_type type;
		enum sis_iomode iomode;
		uint32_t blocksize;
		bool readonly;
	} row[] = {
		{ SIS_TYPE_DISK, SIS_IOMODE_RDWR, 512, false },
		{ SIS_TYPE_DISK, SIS_IOMODE_WT, 512, false },
		{ SIS_TYPE_DISK, SIS_IOMODE_AIO, 4096, false },
		{ SIS_TYPE_DISK, SIS_IOMODE_RDWR, 1024, true },
		{ SIS_TYPE_TAPE, SIS_IOMODE_RDWR, 512, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sis_autofree char *name = sis_asprintf("kind%zu", i);
		sis_autotarget struct sis_target t = wanted(name, 1 + (uint32_t)i, 100 + i);
		struct sis_lun *l = &t.luns.v[0];

		l->type = row[i].type;
		l->iomode = row[i].iomode;
		l->blocksize = row[i].blocksize;
		l->readonly = row[i].readonly;
		share(&t);
		assert_int_equal(t.tid, i + 1);
		assert_same(&t);
	}
}

static void test_tids(void **state)
{
	sis_autotarget struct sis_target a = wanted("a", 1, 10), b = wanted("b", 1, 11),
					 c = wanted("c", 1, 12);

	(void)state;
	share(&a);
	share(&b);
	assert_int_equal(b.tid, 2);
	assert_ok(bx.be->target_del(&bx, &a, false, &err));
	close_bx(); /* another run, which has read nothing yet */
	open_bx();
	share(&c);
	assert_int_equal(c.tid, 1);
	share(&(struct sis_target){ .iqn = a.iqn });
}

/* Somebody else makes targets between our read and our step. */
static void test_taken(void **state)
{
	sis_autotarget struct sis_target t = wanted("taken", 1, 20),
					 foreign = wanted("other", 1, 21),
					 same = wanted("taken", 1, 22);
	sis_autostate struct sis_state live = { 0 };
	struct sis_bx other = bx;

	(void)state;
	other.priv = NULL;
	assert_ok(bx.be->read(&bx, NULL, &live, &err));
	assert_ok(other.be->target_add(&other, &foreign, &err));
	assert_int_equal(foreign.tid, 1);
	share(&t);
	assert_int_equal(t.tid, 2);
	assert_fails(other.be->target_add(&other, &same, &err), EEXIST,
		     "already exists in tgtd as "
		     "TID 2");
	other.be->done(&other);
}

static void test_lun_errors(void **state)
{
	sis_autotarget struct sis_target t = wanted("luns", 1, 30), missing = wanted("gone", 2, 31);
	struct sis_lun *l = &missing.luns.v[0];

	(void)state;
	share(&t);
	missing.tid = t.tid;
	l->number = 1;
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), EEXIST, "is taken by");
	l->number = 2;
	assert_return_code(unlink(l->path), errno);
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), ENOENT, "there is no device or file");
	sis_replace(&l->path, dir);
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), EISDIR, "is a directory");
	sis_replace(&l->path, t.luns.v[0].path);
	l->type = SIS_TYPE_PT;
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), EINVAL, "SCSI generic");
	l->type = SIS_TYPE_DISK;
	l->iomode = SIS_IOMODE_SSC;
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), EINVAL, "type=tape");
	l->iomode = SIS_IOMODE_SG;
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), EINVAL, "type=pt");
	l->iomode = SIS_IOMODE_RDWR;
	t.tid = 99;
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), ENOENT, "can't find the target");
	t.tid = missing.tid;
	assert_same(&t);
}

static void test_lun_set(void **state)
{
	sis_autotarget struct sis_target t = wanted("set", 1, 40), live = { 0 };
	struct sis_lun *l = &t.luns.v[0];
	struct iscsi_context *c;

	(void)state;
	share(&t);
	c = login(t.iqn, 1);
	assert_non_null(c);

	assert_return_code(truncate(l->path, 32 * MB), errno);
	l->size = 32 * MB;
	live = live_of(t.iqn);
	assert_int_equal(sis_lun_diff(l, &live.luns.v[0]), SIS_BIT(SIS_FIELD_SIZE));
	assert_ok(bx.be->lun_set(&bx, &t, l, &live.luns.v[0], SIS_BIT(SIS_FIELD_SIZE), &err));
	assert_same(&t);
	assert_int_equal(capacity(c, 1), 32 * MB);

	free(l->serial);
	free(l->naa);
	l->serial = sis_serial(41);
	l->naa = sis_naa(41);
	assert_ok(bx.be->lun_set(&bx, &t, l, &live.luns.v[0],
				 SIS_BIT(SIS_FIELD_SERIAL) | SIS_BIT(SIS_FIELD_NAA), &err));
	assert_same(&t);
	l->thin = true;
	assert_ok(bx.be->lun_set(&bx, &t, l, &live.luns.v[0], SIS_BIT(SIS_FIELD_THIN), &err));
	assert_same(&t);
	assert_ok(bx.be->lun_set(&bx, &t, l, &live.luns.v[0], 0, &err));

	assert_return_code(unlink(l->path), errno);
	assert_fails(bx.be->lun_set(&bx, &t, l, &live.luns.v[0], SIS_BIT(SIS_FIELD_SIZE), &err),
		     ENOENT, "cannot tell the size");
	assert_int_equal(capacity(c, 1), 32 * MB);
	logout(c);
}

static void set_rules(struct sis_target *t, const char *const *rules)
{
	sis_autotarget struct sis_target live = live_of(t->iqn);
	unsigned changed;

	sis_rules_free(&t->rules);
	for (; rules && *rules; rules++)
		add_rule(t, *rules);
	changed = sis_target_diff(t, &live);
	assert_ok(bx.be->target_set(&bx, t, &live, changed, &err));
	assert_same(t);
}

/* Lets the daemon listen on ::1 as well, and logs in there from now on. False without IPv6. */
static bool listen_on_ipv6(void)
{
	const char *port = strrchr(portal, ':') + 1;
	sis_autofree char *at = sis_asprintf("portal=[::1]:%s", port);

	if (run_tgtadm((const char *const[]){ "/usr/sbin/tgtadm", "--lld", "iscsi", "--op", "new",
					      "--mode", "portal", "--param", at, NULL }) != 0)
		return false;
	(void)snprintf(portal, sizeof(portal), "%s", at + strlen("portal="));
	return true;
}

#define RULES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_rules(void **state)
{
	static const char one[] = "iqn.2026-01.org.example:one";
	static const char two[] = "iqn.2026-01.org.example:two";
	sis_autotarget struct sis_target t = wanted("rules", 1, 50), live = { 0 };

	(void)state;
	add_rule(&t, "10.1.2.3");
	share(&t);
	assert_same(&t);
	assert_false(lets_in(one, t.iqn, 1));
	set_rules(&t, RULES("10.1.2.3", "127.0.0.0/8"));
	assert_true(lets_in(one, t.iqn, 1));
	set_rules(&t, RULES("10.1.2.3", "fe80::/10"));
	assert_false(lets_in(one, t.iqn, 1));
	if (bx.caps.caps & SIS_CAP_RULE_NAME) {
		set_rules(&t, RULES("10.1.2.3", one));
		assert_true(lets_in(one, t.iqn, 1));
		assert_false(lets_in(two, t.iqn, 1));
		set_rules(&t, RULES(two));
		assert_false(lets_in(one, t.iqn, 1));
		assert_true(lets_in(two, t.iqn, 1));
	}
	set_rules(&t, NULL);
	assert_true(lets_in(one, t.iqn, 1));
	set_rules(&t, RULES("127.0.0.1"));
	assert_true(lets_in(one, t.iqn, 1));

	/* stopped half way from here to everyone, and then the other way */
	live.tid = t.tid;
	assert_ok(bx.be->target_show(&bx, &live, &err));
	live = live_of(t.iqn);
	assert_int_equal(live.rules.n, 2);
	set_rules(&t, NULL);
	assert_true(lets_in(one, t.iqn, 1));
	set_rules(&t, RULES("10.9.9.9"));
	assert_false(lets_in(one, t.iqn, 1));
}

/* tgtd takes the address of a client of one family for one of the other. */
static void test_families(void **state)
{
	static const char *const bad[] = { "0.0.0.0/0", "0.0.0.0/1", "0.0.0.0", "0.0.0.0/32", "::/0",
					   "::/1",	"::/64",     "::1",	"::/128" };
	static const char one[] = "iqn.2026-01.org.example:one";
	sis_autotarget struct sis_target t = wanted("families", 1, 51), live = { 0 };
	sis_autofree char *v4 = sis_strdup(portal);

	(void)state;
	share(&t);
	set_rules(&t, RULES("10.9.9.9"));
	live = live_of(t.iqn);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add_rule(&t, bad[i]);
		assert_fails(bx.be->target_set(&bx, &t, &live, SIS_BIT(SIS_FIELD_RULES), &err),
			     EINVAL, "cannot match");
		assert_fails(bx.be->target_show(&bx, &t, &err), EINVAL, "cannot match");
		sis_rule_free(&t.rules.v[--t.rules.n]);
	}
	assert_false(lets_in(one, t.iqn, 1));

	if (!listen_on_ipv6())
		return;
	set_rules(&t, RULES("1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "8.0.0.0/5", "16.0.0.0/4",
			    "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1"));
	assert_false(lets_in(one, t.iqn, 1));
	(void)snprintf(portal, sizeof(portal), "%s", v4);
	assert_true(lets_in(one, t.iqn, 1));
	set_rules(&t, RULES("2000::/3", "fc00::/7", "fe80::/10"));
	assert_false(lets_in(one, t.iqn, 1));
}

static int no_session(void *iqn)
{
	sis_autotarget struct sis_target live = live_of(iqn);

	return live.sessions.n == 0;
}

static void test_sessions(void **state)
{
	sis_autotarget struct sis_target t = wanted("sessions", 1, 60), live = { 0 };
	sis_autosessions sis_sessions now = { 0 }, none = { 0 };
	struct iscsi_context *c;

	(void)state;
	share(&t);
	c = login(t.iqn, 1);
	assert_non_null(c);
	live = live_of(t.iqn);
	assert_int_equal(live.sessions.n, 1);
	assert_string_equal(live.sessions.v[0].initiator, "iqn.2026-01.org.example:host");
	assert_string_equal(live.sessions.v[0].address, "127.0.0.1");
	assert_ok(bx.be->sessions(&bx, &live, &now, &err));
	assert_int_equal(now.n, 1);
	assert_string_equal(now.v[0].initiator, live.sessions.v[0].initiator);
	assert_string_equal(now.v[0].address, "127.0.0.1");
	assert_string_equal(now.v[0].id, live.sessions.v[0].id);
	assert_fails(bx.be->target_del(&bx, &live, false, &err), SIS_ERR_INUSE, "1 session");
	for (int i = 0; i < 2; i++)
		assert_ok(bx.be->session_end(&bx, &live, &live.sessions.v[0], &err));
	assert_true(sis_wait_until(no_session, t.iqn, WAIT_MS));
	iscsi_destroy_context(c);
	assert_ok(bx.be->sessions(&bx, &live, &none, &err));
	assert_int_equal(none.n, 0);
	live.tid = 4711;
	assert_ok(bx.be->sessions(&bx, &live, &none, &err)); /* no such target */
	assert_same(&t);
	assert_fails(bx.be->session_end(&bx, &live, &(struct sis_session){ .id = (char[]){ "x" } },
					&err),
		     EINVAL, "no session of STGT");
}

static void test_force(void **state)
{
	sis_autotarget struct sis_target t = wanted("force", 1, 70), live = { 0 }, gone = { 0 };
	struct iscsi_context *c[3];

	(void)state;
	share(&t);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(c[i] = login(t.iqn, 1));
	live = live_of(t.iqn);
	assert_int_equal(live.sessions.n, 2);
	/* one more since the list was read */
	assert_non_null(c[2] = login(t.iqn, 1));
	assert_ok(bx.be->target_hide(&bx, &live, &err));
	assert_ok(bx.be->lun_del(&bx, &live, &live.luns.v[0], &err));
	assert_ok(bx.be->target_del(&bx, &live, true, &err));
	gone = live_of(t.iqn);
	assert_null(gone.iqn);
	for (size_t i = 0; i < 3; i++)
		iscsi_destroy_context(c[i]);
}

static void test_offline(void **state)
{
	sis_autotarget struct sis_target t = wanted("offline", 1, 80), live = { 0 };

	(void)state;
	share(&t);
	assert_int_equal(
		run_tgtadm((const char *const[]){ "/usr/sbin/tgtadm", "--lld", "iscsi", "--op",
						  "update", "--mode", "target", "--tid", "1",
						  "--name", "state", "--value", "offline", NULL }),
		0);
	assert_false(lets_in("iqn.x:a", t.iqn, 1));
	live = live_of(t.iqn);
	assert_false(live.shown);
	assert_ok(bx.be->target_show(&bx, &t, &err));
	assert_same(&t);
	assert_true(lets_in("iqn.x:a", t.iqn, 1));
}

static void test_longest_name(void **state)
{
	char name[224];
	sis_autotarget struct sis_target t = { 0 };

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "iqn.2026-01.org.example:", 24);
	name[bx.caps.max_name] = '\0';
	t = wanted("longest", 255, 90);
	sis_replace(&t.iqn, name);
	share(&t);
	assert_same(&t);
	assert_true(lets_in("iqn.x:a", t.iqn, 255));
}

static bool note(void *ctx, const char *const *argv)
{
	sis_autofree char *line = sis_cmd_text(argv);

	sis_strv_add(ctx, line);
	return false;
}

static int note_run(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		    struct sis_err *e)
{
	if (!cmd->changes)
		return sis_runner_real.run(NULL, cmd, ret, e);
	(void)note(ctx, cmd->argv);
	*ret = (struct sis_cmd_result){ .out = sis_strdup(""), .errout = sis_strdup("") };
	return 0;
}

/* The command lines are part of what the tool promises. */
static void test_commands(void **state)
{
	static const char *const want[] = {
		"--op new --mode target --tid 1 -T iqn.2010-09.org.zfsonlinux:mypool.test",
		"--op new --mode logicalunit --tid 1 --lun 1 -b /dev/zvol/mypool/test",
		("--op update --mode logicalunit --tid 1 --lun 1 --params "
		 "scsi_sn=000000000000005b,scsi_id=6001405000000000000005b000000000"),
		"--op bind --mode target --tid 1 --initiator-address ALL",
		"--op unbind --mode target --tid 1 --initiator-address ALL",
		"--op delete --mode logicalunit --tid 1 --lun 1",
		"--op delete --mode target --tid 1",
	};
	sis_autotarget struct sis_target t = wanted("commands", 1, 91);
	sis_autostrv sis_strv lines = { 0 };
	const struct sis_runner noting = { note_run, &lines, note };

	(void)state;
	sis_replace(&t.iqn, "iqn.2010-09.org.zfsonlinux:mypool.test");
	sis_replace(&t.luns.v[0].path, "/dev/zvol/mypool/test");
	bx.runner = &noting;
	bx.dry = true;
	share(&t);
	assert_ok(bx.be->target_hide(&bx, &t, &err));
	assert_ok(bx.be->lun_del(&bx, &t, &t.luns.v[0], &err));
	assert_ok(bx.be->target_del(&bx, &t, false, &err));
	assert_int_equal(lines.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < lines.n; i++) {
		sis_autofree char *line = sis_asprintf("/usr/sbin/tgtadm --lld iscsi %s", want[i]);

		assert_string_equal(lines.v[i], line);
	}
	bx.runner = &sis_runner_real;
	bx.dry = false;
}

/* One more LUN of a target like `wanted()`, on a file of its own. */
static struct sis_lun *one_more(struct sis_target *t, uint32_t number, uint64_t guid)
{
	sis_autofree char *name = sis_asprintf("more%u", number);
	sis_autotarget struct sis_target other = wanted(name, number, guid);

	sis_vec_push(&t->luns, other.luns.v[0]);
	other.luns.n = 0;
	return &t->luns.v[t->luns.n - 1];
}

static size_t luns_reported(struct iscsi_context *c)
{
	struct scsi_task *task = iscsi_reportluns_sync(c, 0, 255);
	struct scsi_reportluns_list *list;
	size_t n;

	assert_non_null(task);
	list = scsi_datain_unmarshall(task);
	assert_non_null(list);
	n = list->num;
	scsi_free_scsi_task(task);
	return n;
}

/* Where initiators may be, a LUN can be used only once it is what it is to be. */
static void test_lun_late(void **state)
{
	static const char *const want[] = {
		"--op new --mode logicalunit --tid 1 --lun 2 -y 512",
		("--op update --mode logicalunit --tid 1 --lun 2 --params removable=0,"
		 "scsi_sn=000000000000006f,scsi_id=6001405000000000000006f000000000,readonly=1"),
		"--op update --mode logicalunit --tid 1 --lun 2 --params path=",
	};
	static const char *const half_made[] = { "/usr/sbin/tgtadm", "--lld",	     "iscsi", "--op",
						 "new",		     "--mode",	     "logicalunit",
						 "--tid",	     "1",	     "--lun", "2",
						 "--bsoflags",	     "direct", NULL };
	sis_autotarget struct sis_target t = wanted("late", 1, 110), live = { 0 };
	struct sis_lun *l = one_more(&t, 2, 111);
	sis_autostrv sis_strv lines = { 0 };
	const struct sis_runner noting = { note_run, &lines, note };
	struct iscsi_context *c;

	(void)state;
	t.luns.n = 1;
	share(&t);
	t.luns.n = 2;
	l->readonly = true;
	assert_non_null(c = login(t.iqn, 1));
	bx.runner = &noting;
	assert_ok(bx.be->lun_add(&bx, &t, l, &err));
	bx.runner = &sis_runner_real;
	assert_int_equal(lines.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < lines.n; i++)
		assert_non_null(strstr(lines.v[i], want[i]));

	/* what a run left that was killed after the first of these is no LUN yet, and hinders none */
	assert_int_equal(run_tgtadm(half_made), 0);
	live = live_of(t.iqn);
	assert_int_equal(live.luns.n, 1);
	assert_ok(bx.be->lun_add(&bx, &t, l, &err));
	assert_same(&t);
	assert_int_equal(capacity(c, 2), 8 * MB);

	l = one_more(&t, 3, 112);
	l->iomode = SIS_IOMODE_WT;
	l->blocksize = 4096;
	assert_ok(bx.be->lun_add(&bx, &t, l, &err));
	l = one_more(&t, 4, 113);
	l->type = SIS_TYPE_TAPE;
	l->iomode = SIS_IOMODE_SSC;
	assert_ok(bx.be->lun_add(&bx, &t, l, &err));
	assert_same(&t);

	/* one that cannot be opened leaves nothing */
	l = one_more(&t, 5, 114);
	assert_return_code(unlink(l->path), errno);
	assert_fails(bx.be->lun_add(&bx, &t, l, &err), ENOENT, "there is no device or file");
	assert_int_equal(luns_reported(c), 5); /* with the controller */
	logout(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_probe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_tgtadm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_share, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lun_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lun_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_families, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_force, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lun_late, setup, teardown),
	};
	int r;

	if (access(tgtd_program, X_OK) < 0 || geteuid() != 0) {
		print_message("skipped: needs /usr/sbin/tgtd (package tgt) and root\n");
		return SKIPPED;
	}
	transport = SIS_TRANSPORT_SOCKET;
	r = cmocka_run_group_tests_name("stgt over its socket", tests, setup_all, teardown_all);
	transport = SIS_TRANSPORT_TGTADM;
	return r + cmocka_run_group_tests_name("stgt by tgtadm", tests, setup_all, teardown_all);
}

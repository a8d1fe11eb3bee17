/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The IET back end against the simulator, as version 1.4.19 and as 1.4.20.3: every slot, twice; the
 * literal commands; who may log in; sessions that come back; failures at every command.
 * usage: test_iet IET-SIM-CTL IETADM (which lie side by side)
 */
#include "iet_sim.h"

#include "backend/iet.h"
#include "core/trace.h"
#include "model/field.h"
#include "model/identity.h"
#include "model/option.h"

#define IQN "iqn.2010-09.org.zfsonlinux:mypool.test"
#define OTHER_IQN "iqn.2010-09.org.zfsonlinux:mypool.other"
#define VOLUME "/dev/zvol/mypool/test"
#define HOST "iqn.1993-08.org.debian:01:host"
#define ALLOW "/etc/initiators.allow"
#define MARK "# shareiscsi "

enum { MIB = 1 << 20 };

static const char *version;
static struct sis_kfs kfs;
static struct sis_bx bx;
static struct sis_err err;

#define ok(call)                                                      \
	do {                                                          \
		int r_ = (call);                                      \
		if (r_ < 0)                                           \
			fail_msg("%s: %s", #call, sis_err_msg(&err)); \
	} while (0)

#define fails(call, code, text)                            \
	do {                                               \
		assert_int_equal((call), -(code));         \
		if (!strstr(sis_err_msg(&err), text))      \
			fail_msg("%s", sis_err_msg(&err)); \
		sis_err_clear(&err);                       \
	} while (0)

static bool later(void)
{
	return !sis_streq(version, "1.4.19");
}

static void open_bx(void)
{
	sis_autoprobe struct sis_probe p = { 0 };

	kfs = (struct sis_kfs){ .root = sim_root, .ops = &sis_kfs_real_ops, .timeout_ms = 5000 };
	bx = (struct sis_bx){ .be = &sis_backend_iet,
			      .runner = &sis_runner_real,
			      .kfs = &kfs,
			      .root = sim_root,
			      .caps = sis_backend_iet.caps };
	ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
}

static int setup(void **state)
{
	(void)state;
	sim_start(version);
	sim_volume(VOLUME, 64 * MIB);
	sim_volume("/dev/zvol/mypool/other", 64 * MIB);
	open_bx();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bx.be->done(&bx);
	sis_err_clear(&err);
	sim_stop();
	return 0;
}

/* What desire.c would make of the volume. */
static struct sis_target wanted(const char *iqn, const char *path)
{
	struct sis_target t = { .iqn = sis_strdup(iqn), .shown = true };

	sis_vec_push(&t.luns, ((struct sis_lun){ .path = sis_strdup(path),
						 .size = 64 * MIB,
						 .type = SIS_TYPE_BLOCKIO,
						 .iomode = SIS_IOMODE_WT,
						 .blocksize = 512,
						 .guid = 0xc0ffee,
						 .serial = sis_serial(0xc0ffee),
						 .t10_id = sis_serial(0xc0ffee) }));
	return t;
}

static void add_rule(struct sis_target *t, const char *text)
{
	ok(sis_rule_parse(text, sis_vec_add(&t->rules), &err));
}

/* The steps of a new target, and what is undone when one fails. */
static int share(struct sis_target *t)
{
	int r = bx.be->target_add(&bx, t, &err);
	bool added = r == 0;

	for (size_t i = 0; r == 0 && i < t->luns.n; i++)
		r = bx.be->lun_add(&bx, t, &t->luns.v[i], &err);
	if (r == 0)
		r = bx.be->target_set(&bx, t, NULL, SIS_BIT(SIS_FIELD_RULES), &err);
	if (r == 0)
		r = bx.be->target_show(&bx, t, &err);
	if (r == 0)
		return 0;
	for (size_t i = 0; added && i < t->luns.n; i++)
		(void)bx.be->lun_del(&bx, t, &t->luns.v[i], NULL);
	(void)bx.be->target_del(&bx, t, false, NULL);
	return r;
}

static struct sis_state read_all(void)
{
	struct sis_state s = { 0 };

	ok(bx.be->read(&bx, NULL, &s, &err));
	return s;
}

/* The steps of a removal. */
static int unshare(const char *iqn, bool force)
{
	sis_autostate struct sis_state s = { 0 };
	const struct sis_target *t;
	int r = bx.be->read(&bx, NULL, &s, &err);

	t = sis_state_find(&s, iqn);
	if (r < 0 || !t)
		return r;
	if (t->sessions.n && !force)
		return bx.be->target_del(&bx, t, false, &err);
	r = bx.be->target_hide(&bx, t, &err);
	for (size_t i = 0; r == 0 && i < t->sessions.n; i++)
		r = bx.be->session_end(&bx, t, &t->sessions.v[i], &err);
	for (size_t i = 0; r == 0 && i < t->luns.n; i++)
		r = bx.be->lun_del(&bx, t, &t->luns.v[i], &err);
	return r < 0 ? r : bx.be->target_del(&bx, t, force, &err);
}

/* The live state is what was wanted, and has no more. */
static void assert_live(const struct sis_target *t)
{
	sis_autostate struct sis_state s = read_all();
	const struct sis_target *live = sis_state_find(&s, t->iqn);
	sis_autofree char *text = NULL;

	assert_non_null(live);
	assert_true(live->shown);
	assert_int_equal(live->tid, t->tid);
	text = sis_target_diff_text(t, live, sis_target_diff(t, live));
	assert_string_equal(text, "");
	assert_int_equal(live->luns.n, t->luns.n);
	for (size_t i = 0; i < t->luns.n; i++) {
		const struct sis_lun *l = &live->luns.v[i];
		sis_autofree char *diff = NULL;

		diff = sis_lun_diff_text(&t->luns.v[i], l, sis_lun_diff(&t->luns.v[i], l));
		assert_string_equal(diff, "");
		assert_int_equal(l->number, t->luns.v[i].number);
	}
}

static void assert_gone(const char *iqn)
{
	sis_autostate struct sis_state s = read_all();

	assert_null(sis_state_find(&s, iqn));
}

static void assert_file(const char *path, const char *want)
{
	sis_autofree char *got = sim_read(path);

	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, want);
}

/* ---- tests ---- */

static void test_probe(void **state)
{
	sis_autoprobe struct sis_probe p = { 0 }, dead = { 0 }, unloaded = { 0 }, absent = { 0 };
	struct sis_bx other = bx;
	sis_autostate struct sis_state s = { 0 };

	(void)state;
	ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
	assert_string_equal(p.version, version);
	assert_null(p.hint);
	assert_int_equal(!!(bx.caps.caps & SIS_CAP_BLOCKSIZE), later());
	assert_changes("");

	assert_true(sim_ctl("stop-daemon"));
	ok(bx.be->probe(&bx, &dead, &err));
	assert_int_equal(dead.state, SIS_PROBE_STOPPED);
	assert_non_null(strstr(dead.hint, "systemctl start iscsitarget"));
	assert_true(sim_ctl("unload"));
	ok(bx.be->probe(&bx, &unloaded, &err));
	assert_int_equal(unloaded.state, SIS_PROBE_STOPPED);
	assert_non_null(strstr(unloaded.hint, "iscsi_trgt"));
	fails(bx.be->read(&bx, NULL, &s, &err), SIS_ERR_NOTARGET, "not loaded");

	other.priv = NULL;
	other.root = "/nonexistent";
	ok(bx.be->probe(&other, &absent, &err));
	assert_int_equal(absent.state, SIS_PROBE_ABSENT);
	assert_non_null(absent.hint);
}

static void test_share(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autofree char *inquiry = NULL;

	(void)state;
	ok(share(&t));
	assert_int_equal(t.tid, 1);
	assert_live(&t);
	assert_changes("ietadm --op new --tid 1 --params Name=" IQN "\n"
		       "ietadm --op new --tid 1 --lun 0 --params Path=" VOLUME ",Type=blockio,"
		       "ScsiId=0000000000c0ffee,ScsiSN=0000000000c0ffee\n");
	inquiry = sim_ask("inquiry 1 0");
	assert_non_null(strstr(inquiry, "scsi_id=0000000000c0ffee scsi_sn=0000000000c0ffee "));
	assert_file(ALLOW, NULL);
	assert_true(sim_may_log_in(IQN, HOST, "192.0.2.1"));

	ok(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err)); /* twice is once */
	ok(bx.be->target_show(&bx, &t, &err));
	assert_live(&t);
	assert_true(sim_ctl("log clear"));

	ok(unshare(IQN, false));
	assert_changes("ietadm --op delete --tid 1 --lun 0\nietadm --op delete --tid 1\n");
	assert_gone(IQN);
	ok(bx.be->lun_del(&bx, &t, &t.luns.v[0], &err));
	ok(bx.be->target_del(&bx, &t, false, &err));
	assert_changes("");
	assert_file(ALLOW, NULL);
}

static void test_tids(void **state)
{
	sis_autotarget struct sis_target a = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target b = wanted(OTHER_IQN, "/dev/zvol/mypool/other");
	sis_autotarget struct sis_target again = wanted(IQN, VOLUME);

	(void)state;
	ok(bx.be->target_add(&bx, &a, &err));
	ok(bx.be->target_add(&bx, &again, &err)); /* as empty as a new one: that one */
	assert_int_equal(again.tid, 1);
	ok(bx.be->target_add(&bx, &b, &err));
	assert_int_equal(b.tid, 2);
	ok(bx.be->target_del(&bx, &a, false, &err));
	ok(bx.be->target_add(&bx, &a, &err));
	assert_int_equal(a.tid, 1);
	ok(bx.be->target_del(&bx, &a, false, &err));
	ok(bx.be->target_del(&bx, &b, false, &err));
}

/* Somebody else takes the TID that we found free. */
static void test_tid_race(void **state)
{
	sis_autofree char *program = sim_path("/usr/sbin/ietadm");
	const char *const argv[] = { program,
				     "--op",
				     "new",
				     "--tid",
				     "1",
				     "--params",
				     "Name=iqn.2001-04.com.example:foreign",
				     NULL };
	const struct sis_cmd cmd = { .argv = argv };
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target same = wanted("iqn.2001-04.com.example:foreign", VOLUME);
	sis_autostate struct sis_state before = read_all();

	(void)state;
	assert_int_equal(before.targets.n, 0);
	ok(sis_runner_real.run(NULL, &cmd, &res, &err));
	ok(share(&t));
	assert_int_equal(t.tid, 2);
	assert_live(&t);

	/* a TID that has become another target's is not ours to delete */
	same.tid = 2;
	ok(bx.be->lun_del(&bx, &same, &same.luns.v[0], &err));
	ok(bx.be->target_del(&bx, &same, true, &err));
	assert_live(&t);
	ok(unshare(IQN, false));
}

static void test_names(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME), same = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target upper =
		wanted("iqn.2010-09.org.zfsonlinux:MYPOOL.test", "/dev/zvol/mypool/other");

	(void)state;
	ok(share(&t));
	fails(bx.be->target_add(&bx, &same, &err), EEXIST, "already exists in IET as TID 1");
	/* nor is written what ietd would take to be about the other */
	add_rule(&upper, "iqn.1993-08.org.debian:01:host");
	fails(bx.be->target_add(&bx, &upper, &err), EEXIST, "ignores case");
	assert_file(ALLOW, NULL);
	assert_live(&t);
	ok(unshare(IQN, false));
}

static void test_types(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	struct sis_lun *l = &t.luns.v[0];

	(void)state;
	l->iomode = SIS_IOMODE_WB; /* which blockio does not have: no difference either */
	ok(share(&t));
	assert_live(&t);
	ok(unshare(IQN, false));
	assert_true(sim_ctl("log clear"));

	l->type = SIS_TYPE_FILEIO;
	ok(share(&t));
	assert_live(&t);
	assert_changes("ietadm --op new --tid 1 --params Name=" IQN "\n"
		       "ietadm --op new --tid 1 --lun 0 --params Path=" VOLUME ",Type=fileio,"
		       "IOMode=wb,ScsiId=0000000000c0ffee,ScsiSN=0000000000c0ffee\n");
	ok(unshare(IQN, false));
	assert_true(sim_ctl("log clear"));

	l->number = 16383;
	l->readonly = true;
	l->blocksize = later() ? 4096 : 512;
	ok(share(&t));
	assert_live(&t);
	if (later())
		assert_changes("ietadm --op new --tid 1 --params Name=" IQN "\n"
			       "ietadm --op new --tid 1 --lun 16383 --params Path=" VOLUME
			       ",Type=fileio,IOMode=ro,ScsiId=0000000000c0ffee,"
			       "ScsiSN=0000000000c0ffee,BlockSize=4096\n");
	ok(unshare(IQN, false));

	l->type = SIS_TYPE_NULLIO;
	ok(share(&t));
	assert_live(&t);
	ok(bx.be->lun_add(&bx, &t, l, &err));
	ok(unshare(IQN, false));
}

static void test_refusals(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target second = wanted(OTHER_IQN, VOLUME);
	sis_autotarget struct sis_target none = wanted(OTHER_IQN, "/dev/zvol/mypool/none");
	sis_autotarget struct sis_target file = wanted(OTHER_IQN, "/srv/file");
	sis_autotarget struct sis_target taken = wanted(IQN, "/dev/zvol/mypool/other");

	(void)state;
	sim_volume("/srv/file", MIB);
	ok(share(&t));
	fails(share(&second), EBUSY, "is already LUN 0 of target '" IQN "'");
	fails(share(&none), ENOENT, "there is no device or file '/dev/zvol/mypool/none'");
	fails(share(&file), ENOTBLK, "'/srv/file' is no block device");
	assert_gone(OTHER_IQN);
	taken.tid = t.tid;
	fails(bx.be->lun_add(&bx, &taken, &taken.luns.v[0], &err), EEXIST,
	      "is taken by '" VOLUME "'");
	assert_live(&t);
	ok(unshare(IQN, false));
	taken.tid = 9;
	fails(bx.be->lun_add(&bx, &taken, &taken.luns.v[0], &err), ENOENT, "is gone from IET");
	taken.tid = 0;
	assert_true(sim_ctl("log clear"));
	assert_true(bx.be->lun_add(&bx, &taken, &taken.luns.v[0], NULL) < 0);
	ok(bx.be->target_del(&bx, &taken, true, &err));
	assert_changes("");
}

/* ---- who may log in ---- */

static void test_rules(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	add_rule(&t, HOST);
	add_rule(&t, "iqn.2001-04.com.example:*");
	add_rule(&t, "192.0.2.7");
	add_rule(&t, "198.51.100.77/24");
	add_rule(&t, "2001:db8::7");
	add_rule(&t, "2001:db8:1::/48");
	ok(share(&t));
	assert_live(&t);
	assert_file(ALLOW, MARK IQN
		    "\n" IQN " iqn\\.1993-08\\.org\\.debian:01:host, "
		    "iqn\\.2001-04\\.com\\.example:.*, [192.0.2.7]\\(, [198.51.100.0]/24\\(, "
		    "[2001:db8::7]\\(, [2001:db8:1::]/48\\(\n" MARK "ALL\nALL ALL\n");
	assert_true(sim_may_log_in(IQN, HOST, "203.0.113.1"));
	assert_true(sim_may_log_in(IQN, "iqn.2001-04.com.example:any", "203.0.113.1"));
	assert_true(sim_may_log_in(IQN, "iqn.x:1", "192.0.2.7"));
	assert_true(sim_may_log_in(IQN, "iqn.x:1", "198.51.100.1"));
	assert_true(sim_may_log_in(IQN, "iqn.x:1", "2001:db8::7"));
	assert_true(sim_may_log_in(IQN, "iqn.x:1", "2001:db8:1:2::3"));
	assert_false(sim_may_log_in(IQN, "iqn.x:1", "192.0.2.8"));
	assert_false(sim_may_log_in(IQN, "iqn.x:1", "198.51.101.1"));
	assert_false(sim_may_log_in(IQN, "iqn.x:1", "2001:db8::8"));
	assert_false(sim_may_log_in(IQN, HOST "2", "203.0.113.1"));
	assert_false(sim_may_log_in(IQN, "iqn.1993-08xorg.debian:01:host", "203.0.113.1"));
	/* an address is no name by which one gets in */
	assert_false(sim_may_log_in(IQN, "192.0.2.7", "203.0.113.1"));
	assert_false(sim_may_log_in(IQN, "[192.0.2.7]", "203.0.113.1"));
	assert_false(sim_may_log_in(IQN, "2", "203.0.113.1"));
	ok(unshare(IQN, false));
	assert_file(ALLOW, NULL);
}

/* Other targets are as open, or as closed, as before. */
static void test_rules_of_others(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target other = wanted(OTHER_IQN, "/dev/zvol/mypool/other");

	(void)state;
	add_rule(&t, HOST);
	ok(share(&other));
	ok(share(&t));
	assert_true(sim_may_log_in(OTHER_IQN, "iqn.x:1", "192.0.2.1"));
	assert_live(&other);
	ok(unshare(IQN, false));
	assert_true(sim_may_log_in(OTHER_IQN, "iqn.x:1", "192.0.2.1"));

	sim_write(ALLOW, "# by hand\n" OTHER_IQN " 192.0.2.9\nALL 10.0.0.0/8");
	ok(share(&t));
	assert_live(&t);
	assert_live(&other); /* somebody else's line is none of ours */
	assert_false(sim_may_log_in(OTHER_IQN, "iqn.x:1", "192.0.2.1"));
	assert_true(sim_may_log_in(OTHER_IQN, "iqn.x:1", "192.0.2.9"));
	assert_true(sim_may_log_in(IQN, HOST, "192.0.2.1"));
	ok(unshare(IQN, false));
	assert_file(ALLOW, "# by hand\n" OTHER_IQN " 192.0.2.9\nALL 10.0.0.0/8");
	ok(unshare(OTHER_IQN, false));
}

static void test_rules_live(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autostate struct sis_state s = { 0 }, undone = { 0 };
	struct sis_target *live;

	(void)state;
	sim_write(ALLOW, "ALL ALL\n");
	ok(share(&t));
	assert_file(ALLOW, "ALL ALL\n");
	s = read_all();
	live = sis_state_find(&s, IQN);

	add_rule(&t, "192.0.2.7");
	assert_int_equal(sis_target_diff(&t, live), SIS_BIT(SIS_FIELD_RULES));
	ok(bx.be->target_set(&bx, &t, live, SIS_BIT(SIS_FIELD_RULES), &err));
	ok(bx.be->target_set(&bx, &t, live, SIS_BIT(SIS_FIELD_RULES), &err));
	assert_live(&t);
	assert_false(sim_may_log_in(IQN, HOST, "192.0.2.8"));

	/* made ineffective by a line above: seen, and mended */
	sim_write(ALLOW, "ALL ALL\n" MARK IQN "\n" IQN " [192.0.2.7]\\(\n");
	undone = read_all();
	live = sis_state_find(&undone, IQN);
	assert_int_equal(sis_target_diff(&t, live), SIS_BIT(SIS_FIELD_RULES));
	ok(bx.be->target_set(&bx, &t, live, SIS_BIT(SIS_FIELD_RULES), &err));
	assert_live(&t);
	assert_false(sim_may_log_in(IQN, HOST, "192.0.2.8"));
	assert_file(ALLOW, MARK IQN "\n" IQN " [192.0.2.7]\\(\nALL ALL\n");

	sis_rules_free(&t.rules);
	ok(bx.be->target_set(&bx, &t, live, SIS_BIT(SIS_FIELD_RULES), &err));
	assert_live(&t);
	assert_file(ALLOW, "ALL ALL\n");
	ok(unshare(IQN, false));
}

/* In the folder that ietd looks in first; where it goes by another rule; where it is no file. */
static void test_rules_places(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autofree char *dir = sim_path("/etc/iet"), *link = sim_path(ALLOW);

	(void)state;
	add_rule(&t, HOST);
	assert_int_equal(symlink("elsewhere", link), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	ok(share(&t));
	assert_live(&t);
	assert_file("/etc/iet/initiators.allow", MARK IQN
		    "\n" IQN " iqn\\.1993-08\\.org\\.debian:01:host\n" MARK "ALL\nALL ALL\n");
	assert_false(sim_may_log_in(IQN, "iqn.x:1", "192.0.2.1"));

	/* with a deny file our line shuts nobody out, and so it is not taken for rules */
	sim_write("/etc/iet/initiators.deny", OTHER_IQN " ALL\n");
	{
		sis_autostate struct sis_state s = read_all();
		struct sis_target *live = sis_state_find(&s, IQN);
		unsigned diff = sis_target_diff(&t, live);

		assert_int_equal(diff, SIS_BIT(SIS_FIELD_RULES));
		fails(bx.be->target_set(&bx, &t, live, diff, &err), EOPNOTSUPP, "initiators.deny");
	}
	ok(unshare(IQN, false));
	assert_file("/etc/iet/initiators.allow", NULL);
	assert_true(sim_ctl("log clear"));
	fails(share(&t), EOPNOTSUPP, "initiators.deny");
	assert_changes("");
	assert_gone(IQN);
	sim_unlink("/etc/iet/initiators.deny");

	assert_int_equal(rmdir(dir), 0);
	sim_write("/etc/elsewhere", "ALL ALL\n");
	fails(share(&t), ELOOP, "put the file itself in place of the link");
	assert_changes("");
	assert_gone(IQN);
}

/* The line is there before the target, and gone again when that fails. */
static void test_rules_first(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	add_rule(&t, HOST);
	assert_true(sim_ctl("fail 1 251 broken"));
	assert_int_equal(bx.be->target_add(&bx, &t, NULL), -EIO);
	assert_file(ALLOW, MARK IQN "\n" IQN " iqn\\.1993-08\\.org\\.debian:01:host\n" MARK
				    "ALL\nALL ALL\n");
	ok(bx.be->target_del(&bx, &t, false, &err));
	assert_file(ALLOW, NULL);
	/* what a crash left behind opens or closes nothing later */
	sim_write(ALLOW, MARK IQN "\n" IQN " iqn\\.x:old\nALL ALL\n");
	sis_rules_free(&t.rules);
	ok(share(&t));
	assert_live(&t);
	assert_true(sim_may_log_in(IQN, HOST, "192.0.2.1"));
	ok(unshare(IQN, false));
}

/* ---- sessions ---- */

static void test_sessions(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autofree char *id = NULL;
	uint64_t sid;

	(void)state;
	ok(share(&t));
	sid = sim_login(1, HOST, "2001:db8::5", " --cid 3");
	id = sis_asprintf("%ju:3", (uintmax_t)sid);
	{
		sis_autostate struct sis_state s = read_all();
		struct sis_target *live = sis_state_find(&s, IQN);
		struct sis_session other = { .id = sis_strdup("99:0") }, bad;
		sis_autosessions sis_sessions now = { 0 }, none = { 0 };
		const struct sis_target gone = { .iqn = (char *)IQN, .tid = 2 };

		ok(bx.be->sessions(&bx, live, &now, &err));
		assert_int_equal(now.n, 1);
		assert_string_equal(now.v[0].id, id);
		ok(bx.be->sessions(&bx, &gone, &none, &err));
		assert_int_equal(none.n, 0);

		assert_int_equal(live->sessions.n, 1);
		assert_string_equal(live->sessions.v[0].id, id);
		assert_string_equal(live->sessions.v[0].initiator, HOST);
		assert_string_equal(live->sessions.v[0].address, "2001:db8::5");
		fails(bx.be->target_del(&bx, live, false, &err), SIS_ERR_INUSE, "has 1 session");
		assert_true(sim_ctl("log clear"));
		ok(bx.be->session_end(&bx, live, live->sessions.v, &err));
		ok(bx.be->session_end(&bx, live, live->sessions.v, &err)); /* gone already */
		ok(bx.be->session_end(&bx, live, &other, &err));
		bad = (struct sis_session){ .id = sis_strdup("1:x") };
		fails(bx.be->session_end(&bx, live, &bad, &err), EINVAL, "no session");
		free(other.id);
		free(bad.id);
	}
	{
		sis_autofree char *want =
			sis_asprintf("ietadm --op delete --tid 1 --sid %ju --cid 3\n"
				     "ietadm --op delete --tid 1 --sid %ju --cid 3\n"
				     "ietadm --op delete --tid 1 --sid 99 --cid 0\n",
				     (uintmax_t)sid, (uintmax_t)sid);

		assert_changes(want);
	}

	/* one that came after the state was read: deleting it would end ietd */
	sim_login(1, HOST, "192.0.2.1", "");
	fails(bx.be->target_del(&bx, &t, false, &err), SIS_ERR_INUSE, "has 1 session");
	assert_live(&t);
	ok(unshare(IQN, true));
	assert_gone(IQN);
}

/* Initiators that come back at once, connections that close late, an ietd that dies of haste. */
static void test_force(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target other = wanted(OTHER_IQN, "/dev/zvol/mypool/other");
	static const char *const before[] = { NULL, "ALL ALL\n" };

	(void)state;
	ok(share(&other));
	for (size_t i = 0; i < 4; i++) {
		if (before[i % 2])
			sim_write(ALLOW, before[i % 2]);
		assert_true(sim_ctl("set busy-delete %d", i / 2 ? 1 : 0));
		assert_true(sim_ctl("set close-ms %d", i % 2 ? 30 : 0));
		sis_rules_free(&t.rules);
		if (i / 2)
			add_rule(&t, HOST);
		ok(share(&t));
		sim_login(t.tid, HOST, "192.0.2.1", " --reconnect");
		sim_login(t.tid, HOST, "192.0.2.2", " --reconnect --cid 4");
		sim_login(other.tid, HOST, "192.0.2.1", "");
		fails(unshare(IQN, false), SIS_ERR_INUSE, "has 2 sessions");
		assert_live(&t);
		ok(unshare(IQN, true));
		assert_gone(IQN);
		assert_live(&other);
		assert_file(ALLOW, before[i % 2]);
		if (before[i % 2])
			sim_unlink(ALLOW);
	}
	assert_true(sim_ctl("set close-ms 0"));
	ok(unshare(OTHER_IQN, true));
}

/* A rebuild under force: out, anew, in again; also when the program died in between. */
static void test_hide(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	add_rule(&t, HOST);
	ok(share(&t));
	sim_login(1, HOST, "192.0.2.1", " --reconnect");
	{
		sis_autostate struct sis_state s = read_all(), hidden = { 0 };
		struct sis_target *live = sis_state_find(&s, IQN);

		ok(bx.be->target_hide(&bx, live, &err));
		ok(bx.be->target_hide(&bx, live, &err));
		assert_false(sim_may_log_in(IQN, HOST, "192.0.2.1"));
		ok(bx.be->session_end(&bx, live, live->sessions.v, &err));
		bx.be->done(&bx);
		open_bx();
		hidden = read_all();
		live = sis_state_find(&hidden, IQN);
		assert_false(live->shown);
		assert_int_equal(live->sessions.n, 0);
		assert_int_equal(sis_target_diff(&t, live), 0);
		ok(bx.be->target_set(&bx, &t, live, SIS_BIT(SIS_FIELD_RULES), &err));
		assert_false(sim_may_log_in(IQN, HOST, "192.0.2.1"));
		ok(bx.be->target_show(&bx, &t, &err));
		ok(bx.be->target_show(&bx, &t, &err));
	}
	assert_live(&t);
	assert_true(sim_may_log_in(IQN, HOST, "192.0.2.1"));
	assert_false(sim_may_log_in(IQN, "iqn.x:1", "192.0.2.1"));
	ok(unshare(IQN, false));
}

/* Where nobody can be kept out, sessions are not ended in a race. */
static void test_hide_impossible(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	ok(share(&t));
	sim_login(1, HOST, "192.0.2.1", " --reconnect");
	sim_write("/etc/initiators.deny", "ALL 203.0.113.1\n");
	fails(unshare(IQN, true), EOPNOTSUPP, "remove initiators.deny");
	assert_live(&t);
	sim_unlink("/etc/initiators.deny");
	ok(unshare(IQN, true));
}

/* ---- LUNs ---- */

static void test_drain(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target other = wanted(OTHER_IQN, VOLUME);

	(void)state;
	assert_true(sim_ctl("set drain-ms 50"));
	ok(share(&t));
	ok(unshare(IQN, false)); /* which waits: the volume is not held afterwards */
	ok(share(&other));
	ok(unshare(OTHER_IQN, false));

	/* a LUN that somebody else's deletion left draining */
	ok(share(&t));
	{
		sis_autofree char *program = sim_path("/usr/sbin/ietadm");
		const char *const argv[] = { program, "--op",  "delete", "--tid",
					     "1",     "--lun", "0",	 NULL };
		const struct sis_cmd cmd = { .argv = argv };
		sis_autoresult struct sis_cmd_result res = { 0 };
		sis_autostate struct sis_state s = { 0 };

		assert_true(sim_ctl("set drain-ms 300"));
		ok(sis_runner_real.run(NULL, &cmd, &res, &err));
		s = read_all();
		assert_int_equal(s.targets.v[0].luns.n, 0);
		ok(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err));
	}
	assert_live(&t);
	assert_true(sim_ctl("set drain-ms 0"));
	ok(unshare(IQN, false));
}

static void test_resize(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autofree char *inquiry = NULL;

	(void)state;
	ok(share(&t));
	sim_login(1, HOST, "192.0.2.1", "");
	sim_volume(VOLUME, 128 * MIB);
	t.luns.v[0].size = 128 * MIB;
	assert_true(sim_ctl("set drain-ms 30"));
	{
		sis_autostate struct sis_state s = read_all();
		struct sis_target *live = sis_state_find(&s, IQN);
		unsigned diff = sis_lun_diff(t.luns.v, live->luns.v);

		assert_int_equal(diff, later() ? SIS_BIT(SIS_FIELD_SIZE) : 0); /* as it is shown */
		ok(bx.be->lun_set(&bx, &t, t.luns.v, live->luns.v, 0, &err));
		ok(bx.be->lun_set(&bx, &t, t.luns.v, live->luns.v, SIS_BIT(SIS_FIELD_SIZE), &err));
	}
	assert_live(&t);
	inquiry = sim_ask("inquiry 1 0");
	assert_non_null(strstr(inquiry, " blocks=262144 block_size=512 "));
	{
		sis_autostate struct sis_state s = read_all();

		assert_int_equal(s.targets.v[0].sessions.n, 1);
	}
	assert_true(sim_ctl("set drain-ms 0"));
	ok(unshare(IQN, true));
}

/* ---- trouble ---- */

static void test_foreign(void **state)
{
	sis_autofree char *program = sim_path("/usr/sbin/ietadm");
	const char *const argv[] = { program,
				     "--op",
				     "new",
				     "--tid",
				     "7",
				     "--params",
				     "Name=iqn.2001-04.com.example:Foreign x",
				     NULL };
	const struct sis_cmd cmd = { .argv = argv };
	sis_autoresult struct sis_cmd_result res = { 0 };
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	ok(sis_runner_real.run(NULL, &cmd, &res, &err));
	sim_login(7, HOST, "192.0.2.1", "");
	add_rule(&t, HOST);
	ok(share(&t));
	assert_true(sim_ctl("log clear"));
	{
		sis_autostate struct sis_state s = read_all();
		struct sis_target *f = sis_state_find(&s, "iqn.2001-04.com.example:Foreign x");

		assert_int_equal(s.targets.n, 2);
		assert_non_null(f);
		assert_int_equal(f->sessions.n, 1);
		assert_true(f->shown);
	}
	ok(unshare(IQN, true));
	assert_changes("ietadm --op delete --tid 1 --lun 0\nietadm --op delete --tid 1\n");
	{
		sis_autostate struct sis_state s = read_all();

		assert_int_equal(s.targets.n, 1);
		assert_int_equal(s.targets.v[0].sessions.n, 1);
	}
}

/* The Nth command fails, before or after it was done: the next run repairs what is left. */
static void test_faults(void **state)
{
	static const char *const faults[] = { "255 no before", "234 no before", "251 no before",
					      "255 no after",  "251 no after",	"139 no after" };
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	add_rule(&t, HOST);
	for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
		for (int n = 1; n <= 4; n++) {
			assert_true(sim_ctl("fail %d %s", n, faults[f]));
			(void)share(&t);
			sis_err_clear(&err);
			(void)unshare(IQN, false);
			sis_err_clear(&err);
			assert_true(sim_ctl("start-daemon"));
			for (int i = 0; i < 4; i++) { /* lets go of a fault not used up */
				sis_autoprobe struct sis_probe p = { 0 };

				(void)bx.be->probe(&bx, &p, NULL);
			}
			ok(unshare(IQN, false));
			ok(bx.be->target_del(&bx, &t, false, &err));
			assert_gone(IQN);
			assert_file(ALLOW, NULL);
			ok(share(&t));
			assert_live(&t);
			ok(unshare(IQN, false));
		}
	}
}

static void test_daemon_death(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);

	(void)state;
	ok(share(&t));
	assert_true(sim_ctl("stop-daemon"));
	fails(bx.be->target_add(&bx, &t, &err), SIS_ERR_NOTARGET,
	      "ietd does not answer; start it: systemctl start iscsitarget");
	assert_gone(IQN);
	ok(unshare(IQN, false));
	ok(bx.be->target_del(&bx, &t, true, &err)); /* gone with the daemon */
	assert_true(sim_ctl("start-daemon"));
	ok(share(&t));
	assert_live(&t);
	ok(unshare(IQN, false));
}

static void assert_noted(struct sis_trace *trace, const char *want)
{
	sis_autostr struct sis_str got = { 0 };
	sis_autofree char *program = sim_path("/usr/sbin/");

	sis_vec_each(line, &trace->lines) {
		const char *rest = sis_str_after(*line, program);

		sis_str_addf(&got, "%s\n", rest ? rest : *line);
	}
	assert_string_equal(sis_str_get(&got), want);
	sis_trace_clear(trace);
}

static void test_dry(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autotarget struct sis_target other = wanted(OTHER_IQN, "/dev/zvol/mypool/other");
	struct sis_trace trace;
	struct sis_runner runner;
	struct sis_kfs traced;

	(void)state;
	sis_trace_init(&trace, true, sim_root, &runner, &traced);
	bx.runner = &runner;
	bx.kfs = &traced;
	bx.dry = true;
	add_rule(&t, "192.0.2.7");
	ok(share(&t));
	ok(share(&other));
	assert_noted(&trace,
		     "edit " ALLOW ": + '" MARK IQN "'\n"
		     "edit " ALLOW ": + '" IQN " [192.0.2.7]\\('\n"
		     "edit " ALLOW ": + '" MARK "ALL'\n"
		     "edit " ALLOW ": + 'ALL ALL'\n"
		     "ietadm --op new --tid 1 --params Name=" IQN "\n"
		     "ietadm --op new --tid 1 --lun 0 --params Path=" VOLUME ",Type=blockio,"
		     "ScsiId=0000000000c0ffee,ScsiSN=0000000000c0ffee\n"
		     "ietadm --op new --tid 2 --params Name=" OTHER_IQN "\n"
		     "ietadm --op new --tid 2 --lun 0 --params Path=/dev/zvol/mypool/other,"
		     "Type=blockio,ScsiId=0000000000c0ffee,ScsiSN=0000000000c0ffee\n");
	assert_changes("");
	assert_gone(IQN);
	assert_file(ALLOW, NULL);

	bx.runner = &sis_runner_real;
	bx.kfs = &kfs;
	bx.dry = false;
	bx.be->done(&bx);
	ok(share(&t));
	sim_login(1, HOST, "192.0.2.7", " --cid 2");
	assert_true(sim_ctl("log clear"));
	bx.runner = &runner;
	bx.kfs = &traced;
	bx.dry = true;
	ok(unshare(IQN, true));
	assert_noted(&trace, "edit " ALLOW ": - '" IQN " [192.0.2.7]\\('\n"
			     "edit " ALLOW ": + '" IQN " \\('\n"
			     "ietadm --op delete --tid 1 --sid 281474997486080 --cid 2\n"
			     "ietadm --op delete --tid 1 --lun 0\n"
			     "ietadm --op delete --tid 1\n"
			     "rm " ALLOW "\n");
	assert_changes("");
	assert_live(&t);
}

/* Read by everybody, changed by root only. */
static void test_not_root(void **state)
{
	sis_autotarget struct sis_target t = wanted(IQN, VOLUME);
	sis_autoprobe struct sis_probe p = { 0 };

	(void)state;
	assert_true(sim_ctl("fail 1 255 Operation_not_permitted."));
	ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
	assert_true(sim_ctl("fail 1 255 Operation_not_permitted."));
	fails(bx.be->target_add(&bx, &t, &err), EPERM, "exit status 255: Operation_not_permitted.");
}

int main(int argc, char **argv)
{
#define each(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		each(test_probe),
		each(test_share),
		each(test_tids),
		each(test_tid_race),
		each(test_names),
		each(test_types),
		each(test_refusals),
		each(test_rules),
		each(test_rules_of_others),
		each(test_rules_live),
		each(test_rules_places),
		each(test_rules_first),
		each(test_sessions),
		each(test_force),
		each(test_hide),
		each(test_hide_impossible),
		each(test_drain),
		each(test_resize),
		each(test_foreign),
		each(test_faults),
		each(test_daemon_death),
		each(test_dry),
		each(test_not_root),
	};
	sis_autofree char *program = NULL;
	int failed;

	if (argc != 3) {
		puts("1..0 # SKIP needs IET-SIM-CTL and IETADM");
		return 77;
	}
	program = realpath(argv[1], NULL);
	sim_ctl_program = program;
	version = "1.4.19";
	failed = cmocka_run_group_tests_name("iet 1.4.19", tests, NULL, NULL);
	version = "1.4.20.3";
	return failed + cmocka_run_group_tests_name("iet 1.4.20.3", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The SCST back end against the simulated tree: every slot, twice; transitions of access rules
 * with sessions; EAGAIN and failures at every write; what crashes leave.
 * usage: test_scst SCST-SIM SCST-SIM-CTL
 */
#include "scst_sim.h"

#include "backend/scst.h"
#include "backend/scst_dev.h"
#include "model/field.h"
#include "model/option.h"

#define IQN "iqn.2010-09.org.zfsonlinux:mypool.test"
#define VOLUME "/dev/zvol/mypool/test"
#define HOST "iqn.1993-08.org.debian:01:host"
#define OTHER "iqn.1993-08.org.debian:01:other"

enum { MIB = 1 << 20 };
static const unsigned all_fields = SIS_BIT(SIS_FIELD_RULES) | SIS_BIT(SIS_FIELD_CHAP) |
				   SIS_BIT(SIS_FIELD_PORTALS);

static struct sis_kfs kfs;
static struct sis_bx bx;
static struct sis_err err;

#define ok(call)                                                      \
	do {                                                          \
		int r_ = (call);                                      \
		if (r_ < 0)                                           \
			fail_msg("%s: %s", #call, sis_err_msg(&err)); \
	} while (0)

#define fails(call, code)                               \
	do {                                            \
		assert_int_equal((call), -(code));      \
		assert_non_null(err.msg);               \
		sis_err_clear(&err);                    \
	} while (0)

static void open_bx(void)
{
	kfs = (struct sis_kfs){ .root = sim_root, .ops = &sis_kfs_real_ops, .timeout_ms = 5000 };
	bx = (struct sis_bx){ .be = &sis_backend_scst, .runner = &sis_runner_real, .kfs = &kfs,
			      .root = sim_root, .caps = sis_backend_scst.caps };
}

static void close_bx(void)
{
	bx.be->done(&bx);
}

static int setup(void **state)
{
	(void)state;
	sim_start();
	sim_volume(VOLUME, 64 * MIB);
	open_bx();
	ok(bx.be->prepare(&bx, &err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_bx();
	sis_err_clear(&err);
	return sim_stop();
}

/* What desire.c would make of the volume. */
static struct sis_target wanted(void)
{
	struct sis_target t = { .iqn = sis_strdup(IQN) };

	sis_vec_push(&t.luns, ((struct sis_lun){
		.path = sis_strdup(VOLUME), .size = 64 * MIB, .type = SIS_TYPE_BLOCKIO,
		.iomode = SIS_IOMODE_WB, .blocksize = 4096, .thin = true,
		.serial = sis_strdup("00c0ffee00c0ffee"), .t10_id = sis_strdup("00c0ffee00c0ffee"),
		.naa = sis_strdup("600140500c0ffee00c0ffee000000000"), .guid = 1 }));
	return t;
}

static void add_rule(struct sis_target *t, const char *text)
{
	assert_int_equal(sis_rule_parse(text, sis_vec_add(&t->rules), NULL), 0);
}

static void no_rules(struct sis_target *t)
{
	sis_rules_free(&t->rules);
}

static struct sis_state read_all(void)
{
	struct sis_state s = { 0 };

	ok(bx.be->read(&bx, NULL, &s, &err));
	return s;
}

static int share(struct sis_target *t)
{
	sis_autostate struct sis_state s = read_all();
	const struct sis_target *live = sis_state_find(&s, t->iqn);
	int r;

	t->tid = live ? live->tid : 0;
	r = bx.be->target_add(&bx, t, &err);
	for (size_t i = 0; r == 0 && i < t->luns.n; i++)
		r = bx.be->lun_add(&bx, t, &t->luns.v[i], &err);
	if (r == 0)
		r = bx.be->target_set(&bx, t, NULL, all_fields, &err);
	return r < 0 ? r : bx.be->target_show(&bx, t, &err);
}

static int unshare(bool force)
{
	sis_autostate struct sis_state s = read_all();
	const struct sis_target *t = sis_state_find(&s, IQN);
	int r = 0;

	if (!t)
		return 0;
	if (t->sessions.n && !force)
		return bx.be->target_del(&bx, t, false, &err);
	r = bx.be->target_hide(&bx, t, &err);
	for (size_t i = 0; r == 0 && i < t->luns.n; i++)
		r = bx.be->lun_del(&bx, t, &t->luns.v[i], &err);
	return r < 0 ? r : bx.be->target_del(&bx, t, force, &err);
}

/* The live state is what was wanted, and has no more. */
static void assert_live(const struct sis_target *t)
{
	sis_autostate struct sis_state s = read_all();
	const struct sis_target *live = sis_state_find(&s, IQN);
	sis_autofree char *text = NULL;

	assert_non_null(live);
	assert_true(live->shown);
	assert_false(live->half);
	text = sis_target_diff_text(t, live, sis_target_diff(t, live));
	assert_string_equal(text, "");
	assert_int_equal(live->luns.n, t->luns.n);
	for (size_t i = 0; i < t->luns.n; i++) {
		sis_autofree char *lun = NULL;

		assert_int_equal(live->luns.v[i].number, t->luns.v[i].number);
		assert_string_equal(live->luns.v[i].path, t->luns.v[i].path);
		lun = sis_lun_diff_text(&t->luns.v[i], &live->luns.v[i],
					sis_lun_diff(&t->luns.v[i], &live->luns.v[i]));
		assert_string_equal(lun, "");
	}
}

static size_t entries(const char *path)
{
	sis_autostrv sis_strv l = { 0 };

	ok(sis_kfs_list(&kfs, &l, &err, "%s", path));
	return l.n;
}

static void assert_nothing(void)
{
	sis_autostate struct sis_state s = read_all();

	assert_int_equal(s.targets.n, 0);
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 0);
}

/* Which LUN set the one session has: the end of its link `luns`. */
static void assert_set(const char *end)
{
	sis_autofree char *link = NULL;

	ok(sis_kfs_readlink(&kfs, &link, &err, "/sys/kernel/scst_tgt/targets/iscsi/" IQN
			    "/sessions/" HOST "/luns"));
	assert_string_equal(link + strlen(link) - strlen(end), end);
}

static void test_probe(void **state)
{
	struct sis_probe p = { 0 };

	(void)state;
	ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_RUNNING);
	assert_string_equal(p.version, "3.11.0-pre");
	assert_null(p.hint);
	assert_memory_equal(&bx.caps, &sis_backend_scst.caps, sizeof(bx.caps));
	sis_probe_free(&p);
	assert_true(sim_ctl("daemon kill"));
	ok(bx.be->probe(&bx, &p, &err));
	assert_int_equal(p.state, SIS_PROBE_STOPPED);
	assert_non_null(strstr(p.hint, "iscsi-scstd"));
	sis_probe_free(&p);
}

/* The four writes of the original description, in its order, around them only identifiers. */
static void test_share(void **state)
{
	struct sis_target t = wanted();
	sis_autofree char *log = NULL;
	unsigned n;

	(void)state;
	ok(share(&t));
	assert_true(t.tid > 0);
	assert_true(sis_scst_device_ours(t.luns.v[0].handle));
	log = sim_logged();
	assert_string_equal(log,
		"targets/iscsi/mgmt\tadd_target " IQN "\n"
		"handlers/vdisk_blockio/mgmt\tadd_device DEVICE---------- filename=" VOLUME
		"; blocksize=4096\n"
		"devices/DEVICE----------/usn\t00c0ffee00c0ffee\n"
		"devices/DEVICE----------/t10_dev_id\t00c0ffee00c0ffee\n"
		"devices/DEVICE----------/naa_id\t0x600140500c0ffee00c0ffee000000000\n"
		"devices/DEVICE----------/prod_id\tshareiscsi\n"
		"targets/iscsi/" IQN "/luns/mgmt\tadd DEVICE---------- 0\n"
		"targets/iscsi/" IQN "/enabled\t1\n"
		"targets/iscsi/enabled\t1\n");
	assert_live(&t);
	assert_true(sim_ctl("login " IQN " " HOST));
	n = sim_writes();
	ok(share(&t)); /* twice is once */
	assert_int_equal(sim_writes(), n);
	sis_target_free(&t);
}

static void test_unshare(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	ok(share(&t));
	assert_true(sim_ctl("login " IQN " " HOST " 192.0.2.7"));
	{
		sis_autostate struct sis_state s = read_all();
		const struct sis_session *x = s.targets.v[0].sessions.v;

		assert_int_equal(s.targets.v[0].sessions.n, 1);
		assert_string_equal(x->initiator, HOST);
		assert_string_equal(x->address, "192.0.2.7");
	}
	{
		sis_autosessions sis_sessions now = { 0 };
		const struct sis_target gone = { .iqn = (char *)IQN ".gone" };

		ok(bx.be->sessions(&bx, &t, &now, &err));
		assert_int_equal(now.n, 1);
		assert_string_equal(now.v[0].initiator, HOST);
		sis_sessions_free(&now);
		ok(bx.be->sessions(&bx, &gone, &now, &err));
		assert_int_equal(now.n, 0);
	}
	fails(unshare(false), SIS_ERR_INUSE);
	ok(unshare(true));
	assert_nothing();
	ok(unshare(true));
	sis_target_free(&t);
}

static void test_rules(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	add_rule(&t, HOST);
	add_rule(&t, "iqn.2001-05.com.vm?are:*=ro");
	ok(share(&t));
	assert_live(&t);
	assert_int_equal(entries("/sys/kernel/scst_tgt/targets/iscsi/" IQN "/luns"), 1); /* mgmt */
	assert_true(sim_ctl("login " IQN " " HOST));
	assert_true(sim_ctl("login " IQN " iqn.2001-05.com.vmware:x"));
	assert_false(sim_ctl("login " IQN " " OTHER));
	ok(unshare(true));
	assert_nothing();
	sis_target_free(&t);
}

/* Sessions keep their LUNs while the rules change around them. */
static void test_rules_live(void **state)
{
	struct sis_target t = wanted();
	unsigned n;

	(void)state;
	ok(share(&t));
	assert_true(sim_ctl("login " IQN " " HOST));
	assert_set("../../luns");
	add_rule(&t, HOST);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	assert_set("ini_groups/shareiscsi/luns");
	assert_false(sim_ctl("login " IQN " " OTHER));
	n = sim_writes();
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_int_equal(sim_writes(), n);

	no_rules(&t);
	add_rule(&t, HOST "=ro");
	add_rule(&t, OTHER);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	assert_set("ini_groups/shareiscsi_ro/luns");
	assert_true(sim_ctl("login " IQN " " OTHER));

	no_rules(&t);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	assert_set("../../luns");
	assert_false(sis_kfs_exists(&kfs, "/sys/kernel/scst_tgt/targets/iscsi/" IQN
				    "/ini_groups/shareiscsi_ro"));
	sis_target_free(&t);
}

/* Nothing that a crash leaves between two writes of a change of rules looks finished. */
static void test_rules_interrupted(void **state)
{
	struct sis_target t = wanted();
	bool reached = true;

	(void)state;
	ok(share(&t));
	for (unsigned n = 1; reached; n++) {
		reached = false;
		for (int rules = 1; rules >= 0; rules--) {
			bool failed;

			no_rules(&t);
			if (rules) {
				add_rule(&t, HOST);
				add_rule(&t, OTHER "=ro");
			}
			assert_true(sim_ctl("fault fail:EIO nth=%u", n));
			failed = bx.be->target_set(&bx, &t, NULL, all_fields, &err) < 0;
			reached |= failed;
			sis_err_clear(&err);
			assert_true(sim_ctl("faults clear"));
			if (failed) {
				sis_autostate struct sis_state s = read_all();

				assert_true(sis_target_diff(&t, s.targets.v) != 0);
			}
			ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
			assert_live(&t);
		}
	}
	sis_target_free(&t);
}

static void test_portals(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	assert_int_equal(sis_portal_parse("192.0.2.100", sis_vec_add(&t.portals), NULL), 0);
	ok(share(&t));
	assert_live(&t);
	assert_true(sim_ctl("login " IQN " " HOST " 192.0.2.7 192.0.2.100"));
	assert_false(sim_ctl("login " IQN " " HOST " 192.0.2.7 192.0.2.101"));
	sis_portals_free(&t.portals);
	assert_int_equal(sis_portal_parse("[2001:db8::1]", sis_vec_add(&t.portals), NULL), 0);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	sis_portals_free(&t.portals);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	sis_target_free(&t);
}

static const struct sis_chap credentials[] = {
	{ 0 },
	{ .user = (char *)"joe", .pass = (char *)"a-secret-of-joe" },
	{ .user = (char *)"joe", .pass = (char *)"another-of-joe" },
	{ .user = (char *)"jim", .pass = (char *)"a-secret-of-jim" },
	{ .user = (char *)"joe", .pass = (char *)"a-secret-of-joe", .mutual_user = (char *)"disk",
	  .mutual_pass = (char *)"that-of-a-disk" },
	{ .user = (char *)"joe", .pass = (char *)"a-secret-of-joe", .mutual_user = (char *)"disk",
	  .mutual_pass = (char *)"one-more-of-it" },
	{ .user = (char *)"jim", .pass = (char *)"a-secret-of-jim", .mutual_user = (char *)"tape",
	  .mutual_pass = (char *)"that-of-a-tape" },
};

enum { N_CREDENTIALS = sizeof(credentials) / sizeof(credentials[0]) };

static void set_chap(struct sis_target *t, const struct sis_chap *c)
{
	sis_chap_free(&t->chap);
	sis_chap_copy(&t->chap, c);
}

/* From each to each, and again without a write; the session stays. */
static void test_chap(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	set_chap(&t, &credentials[1]);
	ok(share(&t));
	assert_live(&t);
	assert_true(sim_ctl("login " IQN " " HOST));
	for (int from = 0; from < N_CREDENTIALS; from++) {
		for (int to = 0; to < N_CREDENTIALS; to++) {
			unsigned n;

			set_chap(&t, &credentials[from]);
			ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
			set_chap(&t, &credentials[to]);
			ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
			assert_live(&t);
			n = sim_writes();
			ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
			assert_int_equal(sim_writes(), n);
			assert_set("../../luns");
		}
	}
	sis_target_free(&t);
}

/* Whichever write fails, a target that had credentials and is to have some is never without. */
static void test_chap_interrupted(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	ok(share(&t));
	for (int from = 1; from < N_CREDENTIALS; from++) {
		for (int to = 1; to < N_CREDENTIALS; to++) {
			bool failed = true;

			for (unsigned n = 1; failed; n++) {
				sis_autostate struct sis_state s = { 0 };

				set_chap(&t, &credentials[from]);
				ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
				set_chap(&t, &credentials[to]);
				assert_true(sim_ctl("fault fail:EIO nth=%u", n));
				failed = bx.be->target_set(&bx, &t, NULL, all_fields, &err) < 0;
				if (failed)
					assert_null(strstr(sis_err_msg(&err), t.chap.pass));
				sis_err_clear(&err);
				assert_true(sim_ctl("faults clear"));
				s = read_all();
				assert_non_null(s.targets.v[0].chap.user);
				assert_true(failed == (sis_target_diff(&t, s.targets.v) != 0));
			}
		}
	}
	sis_target_free(&t);
}

/* From credentials to rules and back: whichever write fails, not everybody gets in. */
static void test_access_interrupted(void **state)
{
	struct sis_target rules = wanted(), chap = wanted();
	const struct sis_target *both[] = { &rules, &chap };
	bool failed = true;

	(void)state;
	add_rule(&rules, HOST);
	set_chap(&chap, &credentials[1]);
	ok(share(&chap));
	for (unsigned n = 1; failed; n++) {
		failed = false;
		for (int i = 0; i < 2; i++) {
			sis_autostate struct sis_state s = { 0 };

			assert_true(sim_ctl("fault fail:EIO nth=%u", n));
			failed |= bx.be->target_set(&bx, both[i], NULL, all_fields, &err) < 0;
			sis_err_clear(&err);
			assert_true(sim_ctl("faults clear"));
			s = read_all();
			assert_true(s.targets.v[0].chap.user || s.targets.v[0].rules.n);
			ok(bx.be->target_set(&bx, both[i], NULL, all_fields, &err));
			assert_live(both[i]);
		}
	}
	sis_target_free(&rules);
	sis_target_free(&chap);
}

static void test_resize(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	ok(share(&t));
	sim_volume(VOLUME, 128 * MIB);
	t.luns.v[0].size = 128 * MIB;
	ok(bx.be->lun_set(&bx, &t, &t.luns.v[0], NULL, SIS_BIT(SIS_FIELD_SIZE), &err));
	assert_live(&t);
	sis_replace(&t.luns.v[0].serial, "0000000000000002");
	ok(bx.be->lun_set(&bx, &t, &t.luns.v[0], NULL, SIS_BIT(SIS_FIELD_SERIAL), &err));
	assert_live(&t);
	fails(bx.be->lun_set(&bx, &t, &t.luns.v[0], NULL, SIS_BIT(SIS_FIELD_READONLY), &err),
	      ENOTSUP);
	sis_target_free(&t);
}

static void test_types(void **state)
{
	static const enum sis_type types[] = { SIS_TYPE_BLOCKIO, SIS_TYPE_FILEIO, SIS_TYPE_NULLIO };

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct sis_target t = wanted();
		struct sis_lun *l = t.luns.v;

		l->type = types[i % 3];
		l->iomode = i < 6 ? SIS_IOMODE_WB : SIS_IOMODE_WT;
		l->readonly = i / 3 % 2;
		l->blocksize = i < 6 ? 512 : 2048;
		if (l->type == SIS_TYPE_NULLIO)
			l->path[0] = '\0'; /* for the comparison: it has none */
		ok(share(&t));
		assert_live(&t);
		ok(unshare(false));
		assert_nothing();
		sis_target_free(&t);
	}
}

static void test_refusals(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	ok(bx.be->target_add(&bx, &t, &err));
	assert_true(sim_ctl("claim " VOLUME));
	fails(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err), EBUSY);
	assert_true(sim_ctl("unclaim " VOLUME));
	sis_replace(&t.luns.v[0].path, "/dev/zvol/mypool/missing");
	fails(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err), ENOENT);
	sis_replace(&t.luns.v[0].path, VOLUME "; read_only=1");
	fails(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err), EINVAL);
	sis_replace(&t.iqn, "iqn.2010-09.x:lost"); /* EAGAIN, but never carried out */
	assert_true(sim_ctl("fault lost"));
	fails(bx.be->target_add(&bx, &t, &err), EIO);
	sis_replace(&t.iqn, "iqn.2010-09.x:a b");
	fails(bx.be->target_add(&bx, &t, &err), EINVAL);
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 0);
	sis_target_free(&t);
}

static void write_tree(const char *path, const char *text)
{
	ok(sis_kfs_write(&kfs, text, &err, "/sys/kernel/scst_tgt/%s", path));
}

static void test_foreign(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	sim_volume("/dev/zvol/mypool/theirs", MIB);
	write_tree("targets/iscsi/mgmt", "add_target iqn.2000-01.org.other:x");
	write_tree("handlers/vdisk_blockio/mgmt",
		   "add_device theirs filename=/dev/zvol/mypool/theirs");
	sis_replace(&t.iqn, "iqn.2000-01.org.other:x"); /* it was not there when the plan was made */
	fails(bx.be->target_add(&bx, &t, &err), EEXIST);
	sis_target_free(&t);
	t = wanted();
	ok(share(&t));
	{
		sis_autofree char *command = sis_asprintf("add %s 5", t.luns.v[0].handle);

		write_tree("targets/iscsi/iqn.2000-01.org.other:x/luns/mgmt", command);
	}
	fails(unshare(true), EBUSY); /* the device is in somebody else's target as well */
	write_tree("targets/iscsi/iqn.2000-01.org.other:x/luns/mgmt", "del 5");
	ok(unshare(true));
	ok(sis_scst_device_sweep(&bx, &err));
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 1);
	{
		sis_autostate struct sis_state s = read_all();

		assert_int_equal(s.targets.n, 1);
	}
	sis_target_free(&t);
}

/* Whatever SCST is busy with: every answer is EAGAIN and comes true a little later. */
static void test_eagain(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	add_rule(&t, HOST);
	assert_int_equal(sis_portal_parse("192.0.2.100", sis_vec_add(&t.portals), NULL), 0);
	assert_true(sim_ctl("eagain on 5"));
	ok(share(&t));
	assert_live(&t);
	no_rules(&t);
	ok(bx.be->target_set(&bx, &t, NULL, all_fields, &err));
	assert_live(&t);
	ok(unshare(true));
	assert_nothing();
	sis_target_free(&t);
}

/* The Nth write fails, in one of these ways, or nothing more happens after it: the next run has
 * to make everything right, and leave no device behind. */
static void test_faults(void **state)
{
	static const char *const faults[] = { "fail:EIO", "fail:EBUSY", "late:EIO", "late:EEXIST" };
	bool reached = true;

	(void)state;
	for (unsigned n = 1; reached; n++) {
		reached = false;
		for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			struct sis_target t = wanted();
			unsigned before = sim_writes();
			int r;

			add_rule(&t, HOST);
			assert_true(sim_ctl("fault %s nth=%u", faults[i], n));
			r = share(&t);
			reached |= sim_writes() - before >= n;
			assert_true(sim_ctl("faults clear"));
			assert_false(sim_ctl("login " IQN " " OTHER)); /* at no moment */
			if (r < 0) {
				sis_err_clear(&err);
				close_bx(); /* the next run */
				ok(share(&t));
			}
			assert_live(&t);
			assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 1);
			before = sim_writes();
			assert_true(sim_ctl("fault %s nth=%u", faults[i], n));
			r = unshare(true);
			reached |= sim_writes() - before >= n;
			assert_true(sim_ctl("faults clear"));
			sis_err_clear(&err);
			close_bx();
			if (r < 0)
				ok(unshare(true));
			assert_nothing();
			sis_target_free(&t);
		}
	}
}

/* iscsi-scstd dies: the targets are gone, the devices hold their volumes. */
static void test_daemon_death(void **state)
{
	struct sis_target t = wanted();

	(void)state;
	ok(share(&t));
	close_bx();
	assert_true(sim_ctl("daemon kill"));
	assert_true(sim_ctl("daemon start"));
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 1);
	ok(share(&t));
	assert_live(&t);
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 1);
	t.luns.v[0].type = SIS_TYPE_FILEIO; /* which would not notice who holds the volume */
	close_bx();
	assert_true(sim_ctl("daemon kill"));
	assert_true(sim_ctl("daemon start"));
	ok(share(&t));
	assert_live(&t);
	assert_int_equal(entries("/sys/kernel/scst_tgt/devices"), 1);
	sis_target_free(&t);
}

static int dry_write(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	sis_autofree char *line = sis_asprintf("%s\t%.*s", path + strlen(k->root), (int)len, data);

	sis_strv_add(k->ctx, line);
	return 0;
}

static bool recorded(const sis_strv *l, const char *suffix)
{
	sis_vec_each(s, l) {
		size_t n = strlen(*s), m = strlen(suffix);

		if (n >= m && sis_streq(*s + n - m, suffix))
			return true;
	}
	return false;
}

/* A dry run says the same and does nothing, also where a device goes and its LUN comes back. */
static void test_dry(void **state)
{
	struct sis_kfs_ops ops = sis_kfs_real_ops;
	struct sis_target t = wanted();
	sis_autostrv sis_strv lines = { 0 };
	unsigned n;

	(void)state;
	ok(share(&t));
	n = sim_writes();
	ops.write = dry_write;
	kfs.ops = &ops;
	kfs.ctx = &lines;
	bx.dry = true;
	{
		sis_autostate struct sis_state s = read_all();
		const struct sis_target *live = s.targets.v;

		ok(bx.be->target_hide(&bx, live, &err));
		ok(bx.be->lun_del(&bx, live, &live->luns.v[0], &err));
		t.luns.v[0].iomode = SIS_IOMODE_WT;
		ok(bx.be->lun_add(&bx, &t, &t.luns.v[0], &err));
		ok(bx.be->target_show(&bx, &t, &err));
	}
	assert_int_equal(sim_writes(), n);
	assert_true(recorded(&lines, "filename=" VOLUME "; blocksize=4096; write_through=1"));
	assert_true(recorded(&lines, " 0")); /* add DEVICE 0 */
	assert_int_equal(lines.n, 9);
	sis_target_free(&t);
}

int main(int argc, char **argv)
{
#define each(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		each(test_probe), each(test_share), each(test_unshare), each(test_rules),
		each(test_rules_live), each(test_rules_interrupted), each(test_portals),
		each(test_chap), each(test_chap_interrupted), each(test_access_interrupted),
		each(test_resize), each(test_types), each(test_refusals), each(test_foreign),
		each(test_eagain), each(test_faults), each(test_daemon_death), each(test_dry),
	};

	if (argc != 3 || access("/dev/fuse", W_OK) < 0 || access("/usr/bin/fusermount3", X_OK) < 0) {
		puts("1..0 # SKIP needs SCST-SIM, SCST-SIM-CTL, /dev/fuse and fusermount3");
		return 77;
	}
	sim_program = realpath(argv[1], NULL); /* programs are started by absolute path */
	sim_ctl_program = realpath(argv[2], NULL);
	if (!sim_program || !sim_ctl_program)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

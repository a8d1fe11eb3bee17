/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parsing of what zfs prints: captured output, strange values, output that is none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "store/zfs_parse.h"

#define SHARE SIS_PROP_SHARE
#define IDENTITY SIS_PROP_IDENTITY

static const struct sis_zfs_module plain;

static char *golden(const char *name)
{
	sis_autofree char *path = sis_asprintf("tests/golden/zfs/%s", name);
	char *text = NULL;

	assert_int_equal(sis_file_read(path, 1 << 20, &text, NULL), 0);
	return text;
}

/* Field by field, one volume a line. */
static char *print_volumes(const sis_volumes *l)
{
	struct sis_str s = { 0 };

	sis_vec_each(v, l) {
		sis_str_addf(&s, "'%s' guid=%ju size=%ju block=%u%s%s '%s'", v->name,
			     (uintmax_t)v->guid, (uintmax_t)v->size, v->volblocksize,
			     v->sparse ? " sparse" : "", v->readonly ? " readonly" : "", v->device);
		assert_false(v->ready);
		assert_int_equal(v->not_ready_final, v->not_ready != NULL);
		if (v->not_ready)
			sis_str_addf(&s, " (%s)", v->not_ready);
		sis_str_addc(&s, '\n');
	}
	return sis_str_take(&s);
}

static void test_volumes_golden(void **state)
{
	sis_autofree char *out = golden("volumes-2.1.11.out");
	sis_autofree char *want = golden("volumes-2.1.11.parsed");
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autovolumes sis_volumes l = { 0 };
	sis_autofree char *got = NULL;
	int r = sis_zfs_parse_volumes(out, &plain, &l, &err);

	(void)state;
	assert_string_equal(err.msg ? err.msg : "", "");
	assert_int_equal(r, 0);
	got = print_volumes(&l);
	assert_string_equal(got, want);
}

/* Rows of one volume with one value replaced. */
static char *volume_rows(const char *name, const char *prop, const char *value)
{
	static const char *const rows[][2] = {
		{ "guid", "11" },
		{ "volsize", "67108864" },
		{ "volblocksize", "8192" },
		{ "readonly", "off" },
		{ "encryptionroot", "-" },
		{ "keystatus", "-" },
		{ "volmode", "default" },
		{ "refreservation", "0" },
		{ "receive_resume_token", "-" },
	};
	struct sis_str s = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sis_str_addf(&s, "%s\t%s\t%s\tdefault\n", name, rows[i][0],
			     prop && sis_streq(prop, rows[i][0]) ? value : rows[i][1]);
	return sis_str_take(&s);
}

static void assert_reason(const struct sis_zfs_module *m, const char *prop, const char *value,
			  const char *reason)
{
	sis_autofree char *out = volume_rows("p/a b", prop, value);
	sis_autovolumes sis_volumes l = { 0 };

	assert_int_equal(sis_zfs_parse_volumes(out, m, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].not_ready ? l.v[0].not_ready : "", reason);
	assert_int_equal(l.v[0].not_ready_final, *reason && !strstr(reason, "(zvol_"));
}

static void test_volume_reasons(void **state)
{
	const struct sis_zfs_module inhibit = { .inhibit_dev = true };
	const struct sis_zfs_module none = { .volmode_none = true };
	const char *volmode = "volmode=none leaves it without a device node; "
			      "`zfs set volmode=dev 'p/a b'`";

	(void)state;
	assert_reason(&plain, NULL, NULL, "");
	assert_reason(&plain, "volmode", "none", volmode);
	assert_reason(&inhibit, "volmode", "none", volmode);
	assert_reason(&none, NULL, NULL,
		      "volmode=default leaves it without a device node here "
		      "(zvol_volmode=3); `zfs set volmode=dev 'p/a b'`");
	assert_reason(&none, "volmode", "dev", "");
	assert_reason(&inhibit, NULL, NULL,
		      "the zfs module makes no device nodes (zvol_inhibit_dev=1)");
	assert_reason(&plain, "volsize", "0", "it is still being received");
	assert_reason(&plain, "volsize", "-", "it is still being received");
	assert_reason(&plain, "keystatus", "available", "");
	assert_reason(&plain, "receive_resume_token", "1-cc41",
		      "it was received in part only; go on with `zfs send -t`, or drop it with "
		      "`zfs receive -A 'p/a b'`");
}

static void assert_refused(const char *out)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autovolumes sis_volumes l = { 0 };

	assert_int_equal(sis_zfs_parse_volumes(out, &plain, &l, &err), -EPROTO);
	assert_true(
		sis_str_starts(sis_err_msg(&err), "zfs printed a line that is not understood: '"));
}

static void test_volumes_refused(void **state)
{
	sis_autofree char *good = volume_rows("p/v", NULL, NULL);
	static const char *const bad[][2] = {
		{ "guid", "0" },       { "guid", "-" },	      { "guid", "18446744073709551616" },
		{ "volsize", "1G" },   { "volsize", "-1" },   { "volblocksize", "4294967296" },
		{ "volmode", "a\tb" }, { "volmode", "a\nb" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sis_autofree char *out = volume_rows("p/v", bad[i][0], bad[i][1]);

		assert_refused(out);
	}
	/* cut anywhere */
	for (size_t n = 1; n < strlen(good); n++) {
		sis_autofree char *cut = sis_strndup(good, n);

		assert_refused(cut);
	}
	assert_refused("usage:\n");
	assert_refused("\n");
	assert_refused("p\tguid\t1\t-\n");
}

static void test_own_volumes_of_zfs(void **state)
{
	sis_autofree char *one = volume_rows("p/v/%recv", NULL, NULL);
	sis_autofree char *two = volume_rows("p/v", NULL, NULL);
	sis_autofree char *both = sis_asprintf("%s%s", two, one);
	sis_autovolumes sis_volumes l = { 0 };

	(void)state;
	assert_int_equal(sis_zfs_parse_volumes(both, &plain, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].name, "p/v");
}

static void test_users_golden(void **state)
{
	sis_autofree char *out = golden("users-2.1.11.out");
	char *names[] = { (char *)"tank",    (char *)"tank/d",	  (char *)"tank/d/x ",
			  (char *)"tank/vn", (char *)"tank/vol2", (char *)"tank/z",
			  (char *)"tank/z/v" };
	struct sis_zfs_user u[7] = { 0 };

	(void)state;
	assert_int_equal(sis_zfs_parse_users(out, names, 7, u), 0);
	for (int i = 0; i < 7; i++) {
		assert_true(u[i].there);
		assert_int_equal(u[i].zoned, i == 5);
	}
	assert_int_equal(u[0].share.source, SIS_SOURCE_LOCAL);
	assert_string_equal(u[2].share.value, "on");
	assert_int_equal(u[2].share.source, SIS_SOURCE_INHERITED);
	assert_string_equal(u[2].share.from, "tank");
	assert_string_equal(u[3].share.value, "-");
	assert_int_equal(u[3].share.source, SIS_SOURCE_LOCAL);
	assert_int_equal(u[4].share.source, SIS_SOURCE_RECEIVED);
	assert_string_equal(u[4].share.value, "lun=3");
	assert_int_equal(u[4].identity.source, SIS_SOURCE_LOCAL);
	assert_string_equal(u[4].identity.value, "x");
	assert_null(u[3].identity.value);
	assert_int_equal(u[3].identity.source, SIS_SOURCE_NONE);
	assert_true(u[4].guid == 548372753170548221ull);
	for (int i = 0; i < 7; i++)
		sis_zfs_user_free(&u[i]);
}

static char *user_rows(const char *name, const char *share, const char *source)
{
	return sis_asprintf("%s\tzoned\t-\t-\n%s\tguid\t7\t-\n%s\t" SHARE "\t%s\t%s\n%s\t" IDENTITY
			    "\t-\t-\n",
			    name, name, name, share, source, name);
}

static void assert_share(const char *share, const char *source, const char *value,
			 enum sis_source want, const char *from)
{
	sis_autofree char *out = user_rows("p/v", share, source);
	char *name = (char *)"p/v";
	struct sis_zfs_user u = { 0 };

	assert_int_equal(sis_zfs_parse_users(out, &name, 1, &u), 0);
	assert_true(sis_streq_null(u.share.value, value));
	assert_int_equal(u.share.source, want);
	assert_true(sis_streq_null(u.share.from, from));
	sis_zfs_user_free(&u);
}

static void assert_bad_share(const char *share, const char *source)
{
	sis_autofree char *out = user_rows("p/v", share, source);
	char *name = (char *)"p/v";
	struct sis_zfs_user u = { 0 };

	assert_int_equal(sis_zfs_parse_users(out, &name, 1, &u), -EBADMSG);
	assert_null(u.share.value);
	assert_false(u.there);
}

static void test_values(void **state)
{
	(void)state;
	assert_share("", "local", "", SIS_SOURCE_LOCAL, NULL);
	assert_share("-", "local", "-", SIS_SOURCE_LOCAL, NULL);
	assert_share("-", "-", NULL, SIS_SOURCE_NONE, NULL);
	assert_share("a\tb\t", "local", "a\tb\t", SIS_SOURCE_LOCAL, NULL);
	assert_share("on\treceived", "local", "on\treceived", SIS_SOURCE_LOCAL, NULL);
	assert_share("\xff\x80", "received", "\xff\x80", SIS_SOURCE_RECEIVED, NULL);
	assert_share("on", "inherited from p", "on", SIS_SOURCE_INHERITED, "p");
	assert_bad_share("on", "-");
	assert_bad_share("on", "default");
	assert_bad_share("on", "inherited from ");
	assert_bad_share("on\n", "local");
	assert_bad_share("on\tlocal\np/v\t" IDENTITY "\tx", "local");
}

static void test_cut_source(void **state)
{
	char pool[130], name[160], source[160];

	(void)state;
	memset(pool, 'p', sizeof(pool));
	pool[111] = '\0'; /* 15 + 111 bytes: not cut */
	snprintf(name, sizeof(name), "%s/v", pool);
	snprintf(source, sizeof(source), "inherited from %s", pool);
	for (int round = 0; round < 3; round++) {
		char *names = name;
		sis_autofree char *out = user_rows(name, "on", source);
		struct sis_zfs_user u = { 0 };

		assert_int_equal(sis_zfs_parse_users(out, &names, 1, &u), 0);
		assert_int_equal(u.share.source, SIS_SOURCE_INHERITED);
		if (round < 2)
			assert_string_equal(u.share.from, pool);
		else
			assert_null(u.share.from); /* two that begin so */
		sis_zfs_user_free(&u);

		memset(pool, 'p', sizeof(pool));
		pool[120] = '\0'; /* cut after 112 */
		snprintf(name, sizeof(name), round ? "%s/x/v" : "%s/v", pool);
		snprintf(source, sizeof(source), "inherited from %.112s", pool);
	}
}

/* Every cut and every dropped line of good output is noticed. */
static void test_users_refused(void **state)
{
	sis_autofree char *one = user_rows("p/a", "on", "local");
	sis_autofree char *two = user_rows("p/b", "off", "local");
	sis_autofree char *good = sis_asprintf("%s%s", one, two);
	sis_autofree char *more = sis_asprintf("%s\n", good);
	char *names[] = { (char *)"p/a", (char *)"p/b" };
	char *other[] = { (char *)"p/a", (char *)"p/c" };
	struct sis_zfs_user u[2] = { 0 };

	(void)state;
	assert_int_equal(sis_zfs_parse_users(good, other, 2, u), -EBADMSG);
	assert_int_equal(sis_zfs_parse_users(good, names, 1, u), -EBADMSG);
	assert_int_equal(sis_zfs_parse_users(more, names, 2, u), -EBADMSG);
	for (size_t n = 0; n < strlen(good); n++) {
		sis_autofree char *cut = sis_strndup(good, n);

		assert_int_equal(sis_zfs_parse_users(cut, names, 2, u), -EBADMSG);
		assert_null(u[0].share.value);
	}
}

static void assert_value(const char *out, const char *value, enum sis_source source)
{
	struct sis_prop p = { 0 };

	assert_int_equal(sis_zfs_parse_value(out, "p/v", &p), 0);
	assert_true(sis_streq_null(p.value, value));
	assert_int_equal(p.source, source);
	sis_prop_free(&p);
}

static void test_value_alone(void **state)
{
	static const char *const bad[] = { "", "\n", "local", "local\t", "local\n", "what\ton\n" };
	struct sis_prop p = { 0 };

	(void)state;
	assert_value("local\ton\n", "on", SIS_SOURCE_LOCAL);
	assert_value("local\t\n", "", SIS_SOURCE_LOCAL);
	assert_value("local\t\n\n", "\n", SIS_SOURCE_LOCAL);
	assert_value("-\t-\n", NULL, SIS_SOURCE_NONE);
	assert_value("received\ta\nb\tc\n\n", "a\nb\tc\n", SIS_SOURCE_RECEIVED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sis_zfs_parse_value(bad[i], "p/v", &p), -EBADMSG);
}

static void test_pools(void **state)
{
	sis_autostrv sis_strv l = { 0 };

	(void)state;
	assert_int_equal(
		sis_zfs_parse_pools("rop\treadonly\ton\t-\ntank\treadonly\toff\t-\n", &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0], "rop");
	assert_int_equal(sis_zfs_parse_pools("what\n", &l, NULL), -EPROTO);
}

static void test_missing(void **state)
{
	const char *text = "cannot open 'a b': dataset does not exist\n"
			   "cannot open 'c': invalid character\n"
			   "cannot open 'd'e': dataset does not exist";
	sis_autofree char *one = sis_zfs_next_missing(&text);
	sis_autofree char *two = sis_zfs_next_missing(&text);

	(void)state;
	assert_string_equal(one, "a b");
	assert_string_equal(two, "d'e");
	assert_null(sis_zfs_next_missing(&text));
}

static void assert_failure(const char *errout, int code, const char *text)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	assert_int_equal(sis_zfs_failure("/sbin/zfs", 1, errout, &err), -code);
	assert_string_equal(sis_err_msg(&err), text);
}

static void test_failures(void **state)
{
	(void)state;
	assert_failure("", EIO, "'/sbin/zfs' ended with status 1 and said nothing");
	assert_failure("The ZFS modules are not loaded.\n"
		       "Try running '/sbin/modprobe zfs' as root to load them.",
		       ENODEV, "the ZFS modules are not loaded; try '/sbin/modprobe zfs' as root");
	assert_failure("cannot set property for 'r/v': pool is read-only", EROFS,
		       "cannot set property for 'r/v': pool is read-only");
	assert_failure("cannot set property for 't/v': permission denied", EACCES,
		       "cannot set property for 't/v': permission denied");
	assert_failure("cannot open 'x': dataset does not exist\n"
		       "cannot open 'a+b': invalid character '+' in name",
		       EINVAL, "cannot open 'a+b': invalid character '+' in name");
	assert_failure("cannot open 'x': dataset does not exist\nmore", EIO, "more");
	assert_failure("cannot open 'x': dataset does not exist", ENOENT,
		       "cannot open 'x': dataset does not exist");
	/* a name is not a reason */
	assert_failure("cannot open 'p/pool is read-only': I/O error", EIO,
		       "cannot open 'p/pool is read-only': I/O error");
}

static void test_device(void **state)
{
	sis_autofree char *path = sis_zfs_device("tank/d/ x ");

	(void)state;
	assert_string_equal(path, "/dev/zvol/tank/d/+x+");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_volumes_golden),	cmocka_unit_test(test_volume_reasons),
		cmocka_unit_test(test_volumes_refused), cmocka_unit_test(test_own_volumes_of_zfs),
		cmocka_unit_test(test_users_golden),	cmocka_unit_test(test_values),
		cmocka_unit_test(test_cut_source),	cmocka_unit_test(test_users_refused),
		cmocka_unit_test(test_value_alone),	cmocka_unit_test(test_pools),
		cmocka_unit_test(test_missing),		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

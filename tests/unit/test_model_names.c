/* SPDX-License-Identifier: MPL-2.0 */
/*
 * iSCSI names against their golden file; the stored identity and what follows from a guid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "golden.h"
#include "model/identity.h"
#include "model/iqn.h"

static int run_line(char *line, char **got, struct sis_err *err)
{
	char *verb = sis_str_next(&line, " "), *first;
	int rc;

	if (sis_streq(verb, "check")) {
		rc = sis_iqn_check(line, err);
		*got = rc == 0 ? sis_strdup("ok") : NULL;
		return rc;
	}
	first = sis_str_next(&line, " ");
	if (sis_streq(verb, "make"))
		return sis_iqn_make(first, line, got, err);
	assert_string_equal(verb, "prefix");
	return sis_iqn_prefix(first, atoi(line), atoi(strchr(line, ' ')), got, err);
}

static void test_golden(void **state)
{
	sis_autofree char *text = golden_read("tests/golden/model/iqn.txt");
	char *cursor = text, *line;

	(void)state;
	while ((line = golden_line(&cursor))) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		sis_autofree char *got = NULL;
		char *good = strstr(line, " => "), *bad = strstr(line, " !! ");

		if (!*line || *line == '#')
			continue;
		assert_true(good || bad);
		*(good ? good : bad) = '\0';
		if (run_line(line, &got, &err) == 0)
			assert_string_equal(got, good ? good + 4 : "an error");
		else
			assert_string_equal(sis_err_msg(&err), bad ? bad + 4 : "no error");
	}
}

/* Whatever the prefix was; never a name of another dataset's. */
static void test_is_of(void **state)
{
	static const char *const yes[][2] = {
		{ "iqn.2010-09.org.x:tank.v", "tank/v" },
		{ "iqn.1999-01.com.y:host:tank.v", "tank/v" },
		{ "iqn.2010-09.org.x:tank.a-b-c", "tank/A_b c" },
	};
	static const char *const no[][2] = {
		{ "iqn.2010-09.org.x:tank.v", "tank/w" }, { "iqn.2010-09.org.x:tank.v", "v" },
		{ "iqn.2010-09.org.x.tank.v", "tank/v" }, { "eui.02004567a425678d", "tank/v" },
		{ "iqn.2010-09.org.x:tank.v1", "tank/v" }, { ":tank.v", "tank/v" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(sis_iqn_is_of(yes[i][0], yes[i][1]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(sis_iqn_is_of(no[i][0], no[i][1]));
}

/* 223 bytes are a name, 224 are not (RFC 7143 section 4.2.7.1). */
static void test_length(void **state)
{
	static const char prefix[] = "iqn.2010-09.org.zfsonlinux";
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *got = NULL, *none = NULL;
	char name[256] = { 0 };
	size_t room = SIS_IQN_MAX - strlen(prefix) - 1;

	(void)state;
	memset(name, 'a', room);
	assert_int_equal(sis_iqn_make(prefix, name, &got, &err), 0);
	assert_int_equal(strlen(got), SIS_IQN_MAX);
	name[room] = 'a';
	assert_int_equal(sis_iqn_make(prefix, name, &none, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.msg, "224 bytes, at most 223 are allowed"));
	assert_null(none);
}

static void test_identity(void **state)
{
	static const char *const bad[] = {
		"",
		"on",
		"guid=0000000000000001",
		"guid=1,lun=0,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,iqn=iqn.2010-09.org.a:X",
		"guid=0000000000000001,lun=99999,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,blocksize=513,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,lun=1,iqn=iqn.2010-09.org.a:x",
		"lun=0,guid=0000000000000001,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,iqn=iqn.2010-09.org.a:x,",
		"guid=0000000000000000,lun=0,iqn=iqn.2010-09.org.a:x",
		/* what was taken over, in another order, twice, empty, or not to be kept */
		"guid=0000000000000001,lun=0,naa=none,serial=a,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial=a,serial=b,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial=,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial= a,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial=a\nb,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial=\xc3\xa4,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,serial=0123456789abcdef,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,t10=a'b,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,naa=,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,naa=6001405,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,naa=600140500000000A,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,unmap=yes,iqn=iqn.2010-09.org.a:x",
		"guid=0000000000000001,lun=0,colour=red,iqn=iqn.2010-09.org.a:x",
	};
	static const char good[] =
		"guid=0123456789abcdef,lun=3,blocksize=4096,iqn=iqn.2010-09.org.a:x";
	sis_autoidentity struct sis_identity id = { 0 };
	sis_autofree char *text = NULL;

	(void)state;
	assert_int_equal(sis_identity_parse(good, &id, NULL), 0);
	assert_true(id.guid == 0x0123456789abcdef);
	assert_int_equal(id.lun, 3);
	assert_int_equal(id.blocksize, 4096);
	assert_string_equal(id.iqn, "iqn.2010-09.org.a:x");
	text = sis_identity_print(&id);
	assert_string_equal(text, good);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sis_identity none = { 0 };

		if (sis_identity_parse(bad[i], &none, NULL) == 0)
			fail_msg("'%s' was accepted", bad[i]);
		assert_null(none.iqn);
	}
}

static void test_kept(void **state)
{
	static const char good[] =
		"guid=0123456789abcdef,lun=1,blocksize=512,serial=beaf11,t10=IET     00010001,"
		"naa=60000000000000000e00000000010001,product=disk 1,unmap=off,"
		"iqn=iqn.2010-09.org.a:x";
	sis_autoidentity struct sis_identity id = { 0 };
	sis_autofree char *text = NULL;
	struct sis_kept copy;

	(void)state;
	assert_int_equal(sis_identity_parse(good, &id, NULL), 0);
	assert_string_equal(id.kept.serial, "beaf11");
	assert_string_equal(id.kept.t10_id, "IET     00010001");
	assert_string_equal(id.kept.naa, "60000000000000000e00000000010001");
	assert_string_equal(id.kept.product, "disk 1");
	assert_int_equal(id.kept.unmap, SIS_UNMAP_OFF);
	assert_true(sis_kept_any(&id.kept));
	sis_kept_copy(&copy, &id.kept);
	sis_identity_free(&id);
	id = (struct sis_identity){ .guid = 0x0123456789abcdef,
				    .iqn = sis_strdup("iqn.2010-09.org.a:x"),
				    .lun = 1,
				    .blocksize = 512,
				    .kept = copy };
	text = sis_identity_print(&id);
	assert_string_equal(text, good);
	assert_false(sis_kept_any(&(struct sis_kept){ 0 }));
	assert_true(sis_is_serial("0123456789abcdef"));
	assert_false(sis_is_serial("0123456789ABCDEF"));
	assert_false(sis_is_serial("0123456789abcde"));
}

static void test_serial(void **state)
{
	sis_autofree char *serial = sis_serial(0xfedcba9876543210);
	sis_autofree char *small = sis_serial(1), *naa = sis_naa(0xfedcba9876543210);

	(void)state;
	assert_string_equal(serial, "fedcba9876543210");
	assert_string_equal(small, "0000000000000001");
	assert_string_equal(naa, "6001405fedcba9876543210000000000");
	assert_int_equal(strlen(naa), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_is_of),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

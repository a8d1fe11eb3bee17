/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From a live LUN back to property and identity: what a volume with them wants is that very LUN.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "model/derive.h"
#include "model/desire.h"
#include "model/field.h"

#define PREFIX "iqn.2010-09.org.zfsonlinux"
#define ALL_KNOWN (~0U)

static const struct sis_caps caps = {
	.title = "RICH",
	.max_lun = 16383,
	.max_name = 223,
	.caps = ~0U,
	.max_serial = 36,
	.max_t10_id = 25,
	.block_type = { [SIS_TYPE_DISK] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_BLOCKIO] = SIS_TYPE_BLOCKIO,
			[SIS_TYPE_FILEIO] = SIS_TYPE_FILEIO },
	.iomode = { [SIS_IOMODE_NONE] = SIS_IOMODE_WT,
		    [SIS_IOMODE_WT] = SIS_IOMODE_WT,
		    [SIS_IOMODE_WB] = SIS_IOMODE_WB },
};

static struct sis_volume volume(void)
{
	return (struct sis_volume){ .name = (char *)"mypool/test",
				    .guid = 0xabc,
				    .ready = true,
				    .device = (char *)"/dev/zvol/mypool/test",
				    .size = 1 << 20,
				    .volblocksize = 8192,
				    .sparse = true };
}

/* What the volume with this property and this identity wants, as if a target had made it. */
static void make_live(const struct sis_volume *v, const char *value, struct sis_wish *ret)
{
	sis_autooptions struct sis_options o = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (sis_options_parse(value, &o, &err) < 0 ||
	    sis_desire(v, &o, &caps, PREFIX, NULL, ret, &err) < 0)
		fail_msg("'%s': %s", value, sis_err_msg(&err));
	ret->target.known = ret->target.luns.v[0].known = ALL_KNOWN;
}

static int derive(const struct sis_wish *live, struct sis_derived *ret, struct sis_err *err)
{
	struct sis_volume v = volume();

	return sis_derive(&v, &live->target, &live->target.luns.v[0], &caps, PREFIX, NULL, ret, err);
}

static void expect_same(const struct sis_target *want, const struct sis_target *live)
{
	sis_autofree char *lun = sis_lun_diff_text(&want->luns.v[0], &live->luns.v[0],
						   sis_lun_diff(&want->luns.v[0], &live->luns.v[0]));
	sis_autofree char *target = sis_target_diff_text(want, live, sis_target_diff(want, live));

	assert_string_equal(want->iqn, live->iqn);
	assert_int_equal(want->luns.v[0].number, live->luns.v[0].number);
	assert_string_equal(lun, "");
	assert_string_equal(target, "");
}

/* Every option of a property, and every word of an identity, survives the way there and back. */
static void test_round_trip(void **state)
{
	static const struct {
		const char *value, *kept; /* kept: words of the identity */
		const char *share;	  /* the property that comes back */
	} rows[] = {
		{ "on", "", "on" },
		{ "type=disk", "", "on" },
		{ "type=blockio,iomode=wt", "", "on" },
		{ "name=" PREFIX ":mypool.test", "", "on" },
		{ "name=iqn.2001-04.com.example:x", "", "name=iqn.2001-04.com.example:x" },
		{ "lun=7", "", "lun=7" },
		{ "type=fileio", "", "type=fileio" },
		{ "iomode=wb", "", "iomode=wb" },
		{ "iomode=ro", "", "iomode=ro" },
		{ "blocksize=512", "", "blocksize=512" },
		{ "blocksize=4096", "", "on" },
		{ "initiator=iqn.2001-04.com.example:*;10.0.0.0/8=ro;::1", "",
		  "initiator=iqn.2001-04.com.example:*;10.0.0.0/8=ro;::1" },
		{ "portal=10.0.0.1;[::1]:3261", "", "portal=10.0.0.1:3260;[::1]:3261" },
		{ "on", ",serial=beaf11", "on" },
		{ "on", ",serial=beaf11,t10=IET     00010001", "on" },
		{ "on", ",t10=only this", "on" },
		{ "on", ",naa=none", "on" },
		{ "on", ",serial=x,naa=60014051234567890123456789012345", "on" },
		{ "on", ",product=disk1", "on" },
		{ "on", ",unmap=off", "on" },
		{ "lun=3,iomode=ro", ",serial=a-b,t10=c,naa=5001405123456789,product=d,unmap=off",
		  "lun=3,iomode=ro" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sis_autofree char *identity = sis_asprintf(
			"guid=0000000000000abc,lun=0,blocksize=4096%s,iqn=" PREFIX ":mypool.test",
			rows[i].kept);
		sis_autoderived struct sis_derived d = { 0 };
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		struct sis_volume v = volume();
		struct sis_wish live, again;

		v.identity = identity;
		make_live(&v, rows[i].value, &live);
		if (derive(&live, &d, &err) < 0)
			fail_msg("'%s' %s: %s", rows[i].value, rows[i].kept, sis_err_msg(&err));
		assert_string_equal(d.share, rows[i].share);
		if (!strstr(d.identity, rows[i].kept))
			fail_msg("'%s' keeps '%s'", rows[i].kept, d.identity);
		v.identity = d.identity;
		make_live(&v, d.share, &again);
		assert_false(again.identity_differs);
		expect_same(&again.target, &live.target);
		sis_wish_free(&live);
		sis_wish_free(&again);
	}
}

/* With several LUNs each volume says name and number itself. */
static void test_several(void **state)
{
	sis_autoderived struct sis_derived d = { 0 };
	struct sis_volume v = volume();
	struct sis_wish live;

	(void)state;
	make_live(&v, "on", &live);
	sis_vec_push(&live.target.luns, ((struct sis_lun){ 0 }));
	sis_lun_copy(&live.target.luns.v[1], &live.target.luns.v[0]);
	live.target.luns.v[1].number = 1;
	assert_int_equal(derive(&live, &d, NULL), 0);
	assert_string_equal(d.share, "name=" PREFIX ":mypool.test,lun=0");
	sis_wish_free(&live);
}

static void expect_refused(struct sis_wish *live, const char *want)
{
	sis_autoderived struct sis_derived d = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	assert_int_equal(derive(live, &d, &err), -EINVAL);
	assert_null(d.share);
	if (!strstr(sis_err_msg(&err), want))
		fail_msg("'%s' says nothing of '%s'", sis_err_msg(&err), want);
}

static void test_refused(void **state)
{
	struct sis_volume v = volume();
	struct sis_wish live;
	struct sis_lun *l;

	(void)state;
	make_live(&v, "on", &live);
	l = &live.target.luns.v[0];
	sis_replace(&l->serial, "0123456789abcdef");
	expect_refused(&live, "is that of another volume");
	sis_replace(&l->serial, "a,b");
	expect_refused(&live, "serial number 'a,b' cannot be kept");
	sis_replace(&l->serial, "");
	expect_refused(&live, "serial number '' cannot be kept");
	sis_replace(&l->serial, "0000000000000abc");
	l->type = SIS_TYPE_TAPE;
	expect_refused(&live, "no type=");
	l->type = SIS_TYPE_BLOCKIO;
	l->iomode = SIS_IOMODE_AIO;
	expect_refused(&live, "no iomode=");
	l->iomode = SIS_IOMODE_WT;
	l->blocksize = 520;
	expect_refused(&live, "no blocksize= can say 520");
	l->blocksize = 512;
	l->number = 16384;
	expect_refused(&live, "no lun= can say 16384");
	l->number = 0;
	sis_vec_push(&live.target.rules, ((struct sis_rule){ .text = sis_strdup("!*") }));
	expect_refused(&live, "no initiator= can say '!*'");
	sis_rules_free(&live.target.rules);
	live.target.chap.user = sis_strdup("joe");
	expect_refused(&live, "-o auth=NAME");
	sis_replace(&live.target.iqn, "iqn.2001-04.com.example:UPPER");
	expect_refused(&live, "no name= can say this");
	sis_wish_free(&live);
}

/* A target that cannot have what was kept does not make another disk of it in silence. */
static void test_moved(void **state)
{
	static const struct {
		const char *kept, *want;
	} rows[] = {
		{ "serial=0123456789012345678901234567890123456", "serial number" },
		{ "t10=01234567890123456789012345", "T10 id" },
		{ "naa=none", "NAA 'none'" },
		{ "naa=60014051234567890123456789012345", "NAA" },
	};
	struct sis_caps lio = caps;

	(void)state;
	lio.naa_of_serial = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sis_autofree char *identity =
			sis_asprintf("guid=0000000000000abc,lun=0,%s,iqn=" PREFIX ":x", rows[i].kept);
		sis_autoerr struct sis_err err = SIS_ERR_INIT;
		struct sis_options o = { .on = true };
		struct sis_volume v = volume();
		struct sis_wish w = { 0 };

		v.identity = identity;
		assert_int_equal(sis_desire(&v, &o, &lio, PREFIX, NULL, &w, &err), -SIS_ERR_USAGE);
		if (!strstr(sis_err_msg(&err), rows[i].want))
			fail_msg("'%s' says nothing of %s", sis_err_msg(&err), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

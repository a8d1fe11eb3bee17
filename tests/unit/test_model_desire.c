/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From volume and options to the desired target: defaults, identity, refusals, and the merging of
 * volumes into one target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "model/desire.h"

#define PREFIX "iqn.2010-09.org.zfsonlinux"

/* A target that can little, so that refusing can be seen. */
static const struct sis_caps plain = {
	.title = "PLAIN",
	.first_lun = 1,
	.max_lun = 100,
	.default_blocksize = 512,
	.max_name = 60,
	.caps = SIS_CAP_RULE_ADDRESS,
	.bad_path = ",",
	.bad_name = "k",
	.block_type = { [SIS_TYPE_DISK] = SIS_TYPE_DISK },
	.file_type = { [SIS_TYPE_DISK] = SIS_TYPE_FILEIO },
	.iomode = { [SIS_IOMODE_NONE] = SIS_IOMODE_RDWR, [SIS_IOMODE_WB] = SIS_IOMODE_RDWR },
};

/* One that can everything. */
static const struct sis_caps rich = {
	.title = "RICH",
	.max_lun = 16383,
	.max_name = 223,
	.caps = ~0U,
	.block_type = { [SIS_TYPE_DISK] = SIS_TYPE_BLOCKIO, [SIS_TYPE_NULLIO] = SIS_TYPE_NULLIO },
	.file_type = { [SIS_TYPE_DISK] = SIS_TYPE_FILEIO },
	.iomode = { [SIS_IOMODE_NONE] = SIS_IOMODE_WT, [SIS_IOMODE_WB] = SIS_IOMODE_WB },
};

static struct sis_volume volume(const char *name, uint64_t guid)
{
	return (struct sis_volume){ .name = (char *)name,
				    .guid = guid,
				    .ready = true,
				    .device = "/dev/zvol/x",
				    .size = 1 << 20,
				    .volblocksize = 8192 };
}

static int desire(const struct sis_volume *v, const char *value, const struct sis_caps *caps,
		  struct sis_wish *w, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };

	assert_int_equal(sis_options_parse(value, &o, err), 0);
	return sis_desire(v, &o, caps, PREFIX, NULL, w, err);
}

static void refused(const struct sis_volume *v, const char *value, const struct sis_caps *caps,
		    const char *want)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_wish w = { 0 };

	if (desire(v, value, caps, &w, &err) == 0)
		fail_msg("'%s' was accepted", value);
	assert_string_equal(sis_err_msg(&err), want);
	assert_null(w.target.iqn);
}

static void test_defaults(void **state)
{
	struct sis_volume v = volume("mypool/test", 0xabc);
	struct sis_wish w;
	struct sis_lun *l;

	(void)state;
	v.sparse = true;
	assert_int_equal(desire(&v, "on", &rich, &w, NULL), 0);
	l = &w.target.luns.v[0];
	assert_string_equal(w.target.iqn, PREFIX ":mypool.test");
	assert_true(w.target.shown);
	assert_int_equal(l->number, 0);
	assert_int_equal(l->type, SIS_TYPE_BLOCKIO);
	assert_int_equal(l->iomode, SIS_IOMODE_WT);
	assert_int_equal(l->blocksize, 4096); /* from volblocksize, which is none of the four */
	assert_true(l->thin);
	assert_false(l->readonly);
	assert_string_equal(l->serial, "0000000000000abc");
	assert_string_equal(l->naa, "60014050000000000000abc000000000");
	assert_true(w.identity_differs);
	sis_wish_free(&w);
	v.volblocksize = 2048;
	v.readonly = true;
	v.is_file = true;
	assert_int_equal(desire(&v, "on", &rich, &w, NULL), 0);
	assert_int_equal(w.target.luns.v[0].blocksize, 2048);
	assert_int_equal(w.target.luns.v[0].type, SIS_TYPE_FILEIO);
	assert_true(w.target.luns.v[0].readonly);
	sis_wish_free(&w);
	assert_int_equal(desire(&v, "on", &plain, &w, NULL), 0);
	assert_int_equal(w.target.luns.v[0].number, 1);
	assert_int_equal(w.target.luns.v[0].blocksize, 512);
	assert_null(w.target.luns.v[0].naa);
	assert_false(w.target.luns.v[0].thin);
	sis_wish_free(&w);
}

/* The identity decides what no option says, but only for the volume it was minted for. */
static void test_identity(void **state)
{
	struct sis_volume v = volume("mypool/renamed", 0xabc);
	struct sis_wish w;

	(void)state;
	v.identity = "guid=0000000000000abc,lun=7,blocksize=1024,iqn=iqn.2001-01.org.old:name";
	assert_int_equal(desire(&v, "on", &rich, &w, NULL), 0);
	assert_string_equal(w.target.iqn, "iqn.2001-01.org.old:name");
	assert_int_equal(w.target.luns.v[0].number, 7);
	assert_int_equal(w.target.luns.v[0].blocksize, 1024);
	assert_true(w.minted);
	assert_false(w.identity_differs);
	sis_wish_free(&w);
	assert_int_equal(desire(&v, "lun=8", &rich, &w, NULL), 0);
	assert_int_equal(w.target.luns.v[0].number, 8);
	assert_true(w.identity_differs);
	sis_wish_free(&w);
	v.guid = 0xdef;
	assert_int_equal(desire(&v, "on", &rich, &w, NULL), 0);
	assert_string_equal(w.target.iqn, PREFIX ":mypool.renamed");
	assert_int_equal(w.target.luns.v[0].number, 0);
	assert_false(w.minted);
	assert_true(w.identity_differs);
	sis_wish_free(&w);
}

/* The rules that the one volume's target ends up with. */
static void merged_rules(const char *value, const struct sis_caps *caps, struct sis_state *ret)
{
	struct sis_volume v = volume("p/v", 1);
	struct sis_wish w, *const list[] = { &w };
	struct sis_err err = SIS_ERR_INIT;

	assert_int_equal(desire(&v, value, caps, &w, NULL), 0);
	sis_desire_merge(list, 1, &rich, ret, &err);
	/* What says where the volume belongs stays with the wish. */
	assert_string_equal(w.identity.iqn, ret->targets.v[0].iqn);
	assert_int_equal(w.identity.lun, ret->targets.v[0].luns.v[0].number);
	assert_int_equal(w.identity.blocksize, ret->targets.v[0].luns.v[0].blocksize);
	assert_int_equal(err.code, 0);
	sis_wish_free(&w);
}

/* A LUN that nobody may write needs no rule to say so of single initiators. */
static void test_readonly_rules(void **state)
{
	sis_autostate struct sis_state closed = { 0 }, open = { 0 };

	(void)state;
	merged_rules("iomode=ro,initiator=10.0.0.1=ro", &plain, &closed);
	assert_false(closed.targets.v[0].rules.v[0].ro);
	merged_rules("initiator=10.0.0.1=ro;10.0.0.2", &rich, &open);
	assert_true(open.targets.v[0].rules.v[0].ro);
	assert_false(open.targets.v[0].rules.v[1].ro);
}

static void test_refusals(void **state)
{
	struct sis_volume v = volume("p/v", 1), odd = volume("p/v", 1), comma = volume("p/v", 1);
	struct sis_volume dash = volume("p/a-k", 1), moved = volume("p/v", 1);

	(void)state;
	refused(&v, "type=fileio", &plain, "PLAIN cannot do type=fileio; it can do disk");
	refused(&v, "iomode=wt", &plain, "PLAIN cannot do iomode=wt; it can do wb");
	refused(&v, "blocksize=4096", &plain, "PLAIN cannot do block sizes other than 512");
	refused(&v, "lun=0", &plain, "lun=0: PLAIN has LUNs 1 to 100, its LUN 0 is the controller");
	refused(&v, "lun=101", &plain, "lun=101: PLAIN has LUNs 1 to 100");
	refused(&v, "initiator=iqn.2020-01.org.c:h", &plain,
		"PLAIN cannot do initiator= by name; give addresses instead of "
		"'iqn.2020-01.org.c:h'");
	refused(&v, "initiator=10.0.0.0/8", &plain,
		"PLAIN cannot do initiator= by ADDRESS/BITS; give single addresses instead of "
		"'10.0.0.0/8'");
	refused(&v, "initiator=10.0.0.1=ro", &plain,
		"PLAIN cannot do =ro for one initiator; iomode=ro makes the LUN read-only for all");
	refused(&v, "portal=10.0.0.1", &plain,
		"PLAIN cannot do portal= for a single target; its portals belong to the daemon");
	refused(&v, "auth=x", &plain,
		"PLAIN cannot do CHAP (auth, authname); "
		"restrict the share with initiator= instead");
	odd.size = 512 * 3;
	refused(&odd, "on", &rich,
		"its size, 1536 bytes, is no multiple of block size 4096; choose "
		"another with blocksize=");
	comma.device = "/srv/a,b";
	refused(&comma, "on", &plain,
		"PLAIN cannot be told the path '/srv/a,b' (it must not contain "
		"any of \",\"); rename the volume");
	refused(&dash, "name=iqn.2010-09.org.a:k", &plain,
		"target name 'iqn.2010-09.org.a:k' has a character that PLAIN does not allow "
		"(one "
		"of \"k\"); choose another one with name=");
	moved.identity = "guid=0000000000000001,lun=0,blocksize=512,iqn=iqn.2001-01.org.a:x";
	refused(&moved, "name=eui.02004567a425678d", &plain,
		"it was shared as LUN 0, which PLAIN cannot have (its LUN 0 is the controller); "
		"choose another with lun=1");
}

/* No domain name is only an error when a name has to be minted. */
static void test_no_prefix(void **state)
{
	struct sis_err none = { ENOENT, "no domain name" };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autooptions struct sis_options o = { 0 }, named = { 0 };
	struct sis_volume v = volume("p/v", 1);
	struct sis_wish w;

	(void)state;
	assert_int_equal(sis_options_parse("on", &o, NULL), 0);
	assert_int_equal(sis_desire(&v, &o, &rich, NULL, &none, &w, &err), -ENOENT);
	assert_string_equal(err.msg, "no domain name");
	assert_int_equal(sis_options_parse("name=iqn.2001-01.org.a:x", &named, NULL), 0);
	assert_int_equal(sis_desire(&v, &named, &rich, NULL, &none, &w, &err), 0);
	sis_wish_free(&w);
}

struct merge_case {
	const char *volume, *value, *error;
};

static void merge(const struct merge_case *cases, size_t n, size_t targets)
{
	struct sis_volume *volumes = sis_calloc(n, sizeof(*volumes));
	struct sis_wish *wishes = sis_calloc(n, sizeof(*wishes));
	struct sis_wish **list = sis_calloc(n, sizeof(struct sis_wish *));
	struct sis_err *errs = sis_calloc(n, sizeof(*errs));
	sis_autostate struct sis_state s = { 0 };

	for (size_t i = 0; i < n; i++) {
		volumes[i] = volume(cases[i].volume, i + 1);
		assert_int_equal(desire(&volumes[i], cases[i].value, &rich, &wishes[i], NULL), 0);
		list[i] = &wishes[i];
	}
	sis_desire_merge(list, n, &rich, &s, errs);
	free(list);
	assert_int_equal(s.targets.n, targets);
	for (size_t i = 0; i < n; i++) {
		if (cases[i].error)
			assert_string_equal(sis_err_msg(&errs[i]), cases[i].error);
		else
			assert_int_equal(errs[i].code, 0);
		sis_err_clear(&errs[i]);
		sis_wish_free(&wishes[i]);
	}
	free(errs);
	free(wishes);
	free(volumes);
}

#define MERGE(targets, ...)                                                 \
	do {                                                                \
		const struct merge_case cases_[] = { __VA_ARGS__ };         \
		merge(cases_, sizeof(cases_) / sizeof(cases_[0]), targets); \
	} while (0)

static void test_merge(void **state)
{
	(void)state;
	MERGE(2, { "a/b", "on", NULL }, { "a/c", "on", NULL });
	MERGE(1, { "a/b-c", "on", NULL },
	      { "a/b_c", "on",
		"target name '" PREFIX
		":a.b-c' is already that of 'a/b-c'; choose another one with "
		"name=" });
	MERGE(1, { "a/b", "name=iqn.2001-01.org.a:x,lun=0", NULL },
	      { "a/c", "name=iqn.2001-01.org.a:x,lun=1", NULL });
	MERGE(1, { "a/b", "name=iqn.2001-01.org.a:x,lun=1", NULL },
	      { "a/c", "name=iqn.2001-01.org.a:x,lun=1",
		"LUN 1 of target 'iqn.2001-01.org.a:x' is already 'a/b'; choose another one with "
		"lun=" });
	MERGE(1, { "a/b", "name=iqn.2001-01.org.a:x,lun=0", NULL },
	      { "a/c", "name=iqn.2001-01.org.a:x,lun=1,initiator=10.0.0.1",
		"initiator= differs from that of 'a/b', which is in the same target "
		"'iqn.2001-01.org.a:x'; make them equal" });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_identity),
		cmocka_unit_test(test_readonly_rules), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_prefix),      cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

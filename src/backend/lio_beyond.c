/* SPDX-License-Identifier: MPL-2.0 */
/*
 * LIO does not tell which attributes somebody has set, so those that initiators notice are compared
 * with what a new object has (Linux 5.10 to 6.12: drivers/target). Changes nothing.
 */
#include "backend/lio_beyond.h"

#include <inttypes.h>

#include "backend/lio_tree.h"
#include "base/alloc.h"
#include "base/str.h"

struct attr {
	const char *name, *value;
};

static const struct attr tpg_attrs[] = {
	{ "attrib/default_cmdsn_depth", "64" },
	{ "attrib/default_erl", "0" },
	{ "attrib/login_timeout", "15" },
	{ "attrib/t10_pi", "0" },
	{ "attrib/tpg_enabled_sendtargets", "1" },
	{ "param/HeaderDigest", "CRC32C,None" },
	{ "param/DataDigest", "CRC32C,None" },
	{ "param/MaxConnections", "1" },
	{ "param/TargetAlias", "LIO Target" },
	{ "param/InitialR2T", "Yes" },
	{ "param/ImmediateData", "Yes" },
	{ "param/MaxRecvDataSegmentLength", "8192" },
	{ "param/MaxXmitDataSegmentLength", "262144" },
	{ "param/MaxBurstLength", "262144" },
	{ "param/FirstBurstLength", "65536" },
	{ "param/DefaultTime2Wait", "2" },
	{ "param/DefaultTime2Retain", "20" },
	{ "param/MaxOutstandingR2T", "1" },
	{ "param/DataPDUInOrder", "Yes" },
	{ "param/DataSequenceInOrder", "Yes" },
	{ "param/ErrorRecoveryLevel", "0" },
	{ NULL, NULL },
};

static const struct attr store_attrs[] = {
	{ "wwn/vendor_id", "LIO-ORG" },	      { "attrib/emulate_3pc", "1" },
	{ "attrib/emulate_caw", "1" },	      { "attrib/emulate_pr", "1" },
	{ "attrib/emulate_tas", "1" },	      { "attrib/emulate_tpws", "0" },
	{ "attrib/emulate_rest_reord", "0" }, { "attrib/emulate_ua_intlck_ctrl", "0" },
	{ "attrib/enforce_pr_isids", "1" },   { "attrib/force_pr_aptpl", "0" },
	{ "attrib/pi_prot_type", "0" },	      { NULL, NULL },
};

static const struct attr acl_attrs[] = { { "cmdsn_depth", "64" }, { NULL, NULL } };

/* The first attribute below `dir` that is there and has another value. */
static char *odd(struct sis_kfs *k, const char *dir, const char *what, const struct attr *attrs)
{
	for (; attrs->name; attrs++) {
		sis_autofree char *text = NULL;

		if (sis_kfs_read_line(k, &text, NULL, "%s/%s", dir, attrs->name) == 0 &&
		    !sis_streq(text, attrs->value))
			return sis_asprintf("%s has %s '%s'", what, attrs->name, text);
	}
	return NULL;
}

static int odd_groups(struct sis_kfs *k, const struct sis_target *t, char **ret,
		      struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf(SIS_LIO_ISCSI "/%s", t->iqn);
	sis_autostrv sis_strv names = { 0 };
	int r = sis_lio_list(k, dir, "tpgt_", &names, err);

	if (r == 0 && names.n != 1)
		*ret = sis_asprintf("it has %zu portal groups", names.n);
	else if (r == 0 && t->tid != SIS_LIO_TAG)
		*ret = sis_asprintf("its portal group has the tag %" PRIu32, t->tid);
	return r;
}

static int odd_acls(struct sis_kfs *k, const struct sis_target *t, const char *tpg, char **ret,
		    struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r = sis_lio_list(k, dir, "", &names, err);

	sis_vec_each(name, &names) {
		sis_autofree char *acl = sis_asprintf("%s/%s", dir, *name);

		if (r == 0 && !*ret)
			*ret = odd(k, acl, *name, acl_attrs);
		if (r == 0 && !*ret && !sis_lio_is_open(k, tpg) &&
		    !sis_lio_acl_is_whole(k, tpg, t, *name))
			*ret = sis_asprintf("initiator '%s' sees other LUNs than the target has, "
					    "or under other numbers",
					    *name);
	}
	return r;
}

/* What the kernel keeps of the time when it was open is not shown anywhere. */
static char *odd_past(struct sis_kfs *k, const char *tpg)
{
	if (sis_lio_is_open(k, tpg) || !sis_lio_attr_is(k, tpg, "attrib/cache_dynamic_acls", "1"))
		return NULL;
	return sis_strdup(sis_lio_attr_is(k, tpg, "attrib/authentication", "1") ?
				  "its portal group has attrib/cache_dynamic_acls '1'" :
				  "it was open to everyone once, and as its portal group demands no "
				  "authentication, the kernel may let in again who logged in then");
}

int sis_lio_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		   struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(live->iqn, live->tid), *what = NULL;
	int r = odd_groups(bx->kfs, live, &what, err);

	if (r == 0 && !what)
		what = odd(bx->kfs, tpg, "its portal group", tpg_attrs);
	if (r == 0 && !what)
		what = odd_past(bx->kfs, tpg);
	if (r == 0 && !what)
		r = odd_acls(bx->kfs, live, tpg, &what, err);
	sis_vec_each(l, &live->luns) {
		sis_autofree char *dir = sis_asprintf(SIS_LIO_CORE "/%s", l->handle);

		if (r == 0 && !what)
			what = odd(bx->kfs, dir, l->handle, store_attrs);
	}
	if (r < 0)
		return r;
	if (!what && live->chap.user && !live->chap.pass)
		what = sis_strdup("it asks for CHAP without credentials, or with different ones "
				  "for its initiators");
	if (!what && live->half)
		what = sis_strdup(
			"it is unfinished, or says different things about write protection "
			"or authentication");
	*ret = sis_steal(&what);
	return 0;
}

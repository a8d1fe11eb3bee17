/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The option table and the parser of the property's value. A new option is a member of struct
 * sis_options and a row here.
 */
#include "model/option.h"

#include <inttypes.h>

#include "model/iqn.h"

static int usage(struct sis_err *err, const char *key, const char *value, const char *want)
{
	return sis_err_set(err, SIS_ERR_USAGE, "%s '%s' %s", key, value, want);
}

static int find_word(const char *const *names, int n, const char *value)
{
	for (int i = 0; i < n; i++)
		if (names[i] && sis_streq(names[i], value))
			return i;
	return 0;
}

static int parse_name(struct sis_options *o, const char *value, struct sis_err *err)
{
	if (sis_iqn_check(value, err) < 0)
		return sis_err_set(err, SIS_ERR_USAGE, "%s", err ? sis_err_msg(err) : "");
	o->name = sis_strdup(value);
	return 0;
}

static int parse_lun(struct sis_options *o, const char *value, struct sis_err *err)
{
	uint64_t n;

	if (sis_parse_u64(value, 0, SIS_LUN_MAX, &n) < 0)
		return usage(err, "lun", value, "must be a number from 0 to 16383");
	o->lun = (uint32_t)n;
	return 0;
}

static int parse_type(struct sis_options *o, const char *value, struct sis_err *err)
{
	o->type = (enum sis_type)find_word(sis_type_names, SIS_TYPE_N, value);
	if (o->type == SIS_TYPE_NONE)
		return usage(
			err, "type", value,
			"must be disk, blockio, fileio or nullio (STGT: disk, tape, ssc or pt)");
	return 0;
}

static int parse_iomode(struct sis_options *o, const char *value, struct sis_err *err)
{
	o->readonly = sis_streq(value, "ro");
	o->iomode = (enum sis_iomode)find_word(sis_iomode_names, SIS_IOMODE_N, value);
	if (o->iomode == SIS_IOMODE_NONE && !o->readonly)
		return usage(err, "iomode", value,
			     "must be wt, wb or ro (STGT also rdwr, aio, mmap, sg or ssc)");
	return 0;
}

static int parse_blocksize(struct sis_options *o, const char *value, struct sis_err *err)
{
	uint64_t n;

	if (sis_parse_u64(value, 512, 4096, &n) < 0 || (n & (n - 1)))
		return usage(err, "blocksize", value, "must be 512, 1024, 2048 or 4096");
	o->blocksize = (uint32_t)n;
	return 0;
}

static int parse_initiator(struct sis_options *o, const char *value, struct sis_err *err)
{
	sis_autofree char *copy = sis_strdup(value);
	char *cursor = copy, *item;

	while ((item = sis_str_next(&cursor, ";"))) {
		struct sis_rule r;
		int rc = sis_rule_parse(item, &r, err);

		if (rc < 0)
			return rc;
		if (o->rules.n == SIS_RULES_MAX) {
			sis_rule_free(&r);
			return sis_err_set(err, SIS_ERR_USAGE, "initiator has more than %d entries",
					   SIS_RULES_MAX);
		}
		sis_vec_each(other, &o->rules) {
			if (sis_streq(other->text, r.text)) {
				sis_rule_free(&r);
				return usage(err, "initiator", item, "is named twice");
			}
		}
		sis_vec_push(&o->rules, r);
	}
	return 0;
}

/* Names in the secrets file: they also stand in messages, so they are kept plain. */
bool sis_auth_name_ok(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	size_t n = strlen(name);

	return n >= 1 && n <= 64 && strspn(name, allowed) == n;
}

static int parse_auth(struct sis_options *o, const char *value, struct sis_err *err)
{
	if (!sis_auth_name_ok(value))
		return usage(err, "auth", value,
			     "must be the name of an entry in /etc/shareiscsi/secrets: letters, "
			     "digits, '-', '.' and '_', at most 64");
	o->auth = sis_strdup(value);
	return 0;
}

static int parse_text(char **ret, const char *key, const char *value, struct sis_err *err)
{
	if (strlen(value) > 255 || strpbrk(value, " \t;="))
		return sis_err_set(err, SIS_ERR_USAGE,
				   "%s must be at most 255 bytes without blank, ';' or '='", key);
	*ret = sis_strdup(value);
	return 0;
}

static int parse_authname(struct sis_options *o, const char *value, struct sis_err *err)
{
	return parse_text(&o->authname, "authname", value, err);
}

static int parse_authpass(struct sis_options *o, const char *value, struct sis_err *err)
{
	return parse_text(&o->authpass, "authpass", value, err);
}

static int parse_portal(struct sis_options *o, const char *value, struct sis_err *err)
{
	sis_autofree char *copy = sis_strdup(value);
	char *cursor = copy, *item;

	while ((item = sis_str_next(&cursor, ";"))) {
		struct sis_portal p;
		int rc = sis_portal_parse(item, &p, err);

		if (rc < 0)
			return rc;
		if (o->portals.n == SIS_PORTALS_MAX) {
			free(p.address);
			return sis_err_set(err, SIS_ERR_USAGE, "portal has more than %d entries",
					   SIS_PORTALS_MAX);
		}
		sis_vec_each(other, &o->portals) {
			if (other->port == p.port && sis_streq(other->address, p.address)) {
				free(p.address);
				return usage(err, "portal", item, "is named twice");
			}
		}
		sis_vec_push(&o->portals, p);
	}
	return 0;
}

static void print_name(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, o->name);
}

static void print_lun(const struct sis_options *o, struct sis_str *out)
{
	sis_str_addf(out, "%" PRIu32, o->lun);
}

static void print_type(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, sis_type_names[o->type]);
}

static void print_iomode(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, o->readonly ? "ro" : sis_iomode_names[o->iomode]);
}

static void print_blocksize(const struct sis_options *o, struct sis_str *out)
{
	sis_str_addf(out, "%" PRIu32, o->blocksize);
}

static void print_initiator(const struct sis_options *o, struct sis_str *out)
{
	sis_vec_each(r, &o->rules) {
		sis_autofree char *text = sis_rule_print(r);

		sis_str_addf(out, "%s%s", r == o->rules.v ? "" : ";", text);
	}
}

static void print_auth(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, o->auth);
}

static void print_authname(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, o->authname);
}

static void print_authpass(const struct sis_options *o, struct sis_str *out)
{
	sis_str_add(out, o->authpass);
}

static void print_portal(const struct sis_options *o, struct sis_str *out)
{
	sis_vec_each(p, &o->portals) {
		sis_autofree char *text = sis_portal_print(p);

		sis_str_addf(out, "%s%s", p == o->portals.v ? "" : ";", text);
	}
}

const struct sis_opt_row sis_opt_rows[SIS_OPT_N] = {
	[SIS_OPT_NAME] = {
		.key = "name", .aliases = { "iqn" },
		.values = "iqn.YYYY-MM.domain[:text] | eui.HEX | naa.HEX", .words = "",
		.by_default = "minted at the first share",
		.help = "Target name. Volumes with the same name and different lun are LUNs of one "
			"target.",
		.parse = parse_name, .print = print_name,
	},
	[SIS_OPT_LUN] = {
		.key = "lun", .values = "0..16383", .words = "",
		.by_default = "0 (STGT: 1, its LUN 0 is the controller)",
		.help = "Logical unit number.",
		.parse = parse_lun, .print = print_lun,
	},
	[SIS_OPT_TYPE] = {
		.key = "type", .aliases = { "iotype", "Type" },
		.values = "disk | blockio | fileio | nullio; STGT: disk | tape | ssc | pt",
		.words = "disk blockio fileio nullio tape ssc pt",
		.by_default = "disk: the fastest safe kind of each target",
		.help = "Kind of LUN.",
		.parse = parse_type, .print = print_type,
	},
	[SIS_OPT_IOMODE] = {
		.key = "iomode", .aliases = { "bstype" },
		.values = "wt | wb | ro; STGT also rdwr | aio | mmap | sg | ssc",
		.words = "wt wb ro rdwr aio mmap sg ssc",
		.by_default = "wt (STGT: rdwr; SCST: its own cache, told as wb)",
		.help = "Write-through, write-back or read-only; ro wins over every initiator's rw.",
		.parse = parse_iomode, .print = print_iomode,
	},
	[SIS_OPT_BLOCKSIZE] = {
		.key = "blocksize", .aliases = { "BlockSize" },
		.values = "512 | 1024 | 2048 | 4096", .words = "512 1024 2048 4096",
		.by_default = "512 (SCST: from volblocksize, at most 4096)",
		.help = "Logical block size. Kept from the first share on; a change needs unshare "
			"first.",
		.parse = parse_blocksize, .print = print_blocksize,
	},
	[SIS_OPT_INITIATOR] = {
		.key = "initiator", .aliases = { "acl" },
		.values = "NAME-or-ADDRESS[/BITS][=ro|rw][;...]", .words = "",
		.by_default = "all",
		.help = "Only these initiators may see the LUN; * and ? in names where the target can.",
		.parse = parse_initiator, .print = print_initiator,
	},
	[SIS_OPT_AUTH] = {
		.key = "auth", .values = "an entry of /etc/shareiscsi/secrets", .words = "",
		.by_default = "none",
		.help = "CHAP, one way or mutual, by reference.",
		.parse = parse_auth, .print = print_auth,
	},
	[SIS_OPT_AUTHNAME] = {
		.key = "authname", .values = "text", .words = "", .by_default = "none",
		.help = "CHAP user, readable by anyone who can read properties: prefer auth.",
		.parse = parse_authname, .print = print_authname,
	},
	[SIS_OPT_AUTHPASS] = {
		.key = "authpass", .values = "text", .words = "", .by_default = "none",
		.help = "CHAP secret, readable by anyone who can read properties: prefer auth.",
		.parse = parse_authpass, .print = print_authpass,
	},
	[SIS_OPT_PORTAL] = {
		.key = "portal", .values = "ADDRESS[:PORT][;...], IPv6 in brackets", .words = "",
		.by_default = "all addresses, port 3260",
		.help = "Where the target listens.",
		.parse = parse_portal, .print = print_portal,
	},
};

int sis_opt_find(const char *key)
{
	for (int i = 0; i < SIS_OPT_N; i++) {
		const struct sis_opt_row *r = &sis_opt_rows[i];

		if (sis_streq(r->key, key))
			return i;
		for (size_t a = 0; a < 2 && r->aliases[a]; a++)
			if (sis_streq(r->aliases[a], key))
				return i;
	}
	return -1;
}

/* Mostly what stands behind a comma that was meant to be something else. */
static int no_pair(const char *word, const struct sis_options *o, struct sis_err *err)
{
	if (o->set & SIS_BIT(SIS_OPT_AUTHPASS)) /* it may be a part of the secret */
		return sis_err_set(err, SIS_ERR_USAGE,
				   "what stands behind authpass and a comma is not key=value; a "
				   "secret with a comma is only for auth=");
	if (o->set & (SIS_BIT(SIS_OPT_INITIATOR) | SIS_BIT(SIS_OPT_PORTAL)))
		return sis_err_set(err, SIS_ERR_USAGE,
				   "'%s' must be key=value; entries of initiator and portal are "
				   "separated by ';' (for a shell, all of it in quotes)",
				   word);
	return sis_err_set(err, SIS_ERR_USAGE, "'%s' must be on, off or key=value", word);
}

static int parse_pair(char *pair, struct sis_options *o, struct sis_err *err)
{
	char *value = strchr(pair, '=');
	int opt;

	if (!value)
		return no_pair(pair, o, err);
	*value++ = '\0';
	opt = sis_opt_find(pair);
	if (opt < 0 && o->set & SIS_BIT(SIS_OPT_AUTHPASS))
		return no_pair(pair, o, err);
	if (opt < 0)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "unknown option '%s' (`shareiscsi options` lists them)", pair);
	if (o->set & SIS_BIT(opt))
		return sis_err_set(err, SIS_ERR_USAGE, "option '%s' is given twice",
				   sis_opt_rows[opt].key);
	if (!*value)
		return sis_err_set(err, SIS_ERR_USAGE, "option '%s' has no value", pair);
	o->set |= SIS_BIT(opt);
	return sis_opt_rows[opt].parse(o, value, err);
}

/* What one option alone cannot see. */
static int check_together(const struct sis_options *o, struct sis_err *err)
{
	bool name = o->set & SIS_BIT(SIS_OPT_AUTHNAME), pass = o->set & SIS_BIT(SIS_OPT_AUTHPASS);

	if (name != pass)
		return sis_err_set(err, SIS_ERR_USAGE, "authname and authpass need each other");
	if (name && o->set & SIS_BIT(SIS_OPT_AUTH))
		return sis_err_set(err, SIS_ERR_USAGE, "auth and authname exclude each other");
	return 0;
}

int sis_options_parse(const char *value, struct sis_options *ret, struct sis_err *err)
{
	sis_autooptions struct sis_options o = { 0 };
	sis_autofree char *copy = NULL;
	char *cursor, *pair;
	int rc;

	if (!value || sis_streq(value, "off")) {
		*ret = (struct sis_options){ 0 };
		return 0;
	}
	if (strlen(value) > SIS_VALUE_MAX || !sis_str_clean(value))
		return sis_err_set(
			err, SIS_ERR_USAGE,
			"the value must be at most %d bytes of text without control bytes",
			SIS_VALUE_MAX);
	copy = sis_strdup(value);
	cursor = copy;
	o.on = true;
	if (sis_streq(value, "on"))
		cursor = NULL;
	else if (sis_str_starts(value, "on,"))
		cursor += 3;
	while ((pair = sis_str_next(&cursor, ","))) {
		rc = parse_pair(pair, &o, err);
		if (rc < 0)
			return rc;
	}
	rc = check_together(&o, err);
	if (rc < 0)
		return rc;
	*ret = o;
	o = (struct sis_options){ 0 };
	return 0;
}

char *sis_options_print(const struct sis_options *o)
{
	sis_autostr struct sis_str out = { 0 };

	if (!o->on)
		return sis_strdup("off");
	for (int i = 0; i < SIS_OPT_N; i++) {
		if (!(o->set & SIS_BIT(i)))
			continue;
		sis_str_addf(&out, "%s%s=", out.len ? "," : "", sis_opt_rows[i].key);
		sis_opt_rows[i].print(o, &out);
	}
	return out.len ? sis_str_take(&out) : sis_strdup("on");
}

const char *sis_options_shown(const char *value)
{
	return strstr(value, "authpass=") ? "authname=...,authpass=..." : value;
}

void sis_options_free(struct sis_options *o)
{
	free(o->name);
	sis_rules_free(&o->rules);
	free(o->auth);
	free(o->authname);
	if (o->authpass)
		sis_wipe(o->authpass, strlen(o->authpass));
	free(o->authpass);
	sis_portals_free(&o->portals);
	*o = (struct sis_options){ 0 };
}

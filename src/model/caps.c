/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Whether a target can do what options ask for. The only place that refuses an option for what a
 * target cannot do, and tells what it can do instead. Pure.
 */
#include "model/caps.h"

#include <inttypes.h>

#include "base/str.h"

static int cannot(struct sis_err *err, const struct sis_caps *caps, const char *what,
		  const char *hint)
{
	return sis_err_set(err, SIS_ERR_USAGE, "%s cannot do %s%s%s", caps->title, what,
			   *hint ? "; " : "", hint);
}

enum sis_type sis_caps_type(const struct sis_caps *caps, const struct sis_options *o, bool is_file)
{
	enum sis_type asked = o->type ? o->type : SIS_TYPE_DISK;

	return is_file ? caps->file_type[asked] : caps->block_type[asked];
}

static void add_word(struct sis_str *list, const char *word)
{
	sis_str_addf(list, "%s%s", list->len ? ", " : "it can do ", word);
}

static int check_kind(const struct sis_options *o, const struct sis_caps *caps, bool is_file,
		      struct sis_err *err)
{
	const enum sis_type *types = is_file ? caps->file_type : caps->block_type;
	sis_autofree char *what = NULL;
	sis_autostr struct sis_str can = { 0 };

	if (!sis_caps_type(caps, o, is_file)) {
		what = sis_asprintf("type=%s%s", sis_type_names[o->type ? o->type : SIS_TYPE_DISK],
				    is_file ? " on a volume that is a file" : "");
		for (int i = 0; i < SIS_TYPE_N; i++)
			if (types[i] && sis_type_names[i])
				add_word(&can, sis_type_names[i]);
		return cannot(err, caps, what, sis_str_get(&can));
	}
	if (!caps->iomode[o->iomode]) {
		what = sis_asprintf("iomode=%s", sis_iomode_names[o->iomode]);
		for (int i = 0; i < SIS_IOMODE_N; i++)
			if (caps->iomode[i] && sis_iomode_names[i])
				add_word(&can, sis_iomode_names[i]);
		return cannot(err, caps, what, sis_str_get(&can));
	}
	return 0;
}

static int cannot_rule(struct sis_err *err, const struct sis_caps *caps, const char *what,
		       const char *instead, const struct sis_rule *r)
{
	sis_autofree char *hint = sis_asprintf("give %s instead of '%s'", instead, r->text);

	return cannot(err, caps, what, hint);
}

static int check_rules(const struct sis_options *o, const struct sis_caps *caps,
		       struct sis_err *err)
{
	bool name = false, address = false;

	sis_vec_each(r, &o->rules) {
		unsigned need = r->kind == SIS_RULE_NAME ? SIS_CAP_RULE_NAME : SIS_CAP_RULE_ADDRESS;

		name |= r->kind == SIS_RULE_NAME;
		address |= r->kind == SIS_RULE_ADDRESS;
		if (!(caps->caps & need))
			return r->kind == SIS_RULE_NAME ?
				       cannot_rule(err, caps, "initiator= by name", "addresses",
						   r) :
				       cannot_rule(err, caps, "initiator= by address", "names", r);
		if (r->wildcard && !(caps->caps & SIS_CAP_RULE_WILDCARD))
			return cannot_rule(err, caps, "initiator= with * or ?", "whole names", r);
		if (r->prefix && !(caps->caps & SIS_CAP_RULE_PREFIX))
			return cannot_rule(err, caps, "initiator= by ADDRESS/BITS",
					   "single addresses", r);
		if (r->ro && !o->readonly && !(caps->caps & SIS_CAP_RULE_RO))
			return cannot(err, caps, "=ro for one initiator",
				      "iomode=ro makes the LUN read-only for all");
	}
	if (name && address && !(caps->caps & SIS_CAP_RULE_MIXED))
		return cannot(err, caps, "names and addresses in one initiator=", "use one kind");
	return 0;
}

static int check_access(const struct sis_options *o, const struct sis_caps *caps,
			struct sis_err *err)
{
	if (o->set & (SIS_BIT(SIS_OPT_AUTH) | SIS_BIT(SIS_OPT_AUTHNAME)) &&
	    !(caps->caps & SIS_CAP_CHAP))
		return cannot(err, caps, "CHAP (auth, authname)",
			      "restrict the share with initiator= instead");
	sis_vec_each(p, &o->portals) {
		if (!(caps->caps & SIS_CAP_PORTAL))
			return cannot(err, caps, "portal= for a single target",
				      "its portals belong to the daemon");
		if (p->port != 3260 && !(caps->caps & SIS_CAP_PORTAL_PORT))
			return cannot(err, caps, "a port of its own in portal=",
				      "its port belongs to the daemon");
	}
	return 0;
}

static int word_of(const char *const *names, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (names[i] && sis_streq(names[i], word))
			return i;
	return -1;
}

bool sis_caps_take(const struct sis_caps *caps, enum sis_opt opt, const char *word)
{
	int i;

	switch (opt) {
	case SIS_OPT_BLOCKSIZE: return caps->caps & SIS_CAP_BLOCKSIZE || sis_streq(word, "512");
	case SIS_OPT_TYPE:
		i = word_of(sis_type_names, SIS_TYPE_N, word);
		return i < 0 || caps->block_type[i] || caps->file_type[i];
	case SIS_OPT_IOMODE:
		i = word_of(sis_iomode_names, SIS_IOMODE_N, word);
		return i < 0 || caps->iomode[i]; /* ro is no mode: all can do it */
	default: return true;
	}
}

int sis_options_supported(const struct sis_options *o, const struct sis_caps *caps, bool is_file,
			  struct sis_err *err)
{
	int rc = check_kind(o, caps, is_file, err);

	if (rc == 0)
		rc = check_rules(o, caps, err);
	if (rc == 0)
		rc = check_access(o, caps, err);
	if (rc == 0 && o->blocksize && o->blocksize != 512 && !(caps->caps & SIS_CAP_BLOCKSIZE))
		rc = cannot(err, caps, "block sizes other than 512", "");
	if (rc == 0 && o->set & SIS_BIT(SIS_OPT_LUN) &&
	    (o->lun < caps->first_lun || o->lun > caps->max_lun))
		rc = sis_err_set(err, SIS_ERR_USAGE,
				 "lun=%" PRIu32 ": %s has LUNs %" PRIu32 " to %" PRIu32 "%s",
				 o->lun, caps->title, caps->first_lun, caps->max_lun,
				 o->lun == 0 ? ", its LUN 0 is the controller" : "");
	return rc;
}

/* One of the texts; `what` names it, its content is never said. */
static int check_text(const char *text, const char *what, unsigned min, unsigned max,
		      const struct sis_caps *caps, struct sis_err *err)
{
	size_t n = strlen(text);

	if (n < min || n > max)
		return sis_err_set(err, SIS_ERR_USAGE,
				   "the CHAP %s has %zu characters; %s takes %u to %u (12 to 16 "
				   "work everywhere)",
				   what, n, caps->title, min, max);
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p > '~' || (caps->bad_chap && strchr(caps->bad_chap, *p)))
			return sis_err_set(err, SIS_ERR_USAGE,
					   "the CHAP %s has a character that %s cannot take (only "
					   "printable ASCII without blank%s%s)",
					   what, caps->title, caps->bad_chap ? " and " : "",
					   caps->bad_chap ? caps->bad_chap : "");
	if (caps->bad_chap_start && sis_str_starts(text, caps->bad_chap_start))
		return sis_err_set(err, SIS_ERR_USAGE,
				   "the CHAP %s begins with '%s', which %s takes for none", what,
				   caps->bad_chap_start, caps->title);
	return 0;
}

int sis_chap_supported(const struct sis_chap *c, const struct sis_caps *caps, struct sis_err *err)
{
	int rc;

	if (!c->user)
		return 0;
	rc = check_text(c->user, "user", 1, caps->user_max, caps, err);
	if (rc == 0)
		rc = check_text(c->pass, "secret", caps->secret_min, caps->secret_max, caps, err);
	if (rc < 0 || !c->mutual_user)
		return rc;
	if (!(caps->caps & SIS_CAP_CHAP_MUTUAL))
		return cannot(err, caps, "mutual CHAP", "take mutual-user out of the secrets file");
	rc = check_text(c->mutual_user, "mutual user", 1, caps->user_max, caps, err);
	if (rc == 0)
		rc = check_text(c->mutual_pass, "mutual secret", caps->secret_min, caps->secret_max,
				caps, err);
	return rc;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading of /etc/shareiscsi.conf with inih, and the policy check. One table of keys.
 */
#include "core/conf.h"

#include <ini.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/run.h"
#include "base/str.h"
#include "model/identity.h"
#include "model/iqn.h"

enum { CONF_MAX = 1 << 20 };

struct reading {
	struct sis_conf *conf;
	char *problem; /* the first one, without the line number */
};

static char *set_text(char **field, const char *value)
{
	sis_replace(field, value);
	return NULL;
}

static char *set_backend(struct sis_conf *c, const char *value)
{
	return set_text(&c->backend, value);
}

static char *set_store(struct sis_conf *c, const char *value)
{
	return set_text(&c->store, value);
}

static char *set_ms(unsigned *field, const char *value)
{
	uint64_t seconds;

	if (sis_parse_u64(value, 1, 3600, &seconds) < 0)
		return sis_strdup("must be a number of seconds from 1 to 3600");
	*field = (unsigned)seconds * 1000;
	return NULL;
}

static char *set_timeout(struct sis_conf *c, const char *value)
{
	return set_ms(&c->timeout_ms, value);
}

static char *set_lock(struct sis_conf *c, const char *value)
{
	return set_ms(&c->lock_ms, value);
}

static char *set_wait(struct sis_conf *c, const char *value)
{
	return set_ms(&c->wait_ms, value);
}

static char *set_control_port(struct sis_conf *c, const char *value)
{
	uint64_t n;

	if (sis_parse_u64(value, 0, 65535, &n) < 0)
		return sis_strdup("must be a number from 0 to 65535");
	c->control_port = (unsigned)n;
	return NULL;
}

static char *set_transport(struct sis_conf *c, const char *value)
{
	static const char *const names[] = {
		[SIS_TRANSPORT_AUTO] = "auto",
		[SIS_TRANSPORT_SOCKET] = "socket",
		[SIS_TRANSPORT_TGTADM] = "tgtadm",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!sis_streq(names[i], value))
			continue;
		c->transport = (enum sis_transport)i;
		return NULL;
	}
	return sis_strdup("must be auto, socket or tgtadm");
}

static char *set_received(struct sis_conf *c, const char *value)
{
	if (!sis_streq(value, "yes") && !sis_streq(value, "no"))
		return sis_strdup("must be yes or no");
	c->share_received = sis_streq(value, "yes");
	return NULL;
}

/* Dataset names may hold blanks, so the list is separated by commas. */
static char *add_names(sis_strv *list, const char *value)
{
	sis_autofree char *copy = sis_strdup(value);
	char *cursor = copy, *word;

	while ((word = sis_str_next(&cursor, ","))) {
		word = sis_str_trim(word);
		if (!*word || word[0] == '/' || word[strlen(word) - 1] == '/')
			return sis_asprintf("'%s' is not a dataset name", word);
		/* a pattern would match nothing, and deny nothing */
		if (strpbrk(word, "*?\"'"))
			return sis_asprintf(
				"'%s' is not a dataset name: no patterns and no quotes; "
				"what is below a dataset is meant, too",
				word);
		sis_strv_add(list, word);
	}
	return NULL;
}

static char *set_allow(struct sis_conf *c, const char *value)
{
	return add_names(&c->allow, value);
}

static char *set_deny(struct sis_conf *c, const char *value)
{
	return add_names(&c->deny, value);
}

static char *set_options(struct sis_conf *c, const char *value)
{
	sis_autofree char *copy = sis_strdup(value);
	char *cursor = copy, *word;

	c->options = 0;
	while ((word = sis_str_next(&cursor, ","))) {
		int opt = sis_opt_find(sis_str_trim(word));

		if (sis_streq(sis_str_trim(word), "none"))
			continue;
		if (opt < 0)
			return sis_asprintf("unknown option '%s' (`shareiscsi options` lists them)",
					    sis_str_trim(word));
		c->options |= SIS_BIT(opt);
	}
	return NULL;
}

static const struct {
	const char *section, *key;
	char *(*set)(struct sis_conf *c, const char *value); /* NULL or what is wrong */
} keys[] = {
	{ "general", "backend", set_backend },
	{ "general", "store", set_store },
	{ "general", "timeout", set_timeout },
	{ "general", "lock-timeout", set_lock },
	{ "general", "device-wait", set_wait },
	{ "policy", "allow", set_allow },
	{ "policy", "deny", set_deny },
	{ "policy", "options", set_options },
	{ "policy", "share-received", set_received },
	{ "stgt", "control-port", set_control_port },
	{ "stgt", "transport", set_transport },
};

/* What nobody knows, and what there is instead: the keys of that section, or the sections. */
static char *unknown(const char *section, const char *name)
{
	sis_autostr struct sis_str known = { 0 }, sections = { 0 };
	const char *last = "";

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); last = keys[i++].section) {
		if (sis_streq(keys[i].section, section))
			sis_str_addf(&known, "%s%s", known.len ? ", " : "", keys[i].key);
		if (!sis_streq(keys[i].section, last))
			sis_str_addf(&sections, "%s[%s]", sections.len ? ", " : "",
				     keys[i].section);
	}
	if (known.len)
		return sis_asprintf("unknown key '%s' in section [%s]; there are: %s", name,
				    section, sis_str_get(&known));
	if (*section)
		return sis_asprintf("unknown section [%s]; there are: %s", section,
				    sis_str_get(&sections));
	return sis_asprintf("no section, or one without ']'; there are: %s",
			    sis_str_get(&sections));
}

/* Called by inih for each line; 0 stops with that line's number. */
static int on_line(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	/* inih goes on, but returns the first line that was wrong */
	if (r->problem)
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *wrong;

		if (!sis_streq(keys[i].section, section) || !sis_streq(keys[i].key, name))
			continue;
		wrong = *value ? keys[i].set(r->conf, value) : sis_strdup("has no value");
		if (wrong) {
			r->problem = sis_asprintf("%s = %s: %s", name, value, wrong);
			free(wrong);
		}
		return wrong == NULL;
	}
	r->problem = unknown(section, name);
	return 0;
}

/*
 * The number of the first line that inih would take for two, of which the second may say anything;
 * 0: there is none.
 */
static int too_long(const char *text, char **ret_problem)
{
	for (int line = 1; *text; line++) {
		size_t n = strcspn(text, "\n");

		if (n >= INI_MAX_LINE) {
			*ret_problem =
				sis_asprintf("longer than %d bytes; allow and deny may be there "
					     "more than once",
					     INI_MAX_LINE - 1);
			return line;
		}
		text += n + (text[n] == '\n');
	}
	return 0;
}

int sis_conf_file(const char *path, size_t max, char **ret, struct sis_err *err)
{
	struct stat st;
	int rc = sis_file_read(path, max, ret, err);

	if (rc != -ENOENT)
		return rc < 0 ? rc : 1;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return sis_err_set(err, EINVAL,
				   "'%s' is a symbolic link to a file that does not exist; make "
				   "that file, or remove the link",
				   path);
	sis_err_clear(err);
	return 0;
}

int sis_conf_read(const char *root, struct sis_conf *ret, struct sis_err *err)
{
	sis_autofree char *path = sis_asprintf("%s/etc/shareiscsi.conf", root);
	sis_autofree char *text = NULL;
	struct sis_conf c = {
		.options = SIS_BIT(SIS_OPT_N) - 1,
		.timeout_ms = SIS_RUN_TIMEOUT_MS,
		.lock_ms = 60000,
		.wait_ms = 10000,
	};
	struct reading r = { .conf = &c };
	int rc, line = 0;

	rc = sis_conf_file(path, CONF_MAX, &text, err);
	if (rc < 0)
		return rc;
	if (text)
		line = too_long(text, &r.problem);
	if (text && !line)
		line = ini_parse_string(text, on_line, &r);
	if (line != 0) {
		rc = sis_err_set(err, EINVAL, "%s:%d: %s", path, line,
				 r.problem ? r.problem : "neither [section] nor key = value");
		free(r.problem);
		sis_conf_free(&c);
		return rc;
	}
	*ret = c;
	return 0;
}

static bool within_any(const sis_strv *list, const char *dataset)
{
	sis_vec_each(name, list)
		if (sis_dataset_within(dataset, *name))
			return true;
	return false;
}

int sis_conf_allows(const struct sis_conf *c, const char *dataset, const struct sis_options *o,
		    struct sis_err *err)
{
	unsigned refused = o->set & ~c->options;

	if (within_any(&c->deny, dataset))
		return sis_err_set(err, EACCES,
				   "'deny' in /etc/shareiscsi.conf forbids sharing it");
	if (c->allow.n && !within_any(&c->allow, dataset))
		return sis_err_set(err, EACCES, "'allow' in /etc/shareiscsi.conf does not name it");
	for (int i = 0; i < SIS_OPT_N; i++)
		if (refused & SIS_BIT(i))
			return sis_err_set(err, EACCES,
					   "'options' in /etc/shareiscsi.conf does not allow '%s'",
					   sis_opt_rows[i].key);
	return 0;
}

static bool may_say(const struct sis_conf *c, enum sis_opt opt)
{
	return c->options & SIS_BIT(opt);
}

/* The first LUN of any target, which is what a volume gets that asks for none. */
static bool is_first_lun(uint32_t lun)
{
	for (size_t i = 0; sis_backends[i]; i++)
		if (sis_backends[i]->caps.first_lun == lun)
			return true;
	return false;
}

int sis_conf_allows_identity(const struct sis_conf *c, const struct sis_volume *v,
			     const struct sis_options *o, bool *ret_alone, struct sis_err *err)
{
	const bool any = may_say(c, SIS_OPT_NAME) && may_say(c, SIS_OPT_LUN);
	sis_autoidentity struct sis_identity id = { 0 };
	const char *what = NULL;
	/* Not parsed in vain: mostly an identity may say everything. */
	bool own = !any && v->identity && sis_identity_parse(v->identity, &id, NULL) == 0 &&
		   id.guid == v->guid;

	if (own && !o->name && !may_say(c, SIS_OPT_NAME) && !sis_iqn_is_of(id.iqn, v->name))
		what = "name";
	else if (own && sis_kept_any(&id.kept) && !may_say(c, SIS_OPT_NAME))
		what = "name";
	else if (own && !(o->set & SIS_BIT(SIS_OPT_LUN)) && !may_say(c, SIS_OPT_LUN) &&
		 !is_first_lun(id.lun))
		what = "lun";
	if (what)
		return sis_err_set(
			err, EACCES,
			"its stored identity (LUN %u of '%s') is not what it would get "
			"by itself, and 'options' in /etc/shareiscsi.conf does not allow "
			"'%s'; allow it, or unshare the volume and forget the identity: "
			"zfs inherit " SIS_PROP_IDENTITY " %s",
			(unsigned)id.lun, id.iqn, what, v->name);
	*ret_alone = !may_say(c, SIS_OPT_NAME);
	return 0;
}

void sis_conf_free(struct sis_conf *c)
{
	free(c->backend);
	free(c->store);
	sis_strv_free(&c->allow);
	sis_strv_free(&c->deny);
	*c = (struct sis_conf){ 0 };
}

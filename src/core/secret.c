/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading of the secrets file and digests of secrets. What a target can take of them is the
 * model's; no message of this file repeats any of what it read but names of entries.
 */
#include "core/secret.h"

#include <crypt.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "model/option.h"

#define SECRETS_DIR "/etc/shareiscsi"
#define SECRETS_FILE SECRETS_DIR "/secrets"

enum { TEXT_MAX = 255 };

static int secret_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_secret *)a)->chap.name,
		      ((const struct sis_secret *)b)->chap.name);
}

static void entry_free(struct sis_secret *e)
{
	sis_chap_free(&e->chap);
	sis_wipe_free(e->digest);
}

void sis_secrets_free(struct sis_secrets *s)
{
	sis_vec_each(e, &s->entries)
		entry_free(e);
	sis_vec_free(&s->entries);
	sis_err_clear(&s->err);
	*s = (struct sis_secrets){ 0 };
}

/* ---- the text ---- */

static bool text_ok(const char *s)
{
	size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return n >= 1 && n <= TEXT_MAX;
}

/* The member that a key sets, or NULL. */
static char **member(struct sis_chap *c, const char *key)
{
	return sis_streq(key, "user")		 ? &c->user :
	       sis_streq(key, "password")	 ? &c->pass :
	       sis_streq(key, "mutual-user")	 ? &c->mutual_user :
	       sis_streq(key, "mutual-password") ? &c->mutual_pass :
						   NULL;
}

/* NULL, or what is wrong with an entry as a whole. */
static const char *entry_problem(const struct sis_chap *c)
{
	if (!c->user || !c->pass)
		return "needs user and password";
	if (!c->mutual_user != !c->mutual_pass)
		return "needs both of mutual-user and mutual-password, or neither";
	/* RFC 7143 section 12.1.3: an initiator could answer with what the target has just sent. */
	if (c->mutual_pass && sis_streq(c->pass, c->mutual_pass))
		return "must not have the same secret in both directions";
	return NULL;
}

/* [NAME]; NULL, or what is wrong. */
static const char *parse_head(char *line, struct sis_secrets *s)
{
	size_t n = strlen(line);

	if (line[n - 1] != ']')
		return "']' is missing";
	line[n - 1] = '\0';
	line = sis_str_trim(line + 1);
	if (!sis_auth_name_ok(line))
		return "a name consists of letters, digits, '-', '.' and '_', at most 64";
	sis_vec_each(e, &s->entries)
		if (sis_streq(e->chap.name, line))
			return "this name is there twice";
	sis_vec_push(&s->entries, ((struct sis_secret){ .chap.name = sis_strdup(line) }));
	return NULL;
}

/* KEY = VALUE in the last entry; NULL, or what is wrong. */
static const char *parse_pair(char *line, struct sis_secrets *s)
{
	char *value = strchr(line, '='), **field;

	if (!value)
		return "neither [NAME] nor key = value";
	if (!s->entries.n)
		return "a [NAME] must come first";
	*value++ = '\0';
	value = sis_str_trim(value);
	field = member(&s->entries.v[s->entries.n - 1].chap, sis_str_trim(line));
	if (!field)
		return "the keys are user, password, mutual-user and mutual-password";
	if (*field)
		return "this key is there twice";
	if (!text_ok(value))
		return "a value is 1 to 255 printable ASCII characters without blank";
	*field = sis_strdup(value);
	return NULL;
}

/*
 * Not with inih, which reads the configuration: it would cut a secret short at " ;" and after 200
 * bytes, and nobody would be told.
 */
static int parse_lines(char *text, struct sis_secrets *s, struct sis_err *err)
{
	char *cursor = text, *line;
	unsigned number = 0;

	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *problem;

		number++;
		line = sis_str_trim(line);
		if (!*line || *line == '#' || *line == ';')
			continue;
		problem = *line == '[' ? parse_head(line, s) : parse_pair(line, s);
		if (problem)
			return sis_err_set(err, EINVAL, SECRETS_FILE ":%u: %s", number, problem);
	}
	sis_vec_each(e, &s->entries) {
		const char *problem = entry_problem(&e->chap);

		if (problem)
			return sis_err_set(err, EINVAL, SECRETS_FILE ": entry '%s' %s",
					   e->chap.name, problem);
	}
	return 0;
}

int sis_secrets_parse(char *text, struct sis_secrets *ret, struct sis_err *err)
{
	struct sis_secrets s = { 0 };
	int rc = parse_lines(text, &s, err);

	if (rc < 0) {
		sis_secrets_free(&s);
		return rc;
	}
	sis_vec_sort(&s.entries, secret_cmp);
	*ret = s;
	return 0;
}

/* ---- the file ---- */

/* Best effort: a limit on locked memory is no reason not to share. */
static void guard(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

static int check_mode(const char *path, const struct stat *st, mode_t forbidden, const char *mode,
		      struct sis_err *err)
{
	if (st->st_uid == 0 && !(st->st_mode & forbidden))
		return 0;
	return sis_err_set(err, EACCES,
			   "'%s' is not safe: `chown root %s; chmod %s %s` and change the secrets",
			   path, path, mode, path);
}

/* The text into *ret (to be wiped), which has room for all of the file. */
static int read_text(int fd, const char *path, char **ret, struct sis_err *err)
{
	sis_autosecret char *text = NULL;
	struct stat st;
	size_t size, len = 0;
	ssize_t n;
	int rc;

	if (fstat(fd, &st) < 0)
		return sis_err_errno(err, errno, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return sis_err_set(err, EINVAL, "'%s' is not a regular file", path);
	rc = check_mode(path, &st, 0077, "600", err);
	if (rc < 0)
		return rc;
	if (st.st_size > SIS_SECRETS_MAX)
		return sis_err_set(err, EFBIG, "'%s' is over %d bytes", path, SIS_SECRETS_MAX);
	/* In one piece, so that no copy of it stays behind. */
	size = (size_t)st.st_size;
	text = sis_calloc(size + 1, 1);
	while (len < size && (n = read(fd, text + len, size - len)) != 0) {
		if (n < 0 && errno != EINTR)
			return sis_err_errno(err, errno, "cannot read '%s'", path);
		len += n > 0 ? (size_t)n : 0;
	}
	if (memchr(text, '\0', len))
		return sis_err_set(err, EINVAL, "'%s' has a NUL byte in it", path);
	*ret = sis_steal(&text);
	return 0;
}

static int secrets_read(struct sis_secrets *s, const char *root, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s" SECRETS_DIR, root);
	sis_autofree char *path = sis_asprintf("%s" SECRETS_FILE, root);
	sis_autosecret char *text = NULL;
	sis_autoclose int fd = -1;
	struct stat st;
	int rc = 0;

	guard();
	if (stat(dir, &st) == 0)
		rc = check_mode(dir, &st, 0022, "755", err);
	if (rc < 0)
		return rc;
	/* O_NONBLOCK: a FIFO in its place must not hold us up */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return sis_err_set(err, ENOENT,
				   "there is no '%s'; shareiscsi(8) tells under FILES what is in it",
				   path);
	if (fd < 0 && errno == ELOOP)
		return sis_err_set(err, ELOOP,
				   "cannot open '%s': it is a symbolic link; put the file itself in "
				   "its place",
				   path);
	if (fd < 0)
		return sis_err_errno(err, errno, "cannot open '%s'", path);
	rc = read_text(fd, path, &text, err);
	return rc < 0 ? rc : sis_secrets_parse(text, s, err);
}

static struct sis_secret *find(const struct sis_secrets *s, const char *name)
{
	struct sis_secret key = { .chap.name = (char *)name };

	return name ? sis_vec_find(&s->entries, &key, secret_cmp) : NULL;
}

int sis_secrets_get(struct sis_secrets *s, const char *root, const char *name, struct sis_chap *ret,
		    struct sis_err *err)
{
	const struct sis_secret *e;

	if (!s->read) {
		sis_autoerr struct sis_err problem = SIS_ERR_INIT;

		if (secrets_read(s, root, &problem) < 0)
			(void)sis_err_move(&s->err, &problem);
		s->read = true;
	}
	if (s->err.code)
		return sis_err_set(err, s->err.code, "auth=%s: %s", name, sis_err_msg(&s->err));
	e = find(s, name);
	if (!e)
		return sis_err_set(err, ENOENT,
				   "auth=%s: '%s" SECRETS_FILE "' has no entry [%s]", name, root,
				   name);
	sis_chap_copy(ret, &e->chap);
	return 0;
}

/* ---- digests ---- */

/*
 * One secret by crypt(5) with this setting (an earlier result, or one from crypt_gensalt()); ""
 * when that cannot be done. Few rounds: whoever can read a digest can read the secrets file, too.
 */
static char *crypt_one(const char *secret, const char *setting)
{
	struct crypt_data *data = sis_calloc(1, sizeof(*data));
	const char *made = crypt_r(secret, setting, data);
	char *result = sis_strdup(made && *made != '*' ? made : "");

	sis_wipe(data, sizeof(*data));
	free(data);
	return result;
}

char *sis_secret_digest(const char *secret)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!secret)
		return sis_strdup("-");
	if (!crypt_gensalt_rn("$6$", 1000, NULL, 0, setting, sizeof(setting)))
		return sis_strdup("");
	return crypt_one(secret, setting);
}

bool sis_secret_match(const char *secret, const char *digest)
{
	sis_autosecret char *made = NULL;

	if (!secret)
		return sis_streq(digest, "-");
	made = crypt_one(secret, digest);
	return *made && sis_streq(made, digest);
}

char *sis_secrets_digest(struct sis_secrets *s, const struct sis_chap *c)
{
	struct sis_secret *e = find(s, c->name);
	sis_autofree char *one = NULL, *mutual = NULL;
	char *digest;

	if (!c->pass)
		return NULL;
	if (e && e->digest)
		return sis_strdup(e->digest);
	one = sis_secret_digest(c->pass);
	mutual = sis_secret_digest(c->mutual_pass);
	digest = sis_asprintf("%s %s", one, mutual);
	if (e)
		sis_replace(&e->digest, digest);
	return digest;
}

bool sis_secrets_match(struct sis_secrets *s, const struct sis_chap *c, const char *digest)
{
	struct sis_secret *e = find(s, c->name);
	sis_autofree char *copy = sis_strdup(digest);
	char *cursor = copy, *one = sis_str_next(&cursor, " "), *mutual = cursor;

	if (!c->pass || !mutual)
		return false;
	/* Most targets have the same few credentials: crypt is for the first one only. */
	if (e && e->digest && sis_streq(e->digest, digest))
		return true;
	if (!sis_secret_match(c->pass, one) || !sis_secret_match(c->mutual_pass, mutual))
		return false;
	if (e)
		sis_replace(&e->digest, digest);
	return true;
}

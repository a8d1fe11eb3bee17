// SPDX-License-Identifier: MPL-2.0
/*
 * Repeated attributes of a target or of discovery (sections B3 and B6): CHAP users and allowed
 * portals, their numbered files and the faults of the real daemon with them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "objects.h"

enum { SECRET_MIN = 12 }; /* B6: 11 is EINVAL */

static const char *const kind_names[] = {
	[ACCOUNT_INCOMING] = "IncomingUser",
	[ACCOUNT_OUTGOING] = "OutgoingUser",
	[ACCOUNT_PORTAL] = "allowed_portal",
};

/* The attribute may be named with a number after it. */
bool account_kind_of(const char *attribute, enum account_kind *ret_kind)
{
	for (unsigned i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		size_t len = strlen(kind_names[i]);

		if (strncasecmp(attribute, kind_names[i], len) == 0 &&
		    attribute[len + strspn(attribute + len, "0123456789")] == '\0') {
			*ret_kind = i;
			return true;
		}
	}
	return false;
}

static struct account *find_key(struct accounts *list, enum account_kind kind, const char *key)
{
	struct account *account;

	TAILQ_FOREACH(account, list, entry) {
		if (!account->orphan && account->kind == kind && strcmp(account->key, key) == 0)
			return account;
	}
	return NULL;
}

static bool file_taken(struct accounts *list, const char *file)
{
	struct account *account;

	TAILQ_FOREACH(account, list, entry) {
		if (!account->orphan && strcmp(account->file, file) == 0)
			return true;
	}
	return false;
}

/* B3: numbered with gaps; a new one takes the first free number. */
static char *choose_file(struct accounts *list, const char *template)
{
	char *file = xstrdup(template);

	for (unsigned n = 1; file_taken(list, file); n++) {
		free(file);
		file = xasprintf("%s%u", template, n);
	}
	return file;
}

static void account_free(struct accounts *list, struct account *account)
{
	TAILQ_REMOVE(list, account, entry);
	node_del(account->node);
	free(account->file);
	free(account->key);
	free(account->secret);
	free(account);
}

static int account_show(const struct node *node, FILE *out)
{
	const struct account *account = node->obj;

	if (account->orphan)
		return -EINVAL; /* B6: unreadable after a second OutgoingUser */
	if (account->kind == ACCOUNT_PORTAL)
		fprintf(out, "%s\n[key]\n\n", account->key);
	else
		fprintf(out, "%s %s\n[key]\n\n", account->key, account->secret);
	return 0;
}

/* B6: change in place. As the real one, it looks at neither length nor number of words. */
static int account_store(const struct node *node, char *text)
{
	struct account *account = node->obj;
	const char *key = lex_word(&text), *secret = lex_word(&text);

	if (account->orphan)
		return -EINVAL;
	free(account->key);
	free(account->secret);
	account->key = xstrdup(key);
	account->secret = xstrdup(secret);
	return 0;
}

static const struct attr user_attr = { "user", 0600, ATTR_DAEMON | ATTR_DAEMON_READ,
				       account_show, account_store, 0 };
static const struct attr portal_attr = { "portal", 0644, ATTR_DAEMON | ATTR_DAEMON_READ,
					 account_show, account_store, 0 };

/*
 * B6: one outgoing user only. The daemon forgets the first one before it finds that the file
 * is still there: EEXIST, and a file that can be neither read nor deleted by either name.
 */
static void forget_outgoing(struct accounts *list)
{
	struct account *account;

	TAILQ_FOREACH(account, list, entry) {
		if (account->kind == ACCOUNT_OUTGOING)
			account->orphan = true;
	}
}

int account_add(struct accounts *list, struct node *dir, enum account_kind kind,
		const char *template, const char *key, const char *secret)
{
	struct account *account;
	char *file;

	if (!*key)
		return -EINVAL;
	if (kind == ACCOUNT_PORTAL ? *secret != '\0' : strlen(secret) < SECRET_MIN)
		return -EINVAL; /* B2 row 4 */
	if (kind == ACCOUNT_OUTGOING)
		forget_outgoing(list);
	if (find_key(list, kind, key))
		return -EINVAL; /* B2 row 4: duplicate user */
	file = choose_file(list, template);
	if (node_child(dir, file)) {
		free(file);
		return -EEXIST;
	}
	account = xcalloc(sizeof(*account));
	account->kind = kind;
	account->file = file;
	account->key = xstrdup(key);
	account->secret = xstrdup(secret);
	account->node = node_attr_named(
		dir, file, kind == ACCOUNT_PORTAL ? &portal_attr : &user_attr, account);
	TAILQ_INSERT_TAIL(list, account, entry);
	return 0;
}

static int account_del(struct accounts *list, enum account_kind kind, const char *key)
{
	struct account *account = find_key(list, kind, key);

	if (!account)
		return kind == ACCOUNT_PORTAL ? -EINVAL : -ENOENT;
	account_free(list, account);
	return 0;
}

int account_command(struct accounts *list, struct node *dir, bool discovery, bool add, char *args)
{
	const char *attribute = lex_word(&args);
	const char *key = lex_word(&args), *secret = lex_word(&args);
	enum account_kind kind;

	if (!account_kind_of(attribute, &kind) || (discovery && kind == ACCOUNT_PORTAL))
		return -EINVAL; /* B2 row 4: unknown attribute */
	if (!add)
		return account_del(list, kind, key);
	return account_add(list, dir, kind, attribute, key, secret);
}

void accounts_free(struct accounts *list)
{
	while (!TAILQ_EMPTY(list))
		account_free(list, TAILQ_FIRST(list));
}

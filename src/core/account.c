/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The file of accounts: a line with a tab and the daemon they are in, then a line each: user, tab,
 * digest or "-"; root's alone to read. Losing it loses little: an account that only targets of ours
 * have is ours, and gets its secret anew.
 */
#include "core/account.h"

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "core/secret.h"
#include "core/view.h"

enum { BOOK_MAX = 16 << 20 };

static void account_free(struct sis_account *a)
{
	free(a->user);
	sis_wipe_free(a->digest);
	sis_wipe_free(a->secret);
}

void sis_account_book_free(struct sis_account_book *b)
{
	sis_vec_each(a, &b->accounts)
		account_free(a);
	sis_vec_free(&b->accounts);
	*b = (struct sis_account_book){ 0 };
}

static char *book_path(const struct sis_account_book *b)
{
	const struct sis_bx *bx = b->daemon->bx;

	return sis_asprintf("%s/run/shareiscsi/%s/accounts", bx->root, bx->be->name);
}

/*
 * Accounts of a daemon that has ended are gone, and one of the same name may since be somebody
 * else's.
 */
static bool is_current(struct sis_account_book *b, char **cursor)
{
	char *line = sis_str_next(cursor, "\n");
	const char *id = line ? sis_str_after(line, "\t") : NULL;

	return id && sis_streq(id, sis_daemon_id(b->daemon));
}

static void parse(struct sis_account_book *b, char *text)
{
	char *cursor = text, *line;

	if (!is_current(b, &cursor))
		return;
	while ((line = sis_str_next(&cursor, "\n"))) {
		char *user = sis_str_next(&line, "\t");

		if (!line || !*user)
			continue;
		sis_vec_push(&b->accounts,
			     ((struct sis_account){
				     .user = sis_strdup(user),
				     .digest = sis_streq(line, "-") ? NULL : sis_strdup(line) }));
	}
}

/* What cannot be read counts as nothing known. */
static void book_read(struct sis_account_book *b)
{
	sis_autofree char *path = book_path(b);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autosecret char *text = NULL;

	if (b->read)
		return;
	b->read = true;
	if (sis_file_read(path, BOOK_MAX, &text, &err) == 0)
		parse(b, text);
	else if (err.code != ENOENT)
		sis_log(SIS_LOG_WARN, "%s", sis_err_msg(&err));
}

static int book_write(const struct sis_account_book *b, struct sis_err *err)
{
	const struct sis_bx *bx = b->daemon->bx;
	sis_autofree char *dir = sis_asprintf("%s/run/shareiscsi/%s", bx->root, bx->be->name);
	sis_autofree char *path = book_path(b);
	sis_autostr struct sis_str text = { 0 };
	int rc;

	if (bx->dry)
		return 0;
	if (!b->accounts.n)
		return unlink(path) < 0 && errno != ENOENT ?
			       sis_err_errno(err, errno, "cannot remove '%s'", path) :
			       0;
	sis_str_addf(&text, "\t%s\n", sis_daemon_id(b->daemon));
	sis_vec_each(a, &b->accounts)
		sis_str_addf(&text, "%s\t%s\n", a->user, a->digest ? a->digest : "-");
	rc = sis_mkdir_p(dir, 0755, err);
	return rc < 0 ? rc : sis_file_replace_volatile(path, sis_str_get(&text), 0600, err);
}

static struct sis_account *find(struct sis_account_book *b, const char *user)
{
	book_read(b);
	sis_vec_each(a, &b->accounts)
		if (sis_streq(a->user, user))
			return a;
	return NULL;
}

/* ---- what a back end asks ---- */

static bool ours(void *ctx, const char *user, const char *secret)
{
	struct sis_account *a = find(ctx, user);

	if (!a || !secret)
		return a;
	if (!a->secret && a->digest && sis_secret_match(secret, a->digest))
		a->secret = sis_strdup(secret);
	return a->secret && sis_streq(a->secret, secret);
}

static int note(void *ctx, const char *user, const char *secret, struct sis_err *err)
{
	struct sis_account_book *b = ctx;
	struct sis_account *a = find(b, user);

	if (!a) {
		a = sis_vec_add(&b->accounts);
		a->user = sis_strdup(user);
	}
	sis_wipe_free(a->digest);
	sis_wipe_free(a->secret);
	a->digest = secret ? sis_secret_digest(secret) : NULL;
	a->secret = sis_strdup_null(secret);
	return book_write(b, err);
}

static int forget(void *ctx, const char *user, struct sis_err *err)
{
	struct sis_account_book *b = ctx;
	struct sis_account *a = find(b, user);

	if (!a)
		return 0;
	account_free(a);
	sis_vec_remove(&b->accounts, (size_t)(a - b->accounts.v));
	return book_write(b, err);
}

static void list(void *ctx, sis_strv *ret)
{
	struct sis_account_book *b = ctx;

	book_read(b);
	sis_vec_each(a, &b->accounts)
		sis_strv_add(ret, a->user);
}

static bool follows(void *ctx, const char *iqn)
{
	const struct sis_view *v = ((const struct sis_account_book *)ctx)->view;
	const struct sis_target *live = v ? sis_state_find(&v->live, iqn) : NULL;

	return live && live->owner == SIS_OWNER_OURS && sis_state_find(&v->desired, iqn);
}

void sis_account_book_init(struct sis_account_book *b, struct sis_daemon *daemon)
{
	*b = (struct sis_account_book){ .daemon = daemon };
	b->ops = (struct sis_accounts){ b, ours, note, forget, list, follows };
}

int sis_account_book_take(struct sis_account_book *b, const struct sis_chap *c, struct sis_err *err)
{
	int rc = c->user ? note(b, c->user, c->pass, err) : 0;

	return rc < 0 || !c->mutual_user ? rc : note(b, c->mutual_user, c->mutual_pass, err);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP users of an SCST target. A target with any IncomingUser demands authentication, one without
 * lets everybody in: so a new user is there before an old one goes. Must not show a secret.
 *
 * The attributes are numbered, with gaps after deletions (IncomingUser, IncomingUser2, ...); their
 * first line is "USER SECRET".
 */
#include "backend/scst_auth.h"

#include "backend/scst_mgmt.h"
#include "base/str.h"

static const char incoming[] = "IncomingUser", outgoing[] = "OutgoingUser";

struct user {
	char *file; /* the attribute that holds it */
	char *name, *secret; /* NULL where it cannot be read */
};

typedef SIS_VEC(struct user) users;

static void users_free(users *l)
{
	sis_vec_each(u, l) {
		free(u->file);
		free(u->name);
		sis_wipe_free(u->secret);
	}
	sis_vec_free(l);
}

#define autousers sis_cleanup(users_free)

static bool is_numbered(const char *file, const char *kind)
{
	const char *rest = sis_str_after(file, kind);

	return rest && strspn(rest, "0123456789") == strlen(rest);
}

static void add_user(struct sis_bx *bx, const char *iqn, const char *file, users *l)
{
	sis_autosecret char *line = NULL;
	struct user *u = sis_vec_add(l);
	char *blank;

	u->file = sis_strdup(file);
	if (sis_scst_read_line(bx, &line, NULL, SIS_SCST_ISCSI "/%s/%s", iqn, file) < 0)
		return;
	blank = strchr(line, ' ');
	u->name = sis_strndup(line, blank ? (size_t)(blank - line) : strlen(line));
	u->secret = blank ? sis_strdup(blank + 1) : NULL;
}

/* All of one kind. A target that only a dry run has made has none. */
static int read_users(struct sis_bx *bx, const char *iqn, const char *kind, users *ret,
		      struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	if (!sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI "/%s", iqn) && bx->dry)
		return 0;
	r = sis_kfs_list(bx->kfs, &names, err, SIS_SCST_ISCSI "/%s", iqn);
	if (r < 0)
		return r;
	sis_vec_each(name, &names)
		if (is_numbered(*name, kind))
			add_user(bx, iqn, *name, ret);
	return 0;
}

/* Moves what is to be told of the users of one kind. */
static void take_user(users *l, char **ret_name, char **ret_secret)
{
	if (!l->n)
		return;
	*ret_name = l->v[0].name ? sis_steal(&l->v[0].name) : sis_strdup("");
	if (l->n == 1)
		*ret_secret = sis_steal(&l->v[0].secret);
}

int sis_scst_read_chap(struct sis_bx *bx, const char *iqn, struct sis_chap *ret,
		       struct sis_err *err)
{
	autousers users in = { 0 }, out = { 0 };
	struct sis_chap c = { 0 };
	int r;

	r = read_users(bx, iqn, incoming, &in, err);
	if (r == 0)
		r = read_users(bx, iqn, outgoing, &out, err);
	if (r < 0)
		return r;
	take_user(&in, &c.user, &c.pass);
	take_user(&out, &c.mutual_user, &c.mutual_pass);
	*ret = c;
	return 0;
}

/* ---- changing ---- */

static int user_add(struct sis_bx *bx, const char *iqn, const char *kind, const char *name,
		    const char *secret, struct sis_err *err)
{
	sis_autosecret char *command =
		sis_asprintf("add_target_attribute %s %s %s %s", iqn, kind, name, secret);
	sis_autofree char *shown = sis_asprintf("add_target_attribute %s %s %s " SIS_SECRET_SHOWN,
						iqn, kind, name);

	return sis_scst_poke_secret(bx, command, shown, err, SIS_SCST_ISCSI_MGMT);
}

static int user_change(struct sis_bx *bx, const char *iqn, const struct user *u, const char *secret,
		       struct sis_err *err)
{
	sis_autosecret char *value = sis_asprintf("%s %s", u->name, secret);
	sis_autofree char *shown = sis_asprintf("%s " SIS_SECRET_SHOWN, u->name);

	if (sis_streq_null(u->secret, secret))
		return 0;
	return sis_scst_poke_secret(bx, value, shown, err, SIS_SCST_ISCSI "/%s/%s", iqn, u->file);
}

static int user_delete(struct sis_bx *bx, const char *iqn, const char *kind, const struct user *u,
		       struct sis_err *err)
{
	sis_autofree char *command = NULL;
	int r;

	if (!u->name)
		return sis_err_set(err, EPROTO,
				   "attribute %s of target '%s' cannot be read, nor can SCST delete it "
				   "then: `shareiscsi unshare` it, then share it again",
				   u->file, iqn);
	r = sis_scst_check_word(u->name, "the CHAP user", err);
	if (r < 0)
		return r;
	command = sis_asprintf("del_target_attribute %s %s %s", iqn, kind, u->name);
	return sis_scst_poke(bx, command, err, SIS_SCST_ISCSI_MGMT);
}

static const struct user *find_user(const users *l, const char *name)
{
	sis_vec_each(u, l)
		if (name && sis_streq_null(u->name, name))
			return u;
	return NULL;
}

/* All but `name` (NULL: all). */
static int delete_others(struct sis_bx *bx, const char *iqn, const char *kind, const users *l,
			 const char *name, struct sis_err *err)
{
	int r = 0;

	sis_vec_each(u, l)
		if (r == 0 && !(name && sis_streq_null(u->name, name)))
			r = user_delete(bx, iqn, kind, u, err);
	return r;
}

static int put_user(struct sis_bx *bx, const char *iqn, const char *kind, const users *l,
		    const char *name, const char *secret, struct sis_err *err)
{
	const struct user *u = find_user(l, name);

	if (!name)
		return 0;
	return u ? user_change(bx, iqn, u, secret, err) :
		   user_add(bx, iqn, kind, name, secret, err);
}

static int set_incoming(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	autousers users l = { 0 };
	int r;

	r = read_users(bx, t->iqn, incoming, &l, err);
	if (r == 0)
		r = put_user(bx, t->iqn, incoming, &l, t->chap.user, t->chap.pass, err);
	return r < 0 ? r : delete_others(bx, t->iqn, incoming, &l, t->chap.user, err);
}

/* There can be one only, so the old one goes first: whoever demands it waits for the new one. */
static int set_outgoing(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	autousers users l = { 0 };
	int r;

	r = read_users(bx, t->iqn, outgoing, &l, err);
	if (r == 0)
		r = delete_others(bx, t->iqn, outgoing, &l, t->chap.mutual_user, err);
	return r < 0 ? r :
		       put_user(bx, t->iqn, outgoing, &l, t->chap.mutual_user, t->chap.mutual_pass,
				err);
}

/* The answer to a command may be that to somebody else's: what counts is the tree. */
static bool is_set(struct sis_bx *bx, const struct sis_target *t)
{
	struct sis_chap c = { 0 };
	bool same = sis_scst_read_chap(bx, t->iqn, &c, NULL) == 0 && sis_chap_equal(&c, &t->chap);

	sis_chap_free(&c);
	return same;
}

int sis_scst_set_chap(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err)
{
	int r;

	r = set_outgoing(bx, t, err);
	if (r == 0)
		r = set_incoming(bx, t, err);
	if (bx->dry)
		return r;
	if (is_set(bx, t)) {
		sis_err_clear(err);
		return 0;
	}
	return r < 0 ? r : sis_err_set(err, EIO, "SCST has not set the CHAP users of '%s'", t->iqn);
}

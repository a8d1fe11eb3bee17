/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and writing of LIO's CHAP credentials. Who needs them is lio_access.c's. Must not show a
 * secret.
 *
 * Four attributes in auth/ of a portal group or of an entry, written without newline, which would
 * become part of the value. One that begins with "NULL" counts as unset, as does an empty one.
 */
#include "backend/lio_auth.h"

#include "backend/lio_memory.h"
#include "backend/lio_tree.h"
#include "base/str.h"

static int put(struct sis_bx *bx, const char *dir, const char *name, const char *value, bool secret,
	       struct sis_err *err)
{
	sis_autosecret char *have = NULL;
	const char *want = value && *value ? value : SIS_LIO_NO_CHAP;
	int r = -ENOENT;

	if (!sis_lio_is_new(bx, dir))
		r = sis_kfs_read_line(bx->kfs, &have, NULL, "%s/auth/%s", dir, name);
	/* What is new has nothing yet. */
	if ((r == 0 || r == -ENOENT) && sis_streq(r == 0 && *have ? have : SIS_LIO_NO_CHAP, want))
		return 0;
	if (want != value)
		return sis_kfs_write(bx->kfs, want, err, "%s/auth/%s", dir, name);
	return sis_kfs_write_secret(bx->kfs, value, secret ? SIS_SECRET_SHOWN : value, err,
				    "%s/auth/%s", dir, name);
}

int sis_lio_put_chap(struct sis_bx *bx, const char *dir, const struct sis_chap *c,
		     struct sis_err *err)
{
	int r;

	r = put(bx, dir, "userid", c->user, false, err);
	if (r == 0)
		r = put(bx, dir, "password", c->pass, true, err);
	if (r == 0)
		r = put(bx, dir, "userid_mutual", c->mutual_user, false, err);
	return r < 0 ? r : put(bx, dir, "password_mutual", c->mutual_pass, true, err);
}

/* ---- reading ---- */

static int read_text(struct sis_kfs *k, const char *dir, const char *name, char **ret,
		     struct sis_err *err)
{
	sis_autosecret char *line = NULL;
	int r = sis_kfs_read_line(k, &line, err, "%s/auth/%s", dir, name);

	if (r == 0 && *line && !sis_str_starts(line, SIS_LIO_NO_CHAP))
		*ret = sis_steal(&line);
	if (r != -ENOENT)
		return r;
	sis_err_clear(err); /* an entry that goes meanwhile has none */
	return 0;
}

static int read_one(struct sis_kfs *k, const char *dir, struct sis_chap *ret, struct sis_err *err)
{
	struct sis_chap c = { 0 };
	int r;

	r = read_text(k, dir, "userid", &c.user, err);
	if (r == 0)
		r = read_text(k, dir, "password", &c.pass, err);
	if (r == 0)
		r = read_text(k, dir, "userid_mutual", &c.mutual_user, err);
	if (r == 0)
		r = read_text(k, dir, "password_mutual", &c.mutual_pass, err);
	if (r < 0) {
		sis_chap_free(&c);
		return r;
	}
	/* Authentication without credentials: nobody can log in, which is not what "none" says. */
	if (!c.user)
		c.user = sis_strdup("");
	*ret = c;
	return 0;
}

struct reading {
	struct sis_kfs *k;
	struct sis_chap chap; /* of the first one */
	bool any, mixed;
};

/* Takes up what one group of initiators needs; `needed` false: nothing. */
static int take(struct reading *x, const char *dir, bool needed, struct sis_err *err)
{
	struct sis_chap c = { 0 };
	int r = needed ? read_one(x->k, dir, &c, err) : 0;

	if (r < 0)
		return r;
	if (!x->any) {
		x->any = true;
		x->chap = c;
		return 0;
	}
	if (!sis_chap_equal(&x->chap, &c)) {
		x->mixed = true;
		if (!x->chap.user)
			x->chap.user = sis_steal(&c.user);
	}
	sis_chap_free(&c);
	return 0;
}

static int take_entries(struct reading *x, const char *tpg, bool inherited, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_list(x->k, dir, "", &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *acl = sis_asprintf("%s/%s", dir, *name);
		bool needed = inherited;

		/* -1, and kernels before 6.0, which have no such attribute: as the portal group */
		if (sis_lio_attr_is(x->k, acl, "attrib/authentication", "0"))
			needed = false;
		else if (sis_lio_attr_is(x->k, acl, "attrib/authentication", "1"))
			needed = true;
		if (r == 0)
			r = take(x, acl, needed, err);
	}
	return r;
}

int sis_lio_read_chap(struct sis_kfs *k, const char *tpg, bool open, struct sis_chap *ret,
		      struct sis_err *err)
{
	struct reading x = { .k = k };
	bool needed = sis_lio_attr_is(k, tpg, "attrib/authentication", "1");
	int r = 0;

	if (open)
		r = take(&x, tpg, needed, err);
	if (r == 0)
		r = take_entries(&x, tpg, needed, err);
	if (r < 0) {
		sis_chap_free(&x.chap);
		return r;
	}
	if (x.mixed) {
		sis_wipe_free(x.chap.pass);
		x.chap.pass = NULL;
	}
	*ret = x.chap;
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP with IET: users are the target's own, several for logging in and one by which it proves
 * itself. A target without any lets in without CHAP, so that there is always one in between.
 */
#include <sys/random.h>

#include "backend/iet_int.h"
#include "base/str.h"

/* Keeps a target closed while its only user is made anew. Nobody learns the secret. */
#define PLACEHOLDER "shareiscsi-closed"

enum { PLACEHOLDER_BYTES = 16 };

static int add_placeholder(const struct sis_iet *g, const struct sis_bx *bx, uint32_t tid,
			   struct sis_err *err)
{
	unsigned char bytes[PLACEHOLDER_BYTES];
	char text[2 * PLACEHOLDER_BYTES + 1];
	int r;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return sis_err_errno(err, errno, "no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(&text[2 * i], 3, "%02x", bytes[i]);
	r = sis_iet_user_new(&g->adm, bx, tid, false, PLACEHOLDER, text, err);
	sis_wipe(bytes, sizeof(bytes));
	sis_wipe(text, sizeof(text));
	return r;
}

/* Deletes all of them that are that user, or with `others` all that are not. */
static int delete_users(const struct sis_iet *g, const struct sis_bx *bx, uint32_t tid,
			const sis_strv *users, const char *user, bool others, struct sis_err *err)
{
	int r = 0;

	sis_vec_each(u, users)
		if (r == 0 && (user && sis_streq(*u, user)) != others)
			r = sis_iet_user_delete(&g->adm, bx, tid, false, *u, err);
	return r;
}

static int set_incoming(const struct sis_iet *g, const struct sis_bx *bx, uint32_t tid,
			const struct sis_chap *want, const struct sis_chap *have,
			struct sis_err *err)
{
	sis_autostrv sis_strv users = { 0 };
	int r = 0;

	if (sis_streq_null(want->user, have->user) && sis_streq_null(want->pass, have->pass))
		return 0;
	sis_chap_users(have, &users);
	if (want->user && sis_strv_has(&users, want->user)) {
		if (!sis_strv_has(&users, PLACEHOLDER)) {
			r = add_placeholder(g, bx, tid, err);
			sis_strv_add(&users, PLACEHOLDER);
		}
		if (r == 0)
			r = delete_users(g, bx, tid, &users, want->user, false, err);
	}
	if (r == 0 && want->user)
		r = sis_iet_user_new(&g->adm, bx, tid, false, want->user, want->pass, err);
	return r < 0 ? r : delete_users(g, bx, tid, &users, want->user, true, err);
}

/* A new one takes the place of the old one. */
static int set_outgoing(const struct sis_iet *g, const struct sis_bx *bx, uint32_t tid,
			const struct sis_chap *want, const struct sis_chap *have,
			struct sis_err *err)
{
	if (sis_streq_null(want->mutual_user, have->mutual_user) &&
	    sis_streq_null(want->mutual_pass, have->mutual_pass))
		return 0;
	if (want->mutual_user)
		return sis_iet_user_new(&g->adm, bx, tid, true, want->mutual_user,
					want->mutual_pass, err);
	return sis_iet_user_delete(&g->adm, bx, tid, true, have->mutual_user, err);
}

int sis_iet_chap_set(struct sis_bx *bx, uint32_t tid, const struct sis_chap *want,
		     const struct sis_chap *have, struct sis_err *err)
{
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = set_incoming(g, bx, tid, want, have, err);
	return r < 0 ? r : set_outgoing(g, bx, tid, want, have, err);
}

/* A line each: "IncomingUser NAME" or "OutgoingUser NAME". */
static void parse_users(char *text, struct sis_chap *ret)
{
	char *cursor = text, *line;

	while ((line = sis_str_next(&cursor, "\n"))) {
		const char *in = sis_str_after(line, "IncomingUser ");
		const char *out = sis_str_after(line, "OutgoingUser ");
		sis_autofree char *both = NULL;

		if (out)
			sis_replace(&ret->mutual_user, out);
		if (!in)
			continue;
		both = ret->user ? sis_asprintf("%s,%s", ret->user, in) : sis_strdup(in);
		sis_replace(&ret->user, both);
	}
}

int sis_iet_chap_read(struct sis_bx *bx, uint32_t tid, struct sis_chap *ret, struct sis_err *err)
{
	sis_autofree char *text = NULL;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = sis_iet_show(&g->adm, bx, tid, SIS_IET_SHOW_USERS, &text, err);
	if (r == 0)
		parse_users(text, ret);
	return r;
}

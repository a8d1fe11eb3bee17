/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The command lines of ietadm and what its exit status means. Must not decide what an answer
 * means for a share.
 */
#include "backend/iet_adm.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/str.h"

enum {
	MAX_ARGS = 16,
	MAX_USER = 640, /* two texts of 255 bytes with their keys */
	MAX_VERSION = 32,
	SIGNALLED = 128, /* + signal, by the runner */
	MAX_SIGNAL = 31,
	NO_DAEMON = 256 - ECONNREFUSED,
	NOT_ROOT = 256 - EPERM, /* among other things */
};

int sis_iet_adm_init(struct sis_iet_adm *a, const struct sis_bx *bx, struct sis_err *err)
{
	return sis_backend_program(bx->root, "ietadm", &a->program, err);
}

void sis_iet_adm_free(struct sis_iet_adm *a)
{
	free(a->program);
	a->program = NULL;
}

int sis_iet_adm_version(const struct sis_iet_adm *a, const struct sis_bx *bx, char **ret,
			struct sis_err *err)
{
	const char *const argv[] = { a->program, "--version", NULL };
	const struct sis_cmd cmd = { .argv = argv, .remember = "ietadm" };
	sis_autoresult struct sis_cmd_result res = { 0 };
	const char *version;
	int r = bx->runner->run(bx->runner->ctx, &cmd, &res, err);

	if (r < 0)
		return r;
	version = sis_str_after(sis_str_trim(res.out), "ietadm version ");
	if (res.status != 0 || !version || !*version || strlen(version) > MAX_VERSION ||
	    !sis_str_clean(version))
		return sis_err_set(err, EPROTO, "'%s --version' tells no version", a->program);
	*ret = sis_strdup(version);
	return 0;
}

/* ---- command lines ---- */

/* An argument vector with room for the few numbers in it. */
struct args {
	const char *v[MAX_ARGS];
	const char *shown; /* in the place of the last one where that has a secret in it, or NULL */
	size_t n;
	char numbers[3][24];
	size_t n_numbers;
};

static void args_number(struct args *a, const char *option, uint64_t value)
{
	char *text = a->numbers[a->n_numbers++];

	(void)snprintf(text, sizeof(a->numbers[0]), "%" PRIu64, value); /* 20 digits at most */
	a->v[a->n++] = option;
	a->v[a->n++] = text;
}

static void args_begin(struct args *a, const struct sis_iet_adm *adm, const char *op, uint32_t tid)
{
	*a = (struct args){ .v = { adm->program, "--op", op }, .n = 3 };
	args_number(a, "--tid", tid);
}

static void args_params(struct args *a, const char *params)
{
	a->v[a->n++] = "--params";
	a->v[a->n++] = params;
}

/* ---- answers ---- */

/*
 * ietadm exits with -errno, of which eight bits are left, but with errno itself for a connection
 * that cannot be deleted. What is neither: a signal.
 */
static int status_code(int status)
{
	if (status < SIGNALLED)
		return status;
	if (status <= SIGNALLED + MAX_SIGNAL)
		return EIO;
	return 256 - status;
}

/* As it may be told, in *ret, which borrows. */
static void shown_args(const struct args *a, struct args *ret)
{
	*ret = *a;
	if (a->shown)
		ret->v[a->n - 1] = a->shown;
}

static int answer(const struct args *a, const struct sis_cmd_result *res, struct sis_err *err)
{
	sis_autofree char *command = NULL;

	if (res->status == 0)
		return 0;
	if (res->status == NO_DAEMON)
		return sis_err_set(err, SIS_ERR_NOTARGET,
				   "ietd does not answer; start it: "
				   "systemctl start iscsitarget");
	if (res->status == NOT_ROOT && geteuid() != 0)
		return sis_err_set(err, EPERM, "ietd answers only to root: run this as root");
	command = sis_cmd_text(a->v);
	return sis_err_set(err, status_code(res->status), "'%s' failed with exit status %d%s%s",
			   command, res->status, *res->errout ? ": " : "", res->errout);
}

static int run(const struct sis_bx *bx, const struct args *a, bool changes, char **ret_out,
	       struct sis_err *err)
{
	sis_autoresult struct sis_cmd_result res = { 0 };
	struct args shown;
	struct sis_cmd cmd = { .argv = a->v, .shown = shown.v, .changes = changes };
	int r;

	shown_args(a, &shown);
	r = bx->runner->run(bx->runner->ctx, &cmd, &res, err);
	if (r == 0)
		r = answer(&shown, &res, err);
	if (r == 0 && ret_out)
		*ret_out = sis_steal(&res.out);
	return r;
}

/* What changes something: never without a TID. */
static int change(const struct sis_bx *bx, const struct args *a, uint32_t tid, struct sis_err *err)
{
	if (!tid)
		return sis_err_set(err, EINVAL, "a target of IET has no TID");
	return run(bx, a, true, NULL, err);
}

/* "show" with a LUN is sent, answered, and does nothing. */
int sis_iet_adm_ping(const struct sis_iet_adm *a, const struct sis_bx *bx, struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "show", 0);
	args_number(&args, "--lun", 0);
	return run(bx, &args, false, NULL, err);
}

int sis_iet_target_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		       const char *iqn, struct sis_err *err)
{
	sis_autofree char *params = sis_asprintf("Name=%s", iqn);
	struct args args;

	args_begin(&args, a, "new", tid);
	args_params(&args, params);
	return change(bx, &args, tid, err);
}

int sis_iet_target_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			  struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "delete", tid);
	return change(bx, &args, tid, err);
}

int sis_iet_lun_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		    uint32_t lun, const char *params, struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "new", tid);
	args_number(&args, "--lun", lun);
	args_params(&args, params);
	return change(bx, &args, tid, err);
}

int sis_iet_lun_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		       uint32_t lun, struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "delete", tid);
	args_number(&args, "--lun", lun);
	return change(bx, &args, tid, err);
}

int sis_iet_conn_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			uint64_t sid, uint32_t cid, struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "delete", tid);
	args_number(&args, "--sid", sid);
	args_number(&args, "--cid", cid);
	return change(bx, &args, tid, err);
}

int sis_iet_show(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		 enum sis_iet_show what, char **ret, struct sis_err *err)
{
	struct args args;

	args_begin(&args, a, "show", tid);
	if (what == SIS_IET_SHOW_SESSION)
		args_number(&args, "--sid", 0);
	else if (what == SIS_IET_SHOW_USERS)
		args.v[args.n++] = "--user";
	return run(bx, &args, false, ret, err);
}

/* ---- CHAP users ---- */

static const char *direction(bool outgoing)
{
	return outgoing ? "OutgoingUser" : "IncomingUser";
}

int sis_iet_user_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		     bool outgoing, const char *user, const char *secret, struct sis_err *err)
{
	char params[MAX_USER];
	sis_autofree char *shown = sis_asprintf("%s=%s,Password=" SIS_SECRET_SHOWN,
						direction(outgoing), user);
	struct args args;
	int n, r;

	n = snprintf(params, sizeof(params), "%s=%s,Password=%s", direction(outgoing), user,
		     secret);
	if (n < 0 || (size_t)n >= sizeof(params))
		return sis_err_set(err, EINVAL, "a CHAP user or secret is too long for ietadm");
	args_begin(&args, a, "new", tid);
	args.v[args.n++] = "--user";
	args_params(&args, params);
	args.shown = shown;
	r = change(bx, &args, tid, err);
	sis_wipe(params, sizeof(params));
	return r;
}

int sis_iet_user_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			bool outgoing, const char *user, struct sis_err *err)
{
	sis_autofree char *params = sis_asprintf("%s=%s", direction(outgoing), user);
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct args args;
	int r;

	/* An empty name would be anybody's. */
	if (!*user)
		return sis_err_set(err, EINVAL, "a CHAP user of IET has no name");
	args_begin(&args, a, "delete", tid);
	args.v[args.n++] = "--user";
	args_params(&args, params);
	r = change(bx, &args, tid, &e);
	return r == 0 || r == -ENOENT ? 0 : sis_err_move(err, &e);
}

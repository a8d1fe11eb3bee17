/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Requests to tgtd, over its socket or carried by its own program tgtadm. Must not decide what an
 * answer means for a share: it only turns it into error codes.
 */
#include "backend/stgt_adm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "backend/stgt_args.h"
#include "backend/stgt_ipc.h"
#include "backend/stgt_show.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"

/*
 * Where tgtd has its control socket below the root, without ".PORT": from 1.0.58 on, from 1.0.15
 * on, and before (tgt: usr/tgtadm.h).
 */
static const char *const places[] = {
	"/var/run/tgtd/socket",
	"/var/run/tgtd.ipc_abstract_namespace",
	"/tmp/.TGT_IPC_ABSTRACT_NAMESPACE",
};

enum {
	VERSION_TIMEOUT_MS = 5000,
	MAX_VERSION = 32,
	/* tgtadm's exit status without a daemon is the errno of its first write. */
	STATUS_NO_DAEMON = ENOTCONN,
};

/* tgtd's answers by number, and what tgtadm says of them after "tgtadm: " (tgt: usr/tgtadm.c). */
static const struct {
	const char *text;
	int code;
} answers[SIS_STGT_IPC_LAST_ANSWER + 1] = {
	{ "success", 0 },
	{ "unknown error", EIO },
	{ "out of memory", ENOMEM },
	{ "can't find the driver", ENODEV },
	{ "can't find the target", ENOENT },
	{ "can't find the logical unit", ENOENT },
	{ "can't find the session", ENOENT },
	{ "can't find the connection", ENOENT },
	{ "can't find the binding", ENOENT },
	{ "this target already exists", EEXIST },
	{ "this logical unit number already exists", EEXIST },
	{ "this binding already exists", EEXIST },
	{ "this access control rule already exists", EEXIST },
	{ "this access control rule does not exist", ENOENT },
	{ "this account already exists", EEXIST },
	{ "can't find the account", ENOENT },
	{ "too many accounts", EINVAL },
	{ "invalid request", EINVAL },
	{ "this target already has an outgoing account", EEXIST },
	{ "this target is still active", EBUSY },
	{ "this logical unit is still active", EBUSY },
	{ "this driver is busy", EBUSY },
	{ "this operation isn't supported", EOPNOTSUPP },
	{ "unknown parameter", EINVAL },
	{ "this device has Prevent Removal set", EBUSY },
};

static void sockets_add(struct sis_stgt_adm *a, const struct sis_bx *bx, const char *root,
			const char *place)
{
	sis_autofree char *path = sis_asprintf("%s%s.%u", root, place, bx->control_port);

	sis_strv_add(&a->sockets, path);
}

int sis_stgt_adm_init(struct sis_stgt_adm *a, const struct sis_bx *bx, struct sis_err *err)
{
	int r = sis_backend_program(bx->root, "tgtadm", &a->program, err);

	if (r < 0 && (r != -ENOENT || bx->transport == SIS_TRANSPORT_TGTADM))
		return r;
	sis_err_clear(err);
	a->transport = bx->transport;
	a->ahead = a->next = a->spent = -1;
	/* Each tgtadm has the socket of its own version built in, so it is named only if needed. */
	if (bx->control_socket)
		a->socket = sis_strdup(bx->control_socket);
	else if (*bx->root)
		a->socket = sis_asprintf("%s%s", bx->root, places[0]);
	if (bx->control_socket)
		sockets_add(a, bx, "", bx->control_socket);
	for (size_t i = 0; !bx->control_socket && i < sizeof(places) / sizeof(places[0]); i++)
		sockets_add(a, bx, bx->root, places[i]);
	return 0;
}

void sis_stgt_adm_free(struct sis_stgt_adm *a)
{
	free(a->program);
	free(a->socket);
	sis_strv_free(&a->sockets);
	sis_closep(&a->ahead);
	sis_closep(&a->next);
	sis_closep(&a->spent);
	*a = (struct sis_stgt_adm){ .ahead = -1, .next = -1, .spent = -1 };
}

void sis_stgt_adm_version_is(struct sis_stgt_adm *a, uint32_t version)
{
	if (version && version < SIS_STGT_IPC_VERSION && a->transport == SIS_TRANSPORT_AUTO &&
	    a->program)
		a->transport = SIS_TRANSPORT_TGTADM;
}

/* ---- version ---- */

/*
 * The daemon's pid, or 0: it holds a lock on a file beside its socket. Asking for the lock costs
 * the daemon nothing, while a connection without a request on it would.
 */
static pid_t daemon_pid(const struct sis_stgt_adm *a)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	sis_autofree char *file = sis_asprintf("%s.lock", a->sockets.v[0]);
	sis_autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid < 0)
		return 0;
	return lock.l_pid;
}

/* In ticks since boot; tgt's own name, which stands before in brackets, may hold anything. */
static char *start_time(const struct sis_bx *bx, pid_t pid)
{
	enum { BEHIND_NAME = 20 }; /* the 22nd field (proc(5)) */
	sis_autofree char *line = NULL;
	char *cursor, *field = NULL;

	if (sis_kfs_read_line(bx->kfs, &line, NULL, "/proc/%d/stat", (int)pid) < 0)
		return NULL;
	cursor = strrchr(line, ')');
	for (int i = 0; cursor && i <= BEHIND_NAME; i++)
		field = sis_str_next(&cursor, " ");
	return sis_strdup_null(field);
}

char *sis_stgt_adm_daemon(const struct sis_stgt_adm *a, const struct sis_bx *bx)
{
	pid_t pid = a->pid && a->transport != SIS_TRANSPORT_TGTADM ? a->pid : daemon_pid(a);
	sis_autofree char *start = pid > 0 ? start_time(bx, pid) : NULL;

	if (pid <= 0)
		return NULL;
	return sis_asprintf("%d%s%s", (int)pid, start ? ":" : "", start ? start : "");
}

/* The daemon's program file, which can be started even after it was replaced on disk, or NULL. */
static char *daemon_program(const struct sis_stgt_adm *a, const struct sis_bx *bx)
{
	pid_t pid = daemon_pid(a);
	struct stat st;

	/* What another user runs is nothing that this one should start. */
	if (pid <= 0 || sis_kfs_stat(bx->kfs, &st, NULL, "/proc/%d", (int)pid) < 0 ||
	    st.st_uid != geteuid())
		return NULL;
	return sis_asprintf("%s/proc/%d/exe", bx->root, (int)pid);
}

static int program_version(const struct sis_bx *bx, const char *program, const char *remember,
			   char **ret, struct sis_err *err)
{
	const char *const argv[] = { program, "--version", NULL };
	const struct sis_cmd cmd = { .argv = argv,
				     .timeout_ms = VERSION_TIMEOUT_MS,
				     .remember = remember };
	sis_autoresult struct sis_cmd_result res = { 0 };
	const char *text;
	int r = bx->runner->run(bx->runner->ctx, &cmd, &res, err);

	if (r < 0)
		return r;
	text = sis_str_trim(res.out);
	if (res.status != 0 || !*text || strlen(text) > MAX_VERSION || !sis_str_clean(text))
		return sis_err_set(err, EPROTO, "'%s --version' tells no version", program);
	*ret = sis_strdup(text);
	return 0;
}

int sis_stgt_adm_version(const struct sis_stgt_adm *a, const struct sis_bx *bx, bool running,
			 char **ret, struct sis_err *err)
{
	sis_autofree char *program = running ? daemon_program(a, bx) : NULL;

	if (program && program_version(bx, program, "tgtd", ret, NULL) == 0)
		return 0;
	if (!a->program)
		return sis_err_set(err, ENOENT, "nothing tells tgtd's version");
	return program_version(bx, a->program, "tgtadm", ret, err);
}

/* ---- requests carried by tgtadm ---- */

/* tgtadm says "not connected" for a socket it may not use, too. */
static int no_daemon(const struct sis_stgt_adm *a, struct sis_err *err)
{
	const char *path = a->sockets.v[0];

	if (access(path, W_OK) < 0 && errno == EACCES)
		return sis_err_set(err, EACCES,
				   "permission denied on tgtd's socket '%s': run this "
				   "as the user that runs tgtd, usually root",
				   path);
	return sis_err_set(err, SIS_ERR_NOTARGET, "tgtd does not answer on '%s'", path);
}

static int no_answer(const char *said, struct sis_err *err)
{
	return sis_err_set(err, EIO,
			   "no answer from tgtd (%s): it ended, or it serves only the user "
			   "and group it runs as",
			   said);
}

static int refused(const struct sis_stgt_args *a, size_t answer, struct sis_err *err)
{
	sis_autofree char *command = sis_cmd_text(a->shown);

	return sis_err_set(err, answers[answer].code, "tgtd refused '%s': %s", command,
			   answers[answer].text);
}

static int failed(const struct sis_stgt_args *a, const char *said, struct sis_err *err)
{
	sis_autofree char *command = sis_cmd_text(a->shown);
	const char *text = sis_str_after(said, "tgtadm: ");

	for (size_t i = 1; text && i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (sis_streq(text, answers[i].text))
			return refused(a, i, err);
	}
	return no_answer(*said ? said : command, err);
}

static int by_tgtadm(const struct sis_stgt_adm *a, const struct sis_bx *bx,
		     const struct sis_stgt_args *args, bool changes,
		     const struct sis_stgt_taker *to, struct sis_err *err)
{
	sis_autofree char *var = a->socket ? sis_asprintf("TGT_IPC_SOCKET=%s", a->socket) : NULL;
	const char *const env[] = { var, NULL };
	const struct sis_cmd cmd = {
		.argv = args->v, .shown = args->shown, .env = env, .changes = changes
	};
	sis_autoresult struct sis_cmd_result res = { 0 };
	int r = bx->runner->run(bx->runner->ctx, &cmd, &res, err);

	if (r == -ENOENT) /* must not look like tgtd's "not there" */
		return sis_err_set(err, SIS_ERR_NOTARGET, "'%s' has gone", a->program);
	if (r < 0)
		return r;
	if (res.status == STATUS_NO_DAEMON)
		return no_daemon(a, err);
	if (res.status != 0)
		return failed(args, res.errout, err);
	/* The exit status is 0 as well when tgtd closes the connection instead of answering. */
	if (*res.errout)
		return no_answer(res.errout, err);
	if (to) {
		to->begin(to->ctx);
		to->take(to->ctx, res.out, strlen(res.out));
	}
	return 0;
}

/* ---- requests over the socket ---- */

static unsigned limit_ms(const struct sis_bx *bx)
{
	return bx->timeout_ms ? bx->timeout_ms : SIS_RUN_TIMEOUT_MS;
}

static const struct sis_stgt_req list_all = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_TARGET };

static void drop(int *fd)
{
	sis_closep(fd);
	*fd = -1;
}

/* *ret_fd is the connection on which the answer will come, the caller's to close. */
static int send_request(struct sis_stgt_adm *a, const struct sis_bx *bx,
			const struct sis_stgt_req *req, int *ret_fd, struct sis_err *err)
{
	sis_autoclose int fd = a->next;
	int r = 0;

	a->next = -1;
	if (fd < 0)
		r = sis_stgt_ipc_socket(limit_ms(bx), &fd, err);
	if (r == 0)
		r = sis_stgt_ipc_send(fd, &a->sockets, req, limit_ms(bx), &a->pid, err);
	if (r < 0)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* tgtd is at work: what else is to be done takes no time now. */
static void meanwhile(struct sis_stgt_adm *a, const struct sis_bx *bx)
{
	drop(&a->spent);
	(void)sis_stgt_ipc_socket(limit_ms(bx), &a->next, NULL); /* else it is made when needed */
	if (bx->meanwhile)
		bx->meanwhile(bx->meanwhile_ctx);
}

void sis_stgt_list_ahead(struct sis_stgt_adm *a, const struct sis_bx *bx)
{
	drop(&a->ahead);
	/* Whoever then wants the list asks again, and hears what is wrong. */
	if (a->transport != SIS_TRANSPORT_TGTADM)
		(void)send_request(a, bx, &list_all, &a->ahead, NULL);
}

/* Sends the request, unless that was done ahead, and waits for the answer. */
static int ask(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_req *req,
	       const struct sis_stgt_taker *to, uint32_t *ret_answer, struct sis_err *err)
{
	const bool changes = req->op != SIS_STGT_SHOW;
	sis_autoclose int fd = -1;
	int r = 0;

	if (changes)
		drop(&a->ahead); /* what was asked before a change is no longer so */
	if (a->ahead >= 0 && req == &list_all) {
		fd = a->ahead;
		a->ahead = -1;
	} else {
		r = send_request(a, bx, req, &fd, err);
	}
	if (r == 0 && changes)
		meanwhile(a, bx);
	if (r == 0)
		r = sis_stgt_ipc_answer(fd, limit_ms(bx), to, ret_answer, err);
	if (r == 0 && changes) {
		a->spent = fd;
		fd = -1;
	}
	return r;
}

/* As by_tgtadm(); -EPROTO when tgtd does not speak as expected. */
static int by_socket(struct sis_stgt_adm *a, const struct sis_bx *bx,
		     const struct sis_stgt_req *req, const struct sis_stgt_args *args,
		     const struct sis_stgt_taker *to, struct sis_err *err)
{
	uint32_t answer = 0;
	int r = ask(a, bx, req, to, &answer, err);

	if (r == -ETIMEDOUT) {
		sis_autofree char *command = sis_cmd_text(args->shown);

		return sis_err_wrap(err, "'%s'", command);
	}
	return r == 0 && answer ? refused(args, answer, err) : r;
}

/*
 * tgtd may have done what was asked before it failed to say so. Asking once more is safe: every
 * request is one that may be done twice.
 */
static int fall_back(struct sis_stgt_adm *a, const struct sis_bx *bx,
		     const struct sis_stgt_args *args, const char *why,
		     const struct sis_stgt_taker *to, struct sis_err *err)
{
	int r;

	if (a->transport == SIS_TRANSPORT_SOCKET || !a->program)
		return no_answer(why, err);
	a->transport = SIS_TRANSPORT_TGTADM;
	r = by_tgtadm(a, bx, args, false, to, err); /* a change was noted already */
	if (r != -SIS_ERR_NOTARGET && r != -EIO)
		sis_log(SIS_LOG_WARN, "%s; tgtadm is used instead", why);
	return r;
}

static int call(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_req *req,
		const struct sis_stgt_taker *to, struct sis_err *err)
{
	const bool changes = req->op != SIS_STGT_SHOW;
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	struct sis_stgt_args args;
	int r;

	sis_stgt_args_make(&args, a->program, bx->control_port, req);
	if (a->transport == SIS_TRANSPORT_TGTADM)
		return by_tgtadm(a, bx, &args, changes, to, err);
	if (changes && !sis_runner_note(bx->runner, args.shown))
		return 0;
	r = by_socket(a, bx, req, &args, to, &e);
	if (r == -EPROTO)
		return fall_back(a, bx, &args, sis_err_msg(&e), to, err);
	return r < 0 ? sis_err_move(err, &e) : 0;
}

static void text_begin(void *text)
{
	sis_str_free(text);
}

static void text_take(void *text, const char *piece, size_t len)
{
	sis_str_addn(text, piece, len);
}

int sis_stgt_call(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_req *req,
		  char **ret_out, struct sis_err *err)
{
	sis_autostr struct sis_str text = { 0 };
	const struct sis_stgt_taker to = { &text, text_begin, text_take };
	int r = call(a, bx, req, ret_out ? &to : NULL, err);

	if (r == 0 && ret_out)
		*ret_out = sis_str_take(&text);
	return r;
}

int sis_stgt_list(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_taker *to,
		  struct sis_err *err)
{
	return call(a, bx, &list_all, to, err);
}

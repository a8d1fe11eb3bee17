/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The client's side of tgtd's management protocol (tgt: usr/tgtadm.h, usr/mgmt.c). Trusts neither
 * who listens nor what is answered; never waits without a limit.
 */
#include "backend/stgt_ipc.h"

#include <inttypes.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/run.h"
#include "base/str.h"

enum {
	MAX_PAYLOAD = 8192, /* tgtd hangs up on more; its NUL counts */
	MAX_TEXT = SIS_RUN_MAX_OUTPUT,
	PIECE = 64 << 10, /* bytes of a listing that are read at once */
	ALL_TARGETS = -1,
};

/* Host byte order throughout; the same on every machine, as each member lies at its own size. */
struct request {
	uint32_t mode;
	uint32_t op;
	char driver[64];
	uint32_t len; /* of all of it */
	int32_t tid;
	uint64_t sid;
	uint64_t lun;
	uint32_t cid;
	uint32_t host;
	uint32_t device_type;
	uint32_t account_direction;
	uint32_t pack;
	uint32_t force;
	char payload[MAX_PAYLOAD];
};
_Static_assert(offsetof(struct request, payload) == 120, "the header is 120 bytes long");

struct answer {
	uint32_t code;
	uint32_t len; /* of all of it */
};

static const uint32_t modes[] = {
	[SIS_STGT_SYSTEM] = 0,
	[SIS_STGT_TARGET] = 1,
	[SIS_STGT_LUN] = 2,
	[SIS_STGT_CONN] = 6,
	[SIS_STGT_ACCOUNT] = 7,
};

static const uint32_t ops[] = {
	[SIS_STGT_NEW] = 0,  [SIS_STGT_DELETE] = 1, [SIS_STGT_SHOW] = 2,
	[SIS_STGT_BIND] = 3, [SIS_STGT_UNBIND] = 4, [SIS_STGT_UPDATE] = 5,
};

/* ---- the request ---- */

static void add(struct sis_str *b, const char *key, const char *value)
{
	if (value)
		sis_str_addf(b, "%s%s%s", b->len ? "," : "", key, value);
}

/* As tgtadm writes them. */
static void payload_make(const struct sis_stgt_req *q, struct sis_str *b)
{
	const bool tape = q->device_type && sis_streq(q->device_type, "tape");

	if (q->name && q->value)
		sis_str_addf(b, "%s=%s", q->name, q->value);
	add(b, "path=", q->path);
	add(b, "bstype=", tape ? "ssc" : q->bstype);
	add(b, "bsoflags=", q->bsoflags);
	if (q->blocksize)
		sis_str_addf(b, "%sblocksize=%" PRIu32, b->len ? "," : "", q->blocksize);
	add(b, "targetname=", q->targetname);
	add(b, "initiator-address=", q->address);
	add(b, "initiator-name=", q->initiator);
	add(b, "user=", q->user);
	if (q->params)
		sis_str_addf(b, "targetOps %s,", q->params);
}

/* A secret goes where it is wiped later, and nowhere else. */
static void password_add(struct request *r, size_t len, const char *password)
{
	int n = snprintf(r->payload + len, sizeof(r->payload) - len, ",password=%s", password);

	r->len += (uint32_t)n;
}

static uint32_t device_type(const char *name)
{
	if (!name)
		return 0;
	return sis_streq(name, "tape") ? 0x01 : 0xff; /* else pass-through */
}

static int request_make(const struct sis_stgt_req *q, struct request *ret, struct sis_err *err)
{
	const bool bare = q->op == SIS_STGT_SHOW || q->op == SIS_STGT_DELETE;
	const size_t secret = q->password ? strlen(",password=") + strlen(q->password) : 0;
	sis_autostr struct sis_str text = { 0 };

	payload_make(q, &text);
	/* tgtd would read the missing text all the same, and die with all its targets. */
	if (!bare && !text.len)
		return sis_err_set(err, EINVAL, "a request to tgtd lacks its parameters");
	if (text.len + secret >= MAX_PAYLOAD)
		return sis_err_set(err, EINVAL,
				   "a request of %zu bytes is too long for tgtd, which takes %d",
				   text.len + secret, MAX_PAYLOAD - 1);
	memset(ret, 0, offsetof(struct request, payload));
	ret->mode = modes[q->mode];
	ret->op = ops[q->op];
	memcpy(ret->driver, "iscsi", sizeof("iscsi"));
	ret->len = offsetof(struct request, payload);
	ret->tid = q->tid ? (int32_t)q->tid : ALL_TARGETS;
	ret->sid = q->sid;
	ret->lun = q->mode == SIS_STGT_LUN ? q->lun : UINT64_MAX;
	ret->cid = q->cid;
	ret->device_type = device_type(q->device_type);
	ret->account_direction = q->outgoing;
	if (text.len) {
		memcpy(ret->payload, text.s, text.len + 1);
		ret->len += (uint32_t)text.len + 1;
	}
	if (q->password)
		password_add(ret, text.len, q->password);
	return 0;
}

/* ---- the connection ---- */

struct link {
	int fd;
	uint64_t deadline;
	unsigned timeout_ms;
	struct sis_err *err;
};

static int late(const struct link *l)
{
	return sis_err_set(l->err, ETIMEDOUT,
			   "tgtd did not answer within %u ms; if it is only busy, raise 'timeout' "
			   "in section [general] of /etc/shareiscsi.conf, if it hangs, restart it",
			   l->timeout_ms);
}

static int hung_up(const struct link *l)
{
	return sis_err_set(l->err, EPROTO, "tgtd closed the connection without an answer");
}

/* For who sends little by little. */
static int in_time(const struct link *l)
{
	return sis_now_ms() < l->deadline ? 0 : late(l);
}

/* What send() and recv() said, which wait within the limit of the socket themselves. */
static int moved(const struct link *l, ssize_t n)
{
	if (n < 0 && errno == EAGAIN)
		return late(l);
	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n == 0 || errno == ECONNRESET || errno == EPIPE)
		return hung_up(l);
	return sis_err_errno(l->err, errno, "cannot talk to tgtd");
}

static int put(const struct link *l, const void *data, size_t len)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < len) {
		ssize_t n = send(l->fd, (const char *)data + done, len - done, MSG_NOSIGNAL);

		r = moved(l, n);
		done += n > 0 ? (size_t)n : 0;
		if (r == 0 && done < len)
			r = in_time(l);
	}
	return r;
}

static int get(const struct link *l, void *data, size_t len)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < len) {
		ssize_t n = recv(l->fd, (char *)data + done, len - done, MSG_WAITALL);

		r = moved(l, n);
		done += n > 0 ? (size_t)n : 0;
		if (r == 0 && done < len)
			r = in_time(l);
	}
	return r;
}

/* A socket that somebody else put there must not learn, nor tell, anything. */
static int check_peer(const struct link *l, const char *path, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return sis_err_errno(l->err, errno, "cannot tell who listens on '%s'", path);
	if (peer.uid == 0 || peer.uid == geteuid()) {
		*ret_pid = peer.pid;
		return 0;
	}
	return sis_err_set(l->err, EACCES, "'%s' is not used: user %u listens there, not root",
			   path, (unsigned)peer.uid);
}

/* 1 connected, 0 nobody listens there. */
static int try_connect(const struct link *l, const char *path, pid_t *ret_pid)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int r;

	if (strlen(path) >= sizeof(at.sun_path))
		return 0; /* nobody can */
	memcpy(at.sun_path, path, strlen(path) + 1);
	/* Where the queue of the daemon is full it waits, within the limit of the socket. */
	do
		r = connect(l->fd, (const struct sockaddr *)&at, sizeof(at));
	while (r < 0 && errno == EINTR && sis_now_ms() < l->deadline);
	if (r < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED))
		return 0;
	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return late(l);
	if (r < 0 && errno == EACCES)
		return sis_err_set(l->err, EACCES,
				   "permission denied on tgtd's socket '%s': run this as the user "
				   "that runs tgtd, usually root",
				   path);
	if (r < 0)
		return sis_err_errno(l->err, errno, "cannot connect to '%s'", path);
	r = check_peer(l, path, ret_pid);
	return r < 0 ? r : 1;
}

static int link_open(const struct link *l, const sis_strv *paths, pid_t *ret_pid)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = try_connect(l, paths->v[i], ret_pid);
	if (r == 0)
		return sis_err_set(l->err, SIS_ERR_NOTARGET, "tgtd does not answer on '%s'",
				   paths->v[0]);
	return r < 0 ? r : 0;
}

/* ---- the answer ---- */

static int answer_check(const struct link *l, const struct answer *a)
{
	if (a->code <= SIS_STGT_IPC_LAST_ANSWER && a->len >= sizeof(*a) &&
	    a->len - sizeof(*a) <= MAX_TEXT)
		return 0;
	return sis_err_set(l->err, EPROTO,
			   "tgtd gave an answer that is not known (code %" PRIu32 ", %" PRIu32
			   " bytes)",
			   a->code, a->len);
}

/* In pieces that stay in the processor's cache until they were read. */
static int text_get(const struct link *l, size_t left, const struct sis_stgt_taker *to)
{
	char piece[PIECE];
	int r = 0;

	if (to)
		to->begin(to->ctx);
	while (r == 0 && left > 0) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);
		const char *end;

		r = get(l, piece, n);
		if (r < 0)
			return r;
		left -= n;
		end = memchr(piece, '\0', n);
		/* Its own end counts, any other would hide the rest. */
		if (end && (left || end != piece + n - 1))
			return sis_err_set(l->err, EPROTO, "tgtd gave a listing with a NUL in it");
		if (to)
			to->take(to->ctx, piece, end ? n - 1 : n);
	}
	return r;
}

static struct link link_to(int fd, unsigned timeout_ms, struct sis_err *err)
{
	return (struct link){ .fd = fd,
			      .deadline = sis_now_ms() + timeout_ms,
			      .timeout_ms = timeout_ms,
			      .err = err };
}

int sis_stgt_ipc_socket(unsigned timeout_ms, int *ret_fd, struct sis_err *err)
{
	const struct timeval limit = { .tv_sec = timeout_ms / 1000,
				       .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
	sis_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return sis_err_errno(err, errno, "cannot make a socket");
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int sis_stgt_ipc_send(int fd, const sis_strv *paths, const struct sis_stgt_req *q,
		      unsigned timeout_ms, pid_t *ret_pid, struct sis_err *err)
{
	const struct link l = link_to(fd, timeout_ms, err);
	struct request request;
	int r = request_make(q, &request, err);

	if (r < 0)
		return r;
	r = link_open(&l, paths, ret_pid);
	if (r == 0)
		r = put(&l, &request, request.len);
	if (q->password)
		sis_wipe(&request, sizeof(request));
	return r;
}

int sis_stgt_ipc_answer(int fd, unsigned timeout_ms, const struct sis_stgt_taker *to,
			uint32_t *ret_answer, struct sis_err *err)
{
	const struct link l = link_to(fd, timeout_ms, err);
	struct answer a = { 0 };
	int r = get(&l, &a, sizeof(a));

	if (r == 0)
		r = answer_check(&l, &a);
	if (r == 0)
		r = text_get(&l, a.len - sizeof(a), to);
	if (r == 0)
		*ret_answer = a.code;
	return r;
}

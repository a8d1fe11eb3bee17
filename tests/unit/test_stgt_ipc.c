/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The client of tgtd's management socket against a server that says whatever a test wants: what
 * goes over the wire, answers that are none, silence, strangers, and tgtadm in the socket's place.
 */
#include "test_base_dir.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "backend/stgt_adm.h"
#include "backend/stgt_ipc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/run.h"
#include "base/str.h"

enum { HEADER = 120, LIMIT_MS = 300, LONG_MS = 20000, STRANGER = 65534 };

/* One connection of the server. */
static struct {
	int fd; /* it listens here */
	pthread_t thread;
	const void *say;
	size_t say_len;
	bool mute; /* hold the connection and say nothing until the client leaves */
	char got[HEADER + 8192];
	size_t got_len;
} server;

static struct sis_err err;

/* As $TGT_IPC_SOCKET, and where it then is. */
static const char base_name[] = "socket", socket_name[] = "socket.0";

static int listen_on(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(path);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0)
		return -1;
	return fd;
}

static uint32_t u32(size_t at)
{
	uint32_t n;

	memcpy(&n, server.got + at, sizeof(n));
	return n;
}

static uint64_t u64(size_t at)
{
	uint64_t n;

	memcpy(&n, server.got + at, sizeof(n));
	return n;
}

static void *serve(void *ctx)
{
	int fd = accept(server.fd, NULL, NULL);
	char c;

	(void)ctx;
	server.got_len = 0;
	if (recv(fd, server.got, HEADER, MSG_WAITALL) == HEADER) {
		size_t more = u32(72) - HEADER;

		server.got_len = HEADER;
		if (more && recv(fd, server.got + HEADER, more, MSG_WAITALL) == (ssize_t)more)
			server.got_len += more;
	}
	(void)send(fd, server.say, server.say_len, MSG_NOSIGNAL);
	if (server.mute)
		(void)recv(fd, &c, 1, 0);
	close(fd);
	return NULL;
}

static void start_server(const void *say, size_t len)
{
	const char *path = in_dir(socket_name);

	server.fd = listen_on(path);
	assert_true(server.fd >= 0);
	server.say = say;
	server.say_len = len;
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void stop_server(void)
{
	assert_int_equal(pthread_join(server.thread, NULL), 0);
	close(server.fd);
}

/* ---- one request ---- */

static const struct sis_stgt_req show = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_SYSTEM };
static uint32_t answer;
static pid_t peer;
static char *text;

static void text_begin(void *ctx)
{
	sis_str_free(ctx);
}

static void text_take(void *ctx, const char *piece, size_t len)
{
	sis_str_addn(ctx, piece, len);
}

static int call_at(const sis_strv *sockets, const struct sis_stgt_req *q, unsigned timeout_ms)
{
	sis_autostr struct sis_str got = { 0 };
	const struct sis_stgt_taker to = { &got, text_begin, text_take };
	sis_autoclose int fd = -1;
	int r = sis_stgt_ipc_socket(timeout_ms, &fd, &err);

	if (r == 0)
		r = sis_stgt_ipc_send(fd, sockets, q, timeout_ms, &peer, &err);
	if (r == 0)
		r = sis_stgt_ipc_answer(fd, timeout_ms, &to, &answer, &err);
	if (r == 0)
		text = sis_str_take(&got);
	return r;
}

static int call(const struct sis_stgt_req *q, unsigned timeout_ms)
{
	const char *path = in_dir(socket_name);
	sis_autostrv sis_strv sockets = { 0 };

	sis_strv_add(&sockets, path);
	answer = UINT32_MAX;
	free(text);
	text = NULL;
	return call_at(&sockets, q, timeout_ms);
}

static int converse(const struct sis_stgt_req *q, const void *say, size_t len)
{
	int r;

	start_server(say, len);
	r = call(q, LONG_MS);
	stop_server();
	return r;
}

#define assert_fails(call, code, words)                            \
	do {                                                       \
		assert_int_equal(call, -(code));                   \
		assert_non_null(strstr(sis_err_msg(&err), words)); \
		assert_null(text);                                 \
		assert_int_equal(answer, UINT32_MAX);              \
		sis_err_clear(&err);                               \
	} while (0)

static const uint32_t done[] = { 0, 8 };

static void assert_sent(const struct sis_stgt_req *q, uint32_t mode, uint32_t op, int32_t tid,
			const char *payload)
{
	assert_int_equal(converse(q, done, sizeof(done)), 0);
	assert_int_equal(answer, 0);
	assert_string_equal(text, "");
	assert_int_equal(u32(0), mode);
	assert_int_equal(u32(4), op);
	assert_string_equal(server.got + 8, "iscsi");
	assert_int_equal((int32_t)u32(76), tid);
	assert_int_equal(u32(116), 0);
	assert_int_equal(u32(72), server.got_len);
	assert_int_equal(server.got_len, HEADER + (payload ? strlen(payload) + 1 : 0));
	if (payload)
		assert_string_equal(server.got + HEADER, payload);
}

/* Numbers and text as tgt 1.0.40 to 1.0.97 read them. */
static void test_requests(void **state)
{
	const struct sis_stgt_req target = {
		.op = SIS_STGT_NEW, .mode = SIS_STGT_TARGET, .tid = 3, .targetname = "iqn.x:a"
	};
	const struct sis_stgt_req lun = { .op = SIS_STGT_NEW,
					  .mode = SIS_STGT_LUN,
					  .tid = 3,
					  .lun = 16383,
					  .path = "/dev/a b",
					  .bstype = "aio",
					  .bsoflags = "sync",
					  .blocksize = 4096 };
	const struct sis_stgt_req tape = { .op = SIS_STGT_NEW,
					   .mode = SIS_STGT_LUN,
					   .tid = 3,
					   .lun = 1,
					   .path = "/t",
					   .device_type = "tape" };
	const struct sis_stgt_req update = { .op = SIS_STGT_UPDATE,
					     .mode = SIS_STGT_LUN,
					     .tid = 3,
					     .lun = 1,
					     .params = "scsi_sn=1,readonly=1" };
	const struct sis_stgt_req ready = { .op = SIS_STGT_UPDATE,
					    .mode = SIS_STGT_TARGET,
					    .tid = 3,
					    .name = "state",
					    .value = "ready" };
	const struct sis_stgt_req bind = {
		.op = SIS_STGT_BIND, .mode = SIS_STGT_TARGET, .tid = 3, .address = "10.0.0.0/8"
	};
	const struct sis_stgt_req unbind = {
		.op = SIS_STGT_UNBIND, .mode = SIS_STGT_TARGET, .tid = 3, .initiator = "iqn.x:i"
	};
	const struct sis_stgt_req end = {
		.op = SIS_STGT_DELETE, .mode = SIS_STGT_CONN, .tid = 3, .sid = 1ULL << 40, .cid = 7
	};

	(void)state;
	assert_sent(&show, 0, 2, -1, NULL);
	assert_sent(&target, 1, 0, 3, "targetname=iqn.x:a");
	assert_sent(&lun, 2, 0, 3, "path=/dev/a b,bstype=aio,bsoflags=sync,blocksize=4096");
	assert_int_equal(u64(88), 16383);
	assert_int_equal(u32(104), 0);
	assert_sent(&tape, 2, 0, 3, "path=/t,bstype=ssc");
	assert_int_equal(u32(104), 1);
	assert_sent(&update, 2, 5, 3, "targetOps scsi_sn=1,readonly=1,");
	assert_sent(&ready, 1, 5, 3, "state=ready");
	assert_sent(&bind, 1, 3, 3, "initiator-address=10.0.0.0/8");
	assert_sent(&unbind, 1, 4, 3, "initiator-name=iqn.x:i");
	assert_sent(&end, 6, 1, 3, NULL);
	assert_int_equal(u64(80), 1ULL << 40);
	assert_int_equal(u32(96), 7);
}

/* Such ones would end tgtd, or be cut off by it: nothing is sent. */
static void test_not_sent(void **state)
{
	const struct sis_stgt_req empty = { .op = SIS_STGT_NEW, .mode = SIS_STGT_TARGET, .tid = 1 };
	struct sis_stgt_req large = { .op = SIS_STGT_NEW, .mode = SIS_STGT_TARGET, .tid = 1 };
	sis_autofree char *name = sis_calloc(1, 8193);

	(void)state;
	assert_fails(call(&empty, LONG_MS), EINVAL, "lacks its parameters");
	memset(name, 'x', 8192 - strlen("targetname="));
	large.targetname = name;
	assert_fails(call(&large, LONG_MS), EINVAL, "too long");
	name[strlen(name) - 1] = '\0';
	assert_int_equal(converse(&large, done, sizeof(done)), 0);
	assert_int_equal(server.got_len, HEADER + 8192);
}

static void test_answers(void **state)
{
	static const struct {
		uint32_t code, len;
		char text[8];
	} listing = { 0, 15, "a\nline\n" }, cut = { 0, 16, "a\nline\n" }, refusal = { 9, 8, "" },
	  last = { 24, 8, "" }, unknown = { 25, 8, "" }, small = { 0, 7, "" },
	  large = { 0, UINT32_MAX, "" }, nul = { 0, 16, "a\0line\n" };

	(void)state;
	assert_int_equal(converse(&show, &listing, 15), 0);
	assert_string_equal(text, "a\nline\n");
	assert_int_equal(converse(&show, &cut, 16), 0); /* with its NUL, as tgtd does */
	assert_string_equal(text, "a\nline\n");
	assert_int_equal(converse(&show, &refusal, 8), 0);
	assert_int_equal(answer, 9);
	assert_int_equal(converse(&show, &last, 8), 0);
	assert_int_equal(answer, SIS_STGT_IPC_LAST_ANSWER);

	assert_fails(converse(&show, NULL, 0), EPROTO, "without an answer");
	assert_fails(converse(&show, &listing, 5), EPROTO, "without an answer");
	assert_fails(converse(&show, &listing, 12), EPROTO, "without an answer");
	assert_fails(converse(&show, &unknown, 8), EPROTO, "code 25");
	assert_fails(converse(&show, &small, 8), EPROTO, "7 bytes");
	assert_fails(converse(&show, &large, 8), EPROTO, "4294967295 bytes");
	assert_fails(converse(&show, &nul, 16), EPROTO, "NUL");
}

static void test_silence(void **state)
{
	uint64_t start = sis_now_ms();

	(void)state;
	server.mute = true;
	start_server(done, 4); /* half an answer is none */
	assert_fails(call(&show, LIMIT_MS), ETIMEDOUT, "within 300 ms");
	stop_server();
	server.mute = false;
	assert_true(sis_now_ms() - start >= LIMIT_MS);
}

/* The queue of a daemon that hangs fills up: even connect() has to end. */
static void test_full_queue(void **state)
{
	const char *path = in_dir(socket_name);
	int fd = listen_on(path), r;

	(void)state;
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < 3; i++) {
		r = call(&show, LIMIT_MS);
		assert_int_equal(r, -ETIMEDOUT);
		sis_err_clear(&err);
	}
	close(fd);
}

static void test_nobody(void **state)
{
	const char *path = in_dir(socket_name);
	sis_autofree char *far = sis_calloc(1, 201);
	sis_autostrv sis_strv sockets = { 0 };

	(void)state;
	memset(far, 'x', 200);
	memcpy(far, dir, strlen(dir));
	(void)unlink(path);
	assert_fails(call(&show, LONG_MS), SIS_ERR_NOTARGET, path);
	close(listen_on(path)); /* the file stays */
	assert_fails(call(&show, LONG_MS), SIS_ERR_NOTARGET, path);
	sis_strv_add(&sockets, far);
	sis_strv_add(&sockets, in_dir("no such socket"));
	sis_strv_add(&sockets, path);
	start_server(done, sizeof(done));
	assert_int_equal(call_at(&sockets, &show, LONG_MS), 0);
	stop_server();
}

static void test_stranger(void **state)
{
	const char *path = in_dir(socket_name);
	int ready[2];
	pid_t pid;
	char c;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_return_code(chmod(dir, 0777), errno);
	assert_return_code(pipe(ready), errno);
	(void)unlink(path);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		if (setgid(STRANGER) < 0 || setuid(STRANGER) < 0 || listen_on(path) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_fails(call(&show, LONG_MS), EACCES, "user 65534 listens there");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	assert_return_code(unlink(path), errno);
}

/* ---- tgtadm in the socket's place ---- */

static int runs;

static int fake_run(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		    struct sis_err *e)
{
	(void)ctx;
	(void)e;
	runs++;
	assert_false(cmd->changes); /* or it would be noted twice */
	*ret = (struct sis_cmd_result){ .out = sis_strdup("by tgtadm"), .errout = sis_strdup("") };
	return 0;
}

static int notes;
static bool carry_out;

static bool fake_note(void *ctx, const char *const *argv)
{
	(void)ctx;
	notes++;
	assert_string_equal(argv[0] + strlen(argv[0]) - strlen("tgtadm"), "tgtadm");
	return carry_out;
}

static const struct sis_runner runner = { .run = fake_run, .note = fake_note };

static void open_adm(struct sis_stgt_adm *a, struct sis_bx *bx, enum sis_transport transport)
{
	runs = notes = 0;
	carry_out = true;
	*bx = (struct sis_bx){ .runner = &runner,
			       .root = dir,
			       .control_socket = in_dir(base_name),
			       .timeout_ms = LONG_MS,
			       .transport = transport };
	*a = (struct sis_stgt_adm){ 0 };
	assert_int_equal(sis_stgt_adm_init(a, bx, &err), 0);
}

static void test_fall_back(void **state)
{
	static const uint32_t nonsense[] = { 99, 8 };
	const struct sis_stgt_req del = { .op = SIS_STGT_DELETE,
					  .mode = SIS_STGT_TARGET,
					  .tid = 1 };
	sis_autofree char *out = NULL;
	struct sis_stgt_adm a;
	struct sis_bx bx;

	(void)state;
	open_adm(&a, &bx, SIS_TRANSPORT_AUTO);
	a.program = sis_strdup("/usr/sbin/tgtadm");
	start_server(nonsense, sizeof(nonsense));
	assert_int_equal(sis_stgt_call(&a, &bx, &del, NULL, &err), 0);
	stop_server();
	assert_int_equal(runs, 1);
	assert_int_equal(notes, 1);
	/* for the rest of the run, with no server at all */
	assert_int_equal(sis_stgt_call(&a, &bx, &show, &out, &err), 0);
	assert_string_equal(out, "by tgtadm");
	assert_int_equal(runs, 2);
	sis_stgt_adm_free(&a);
}

static void test_no_fall_back(void **state)
{
	static const uint32_t nonsense[] = { 99, 8 };
	struct sis_stgt_adm a;
	struct sis_bx bx;

	(void)state;
	open_adm(&a, &bx, SIS_TRANSPORT_SOCKET);
	a.program = sis_strdup("/usr/sbin/tgtadm");
	start_server(nonsense, sizeof(nonsense));
	assert_fails(sis_stgt_call(&a, &bx, &show, &text, &err), EIO, "code 99");
	stop_server();
	/* without tgtadm there is nothing to fall back to */
	free(a.program);
	a.program = NULL;
	a.transport = SIS_TRANSPORT_AUTO;
	start_server(nonsense, sizeof(nonsense));
	assert_fails(sis_stgt_call(&a, &bx, &show, &text, &err), EIO, "code 99");
	stop_server();
	assert_int_equal(runs, 0);
	sis_stgt_adm_free(&a);
}

/* What the next start_server() says: a listing, in one go with its header. */
static const void *listing(const char *list, size_t *ret_len)
{
	static struct {
		uint32_t code, len;
		char text[64];
	} said;
	size_t len = strlen(list) + 1;

	assert_true(len <= sizeof(said.text));
	said.code = 0;
	said.len = (uint32_t)(offsetof(typeof(said), text) + len);
	memcpy(said.text, list, len);
	*ret_len = said.len;
	return &said;
}

/* One connection that is made before the list is wanted; after a change the list is another one. */
static void test_list_ahead(void **state)
{
	const struct sis_stgt_req del = { .op = SIS_STGT_DELETE,
					  .mode = SIS_STGT_TARGET,
					  .tid = 1 };
	sis_autostr struct sis_str got = { 0 };
	const struct sis_stgt_taker to = { &got, text_begin, text_take };
	struct sis_stgt_adm a;
	struct sis_bx bx;
	const void *said;
	size_t len;

	(void)state;
	open_adm(&a, &bx, SIS_TRANSPORT_SOCKET);
	said = listing("early", &len);
	start_server(said, len);
	sis_stgt_list_ahead(&a, &bx);
	stop_server();
	assert_int_equal(sis_stgt_list(&a, &bx, &to, &err), 0);
	assert_string_equal(got.s, "early");

	start_server(said, len);
	sis_stgt_list_ahead(&a, &bx);
	stop_server();
	start_server(done, sizeof(done));
	assert_int_equal(sis_stgt_call(&a, &bx, &del, NULL, &err), 0);
	stop_server();
	said = listing("late", &len);
	start_server(said, len);
	assert_int_equal(sis_stgt_list(&a, &bx, &to, &err), 0);
	stop_server();
	assert_string_equal(got.s, "late");

	/* with nobody there it says nothing: that is for the call */
	sis_stgt_list_ahead(&a, &bx);
	assert_fails(sis_stgt_list(&a, &bx, &to, &err), SIS_ERR_NOTARGET, "does not answer");
	sis_stgt_adm_free(&a);
}

/* A change is noted and not done; nothing listens, so that asking would fail. */
static void test_dry(void **state)
{
	const struct sis_stgt_req del = { .op = SIS_STGT_DELETE,
					  .mode = SIS_STGT_TARGET,
					  .tid = 1 };
	struct sis_stgt_adm a;
	struct sis_bx bx;

	(void)state;
	open_adm(&a, &bx, SIS_TRANSPORT_AUTO);
	carry_out = false;
	assert_int_equal(sis_stgt_call(&a, &bx, &del, NULL, &err), 0);
	assert_int_equal(notes, 1);
	assert_int_equal(runs, 0);
	sis_stgt_adm_free(&a);
}

/* One of before the layout is spoken to by its own tgtadm, if there is one. */
static void test_old(void **state)
{
	struct sis_stgt_adm a;
	struct sis_bx bx;

	(void)state;
	open_adm(&a, &bx, SIS_TRANSPORT_AUTO);
	sis_stgt_adm_version_is(&a, 0x010027);
	assert_int_equal(a.transport, SIS_TRANSPORT_AUTO);
	a.program = sis_strdup("/usr/sbin/tgtadm");
	sis_stgt_adm_version_is(&a, 0);
	sis_stgt_adm_version_is(&a, 0x010028);
	assert_int_equal(a.transport, SIS_TRANSPORT_AUTO);
	sis_stgt_adm_version_is(&a, 0x010027);
	assert_int_equal(a.transport, SIS_TRANSPORT_TGTADM);
	sis_stgt_adm_free(&a);
}

static int teardown(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	answer = UINT32_MAX;
	sis_err_clear(&err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_requests, teardown),
		cmocka_unit_test_teardown(test_not_sent, teardown),
		cmocka_unit_test_teardown(test_answers, teardown),
		cmocka_unit_test_teardown(test_silence, teardown),
		cmocka_unit_test_teardown(test_full_queue, teardown),
		cmocka_unit_test_teardown(test_nobody, teardown),
		cmocka_unit_test_teardown(test_stranger, teardown),
		cmocka_unit_test_teardown(test_fall_back, teardown),
		cmocka_unit_test_teardown(test_no_fall_back, teardown),
		cmocka_unit_test_teardown(test_dry, teardown),
		cmocka_unit_test_teardown(test_list_ahead, teardown),
		cmocka_unit_test_teardown(test_old, teardown),
	};

	sis_log_setup("test", SIS_LOG_ERROR, false); /* falling back is warned of */
	return cmocka_run_group_tests_name("stgt/ipc", tests, dir_setup, dir_teardown);
}

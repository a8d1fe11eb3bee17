/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tgtd's management socket: the input is what the daemon answers, byte for byte, before it hangs up.
 * A request never waits longer than it may, and what comes out is an answer that is known.
 */
#include "fuzz.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "backend/stgt_ipc.h"

enum { HEADER = 120, LIMIT_MS = 5000 };

static int listener = -1;
static sis_strv sockets;

/* What the next connection is answered; the connection itself hands it over. */
static uint8_t answer[1 << 16];
static size_t answer_size;

static void serve_one(int fd)
{
	char request[HEADER + 8192];

	if (recv(fd, request, sizeof(request), 0) >= HEADER)
		(void)!send(fd, answer, answer_size, MSG_NOSIGNAL);
}

static void *serve(void *ctx)
{
	(void)ctx;
	for (;;) {
		sis_autoclose int fd = accept(listener, NULL, NULL);

		must(fd >= 0);
		serve_one(fd);
	}
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const none[] = { NULL };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	pthread_t thread;

	(void)argc;
	(void)argv;
	fuzz_dir_make(none);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", fuzz_dir);
	sis_strv_add(&sockets, at.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(listener, 8) == 0);
	must(pthread_create(&thread, NULL, serve, NULL) == 0);
	return 0;
}

static void text_begin(void *text)
{
	must(!((struct sis_str *)text)->len);
}

static void text_take(void *text, const char *piece, size_t len)
{
	must(!memchr(piece, '\0', len));
	sis_str_addn(text, piece, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sis_stgt_req q = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_TARGET };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autostr struct sis_str text = { 0 };
	const struct sis_stgt_taker to = { &text, text_begin, text_take };
	sis_autoclose int fd = -1;
	uint32_t code = 4711;
	pid_t pid;
	int r;

	/* a copy: who hears of an error hangs up before all is said */
	answer_size = size < sizeof(answer) ? size : sizeof(answer);
	memcpy(answer, data, answer_size);
	r = sis_stgt_ipc_socket(LIMIT_MS, &fd, &err);
	if (r == 0)
		r = sis_stgt_ipc_send(fd, &sockets, &q, LIMIT_MS, &pid, &err);
	if (r == 0)
		r = sis_stgt_ipc_answer(fd, LIMIT_MS, &to, &code, &err);
	if (r < 0) {
		must(r == -EPROTO && code == 4711);
		must_refuse(r, &err);
		return 0;
	}
	must(size >= 8 && code <= SIS_STGT_IPC_LAST_ANSWER);
	must(text.len <= size - 8 && (!text.len || memcmp(text.s, data + 8, text.len) == 0));
	return 0;
}

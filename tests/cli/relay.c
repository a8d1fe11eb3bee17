/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Stands between the program and tgtd's management socket, as tgtadm-wrapper stands before tgtadm:
 * passes requests on, notes those that change something in WORLD/calls and every one in
 * WORLD/count, and goes wrong when WORLD/fault says so (KIND N WHAT as there; what tgtadm says
 * without a daemon is an answer that never comes here). usage: relay WORLD SOCKET REAL-SOCKET
 *
 * Speaks of the protocol on its own, so that the program is not measured by itself.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER = 120, MAX_REQUEST = HEADER + 8192, MAX_ANSWER = 1 << 20, OP_SHOW = 2, REFUSED = 17 };

static const char *world;
static int listening;

static struct {
	char request[MAX_REQUEST + 1];
	size_t request_len;
	char answer[MAX_ANSWER];
	size_t answer_len;
} c;

static uint32_t number(const char *data, size_t at)
{
	uint32_t n;

	memcpy(&n, data + at, sizeof(n));
	return n;
}

static int open_socket(const char *path, bool listens)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (listens)
		(void)unlink(path);
	if (fd < 0 ||
	    (listens ? bind(fd, (struct sockaddr *)&at, sizeof(at)) :
		       connect(fd, (struct sockaddr *)&at, sizeof(at))) < 0 ||
	    (listens && listen(fd, 64) < 0))
		err(1, "%s", path);
	return fd;
}

static FILE *open_file(const char *name, const char *mode)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", world, name);
	return fopen(path, mode);
}

static void note(const char *name, const char *line)
{
	FILE *f = open_file(name, "a");

	if (!f)
		err(1, "%s/%s", world, name);
	fprintf(f, "%s\n", line);
	fclose(f);
}

static int count(const char *kind)
{
	FILE *f = open_file("count", "r");
	char line[32];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strcmp(kind, "call") == 0 || strncmp(line, kind, strlen(kind)) == 0;
	if (f)
		fclose(f);
	return n;
}

static bool read_request(int fd)
{
	size_t more;

	if (recv(fd, c.request, HEADER, MSG_WAITALL) != HEADER)
		return false;
	more = number(c.request, 72) - HEADER;
	if (more > MAX_REQUEST - HEADER ||
	    (more && recv(fd, c.request + HEADER, more, MSG_WAITALL) != (ssize_t)more))
		return false;
	c.request_len = HEADER + more;
	c.request[c.request_len] = '\0';
	return true;
}

static void ask(const char *real)
{
	int fd = open_socket(real, false);
	ssize_t n;

	c.answer_len = 0;
	if (send(fd, c.request, c.request_len, MSG_NOSIGNAL) < 0)
		err(1, "send");
	while ((n = recv(fd, c.answer + c.answer_len, MAX_ANSWER - c.answer_len, 0)) > 0)
		c.answer_len += (size_t)n;
	close(fd);
}

/* Which fault is due, or an empty string. */
static const char *due(void)
{
	static char kind[16], what[32];
	FILE *f = open_file("fault", "r");
	bool change = number(c.request, 4) != OP_SHOW;
	int n = 0;

	if (!f || fscanf(f, "%15s %d %31s", kind, &n, what) != 3 ||
	    (strcmp(kind, "change") == 0 && !change) || count(kind) != n)
		what[0] = '\0';
	if (f)
		fclose(f);
	return what;
}

static void end_process(pid_t pid)
{
	if (kill(pid, SIGKILL) < 0)
		err(1, "kill");
}

static void end_tgtd(void)
{
	FILE *f = open_file("tgtd.pid", "r");
	int pid;

	if (!f || fscanf(f, "%d", &pid) != 1)
		errx(1, "no tgtd.pid");
	end_process(pid);
	close(listening); /* before the client learns of it: from now on nobody listens */
	exit(0);
}

static void go_wrong(int fd, const char *what)
{
	const uint32_t refused[] = { REFUSED, 8 };
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char byte;

	c.answer_len = 0;
	if (strncmp(what, "kill", 4) == 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
			err(1, "SO_PEERCRED");
		end_process(peer.pid);
	} else if (strncmp(what, "fail", 4) == 0) {
		memcpy(c.answer, refused, c.answer_len = sizeof(refused));
	} else if (strcmp(what, "garbage") == 0) {
		memset(c.answer, 'x', c.answer_len = 100);
	} else if (strcmp(what, "hang") == 0) {
		(void)recv(fd, &byte, 1, 0);
	}
}

static void serve(int fd, const char *real)
{
	const char *what;

	if (!read_request(fd))
		return;
	note("count", number(c.request, 4) == OP_SHOW ? "call" : "change");
	if (number(c.request, 4) != OP_SHOW)
		note("calls", c.request_len > HEADER ? c.request + HEADER : "(no parameters)");
	what = due();
	if (*what)
		note("fault.done", what);
	if (!*what || strstr(what, "-after"))
		ask(real);
	if (strcmp(what, "tgtd-after") == 0)
		(void)send(fd, c.answer, c.answer_len, MSG_NOSIGNAL);
	if (strncmp(what, "tgtd", 4) == 0)
		end_tgtd();
	if (*what)
		go_wrong(fd, what);
	(void)send(fd, c.answer, c.answer_len, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 4)
		errx(2, "usage: relay WORLD SOCKET REAL-SOCKET");
	world = argv[1];
	listening = open_socket(argv[2], true);
	while ((fd = accept(listening, NULL, NULL)) >= 0) {
		serve(fd, argv[3]);
		close(fd);
	}
	err(1, "accept");
}

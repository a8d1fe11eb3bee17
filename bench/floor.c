/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The least that a share can cost: does what a plan says, knowing all of it in advance. Reads what
 * `shareiscsi plan` printed, makes every request ready, then sends them back to back and prints how
 * long that took, in nanoseconds. Reads nothing back and checks no more than that it was done.
 *
 * usage: floor SOCKET <PLAN (SOCKET: of tgtd, with its control port; "" for a plan without tgtadm)
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 40 };

/* A request of tgtd's management protocol (tgt: usr/tgtadm.h), host byte order. */
struct request {
	uint32_t mode, op;
	char driver[64];
	uint32_t len;
	int32_t tid;
	uint64_t sid, lun;
	uint32_t cid, host, device_type, account_direction, pack, force;
	char payload[512];
};

/* One line of the plan, ready to be done. */
struct step {
	enum { REQUEST, WRITE, MKDIR, RMDIR, SYMLINK, UNLINK } kind;
	char *path, *data;
	struct request *q;
};

static struct step *steps;
static size_t n_steps;
static struct sockaddr_un daemon_at = { .sun_family = AF_UNIX };

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "floor: %s '%s': %s\n", what, which, strerror(errno));
	exit(1);
}

static void *checked(void *p)
{
	if (!p)
		fail("cannot", "allocate memory");
	return p;
}

/* Cuts a line into words as a shell would, as far as plans need it. */
static int words(char *line, char **v)
{
	int n = 0;
	char *out = line;

	while (*line && n < MAX_WORDS - 1) {
		line += strspn(line, " \n");
		if (!*line)
			break;
		v[n++] = out;
		for (char quote = 0; *line && (quote || !strchr(" \n", *line)); line++) {
			if (quote ? *line == quote : *line == '"' || *line == '\'')
				quote = quote ? 0 : *line;
			else
				*out++ = *line;
		}
		line += *line != '\0';
		*out++ = '\0';
	}
	v[n] = NULL;
	return n;
}

/* ---- requests to tgtd ---- */

static uint32_t place(const char *word, const char *const *list)
{
	for (uint32_t i = 0; list[i]; i++)
		if (!strcmp(word, list[i]))
			return i;
	errno = EINVAL;
	fail("unknown word", word);
	return 0;
}

static void add(struct request *q, const char *key, const char *value)
{
	size_t len = strlen(q->payload);

	if (snprintf(q->payload + len, sizeof(q->payload) - len, "%s%s%s", len ? "," : "", key,
		     value) >= (int)(sizeof(q->payload) - len)) {
		errno = ENAMETOOLONG;
		fail("too long", value);
	}
}

static void option(struct request *q, const char *name, const char *value)
{
	static const char *const ops[] = {
		"new", "delete", "show", "bind", "unbind", "update", NULL
	};
	static const char *const modes[] = { "system", "target", "logicalunit", NULL };
	static const struct {
		const char *option, *key;
	} keys[] = { { "-T", "targetname=" },
		     { "-b", "path=" },
		     { "--params", "targetOps " },
		     { "--initiator-address", "initiator-address=" } };

	if (!strcmp(name, "--op"))
		q->op = place(value, ops);
	else if (!strcmp(name, "--mode"))
		q->mode = place(value, modes);
	else if (!strcmp(name, "--tid"))
		q->tid = atoi(value);
	else if (!strcmp(name, "--lun"))
		q->lun = (uint64_t)atoll(value);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(name, keys[i].option))
			add(q, keys[i].key, value);
}

static struct request *request_of(char **word)
{
	struct request *q = checked(calloc(1, sizeof(*q)));
	size_t len;

	strcpy(q->driver, "iscsi");
	q->tid = -1; /* all, where none is named */
	q->lun = UINT64_MAX;
	for (int i = 1; word[i] && word[i + 1]; i += 2)
		option(q, word[i], word[i + 1]);
	len = strlen(q->payload);
	q->len = (uint32_t)(offsetof(struct request, payload) + (len ? len + 1 : 0));
	return q;
}

static int send_request(const struct request *q)
{
	uint32_t answer[2];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fine = fd >= 0 && connect(fd, (struct sockaddr *)&daemon_at, sizeof(daemon_at)) == 0 &&
		   write(fd, q, q->len) == (ssize_t)q->len &&
		   recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer);
	char text[16384];

	while (fine && answer[1] > sizeof(answer) && recv(fd, text, sizeof(text), 0) > 0)
		; /* a listing, up to its end */
	if (fd >= 0)
		close(fd);
	if (fine && answer[0])
		errno = EPROTO;
	return fine && !answer[0] ? 0 : -1;
}

/* ---- lines ---- */

static void take_line(char *line)
{
	char *v[MAX_WORDS], *text = checked(strdup(line));
	struct step s = { .kind = WRITE };
	int n = words(text, v);

	if (n == 0 || v[0][0] == '#')
		return free(text);
	if (!strcmp(v[0], "tgtadm")) {
		s.kind = REQUEST;
		s.q = request_of(v);
		free(text);
	} else if (!strcmp(v[0], "echo") && n == 4) {
		s.data = v[1];
		s.path = v[3];
	} else if (!strcmp(v[0], "ln") && n == 4) {
		s.kind = SYMLINK;
		s.data = v[2];
		s.path = v[3];
	} else if (n == 2) {
		static const char *const names[] = { "mkdir", "rmdir", "", "rm", NULL };

		s.kind = MKDIR + place(v[0], names);
		s.path = v[1];
	} else {
		errno = EINVAL;
		fail("cannot read", line);
	}
	steps[n_steps++] = s;
}

static void read_plan(void)
{
	size_t room = 0, size = 0;
	char *line = NULL;

	while (getline(&line, &size, stdin) >= 0) {
		if (n_steps == room) {
			room = room ? room * 2 : 1024;
			steps = checked(realloc(steps, room * sizeof(*steps)));
		}
		take_line(line);
	}
	free(line);
}

static int write_file(const char *path, const char *data)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, data, strlen(data));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static int do_step(const struct step *s)
{
	switch (s->kind) {
	case REQUEST: return send_request(s->q);
	case WRITE: return write_file(s->path, s->data);
	case MKDIR: return mkdir(s->path, 0755);
	case RMDIR: return rmdir(s->path);
	case SYMLINK: return symlink(s->data, s->path);
	case UNLINK: return unlink(s->path);
	}
	return -1;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t start;

	if (argc != 2 || strlen(argv[1]) >= sizeof(daemon_at.sun_path))
		return fputs("usage: floor SOCKET <PLAN\n", stderr), 2;
	strcpy(daemon_at.sun_path, argv[1]);
	read_plan();
	start = now();
	for (size_t i = 0; i < n_steps; i++)
		if (do_step(&steps[i]) < 0)
			fail("step failed on", steps[i].path ? steps[i].path : steps[i].q->payload);
	printf("%llu\n", (unsigned long long)(now() - start));
	return 0;
}

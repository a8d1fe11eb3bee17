// SPDX-License-Identifier: MPL-2.0
/*
 * The control socket: what a test can do to the simulated system that no writer to sysfs could.
 * One command line a connection; the answer is "ok" or "error REASON", then lines of output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "objects.h"

enum { CLIENT_LIMIT_S = 5 }; /* a client that connects must say something soon */

static int listen_fd = -1;
static char *socket_path;
static pthread_t thread;

struct reply {
	FILE *out;         /* lines after the status */
	const char *error; /* NULL: ok */
};

static const char *error_text(int r)
{
	return r < 0 ? strerror(-r) : NULL;
}

static void cmd_login(char *args, struct reply *reply)
{
	const char *target = lex_word(&args), *initiator = lex_word(&args);
	const char *ip = lex_word(&args), *portal = lex_word(&args), *name;

	reply->error = session_login(target, initiator, *ip ? ip : "192.0.2.1",
				     *portal ? portal : "192.0.2.100", &name);
	if (!reply->error)
		fprintf(reply->out, "%s\n", name);
}

static void cmd_inject(char *args, struct reply *reply)
{
	struct target *target = target_find(lex_word(&args));
	const char *initiator = lex_word(&args), *ip = lex_word(&args);
	const char *portal = lex_word(&args), *name;

	if (!target || !*initiator) {
		reply->error = "inject TARGET INITIATOR [IP [PORTAL]]: no such target";
		return;
	}
	session_inject(target, initiator, *ip ? ip : "192.0.2.1",
		       *portal ? portal : "192.0.2.100", &name);
	fprintf(reply->out, "%s\n", name);
}

static void cmd_logout(char *args, struct reply *reply)
{
	struct target *target = target_find(lex_word(&args));
	struct session *session = target ? session_find(target, lex_word(&args)) : NULL;

	if (!session)
		reply->error = "logout TARGET SESSION: no such session";
	else
		session_end(session);
}

static void cmd_sessions(char *args, struct reply *reply)
{
	struct session *session;
	struct target *target;

	(void)args;
	TAILQ_FOREACH(target, &targets, entry) {
		TAILQ_FOREACH(session, &target->sessions, entry)
			fprintf(reply->out, "%s %s%s\n", target->name, session->name,
				session->closing ? " closing" : "");
	}
}

static void cmd_linger(char *args, struct reply *reply)
{
	unsigned long long refusals, ms;

	if (lex_unsigned(lex_word(&args), &refusals) < 0 ||
	    lex_unsigned(lex_word(&args), &ms) < 0) {
		reply->error = "linger REFUSALS MS";
		return;
	}
	sim.linger_refusals = refusals;
	sim.linger_ms = ms;
}

static bool on_off(const char *word, bool *value, struct reply *reply)
{
	*value = strcmp(word, "on") == 0;
	if (!*value && strcmp(word, "off") != 0)
		reply->error = "on or off";
	return !reply->error;
}

static void cmd_return(char *args, struct reply *reply)
{
	bool value;

	if (on_off(lex_word(&args), &value, reply))
		sim.initiators_return = value;
}

static void cmd_daemon(char *args, struct reply *reply)
{
	const char *word = lex_word(&args);

	if (strcmp(word, "start") == 0 || strcmp(word, "continue") == 0)
		driver_daemon_start();
	else if (strcmp(word, "kill") == 0)
		driver_daemon_kill();
	else if (strcmp(word, "hang") == 0 && sim.daemon == DAEMON_UP)
		sim.daemon = DAEMON_HUNG;
	else
		reply->error = "daemon start|kill|hang|continue";
}

static void cmd_eagain(char *args, struct reply *reply)
{
	const char *word = lex_word(&args), *delay = lex_word(&args);
	unsigned long long ms = sim.eagain_delay_ms;

	if (*delay && lex_unsigned(delay, &ms) < 0)
		reply->error = "eagain on|lost|off [MS]";
	else if (strcmp(word, "on") == 0)
		sim.eagain = EAGAIN_ON;
	else if (strcmp(word, "lost") == 0)
		sim.eagain = EAGAIN_LOST;
	else if (strcmp(word, "off") == 0)
		sim.eagain = EAGAIN_OFF;
	else
		reply->error = "eagain on|lost|off [MS]";
	sim.eagain_delay_ms = ms;
}

static void cmd_fault(char *args, struct reply *reply)
{
	reply->error = fault_add(args);
}

static void cmd_faults(char *args, struct reply *reply)
{
	if (strcmp(lex_word(&args), "clear") == 0)
		fault_clear();
	else
		fault_list(reply->out);
}

static void cmd_claim(char *args, struct reply *reply)
{
	reply->error = error_text(claim_add(args));
}

static void cmd_unclaim(char *args, struct reply *reply)
{
	reply->error = error_text(claim_del(args));
}

static void cmd_writes(char *args, struct reply *reply)
{
	(void)args;
	fprintf(reply->out, "%lu\n", sim.writes);
}

static void cmd_await(char *args, struct reply *reply)
{
	unsigned long long count;

	if (lex_unsigned(lex_word(&args), &count) < 0) {
		reply->error = "await COUNT";
		return;
	}
	while (sim.writes < count && !sim.stopping)
		pthread_cond_wait(&sim.change, &sim.lock);
}

static void cmd_idle(char *args, struct reply *reply)
{
	(void)args;
	while (queue_busy() && !sim.stopping)
		pthread_cond_wait(&sim.change, &sim.lock);
	fprintf(reply->out, "%d\n", sim.last_result);
}

static const struct command {
	const char *name;
	void (*run)(char *args, struct reply *reply);
} commands[] = {
	{ "await", cmd_await },       { "claim", cmd_claim },       { "daemon", cmd_daemon },
	{ "eagain", cmd_eagain },     { "fault", cmd_fault },       { "faults", cmd_faults },
	{ "idle", cmd_idle },         { "inject", cmd_inject },     { "linger", cmd_linger },
	{ "login", cmd_login },       { "logout", cmd_logout },     { "return", cmd_return },
	{ "sessions", cmd_sessions }, { "unclaim", cmd_unclaim },   { "writes", cmd_writes },
};

static void run_command(char *line, struct reply *reply)
{
	char *name = strsep(&line, " ");
	static char nothing[1];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			commands[i].run(line ? line : nothing, reply);
			return;
		}
	}
	reply->error = "unknown command";
}

static void serve(int fd, FILE *client)
{
	struct reply reply = { 0 };
	char *line = NULL, *text = NULL;
	size_t size = 0, text_size;

	if (getline(&line, &size, client) < 0) {
		free(line);
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	reply.out = open_memstream(&text, &text_size);
	if (!reply.out)
		abort();
	pthread_mutex_lock(&sim.lock);
	sessions_reap();
	run_command(line, &reply);
	pthread_cond_broadcast(&sim.change);
	pthread_mutex_unlock(&sim.lock);
	fclose(reply.out);
	/* A client that did not wait for its answer loses it. */
	if (reply.error)
		(void)dprintf(fd, "error %s\n", reply.error);
	else
		(void)dprintf(fd, "ok\n%s", text);
	free(text);
	free(line);
}

static void *control_main(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct timeval limit = { .tv_sec = CLIENT_LIMIT_S };
		FILE *client = fdopen(fd, "r");

		if (!client || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
			abort();
		serve(fd, client);
		fclose(client);
	}
	return NULL;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!path)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	unlink(path);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listen_fd < 0 || bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listen_fd, 16) < 0)
		return -errno;
	socket_path = xstrdup(path);
	return 0;
}

int control_start(void)
{
	return listen_fd < 0 ? 0 : -pthread_create(&thread, NULL, control_main, NULL);
}

void control_stop(void)
{
	if (listen_fd < 0)
		return;
	shutdown(listen_fd, SHUT_RDWR); /* wakes accept */
	pthread_join(thread, NULL);
	close(listen_fd);
	unlink(socket_path);
	free(socket_path);
}

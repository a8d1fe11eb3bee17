// SPDX-License-Identifier: MPL-2.0
/*
 * What ietadm does with a command line it has read: checks it as little as the real one, asks
 * the daemon, prints the answer. The order of the checks is the real one's, for it shows.
 */
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

/* Lets a connection or LUN finish later, as the kernel's threads do, while ietadm has ended. */
static void settle_later(const char *root, uint32_t ms)
{
	struct sim s;
	int null;

	if (ms == 0 || ms == SIM_NEVER || fork() != 0)
		return;

	/* whoever waits for the end of our output must not wait for this process */
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	setsid();
	sim_sleep_ms(ms);
	if (sim_open(&s, root) == 0) {
		sim_kernel_settle(&s);
		sim_commit(&s);
		sim_close(&s);
	}
	_exit(0);
}

static void print_account(bool outgoing, const char *user, const char *pass)
{
	printf("%sUser %s%s%s\n", outgoing ? "Outgoing" : "Incoming", user, pass ? " " : "",
	       pass ? pass : "");
}

static void print_accounts(const struct sim *s, const struct sim_request *rq)
{
	for (const struct sim_account *a = s->accounts; a; a = a->next) {
		if (a->tid == rq->tid && a->outgoing == rq->outgoing)
			print_account(a->outgoing, a->user, NULL);
	}
}

/* One request, one answer. Only negative errors are spoken of, by strerror alone (D2). */
static int ask(struct sim_request *rq)
{
	uint32_t settle_ms = 0;
	struct sim s;
	int err;

	if (sim_open(&s, rq->root) < 0)
		sim_die("state vanished");
	err = sim_daemon_request(&s, rq);
	if (err == 0 && rq->command == SIM_ACCOUNT_LIST)
		print_accounts(&s, rq);
	if (err == 0 && rq->command == SIM_CONN_DEL)
		settle_ms = s.set[SIM_CLOSE_MS];
	if (err == 0 && rq->command == SIM_LUN_DEL)
		settle_ms = s.set[SIM_DRAIN_MS];
	sim_commit(&s);
	sim_close(&s);

	if (err == SIM_LOST) {
		/* what the real one prints when the daemon dies under it */
		err = -EIO;
		fprintf(stderr, "ietd_response_recv 170 0 %d\n", err);
	}
	if (err < 0)
		fprintf(stderr, "%s.\n", strerror(-err));
	fflush(NULL);
	settle_later(rq->root, settle_ms);
	return err;
}

static void copy_cut(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static int handle_target(const struct sim_cmdline *c, struct sim_request *rq)
{
	char *name;
	int err;

	switch (c->op) {
	case SIM_OP_NEW:
		/* D2: all after the first '=' is the name; the key is exactly "Name" */
		name = c->params ? strchr(c->params, '=') : NULL;
		if (!name)
			return -EINVAL;
		*name++ = '\0';
		if (strcmp(c->params, "Name"))
			return -EINVAL;
		rq->command = SIM_TARGET_NEW;
		copy_cut(rq->name, sizeof(rq->name), name);
		return ask(rq);
	case SIM_OP_DELETE:
		rq->command = SIM_TARGET_DEL;
		return ask(rq);
	case SIM_OP_UPDATE:
		rq->command = SIM_TARGET_UPDATE;
		err = sim_param_parse(c->params, rq);
		return err < 0 ? err : ask(rq);
	case SIM_OP_SHOW:
	case SIM_OP_NONE:
		break;
	}
	rq->command = SIM_TARGET_SHOW;
	err = ask(rq);
	if (err == 0)
		sim_param_print(rq, false);
	return err;
}

/* D2: strncpy() from the parameters that were not given */
static void crash(void)
{
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static int handle_lun(const struct sim_cmdline *c, struct sim_request *rq)
{
	if (c->op == SIM_OP_UPDATE) {
		fputs("Unsupported.\n", stderr);
		return -EINVAL;
	}
	if (!(c->given & SIM_TID))
		return -EINVAL;
	if (c->op == SIM_OP_NEW && !c->params)
		crash();
	if (c->op == SIM_OP_NEW) {
		rq->command = SIM_LUN_NEW;
		copy_cut(rq->args, sizeof(rq->args), c->params);
	} else {
		/* "show" is sent, answered with success, and does nothing */
		rq->command = c->op == SIM_OP_DELETE ? SIM_LUN_DEL : SIM_NOTHING;
	}
	return ask(rq);
}

static int handle_connection(const struct sim_cmdline *c, struct sim_request *rq)
{
	if (c->op == SIM_OP_NEW || c->op == SIM_OP_UPDATE) {
		fputs("Unsupported.\n", stderr);
		return -EINVAL;
	}
	if ((c->given & (SIM_TID | SIM_SID | SIM_CID)) != (SIM_TID | SIM_SID | SIM_CID))
		return -EINVAL;
	rq->command = c->op == SIM_OP_DELETE ? SIM_CONN_DEL : SIM_NOTHING;
	return ask(rq);
}

static int handle_session(const struct sim_cmdline *c, struct sim_request *rq)
{
	int err;

	if (c->op == SIM_OP_NEW || c->op == SIM_OP_UPDATE) {
		fputs("Unsupported.\n", stderr);
		return -EINVAL;
	}
	/* "delete" of a session without --cid was never written: EINVAL, silently */
	if (!(c->given & SIM_TID) || c->op == SIM_OP_DELETE)
		return -EINVAL;
	rq->command = SIM_SESSION_SHOW;
	err = ask(rq);
	if (err == 0)
		sim_param_print(rq, true);
	return err;
}

/* Keys ignore case, words without '=' are skipped, the last of several counts. */
static int parse_user(char *params, struct sim_request *rq, char **ret_user, char **ret_pass)
{
	char *word;

	while ((word = strsep(&params, ","))) {
		char *value = strchr(word, '=');
		bool outgoing;

		if (!value)
			continue;
		*value++ = '\0';
		if (isspace((unsigned char)*value))
			value++;
		outgoing = !strcasecmp(word, "OutgoingUser");
		if (outgoing || !strcasecmp(word, "IncomingUser")) {
			if (*ret_user)
				fprintf(stderr, "Already specified %s %s\n",
					outgoing ? "OutgoingUser" : "IncomingUser", value);
			*ret_user = value;
			rq->outgoing = outgoing;
		} else if (!strcasecmp(word, "Password")) {
			if (*ret_pass)
				fprintf(stderr, "Already specified Password %s\n", value);
			*ret_pass = value;
		} else {
			fprintf(stderr, "Unknown parameter %p\n", (void *)value);
			return -EINVAL;
		}
	}
	return 0;
}

static int show_user(struct sim_request *rq, const char *user)
{
	int err;

	if (user) {
		rq->command = SIM_ACCOUNT_SHOW;
		copy_cut(rq->user, sizeof(rq->user), user);
		err = ask(rq);
		if (err == 0)
			print_account(rq->outgoing, rq->user, rq->pass);
		return err;
	}
	rq->command = SIM_ACCOUNT_LIST;
	rq->outgoing = false;
	err = ask(rq);
	rq->outgoing = true;
	return err == 0 ? ask(rq) : err;
}

static int handle_user(const struct sim_cmdline *c, struct sim_request *rq)
{
	char *user = NULL, *pass = NULL;
	int err;

	if (c->given & ~(unsigned int)(SIM_TID | SIM_USER))
		return -EINVAL;
	err = parse_user(c->params, rq, &user, &pass);
	if (err < 0)
		return err;
	if (c->op == SIM_OP_UPDATE) {
		fputs("Unsupported\n", stderr);
		return 0;	/* yes: says so and succeeds */
	}
	if (c->op == SIM_OP_NEW && (!user || !pass)) {
		fputs("Username and password must be specified\n", stderr);
		return -EINVAL;
	}
	if (c->op == SIM_OP_DELETE && !user) {
		fputs("Username must be specified\n", stderr);
		return -EINVAL;
	}
	if (c->op != SIM_OP_NEW && pass)
		fputs("Ignoring specified password\n", stderr);
	if (c->op == SIM_OP_SHOW)
		return show_user(rq, user);

	rq->command = c->op == SIM_OP_NEW ? SIM_ACCOUNT_NEW : SIM_ACCOUNT_DEL;
	copy_cut(rq->user, sizeof(rq->user), user);
	copy_cut(rq->pass, sizeof(rq->pass), pass ? pass : "");
	return ask(rq);
}

/*
 * D2: a missing --tid on delete means everything. The other operations leave the command at
 * zero, which is "new target", with tid 0 and an empty name: the kernel refuses it.
 */
static int handle_system(const struct sim_cmdline *c, struct sim_request *rq)
{
	rq->command = c->op == SIM_OP_DELETE ? SIM_SYSTEM_DEL : SIM_TARGET_NEW;
	rq->name[0] = '\0';
	return ask(rq);
}

int sim_request_run(const char *root, const struct sim_cmdline *c)
{
	struct sim_request rq = {
		.root = root, .tid = c->tid, .sid = c->sid, .cid = c->cid, .lun = c->lun,
	};

	if (c->given & SIM_USER)
		return handle_user(c, &rq);
	if (c->given & SIM_LUN)
		return handle_lun(c, &rq);
	if (c->given & SIM_CID)
		return handle_connection(c, &rq);
	if (c->given & SIM_SID)
		return handle_session(c, &rq);
	if (c->given & SIM_TID)
		return handle_target(c, &rq);
	return handle_system(c, &rq);
}

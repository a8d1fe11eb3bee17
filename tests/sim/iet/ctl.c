// SPDX-License-Identifier: MPL-2.0
/*
 * iet-sim-ctl DIR COMMAND...: what happens to an IET host besides ietadm. Daemon and module
 * come and go, initiators log in and out, faults are ordered. For tests only.
 *
 * Exit status: 0 done or "yes", 1 refused or "no", 2 usage, 99 the simulator is broken.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DONE = 0, REFUSED = 1, USAGE = 2 };

static int refuse(const char *why)
{
	fprintf(stderr, "iet-sim-ctl: %s\n", why);
	return REFUSED;
}

static bool parse_u32(const char *text, uint32_t *ret_val)
{
	char *end;
	unsigned long val;

	errno = 0;
	val = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || val >= SIM_NEVER)
		return false;
	*ret_val = (uint32_t)val;
	return true;
}

static bool is_address(const char *ip)
{
	unsigned char a[16];

	return inet_pton(AF_INET, ip, a) == 1 || inet_pton(AF_INET6, ip, a) == 1;
}

static int cmd_load(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	s->module = true;
	return DONE;
}

static int cmd_unload(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	if (s->daemon)
		return refuse("module in use: the daemon runs");
	s->module = false;
	return DONE;
}

static int cmd_start_daemon(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	if (!s->module)
		return refuse("cannot find iscsictl in /proc/devices");
	s->daemon = true;
	return DONE;
}

/* D1: the module stays, so /proc/net/iet does; D2: no target stays */
static int cmd_stop_daemon(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	sim_daemon_exit(s);
	return DONE;
}

static int cmd_set(struct sim *s, int argc, char **argv)
{
	uint32_t val = SIM_NEVER;

	if (argc != 2 || (strcmp(argv[1], "never") && !parse_u32(argv[1], &val)))
		return USAGE;
	for (int i = 0; i < SIM_SETTINGS; i++) {
		if (!strcmp(sim_setting_names[i], argv[0])) {
			s->set[i] = val;
			return DONE;
		}
	}
	return USAGE;
}

static int session_add(struct sim *s, int argc, char **argv)
{
	bool reconnect = false, digests = false;
	const char *portal = "192.0.2.1";
	struct sim_session *e;
	struct sim_target *t;
	uint32_t tid, cid = 0;

	if (argc < 3 || !parse_u32(argv[0], &tid) || !is_address(argv[2]))
		return USAGE;
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--reconnect"))
			reconnect = true;
		else if (!strcmp(argv[i], "--digests"))
			digests = true;
		else if (!strcmp(argv[i], "--portal") && i + 1 < argc && is_address(argv[i + 1]))
			portal = argv[++i];
		else if (!strcmp(argv[i], "--cid") && i + 1 < argc && parse_u32(argv[i + 1], &cid))
			i++;
		else
			return USAGE;
	}
	t = s->daemon ? sim_kernel_target(s, tid) : NULL;
	if (!t)
		return refuse("no such target");
	e = sim_kernel_session_add(s, t, argv[1], argv[2], portal);
	e->cid = (uint16_t)cid;
	e->reconnect = reconnect;
	e->digests = digests;
	printf("%" PRIu64 "\n", e->sid);
	return DONE;
}

/* The initiator logs out by itself: at once, and it does not come back. */
static int session_del(struct sim *s, int argc, char **argv)
{
	char *end;
	uint64_t sid;

	if (argc != 1)
		return USAGE;
	sid = strtoull(argv[0], &end, 10);
	if (*end)
		return USAGE;
	for (struct sim_target *t = s->targets; t; t = t->next) {
		for (struct sim_session **link = &t->sessions; *link; link = &(*link)->next) {
			struct sim_session *e = *link;

			if (e->sid != sid)
				continue;
			*link = e->next;
			sim_free_session(e);
			return DONE;
		}
	}
	return refuse("no such session");
}

static int cmd_session(struct sim *s, int argc, char **argv)
{
	if (argc > 0 && !strcmp(argv[0], "add"))
		return session_add(s, argc - 1, argv + 1);
	if (argc > 0 && !strcmp(argv[0], "del"))
		return session_del(s, argc - 1, argv + 1);
	return USAGE;
}

static int cmd_settle(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	sim_kernel_settle(s);
	return DONE;
}

/* N ... [before|after]: the Nth next run of ietadm, before or after it has done its work */
static int fault_add(struct sim *s, struct sim_fault *fault, int argc, char **argv, int fixed)
{
	const char *when = argc > fixed ? argv[fixed] : "before";

	fault->after = !strcmp(when, "after");
	if (argc < fixed || argc > fixed + 1 || (!fault->after && strcmp(when, "before")) ||
	    !parse_u32(argv[0], &fault->countdown) || fault->countdown == 0 ||
	    !parse_u32(argv[1], &fault->value) || (!fault->hang && fault->value > 255))
		return USAGE;
	sim_fault_add(s, fault);
	return DONE;
}

static int cmd_fail(struct sim *s, int argc, char **argv)
{
	struct sim_fault fault = { .text = argc > 2 ? argv[2] : NULL };

	return fault_add(s, &fault, argc, argv, 3);
}

static int cmd_hang(struct sim *s, int argc, char **argv)
{
	char none[] = "";
	struct sim_fault fault = { .hang = true, .text = none };

	return fault_add(s, &fault, argc, argv, 2);
}

static int cmd_delay(struct sim *s, int argc, char **argv)
{
	return argc == 1 && parse_u32(argv[0], &s->set[SIM_DELAY_MS]) ? DONE : USAGE;
}

static int cmd_login_allowed(struct sim *s, int argc, char **argv)
{
	struct sim_target *t;
	bool allowed;

	if (argc != 4 || !is_address(argv[2]) || !is_address(argv[3]))
		return USAGE;
	t = sim_daemon_target(s, argv[0]);
	if (!s->daemon || !t || t->ghost)
		return refuse("no such target");
	allowed = sim_login_allowed(s, t, argv[1], argv[2], argv[3]);
	puts(allowed ? "yes" : "no");
	return allowed ? DONE : REFUSED;
}

/* What an initiator sees of a LUN, and /proc does not tell. */
static int cmd_inquiry(struct sim *s, int argc, char **argv)
{
	const struct sim_lun *l;
	struct sim_target *t;
	uint32_t tid, lun;

	if (argc != 2 || !parse_u32(argv[0], &tid) || !parse_u32(argv[1], &lun))
		return USAGE;
	t = sim_kernel_target(s, tid);
	for (l = t ? t->luns : NULL; l && (l->lun != lun || l->deleted); l = l->next)
		continue;
	if (!l)
		return refuse("no such LUN");
	printf("scsi_id=%s scsi_sn=%s blocks=%" PRIu64 " block_size=%u read_only=%d\n",
	       l->scsi_id, l->scsi_sn, l->blocks, l->block_size, l->mode == SIM_RO);
	return DONE;
}

static int cmd_accounts(struct sim *s, int argc, char **argv)
{
	(void)argc, (void)argv;
	for (const struct sim_account *a = s->accounts; a; a = a->next)
		printf("%u %s %s %s\n", a->tid, a->outgoing ? "outgoing" : "incoming", a->user,
		       a->pass);
	return DONE;
}

static int print_text(const struct sim *s, const char *file, int argc, char **argv)
{
	if (argc > 1 || (argc == 1 && strcmp(argv[0], "clear")))
		return USAGE;
	if (argc == 1)
		sim_text_remove(s, file);
	else
		sim_text_print(s, file);
	return DONE;
}

static int cmd_log(struct sim *s, int argc, char **argv)
{
	return print_text(s, "log", argc, argv);
}

static int cmd_dmesg(struct sim *s, int argc, char **argv)
{
	return print_text(s, "dmesg", argc, argv);
}

/* A symlink to the ietadm beside this program, where distributions put the real one. */
static int cmd_install(struct sim *s, int argc, char **argv)
{
	const char *place = argc == 1 ? argv[0] : "usr/sbin";
	char exe[PATH_MAX + 1] = "", *path, *target;

	if (argc > 1 || (strcmp(place, "usr/sbin") && strcmp(place, "sbin")))
		return USAGE;
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) <= 0)
		sim_die("cannot find myself");
	*strrchr(exe, '/') = '\0';
	target = sim_format("%s/ietadm", exe);
	path = sim_format("%s/%s/ietadm", s->root, place);
	sim_mkdir_parents(path);
	if (symlink(target, path) < 0 && errno != EEXIST)
		sim_die("symlink %s: %s", path, strerror(errno));
	free(path);
	free(target);
	return DONE;
}

static const struct command {
	const char *name;
	int (*run)(struct sim *s, int argc, char **argv);
	const char *args;
} commands[] = {
	{ "load", cmd_load, "" },
	{ "unload", cmd_unload, "" },
	{ "start-daemon", cmd_start_daemon, "" },
	{ "stop-daemon", cmd_stop_daemon, "" },
	{ "install", cmd_install, "[usr/sbin|sbin]" },
	{ "set", cmd_set, "close-ms|drain-ms|delay-ms|busy-delete|files-as-disks|root-only "
			  "NUMBER|never" },
	{ "session", cmd_session, "add TID INITIATOR IP [--reconnect] [--digests] [--cid CID] "
				  "[--portal IP] | del SID" },
	{ "settle", cmd_settle, "" },
	{ "fail", cmd_fail, "N EXIT TEXT [before|after]" },
	{ "hang", cmd_hang, "N MS [before|after]" },
	{ "delay", cmd_delay, "MS" },
	{ "login-allowed", cmd_login_allowed, "TARGET INITIATOR IP TARGETIP" },
	{ "inquiry", cmd_inquiry, "TID LUN" },
	{ "accounts", cmd_accounts, "" },
	{ "log", cmd_log, "[clear]" },
	{ "dmesg", cmd_dmesg, "[clear]" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(void)
{
	fputs("usage: iet-sim-ctl DIR init [--version 1.4.19|1.4.20.3]\n"
	      "       iet-sim-ctl DIR reset\n", stderr);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "       iet-sim-ctl DIR %s %s\n", commands[i].name,
			commands[i].args);
	return USAGE;
}

/* init and reset both end in a fresh host: module loaded, daemon running, nothing shared. */
static int start_over(const char *root, const char *version)
{
	struct sim s;

	sim_init(&s, root, version);
	sim_text_remove(&s, "log");
	sim_text_remove(&s, "dmesg");
	sim_commit(&s);
	sim_close(&s);
	return DONE;
}

static int cmd_init(const char *root, int argc, char **argv)
{
	if (argc == 0)
		return start_over(root, "1.4.19");
	if (argc != 2 || strcmp(argv[0], "--version") || strncmp(argv[1], "1.4.", 4))
		return usage();
	return start_over(root, argv[1]);
}

static int cmd_reset(const char *root)
{
	char *version;
	struct sim s;
	int status;

	if (sim_open(&s, root) < 0)
		return refuse("not initialised");
	version = sim_copy(s.version);
	sim_close(&s);
	status = start_over(root, version);
	free(version);
	return status;
}

static int run(const struct command *command, const char *root, int argc, char **argv)
{
	struct sim s;
	int status;

	if (sim_open(&s, root) < 0)
		return refuse("not initialised");
	status = command->run(&s, argc, argv);
	if (status == DONE)
		sim_commit(&s);
	sim_close(&s);
	return status == USAGE ? usage() : status;
}

int main(int argc, char **argv)
{
	char *root = argc < 3 ? NULL : realpath(argv[1], NULL);
	int status = USAGE;
	size_t i;

	if (argc >= 3 && !root)
		sim_die("%s: %s", argv[1], strerror(errno));
	for (i = 0; root && i < COMMANDS && strcmp(commands[i].name, argv[2]); i++)
		continue;
	if (!root)
		usage();
	else if (i < COMMANDS)
		status = run(&commands[i], root, argc - 3, argv + 3);
	else if (!strcmp(argv[2], "init"))
		status = cmd_init(root, argc - 3, argv + 3);
	else if (!strcmp(argv[2], "reset") && argc == 3)
		status = cmd_reset(root);
	else
		usage();
	free(root);
	return status;
}

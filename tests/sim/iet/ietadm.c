// SPDX-License-Identifier: MPL-2.0
/*
 * A stand-in for ietadm 1.4.19 (or 1.4.20): the same command line, read as strictly and as
 * loosely, the same texts and exit statuses (D2). It serves the tree it is installed in, as
 * DIR/usr/sbin/ietadm or DIR/sbin/ietadm, and needs no environment. It touches nothing outside.
 */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static char *root;	/* DIR */

static enum sim_op parse_op(const char *word)
{
	static const char *const names[] = { "new", "delete", "update", "show" };

	for (enum sim_op op = SIM_OP_NEW; op < SIM_OP_NONE; op++) {
		if (!strcmp(names[op], word))
			return op;
	}
	return SIM_OP_NONE;
}

static int print_version(void)
{
	struct sim s;

	if (sim_open(&s, root) < 0)
		sim_die("state vanished");
	printf("ietadm version %s\n", s.version);
	sim_close(&s);
	return 0;
}

static int print_help(void)
{
	puts("Usage: ietadm [OPTION]\n"
	     "iSCSI Enterprise Target Administration Utility (simulated).\n\n"
	     "  --op new|delete|update|show  --tid=[id] --sid=[sid] --cid=[cid] --lun=[lun]\n"
	     "  --params key=value,...  --user\n"
	     "  --op delete           stop all activity.\n"
	     "  --version             display version and exit\n"
	     "  --help                display this help and exit");
	return 0;
}

static int refuse_usage(void)
{
	fputs("Try `ietadm --help' for more information.\n", stderr);
	return -1;
}

/* D2: numbers go through strtoul unchecked: "" and "abc" are 0, and high bits are lost */
static void take_option(struct sim_cmdline *c, int option)
{
	switch (option) {
	case 'o':
		c->op = parse_op(optarg);
		break;
	case 't':
		c->tid = (uint32_t)strtoul(optarg, NULL, 10);
		c->given |= SIM_TID;
		break;
	case 's':
		c->sid = strtoull(optarg, NULL, 10);
		c->given |= SIM_SID;
		break;
	case 'c':
		c->cid = (uint32_t)strtoul(optarg, NULL, 10);
		c->given |= SIM_CID;
		break;
	case 'l':
		c->lun = (uint32_t)strtoul(optarg, NULL, 10);
		c->given |= SIM_LUN;
		break;
	case 'p':
		c->params = optarg;
		break;
	case 'u':
		c->given |= SIM_USER;
		break;
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "op", required_argument, NULL, 'o' },
		{ "tid", required_argument, NULL, 't' },
		{ "sid", required_argument, NULL, 's' },
		{ "cid", required_argument, NULL, 'c' },
		{ "lun", required_argument, NULL, 'l' },
		{ "params", required_argument, NULL, 'p' },
		{ "user", no_argument, NULL, 'u' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sim_cmdline c = { .op = SIM_OP_NONE };
	int option;

	while ((option = getopt_long(argc, argv, "o:t:s:c:l:p:uvh", options, NULL)) >= 0) {
		if (option == 'v')
			return print_version();
		if (option == 'h')
			return print_help();
		if (option == '?')
			return refuse_usage();
		take_option(&c, option);
	}
	if (c.op == SIM_OP_NONE) {
		fputs("You must specify the operation type\n", stderr);
		return -EINVAL;
	}
	if (optind < argc) {
		fputs("unrecognized: ", stderr);
		while (optind < argc)
			fputs(argv[optind++], stderr);
		fputc('\n', stderr);
		return refuse_usage();
	}
	return sim_request_run(root, &c);
}

/* DIR of a program in DIR/usr/sbin or DIR/sbin, if it has a state; caller frees. */
static char *root_of(const char *program)
{
	static const char *const places[] = { "/usr/sbin", "/sbin" };
	char *copy = sim_copy(program), *slash = strrchr(copy, '/'), *dir = NULL;

	/* the directory is resolved, the program itself is not: it may be a symlink */
	if (slash) {
		*slash = '\0';
		dir = realpath(*copy ? copy : "/", NULL);
	}
	free(copy);
	for (size_t i = 0; dir && i < sizeof(places) / sizeof(places[0]); i++) {
		size_t len = strlen(dir), tail = strlen(places[i]);
		struct sim s;

		if (len < tail || strcmp(dir + len - tail, places[i]))
			continue;
		dir[len - tail] = '\0';
		if (sim_open(&s, dir) == 0) {
			sim_close(&s);
			return dir;
		}
		break;
	}
	free(dir);
	return NULL;
}

static void find_root(void)
{
	char exe[PATH_MAX + 1] = "";
	ssize_t len;

	root = root_of((const char *)getauxval(AT_EXECFN));
	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (!root && len > 0)
		root = root_of(exe);
	if (!root)
		sim_die("not installed below a directory that iet-sim-ctl has initialised");
}

static struct sim_trouble begin(char **argv)
{
	struct sim_trouble trouble;
	struct sim s;
	bool counting;

	if (sim_open(&s, root) < 0)
		sim_die("state vanished");
	sim_log_argv(&s, argv);
	counting = s.faults;
	sim_fault_take(&s, &trouble);
	if (counting)
		sim_commit(&s);
	sim_close(&s);
	return trouble;
}

static int fail(const struct sim_trouble *trouble)
{
	if (*trouble->text)
		fprintf(stderr, "%s\n", trouble->text);
	return trouble->status;
}

int main(int argc, char **argv)
{
	struct sim_trouble trouble;
	int status;

	find_root();
	trouble = begin(argv);
	sim_sleep_ms(trouble.before_ms);
	if (trouble.fail_before) {
		status = fail(&trouble);
	} else {
		status = run(argc, argv);
		fflush(NULL);
		sim_sleep_ms(trouble.after_ms);
		if (trouble.fail_after)
			status = fail(&trouble);
	}
	free(trouble.text);
	free(root);
	return status;	/* D2: the low eight bits, so -ECONNREFUSED is 145 */
}

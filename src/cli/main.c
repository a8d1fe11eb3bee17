/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The program: by the name it was called it is `shareiscsi` or one of the front ends `zfs` and
 * `zpool`. Parses the command line, prints the one error line, turns errors into exit statuses.
 */
#include <getopt.h>
#include <libgen.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/front.h"
#include "cli/verb.h"
#include "core/sync.h"

const struct sis_verb sis_verbs[] = {
	{ "share", "-a | NAME...", "make live what the property says",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE, sis_cmd_share },
	{ "unshare", "[-f] -a | NAME...", "take shares away, leave the property alone",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE, sis_cmd_unshare },
	{ "sync", "[-f] [NAME...]", "make live state equal to the properties, both ways",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE, sis_cmd_sync },
	{ "plan", "[NAME...]", "print what sync would do", SIS_FLAG_ALL | SIS_FLAG_FORCE,
	  sis_cmd_plan },
	{ "status", "[NAME...]", "show volumes, their shares and what differs", SIS_FLAG_ALL,
	  sis_cmd_status },
	{ "sessions", "[NAME...]", "show who is logged in", SIS_FLAG_ALL, sis_cmd_sessions },
	{ "options", "", "show the options of property shareiscsi", 0, sis_cmd_options },
	{ "backends", "", "show which iSCSI targets are there and which runs", 0,
	  sis_cmd_backends },
	{ "iqn", "NAME...", "print the target name a volume has or would get", 0, sis_cmd_iqn },
	{ 0 },
};

enum {
	OPT_BACKEND = 256,
	OPT_STORE,
	OPT_ROOT,
	OPT_FROM,
	OPT_LATER,
	OPT_QUEUED,
	OPT_PROMETHEUS,
};

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "force", no_argument, NULL, 'f' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "json", no_argument, NULL, 'j' },
	{ "control-port", required_argument, NULL, 'C' },
	{ "backend", required_argument, NULL, OPT_BACKEND },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "later", no_argument, NULL, OPT_LATER },
	{ "queued", no_argument, NULL, OPT_QUEUED },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_usage(FILE *f)
{
	fputs("usage: shareiscsi VERB [OPTION...] [NAME...]\n\nverbs:\n", f);
	for (const struct sis_verb *v = sis_verbs; v->name; v++)
		fprintf(f, "  %-9s %-18s %s\n", v->name, v->usage, v->help);
	fputs("\noptions:\n"
	      "  -a, --all                everything, instead of names\n"
	      "  -f, --force              end the sessions that are in the way\n"
	      "  -n, --dry-run            change nothing, print what would be done\n"
	      "  -v, --verbose            say each step as it is done\n"
	      "  -j, --json               results as JSON\n"
	      "      --backend NAME       iet, stgt, scst or lio; default: the first that runs\n"
	      "      --store NAME[:PATH]  zfs or dir:PATH; default: the first that is there\n"
	      "      --from NAME          sync, plan: move shares here from this other target\n"
	      "      --later              sync: only note the names, for a run with --queued\n"
	      "      --queued             sync: look at what was noted since the last such run\n"
	      "      --prometheus         status: as metrics for Prometheus\n"
	      "      --root DIR           prefix of /etc, /proc, /sys, /run and /sbin\n"
	      "  -C, --control-port N     tgtd's control port\n"
	      "  -h, --help; -V, --version\n"
	      "\nexit status: 0 done or in sync; 1 failed; 2 usage; 3 plan or status found\n"
	      "differences; 4 refused, initiators are connected; 5 no running target\n",
	      f);
}

static int usage_error(struct sis_err *err, const char *what, const char *word)
{
	return sis_err_set(err, SIS_ERR_USAGE, "%s%s%s%s; `shareiscsi --help` lists what there is",
			   what, *word ? " '" : "", word, *word ? "'" : "");
}

static int parse_port(struct sis_args *a, const char *text, struct sis_err *err)
{
	uint64_t n;

	if (sis_parse_u64(text, 0, 65535, &n) < 0)
		return usage_error(err, "control port must be 0 to 65535, not", text);
	a->choice.control_port = (unsigned)n;
	a->choice.control_port_set = true;
	return 0;
}

/* 0, or 1 when help or version was asked for and printed. */
static int parse_option(struct sis_args *a, int c, const char *word, struct sis_err *err)
{
	switch (c) {
	case 'a': a->flags |= SIS_FLAG_ALL; return 0;
	case 'f': a->flags |= SIS_FLAG_FORCE; return 0;
	case 'n': a->flags |= SIS_FLAG_DRY; return 0;
	case 'v': a->flags |= SIS_FLAG_VERBOSE; return 0;
	case 'j': a->flags |= SIS_FLAG_JSON; return 0;
	case 'C': return parse_port(a, optarg, err);
	case OPT_BACKEND: a->choice.backend = optarg; return 0;
	case OPT_STORE: a->choice.store = optarg; return 0;
	case OPT_ROOT: a->choice.root = optarg; return 0;
	case OPT_FROM: a->from = optarg; return 0;
	case OPT_LATER: a->flags |= SIS_FLAG_LATER; return 0;
	case OPT_QUEUED: a->flags |= SIS_FLAG_QUEUED; return 0;
	case OPT_PROMETHEUS: a->flags |= SIS_FLAG_METRICS; return 0;
	case 'h': print_usage(stdout); return 1;
	case 'V': puts("shareiscsi " SIS_VERSION); return 1;
	case ':': return usage_error(err, "a value is missing behind", word);
	default: return usage_error(err, "unknown option", word);
	}
}

static int parse_args(int argc, char **argv, struct sis_args *a, struct sis_err *err)
{
	int rc = 0, c;

	opterr = 0;
	while (rc == 0 && (c = getopt_long(argc, argv, ":afnvjC:hV", long_options, NULL)) != -1)
		rc = parse_option(a, c, argv[optind - 1], err);
	for (int i = optind; rc == 0 && i < argc; i++)
		sis_strv_add(&a->names, argv[i]);
	a->choice.dry = a->flags & SIS_FLAG_DRY;
	a->choice.verbose = a->flags & SIS_FLAG_VERBOSE;
	return rc;
}

static const struct sis_verb *find_verb(const char *name)
{
	for (const struct sis_verb *v = sis_verbs; v->name; v++)
		if (sis_streq(v->name, name))
			return v;
	return NULL;
}

static int check_flags(const struct sis_verb *v, const struct sis_args *a, struct sis_err *err)
{
	unsigned extra = a->flags & (SIS_FLAG_ALL | SIS_FLAG_FORCE) & ~v->flags;

	if (extra)
		return usage_error(err, "this verb does not take",
				   extra & SIS_FLAG_ALL ? "-a" : "-f");
	if (a->from && v->run != sis_cmd_sync && v->run != sis_cmd_plan)
		return usage_error(err, "only sync and plan take", "--from");
	if (a->flags & (SIS_FLAG_LATER | SIS_FLAG_QUEUED) && v->run != sis_cmd_sync)
		return usage_error(err, "only sync takes",
				   a->flags & SIS_FLAG_LATER ? "--later" : "--queued");
	if (a->flags & SIS_FLAG_METRICS && v->run != sis_cmd_status)
		return usage_error(err, "only status takes", "--prometheus");
	if (a->flags & SIS_FLAG_ALL && a->names.n)
		return usage_error(err, "-a takes no names, but there is", a->names.v[0]);
	if (a->flags & SIS_FLAG_QUEUED && a->names.n)
		return usage_error(err, "--queued takes no names, but there is", a->names.v[0]);
	return 0;
}

static int run_verb(struct sis_args *a, struct sis_err *err)
{
	const struct sis_verb *v;
	sis_autofree char *name = NULL;
	int rc;

	if (!a->names.n)
		return usage_error(err, "no verb given", "");
	v = find_verb(a->names.v[0]);
	if (!v)
		return usage_error(err, "unknown verb", a->names.v[0]);
	name = a->names.v[0];
	sis_vec_remove(&a->names, 0);
	rc = check_flags(v, a, err);
	return rc < 0 ? rc : v->run(a, err);
}

static int shareiscsi_main(int argc, char **argv)
{
	struct sis_args args = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int rc = parse_args(argc, argv, &args, &err);

	sis_log_setup("shareiscsi", args.choice.verbose ? SIS_LOG_INFO : SIS_LOG_WARN, false);
	if (rc == 0)
		rc = run_verb(&args, &err);
	else if (rc > 0)
		rc = 0;
	if (rc < 0) {
		sis_log(SIS_LOG_ERROR, "%s", sis_err_msg(&err));
		rc = sis_exit_status(err.code);
	}
	sis_strv_free(&args.names);
	/* Results that did not reach their reader are no results. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		sis_log(SIS_LOG_ERROR, "cannot write to standard output");
		rc = rc ? rc : 1;
	}
	return rc;
}

int main(int argc, char **argv)
{
	sis_autofree char *copy = sis_strdup(argc > 0 ? argv[0] : "shareiscsi");
	const char *name = basename(copy);

	if (sis_streq(name, "zfs"))
		return sis_front_zfs(argc, argv);
	if (sis_streq(name, "zpool"))
		return sis_front_zpool(argc, argv);
	return shareiscsi_main(argc, argv);
}

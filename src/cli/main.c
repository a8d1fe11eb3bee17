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
#include "cli/out.h"
#include "cli/verb.h"
#include "core/sync.h"

const struct sis_verb sis_verbs[] = {
	{ "share", "-a | NAME...", "make live what the property says",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE, sis_cmd_share },
	{ "unshare", "[-f] -a | NAME...", "take shares away, leave the property alone",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE | SIS_FLAG_HOLD, sis_cmd_unshare },
	{ "sync", "[-f] [NAME...]", "make live state equal to the properties, both ways",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE | SIS_FLAG_FROM | SIS_FLAG_LATER | SIS_FLAG_QUEUED |
		  SIS_FLAG_RELEASE | SIS_FLAG_WAIT,
	  sis_cmd_sync },
	{ "plan", "[NAME...]", "print what sync would do",
	  SIS_FLAG_ALL | SIS_FLAG_FORCE | SIS_FLAG_FROM, sis_cmd_plan },
	{ "adopt", "-a | NAME...", "take over targets that others made",
	  SIS_FLAG_ALL | SIS_FLAG_OPTION, sis_cmd_adopt },
	{ "status", "[NAME...]", "show volumes, their shares and what differs",
	  SIS_FLAG_ALL | SIS_FLAG_METRICS, sis_cmd_status },
	{ "sessions", "[NAME...]", "show who is logged in", SIS_FLAG_ALL, sis_cmd_sessions },
	{ "options", "", "show the options of property shareiscsi", 0, sis_cmd_options },
	{ "backends", "", "show which iSCSI targets are there and which runs", SIS_FLAG_CAPS,
	  sis_cmd_backends },
	{ "iqn", "NAME...", "print the target name a volume has or would get", 0, sis_cmd_iqn },
	{ "completion", "-- WORD...", "for shells: print what the last word may become", 0,
	  sis_cmd_completion },
	{ 0 },
};

const struct sis_cli_option sis_cli_options[] = {
	{ "all", 'a', NULL, SIS_FLAG_ALL, "everything, instead of names" },
	{ "force", 'f', NULL, SIS_FLAG_FORCE, "end the sessions that are in the way" },
	{ "dry-run", 'n', NULL, SIS_FLAG_DRY, "change nothing, print what would be done" },
	{ "verbose", 'v', NULL, SIS_FLAG_VERBOSE, "say each step as it is done" },
	{ "json", 'j', NULL, SIS_FLAG_JSON, "results as JSON" },
	{ "backend", SIS_OPTION_BACKEND, "NAME", 0,
	  "iet, stgt, scst or lio; default: the first that runs" },
	{ "store", SIS_OPTION_STORE, "NAME[:PATH]", 0,
	  "zfs or dir:PATH; default: zfs" },
	{ "option", 'o', "auth=NAME", SIS_FLAG_OPTION,
	  "adopt: what a live target does not tell" },
	{ "from", SIS_OPTION_FROM, "NAME", SIS_FLAG_FROM,
	  "sync, plan: move shares here from this other target" },
	{ "later", SIS_OPTION_LATER, NULL, SIS_FLAG_LATER,
	  "sync: only note the names, for a run with --queued" },
	{ "queued", SIS_OPTION_QUEUED, NULL, SIS_FLAG_QUEUED,
	  "sync: look at what was noted since the last such run" },
	{ "wait", SIS_OPTION_WAIT, NULL, SIS_FLAG_WAIT,
	  "sync: until no other run is at work, however long that takes" },
	{ "hold", SIS_OPTION_HOLD, NULL, SIS_FLAG_HOLD,
	  "unshare: and hold back, until the next boot or --release" },
	{ "release", SIS_OPTION_RELEASE, NULL, SIS_FLAG_RELEASE,
	  "sync: what was held back is shared again" },
	{ "prometheus", SIS_OPTION_PROMETHEUS, NULL, SIS_FLAG_METRICS,
	  "status: as metrics for Prometheus" },
	{ "capabilities", SIS_OPTION_CAPABILITIES, NULL, SIS_FLAG_CAPS,
	  "backends: what each of them can do" },
	{ "root", SIS_OPTION_ROOT, "DIR", 0, "prefix of /etc, /proc, /sys, /run and /sbin" },
	{ "control-port", 'C', "N", 0, "tgtd's control port" },
	{ "help", 'h', NULL, 0, "print this" },
	{ "version", 'V', NULL, 0, "print the version" },
	{ 0 },
};

enum { OPTIONS = sizeof(sis_cli_options) / sizeof(sis_cli_options[0]) - 1 };

static void print_option(FILE *f, const struct sis_cli_option *o)
{
	sis_autofree char *name =
		o->arg ? sis_asprintf("%s %s", o->name, o->arg) : sis_strdup(o->name);

	if (o->letter < 256)
		fprintf(f, "  -%c, --%-18s %s\n", o->letter, name, o->help);
	else
		fprintf(f, "      --%-18s %s\n", name, o->help);
}

static void print_usage(FILE *f)
{
	fputs("usage: shareiscsi VERB [OPTION...] [NAME...]\n\nverbs:\n", f);
	for (const struct sis_verb *v = sis_verbs; v->name; v++)
		fprintf(f, "  %-10s %-18s %s\n", v->name, v->usage, v->help);
	fputs("\noptions:\n", f);
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++)
		print_option(f, o);
	fputs("\nexit status: 0 done or in sync; 1 failed; 2 usage; 3 plan or status found\n"
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
static int parse_option(struct sis_args *a, int letter, const char *word, struct sis_err *err)
{
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++)
		if (o->letter == letter)
			a->flags |= o->flag;
	switch (letter) {
	case 'C': return parse_port(a, optarg, err);
	case 'o':
		if (a->option)
			return usage_error(err, "-o can be given once, and there is also", optarg);
		a->option = optarg;
		return 0;
	case SIS_OPTION_BACKEND: a->choice.backend = optarg; return 0;
	case SIS_OPTION_STORE: a->choice.store = optarg; return 0;
	case SIS_OPTION_ROOT: a->choice.root = optarg; return 0;
	case SIS_OPTION_FROM: a->from = optarg; return 0;
	case 'h': print_usage(stdout); return 1;
	case 'V': puts("shareiscsi " SIS_VERSION); return 1;
	case ':': return usage_error(err, "a value is missing behind", word);
	case '?': return usage_error(err, "unknown option", word);
	default: return 0; /* its flag is all there is to it */
	}
}

/* The table as getopt_long() wants it. */
static void getopt_tables(struct option *longs, struct sis_str *letters)
{
	sis_str_addc(letters, ':');
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++) {
		*longs++ = (struct option){ .name = o->name,
					    .has_arg = o->arg ? required_argument : no_argument,
					    .val = o->letter };
		if (o->letter < 256)
			sis_str_addf(letters, "%c%s", o->letter, o->arg ? ":" : "");
	}
}

static int parse_args(int argc, char **argv, struct sis_args *a, struct sis_err *err)
{
	struct option longs[OPTIONS + 1] = { 0 };
	sis_autostr struct sis_str letters = { 0 };
	int rc = 0, c;

	getopt_tables(longs, &letters);
	opterr = 0;
	while ((c = getopt_long(argc, argv, sis_str_get(&letters), longs, NULL)) != -1)
		if (rc == 0)
			rc = parse_option(a, c, argv[optind - 1], err);
		else if (c == 'j') /* for what was wrong before it, too */
			a->flags |= SIS_FLAG_JSON;
	for (int i = optind; rc == 0 && i < argc; i++)
		sis_strv_add(&a->names, argv[i]);
	a->choice.dry = a->flags & SIS_FLAG_DRY;
	a->choice.verbose = a->flags & SIS_FLAG_VERBOSE;
	a->choice.wait = a->flags & SIS_FLAG_WAIT;
	return rc;
}

const struct sis_verb *sis_verb_find(const char *name)
{
	for (const struct sis_verb *v = sis_verbs; v->name; v++)
		if (sis_streq(v->name, name))
			return v;
	return NULL;
}

bool sis_verb_takes(const struct sis_verb *v, const struct sis_cli_option *o)
{
	return (o->flag & ~(v->flags | SIS_FLAG_ANY)) == 0;
}

/* Options that exclude each other, and those that change something even in a dry run. */
static int check_together(const struct sis_args *a, struct sis_err *err)
{
	const unsigned queue = SIS_FLAG_LATER | SIS_FLAG_QUEUED;
	const unsigned holds = SIS_FLAG_HOLD | SIS_FLAG_RELEASE;

	if (a->flags & SIS_FLAG_ALL && a->names.n)
		return usage_error(err, "-a takes no names, but there is", a->names.v[0]);
	if (a->flags & SIS_FLAG_QUEUED && a->names.n)
		return usage_error(err, "--queued takes no names, but there is", a->names.v[0]);
	if (a->flags & SIS_FLAG_HOLD && a->flags & SIS_FLAG_ALL)
		return usage_error(err, "--hold needs the names of what to hold back, not", "-a");
	if (a->flags & queue && a->flags & SIS_FLAG_RELEASE)
		return usage_error(err, "--later and --queued do not go with", "--release");
	if (a->flags & (queue | holds) && a->flags & SIS_FLAG_DRY)
		return usage_error(err, "--later, --queued, --hold and --release have no dry run",
				   "");
	if (a->flags & (queue | SIS_FLAG_METRICS) && a->flags & SIS_FLAG_JSON)
		return usage_error(err, "--later, --queued and --prometheus do not go with", "-j");
	return 0;
}

static int check_flags(const struct sis_verb *v, const struct sis_args *a, struct sis_err *err)
{
	for (const struct sis_cli_option *o = sis_cli_options; o->name; o++) {
		sis_autofree char *word = o->letter < 256 ? sis_asprintf("-%c", o->letter) :
							    sis_asprintf("--%s", o->name);

		if (a->flags & o->flag && !sis_verb_takes(v, o))
			return usage_error(err, "this verb does not take", word);
	}
	return check_together(a, err);
}

static int run_verb(struct sis_args *a, struct sis_err *err)
{
	const struct sis_verb *v;
	sis_autofree char *name = NULL;
	int rc;

	if (!a->names.n)
		return usage_error(err, "no verb given", "");
	v = sis_verb_find(a->names.v[0]);
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
		if (args.flags & SIS_FLAG_JSON)
			sis_json_print_error(sis_err_msg(&err));
		rc = sis_exit_status(err.code);
	}
	sis_strv_free(&args.names);
	return rc;
}

/* Results that did not reach their reader are no results. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	sis_log(SIS_LOG_ERROR, "cannot write to standard output");
	return 1;
}

int main(int argc, char **argv)
{
	sis_autofree char *copy = sis_strdup(argc > 0 ? argv[0] : "shareiscsi");
	const char *name = basename(copy);

	if (sis_streq(name, "zfs"))
		return finish(sis_front_zfs(argc, argv));
	if (sis_streq(name, "zpool"))
		return finish(sis_front_zpool(argc, argv));
	return finish(shareiscsi_main(argc, argv));
}

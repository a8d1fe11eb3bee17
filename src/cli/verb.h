/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs of `shareiscsi`: one row each in main.c, one file cmd_*.c for what a row does.
 */
#ifndef SIS_CLI_VERB_H
#define SIS_CLI_VERB_H

#include "base/err.h"
#include "core/ctx.h"

enum sis_flag {
	SIS_FLAG_ALL = 1 << 0,	    /* -a */
	SIS_FLAG_FORCE = 1 << 1,    /* -f */
	SIS_FLAG_DRY = 1 << 2,	    /* -n */
	SIS_FLAG_VERBOSE = 1 << 3,  /* -v */
	SIS_FLAG_JSON = 1 << 4,	    /* -j */
	SIS_FLAG_LATER = 1 << 5,    /* sync: only note the names for a later run */
	SIS_FLAG_QUEUED = 1 << 6,   /* sync: look at what was noted */
	SIS_FLAG_METRICS = 1 << 7,  /* status: --prometheus */
	SIS_FLAG_FROM = 1 << 8,	    /* sync, plan: --from */
	SIS_FLAG_HOLD = 1 << 9,	    /* unshare: hold back what is named */
	SIS_FLAG_RELEASE = 1 << 10, /* sync: let go what was held back */
	SIS_FLAG_OPTION = 1 << 11,  /* adopt: -o */
	SIS_FLAG_CAPS = 1 << 12,    /* backends: --capabilities */
	SIS_FLAG_WAIT = 1 << 13,    /* sync: --wait */
	/* what every verb takes */
	SIS_FLAG_ANY = SIS_FLAG_DRY | SIS_FLAG_VERBOSE | SIS_FLAG_JSON,
};

/* Options without a letter. */
enum {
	SIS_OPTION_BACKEND = 256,
	SIS_OPTION_STORE,
	SIS_OPTION_ROOT,
	SIS_OPTION_FROM,
	SIS_OPTION_LATER,
	SIS_OPTION_QUEUED,
	SIS_OPTION_WAIT,
	SIS_OPTION_HOLD,
	SIS_OPTION_RELEASE,
	SIS_OPTION_PROMETHEUS,
	SIS_OPTION_CAPABILITIES,
};

/* One option of the command line: parsed, checked, explained and completed from its row. */
struct sis_cli_option {
	const char *name;
	int letter;	 /* or SIS_OPTION_* */
	const char *arg; /* its argument for people, NULL without */
	unsigned flag;	 /* enum sis_flag */
	const char *help;
};

/* A parsed command line. */
struct sis_args {
	unsigned flags; /* enum sis_flag */
	struct sis_choice choice;
	const char *from;   /* sync: move shares from this back end */
	const char *option; /* adopt: what -o says */
	bool hints;	    /* the names are events' hints: those that are gone are no error */
	sis_strv names;
};

struct sis_verb {
	const char *name;
	const char *usage; /* what stands behind the verb */
	const char *help;
	unsigned flags; /* those it takes besides SIS_FLAG_ANY */
	/*
	 * Does it and returns the exit status; or negative with *err set, which main prints and
	 * turns into a status.
	 */
	int (*run)(const struct sis_args *args, struct sis_err *err);
};

/* Ended by a row without name. */
extern const struct sis_verb sis_verbs[];
extern const struct sis_cli_option sis_cli_options[];

/* By name, or NULL. */
const struct sis_verb *sis_verb_find(const char *name);
bool sis_verb_takes(const struct sis_verb *v, const struct sis_cli_option *o);

int sis_cmd_share(const struct sis_args *args, struct sis_err *err);
int sis_cmd_unshare(const struct sis_args *args, struct sis_err *err);
int sis_cmd_sync(const struct sis_args *args, struct sis_err *err);
int sis_cmd_later(const struct sis_args *args, struct sis_err *err);
int sis_cmd_queued(const struct sis_args *args, struct sis_err *err);
int sis_cmd_plan(const struct sis_args *args, struct sis_err *err);
int sis_cmd_adopt(const struct sis_args *args, struct sis_err *err);
int sis_cmd_status(const struct sis_args *args, struct sis_err *err);
int sis_cmd_sessions(const struct sis_args *args, struct sis_err *err);
int sis_cmd_options(const struct sis_args *args, struct sis_err *err);
int sis_cmd_backends(const struct sis_args *args, struct sis_err *err);
int sis_cmd_iqn(const struct sis_args *args, struct sis_err *err);
int sis_cmd_completion(const struct sis_args *args, struct sis_err *err);

#endif

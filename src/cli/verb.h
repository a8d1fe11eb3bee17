/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs of `shareiscsi`: one row each in verb.c, one file cmd_*.c for what a row does.
 */
#ifndef SIS_CLI_VERB_H
#define SIS_CLI_VERB_H

#include "base/err.h"
#include "core/ctx.h"

enum sis_flag {
	SIS_FLAG_ALL = 1 << 0,	   /* -a */
	SIS_FLAG_FORCE = 1 << 1,   /* -f */
	SIS_FLAG_DRY = 1 << 2,	   /* -n */
	SIS_FLAG_VERBOSE = 1 << 3, /* -v */
	SIS_FLAG_JSON = 1 << 4,	   /* -j */
	SIS_FLAG_LATER = 1 << 5,   /* sync: only note the names for a later run */
	SIS_FLAG_QUEUED = 1 << 6,  /* sync: look at what was noted */
	SIS_FLAG_METRICS = 1 << 7, /* status: --prometheus */
};

/* A parsed command line. */
struct sis_args {
	unsigned flags; /* enum sis_flag */
	struct sis_choice choice;
	const char *from; /* sync: move shares from this back end */
	bool hints;	  /* the names are events' hints: those that are gone are no error */
	sis_strv names;
};

struct sis_verb {
	const char *name;
	const char *usage; /* what stands behind the verb */
	const char *help;
	unsigned flags; /* those it takes besides -n -v -j */
	/*
	 * Does it and returns the exit status; or negative with *err set, which main prints and
	 * turns into a status.
	 */
	int (*run)(const struct sis_args *args, struct sis_err *err);
};

/* Ended by a row without name. */
extern const struct sis_verb sis_verbs[];

int sis_cmd_share(const struct sis_args *args, struct sis_err *err);
int sis_cmd_unshare(const struct sis_args *args, struct sis_err *err);
int sis_cmd_sync(const struct sis_args *args, struct sis_err *err);
int sis_cmd_later(const struct sis_args *args, struct sis_err *err);
int sis_cmd_queued(const struct sis_args *args, struct sis_err *err);
int sis_cmd_plan(const struct sis_args *args, struct sis_err *err);
int sis_cmd_status(const struct sis_args *args, struct sis_err *err);
int sis_cmd_sessions(const struct sis_args *args, struct sis_err *err);
int sis_cmd_options(const struct sis_args *args, struct sis_err *err);
int sis_cmd_backends(const struct sis_args *args, struct sis_err *err);
int sis_cmd_iqn(const struct sis_args *args, struct sis_err *err);

#endif

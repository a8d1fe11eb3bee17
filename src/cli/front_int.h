/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the front ends share. Nobody else includes this.
 *
 * A command comes through in up to five moves: parse a little, put the stored name of the property
 * for `shareiscsi`, run the real program, edit what it printed, let the core look again at the
 * datasets concerned. "The real program" is zfs or zpool; for a store that has none, dirzfs.h.
 */
#ifndef SIS_CLI_FRONT_INT_H
#define SIS_CLI_FRONT_INT_H

#include <getopt.h>

#include "core/sync.h"

/* The property as the user knows it; SIS_PROP_SHARE is the name it is stored under. */
#define SIS_FRONT_PROP "shareiscsi"

enum { SIS_FRONT_FAILED = 1, SIS_FRONT_USAGE = 2 };

/* One run of a front end. */
struct sis_front {
	const char *program; /* "zfs" or "zpool" */
	char **argv;	     /* as main() got it, NULL-ended */
	int argc;
	struct sis_choice choice; /* from the environment */
	char *store;		  /* specification, NULL: the first there is */
	bool own;		  /* the store is its own zfs */
	char *native;		  /* path of the real program; NULL if own */
	struct sis_ctx ctx;	  /* once sis_front_ctx() was called */
	bool opened;
};

/* ---- the real program (front_native.c) ---- */

/* From the environment, as front ends have no options of their own. */
void sis_front_choice(struct sis_choice *ret);
/* Chooses store and program. Reads at most the configuration. */
int sis_front_init(struct sis_front *f, const char *program, int argc, char **argv,
		   struct sis_err *err);
void sis_front_free(struct sis_front *f);

/* Hands the command over as it came. Returns (the exit status) only if that is not possible. */
int sis_front_exec(struct sis_front *f);
/* The same with other words: argv[0] first. */
int sis_front_exec_words(struct sis_front *f, const sis_strv *words);

/*
 * Runs the real program and waits; its standard output or error is added to *out or *errout unless
 * that is NULL. Returns its exit status.
 */
int sis_front_run(struct sis_front *f, const sis_strv *words, struct sis_str *out,
		  struct sis_str *errout);
/* Asks it: argv[0] and these words (NULL-ended); quietly. Output without the last newline. */
int sis_front_ask(struct sis_front *f, char **ret, ...) __attribute__((sentinel));
/* Is this dataset a volume? */
bool sis_front_is_volume(struct sis_front *f, const char *name);

/* ---- command lines (front_args.c) ---- */

struct sis_front_flag {
	int letter;
	char *arg; /* borrowed from argv; NULL without argument */
};

/* A command line, parsed as getopt would, and a copy of it to be changed. */
struct sis_front_args {
	sis_strv words; /* what the real program is to get */
	char **argv;	/* borrowed; words of argv[i] is words.v[i] */
	int argc;
	SIS_VEC(struct sis_front_flag) flags;
	SIS_VEC(char *) operands; /* borrowed from argv */
	bool unknown;		  /* an option this front end does not know */
};

/* Parses argv[first] and what follows. */
void sis_front_args_parse(int argc, char **argv, int first, const char *letters,
			  struct sis_front_args *ret);
void sis_front_args_free(struct sis_front_args *a);
#define sis_autofront_args __attribute__((cleanup(sis_front_args_free)))

bool sis_front_args_has(const struct sis_front_args *a, int letter);
/* The argument of the last such option, or NULL. */
char *sis_front_args_get(const struct sis_front_args *a, int letter);
/* Puts `text` for `part`, an argument or operand of the parsed command line, in a->words. */
void sis_front_args_replace(struct sis_front_args *a, const char *part, const char *text);
/* The same in another list of as many words. */
void sis_front_args_put(const struct sis_front_args *a, sis_strv *words, const char *part,
			const char *text);

/* ---- the property (front_prop.c) ---- */

/* Does text begin with either name of the property, followed by one of `ends` or the end? */
bool sis_front_names_share(const char *text, const char *ends);
/* The value if text is P=VALUE for the property under either name, else NULL. Borrowed. */
const char *sis_front_share_value(const char *text);
/* A comma-separated list of properties with the stored name for "shareiscsi". Caller frees. */
char *sis_front_translate_list(const char *list, bool *ret_found);
/* Puts the stored name into P=V arguments: options of that letter, or (letter 0) operands. */
void sis_front_translate_pairs(struct sis_front_args *a, int letter);
/*
 * May the property get this value on this dataset? Says "cannot VERB 'DATASET': REASON" if not:
 * not a value, not allowed by the configuration, more than the running target can do.
 */
bool sis_front_check_value(struct sis_front *f, const char *verb, const char *dataset,
			   const char *value);

/* ---- the core (front_core.c) ---- */

/* Opens configuration and store, once. */
int sis_front_ctx(struct sis_front *f, struct sis_err *err);
/* Says "cannot VERB 'NAME': MESSAGE", without the name when that is NULL. */
void sis_front_say(const char *verb, const char *name, const char *message);

/*
 * Is one of these datasets, or one below, to be shared, or was it? NULL: any. Also when that
 * cannot be told.
 */
bool sis_front_concerned(struct sis_front *f, const sis_strv *names);

/*
 * What a change would do: says "cannot VERB 'VOLUME': ..." for volumes with sessions that it
 * would end, and returns whether there are any. A trial that is not possible finds none.
 */
bool sis_front_in_use(struct sis_front *f, const struct sis_request *rq, const char *verb);

enum sis_front_mood {
	SIS_FRONT_QUIET, /* the command was about something else: only what failed is said */
	SIS_FRONT_LOUD,	 /* sharing is what was asked for: returns whether all could be shared */
};

/* Carries out a request; false if it was not done and the mood is loud. */
bool sis_front_sync(struct sis_front *f, const struct sis_request *rq, const char *verb,
		    enum sis_front_mood mood);
/* Looks again at these datasets (NULL: all) after the real program changed something. */
bool sis_front_resync(struct sis_front *f, const sis_strv *names, enum sis_front_mood mood);

/* Runs the parsed command; if it succeeds, looks again at these datasets. */
int sis_front_run_resync(struct sis_front *f, const struct sis_front_args *a,
			 const sis_strv *names);
/*
 * Takes the shares of these volumes away, runs the command, shares again: the volumes under
 * `after`, or if the command failed what is still there. Refused when volumes are in use, unless
 * `force`. Nothing else runs meanwhile.
 */
int sis_front_run_released(struct sis_front *f, const struct sis_front_args *a, const char *verb,
			   const sis_strv *names, const sis_strv *after, bool force);

/* ---- what is printed as JSON (front_json.c) ---- */

/* Runs the parsed command; `add` puts the property in where it is not set. Its exit status. */
int sis_front_json(struct sis_front *f, const struct sis_front_args *a, bool add);

/* ---- verbs: each returns the exit status ---- */

int sis_front_set(struct sis_front *f, struct sis_front_args *a);
int sis_front_inherit(struct sis_front *f, struct sis_front_args *a);
int sis_front_create(struct sis_front *f, struct sis_front_args *a);
int sis_front_clone(struct sis_front *f, struct sis_front_args *a);
int sis_front_get(struct sis_front *f, struct sis_front_args *a);
int sis_front_list(struct sis_front *f, struct sis_front_args *a);
int sis_front_share(struct sis_front *f, struct sis_front_args *a);
int sis_front_unshare(struct sis_front *f, struct sis_front_args *a);
int sis_front_destroy(struct sis_front *f, struct sis_front_args *a);
int sis_front_rename(struct sis_front *f, struct sis_front_args *a);
int sis_front_rollback(struct sis_front *f, struct sis_front_args *a);
int sis_front_load_key(struct sis_front *f, struct sis_front_args *a);
int sis_front_unload_key(struct sis_front *f, struct sis_front_args *a);

/* One verb of a front end. */
struct sis_front_verb {
	const char *name;
	const char *letters; /* of options, as for getopt */
	int (*run)(struct sis_front *f, struct sis_front_args *a);
	/* Letters of options whose argument is P=VALUE, or a list of names; '=': an operand. */
	const char *pairs, *names;
};

/* Ended by a row without name. */
extern const struct sis_front_verb sis_front_zfs_verbs[], sis_front_zpool_verbs[];

/* Finds the verb in the table (ended by one without name) and runs it; other verbs go through. */
int sis_front_main(const char *program, const struct sis_front_verb *verbs, int argc, char **argv);

#endif

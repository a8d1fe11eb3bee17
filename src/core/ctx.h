/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One run of the program: configuration, store, back end and the ways to the outside, opened
 * once and handed to everything in core.
 */
#ifndef SIS_CORE_CTX_H
#define SIS_CORE_CTX_H

#include <stdbool.h>

#include "backend/backend.h"
#include "base/err.h"
#include "core/account.h"
#include "core/conf.h"
#include "core/daemon.h"
#include "core/secret.h"
#include "core/trace.h"
#include "store/store.h"

/* What the command line (or the front end's environment) chose. All may be NULL or 0. */
struct sis_choice {
	const char *root;
	const char *backend;
	const char *store;
	unsigned control_port;
	bool control_port_set;
	bool dry;     /* change nothing, note what would be done */
	bool verbose; /* say each step as it is done */
	bool wait;    /* for another run to end, without a limit */
	bool steps;   /* tell of each step in the report; with dry and verbose anyway */
};

struct sis_ctx {
	struct sis_choice choice;
	char *root; /* "" or absolute, without trailing slash */
	struct sis_conf conf;
	struct sis_trace trace; /* wraps runner and kfs below; notes what changes something */
	struct sis_runner runner;
	struct sis_kfs kfs;
	struct sis_sx sx;
	struct sis_bx bx;	/* .be NULL until sis_ctx_backend() */
	struct sis_probe probe; /* of bx.be */
	char *prefix;		/* ID part of IQNs, once sis_ctx_prefix() was called */
	struct sis_err prefix_err;
	bool prefix_known;
	struct sis_secrets secrets;
	enum { SIS_OTHERS_UNKNOWN, SIS_OTHERS_NONE, SIS_OTHERS_SOME } others; /* elsewhere.c's */
	struct sis_daemon daemon;	  /* of bx.be */
	struct sis_account_book accounts; /* of bx.be */
	int lock_fd;
};

/* "ROOT/run/shareiscsi": records, queue and lock. Caller frees. */
char *sis_ctx_run_dir(const char *root);

/* Reads the configuration and opens the store. On failure ctx is still to be closed. */
int sis_ctx_open(struct sis_ctx *ctx, const struct sis_choice *choice, struct sis_err *err);
void sis_ctx_close(struct sis_ctx *ctx);

/*
 * Finds the back end: the one named (option, then configuration), which must run; else the first
 * that runs and has shares of ours; else the first that runs; else the first that starts on demand.
 * -SIS_ERR_NOTARGET says what was looked at and what to do. Doing it twice is cheap.
 */
int sis_ctx_backend(struct sis_ctx *ctx, struct sis_err *err);

/* One back end prepared for use (not probed); freed with sis_bx_free(). */
void sis_ctx_bx(struct sis_ctx *ctx, const struct sis_backend *be, struct sis_bx *ret);
void sis_bx_free(struct sis_bx *bx);

/*
 * The ID part of IQNs: first line of /etc/iscsi_target_id, else iqn.YYYY-MM. and the reversed
 * domain. NULL when there is none: ctx->prefix_err then says why and what to do.
 */
const char *sis_ctx_prefix(struct sis_ctx *ctx);

/*
 * The CHAP credentials that the options ask for, checked against what the back end takes (any one,
 * where none was found yet). All NULL when they ask for none. Freed with sis_chap_free().
 */
int sis_ctx_chap(struct sis_ctx *ctx, const struct sis_options *o, struct sis_chap *ret,
		 struct sis_err *err);

/* One run at a time: held until sis_ctx_close(). Makes the folder sis_ctx_run_dir(). */
int sis_ctx_lock(struct sis_ctx *ctx, struct sis_err *err);

#endif

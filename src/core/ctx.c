/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Opening and closing of a run: configuration, store, back end, lock. Changes nothing but the
 * lock file.
 */
#include "core/ctx.h"

#include <limits.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/str.h"
#include "model/caps.h"
#include "core/record.h"

static int open_root(struct sis_ctx *ctx, const char *root, struct sis_err *err)
{
	if (!root || !*root || sis_streq(root, "/")) {
		ctx->root = sis_strdup("");
		return 0;
	}
	ctx->root = realpath(root, NULL);
	if (!ctx->root)
		return sis_err_errno(err, errno, "--root '%s'", root);
	return 0;
}

char *sis_ctx_run_dir(const char *root)
{
	return sis_asprintf("%s/run/shareiscsi", root);
}

/* What was kept there is believed, so nobody else may have put it there. */
static int check_run_dir(const struct sis_ctx *ctx, struct sis_err *err)
{
	sis_autofree char *dir = sis_ctx_run_dir(ctx->root);
	int rc = sis_dir_own(dir, err);

	return rc == -ENOENT ? 0 : rc;
}

int sis_ctx_open(struct sis_ctx *ctx, const struct sis_choice *choice, struct sis_err *err)
{
	int rc;

	*ctx = (struct sis_ctx){ .choice = *choice, .lock_fd = -1 };
	rc = open_root(ctx, choice->root, err);
	if (rc == 0)
		rc = check_run_dir(ctx, err);
	if (rc == 0)
		rc = sis_conf_read(ctx->root, &ctx->conf, err);
	if (rc < 0)
		return rc;
	sis_trace_init(&ctx->trace, choice->dry, ctx->root, &ctx->runner, &ctx->kfs);
	ctx->trace.quiet = !choice->dry && !choice->verbose && !choice->steps;
	ctx->trace.timeout_ms = ctx->kfs.timeout_ms = ctx->conf.timeout_ms;
	ctx->sx.wait_ms = ctx->conf.wait_ms;
	ctx->sx.dry = choice->dry;
	rc = sis_store_open(choice->store ? choice->store : ctx->conf.store, ctx->root,
			    &ctx->runner, &ctx->sx, err);
	if (rc < 0 && !choice->store && ctx->conf.store)
		return sis_err_wrap(err, "store = %s in /etc/shareiscsi.conf", ctx->conf.store);
	return rc;
}

void sis_ctx_close(struct sis_ctx *ctx)
{
	sis_bx_free(&ctx->bx);
	sis_probe_free(&ctx->probe);
	sis_store_close(&ctx->sx);
	sis_trace_clear(&ctx->trace);
	sis_conf_free(&ctx->conf);
	sis_secrets_free(&ctx->secrets);
	sis_account_book_free(&ctx->accounts);
	sis_daemon_free(&ctx->daemon);
	sis_err_clear(&ctx->prefix_err);
	free(ctx->prefix);
	free(ctx->root);
	sis_closep(&ctx->lock_fd);
	*ctx = (struct sis_ctx){ .lock_fd = -1 };
}

void sis_ctx_bx(struct sis_ctx *ctx, const struct sis_backend *be, struct sis_bx *ret)
{
	*ret = (struct sis_bx){
		.be = be,
		.runner = &ctx->runner,
		.kfs = &ctx->kfs,
		.root = ctx->root,
		.control_port = ctx->choice.control_port_set ? ctx->choice.control_port :
							       ctx->conf.control_port,
		.transport = ctx->conf.transport,
		.timeout_ms = ctx->conf.timeout_ms,
		.control_socket = getenv("TGT_IPC_SOCKET"),
		.dry = ctx->choice.dry,
		.caps = be->caps,
	};
}

void sis_bx_free(struct sis_bx *bx)
{
	if (bx->be && bx->be->done)
		bx->be->done(bx);
	*bx = (struct sis_bx){ 0 };
}

/* Keeps `be` as the back end of this run if its state is at least `least`. */
static int try_backend(struct sis_ctx *ctx, const struct sis_backend *be,
		       enum sis_probe_state least, struct sis_err *err)
{
	struct sis_bx bx;
	struct sis_probe probe = { 0 };
	int rc;

	sis_ctx_bx(ctx, be, &bx);
	rc = be->probe(&bx, &probe, err);
	if (rc == 0 && probe.state >= least) {
		ctx->bx = bx;
		sis_daemon_init(&ctx->daemon, &ctx->bx);
		sis_account_book_init(&ctx->accounts, &ctx->daemon);
		ctx->bx.retired = &ctx->daemon.ops;
		ctx->bx.accounts = &ctx->accounts.ops;
		ctx->probe = probe;
		return 1;
	}
	sis_bx_free(&bx);
	sis_probe_free(&probe);
	return rc;
}

static enum sis_probe_state least_state(const struct sis_backend *be)
{
	return be->on_demand ? SIS_PROBE_STOPPED : SIS_PROBE_RUNNING;
}

static int named_backend(struct sis_ctx *ctx, const char *name, struct sis_err *err)
{
	const struct sis_backend *be = sis_backend_find(name);
	sis_autostr struct sis_str names = { 0 };
	int rc;

	if (be) {
		rc = try_backend(ctx, be, least_state(be), err);
		if (rc == 0)
			rc = sis_err_set(err, SIS_ERR_NOTARGET,
					 "%s is not running; `shareiscsi "
					 "backends` says what to do",
					 be->title);
		return rc < 0 ? rc : 0;
	}
	for (size_t i = 0; sis_backends[i]; i++)
		sis_str_addf(&names, "%s%s", i ? ", " : "", sis_backends[i]->name);
	return sis_err_set(err, SIS_ERR_USAGE, "unknown back end '%s'; there are: %s", name,
			   sis_str_get(&names));
}

int sis_ctx_backend(struct sis_ctx *ctx, struct sis_err *err)
{
	const char *name = ctx->choice.backend ? ctx->choice.backend : ctx->conf.backend;
	int rc = 0;

	if (ctx->bx.be)
		return 0;
	if (name) {
		rc = named_backend(ctx, name, err);
		return rc < 0 && !ctx->choice.backend ?
			       sis_err_wrap(err, "backend = %s in /etc/shareiscsi.conf", name) :
			       rc;
	}
	/* Shares that are there are not left behind because another target was started. */
	for (size_t i = 0; sis_backends[i] && rc == 0; i++)
		if (sis_records_any(ctx->root, sis_backends[i]->name))
			rc = try_backend(ctx, sis_backends[i], SIS_PROBE_RUNNING, err);
	for (size_t i = 0; sis_backends[i] && rc == 0; i++)
		rc = try_backend(ctx, sis_backends[i], SIS_PROBE_RUNNING, err);
	for (size_t i = 0; sis_backends[i] && rc == 0; i++)
		if (sis_backends[i]->on_demand)
			rc = try_backend(ctx, sis_backends[i], SIS_PROBE_STOPPED, err);
	if (rc == 0)
		rc = sis_err_set(err, SIS_ERR_NOTARGET,
				 "no iSCSI target is running; `shareiscsi "
				 "backends` says what is there and how to start it");
	return rc < 0 ? rc : 0;
}

int sis_ctx_chap(struct sis_ctx *ctx, const struct sis_options *o, struct sis_chap *ret,
		 struct sis_err *err)
{
	struct sis_chap c = { 0 };
	int rc = 0;

	if (o->auth)
		rc = sis_secrets_get(&ctx->secrets, ctx->root, o->auth, &c, err);
	else if (o->authname)
		c = (struct sis_chap){ .user = sis_strdup(o->authname),
				       .pass = sis_strdup(o->authpass) };
	if (rc == 0 && ctx->bx.be)
		rc = sis_chap_supported(&c, &ctx->bx.caps, err);
	if (rc < 0) {
		sis_chap_free(&c);
		return rc;
	}
	*ret = c;
	return 0;
}

int sis_ctx_lock(struct sis_ctx *ctx, struct sis_err *err)
{
	sis_autofree char *dir = sis_ctx_run_dir(ctx->root);
	sis_autofree char *path = sis_asprintf("%s/lock", dir);
	int rc;

	if (ctx->lock_fd >= 0)
		return 0;
	rc = sis_mkdir_own(dir, err);
	if (rc < 0)
		return rc;
	return sis_lock_take(path, ctx->choice.wait ? UINT_MAX : ctx->conf.lock_ms, &ctx->lock_fd,
			     err);
}

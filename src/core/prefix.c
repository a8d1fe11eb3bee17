/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where the ID part of an IQN comes from on this host: /etc/iscsi_target_id, the domain name of
 * the kernel, or the host's fully qualified name. Checks what it reads; stores nothing.
 */
#include <netdb.h>
#include <time.h>

#include "base/str.h"
#include "core/ctx.h"
#include "model/iqn.h"

#define ID_FILE "/etc/iscsi_target_id"
#define DOMAIN_FILE "/proc/sys/kernel/domainname"

enum { ID_FILE_MAX = 64 << 10 };

/* 1: *ret is the prefix. 0: no such file. Negative: the file is there and no good. */
static int from_id_file(struct sis_ctx *ctx, char **ret, struct sis_err *err)
{
	sis_autofree char *path = sis_asprintf("%s" ID_FILE, ctx->root);
	sis_autofree char *text = NULL;
	char *line;
	int rc;

	rc = sis_conf_file(path, ID_FILE_MAX, &text, err);
	if (rc <= 0)
		return rc;
	text[strcspn(text, "\n")] = '\0';
	line = sis_str_trim(text);
	sis_str_lower(line);
	if (!*line)
		return sis_err_set(err, EINVAL,
				   ID_FILE " has an empty first line; write one, e.g.: "
					   "echo iqn.2010-09.org.zfsonlinux > " ID_FILE);
	rc = sis_iqn_check_prefix(line, err);
	if (rc < 0)
		return sis_err_wrap(err, ID_FILE);
	*ret = sis_strdup(line);
	return 1;
}

static char *kernel_name(struct sis_ctx *ctx, const char *file)
{
	char *text = NULL;

	if (sis_kfs_read_line(&ctx->kfs, &text, NULL, "%s", file) < 0)
		return NULL;
	if (!*text || sis_streq(text, "(none)")) {
		free(text);
		return NULL;
	}
	return text;
}

/* What the resolver calls this host; only asked outside a --root, where it would be another's. */
static char *canonical_name(const char *host)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *ai;
	char *name = NULL;

	if (getaddrinfo(host, NULL, &hints, &ai) != 0)
		return NULL;
	if (ai->ai_canonname)
		name = sis_strdup(ai->ai_canonname);
	freeaddrinfo(ai);
	return name;
}

static char *domain_of_host(struct sis_ctx *ctx)
{
	sis_autofree char *host = kernel_name(ctx, "/proc/sys/kernel/hostname");
	sis_autofree char *full = NULL;
	const char *dot;

	if (host && !strchr(host, '.') && !*ctx->root)
		full = canonical_name(host);
	dot = strchr(full ? full : host ? host : "", '.');
	return dot && dot[1] ? sis_strdup(dot + 1) : NULL;
}

static int from_domain(struct sis_ctx *ctx, char **ret, struct sis_err *err)
{
	sis_autofree char *domain = kernel_name(ctx, DOMAIN_FILE);
	time_t now = time(NULL);
	struct tm tm;

	if (!domain)
		domain = domain_of_host(ctx);
	if (!domain)
		return sis_err_set(
			err, EINVAL,
			"no domain name for the IQN: " ID_FILE " does not exist and " DOMAIN_FILE
			" is empty; do one of: echo iqn.2010-09.org.zfsonlinux > " ID_FILE
			", or: echo example.com > " DOMAIN_FILE);
	gmtime_r(&now, &tm);
	if (sis_iqn_prefix(domain, tm.tm_year + 1900, tm.tm_mon + 1, ret, err) < 0)
		return sis_err_append(
			err, " (from " DOMAIN_FILE " or the host's name); name the "
			     "prefix yourself: echo iqn.2010-09.org.zfsonlinux > " ID_FILE);
	return 0;
}

const char *sis_ctx_prefix(struct sis_ctx *ctx)
{
	int rc;

	if (!ctx->prefix_known) {
		ctx->prefix_known = true;
		rc = from_id_file(ctx, &ctx->prefix, &ctx->prefix_err);
		if (rc == 0)
			(void)from_domain(ctx, &ctx->prefix, &ctx->prefix_err);
	}
	return ctx->prefix;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The name of the running daemon, asked for when something of it is first read or kept: most runs
 * never do. The file of retired numbers is a line, the daemon, a tab and the highest of them; losing
 * it costs what it protects from, no more.
 */
#include "core/daemon.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

enum { RETIRED_MAX = 4096 };

void sis_daemon_free(struct sis_daemon *d)
{
	free(d->id);
	*d = (struct sis_daemon){ 0 };
}

const char *sis_daemon_id(struct sis_daemon *d)
{
	if (!d->id && d->bx->be->daemon)
		d->id = d->bx->be->daemon(d->bx);
	if (!d->id)
		d->id = sis_strdup("?");
	return d->id;
}

static char *retired_dir(const struct sis_daemon *d)
{
	return sis_asprintf("%s/run/shareiscsi/%s", d->bx->root, d->bx->be->name);
}

/* What cannot be read counts as nothing known. */
static void retired_read(struct sis_daemon *d)
{
	sis_autofree char *dir = retired_dir(d), *path = sis_path_join(dir, "retired"), *text = NULL;
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	char *number, *id;
	uint64_t n;

	d->read = true;
	if (sis_file_read(path, RETIRED_MAX, &text, &err) < 0) {
		if (err.code != ENOENT)
			sis_log(SIS_LOG_WARN, "%s", sis_err_msg(&err));
		return;
	}
	number = sis_str_trim(text);
	id = sis_str_next(&number, "\t");
	if (number && sis_streq(id, sis_daemon_id(d)) &&
	    sis_parse_u64(number, 0, UINT32_MAX, &n) == 0)
		d->retired = (uint32_t)n;
}

static int retired_write(struct sis_daemon *d, struct sis_err *err)
{
	sis_autofree char *dir = retired_dir(d), *path = sis_path_join(dir, "retired");
	sis_autofree char *text = sis_asprintf("%s\t%" PRIu32 "\n", sis_daemon_id(d), d->retired);
	int rc = d->bx->dry ? 0 : sis_mkdir_p(dir, 0755, err);

	return d->bx->dry || rc < 0 ? rc : sis_file_replace_volatile(path, text, 0644, err);
}

/* ---- what a back end asks ---- */

static uint32_t highest(void *ctx)
{
	struct sis_daemon *d = ctx;

	if (!d->read)
		retired_read(d);
	return d->retired;
}

static void note(void *ctx, uint32_t number)
{
	struct sis_daemon *d = ctx;
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (number <= highest(d))
		return;
	d->retired = number;
	if (retired_write(d, &err) < 0)
		sis_log(SIS_LOG_WARN,
			"%s; until %s is restarted, a login that was begun and not finished may "
			"get to a target that is shared later",
			sis_err_msg(&err), d->bx->caps.title);
}

void sis_daemon_init(struct sis_daemon *d, struct sis_bx *bx)
{
	*d = (struct sis_daemon){ .bx = bx };
	d->ops = (struct sis_retired){ d, highest, note };
}

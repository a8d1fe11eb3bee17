/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The name of the running daemon, asked for when something of it is first read or kept: most runs
 * never do.
 */
#include "core/daemon.h"

#include "base/alloc.h"
#include "base/str.h"

void sis_daemon_init(struct sis_daemon *d, struct sis_bx *bx)
{
	*d = (struct sis_daemon){ .bx = bx };
}

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

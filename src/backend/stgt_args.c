/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A request to tgtd as the command line of tgtadm. Pure.
 */
#include "backend/stgt_args.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/kfs.h"

static const char *const op_words[] = {
	[SIS_STGT_NEW] = "new",	  [SIS_STGT_DELETE] = "delete", [SIS_STGT_SHOW] = "show",
	[SIS_STGT_BIND] = "bind", [SIS_STGT_UNBIND] = "unbind", [SIS_STGT_UPDATE] = "update",
};

static const char *const mode_words[] = {
	[SIS_STGT_SYSTEM] = "system",
	[SIS_STGT_TARGET] = "target",
	[SIS_STGT_LUN] = "logicalunit",
	[SIS_STGT_CONN] = "conn",
	[SIS_STGT_ACCOUNT] = "account",
};

static void args_add(struct sis_stgt_args *a, const char *option, const char *value)
{
	if (!value)
		return;
	a->v[a->n++] = option;
	a->v[a->n++] = value;
}

static void args_number(struct sis_stgt_args *a, const char *option, uint64_t value)
{
	char *text = a->numbers[a->n_numbers++];

	(void)snprintf(text, sizeof(a->numbers[0]), "%" PRIu64, value); /* 20 digits at most */
	args_add(a, option, text);
}

/* The words stand as in tgt's documentation; only --params must come behind --mode. */
void sis_stgt_args_make(struct sis_stgt_args *a, const char *program, unsigned control_port,
			const struct sis_stgt_req *q)
{
	*a = (struct sis_stgt_args){ 0 };
	a->v[a->n++] = program ? program : "tgtadm";
	if (control_port)
		args_number(a, "-C", control_port);
	args_add(a, "--lld", "iscsi");
	args_add(a, "--op", op_words[q->op]);
	args_add(a, "--mode", mode_words[q->mode]);
	if (q->tid)
		args_number(a, "--tid", q->tid);
	if (q->mode == SIS_STGT_LUN)
		args_number(a, "--lun", q->lun);
	if (q->mode == SIS_STGT_CONN && q->op != SIS_STGT_SHOW) {
		args_number(a, "--sid", q->sid);
		args_number(a, "--cid", q->cid);
	}
	args_add(a, "-T", q->targetname);
	args_add(a, "-b", q->path);
	args_add(a, "-E", q->bstype);
	if (q->blocksize)
		args_number(a, "-y", q->blocksize);
	args_add(a, "--bsoflags", q->bsoflags);
	args_add(a, "--device-type", q->device_type);
	args_add(a, "--params", q->params);
	args_add(a, "--name", q->name);
	args_add(a, "--value", q->value);
	args_add(a, "--initiator-address", q->address);
	args_add(a, "--initiator-name", q->initiator);
	args_add(a, "--user", q->user);
	args_add(a, "--password", q->password);
	memcpy(a->shown, a->v, sizeof(a->v));
	if (q->password)
		a->shown[a->n - 1] = SIS_SECRET_SHOWN;
	if (q->outgoing)
		a->v[a->n] = a->shown[a->n] = "--outgoing";
}

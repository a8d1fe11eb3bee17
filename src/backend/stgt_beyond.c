/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What tgtd tells of a target that this tool would not make again. Changes nothing.
 */
#include "backend/stgt_int.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/str.h"

/*
 * Parameters of a new target (tgt 1.0.85; the same since 1.0.20). Not nop_interval and nop_count,
 * which may be the daemon's own defaults, nor IFMarkInt and OFMarkInt, which nobody uses.
 */
static const char *const defaults[] = {
	"MaxRecvDataSegmentLength=8192",
	"HeaderDigest=None",
	"DataDigest=None",
	"InitialR2T=Yes",
	"MaxOutstandingR2T=1",
	"ImmediateData=Yes",
	"FirstBurstLength=65536",
	"MaxBurstLength=262144",
	"DataPDUInOrder=Yes",
	"DataSequenceInOrder=Yes",
	"ErrorRecoveryLevel=0",
	"IFMarker=No",
	"OFMarker=No",
	"DefaultTime2Wait=2",
	"DefaultTime2Retain=20",
	"MaxConnections=1",
	"MaxXmitDataSegmentLength=8192",
	"MaxQueueCmd=128",
};

/* Is it the same parameter with another value? */
static bool deviates(const char *line, const char *by_default)
{
	size_t key = strcspn(by_default, "=") + 1;

	return strncmp(line, by_default, key) == 0 && !sis_streq(line, by_default);
}

static char *odd_parameter(char *text)
{
	char *line;

	while ((line = sis_str_next(&text, "\n")))
		for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
			if (deviates(line, defaults[i]))
				return sis_asprintf("it has the parameter %s", line);
	return NULL;
}

/*
 * The first disk of this target that is a removable medium, or that there is more than one incoming
 * CHAP account.
 */
static char *odd_line(char *text, const struct sis_target *t)
{
	sis_autofree char *head = sis_asprintf("Target %" PRIu32 ": %s", t->tid, t->iqn);
	const char *lun = NULL;
	bool on = false, disk = false, accounts = false;
	size_t incoming = 0;
	char *line;

	while ((line = sis_str_next(&text, "\n"))) {
		const char *key = line + strspn(line, " ");

		if (sis_str_starts(line, "Target "))
			on = sis_streq(line, head);
		else if (on && sis_str_after(line, "        LUN: "))
			lun = sis_str_after(key, "LUN: ");
		else if (on && lun && sis_str_starts(key, "Type: "))
			disk = sis_streq(key, "Type: disk");
		else if (on && lun && disk && sis_streq(key, "Removable media: Yes"))
			return sis_asprintf("LUN %s is removable", lun);
		else if (on && sis_str_starts(line, "    Account information:"))
			accounts = true;
		else if (on && sis_str_starts(line, "    ACL information:"))
			accounts = false;
		else if (on && accounts && !strstr(line, " (outgoing)") && ++incoming > 1)
			return sis_strdup("it has several CHAP accounts");
	}
	return NULL;
}

int sis_stgt_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		    struct sis_err *err)
{
	const struct sis_stgt_req all = { .op = SIS_STGT_SHOW, .mode = SIS_STGT_TARGET };
	const struct sis_stgt_req one = { .op = SIS_STGT_SHOW,
					  .mode = SIS_STGT_TARGET,
					  .tid = live->tid };
	sis_autofree char *parameters = NULL, *list = NULL;
	struct sis_stgt *g;
	int r = sis_stgt_of(bx, &g, err);

	if (r == 0)
		r = sis_stgt_call(&g->adm, bx, &one, &parameters, err);
	if (r == 0)
		r = sis_stgt_call(&g->adm, bx, &all, &list, err);
	if (r < 0)
		return r;
	*ret = odd_parameter(parameters);
	if (!*ret)
		*ret = odd_line(list, live);
	return 0;
}

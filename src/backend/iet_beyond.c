/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What ietd tells of a target that this tool would not make again. Changes nothing.
 */
#include "backend/iet_allow.h"
#include "backend/iet_int.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

/* Parameters of a new target (ietd 1.4.19 and 1.4.20); what the markers are nobody uses. */
static const char *const defaults[] = {
	"Wthreads=8",
	"Type=0",
	"QueuedCommands=32",
	"NOPInterval=0",
	"NOPTimeout=0",
	"InitialR2T=Yes",
	"ImmediateData=Yes",
	"MaxConnections=1",
	"MaxRecvDataSegmentLength=8192",
	"MaxXmitDataSegmentLength=8192",
	"MaxBurstLength=262144",
	"FirstBurstLength=65536",
	"DefaultTime2Wait=2",
	"DefaultTime2Retain=20",
	"MaxOutstandingR2T=1",
	"ErrorRecoveryLevel=0",
	"HeaderDigest=None",
	"DataDigest=None",
};

static char *odd_parameter(char *text)
{
	char *line;

	while ((line = sis_str_next(&text, "\n")))
		for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
			size_t key = strcspn(defaults[i], "=") + 1;

			if (strncmp(line, defaults[i], key) == 0 && !sis_streq(line, defaults[i]))
				return sis_asprintf("it has the parameter %s", line);
		}
	return NULL;
}

int sis_iet_beyond(struct sis_bx *bx, const struct sis_target *live, char **ret,
		   struct sis_err *err)
{
	sis_autofree char *target = NULL, *session = NULL, *what = NULL;
	const char *file = NULL;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = sis_iet_allow_foreign(bx, live->iqn, &file, err);
	if (r == 0)
		r = sis_iet_show(&g->adm, bx, live->tid, SIS_IET_SHOW_TARGET, &target, err);
	if (r == 0)
		r = sis_iet_show(&g->adm, bx, live->tid, SIS_IET_SHOW_SESSION, &session, err);
	if (r < 0)
		return r;
	if (file)
		what = sis_asprintf("%s has a line about it that others wrote", file);
	if (!what)
		what = odd_parameter(target);
	if (!what)
		what = odd_parameter(session);
	*ret = sis_steal(&what);
	return 0;
}

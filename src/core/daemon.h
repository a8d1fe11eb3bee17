/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which daemon the back end speaks to: what is remembered of things that end with it counts only
 * while it lives. Of these it keeps one itself, which numbers of targets are not to be given again,
 * in /run/shareiscsi/BACKEND/retired.
 */
#ifndef SIS_CORE_DAEMON_H
#define SIS_CORE_DAEMON_H

#include "backend/backend.h"

struct sis_daemon {
	struct sis_bx *bx; /* borrowed */
	char *id;	   /* once sis_daemon_id() was called */
	bool read;	   /* the file */
	uint32_t retired;  /* valid once read */
	struct sis_retired ops; /* the same for a back end */
};

void sis_daemon_init(struct sis_daemon *d, struct sis_bx *bx);
void sis_daemon_free(struct sis_daemon *d);

/* One word, the same for the whole run and another for every daemon; "?" where none can be told. */
const char *sis_daemon_id(struct sis_daemon *d);

#endif

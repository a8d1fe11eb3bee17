/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP of an SCST target: its attributes IncomingUser and OutgoingUser.
 */
#ifndef SIS_BACKEND_SCST_AUTH_H
#define SIS_BACKEND_SCST_AUTH_H

#include "backend/backend.h"

/*
 * What SCST takes: a command is at most 512 bytes, with a target name of 223 in it, and a secret at
 * least 12. The rest is split at blanks and what sis_scst_check_word() refuses.
 */
enum { SIS_SCST_USER_MAX = 64, SIS_SCST_SECRET_MIN = 12, SIS_SCST_SECRET_MAX = 188 };

/*
 * The credentials of a target, secrets included. Of several users of one kind, or where an attribute
 * cannot be read, the first one without secret: it is then like no credentials that could be asked for.
 */
int sis_scst_read_chap(struct sis_bx *bx, const char *iqn, struct sis_chap *ret,
		       struct sis_err *err);

/* Brings them to t->chap; logins of others are refused at every moment in between. */
int sis_scst_set_chap(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

#endif

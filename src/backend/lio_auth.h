/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP of a LIO target: the credentials of its portal group, which count for initiators without an
 * entry of their own, and those of the entries.
 */
#ifndef SIS_BACKEND_LIO_AUTH_H
#define SIS_BACKEND_LIO_AUTH_H

#include "backend/backend.h"

/* One that begins so is none for LIO. */
#define SIS_LIO_NO_CHAP "NULL"

/*
 * Writes the credentials of `dir`, a portal group or an entry; those of none clear them. While they
 * change, logins are refused. Nothing is written that is there already.
 */
int sis_lio_put_chap(struct sis_bx *bx, const char *dir, const struct sis_chap *c,
		     struct sis_err *err);

/*
 * The credentials that initiators of the target need; where not all need the same, those of one
 * without secret. `open`: sis_lio_is_open(). -EPERM for who may not read secrets.
 */
int sis_lio_read_chap(struct sis_kfs *k, const char *tpg, bool open, struct sis_chap *ret,
		      struct sis_err *err);

#endif

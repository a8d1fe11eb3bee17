/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The CHAP accounts that this tool made, for a target that has them beside its targets: kept in
 * /run/shareiscsi/BACKEND/accounts, with digests of their secrets. They end with the daemon, and
 * the book with them. Decides nothing about shares.
 */
#ifndef SIS_CORE_ACCOUNT_H
#define SIS_CORE_ACCOUNT_H

#include "core/daemon.h"

struct sis_view;

struct sis_account {
	char *user;
	char *digest; /* of the secret it is known to have, or NULL */
	char *secret; /* the same, once one in this run had that digest, or NULL */
};

struct sis_account_book {
	struct sis_daemon *daemon; /* borrowed, with the back end */
	bool read;
	SIS_VEC(struct sis_account) accounts;
	const struct sis_view *view; /* of the group that is being done, or NULL */
	struct sis_accounts ops;     /* the same for a back end */
};

void sis_account_book_init(struct sis_account_book *b, struct sis_daemon *daemon);
void sis_account_book_free(struct sis_account_book *b);

/* These accounts are ours from now on; somebody who knows says that they have these secrets. */
int sis_account_book_take(struct sis_account_book *b, const struct sis_chap *c,
			  struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * CHAP credentials by reference: the file /etc/shareiscsi/secrets, and digests by which a later run
 * knows whether a target has these credentials though it does not tell.
 */
#ifndef SIS_CORE_SECRET_H
#define SIS_CORE_SECRET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"
#include "model/share.h"

/* One entry; its name is chap.name. */
struct sis_secret {
	struct sis_chap chap;
	char *digest; /* of these credentials, once one was made or matched in this run, or NULL */
};

/* The file, read when it is first asked for. { 0 } is the unread one. */
struct sis_secrets {
	SIS_VEC(struct sis_secret) entries; /* sorted by name */
	bool read;
	struct sis_err err; /* why it could not be read: for everybody who asks */
};

enum { SIS_SECRETS_MAX = 1 << 20 }; /* bytes in the file */

/*
 * Reads the text of a secrets file, which is changed in place:
 *
 *     # comment
 *     [NAME]                   letters, digits, '-', '.', '_'; at most 64
 *     user = USER              1 to 255 printable ASCII characters without blank, as are all
 *     password = SECRET
 *     mutual-user = USER       optional: with these the target proves itself to the initiator
 *     mutual-password = SECRET
 *
 * -EINVAL with the number of the line; a message never repeats what the line says, which may be a
 * secret in the wrong place. *ret is then untouched.
 */
int sis_secrets_parse(char *text, struct sis_secrets *ret, struct sis_err *err);

/*
 * A copy of the entry `name` of ROOT/etc/shareiscsi/secrets, freed with sis_chap_free(). -ENOENT
 * when there is none, -EACCES when anybody but root could read or change the file or its folder.
 * From the first call on, this process leaves no core dump and none of its memory is swapped out.
 */
int sis_secrets_get(struct sis_secrets *s, const char *root, const char *name, struct sis_chap *ret,
		    struct sis_err *err);

/*
 * A salted digest of the secrets in `c` (crypt(5), "-" for none), to be kept where root alone reads.
 * NULL where there are none. Caller frees.
 */
char *sis_secrets_digest(struct sis_secrets *s, const struct sis_chap *c);

/* The same of a single secret. */
char *sis_secret_digest(const char *secret);
bool sis_secret_match(const char *secret, const char *digest);

/* Was `digest` made of these secrets? */
bool sis_secrets_match(struct sis_secrets *s, const struct sis_chap *c, const char *digest);

void sis_secrets_free(struct sis_secrets *s);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Talking to SCST's sysfs tree: attributes, and commands to `mgmt` files, which SCST carries out
 * asynchronously. Knows the protocol, not what a target or a device is.
 *
 * The protocol (scst_sysfs.c): a write is queued for a kernel thread and normally answers with the
 * result. When SCST is busy it answers EAGAIN although the command stays queued; then
 * last_sysfs_mgmt_res reads EAGAIN until all is done, and after that the result of whatever
 * command came last, anybody's. So after such an answer only the tree tells what happened.
 */
#ifndef SIS_BACKEND_SCST_MGMT_H
#define SIS_BACKEND_SCST_MGMT_H

#include <stdbool.h>

#include "backend/backend.h"

#define SIS_SCST "/sys/kernel/scst_tgt"
#define SIS_SCST_ISCSI SIS_SCST "/targets/iscsi"
#define SIS_SCST_ISCSI_MGMT SIS_SCST_ISCSI "/mgmt"

/* SCST stores persistent reservations here, by name of the device, and needs the directory. */
#define SIS_SCST_PR "/var/lib/scst/pr"

/* Limit for what SCST finishes in its own time: sessions that close, objects that vanish. */
enum { SIS_SCST_SETTLE_MS = 20000 };

/* bx->priv */
struct sis_scst {
	sis_strv made, gone; /* dry: what the recorded commands would have made and removed */
	bool swept;          /* left-over devices were looked for */
};

struct sis_scst *sis_scst_priv(struct sis_bx *bx);
void sis_scst_done(struct sis_bx *bx);

/*
 * May `word` stand in a command? SCST splits at white space, '=' and ';', has no quoting, and
 * reads a leading '!' in patterns as "not". `what` names it in the message. -EINVAL if not.
 */
int sis_scst_check_word(const char *word, const char *what, struct sis_err *err);
/* The same for what SCST compares with others, in which a '!' at the beginning is no letter. */
int sis_scst_check_pattern(const char *word, const char *what, struct sis_err *err);

/* The bytes that sis_scst_check_word() refuses anywhere, control bytes apart. */
#define SIS_SCST_BAD_BYTES " ;=\\\"'\xa0"

/* First line of an attribute without trailing blanks ("[key]" lines are marks for scstadmin). */
int sis_scst_read_line(struct sis_bx *bx, char **ret, struct sis_err *err, const char *path_fmt,
		       ...) __attribute__((format(printf, 4, 5)));

/* Is it there? In a dry run: would it be, after the commands recorded so far? */
bool sis_scst_exists(struct sis_bx *bx, const char *path_fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Dry: what a recorded command does to `path` beside its own proof. */
void sis_scst_note(struct sis_bx *bx, const char *path, bool there);

/*
 * Writes `command` to the file `mgmt` unless `proof` is there (make) or gone (unmake) already, and
 * makes sure that it is afterwards.
 */
int sis_scst_make(struct sis_bx *bx, const char *mgmt, const char *command, const char *proof,
		  struct sis_err *err);
int sis_scst_unmake(struct sis_bx *bx, const char *mgmt, const char *command, const char *proof,
		    struct sis_err *err);

/* Writes an attribute unless its first line is `value` already. */
int sis_scst_set(struct sis_bx *bx, const char *value, struct sis_err *err, const char *path_fmt,
		 ...) __attribute__((format(printf, 4, 5)));

/* sis_scst_poke() for a value with a secret in it, see sis_kfs_write_secret(). */
int sis_scst_poke_secret(struct sis_bx *bx, const char *value, const char *shown,
			 struct sis_err *err, const char *path_fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Writes to what cannot be read back. The caller looks for the effect if that matters. */
int sis_scst_poke(struct sis_bx *bx, const char *value, struct sis_err *err, const char *path_fmt,
		  ...) __attribute__((format(printf, 4, 5)));

#endif

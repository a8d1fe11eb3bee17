/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The error object: one code and one line for people, carried up and printed once.
 * Nothing here prints.
 */
#ifndef SIS_BASE_ERR_H
#define SIS_BASE_ERR_H

#include <errno.h>

/*
 * Codes are errno values; the ones below say what errno cannot and decide the exit status.
 * They start above every errno of Linux.
 */
enum sis_errcode {
	SIS_ERR_USAGE = 1000, /* the command line or a value is wrong */
	SIS_ERR_INUSE,        /* refused: initiators are logged in */
	SIS_ERR_NOTARGET,     /* no running target was found */
	SIS_ERR_TAKEN,        /* somebody else made a target of this name just now */
	SIS_ERR_PENDING,      /* cannot be done now, may be later without the user's help */
};

struct sis_err {
	int code;  /* 0 = no error */
	char *msg; /* owned; NULL = no error */
};

#define SIS_ERR_INIT { 0, NULL }
#define sis_autoerr __attribute__((cleanup(sis_err_clear)))

/*
 * Sets code and message, replacing an earlier one, and returns -code, so that
 * `return sis_err_set(err, ENOENT, "no device node '%s'", p)` is one line.
 * err may be NULL when the caller only wants the code; a code of 0 counts as EIO. Control bytes
 * in the finished text are replaced by '?': text from outside must not forge a second line.
 */
int sis_err_set(struct sis_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* sis_err_set() with ": " and strerror(errno_) appended. */
int sis_err_errno(struct sis_err *err, int errno_, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "text: " before the message on the way up; returns -code (-EIO if err is NULL). */
int sis_err_wrap(struct sis_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends text to the message (what to do about it); returns -code (-EIO if err is NULL). */
int sis_err_append(struct sis_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The message, never NULL. */
const char *sis_err_msg(const struct sis_err *err);

void sis_err_clear(struct sis_err *err);

/* Moves from into to (to is cleared first; NULL drops it), returns -code. */
int sis_err_move(struct sis_err *to, struct sis_err *from);

#endif

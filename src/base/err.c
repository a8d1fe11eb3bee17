/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The error object. Makes every message one clean line, whatever went into it.
 * Must not print.
 */
#include "base/err.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

/* Takes msg. An error must never look like success, so a code of 0 becomes EIO. */
static int err_store(struct sis_err *err, int code, char *msg)
{
	if (code == 0)
		code = EIO;
	if (!err) {
		free(msg);
		return -code;
	}
	sis_str_sanitize(msg);
	free(err->msg); /* only now: the arguments may have pointed into it */
	err->code = code;
	err->msg = msg;
	return -code;
}

int sis_err_set(struct sis_err *err, int code, const char *fmt, ...)
{
	va_list ap;
	char *msg;

	va_start(ap, fmt);
	msg = sis_vasprintf(fmt, ap);
	va_end(ap);
	return err_store(err, code, msg);
}

int sis_err_errno(struct sis_err *err, int errno_, const char *fmt, ...)
{
	sis_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = sis_vasprintf(fmt, ap);
	va_end(ap);
	return err_store(err, errno_, sis_asprintf("%s: %s", text, strerror(errno_ ? errno_ : EIO)));
}

int sis_err_wrap(struct sis_err *err, const char *fmt, ...)
{
	sis_autofree char *text = NULL;
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	text = sis_vasprintf(fmt, ap);
	va_end(ap);
	return err_store(err, err->code, sis_asprintf("%s: %s", text, sis_err_msg(err)));
}

int sis_err_append(struct sis_err *err, const char *fmt, ...)
{
	sis_autofree char *text = NULL;
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	text = sis_vasprintf(fmt, ap);
	va_end(ap);
	return err_store(err, err->code, sis_asprintf("%s%s", sis_err_msg(err), text));
}

const char *sis_err_msg(const struct sis_err *err)
{
	return err && err->msg ? err->msg : "unknown error";
}

void sis_err_clear(struct sis_err *err)
{
	if (!err)
		return;
	free(err->msg);
	err->msg = NULL;
	err->code = 0;
}

int sis_err_move(struct sis_err *to, struct sis_err *from)
{
	int code = from->code;

	if (to == from)
		return -code;
	sis_err_clear(to);
	if (!to) {
		sis_err_clear(from);
		return -code;
	}
	to->code = code;
	to->msg = sis_steal(&from->msg);
	from->code = 0;
	return -code;
}

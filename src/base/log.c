/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lines on stderr and, if asked for, in syslog. Leaves errno as it was, so that it can be called
 * between a failure and its report. Must not write to stdout.
 */
#include "base/log.h"

#include <errno.h>
#include <syslog.h>

#include "base/alloc.h"
#include "base/str.h"

static struct {
	char *program; /* owned; syslog keeps a pointer to it */
	enum sis_log_level level;
	bool use_syslog;
	void (*before)(void);
} log_state = { .level = SIS_LOG_WARN };

void sis_log_setup(const char *program, enum sis_log_level level, bool use_syslog)
{
	if (log_state.use_syslog)
		closelog();
	sis_replace(&log_state.program, program);
	log_state.level = level;
	log_state.use_syslog = use_syslog;
	if (use_syslog)
		openlog(log_state.program, LOG_PID, LOG_DAEMON);
}

enum sis_log_level sis_log_level(void)
{
	return log_state.level;
}

void sis_log_before(void (*clear)(void))
{
	log_state.before = clear;
}

void sis_log(enum sis_log_level level, const char *fmt, ...)
{
	static const int priority[] = {
		[SIS_LOG_ERROR] = LOG_ERR,
		[SIS_LOG_WARN] = LOG_WARNING,
		[SIS_LOG_INFO] = LOG_INFO,
		[SIS_LOG_DEBUG] = LOG_DEBUG,
	};
	sis_autofree char *text = NULL;
	int saved = errno;
	va_list ap;

	if (level > log_state.level)
		return;
	va_start(ap, fmt);
	text = sis_vasprintf(fmt, ap);
	va_end(ap);
	sis_str_sanitize(text);
	if (log_state.before)
		log_state.before();
	/* where stderr cannot be written there is nobody left to tell */
	(void)fprintf(stderr, "%s: %s%s\n",
		      log_state.program ? log_state.program : program_invocation_short_name,
		      level == SIS_LOG_WARN ? "warning: " : "", text);
	if (log_state.use_syslog)
		syslog(priority[level], "%s", text);
	errno = saved;
}

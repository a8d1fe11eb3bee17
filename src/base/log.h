/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the program says beside its results: warnings, progress, debugging.
 * Results go to stdout and errors to the caller; neither belongs here.
 */
#ifndef SIS_BASE_LOG_H
#define SIS_BASE_LOG_H

#include <stdbool.h>

enum sis_log_level { SIS_LOG_ERROR, SIS_LOG_WARN, SIS_LOG_INFO, SIS_LOG_DEBUG };

/* Messages above `level` are dropped (default WARN); `use_syslog` sends them to syslog as well. */
void sis_log_setup(const char *program, enum sis_log_level level, bool use_syslog);

enum sis_log_level sis_log_level(void);

/* Called before each line, to clear away what stands on the terminal; NULL: nothing is. */
void sis_log_before(void (*clear)(void));

/* One line, without newline; control bytes are replaced. WARN reads "PROGRAM: warning: TEXT". */
void sis_log(enum sis_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

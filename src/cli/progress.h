/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A progress bar on stderr while many shares are worked on, and the one line that sums up. Where
 * stderr is no terminal there is neither.
 */
#ifndef SIS_CLI_PROGRESS_H
#define SIS_CLI_PROGRESS_H

#include "core/sync.h"

/* From here on a terminal shows a bar, named `verb`; what is logged meanwhile clears it. */
void sis_progress_start(const char *verb);

/* For struct sis_request: `done` of `total` targets have been dealt with. */
void sis_progress_tick(size_t done, size_t total);

/* Clears the bar. */
void sis_progress_end(void);

/* "12 shared, 1 failed", if a bar would have been shown. */
void sis_progress_sum(const struct sis_report *r);

#endif

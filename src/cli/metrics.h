/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The status for Prometheus. Prints to stdout only.
 */
#ifndef SIS_CLI_METRICS_H
#define SIS_CLI_METRICS_H

#include "cli/out.h"

/* The rows of the status as metrics; `up`: they could be read at all. */
void sis_metrics_print(const struct sis_table *t, bool up);

#endif

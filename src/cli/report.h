/* SPDX-License-Identifier: MPL-2.0 */
/*
 * How the verbs that change something print what came of it.
 */
#ifndef SIS_CLI_REPORT_H
#define SIS_CLI_REPORT_H

#include "core/sync.h"

/* The steps as a shell script that a person can read: the reason, then what is done. */
void sis_report_print_steps(const struct sis_report *r);

void sis_report_print_json(const struct sis_report *r);

/* "cannot VERB 'SUBJECT': REASON"; without `strict` not those that merely wait. */
void sis_report_print_problems(const struct sis_report *r, const char *verb, bool strict);

/* Names that nobody knows. */
void sis_report_print_missing(const struct sis_report *r);

#endif

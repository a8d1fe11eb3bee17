/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What front_get.c, which shows, and front_ask.c, which asks, have in common.
 */
#ifndef SIS_CLI_FRONT_GET_H
#define SIS_CLI_FRONT_GET_H

#include "cli/front_int.h"
#include "cli/front_table.h"

/*
 * Asks the real program for the properties in `list`, as the user gave them, or "all"; its
 * complaints go to stderr, *ret_status is its exit status. Negative: it did not answer in the form
 * expected.
 */
int sis_get_ask(struct sis_front *f, const struct sis_front_args *a, const char *list,
		sis_get_rows *ret, int *ret_status);

#endif

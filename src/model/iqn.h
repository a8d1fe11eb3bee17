/* SPDX-License-Identifier: MPL-2.0 */
/*
 * iSCSI names: made from a dataset name, checked as RFC 7143 section 4.2.7 and RFC 3722 ask.
 */
#ifndef SIS_MODEL_IQN_H
#define SIS_MODEL_IQN_H

#include <stdbool.h>

#include "base/err.h"

enum { SIS_IQN_MAX = 223 }; /* bytes, RFC 7143 section 4.2.7.1 */

/*
 * "iqn.YYYY-MM." and the domain with its labels reversed: ("example.com", 2026, 11) gives
 * "iqn.2026-11.com.example". -EINVAL when `domain` is no domain name. Caller frees *ret.
 */
int sis_iqn_prefix(const char *domain, int year, int month, char **ret, struct sis_err *err);

/*
 * PREFIX:DATASET, slashes as dots, upper case folded, what is outside a-z0-9-.: as '-'.
 * -EINVAL or -ENAMETOOLONG (over SIS_IQN_MAX bytes). Caller frees *ret.
 */
int sis_iqn_make(const char *prefix, const char *dataset, char **ret, struct sis_err *err);

/* Is it what sis_iqn_make() makes for this dataset, with whatever prefix? */
bool sis_iqn_is_of(const char *iqn, const char *dataset);

/*
 * Is `name` a well-formed target name: iqn.YYYY-MM.reversed.domain[:text], eui.16-hex-digits,
 * naa.16-or-32-hex-digits; lower case; at most SIS_IQN_MAX bytes; only a-z0-9-.: ?
 */
int sis_iqn_check(const char *name, struct sis_err *err);

/* The prefix part alone (first line of /etc/iscsi_target_id): iqn.YYYY-MM.reversed.domain[:text] */
int sis_iqn_check_prefix(const char *prefix, struct sis_err *err);

#endif

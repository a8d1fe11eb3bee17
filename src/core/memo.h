/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What programs said of themselves, remembered until the program file is another one.
 */
#ifndef SIS_CORE_MEMO_H
#define SIS_CORE_MEMO_H

#include "base/run.h"

/*
 * Runs cmd, which has a name in .remember, by `runner`, or answers in its place with what it said
 * the last time. Kept is what ended with status 0, if `keep`, once /run/shareiscsi below root is
 * there. Returns as the runner does; *ret is the caller's to free.
 */
int sis_memo_run(const char *root, bool keep, const struct sis_runner *runner,
		 const struct sis_cmd *cmd, struct sis_cmd_result *ret, struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One run at a time: an advisory lock (flock) on a file, with a time limit.
 */
#ifndef SIS_BASE_LOCK_H
#define SIS_BASE_LOCK_H

#include "base/err.h"

/*
 * Opens (creates, mode 0600, never through a link) and locks `path` exclusively. The lock belongs
 * to the returned descriptor and ends with it or with the process. -ETIMEDOUT after timeout_ms,
 * the message naming the file and the pid that holds it when that can be told.
 */
int sis_lock_take(const char *path, unsigned timeout_ms, int *ret_fd, struct sis_err *err);

#endif

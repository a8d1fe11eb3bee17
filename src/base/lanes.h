/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Works on several things at once, each of which waits for the kernel most of the time. Of the
 * threads only one runs at any moment, and the others are in such a wait: what they share needs no
 * lock, but may be another after each wait. Knows nothing of the work.
 */
#ifndef SIS_BASE_LANES_H
#define SIS_BASE_LANES_H

#include <stdbool.h>

enum { SIS_LANES_MAX = 16 };

/*
 * Calls work(ctx) again and again, from `lanes` threads (the caller is one of them; at most
 * SIS_LANES_MAX, fewer where the system gives no more), until it returned false to each. Comes back
 * when all are done. From within, only one lane may be asked for, unless the outer ones are one, too.
 */
void sis_lanes_run(unsigned lanes, bool (*work)(void *ctx), void *ctx);

/*
 * Around a wait: lets another thread work meanwhile. Whoever leaves must not look at anything that
 * is shared before it has entered again. Without lanes they do nothing; errno stays as it is.
 */
void sis_lane_leave(void);
void sis_lane_enter(void);

#endif

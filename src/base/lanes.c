/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Threads that work by turns. Knows nothing of the work.
 */
#include "base/lanes.h"

#include <pthread.h>
#include <signal.h>


struct work {
	bool (*work)(void *ctx);
	void *ctx;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool in_lane;

/* A mutex of the usual kind, taken and given back by the same thread, cannot fail. */
void sis_lane_leave(void)
{
	if (in_lane)
		(void)pthread_mutex_unlock(&turn);
}

void sis_lane_enter(void)
{
	if (in_lane)
		(void)pthread_mutex_lock(&turn);
}

static void do_all(const struct work *w)
{
	while (w->work(w->ctx))
		;
}

static void *lane(void *arg)
{
	in_lane = true;
	sis_lane_enter();
	do_all(arg);
	sis_lane_leave();
	in_lane = false;
	return NULL;
}

void sis_lanes_run(unsigned lanes, bool (*work)(void *ctx), void *ctx)
{
	struct work w = { work, ctx };
	pthread_t threads[SIS_LANES_MAX - 1];
	unsigned started = 0;
	sigset_t all, old;

	if (lanes <= 1) {
		do_all(&w); /* alone, it need not take turns, and may be within other work */
		return;
	}
	/* signals are for the thread that was there before */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old); /* fails only for a wrong `how` */
	while (started + 1 < lanes && started + 1 < SIS_LANES_MAX &&
	       pthread_create(&threads[started], NULL, lane, &w) == 0)
		started++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)lane(&w);
	while (started)
		(void)pthread_join(threads[--started], NULL); /* one of ours, joined once */
}

// SPDX-License-Identifier: MPL-2.0
/*
 * The asynchronous management protocol (section B5): writes are queued for one worker, and a
 * writer gives up waiting with EAGAIN although its command still runs. Decides when a command
 * runs and what its writer hears, never what the command does.
 */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fuse.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>
#include <time.h>

#include "objects.h"

struct work {
	char *path, *text;
	struct verdict verdict;
	unsigned hold_ms;    /* the work keeps everything locked so long before it runs */
	bool done, detached; /* detached: nobody waits for the result */
	int result;
	TAILQ_ENTRY(work) entry;
};

static TAILQ_HEAD(, work) queue = TAILQ_HEAD_INITIALIZER(queue);
static unsigned active;      /* queued or running works */
static bool worker_holds;    /* the stand-in for "scst_mutex is locked" */
static pthread_t worker;

enum {
	POLL_MS = 20,          /* how often a waiting writer looks for a signal */
	KEEP_WAITING_MS = 5000 /* B5.1: waits go on in steps of 5 s while nothing is locked */
};

static void work_free(struct work *work)
{
	free(work->path);
	free(work->text);
	free(work);
}

static struct timespec deadline_ts(uint64_t at_ms)
{
	return (struct timespec){ .tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000 };
}

/* True when the thread serves a request whose caller got a signal, or all is to end. */
static bool interrupted(void)
{
	struct fuse_context *context = fuse_get_context();

	if (sim.stopping)
		return true;
	return context && context->fuse &&
	       (fuse_interrupted() || fuse_session_exited(fuse_get_session(context->fuse)));
}

static void wait_change(uint64_t until_ms)
{
	struct timespec ts = deadline_ts(until_ms);

	pthread_cond_timedwait(&sim.change, &sim.lock, &ts);
}

int sim_wait_ms(unsigned ms, bool interruptible)
{
	uint64_t end = now_ms() + ms;

	for (uint64_t now = now_ms(); now < end && !sim.stopping; now = now_ms()) {
		if (interruptible && interrupted())
			return -EINTR;
		wait_change(interruptible && now + POLL_MS < end ? now + POLL_MS : end);
	}
	return 0;
}

/* B1: without the daemon EPERM; with a hung one the write blocks about 32 s, then EBUSY. */
int need_daemon(bool interruptible)
{
	uint64_t end = now_ms() + sim.hung_after_ms;

	while (sim.daemon == DAEMON_HUNG) {
		uint64_t now = now_ms();

		if (sim.stopping || (interruptible && interrupted()))
			return -EINTR;
		if (now >= end)
			return -EBUSY;
		wait_change(now + POLL_MS < end ? now + POLL_MS : end);
	}
	return sim.daemon == DAEMON_DOWN ? -EPERM : 0;
}

static int run_store(const char *path, const char *text, bool interruptible)
{
	struct node *node = node_lookup(path);
	char *copy;
	int r;

	if (node && node->attr->flags & ATTR_DAEMON) {
		r = need_daemon(interruptible);
		if (r < 0)
			return r;
		node = node_lookup(path); /* the lock was dropped meanwhile */
	}
	if (!node)
		return 0; /* B5.7: the object went away while the command was queued: success */
	copy = xstrdup(text);
	r = node->attr->store(node, copy);
	free(copy);
	return r;
}

static int work_result(struct work *work)
{
	switch (work->verdict.kind) {
	case FAULT_FAIL:
		return -work->verdict.error;
	case FAULT_LOST:
		return 0;
	default:
		return run_store(work->path, work->text, false);
	}
}

static void work_run(struct work *work)
{
	worker_holds = true;
	sim_wait_ms(work->hold_ms, false);
	worker_holds = false;
	work->result = work_result(work);
	/* B5.2: one value for the whole system, that of the work that finished last. */
	sim.last_result = work->result;
	work->done = true;
	active--;
	pthread_cond_broadcast(&sim.change);
	if (work->detached)
		work_free(work);
}

static void *worker_main(void *arg)
{
	struct work *work;

	(void)arg;
	pthread_mutex_lock(&sim.lock);
	while (!sim.stopping) {
		work = TAILQ_FIRST(&queue);
		if (!work) {
			pthread_cond_wait(&sim.change, &sim.lock);
			continue;
		}
		TAILQ_REMOVE(&queue, work, entry);
		work_run(work);
	}
	pthread_mutex_unlock(&sim.lock);
	return NULL;
}

void queue_start(void)
{
	if (pthread_create(&worker, NULL, worker_main, NULL) != 0)
		abort();
}

void queue_stop(void)
{
	struct work *work;

	pthread_join(worker, NULL);
	while ((work = TAILQ_FIRST(&queue))) {
		TAILQ_REMOVE(&queue, work, entry);
		work_free(work);
	}
}

bool queue_busy(void)
{
	return active > 0;
}

static int work_wait(struct work *work)
{
	uint64_t end = now_ms() + sim.eagain_after_ms;

	while (!work->done) {
		uint64_t now = now_ms();

		if (interrupted()) {
			work->detached = true;
			return -EINTR; /* B5.4: the command stays queued */
		}
		if (now >= end && worker_holds) {
			work->detached = true;
			return -EAGAIN; /* B5.1 */
		}
		if (now >= end)
			end = now + KEEP_WAITING_MS;
		wait_change(now + POLL_MS);
	}
	return work->result;
}

int queue_write(const char *path, const char *text, const struct verdict *verdict)
{
	struct work *work = xcalloc(sizeof(*work));
	int r;

	work->path = xstrdup(path);
	work->text = xstrdup(text);
	work->verdict = *verdict;
	if (verdict->kind == FAULT_NONE && sim.eagain != EAGAIN_OFF) /* B5.6 */
		work->verdict.kind = sim.eagain == EAGAIN_ON ? FAULT_EAGAIN : FAULT_LOST;
	TAILQ_INSERT_TAIL(&queue, work, entry);
	active++;
	if (work->verdict.kind == FAULT_EAGAIN || work->verdict.kind == FAULT_LOST) {
		work->hold_ms = sim.eagain_delay_ms;
		work->detached = true;
		pthread_cond_broadcast(&sim.change);
		return -EAGAIN;
	}
	if (work->verdict.kind == FAULT_HANG)
		work->hold_ms = work->verdict.ms;
	pthread_cond_broadcast(&sim.change);
	r = work_wait(work);
	if (work->done) {
		if (work->verdict.kind == FAULT_LATE)
			r = -work->verdict.error;
		work_free(work);
	}
	return r;
}

int direct_write(const char *path, const char *text, const struct verdict *verdict)
{
	int r;

	if (verdict->kind == FAULT_FAIL)
		return -verdict->error;
	if (verdict->kind == FAULT_EAGAIN || verdict->kind == FAULT_LOST) {
		r = verdict->kind == FAULT_EAGAIN ? run_store(path, text, true) : 0;
		return r < 0 ? r : -EAGAIN;
	}
	if (verdict->kind == FAULT_HANG) {
		r = sim_wait_ms(verdict->ms, true);
		if (r < 0)
			return r;
	}
	r = run_store(path, text, true);
	return verdict->kind == FAULT_LATE ? -verdict->error : r;
}

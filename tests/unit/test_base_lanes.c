/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Threads that work by turns: all is done once, one of them works at a time, the others go on while
 * one waits, and each has a helper of its own for kernel trees.
 */
#include "test_base_dir.h"

#include <semaphore.h>
#include <time.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/kfs.h"
#include "base/lanes.h"

enum { ITEMS = 1000, LANES = 4, PATIENCE_S = 20 };

struct job {
	unsigned next, items;
	unsigned inside; /* who works at this moment */
	unsigned done[ITEMS];
	bool crowded;
	sem_t met;
	bool alone;
	int written;
};

static bool count_one(void *ctx)
{
	struct job *j = ctx;
	unsigned i = j->next;

	if (i == j->items)
		return false;
	j->crowded |= j->inside++ > 0;
	j->next++;
	j->done[i]++;
	sis_pause(0);
	j->inside--;
	sis_lane_leave();
	sis_pause(0);
	sis_lane_enter();
	return true;
}

static void assert_counted(unsigned lanes)
{
	struct job j = { .items = ITEMS };

	sis_lanes_run(lanes, count_one, &j);
	assert_false(j.crowded);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_int_equal(j.done[i], 1);
}

static void test_once(void **state)
{
	(void)state;
	assert_counted(0);
	assert_counted(1);
	assert_counted(LANES);
	assert_counted(1000); /* as many as there may be */
}

static bool count_all(void *ctx)
{
	struct job *j = ctx;

	if (j->next == j->items)
		return false;
	sis_lanes_run(1, count_one, j);
	return true;
}

static bool count_in_lanes(void *ctx)
{
	bool *done = ctx;

	if (!*done)
		assert_counted(LANES);
	return !*done && (*done = true);
}

/* A single lane may be within others, and others within a single one. */
static void test_within(void **state)
{
	struct job j = { .items = ITEMS };
	bool done = false;

	(void)state;
	sis_lanes_run(LANES, count_all, &j);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_int_equal(j.done[i], 1);
	sis_lanes_run(1, count_in_lanes, &done);
	assert_true(done);
}

/* Outside of lanes there is nothing to leave. */
static void test_no_lane(void **state)
{
	(void)state;
	sis_lane_leave();
	sis_lane_enter();
	sis_lane_enter();
}

static bool wait_for_other(struct job *j)
{
	struct timespec end;
	int r;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	sis_lane_leave();
	r = sem_timedwait(&j->met, &end);
	sis_lane_enter();
	return r == 0;
}

/* The first waits for what only the second does. */
static bool meet(void *ctx)
{
	struct job *j = ctx;
	unsigned i = j->next;

	if (i == 2)
		return false;
	j->next++;
	if (i == 0)
		j->alone = !wait_for_other(j);
	else
		sem_post(&j->met);
	return true;
}

static void test_meanwhile(void **state)
{
	struct job j = { 0 };

	(void)state;
	assert_int_equal(sem_init(&j.met, 0, 0), 0);
	sis_lanes_run(2, meet, &j);
	assert_false(j.alone);
	assert_int_equal(j.next, 2);
	sem_destroy(&j.met);
}

static struct sis_kfs kfs = { .root = dir, .ops = &sis_kfs_real_ops,
			      .timeout_ms = PATIENCE_S * 1000 };

/* One opens a FIFO that nobody reads until another does: neither goes on while it is alone. */
static bool write_or_read(void *ctx)
{
	struct job *j = ctx;
	unsigned i = j->next;
	char c = 0;
	int fd;

	if (i == 2)
		return false;
	j->next++;
	if (i == 0) {
		j->written = sis_kfs_write(&kfs, "x", NULL, "/fifo");
		return true;
	}
	j->written = -EAGAIN;
	assert_int_equal(sis_kfs_mkdir(&kfs, NULL, "/made"), 0);
	fd = open(in_dir("fifo"), O_RDONLY | O_CLOEXEC);
	j->alone = fd < 0 || read(fd, &c, 1) != 1 || c != 'x';
	close(fd);
	return true;
}

/* Those of threads that have ended are this one's. */
static size_t children(void)
{
	sis_autofree char *path = sis_asprintf("/proc/self/task/%d/children", getpid());
	sis_autofree char *text = NULL;
	size_t n = 0;

	assert_int_equal(sis_file_read(path, 4096, &text, NULL), 0);
	for (const char *c = text; *c; c++)
		n += *c == ' ';
	return n;
}

static void test_helpers(void **state)
{
	struct job j = { .alone = true };

	(void)state;
	assert_int_equal(children(), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	sis_lanes_run(2, write_or_read, &j);
	assert_false(j.alone);
	assert_int_equal(j.written, 0);
	assert_true(children() <= 1); /* that of this thread, if it had one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_no_lane),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_helpers),
	};

	return cmocka_run_group_tests(tests, dir_setup, dir_teardown);
}

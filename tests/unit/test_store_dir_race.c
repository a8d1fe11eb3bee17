/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The dir store with many callers at once, as another user, and on a read-only file system.
 */
#include "test_store_dir.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { CALLERS = 16, NOBODY = 65534 };

/* Starts CALLERS processes that wait for each other, runs fn in each; what they return. */
static void run_callers(uint64_t (*fn)(unsigned i), uint64_t ret[CALLERS])
{
	int go[2], back[2];
	pid_t pids[CALLERS];

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(back, O_CLOEXEC), 0);
	for (unsigned i = 0; i < CALLERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			uint64_t answer[2] = { i, 0 };
			char byte;

			close(go[1]);
			if (read(go[0], &byte, 1) == 0) /* all at once: when the pipe closes */
				answer[1] = fn(i);
			_exit(write(back[1], answer, sizeof(answer)) != sizeof(answer));
		}
	}
	close(go[0]);
	close(go[1]);
	for (unsigned i = 0; i < CALLERS; i++) {
		uint64_t answer[2];

		assert_int_equal(read(back[0], answer, sizeof(answer)), sizeof(answer));
		ret[answer[0]] = answer[1];
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	close(back[0]);
	close(back[1]);
}

static uint64_t call_guid(unsigned i)
{
	sis_volumes l = { 0 };

	(void)i;
	return sx.store->list(&sx, NULL, &l, NULL, NULL) == 0 && l.n == 1 ? l.v[0].guid : 0;
}

static void assert_one_guid(void)
{
	uint64_t got[CALLERS];

	run_callers(call_guid, got);
	assert_true(got[0] != 0);
	for (unsigned i = 1; i < CALLERS; i++)
		assert_true(got[i] == got[0]);
	assert_true(list_guid("mypool/v") == got[0]);
}

static void test_concurrent_mint(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		make_file("mypool/v", MIB);
		assert_one_guid();
		/* the same for one that came with a copy */
		assert_int_equal(setxattr(in_dir("mypool/v"), GUID_ATTR, "123456789abcdef0:1", 18,
					  0), 0);
		assert_one_guid();
		ok(destroy, "mypool/v", false);
	}
}

static uint64_t call_create(unsigned i)
{
	const struct sis_create c = { .volume = true, .sparse = true, .parents = i % 2,
				      .size = MIB };
	sis_autofree char *own = sis_asprintf("mypool/p/own%u", i);

	if (sx.store->create(&sx, own, &(struct sis_create){ .volume = true, .sparse = true,
			     .parents = true, .size = MIB }, NULL))
		return 99;
	return (uint64_t)-sx.store->create(&sx, "mypool/p/same", &c, NULL);
}

static void test_concurrent_create(void **state)
{
	uint64_t got[CALLERS];
	sis_autovolumes sis_volumes l = { 0 };
	unsigned made = 0;

	(void)state;
	run_callers(call_create, got);
	for (unsigned i = 0; i < CALLERS; i++) {
		assert_true(got[i] == 0 || got[i] == EEXIST);
		made += i % 2 == 0 && got[i] == 0;
	}
	assert_true(made <= 1); /* without -p one at most can have made it */
	ok(list, NULL, &l, NULL);
	assert_int_equal(l.n, CALLERS + 1);
	sis_vec_each(v, &l)
		assert_true(v->ready);
	assert_no_remnants();
}

static uint64_t call_rename(unsigned i)
{
	sis_autofree char *from = sis_asprintf("mypool/v%u", i);

	return (uint64_t)-sx.store->rename(&sx, from, "mypool/p/w", true, NULL);
}

static void test_concurrent_rename(void **state)
{
	uint64_t got[CALLERS];
	unsigned won = 0;
	sis_autovolumes sis_volumes l = { 0 };

	(void)state;
	for (unsigned i = 0; i < CALLERS; i++) {
		sis_autofree char *name = sis_asprintf("mypool/v%u", i);

		make_volume(name);
	}
	run_callers(call_rename, got);
	for (unsigned i = 0; i < CALLERS; i++)
		won += got[i] == 0;
	assert_int_equal(won, 1);
	ok(list, NULL, &l, NULL);
	assert_int_equal(l.n, CALLERS); /* nothing was written over */
}

/* In a child: as a user who is not root, or in a mount namespace of its own. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool become_nobody(void)
{
	return geteuid() != 0 || (setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
				  setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static int see_why(const char *want)
{
	sis_volumes l = { 0 };

	if (sx.store->list(&sx, NULL, &l, NULL, NULL) || l.n != 1)
		return 2;
	if (l.v[0].ready || l.v[0].guid || !sis_streq(l.v[0].not_ready, want)) {
		fprintf(stderr, "%s\n", l.v[0].not_ready ? l.v[0].not_ready : "(ready)");
		return 3;
	}
	return 0;
}

static int unreadable(void)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_prop p = { 0 };

	if (!become_nobody())
		return 4;
	if (sx.store->get(&sx, "mypool/v", SIS_PROP_SHARE, &p, &err) != -EACCES ||
	    !sis_streq(sis_err_msg(&err), "cannot open 'mypool/v': permission denied"))
		return 5;
	return see_why("the file cannot be opened: Permission denied");
}

static int unwritable(void)
{
	if (!become_nobody())
		return 4;
	return see_why("it has no guid of its own yet and none can be stored: permission denied");
}

static int unwritable_ready(void)
{
	sis_volumes l = { 0 };

	if (!become_nobody())
		return 4;
	if (sx.store->list(&sx, NULL, &l, NULL, NULL) || l.n != 1 || l.v[0].ready || !l.v[0].guid)
		return 2;
	return !sis_streq(l.v[0].not_ready, "the file cannot be written; allow it, or use "
					    "'zfs set readonly=on mypool/v'");
}

static int closed_folder(void)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_volumes l = { 0 };

	/* an error, not a shorter list: volumes that are left out would be unshared */
	if (!become_nobody() || sx.store->list(&sx, NULL, &l, NULL, &err) != -EACCES)
		return 2;
	return !sis_streq(sis_err_msg(&err), "cannot open 'mypool/fs': permission denied");
}

static void test_permissions(void **state)
{
	(void)state;
	make_file("mypool/v", MIB);
	assert_int_equal(chmod(in_dir("mypool/v"), 0), 0);
	assert_int_equal(in_child(unreadable), 0);
	assert_int_equal(chmod(in_dir("mypool/v"), 0444), 0);
	assert_int_equal(in_child(unwritable), 0);
	assert_int_equal(chmod(in_dir("mypool/v"), 0644), 0);
	assert_true(list_guid("mypool/v") != 0);
	assert_int_equal(chmod(in_dir("mypool/v"), 0444), 0);
	assert_int_equal(in_child(unwritable_ready), 0);
	make_folder("mypool/fs");
	assert_int_equal(chmod(in_dir("mypool/fs"), 0), 0);
	assert_int_equal(in_child(closed_folder), 0);
	assert_int_equal(chmod(in_dir("mypool/fs"), 0755), 0);
}

enum { NO_NAMESPACE = 77 };

static int in_readonly_pool(void)
{
	const char *pool = in_dir("mypool");
	sis_autofree char *spec = NULL;
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	const char *name[] = { "mypool/with" };
	sis_strv names = { (char **)name, 1, 1 };
	sis_volumes l = { 0 };

	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(pool, pool, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, pool, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return NO_NAMESPACE;
	/* anew: the descriptor of the open one leads into the namespace before */
	spec = sis_asprintf("dir:%s", dir);
	sis_store_close(&sx);
	if (sis_store_open(spec, NULL, NULL, &sx, NULL))
		return 1;
	if (sx.store->list(&sx, &names, &l, NULL, NULL) || l.n != 1)
		return 2;
	if (!l.v[0].ready || !l.v[0].guid || !l.v[0].readonly || !l.v[0].pool_readonly)
		return 3;
	name[0] = "mypool/without";
	if (sx.store->list(&sx, &names, &l, NULL, NULL) || l.n != 1)
		return 4;
	if (l.v[0].ready || l.v[0].guid || !l.v[0].pool_readonly ||
	    !sis_streq(l.v[0].not_ready, "it has no guid of its own yet and none can be stored: "
					 "pool is read-only"))
		return 5;
	if (sx.store->keep(&sx, "mypool/with", SIS_PROP_IDENTITY, "x", &err) != -EROFS ||
	    !sis_streq(sis_err_msg(&err),
		       "cannot set property for 'mypool/with': pool is read-only"))
		return 6;
	if (sx.store->create(&sx, "mypool/new", &(struct sis_create){ 0 }, &err) != -EROFS ||
	    sx.store->destroy(&sx, "mypool/with", false, &err) != -EROFS ||
	    !sis_streq(sis_err_msg(&err), "cannot destroy 'mypool/with': pool is read-only"))
		return 7;
	return 0;
}

static void test_readonly_pool(void **state)
{
	int r;

	(void)state;
	make_volume("mypool/with");
	make_file("mypool/without", MIB);
	r = in_child(in_readonly_pool);
	if (r == NO_NAMESPACE) {
		print_message("skipped: no mount namespace can be had here\n");
		skip();
	}
	assert_int_equal(r, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_concurrent_mint),
		store_test(test_concurrent_create),
		store_test(test_concurrent_rename),
		store_test(test_permissions),
		store_test(test_readonly_pool),
	};

	return cmocka_run_group_tests_name("store_dir_race", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The zfs store against a zfs that prints as the real one does, with values that pretend to be
 * rows: what is listed must be what is set, whatever the values hold.
 */
#include "test_base_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "base/str.h"
#include "store/store.h"

#define SHARE SIS_PROP_SHARE
#define IDENTITY SIS_PROP_IDENTITY

enum { MAX = 32 };

struct dataset {
	const char *name;
	bool volume, zoned, readonly;
	bool gone;	/* from the second call on */
	bool suspended; /* pools: nothing in it can be opened */
	bool broken;	/* zfs cannot go on from here, and ends with 0 all the same */
	uint64_t guid, guid_later;
	char share[4096], identity[4096]; /* "" with source "-": unset */
	const char *share_source, *identity_source;
};

static struct dataset all[MAX];
static size_t count;
static bool pool_readonly;
static unsigned calls, zpool_calls;
static char last_set[512];

/* The channel program: what it was given, and how it goes. */
static struct {
	unsigned calls, words; /* arguments of the last one */
	int status;
	const char *out;
	char first[4][64];
	unsigned noted;
	bool dry;
} prog;
static struct sis_sx sx;

static struct dataset *add(const char *name, bool volume)
{
	struct dataset *d = &all[count++];

	*d = (struct dataset){ .name = name,
			       .volume = volume,
			       .guid = count,
			       .share_source = "-",
			       .identity_source = "-" };
	return d;
}

static void set_share(struct dataset *d, const char *value, const char *source)
{
	snprintf(d->share, sizeof(d->share), "%s", value);
	d->share_source = source;
}

/* ---- zfs ---- */

static const char *value_of(const struct dataset *d, const char *prop, const char **source)
{
	static char number[32];

	*source = "-";
	if (sis_streq(prop, SHARE)) {
		*source = d->share_source;
		return sis_streq(*source, "-") ? "-" : d->share;
	}
	if (sis_streq(prop, IDENTITY)) {
		*source = d->identity_source;
		return sis_streq(*source, "-") ? "-" : d->identity;
	}
	snprintf(number, sizeof(number), "%ju",
		 (uintmax_t)(calls > 2 && d->guid_later ? d->guid_later : d->guid));
	if (sis_streq(prop, "guid"))
		return number;
	if (sis_streq(prop, "zoned"))
		return d->volume ? "-" : d->zoned ? "on" : "off";
	if (sis_streq(prop, "volsize"))
		return "1048576";
	if (sis_streq(prop, "volblocksize"))
		return "8192";
	if (sis_streq(prop, "refreservation"))
		return "0";
	if (sis_streq(prop, "readonly"))
		return d->readonly ? "on" : "off";
	return sis_streq(prop, "volmode") ? "default" : "-";
}

static void print_rows(struct sis_str *out, const struct dataset *d, const char *props)
{
	sis_autofree char *copy = sis_strdup(props);
	char *cursor = copy, *prop;

	while ((prop = sis_str_next(&cursor, ","))) {
		const char *source, *value = value_of(d, prop, &source);

		sis_str_addf(out, "%s\t%s\t%s\t%s\n", d->name, prop, value, source);
	}
}

static bool asked(const struct dataset *d, const char *const *names, bool below)
{
	if (below && !names[0])
		return true;
	for (; *names; names++) {
		if (below ? sis_dataset_within(d->name, *names) : sis_streq(d->name, *names))
			return true;
	}
	return false;
}

static bool exists(const struct dataset *d)
{
	return !(d->gone && calls > 1);
}

static bool suspended(const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].suspended && sis_dataset_within(name, all[i].name))
			return true;
	}
	return false;
}

static int print_failures(struct sis_str *out, const char *const *names)
{
	int status = 0;

	for (; *names; names++) {
		const char *why = suspended(*names) ? "pool I/O is currently suspended" : NULL;
		bool found = false;

		for (size_t i = 0; i < count; i++)
			found |= exists(&all[i]) && sis_streq(all[i].name, *names);
		if (found && !why)
			continue;
		sis_str_addf(out, "%scannot open '%s': %s", status ? "\n" : "", *names,
			     why ? why : "dataset does not exist");
		status = 1;
	}
	return status;
}

/* "get OPTIONS... PROPS NAMES..." in the three forms the store uses. */
static int zfs_get(const char *const *argv, struct sis_str *out, struct sis_str *errout)
{
	bool below = sis_streq(argv[2], "-r"), bulk = below || sis_streq(argv[2], "-Hp");
	const char *const *names = argv + (below ? 9 : bulk ? 8 : 6);

	for (size_t i = 0; i < count; i++) {
		const char *source, *value;

		if (!exists(&all[i]) || !asked(&all[i], names, below) || suspended(all[i].name) ||
		    (below && !all[i].volume))
			continue;
		if (below && all[i].broken) {
			sis_str_add(errout, "cannot iterate filesystems: I/O error");
			return 0;
		}
		if (bulk) {
			print_rows(out, &all[i], names[-1]);
			continue;
		}
		value = value_of(&all[i], names[-1], &source);
		sis_str_addf(out, "%s\t%s\n", source, value);
	}
	return print_failures(errout, names);
}

static void zpool(const char *verb, struct sis_str *out)
{
	if (sis_streq(verb, "get")) {
		zpool_calls++;
		sis_str_addf(out, "p\treadonly\t%s\t-\n", pool_readonly ? "on" : "off");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!strchr(all[i].name, '/'))
			sis_str_addf(out, "%s\n", all[i].name);
	}
}

/* "program -j POOL - PROP NAME VALUE..." */
static int zfs_program(const struct sis_cmd *cmd, struct sis_str *out, struct sis_str *errout)
{
	const char *const *args = cmd->argv + 5;

	prog.calls++;
	assert_string_equal(cmd->argv[2], "-j");
	assert_string_equal(cmd->argv[4], "-");
	assert_string_equal(args[0], IDENTITY);
	assert_non_null(strstr(cmd->input, "zfs.sync.set_prop(argv[i], argv[1], argv[i + 1])"));
	for (size_t i = 0; i < 4; i++)
		snprintf(prog.first[i], sizeof(prog.first[i]), "%s", i ? args[i] : cmd->argv[3]);
	for (prog.words = 0; args[1 + prog.words]; prog.words++)
		;
	if (prog.status)
		sis_str_add(errout, "Channel program execution failed:\nit may not");
	else
		sis_str_add(out, prog.out);
	return prog.status;
}

static bool fake_note(void *ctx, const char *const *argv)
{
	(void)ctx;
	assert_string_equal(argv[1], sis_str_starts(argv[2], IDENTITY "=") ? "set" : "inherit");
	prog.noted++;
	return !prog.dry;
}

static int fake_run(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		    struct sis_err *err)
{
	struct sis_str out = { 0 }, errout = { 0 };

	(void)ctx;
	(void)err;
	if (sis_streq(cmd->argv[0] + strlen(cmd->argv[0]) - 5, "zpool")) {
		zpool(cmd->argv[1], &out);
		ret->status = 0;
	} else if (sis_streq(cmd->argv[1], "set")) {
		sis_autofree char *text = sis_cmd_text(cmd->argv + 1);

		assert_true(cmd->changes);
		snprintf(last_set, sizeof(last_set), "%s", text);
		ret->status = pool_readonly;
		if (pool_readonly)
			sis_str_add(&errout, "cannot set property for 'p/a': pool is read-only");
	} else if (sis_streq(cmd->argv[1], "program")) {
		ret->status = zfs_program(cmd, &out, &errout);
	} else {
		calls++;
		ret->status = zfs_get(cmd->argv, &out, &errout);
	}
	ret->out_len = out.len;
	ret->out = sis_str_take(&out);
	ret->errout = sis_str_take(&errout);
	return 0;
}

static const struct sis_runner fake = { .run = fake_run, .note = fake_note };

/* ---- set up ---- */

static void put_program(const char *name)
{
	put_text(in_dir(name), "#!/bin/false\n");
	assert_int_equal(chmod(in_dir(name), 0755), 0);
}

static void make_folder(const char *name)
{
	assert_int_equal(mkdir(in_dir(name), 0755), 0);
}

static int setup(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (dir_setup(state) < 0)
		return -1;
	make_folder("usr");
	make_folder("usr/sbin");
	make_folder("dev");
	make_folder("dev/zvol");
	make_folder("dev/zvol/p");
	put_text(in_dir("dev/zfs"), "");
	put_program("usr/sbin/zfs");
	put_program("usr/sbin/zpool");
	count = calls = zpool_calls = 0;
	pool_readonly = false;
	add("p", false);
	sx = (struct sis_sx){ 0 };
	return sis_store_open(NULL, dir, &fake, &sx, &err);
}

static int teardown(void **state)
{
	sis_store_close(&sx);
	return dir_teardown(state);
}

static void list(const sis_strv *names, sis_volumes *ret, sis_strv *missing)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int r;

	calls = zpool_calls = 0;
	r = sx.store->list(&sx, names, ret, missing, &err);
	assert_string_equal(err.msg ? err.msg : "", "");
	assert_int_equal(r, 0);
}

/* The list must say of each volume what its dataset has, nothing more and nothing less. */
static void assert_truth(void)
{
	sis_autovolumes sis_volumes l = { 0 };
	size_t n = 0;

	list(NULL, &l, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct dataset *d = &all[i];
		const struct sis_volume *v = &l.v[n];

		if (!d->volume)
			continue;
		/* one that goes meanwhile may be there still, but as it was */
		if ((d->gone || d->guid_later) && (n == l.n || !sis_streq(v->name, d->name)))
			continue;
		assert_true(n++ < l.n);
		assert_string_equal(v->name, d->name);
		assert_true(v->guid == d->guid);
		assert_true(sis_streq_null(v->share,
					   sis_streq(d->share_source, "-") ? NULL : d->share));
		assert_true(sis_streq_null(
			v->identity, sis_streq(d->identity_source, "-") ? NULL : d->identity));
	}
	assert_int_equal(n, l.n);
}

/* ---- tests ---- */

static void test_plain(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };
	struct dataset *d;

	(void)state;
	set_share(add("p/a", true), "on", "inherited from p");
	d = add("p/b c", true);
	set_share(d, "lun=2", "received");
	snprintf(d->identity, sizeof(d->identity), "x");
	d->identity_source = "inherited from p";
	add("p/d", true);
	put_text(in_dir("dev/zvol/p/a"), "");
	put_text(in_dir("dev/zvol/p/d"), "");
	list(NULL, &l, NULL);
	assert_int_equal(calls, 2);
	assert_int_equal(l.n, 3);
	assert_true(l.v[0].ready);
	assert_false(l.v[0].is_file);
	assert_string_equal(l.v[0].share_from, "p");
	assert_true(l.v[0].sparse);
	assert_int_equal(l.v[1].share_source, SIS_SOURCE_RECEIVED);
	assert_string_equal(l.v[1].device, "/dev/zvol/p/b+c");
	assert_false(l.v[1].ready);
	assert_false(l.v[1].not_ready_final);
	assert_string_equal(l.v[1].not_ready,
			    "its device node '/dev/zvol/p/b+c' has not appeared yet");
	assert_null(l.v[1].identity); /* is not inherited */
	assert_null(l.v[2].share);
	assert_true(l.v[2].ready);
}

/* Of a volume below one that received the value zfs says that it inherits it. */
static void test_received_above(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };
	struct dataset *bad;

	(void)state;
	set_share(&all[0], "on", "local"); /* the pool */
	set_share(add("p/r", false), "on", "received");
	set_share(add("p/r/f", false), "on", "inherited from p/r");
	set_share(add("p/r/f/a", true), "on", "inherited from p/r");
	set_share(add("p/r/b", true), "on", "inherited from p/r");
	set_share(add("p/r/c", true), "on", "local");
	set_share(add("p/d", true), "on", "inherited from p");
	list(NULL, &l, NULL);
	assert_int_equal(calls, 2);
	assert_int_equal(l.n, 4);
	assert_false(l.v[0].from_received);
	assert_string_equal(l.v[1].name, "p/r/b");
	assert_true(l.v[1].from_received);
	assert_false(l.v[2].from_received);
	assert_true(l.v[3].from_received);
	assert_string_equal(l.v[3].share_from, "p/r");
	/* Also where one value makes the first answer ambiguous. */
	sis_volumes_free(&l);
	bad = add("p/e", true);
	set_share(bad, "on\nx", "local");
	list(NULL, &l, NULL);
	assert_int_equal(l.n, 5);
	assert_false(l.v[0].from_received);
	assert_true(l.v[2].from_received);
	assert_true(l.v[4].from_received);
}

/* Open until the volume is let go, those that are to be shared, and none while one is waited for. */
static void test_hold(void **state)
{
	sis_autovolumes sis_volumes l = { 0 }, waited = { 0 };
	int fd;

	(void)state;
	set_share(add("p/a", true), "on", "local");
	add("p/b", true);
	set_share(add("p/c", true), "off", "local");
	put_text(in_dir("dev/zvol/p/a"), "");
	put_text(in_dir("dev/zvol/p/b"), "");
	put_text(in_dir("dev/zvol/p/c"), "");
	sx.hold = true;
	list(NULL, &l, NULL);
	fd = l.v[0].node;
	assert_true(fd > 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	assert_int_equal(l.v[1].node, 0);
	assert_int_equal(l.v[2].node, 0);
	sis_volume_let_go(&l.v[0]);
	assert_int_equal(l.v[0].node, 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);

	set_share(add("p/d", true), "on", "local");
	list(NULL, &waited, NULL);
	assert_true(waited.v[0].ready);
	assert_int_equal(waited.v[0].node, 0);
}

/* As many as there are, where this process is allowed so many. */
static void test_hold_many(void **state)
{
	enum { MANY = 30, FEW = 40 };
	static char name[MANY][16];
	sis_autovolumes sis_volumes l = { 0 };
	struct rlimit before, now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = FEW;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	for (int i = 0; i < MANY; i++) {
		char node[64];

		snprintf(name[i], sizeof(name[i]), "p/v%d", i);
		snprintf(node, sizeof(node), "dev/zvol/%s", name[i]);
		set_share(add(name[i], true), "on", "local");
		put_text(in_dir(node), "");
	}
	sx.hold = true;
	list(NULL, &l, NULL);
	assert_int_equal(l.n, MANY);
	sis_vec_each(v, &l) {
		assert_true(v->node > 0);
		sis_volume_let_go(v);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_true(now.rlim_cur < FEW + MANY && now.rlim_max == before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_names(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autovolumes sis_volumes l = { 0 }, none = { 0 };
	sis_autostrv sis_strv names = { 0 }, missing = { 0 };

	(void)state;
	add("p/f", false);
	add("p/f/a", true);
	add("p/f2", true);
	sis_strv_add(&names, "p/f");
	sis_strv_add(&names, "p/f/a");
	sis_strv_add(&names, "p/no");
	list(&names, &l, &missing);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].name, "p/f/a");
	assert_int_equal(missing.n, 1);
	assert_string_equal(missing.v[0], "p/no");
	assert_int_equal(sx.store->list(&sx, &names, &none, NULL, &err), -ENOENT);
	assert_string_equal(err.msg, "cannot open 'p/no': dataset does not exist");
	sis_strv_add(&names, "-r");
	assert_int_equal(sx.store->list(&sx, &names, &none, &missing, &err), -EINVAL);
	assert_string_equal(err.msg, "cannot open '-r': name must begin with a letter");
	assert_int_equal(missing.n, 1);
}

/* No name is nothing, not everything. */
static void test_no_names(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };
	sis_strv names = { 0 };

	(void)state;
	add("p/a", true);
	list(&names, &l, NULL);
	assert_int_equal(l.n, 0);
	assert_int_equal(calls, 0);
}

static void test_many(void **state)
{
	static char name[MAX][16];
	sis_autovolumes sis_volumes l = { 0 };
	sis_autostrv sis_strv names = { 0 }, missing = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(name[i], sizeof(name[i]), "p/v%02d", i);
		add(name[i], true);
	}
	for (int i = 0; i < 1000; i++) {
		sis_autofree char *no = sis_asprintf("p/no%d", i);

		sis_strv_add(&names, i % 50 ? no : name[i / 50]);
	}
	sis_strv_add(&names, "p");
	list(&names, &l, &missing);
	assert_int_equal(l.n, 20);
	assert_int_equal(missing.n, 980);
}

static void test_zoned(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };

	(void)state;
	add("p/z", false)->zoned = true;
	set_share(add("p/z/a", true), "on", "local");
	list(NULL, &l, NULL);
	assert_false(l.v[0].ready);
	assert_true(l.v[0].not_ready_final);
	assert_string_equal(l.v[0].not_ready, "it belongs to a container (zoned=on)");
}

/* It keeps the module from making nodes, not from having made them. */
static void test_inhibit(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };

	(void)state;
	make_folder("sys");
	make_folder("sys/module");
	make_folder("sys/module/zfs");
	make_folder("sys/module/zfs/parameters");
	put_text(in_dir("sys/module/zfs/parameters/zvol_inhibit_dev"), "1\n");
	set_share(add("p/a", true), "on", "local");
	set_share(add("p/b", true), "on", "local");
	put_text(in_dir("dev/zvol/p/a"), "");
	list(NULL, &l, NULL);
	assert_true(l.v[0].ready);
	assert_null(l.v[0].not_ready);
	assert_false(l.v[1].ready);
	assert_true(l.v[1].not_ready_final);
	assert_string_equal(l.v[1].not_ready,
			    "the zfs module makes no device nodes (zvol_inhibit_dev=1)");
}

/* The pools are only asked when something looks read-only. */
static void test_read_only(void **state)
{
	sis_autovolumes sis_volumes l = { 0 }, again = { 0 };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct dataset *d = add("p/a", true);

	(void)state;
	set_share(d, "on", "local");
	set_share(add("p/b", true), "on", "local");
	put_text(in_dir("dev/zvol/p/a"), "");
	put_text(in_dir("dev/zvol/p/b"), "");
	d->readonly = true;
	list(NULL, &l, NULL);
	assert_int_equal(zpool_calls, 1);
	assert_true(l.v[0].readonly);
	assert_false(l.v[0].pool_readonly);
	assert_false(l.v[1].readonly);
	pool_readonly = true;
	list(NULL, &again, NULL);
	assert_true(again.v[1].readonly);
	assert_true(again.v[1].pool_readonly);
	assert_int_equal(sx.store->keep(&sx, "p/a", SIS_PROP_IDENTITY, "x y", &err), -EROFS);
	assert_string_equal(err.msg, "cannot set property for 'p/a': pool is read-only");
}

/* zfs goes over it without a word unless it is named, and then says that it cannot. */
static void test_suspended(void **state)
{
	static const char *const reason =
		"it cannot be read, so what is shared of it stays shared: cannot open '%s': pool "
		"I/O is currently suspended";
	sis_autovolumes sis_volumes l = { 0 }, named = { 0 };
	sis_autostrv sis_strv names = { 0 }, missing = { 0 };
	sis_autofree char *pool = sis_asprintf(reason, "q"), *volume = sis_asprintf(reason, "q/v");

	(void)state;
	add("p/a", true);
	add("q", false)->suspended = true;
	add("q/v", true);
	add("r", false);
	add("r/b", true);
	list(NULL, &l, NULL);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].name, "p/a");
	assert_true(l.v[0].guid && l.v[2].guid);
	assert_string_equal(l.v[1].name, "q");
	assert_true(l.v[1].guid == 0);
	assert_false(l.v[1].ready);
	assert_true(l.v[1].not_ready_final);
	assert_string_equal(l.v[1].not_ready, pool);
	assert_string_equal(l.v[2].name, "r/b");

	sis_strv_add(&names, "p/no");
	sis_strv_add(&names, "q/v");
	sis_strv_add(&names, "r/b");
	list(&names, &named, &missing);
	assert_int_equal(named.n, 2);
	assert_string_equal(named.v[0].name, "q/v");
	assert_true(named.v[0].guid == 0);
	assert_string_equal(named.v[0].not_ready, volume);
	assert_true(named.v[1].guid != 0);
	assert_int_equal(missing.n, 1);
	assert_string_equal(missing.v[0], "p/no");
}

/* An error below a pool shows only in what zfs says, not in its exit status. */
static void test_cut_short(void **state)
{
	sis_autovolumes sis_volumes l = { 0 };

	(void)state;
	add("p/a", true);
	add("q", false);
	add("q/a", true);
	add("q/b", true)->broken = true;
	add("q/c", true);
	list(NULL, &l, NULL);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0].name, "p/a");
	assert_string_equal(l.v[1].name, "q");
	assert_true(l.v[1].guid == 0);
	assert_non_null(strstr(l.v[1].not_ready, "cannot iterate filesystems: I/O error"));
}

static void test_keep(void **state)
{
	(void)state;
	assert_int_equal(sx.store->keep(&sx, "p/a b", SIS_PROP_IDENTITY, "iqn=x", NULL), 0);
	assert_string_equal(last_set, "set " IDENTITY "=iqn=x 'p/a b'");
}

/* ---- many at once ---- */

static const struct sis_keep some[] = {
	{ .name = "a/1", .value = "x" }, { .name = "p-2/1", .value = "x" },
	{ .name = "p/a b", .value = "iqn=\"x" }, { .name = "p/b", .value = "$(y)" },
	{ .name = "p/c" }, { .name = "p/d", .value = "z" },
};
enum { SOME = sizeof(some) / sizeof(some[0]) };

/* Which of them are done, as letters; the program answers with `out`, or fails. */
static void keep_some(const char *out, int status, const char *want)
{
	sis_keeps l = { 0 };
	char done[SOME + 1] = "";

	memset(&prog, 0, offsetof(typeof(prog), dry));
	prog.out = out;
	prog.status = status;
	for (size_t i = 0; i < SOME; i++)
		sis_vec_push(&l, some[i]);
	sx.store->keep_many(&sx, IDENTITY, &l);
	for (size_t i = 0; i < SOME; i++)
		done[i] = l.v[i].done ? 'x' : '-';
	assert_string_equal(done, want);
	assert_int_equal(prog.noted, 4);
	sis_vec_free(&l);
}

/* Those of one pool, if they are more than a few; values are arguments, whatever is in them. */
static void test_keep_many(void **state)
{
	(void)state;
	keep_some("{\"return\":\"\"}\n", 0, "--xxxx");
	assert_int_equal(prog.calls, 1);
	assert_int_equal(prog.words, 8);
	assert_string_equal(prog.first[0], "p");
	assert_string_equal(prog.first[1], "p/a b");
	assert_string_equal(prog.first[2], "iqn=\"x");
	assert_string_equal(prog.first[3], "p/b");
}

/* What could not be set, or where nothing is certain, is left to the command for one. */
static void test_keep_many_fails(void **state)
{
	static const char *const rubbish[] = { "",
					       "{}",
					       "[]",
					       "{\"return\":0}",
					       "{\"return\":\"4 \"}",
					       "{\"return\":\"1 x \"}",
					       "{\"return\":\"-1 \"}",
					       "{\"return\":",
					       "return: ''" };

	(void)state;
	keep_some("{ \"return\": \"1 3 \" }", 0, "--x-x-");
	keep_some("", 1, "------");
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++)
		keep_some(rubbish[i], 0, "------");
}

static void test_keep_many_dry(void **state)
{
	(void)state;
	prog.dry = true;
	keep_some("", 0, "--xxxx");
	prog.dry = false;
	assert_int_equal(prog.calls, 0);
}

/* Command lines have an end: hundreds take several programs, but only while they are obeyed. */
static void test_keep_hundreds(void **state)
{
	static char names[250][16];
	sis_keeps l = { 0 };
	size_t done = 0;

	(void)state;
	for (size_t i = 0; i < 250; i++) {
		snprintf(names[i], sizeof(names[i]), "p/v%03zu", i);
		sis_vec_push(&l, ((struct sis_keep){ .name = names[i], .value = "x" }));
	}
	memset(&prog, 0, sizeof(prog));
	prog.out = "{\"return\":\"0 49 \"}";
	sx.store->keep_many(&sx, IDENTITY, &l);
	sis_vec_each(k, &l)
		done += k->done;
	assert_int_equal(prog.calls, 3);
	assert_int_equal(prog.words, 100);
	assert_int_equal(done, 244);
	assert_false(l.v[200].done || l.v[249].done);
	memset(&prog, 0, sizeof(prog));
	prog.status = 1;
	sx.store->keep_many(&sx, IDENTITY, &l);
	assert_int_equal(prog.calls, 1);
	sis_vec_free(&l);
}

static void test_forged_row(void **state)
{
	struct dataset *a = add("p/a", true);

	(void)state;
	set_share(a,
		  "on\tlocal\np/a\t" IDENTITY "\t-\t-\np/b\tzoned\t-\t-\np/b\tguid\t3\t-\n"
		  "p/b\t" SHARE "\ton,name=iqn.2000-01.evil:x",
		  "local");
	add("p/b", true);
	assert_truth();
	/* the same, but everything up to the last row fits */
	set_share(a, "on", "local");
	a->identity_source = "local";
	snprintf(a->identity, sizeof(a->identity),
		 "x\tlocal\np/b\tzoned\t-\t-\np/b\tguid\t3\t-\n"
		 "p/b\t" SHARE "\ton\tlocal\np/b\t" IDENTITY "\ty");
	assert_truth();
	/* one that does not exist */
	count--;
	assert_truth();
}

/* The rows of a volume that goes at the right moment, forged by its neighbour. */
static void test_forged_gone(void **state)
{
	struct dataset *a = add("p/a", true);

	(void)state;
	a->identity_source = "local";
	snprintf(a->identity, sizeof(a->identity),
		 "x\tlocal\np/b\tzoned\t-\t-\np/b\tguid\t3\t-\n"
		 "p/b\t" SHARE "\ton\tlocal\np/b\t" IDENTITY "\ty");
	add("p/b", true)->gone = true;
	add("p/c", true);
	assert_truth();
}

/* Gone, and made anew under its name. */
static void test_another_guid(void **state)
{
	struct dataset *a = add("p/a", true);

	(void)state;
	set_share(a, "on\n", "local"); /* so that it is asked for again */
	a->guid_later = 77;
	add("p/b", true);
	assert_truth();
}

/* The rows of a volume before what users set. */
#define HEAD(name, guid)                                                                          \
	name "\tguid\t" guid "\t-\n" name "\tvolsize\t1048576\t-\n" name "\tvolblocksize\t8192\t-\n" \
	name "\treadonly\toff\t-\n" name "\tencryptionroot\t-\t-\n" name "\tkeystatus\t-\t-\n"     \
	name "\tvolmode\tdefault\t-\n" name "\trefreservation\t0\t-\n"

/* Whole volumes that do not exist, with all rows: what tells is that their maker is there twice. */
static void test_forged_volume(void **state)
{
	struct dataset *a = add("p/a", true);

	(void)state;
	set_share(a,
		  "on\tlocal\np/a\t" IDENTITY "\t-\t-\np/a\treceive_resume_token\t-\t-\n"
		  HEAD("p/ghost", "99") "p/ghost\t" SHARE "\ton\tlocal\np/ghost\t" IDENTITY
		  "\t-\t-\np/ghost\treceive_resume_token\t-\t-\n"
		  HEAD("p/a", "2") "p/a\t" SHARE "\ton",
		  "local");
	add("p/b", true);
	assert_truth();
	set_share(a, "on", "local");
	a->identity_source = "local";
	snprintf(a->identity, sizeof(a->identity),
		 "x\tlocal\np/a\treceive_resume_token\t-\t-\n" HEAD("p/ghost", "99")
		 "p/ghost\t" SHARE "\ton\tlocal\np/ghost\t" IDENTITY "\tx");
	assert_truth();
}

/* One question for the volumes and one for the file system, as long as no value holds a newline. */
static void test_asked_once(void **state)
{
	struct dataset *a = add("p/a", true);

	(void)state;
	set_share(a, "on\twith a tab", "local");
	add("p/b", true)->gone = true; /* from the second on, which is not about it */
	assert_truth();
	assert_int_equal(calls, 2);
	set_share(a, "on\n", "local");
	all[2].gone = false;
	assert_truth();
	assert_true(calls > 3);
}

static const char *fragment(unsigned n)
{
	static const char *const parts[] = {
		"\n",
		"\t",
		"\n",
		"\t",
		"p/a",
		"p/b",
		"p/c",
		"p",
		SHARE,
		IDENTITY,
		"guid",
		"zoned",
		"local",
		"received",
		"inherited from p",
		"-",
		"on",
		"",
		"3",
		"\r",
		"\xff",
		"\tlocal\n",
		"\t-\t-\n",
		"p/b\tzoned\t-\t-\n",
		"p/b\tguid\t3\t-\n",
		"p/b\t" SHARE "\ton\tlocal\n",
		"p/b\t" IDENTITY "\t-\t-\n",
		"p/b\t" IDENTITY "\t",
		"p/a\t" IDENTITY "\t-\t-\n",
		"p/a\t" IDENTITY "\t",
		"on\tlocal\np/a\t" IDENTITY "\tx\tlocal\n",
		"x\tlocal\n",
		"p/a\treceive_resume_token\t-\t-\n",
		"p/b\treceive_resume_token\t-\t-\n",
		"p/a\t" IDENTITY "\t-\t-\np/a\treceive_resume_token\t-\t-\n" HEAD("p/b", "2"),
		"p/a\t" IDENTITY "\t-\t-\np/a\treceive_resume_token\t-\t-\n" HEAD("p/a", "1"),
		HEAD("p/a", "1") "p/a\t" SHARE "\ton\tlocal\n",
		HEAD("p/b", "2") "p/b\t" SHARE "\ton\tlocal\np/b\t" IDENTITY "\t-\t-\n",
		HEAD("p/a", "1") "p/a\t" SHARE "\ton",
	};

	return parts[n % (sizeof(parts) / sizeof(parts[0]))];
}

static void scramble(char *value, size_t size, unsigned *seed)
{
	unsigned n = (unsigned)rand_r(seed) % 8;
	size_t at = 0;

	*value = '\0';
	while (n--)
		at += (size_t)snprintf(value + at, size - at, "%s",
				       fragment((unsigned)rand_r(seed)));
}

static void test_scrambled(void **state)
{
	static const char *const sources[] = { "local", "received", "-" };
	unsigned seed = 1;

	(void)state;
	add("p/a", true);
	add("p/b", true);
	add("p/c", true);
	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < count; i++) {
			scramble(all[i].share, sizeof(all[i].share), &seed);
			scramble(all[i].identity, sizeof(all[i].identity), &seed);
			all[i].share_source = sources[(unsigned)rand_r(&seed) % 3];
			all[i].identity_source = sources[(unsigned)rand_r(&seed) % 3];
			all[i].gone = i > 0 && rand_r(&seed) % 8 == 0;
		}
		assert_truth();
	}
}

static void test_open(void **state)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autofree char *target = NULL;
	struct sis_sx other = { 0 };

	(void)state;
	assert_int_equal(sis_store_open("zfs:/x", dir, &fake, &other, &err), -SIS_ERR_USAGE);
	assert_string_equal(err.msg, "store 'zfs' takes no path");
	/* this program under the name of zfs is none */
	target = realpath("/proc/self/exe", NULL);
	assert_int_equal(unlink(in_dir("usr/sbin/zfs")), 0);
	assert_int_equal(symlink(target, in_dir("usr/sbin/zfs")), 0);
	assert_int_equal(sis_store_open("zfs", dir, &fake, &other, &err), -ENOENT);
	assert_int_equal(sis_store_open(NULL, dir, &fake, &other, &err), -ENODEV);
}

int main(void)
{
#define store_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		store_test(test_plain),	       store_test(test_names),
		store_test(test_hold),
		store_test(test_hold_many),
		store_test(test_no_names),     store_test(test_many),
		store_test(test_received_above),
		store_test(test_zoned),	       store_test(test_read_only),
		store_test(test_keep),	       store_test(test_forged_row),
		store_test(test_keep_many),    store_test(test_keep_many_fails),
		store_test(test_keep_many_dry), store_test(test_keep_hundreds),
		store_test(test_forged_gone),  store_test(test_another_guid),
		store_test(test_scrambled),    store_test(test_open),
		store_test(test_inhibit),      store_test(test_suspended),
		store_test(test_cut_short),
		store_test(test_forged_volume), store_test(test_asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

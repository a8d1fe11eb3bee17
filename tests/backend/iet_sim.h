/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A simulated IET below a root of its own, and what happens to its host besides. For the tests of
 * the IET back end; must not use the back end.
 */
#ifndef TEST_IET_SIM_H
#define TEST_IET_SIM_H

#include "sim.h"

static inline void sim_write(const char *path, const char *text)
{
	sis_autofree char *full = sim_path(path);

	assert_int_equal(sis_file_replace(full, text, 0644, NULL), 0);
}

static inline void sim_unlink(const char *path)
{
	sis_autofree char *full = sim_path(path);

	assert_int_equal(unlink(full), 0);
}

/* NULL when there is no such file; caller frees. */
static inline char *sim_read(const char *path)
{
	sis_autofree char *full = sim_path(path);
	char *text = NULL;

	(void)sis_file_read(full, 1 << 20, &text, NULL);
	return text;
}

static inline void sim_start(const char *version)
{
	static const char *const dirs[] = { "/etc", "/dev/zvol/mypool", "/srv" };
	char dir[] = "/tmp/sis-iet-XXXXXX";

	assert_non_null(mkdtemp(dir));
	sim_root = sim_control = sis_strdup(dir);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		sis_autofree char *path = sim_path(dirs[i]);

		assert_int_equal(sis_mkdir_p(path, 0700, NULL), 0);
	}
	assert_true(sim_ctl("init --version %s", version));
	assert_true(sim_ctl("install"));
}

static inline void sim_stop(void)
{
	(void)remove_tree(sim_root);
	free(sim_root);
	sim_root = sim_control = NULL;
}

/* The sid of a new session. */
static inline uint64_t sim_login(uint32_t tid, const char *initiator, const char *ip,
				 const char *more)
{
	sis_autofree char *line = sis_asprintf("session add %u %s %s%s", tid, initiator, ip, more);
	sis_autofree char *answer = sim_ask(line);

	assert_non_null(answer);
	return strtoull(answer, NULL, 10);
}

static inline bool sim_may_log_in(const char *iqn, const char *initiator, const char *ip)
{
	return sim_ctl("login-allowed %s %s %s %s", iqn, initiator, ip,
		       strchr(ip, ':') ? "2001:db8:f::1" : "192.0.2.250");
}

/* Command lines of ietadm since the last sim_ctl("log clear"), but for questions. Caller frees. */
static inline char *sim_changes(void)
{
	sis_autofree char *log = sim_ask("log");
	sis_autostr struct sis_str out = { 0 };
	char *cursor = log, *line;

	while ((line = sis_str_next(&cursor, "\n")))
		if (*line && !strstr(line, " --op show ") && !strstr(line, " --version"))
			sis_str_addf(&out, "%s\n", line);
	return sis_str_take(&out);
}

static inline void assert_changes(const char *want)
{
	sis_autofree char *got = sim_changes();

	assert_string_equal(got, want);
	assert_true(sim_ctl("log clear"));
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The error object, and the log's lines.
 */
#include "test_base_dir.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"

static void test_set(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	assert_string_equal(sis_err_msg(&e), "unknown error");
	assert_string_equal(sis_err_msg(NULL), "unknown error");
	assert_int_equal(sis_err_set(&e, ENOENT, "no device node '%s'", "/dev/x"), -ENOENT);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(sis_err_msg(&e), "no device node '/dev/x'");
	assert_int_equal(sis_err_set(&e, SIS_ERR_INUSE, "%s", "later"), -SIS_ERR_INUSE);
	assert_int_equal(e.code, SIS_ERR_INUSE);
	assert_string_equal(sis_err_msg(&e), "later");
	sis_err_clear(&e);
	assert_int_equal(e.code, 0);
	assert_null(e.msg);
	sis_err_clear(&e);
	sis_err_clear(NULL);
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(sis_err_set(NULL, EPERM, "x"), -EPERM);
	assert_int_equal(sis_err_errno(NULL, EPERM, "x"), -EPERM);
	assert_int_equal(sis_err_wrap(NULL, "x"), -EIO);
	assert_int_equal(sis_err_append(NULL, "x"), -EIO);
}

static void test_never_success(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	assert_int_equal(sis_err_set(&e, 0, "odd"), -EIO);
	assert_int_equal(e.code, EIO);
	assert_int_equal(sis_err_set(NULL, 0, "odd"), -EIO);
	assert_int_equal(sis_err_errno(&e, 0, "odd"), -EIO);
	assert_string_equal(sis_err_msg(&e), "odd: Input/output error");
	sis_err_clear(&e);
	assert_int_equal(sis_err_wrap(&e, "lun %d", 0), -EIO);
	assert_string_equal(sis_err_msg(&e), "lun 0: unknown error");
}

static void test_errno_wrap_append(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	assert_int_equal(sis_err_errno(&e, EACCES, "cannot open '%s'", "f"), -EACCES);
	assert_string_equal(sis_err_msg(&e), "cannot open 'f': Permission denied");
	assert_int_equal(sis_err_wrap(&e, "%s: lun %d", "tank/v1", 0), -EACCES);
	assert_string_equal(sis_err_msg(&e), "tank/v1: lun 0: cannot open 'f': Permission denied");
	assert_int_equal(sis_err_append(&e, "; try '%s'", "sudo"), -EACCES);
	assert_string_equal(sis_err_msg(&e),
			    "tank/v1: lun 0: cannot open 'f': Permission denied; try 'sudo'");
}

/* The old message may be an argument of the new one. */
static void test_own_message(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	sis_err_set(&e, EIO, "inner");
	sis_err_set(&e, EBUSY, "outer (%s)", e.msg);
	assert_string_equal(sis_err_msg(&e), "outer (inner)");
}

static void test_one_line(void **state)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;

	(void)state;
	sis_err_set(&e, EIO, "a%sb", "\nshareiscsi: ok\r\x1b[2J\x7f");
	assert_string_equal(sis_err_msg(&e), "a?shareiscsi: ok??[2J?b");
	sis_err_set(&e, EIO, "%s", "tank/\xc3\xb6");
	assert_string_equal(sis_err_msg(&e), "tank/\xc3\xb6");
	sis_err_set(&e, EIO, "%s", "tank/\xc2\x9b");
	assert_string_equal(sis_err_msg(&e), "tank/??");
	sis_err_set(&e, EIO, "ok");
	sis_err_wrap(&e, "%s", "\xff\n");
	assert_string_equal(sis_err_msg(&e), "??: ok");
	sis_err_append(&e, "%s", "\n");
	assert_string_equal(sis_err_msg(&e), "??: ok?");
}

static void test_move(void **state)
{
	sis_autoerr struct sis_err to = SIS_ERR_INIT, from = SIS_ERR_INIT;

	(void)state;
	sis_err_set(&to, EIO, "old");
	sis_err_set(&from, EBUSY, "new");
	assert_int_equal(sis_err_move(&to, &from), -EBUSY);
	assert_int_equal(to.code, EBUSY);
	assert_string_equal(to.msg, "new");
	assert_int_equal(from.code, 0);
	assert_null(from.msg);
	assert_int_equal(sis_err_move(&to, &to), -EBUSY);
	assert_string_equal(to.msg, "new");
	assert_int_equal(sis_err_move(NULL, &to), -EBUSY);
	assert_null(to.msg);
	assert_int_equal(sis_err_move(&to, &from), 0);
	assert_int_equal(to.code, 0);
}

/* What sis_log() sends to stderr for one message. */
static void assert_logged(enum sis_log_level level, const char *text, const char *line)
{
	int saved = dup(STDERR_FILENO);
	int fd = open(in_dir("log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	errno = ERANGE;
	sis_log(level, "%s", text);
	assert_int_equal(errno, ERANGE);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_file(in_dir("log"), line);
}

static void test_log_default(void **state)
{
	sis_autofree char *line = NULL;

	(void)state;
	line = sis_asprintf("%s: warning: w\n", program_invocation_short_name);
	assert_int_equal(sis_log_level(), SIS_LOG_WARN);
	assert_logged(SIS_LOG_WARN, "w", line);
	assert_logged(SIS_LOG_INFO, "i", "");
}

static void test_log_levels(void **state)
{
	char name[] = "prog";

	(void)state;
	sis_log_setup(name, SIS_LOG_DEBUG, false);
	name[0] = 'x'; /* a copy was made */
	assert_int_equal(sis_log_level(), SIS_LOG_DEBUG);
	assert_logged(SIS_LOG_ERROR, "e", "prog: e\n");
	assert_logged(SIS_LOG_WARN, "w", "prog: warning: w\n");
	assert_logged(SIS_LOG_INFO, "i", "prog: i\n");
	assert_logged(SIS_LOG_DEBUG, "d", "prog: d\n");
	sis_log_setup("prog", SIS_LOG_ERROR, false);
	assert_logged(SIS_LOG_ERROR, "e", "prog: e\n");
	assert_logged(SIS_LOG_WARN, "w", "");
	assert_logged(SIS_LOG_ERROR, "a\nprog: b\x1b", "prog: a?prog: b?\n");
}

/* Also where nobody can hear it. */
static void test_log_keeps_errno(void **state)
{
	int saved = dup(STDERR_FILENO), after;

	(void)state;
	assert_true(saved >= 0);
	close(STDERR_FILENO);
	errno = ERANGE;
	sis_log(SIS_LOG_ERROR, "lost");
	after = errno;
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(after, ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_never_success),
		cmocka_unit_test(test_errno_wrap_append),
		cmocka_unit_test(test_own_message),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_log_default),
		cmocka_unit_test(test_log_levels),
		cmocka_unit_test(test_log_keeps_errno),
	};

	return cmocka_run_group_tests_name("base/err", tests, dir_setup, dir_teardown);
}

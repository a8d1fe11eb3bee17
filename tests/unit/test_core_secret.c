/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The secrets file: what is an entry and what is refused, whom the file must belong to, digests;
 * and that no message repeats what stands in the file.
 */
#include "test_base_dir.h"

#include <sys/prctl.h>

#include "base/file.h"
#include "base/str.h"
#include "core/secret.h"

#define SECRET "correct-horse-1"
#define MUTUAL "battery-staple2"

static struct sis_secrets secrets;

static void write_file(const char *text, mode_t mode)
{
	sis_secrets_free(&secrets);
	assert_int_equal(sis_mkdir_p(in_dir("etc/shareiscsi"), 0755, NULL), 0);
	assert_int_equal(chmod(in_dir("etc/shareiscsi"), 0755), 0);
	assert_int_equal(sis_file_replace(in_dir("etc/shareiscsi/secrets"), text, 0600, NULL), 0);
	assert_int_equal(chmod(in_dir("etc/shareiscsi/secrets"), mode), 0);
}

static void refused(const char *name, int code, const char *word)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_chap c = { 0 };

	assert_int_equal(sis_secrets_get(&secrets, dir, name, &c, &err), -code);
	if (!strstr(sis_err_msg(&err), word))
		fail_msg("'%s' does not say '%s'", sis_err_msg(&err), word);
	assert_null(strstr(sis_err_msg(&err), "horse"));
	assert_null(c.user);
}

static void test_entry(void **state)
{
	struct sis_chap c = { 0 };

	(void)state;
	write_file("# people\n\n[ guest ]\r\n user=u\npassword =  " SECRET " \n"
		   "[both]\nuser = v;w # x\n",
		   0600);
	refused("guest", EINVAL, "secrets:7: a value is");
	write_file("[guest]\nuser=u\npassword = " SECRET "\n; more\n[both]\nuser = v#;=w\npassword=" SECRET
		   "\nmutual-user = t\nmutual-password=" MUTUAL "\n",
		   0600);
	assert_int_equal(sis_secrets_get(&secrets, dir, "guest", &c, NULL), 0);
	assert_string_equal(c.name, "guest");
	assert_string_equal(c.user, "u");
	assert_string_equal(c.pass, SECRET);
	assert_null(c.mutual_user);
	sis_chap_free(&c);
	assert_int_equal(sis_secrets_get(&secrets, dir, "both", &c, NULL), 0);
	assert_string_equal(c.user, "v#;=w");
	assert_string_equal(c.mutual_user, "t");
	assert_string_equal(c.mutual_pass, MUTUAL);
	sis_chap_free(&c);
	refused("other", ENOENT, "auth=other: ");
}

/* Each line of text is what must be said, then the file. */
static void test_syntax(void **state)
{
	static const char *const cases[][2] = {
		{ "secrets:1: a [NAME] must come first", "password=horse" },
		{ "secrets:1: ']' is missing", "[horse" },
		{ "secrets:1: a name consists of", "[a horse]" },
		{ "secrets:1: a name consists of", "[]" },
		{ "secrets:2: this name is there twice", "[a]\n[a]" },
		{ "secrets:2: neither [NAME] nor key = value", "[a]\ncorrect-horse" },
		{ "secrets:2: the keys are user, password,", "[a]\nhorse=1" },
		{ "secrets:3: this key is there twice", "[a]\npassword=horse\npassword=horse" },
		{ "secrets:2: a value is", "[a]\npassword=" },
		{ "secrets:2: a value is", "[a]\npassword=a horse" },
		{ "secrets:2: a value is", "[a]\npassword=h\303\266rse-horse" },
		{ "entry 'a' needs user and password", "[a]\npassword=horse" },
		{ "entry 'a' needs user and password", "[a]\nuser=horse" },
		{ "entry 'a' needs both of mutual-user",
		  "[a]\nuser=u\npassword=horse\nmutual-user=x" },
		{ "entry 'a' must not have the same secret",
		  "[a]\nuser=u\npassword=horse\nmutual-user=x\nmutual-password=horse" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i][1], 0600);
		refused("a", EINVAL, cases[i][0]);
	}
}

static void test_owner(void **state)
{
	static const char text[] = "[a]\nuser=u\npassword=horse\n";

	(void)state;
	write_file(text, 0640);
	refused("a", EACCES, "chmod 600");
	write_file(text, 0604);
	refused("a", EACCES, "chmod 600");
	write_file(text, 0600);
	assert_int_equal(chmod(in_dir("etc/shareiscsi"), 0775), 0);
	refused("a", EACCES, "chmod 755");
	write_file(text, 0600);
	assert_int_equal(chown(in_dir("etc/shareiscsi/secrets"), 1, 1), 0);
	refused("a", EACCES, "chown root");
	write_file(text, 0600);
	assert_int_equal(rename(in_dir("etc/shareiscsi/secrets"), in_dir("elsewhere")), 0);
	refused("a", ENOENT, "there is no");
	assert_int_equal(symlink("../../elsewhere", in_dir("etc/shareiscsi/secrets")), 0);
	sis_secrets_free(&secrets);
	refused("a", ELOOP, "cannot open");
	assert_int_equal(unlink(in_dir("etc/shareiscsi/secrets")), 0);
	assert_int_equal(mkfifo(in_dir("etc/shareiscsi/secrets"), 0600), 0);
	sis_secrets_free(&secrets);
	refused("a", EINVAL, "not a regular file");
	assert_int_equal(unlink(in_dir("etc/shareiscsi/secrets")), 0);
}

static void test_digest(void **state)
{
	struct sis_chap c = { .user = (char *)"u", .pass = (char *)SECRET }, other = c, both = c;
	sis_autofree char *one = sis_secrets_digest(&secrets, &c);
	sis_autofree char *again = sis_secrets_digest(&secrets, &c), *mutual = NULL;

	(void)state;
	other.pass = (char *)"correct-horse-2";
	both.mutual_user = (char *)"t";
	both.mutual_pass = (char *)MUTUAL;
	mutual = sis_secrets_digest(&secrets, &both);
	assert_null(strstr(one, "horse"));
	assert_string_not_equal(one, again); /* salted */
	assert_true(sis_secrets_match(&secrets, &c, one));
	assert_true(sis_secrets_match(&secrets, &c, again));
	assert_false(sis_secrets_match(&secrets, &other, one));
	assert_false(sis_secrets_match(&secrets, &both, one));
	assert_true(sis_secrets_match(&secrets, &both, mutual));
	assert_false(sis_secrets_match(&secrets, &c, mutual));
	assert_false(sis_secrets_match(&secrets, &c, ""));
	assert_false(sis_secrets_match(&secrets, &c, " "));
	assert_false(sis_secrets_match(&secrets, &c, "*0 -"));
	other.pass = NULL;
	assert_null(sis_secrets_digest(&secrets, &other));
	assert_false(sis_secrets_match(&secrets, &other, one));
}

/* Named credentials are digested once a run. */
static void test_digest_kept(void **state)
{
	struct sis_chap c = { 0 };
	sis_autofree char *one = NULL, *two = NULL;

	(void)state;
	write_file("[a]\nuser=u\npassword=" SECRET "\n", 0600);
	assert_int_equal(sis_secrets_get(&secrets, dir, "a", &c, NULL), 0);
	one = sis_secrets_digest(&secrets, &c);
	two = sis_secrets_digest(&secrets, &c);
	assert_string_equal(one, two);
	assert_true(sis_secrets_match(&secrets, &c, one));
	sis_chap_free(&c);
}

/* Who has read a secret leaves no core dump, and nobody else may look into its memory. */
static void test_no_dump(void **state)
{
	struct sis_chap c = { 0 };

	(void)state;
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	write_file("[a]\nuser=u\npassword=" SECRET "\n", 0600);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	assert_int_equal(sis_secrets_get(&secrets, dir, "a", &c, NULL), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	sis_chap_free(&c);
}

static int teardown(void **state)
{
	sis_secrets_free(&secrets);
	return dir_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),  cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_owner),  cmocka_unit_test(test_digest),
		cmocka_unit_test(test_digest_kept), cmocka_unit_test(test_no_dump),
	};

	return cmocka_run_group_tests_name("core/secret", tests, dir_setup, teardown);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Programs that would say the same again: starting one takes longer than all else that a command
 * on a single volume does. It is kept in /run/shareiscsi/said.NAME, below a line that tells the
 * program file; that nobody else put it there was checked when the run was opened.
 */
#include "core/memo.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"

enum { MAX = 4096 };

/* What changes when another file takes the program's place, or other bytes come into it. */
static char *file_line(const char *program)
{
	struct stat st;

	if (stat(program, &st) < 0)
		return NULL;
	return sis_asprintf("%ju:%ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st.st_dev,
			    (uintmax_t)st.st_ino, (intmax_t)st.st_size,
			    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			    (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static bool recall(const char *path, const char *file, struct sis_cmd_result *ret)
{
	sis_autofree char *text = NULL;
	const char *said;

	if (sis_file_read(path, MAX, &text, NULL) < 0)
		return false;
	said = sis_str_after(text, file);
	if (!said)
		return false;
	*ret = (struct sis_cmd_result){ .out = sis_strdup(said),
					.out_len = strlen(said),
					.errout = sis_strdup("") };
	return true;
}

/* Where it cannot be kept the program is asked again. */
static void keep_it(const char *path, const char *file, const struct sis_cmd_result *res)
{
	sis_autofree char *text = sis_asprintf("%s%s", file, res->out);

	if (res->status == 0 && strlen(res->out) == res->out_len && strlen(text) <= MAX)
		(void)sis_file_replace_volatile(path, text, 0644, NULL);
}

int sis_memo_run(const char *root, bool keep, const struct sis_runner *runner,
		 const struct sis_cmd *cmd, struct sis_cmd_result *ret, struct sis_err *err)
{
	sis_autofree char *path = sis_asprintf("%s/run/shareiscsi/said.%s", root, cmd->remember);
	sis_autofree char *file = file_line(cmd->argv[0]);
	int rc;

	if (file && recall(path, file, ret))
		return 0;
	rc = runner->run(runner->ctx, cmd, ret, err);
	if (rc == 0 && file && keep)
		keep_it(path, file, ret);
	return rc;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The recorder around programs and kernel trees. Knows no target.
 */
#include "core/trace.h"

#include "base/str.h"
#include "core/memo.h"

/* A program as a person would type it: by its name, as its folder is in everybody's PATH. */
static char *command_line(const char *const *argv)
{
	SIS_VEC(const char *) words = { 0 };
	const char *slash = strrchr(argv[0], '/');
	char *text;

	sis_vec_push(&words, slash ? slash + 1 : argv[0]);
	for (size_t i = 1; argv[i]; i++)
		sis_vec_push(&words, argv[i]);
	sis_vec_push(&words, NULL);
	text = sis_cmd_text(words.v);
	sis_vec_free(&words);
	return text;
}

/* Notes one line and says whether to do it. */
static bool note(struct sis_trace *t, char *line)
{
	if (!t->quiet)
		sis_vec_push(&t->lines, line);
	else
		free(line);
	return !t->dry;
}

static bool trace_note(void *ctx, const char *const *argv)
{
	struct sis_trace *t = ctx;

	/* By far the most of all lines: not even put together in vain. */
	return t->quiet ? !t->dry : note(t, command_line(argv));
}

static int trace_run(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		     struct sis_err *err)
{
	struct sis_trace *t = ctx;
	struct sis_cmd limited = *cmd;

	if (!limited.timeout_ms)
		limited.timeout_ms = t->timeout_ms;
	if (cmd->changes && !trace_note(t, cmd->shown ? cmd->shown : cmd->argv)) {
		*ret = (struct sis_cmd_result){ .out = sis_strdup(""), .errout = sis_strdup("") };
		return 0;
	}
	if (cmd->remember)
		return sis_memo_run(t->root, !t->dry, t->runner, &limited, ret, err);
	return t->runner->run(t->runner->ctx, &limited, ret, err);
}

/* A path as it is without the root in front, ready for a shell. */
static char *shown_path(const struct sis_trace *t, const char *path)
{
	const char *rest = sis_str_after(path, t->root);

	return sis_shell_quote(rest ? rest : path);
}

static char *path_command(const struct sis_trace *t, const char *command, const char *path)
{
	sis_autofree char *shown = shown_path(t, path);

	return sis_asprintf("%s %s", command, shown);
}

/* What echo is given: in double quotes where a shell needs any, as manuals of targets write it. */
static char *echo_word(const char *data, size_t len)
{
	sis_autofree char *text = sis_strndup(data, len);
	char *word = sis_str_trim(text);
	sis_autofree char *quoted = sis_shell_quote(word);

	if (sis_streq(word, quoted) || strpbrk(word, "\"$`\\!"))
		return sis_steal(&quoted);
	return sis_asprintf("\"%s\"", word);
}

static int trace_write(struct sis_kfs *k, const char *path, const char *data, size_t len)
{
	struct sis_trace *t = k->ctx;
	const char *told = k->shown ? k->shown : data;
	sis_autofree char *word = echo_word(told, k->shown ? strlen(told) : len);
	sis_autofree char *shown = shown_path(t, path);

	return note(t, sis_asprintf("echo %s > %s", word, shown)) ?
		       sis_kfs_real_ops.write(k, path, data, len) :
		       0;
}

static int trace_mkdir(struct sis_kfs *k, const char *path)
{
	return note(k->ctx, path_command(k->ctx, "mkdir", path)) ? sis_kfs_real_ops.mkdir(k, path) :
								   0;
}

static int trace_rmdir(struct sis_kfs *k, const char *path)
{
	return note(k->ctx, path_command(k->ctx, "rmdir", path)) ? sis_kfs_real_ops.rmdir(k, path) :
								   0;
}

static int trace_unlink(struct sis_kfs *k, const char *path)
{
	return note(k->ctx, path_command(k->ctx, "rm", path)) ? sis_kfs_real_ops.unlink(k, path) :
								0;
}

static int trace_symlink(struct sis_kfs *k, const char *target, const char *path)
{
	struct sis_trace *t = k->ctx;
	sis_autofree char *from = shown_path(t, target), *to = shown_path(t, path);

	return note(t, sis_asprintf("ln -s %s %s", from, to)) ?
		       sis_kfs_real_ops.symlink(k, target, path) :
		       0;
}

/* Notes the lines of `these` that `those` has not, in their order. */
static void note_lines(struct sis_trace *t, const char *file, char sign, const char *these,
		       const char *those)
{
	sis_autofree char *copy = sis_strdup(these), *others = sis_strdup(those);
	char *cursor = others, *line;
	sis_strv sorted = { 0 }; /* borrows from `others` */

	while ((line = sis_str_next(&cursor, "\n")))
		sis_vec_push(&sorted, line);
	sis_vec_sort(&sorted, sis_strp_cmp);
	for (cursor = copy; (line = sis_str_next(&cursor, "\n"));) {
		sis_autofree char *shown = sis_shell_quote(line);

		if (!sis_vec_find(&sorted, &line, sis_strp_cmp))
			(void)note(t, sis_asprintf("edit %s: %c %s", file, sign, shown));
	}
	sis_vec_free(&sorted);
}

/* No shell command says it as short: the lines that go and the lines that come. */
static int trace_replace(struct sis_kfs *k, const char *path, const char *text, unsigned mode)
{
	struct sis_trace *t = k->ctx;
	sis_autofree char *shown = shown_path(t, path), *old = NULL;
	size_t len;

	if (sis_kfs_real_ops.read(k, path, SIS_KFS_MAX_READ, &old, &len) < 0)
		old = sis_strdup("");
	note_lines(t, shown, '-', old, text);
	note_lines(t, shown, '+', text, old);
	return t->dry ? 0 : sis_kfs_real_ops.replace(k, path, text, mode);
}

void sis_trace_init(struct sis_trace *t, bool dry, const char *root, struct sis_runner *ret_runner,
		    struct sis_kfs *ret_kfs)
{
	static struct sis_kfs_ops ops;

	ops = sis_kfs_real_ops;
	ops.write = trace_write;
	ops.mkdir = trace_mkdir;
	ops.rmdir = trace_rmdir;
	ops.unlink = trace_unlink;
	ops.symlink = trace_symlink;
	ops.replace = trace_replace;
	*t = (struct sis_trace){ .dry = dry, .runner = &sis_runner_real, .root = root };
	*ret_runner = (struct sis_runner){ .run = trace_run, .ctx = t, .note = trace_note };
	*ret_kfs = (struct sis_kfs){
		.root = root, .ops = &ops, .ctx = t, .timeout_ms = SIS_KFS_TIMEOUT_MS
	};
}

void sis_trace_clear(struct sis_trace *t)
{
	sis_strv_free(&t->lines);
}

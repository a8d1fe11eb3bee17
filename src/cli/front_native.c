/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The real zfs and zpool: run in our place, asked, or given the command as it came. For a store
 * without such programs, the built-in one.
 */
#include "base/file.h"
#include "base/run.h"
#include "cli/dirzfs.h"
#include "cli/front_int.h"
#include "store/zfs.h"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool store_is_own(const char *spec)
{
	size_t n = strcspn(spec, ":");

	for (const struct sis_store *const *s = sis_stores; *s; s++)
		if (strlen((*s)->name) == n && strncmp((*s)->name, spec, n) == 0)
			return (*s)->own_commands;
	return false;
}

/* A configuration that cannot be read must not stop a command that has nothing to do with us. */
static char *configured_store(const char *root)
{
	struct sis_conf conf;
	char *store;

	if (sis_conf_read(root, &conf, NULL) < 0)
		return NULL;
	store = sis_strdup_null(conf.store);
	sis_conf_free(&conf);
	return store;
}

void sis_front_choice(struct sis_choice *ret)
{
	*ret = (struct sis_choice){
		.root = environment("SHAREISCSI_ROOT"),
		.backend = environment("SHAREISCSI_BACKEND"),
		.store = environment("SHAREISCSI_STORE"),
	};
}

int sis_front_init(struct sis_front *f, const char *program, int argc, char **argv,
		   struct sis_err *err)
{
	const char *root;

	*f = (struct sis_front){ .program = program, .argc = argc, .argv = argv };
	sis_front_choice(&f->choice);
	root = f->choice.root && !sis_streq(f->choice.root, "/") ? f->choice.root : "";
	f->store = f->choice.store ? sis_strdup(f->choice.store) : configured_store(root);
	f->own = f->store && store_is_own(f->store);
	/* a program is handed over to: whether ZFS runs is then its to say */
	if (!f->store)
		f->store = sis_strdup("zfs");
	f->choice.store = f->store;
	if (f->own || sis_zfs_program(root, program, &f->native, err) == 0)
		return 0;
	return sis_err_append(err, ", or choose a folder as the store: SHAREISCSI_STORE=dir:PATH");
}

void sis_front_free(struct sis_front *f)
{
	if (f->opened)
		sis_ctx_close(&f->ctx);
	free(f->store);
	free(f->native);
	*f = (struct sis_front){ 0 };
}

static char **vector(const sis_strv *words)
{
	char **v = sis_calloc(words->n + 1, sizeof(*v));

	memcpy(v, words->v, words->n * sizeof(*v));
	return v;
}

static int failed(const struct sis_err *err)
{
	fprintf(stderr, "%s\n", sis_err_msg(err));
	return SIS_FRONT_FAILED;
}

/* The built-in one, with what it prints to be kept or not. */
static int run_own(struct sis_front *f, int argc, char **argv, FILE *out, FILE *errout)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	if (sis_streq(f->program, "zpool")) {
		fprintf(errout, "zpool: a folder (store '%s') has no pools to manage\n", f->store);
		return SIS_FRONT_FAILED;
	}
	if (sis_front_ctx(f, &err) < 0)
		return failed(&err);
	return sis_dirzfs(&f->ctx.sx, argc, argv, out, errout);
}

static int exec_native(struct sis_front *f, int argc, char **argv)
{
	if (f->own)
		return run_own(f, argc, argv, stdout, stderr);
	execv(f->native, argv);
	fprintf(stderr, "cannot start '%s': %s\n", f->native, strerror(errno));
	return SIS_FRONT_FAILED;
}

int sis_front_exec(struct sis_front *f)
{
	return exec_native(f, f->argc, f->argv);
}

int sis_front_exec_words(struct sis_front *f, const sis_strv *words)
{
	sis_autofree char **argv = vector(words);

	return exec_native(f, (int)words->n, argv);
}

/* A stream into *keep, or the standard one. */
struct sink {
	FILE *stream;
	char *text;
	size_t len;
};

static void sink_open(struct sink *s, const struct sis_str *keep, FILE *standard)
{
	*s = (struct sink){ .stream = keep ? open_memstream(&s->text, &s->len) : standard };
	if (!s->stream)
		abort(); /* out of memory */
}

static void sink_close(struct sink *s, struct sis_str *keep)
{
	if (!keep) {
		(void)fflush(s->stream); /* whoever closes it reports the error */
		return;
	}
	(void)fclose(s->stream); /* in memory */
	sis_str_addn(keep, s->text, s->len);
	free(s->text);
}

static int run_own_captured(struct sis_front *f, int argc, char **argv, struct sis_str *out,
			    struct sis_str *errout)
{
	struct sink o, e;
	int status;

	sink_open(&o, out, stdout);
	sink_open(&e, errout, stderr);
	status = run_own(f, argc, argv, o.stream, e.stream);
	sink_close(&o, out);
	sink_close(&e, errout);
	return status;
}

int sis_front_run(struct sis_front *f, const sis_strv *words, struct sis_str *out,
		  struct sis_str *errout)
{
	sis_autofree char **argv = vector(words);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	int status;

	if (f->own)
		return run_own_captured(f, (int)words->n, argv, out, errout);
	if (sis_run_foreground(f->native, argv, out, errout, &status, &err) < 0)
		return failed(&err);
	return status;
}

int sis_front_ask(struct sis_front *f, char **ret, ...)
{
	sis_autostr struct sis_str out = { 0 }, errout = { 0 };
	sis_autostrv sis_strv words = { 0 };
	const char *word;
	va_list ap;
	int status;

	sis_strv_add(&words, f->program);
	va_start(ap, ret);
	while ((word = va_arg(ap, const char *)))
		sis_strv_add(&words, word);
	va_end(ap);
	status = sis_front_run(f, &words, &out, &errout);
	*ret = sis_str_take(&out);
	if (**ret && (*ret)[strlen(*ret) - 1] == '\n')
		(*ret)[strlen(*ret) - 1] = '\0';
	return status;
}

bool sis_front_is_volume(struct sis_front *f, const char *name)
{
	sis_autofree char *type = NULL;

	return sis_front_ask(f, &type, "get", "-H", "-o", "value", "type", "--", name, NULL) == 0 &&
	       sis_streq(type, "volume");
}

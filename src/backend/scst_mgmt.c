/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST's asynchronous management protocol: one write, the wait that may follow, and the look at the
 * tree that settles what happened. Must not know what a target or a device is.
 */
#include "backend/scst_mgmt.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"

/* The tree follows the answer to a command at once; this is for slow machines. */
enum { APPEAR_MS = 2000 };

/* The path a function was called with; to be used in its body, which owns the result. */
#define path_of(fmt)                           \
	({                                     \
		va_list ap_;                   \
		char *p_;                      \
		va_start(ap_, fmt);            \
		p_ = sis_vasprintf(fmt, ap_);  \
		va_end(ap_);                   \
		p_;                            \
	})

struct sis_scst *sis_scst_priv(struct sis_bx *bx)
{
	if (!bx->priv)
		bx->priv = sis_new(struct sis_scst);
	return bx->priv;
}

void sis_scst_done(struct sis_bx *bx)
{
	struct sis_scst *s = bx->priv;

	if (!s)
		return;
	sis_strv_free(&s->made);
	sis_strv_free(&s->gone);
	free(s);
	bx->priv = NULL;
}

int sis_scst_check_word(const char *word, const char *what, struct sis_err *err)
{
	if (word[0] == '\0')
		return sis_err_set(err, EINVAL, "%s is empty", what);
	for (const char *c = word; *c; c++) {
		/* as unsigned: bytes of UTF-8 are no control bytes, but 0xa0 is a blank to Linux */
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr(SIS_SCST_BAD_BYTES, *c))
			return sis_err_set(err, EINVAL, "%s '%s' has a blank or one of ;=\\\"' in it, "
					   "which SCST cannot take", what, word);
	}
	return 0;
}

int sis_scst_check_pattern(const char *word, const char *what, struct sis_err *err)
{
	if (word[0] == '!')
		return sis_err_set(err, EINVAL, "%s '%s' begins with '!', which SCST reads as "
				   "\"all but\"", what, word);
	return sis_scst_check_word(word, what, err);
}

static unsigned limit_ms(const struct sis_bx *bx)
{
	return bx->kfs->timeout_ms ? bx->kfs->timeout_ms : SIS_KFS_TIMEOUT_MS;
}

/* One attribute being read; SCST answers EAGAIN while its worker is busy. */
struct reading {
	struct sis_bx *bx;
	const char *path;
	char *line;
	int r;
	struct sis_err *err;
};

static int read_ready(void *ctx)
{
	struct reading *g = ctx;

	g->r = sis_kfs_read_line(g->bx->kfs, &g->line, g->err, "%s", g->path);
	return g->r != -EAGAIN;
}

static int read_line(struct sis_bx *bx, char **ret, const char *path, struct sis_err *err)
{
	struct reading g = { .bx = bx, .path = path, .err = err };

	if (!sis_wait_until(read_ready, &g, limit_ms(bx)))
		return sis_err_set(err, ETIMEDOUT, "cannot read '%s': SCST has been busy for %u ms",
				   path, limit_ms(bx));
	if (g.r < 0)
		return g.r;
	*ret = g.line;
	return 0;
}

int sis_scst_read_line(struct sis_bx *bx, char **ret, struct sis_err *err, const char *path_fmt,
		       ...)
{
	sis_autofree char *path = path_of(path_fmt);

	return read_line(bx, ret, path, err);
}

static void strv_drop(sis_strv *l, const char *s)
{
	for (size_t i = l->n; i-- > 0;) {
		if (sis_streq(l->v[i], s)) {
			free(l->v[i]);
			sis_vec_remove(l, i);
		}
	}
}

void sis_scst_note(struct sis_bx *bx, const char *path, bool there)
{
	struct sis_scst *s = sis_scst_priv(bx);

	strv_drop(there ? &s->gone : &s->made, path);
	sis_strv_add(there ? &s->made : &s->gone, path);
}

static bool exists(struct sis_bx *bx, const char *path)
{
	if (bx->dry && sis_strv_has(&sis_scst_priv(bx)->gone, path))
		return false;
	if (bx->dry && sis_strv_has(&sis_scst_priv(bx)->made, path))
		return true;
	return sis_kfs_exists(bx->kfs, "%s", path);
}

bool sis_scst_exists(struct sis_bx *bx, const char *path_fmt, ...)
{
	sis_autofree char *path = path_of(path_fmt);

	return exists(bx, path);
}

/* The result that SCST reports after EAGAIN: 0 or -errno, of this command or a later one. */
static int last_result(struct sis_bx *bx, struct sis_err *err)
{
	sis_autofree char *line = NULL;
	uint64_t n = 0;
	int r;

	r = read_line(bx, &line, SIS_SCST "/last_sysfs_mgmt_res", err);
	if (r < 0)
		return r;
	if (sis_parse_u64(line + (line[0] == '-'), 0, 4095, &n) < 0)
		return sis_err_set(err, EPROTO, "SCST's last_sysfs_mgmt_res reads '%s', not a result",
				   line);
	return -(int)n;
}

/*
 * Writes once. `shown`: what may be told of the text, NULL for all. *ret_sure: the answer is about this
 * very command.
 */
static int command(struct sis_bx *bx, const char *path, const char *text, const char *shown,
		   bool *ret_sure, struct sis_err *err)
{
	int r;

	r = shown ? sis_kfs_write_secret(bx->kfs, text, shown, err, "%s", path) :
		    sis_kfs_write(bx->kfs, text, err, "%s", path);
	*ret_sure = r != -EAGAIN && r != -EINTR && r != -ETIMEDOUT;
	if (r != -EAGAIN)
		return r;
	r = last_result(bx, err);
	return r < 0 ? sis_err_errno(err, -r, "cannot write to '%s'", path) : 0;
}

struct look {
	struct sis_bx *bx;
	const char *path;
	bool want;
};

static int look_ready(void *ctx)
{
	const struct look *l = ctx;

	return exists(l->bx, l->path) == l->want;
}

/* Carries out `text` so that `proof` is there, or gone. */
static int enforce(struct sis_bx *bx, const char *mgmt, const char *text, const char *proof,
		   bool want, struct sis_err *err)
{
	struct look l = { .bx = bx, .path = proof, .want = want };
	bool sure;
	int r;

	if (look_ready(&l))
		return 0;
	r = command(bx, mgmt, text, NULL, &sure, err);
	if (bx->dry) {
		sis_scst_note(bx, proof, want);
		return r;
	}
	/* gone is gone whoever removed it, but what is there now may be somebody else's */
	if (r < 0 && (!want || !sure) && look_ready(&l)) {
		sis_err_clear(err);
		return 0;
	}
	if (r == 0 && !sis_wait_until(look_ready, &l, APPEAR_MS))
		/* without `text`: it may hold a secret */
		return sis_err_set(err, EIO, "SCST took a command to '%s' but '%s' is %s", mgmt,
				   proof, want ? "not there" : "still there");
	return r;
}

int sis_scst_make(struct sis_bx *bx, const char *mgmt, const char *text, const char *proof,
		  struct sis_err *err)
{
	return enforce(bx, mgmt, text, proof, true, err);
}

int sis_scst_unmake(struct sis_bx *bx, const char *mgmt, const char *text, const char *proof,
		    struct sis_err *err)
{
	return enforce(bx, mgmt, text, proof, false, err);
}

static bool reads_as(struct sis_bx *bx, const char *path, const char *value)
{
	sis_autofree char *line = NULL;

	return read_line(bx, &line, path, NULL) == 0 && sis_streq(line, value);
}

/* What a dry run last wrote to an attribute, noted as "PATH=VALUE"; borrowed, NULL if nothing. */
static const char *noted_value(struct sis_bx *bx, const char *path)
{
	const sis_strv *made = &sis_scst_priv(bx)->made;

	for (size_t i = made->n; bx->dry && i-- > 0;) {
		const char *rest = sis_str_after(made->v[i], path);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static bool has_value(struct sis_bx *bx, const char *path, const char *value)
{
	const char *noted = noted_value(bx, path);

	return noted ? sis_streq(noted, value) : reads_as(bx, path, value);
}

static void note_value(struct sis_bx *bx, const char *path, const char *value)
{
	sis_autofree char *entry = sis_asprintf("%s=%s", path, value);

	sis_strv_add(&sis_scst_priv(bx)->made, entry);
}

int sis_scst_set(struct sis_bx *bx, const char *value, struct sis_err *err, const char *path_fmt,
		 ...)
{
	sis_autofree char *path = path_of(path_fmt);
	bool sure;
	int r;

	if (has_value(bx, path, value))
		return 0;
	r = command(bx, path, value, NULL, &sure, err);
	if (bx->dry)
		note_value(bx, path, value);
	if (bx->dry || sure)
		return r;
	if (reads_as(bx, path, value)) {
		sis_err_clear(err);
		return 0;
	}
	return r < 0 ? r : sis_err_set(err, EIO, "SCST took '%s' for '%s' but has not set it", value,
				       path);
}

int sis_scst_poke(struct sis_bx *bx, const char *value, struct sis_err *err, const char *path_fmt,
		  ...)
{
	sis_autofree char *path = path_of(path_fmt);
	bool sure;

	return command(bx, path, value, NULL, &sure, err);
}

int sis_scst_poke_secret(struct sis_bx *bx, const char *value, const char *shown,
			 struct sis_err *err, const char *path_fmt, ...)
{
	sis_autofree char *path = path_of(path_fmt);
	bool sure;

	return command(bx, path, value, shown, &sure, err);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verbs that need no volume: options, backends; and iqn, which only makes a name.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/out.h"
#include "cli/verb.h"
#include "core/ctx.h"
#include "model/desire.h"

#define COLS(cols) (cols), sizeof(cols) / sizeof((cols)[0])

static int no_names(const struct sis_args *a, const char *verb, struct sis_err *err)
{
	if (!a->names.n)
		return 0;
	return sis_err_set(err, SIS_ERR_USAGE, "%s takes no name, but there is '%s'", verb,
			   a->names.v[0]);
}

/* A run that failed prints what it has for people; as JSON it is only the error, see main(). */
static void print_unless_failed(struct sis_table *t, const struct sis_args *a, int rc)
{
	if (rc < 0 && a->flags & SIS_FLAG_JSON)
		sis_table_free(t);
	else
		sis_table_print(t, a->flags & SIS_FLAG_JSON);
}

int sis_cmd_options(const struct sis_args *a, struct sis_err *err)
{
	static const struct sis_col cols[] = {
		{ "option", "OPTION", SIS_COL_TEXT },	{ "aliases", "ALIASES", SIS_COL_TEXT },
		{ "values", "VALUES", SIS_COL_TEXT },	{ "default", "DEFAULT", SIS_COL_TEXT },
		{ "meaning", "MEANING", SIS_COL_TEXT },
	};
	struct sis_table t = { "options", COLS(cols), { 0 } };
	int rc = no_names(a, "options", err);

	if (rc < 0)
		return rc;
	for (int i = 0; i < SIS_OPT_N; i++) {
		const struct sis_opt_row *r = &sis_opt_rows[i];
		sis_autostr struct sis_str aliases = { 0 };

		for (size_t n = 0; n < 2 && r->aliases[n]; n++)
			sis_str_addf(&aliases, "%s%s", n ? "," : "", r->aliases[n]);
		sis_table_add(&t, r->key);
		sis_table_add(&t, aliases.len ? sis_str_get(&aliases) : NULL);
		sis_table_add(&t, r->values);
		sis_table_add(&t, r->by_default);
		sis_table_add(&t, r->help);
	}
	sis_table_print(&t, a->flags & SIS_FLAG_JSON);
	return 0;
}

/* A line of the capabilities: words of an option, or bits; of both without, the first LUN. */
struct ability {
	const char *title;
	unsigned caps; /* enum sis_cap: all of them */
	enum sis_opt opt;
	const char *words;
};

static const struct ability abilities[] = {
	{ "LUN numbers from", 0, SIS_OPT_LUN, NULL },
	{ "type=blockio, fileio", 0, SIS_OPT_TYPE, "blockio fileio" },
	{ "type=nullio", 0, SIS_OPT_TYPE, "nullio" },
	{ "type=tape, ssc, pt", 0, SIS_OPT_TYPE, "tape ssc pt" },
	{ "iomode=wt, wb, ro", 0, SIS_OPT_IOMODE, "wt wb ro" },
	{ "iomode=rdwr, aio, mmap, sg, ssc", 0, SIS_OPT_IOMODE, "rdwr aio mmap sg ssc" },
	{ "blocksize other than 512", SIS_CAP_BLOCKSIZE, SIS_OPT_N, NULL },
	{ "initiator by name", SIS_CAP_RULE_NAME, SIS_OPT_N, NULL },
	{ "initiator by name with * and ?", SIS_CAP_RULE_WILDCARD, SIS_OPT_N, NULL },
	{ "initiator by address, network", SIS_CAP_RULE_ADDRESS | SIS_CAP_RULE_PREFIX, SIS_OPT_N,
	  NULL },
	{ "names and addresses together", SIS_CAP_RULE_MIXED, SIS_OPT_N, NULL },
	{ "read-only for some", SIS_CAP_RULE_RO, SIS_OPT_N, NULL },
	{ "portal by address", SIS_CAP_PORTAL, SIS_OPT_N, NULL },
	{ "portal with a port", SIS_CAP_PORTAL_PORT, SIS_OPT_N, NULL },
	{ "CHAP", SIS_CAP_CHAP, SIS_OPT_N, NULL },
	{ "CHAP, mutual", SIS_CAP_CHAP_MUTUAL, SIS_OPT_N, NULL },
	{ "new size in place", SIS_CAP_RESIZE, SIS_OPT_N, NULL },
	{ "UNMAP of sparse volumes", SIS_CAP_UNMAP, SIS_OPT_N, NULL },
	{ "NAA from the volume's guid", SIS_CAP_NAA, SIS_OPT_N, NULL },
};

/* All words, none, or those that it takes. */
static void words_cell(const struct sis_backend *be, const struct ability *a, struct sis_table *t)
{
	sis_autofree char *copy = sis_strdup(a->words);
	sis_autostr struct sis_str taken = { 0 };
	char *cursor = copy, *word;

	while ((word = sis_str_next(&cursor, " ")))
		if (sis_caps_take(&be->caps, a->opt, word))
			sis_str_addf(&taken, "%s%s", taken.len ? " " : "", word);
	if (!taken.len)
		sis_table_add(t, "no");
	else
		sis_table_add(t, sis_streq(sis_str_get(&taken), a->words) ? "yes" :
									    sis_str_get(&taken));
}

static void ability_cell(const struct sis_backend *be, const struct ability *a, struct sis_table *t)
{
	const char *text = (be->caps.caps & a->caps) == a->caps ? "yes" : "no";

	if (a->words) {
		words_cell(be, a, t);
		return;
	}
	if (!a->caps) {
		sis_table_addf(t, "%" PRIu32, be->caps.first_lun);
		return;
	}
	for (size_t i = 0; i < SIS_LATER_MAX; i++)
		if (be->later[i].caps & a->caps)
			text = be->later[i].version;
	sis_table_add(t, text);
}

static void print_abilities(bool json)
{
	struct sis_col cols[1 + SIS_BACKENDS] = { { "capability", "CAPABILITY", SIS_COL_TEXT } };
	struct sis_table t = { "capabilities", cols, 1, { 0 } };

	for (size_t i = 0; sis_backends[i]; i++)
		cols[t.n++] = (struct sis_col){ sis_backends[i]->name, sis_backends[i]->caps.title,
						false };
	for (size_t a = 0; a < sizeof(abilities) / sizeof(abilities[0]); a++) {
		sis_table_add(&t, abilities[a].title);
		for (size_t i = 0; sis_backends[i]; i++)
			ability_cell(sis_backends[i], &abilities[a], &t);
	}
	sis_table_print(&t, json);
}

/* What is left of opening a run when no store is needed. */
static int open_without_store(const struct sis_args *a, struct sis_ctx *ctx, struct sis_err *err)
{
	int rc = sis_ctx_open(ctx, &a->choice, err);

	/* The store is opened last: everything that backends() needs is there. */
	if (rc < 0 && ctx->root && ctx->kfs.ops) {
		sis_err_clear(err);
		rc = 0;
	}
	return rc;
}

static void backend_row(struct sis_ctx *ctx, const struct sis_backend *be, struct sis_table *t)
{
	static const char *const states[] = { "absent", "stopped", "running" };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autoprobe struct sis_probe p = { 0 };
	struct sis_bx bx;
	int rc;

	sis_ctx_bx(ctx, be, &bx);
	rc = be->probe(&bx, &p, &err);
	sis_table_add(t, be->name);
	sis_table_add(t, rc < 0 ? "unknown" : states[p.state]);
	sis_table_add(t, rc < 0 ? NULL : p.version);
	sis_table_add(t, be->title);
	sis_table_add(t, rc < 0 ? sis_err_msg(&err) : p.hint);
	sis_bx_free(&bx);
}

int sis_cmd_backends(const struct sis_args *a, struct sis_err *err)
{
	static const struct sis_col cols[] = {
		{ "backend", "BACKEND", SIS_COL_TEXT }, { "state", "STATE", SIS_COL_TEXT },
		{ "version", "VERSION", SIS_COL_TEXT }, { "title", "TARGET", SIS_COL_TEXT },
		{ "hint", "WHAT TO DO", SIS_COL_TEXT },
	};
	struct sis_table t = { "backends", COLS(cols), { 0 } };
	struct sis_ctx ctx;
	int rc = no_names(a, "backends", err);

	if (rc < 0)
		return rc;
	if (a->flags & SIS_FLAG_CAPS) {
		print_abilities(a->flags & SIS_FLAG_JSON);
		return 0;
	}
	rc = open_without_store(a, &ctx, err);
	for (size_t i = 0; rc == 0 && sis_backends[i]; i++)
		backend_row(&ctx, sis_backends[i], &t);
	sis_ctx_close(&ctx);
	print_unless_failed(&t, a, rc);
	return rc;
}

/* The name a volume has or would get, from its options and identity; no target is asked. */
static int name_of(struct sis_ctx *ctx, const struct sis_volume *v, char **ret, struct sis_err *err)
{
	/* Every target takes these: only the name is of interest. */
	static const struct sis_caps any = {
		.title = "any target",
		.caps = ~0U,
		.max_lun = SIS_LUN_MAX,
		.max_name = 223,
		.default_blocksize = 512,
	};
	struct sis_caps caps = any;
	sis_autooptions struct sis_options o = { 0 };
	struct sis_wish w = { 0 };
	const char *prefix;
	int rc = v->guid ? sis_options_parse(v->share, &o, err) :
			   sis_err_set(err, EIO, "%s", v->not_ready);

	if (rc < 0)
		return rc;
	for (int i = 0; i < SIS_TYPE_N; i++)
		caps.block_type[i] = caps.file_type[i] = SIS_TYPE_DISK;
	for (int i = 0; i < SIS_IOMODE_N; i++)
		caps.iomode[i] = SIS_IOMODE_WT;
	prefix = sis_ctx_prefix(ctx);
	rc = sis_desire(v, &o, &caps, prefix, &ctx->prefix_err, &w, err);
	if (rc < 0)
		return rc;
	*ret = sis_strdup(w.target.iqn);
	sis_wish_free(&w);
	return 0;
}

int sis_cmd_iqn(const struct sis_args *a, struct sis_err *err)
{
	static const struct sis_col cols[] = {
		{ "volume", "VOLUME", SIS_COL_TEXT },
		{ "iqn", "IQN", SIS_COL_TEXT },
	};
	struct sis_table t = { "iqn", COLS(cols), { 0 } };
	sis_autovolumes sis_volumes volumes = { 0 };
	struct sis_ctx ctx;
	int rc;

	if (!a->names.n)
		return sis_err_set(err, SIS_ERR_USAGE, "iqn needs a volume or dataset");
	rc = sis_ctx_open(&ctx, &a->choice, err);
	if (rc == 0)
		rc = ctx.sx.store->list(&ctx.sx, &a->names, &volumes, NULL, err);
	sis_vec_each(v, &volumes) {
		sis_autofree char *iqn = NULL;

		if (rc < 0)
			break;
		rc = name_of(&ctx, v, &iqn, err);
		if (rc < 0) {
			(void)sis_err_wrap(err, "'%s'", v->name);
			break;
		}
		sis_table_add(&t, v->name);
		sis_table_add(&t, iqn);
	}
	sis_ctx_close(&ctx);
	print_unless_failed(&t, a, rc);
	return rc;
}

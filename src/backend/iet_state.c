/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the IET back end remembers in one run, and reading the module's two files. Changes nothing
 * and decides nothing.
 */
#include "backend/iet_int.h"

#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"

int sis_iet_of(struct sis_bx *bx, struct sis_iet **ret, struct sis_err *err)
{
	struct sis_iet *g;
	int r;

	if (!bx->priv) {
		g = sis_new(struct sis_iet);
		r = sis_iet_adm_init(&g->adm, bx, err);
		if (r < 0) {
			free(g);
			return r;
		}
		bx->priv = g;
	}
	*ret = bx->priv;
	return 0;
}

void sis_iet_done(struct sis_bx *bx)
{
	struct sis_iet *g = bx->priv;

	if (!g)
		return;
	sis_iet_adm_free(&g->adm);
	sis_vec_free(&g->tids);
	sis_strv_free(&g->names);
	sis_strv_free(&g->hidden);
	free(g);
	bx->priv = NULL;
}

/* ---- live state ---- */

static int read_proc(struct sis_bx *bx, const char *file, char **ret, struct sis_err *err)
{
	sis_autoerr struct sis_err e = SIS_ERR_INIT;
	int r = sis_kfs_read(bx->kfs, ret, NULL, &e, "/proc/net/iet/%s", file);

	if (r == -ENOENT)
		return sis_err_set(err, SIS_ERR_NOTARGET,
				   "IET's kernel module is not loaded; "
				   "start IET: systemctl start iscsitarget");
	return r < 0 ? sis_err_move(err, &e) : 0;
}

int sis_iet_name_cmp(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

int sis_iet_read_volumes(struct sis_bx *bx, struct sis_state *ret, sis_iet_drains *ret_drains,
			 struct sis_err *err)
{
	sis_autofree char *text = NULL;
	struct sis_iet *g;
	int r = sis_iet_of(bx, &g, err);

	if (r == 0)
		r = read_proc(bx, "volume", &text, err);
	if (r == 0)
		r = sis_iet_parse_volume(text, ret, ret_drains, err);
	if (r < 0)
		return r;
	sis_tids_of(&g->tids, ret);
	sis_strv_free(&g->names);
	sis_vec_each(t, &ret->targets)
		sis_strv_add(&g->names, t->iqn);
	sis_vec_sort(&g->names, sis_iet_name_cmp);
	g->was_read = true;
	return 0;
}

int sis_iet_read_sessions(struct sis_bx *bx, struct sis_state *state, struct sis_err *err)
{
	sis_autofree char *text = NULL;
	int r = read_proc(bx, "session", &text, err);

	if (r == 0)
		sis_iet_parse_session(text, state);
	return r;
}

const struct sis_target *sis_iet_now(const struct sis_state *state, const struct sis_target *t)
{
	const struct sis_target *now = sis_state_find(state, t->iqn);

	return now && now->tid == t->tid ? now : NULL;
}

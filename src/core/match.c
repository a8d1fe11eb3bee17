/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Volumes by their nodes. Looks, opens nothing.
 */
#include "core/match.h"

#include "base/str.h"

/* As the target sees it, whose paths are not below our root but in a test. */
static bool node_of(const struct sis_ctx *ctx, const char *path, struct sis_match_node *ret)
{
	struct sis_kfs kfs = ctx->kfs;
	struct stat st;

	if (!path || path[0] != '/')
		return false;
	if (sis_kfs_stat(&kfs, &st, NULL, "%s", path) < 0 && stat(path, &st) < 0)
		return false;
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return false;
	*ret = (struct sis_match_node){ .block = S_ISBLK(st.st_mode) };
	ret->dev = ret->block ? st.st_rdev : st.st_dev;
	ret->ino = ret->block ? 0 : st.st_ino;
	return true;
}

static int node_cmp(const void *a, const void *b)
{
	const struct sis_match_node *x = a, *y = b;

	if (x->block != y->block)
		return x->block ? 1 : -1;
	if (x->dev != y->dev)
		return x->dev > y->dev ? 1 : -1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

void sis_match_volumes(const struct sis_ctx *ctx, const sis_volumes *volumes, struct sis_match *ret)
{
	*ret = (struct sis_match){ .ctx = ctx };
	sis_vec_each(v, volumes) {
		struct sis_match_node n;

		if (!v->ready || !node_of(ctx, v->device, &n))
			continue;
		n.volume = v;
		sis_vec_push(&ret->nodes, n);
	}
	sis_vec_sort(&ret->nodes, node_cmp);
}

struct sis_volume *sis_match_path(const struct sis_match *m, const char *path)
{
	const struct sis_match_node *found;
	struct sis_match_node key;

	if (!node_of(m->ctx, path, &key))
		return NULL;
	found = sis_vec_find(&m->nodes, &key, node_cmp);
	return found ? found->volume : NULL;
}

void sis_match_free(struct sis_match *m)
{
	sis_vec_free(&m->nodes);
}

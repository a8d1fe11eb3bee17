/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a run remembers of LIO. Asks nobody, changes nothing.
 */
#include "backend/lio_memory.h"

#include "base/alloc.h"
#include "base/str.h"

struct memory {
	sis_strv made; /* folders: one for each lane at most */
	sis_strv heard;
};

static struct memory *memory_of(struct sis_bx *bx)
{
	if (!bx->priv)
		bx->priv = sis_new(struct memory);
	return bx->priv;
}

void sis_lio_made(struct sis_bx *bx, const char *dir)
{
	sis_strv_add(&memory_of(bx)->made, dir);
}

void sis_lio_known(struct sis_bx *bx, const char *dir)
{
	struct memory *m = memory_of(bx);

	for (size_t i = m->made.n; i-- > 0;) {
		if (!sis_streq(m->made.v[i], dir))
			continue;
		free(m->made.v[i]);
		sis_vec_remove(&m->made, i);
	}
}

bool sis_lio_is_new(const struct sis_bx *bx, const char *path)
{
	const struct memory *m = bx->priv;

	if (m)
		sis_vec_each(dir, &m->made) {
			const char *rest = sis_str_after(path, *dir);

			if (rest && (*rest == '/' || !*rest))
				return true;
		}
	return false;
}

void sis_lio_heard_add(struct sis_bx *bx, const char *portal)
{
	sis_strv_add(&memory_of(bx)->heard, portal);
}

bool sis_lio_heard(const struct sis_bx *bx, const char *portal)
{
	const struct memory *m = bx->priv;

	if (m)
		sis_vec_each(p, &m->heard)
			if (sis_streq(*p, portal))
				return true;
	return false;
}

void sis_lio_heard_drop(struct sis_bx *bx)
{
	sis_strv_free(&memory_of(bx)->heard);
}

void sis_lio_memory_free(struct sis_bx *bx)
{
	struct memory *m = bx->priv;

	if (!m)
		return;
	sis_strv_free(&m->made);
	sis_strv_free(&m->heard);
	free(m);
	bx->priv = NULL;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Owning and ordering of volumes. No decisions.
 */
#include "model/volume.h"

#include "base/str.h"

void sis_volume_let_go(struct sis_volume *v)
{
	if (v->node)
		(void)close(v->node); /* nothing was written */
	v->node = 0;
}

void sis_volume_free(struct sis_volume *v)
{
	sis_volume_let_go(v);
	free(v->name);
	free(v->device);
	free(v->not_ready);
	free(v->share);
	free(v->share_from);
	free(v->identity);
	*v = (struct sis_volume){ 0 };
}

void sis_volumes_free(sis_volumes *l)
{
	sis_vec_each(v, l)
		sis_volume_free(v);
	sis_vec_free(l);
}

int sis_volume_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_volume *)a)->name, ((const struct sis_volume *)b)->name);
}

bool sis_dataset_within(const char *name, const char *root)
{
	const char *rest = sis_str_after(name, root);

	return rest && (*rest == '\0' || *rest == '/');
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The stores there are and how one is opened. What a store can do stands in its own table.
 */
#include "store/store.h"

#include "base/str.h"
#include "store/dir.h"
#include "store/zfs.h"

const struct sis_store *const sis_stores[] = { &sis_store_zfs, &sis_store_dir, NULL };

static const struct sis_store *store_find(const char *name, size_t n)
{
	for (const struct sis_store *const *s = sis_stores; *s; s++) {
		if (strlen((*s)->name) == n && strncmp((*s)->name, name, n) == 0)
			return *s;
	}
	return NULL;
}

/* "zfs, dir" */
static char *store_names(void)
{
	sis_autostr struct sis_str s = { 0 };

	for (const struct sis_store *const *p = sis_stores; *p; p++)
		sis_str_addf(&s, "%s%s", s.len ? ", " : "", (*p)->name);
	return sis_str_take(&s);
}

static int store_named(const char *spec, struct sis_sx *sx, struct sis_err *err)
{
	size_t n = strcspn(spec, ":");
	sis_autofree char *names = NULL;

	sx->store = store_find(spec, n);
	if (!sx->store) {
		names = store_names();
		return sis_err_set(err, SIS_ERR_USAGE, "no store '%.*s'; there are: %s%s%s", (int)n,
				   spec, names, *spec == '/' ? "; for a folder: dir:" : "",
				   *spec == '/' ? spec : "");
	}
	sx->path = spec[n] ? sis_strdup(spec + n + 1) : NULL;
	return 0;
}

static int store_first(struct sis_sx *sx, struct sis_err *err)
{
	for (const struct sis_store *const *s = sis_stores; *s; s++) {
		sx->store = *s;
		if ((*s)->present(sx))
			return 0;
	}
	return sis_err_set(err, ENODEV,
			   "no store: ZFS is not there; install and load it, or give a "
			   "folder with --store dir:PATH");
}

int sis_store_open(const char *spec, const char *root, const struct sis_runner *runner,
		   struct sis_sx *ret, struct sis_err *err)
{
	struct sis_sx sx = {
		.runner = runner,
		.root = root ? root : "",
		.wait_ms = ret->wait_ms,
		.dry = ret->dry,
	};
	int r = spec ? store_named(spec, &sx, err) : store_first(&sx, err);

	if (!r)
		r = sx.store->open(&sx, err);
	if (r) {
		free(sx.path);
		return r;
	}
	*ret = sx;
	return 0;
}

void sis_store_close(struct sis_sx *sx)
{
	if (sx->store && sx->store->close)
		sx->store->close(sx);
	free(sx->path);
	*sx = (struct sis_sx){ 0 };
}

void sis_prop_free(struct sis_prop *p)
{
	free(p->dataset);
	free(p->name);
	free(p->value);
	free(p->from);
	*p = (struct sis_prop){ 0 };
}

void sis_props_free(sis_props *l)
{
	sis_vec_each(p, l)
		sis_prop_free(p);
	sis_vec_free(l);
}

void sis_datasets_free(sis_datasets *l)
{
	sis_vec_each(d, l)
		free(d->name);
	sis_vec_free(l);
}

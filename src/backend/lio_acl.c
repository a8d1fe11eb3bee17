/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Access list entries of LIO. An entry knows no "all LUNs": each LUN is a folder in it with a link
 * and a write protection of its own.
 */
#include "backend/lio_acl.h"

#include <inttypes.h>

#include "backend/lio_memory.h"
#include "backend/lio_ops.h"
#include "backend/lio_tree.h"
#include "base/str.h"

const struct sis_rule *sis_lio_rule_of(const struct sis_target *t, const char *name)
{
	sis_vec_each(r, &t->rules)
		if (sis_streq(r->text, name))
			return r;
	return NULL;
}

/*
 * A new one is protected by the kernel if the portal group asks for that, and until told otherwise,
 * so it is right or too strict at any moment.
 */
static int link_one(struct sis_bx *bx, const char *tpg, const char *dir, uint32_t lun, bool ro,
		    struct sis_err *err)
{
	sis_autofree char *to = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, lun);
	int r = 0;

	if (!sis_lio_is_new(bx, dir)) /* other tools may have linked another one */
		r = sis_lio_unlink(bx, dir, "/lun/", err);
	if (r == 0 && ro)
		r = sis_lio_put(bx, tpg, "attrib/prod_mode_write_protect", "1", err);
	return r < 0 ? r : sis_kfs_symlink(bx->kfs, to, err, "%s/lun", dir);
}

static int map_one(struct sis_bx *bx, const char *tpg, const char *name, uint32_t lun, bool ro,
		   struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls/%s/lun_%" PRIu32, tpg, name, lun);
	int r;

	r = sis_lio_mkdir(bx, dir, err);
	if (r == 0 && !sis_lio_maps(bx->kfs, dir, lun))
		r = link_one(bx, tpg, dir, lun, ro, err);
	return r < 0 ? r : sis_lio_put(bx, dir, "write_protect", ro ? "1" : "0", err);
}

static int unmap_dir(struct sis_bx *bx, const char *dir, struct sis_err *err)
{
	int r = sis_lio_unlink(bx, dir, "/lun/", err);

	return r < 0 ? r : sis_lio_rmdir(bx, dir, err);
}

/* Is there a LUN of this number that can be used? What is only recorded cannot be looked at. */
static bool lun_works(struct sis_bx *bx, const char *tpg, uint32_t lun)
{
	sis_autofree char *dir = sis_asprintf("%s/lun/lun_%" PRIu32, tpg, lun), *store = NULL;

	return bx->dry || sis_lio_link(bx->kfs, dir, "/core/", NULL, &store, NULL) == 0;
}

int sis_lio_other_luns(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		       sis_luns *ret, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/lun", tpg);
	sis_autostrv sis_strv names = { 0 };
	int r = 0;

	if (!sis_lio_is_new(bx, tpg))
		r = sis_lio_list(bx->kfs, dir, "lun_", &names, err);
	sis_vec_each(name, &names) {
		struct sis_lun l;
		uint32_t number;

		if (r < 0 || !sis_lio_lun_number(*name, &number) || sis_target_lun(t, number))
			continue;
		r = sis_lio_read_lun(bx->kfs, tpg, number, &l, err);
		if (r == 0)
			sis_vec_push(ret, l);
		else if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/*
 * Where all that is asked for is read-only "=ro" was left out: then nothing tells who may write to
 * the others but the entry itself.
 */
static int map_other(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		     const char *name, bool ro, const struct sis_lun *l, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls/%s/lun_%" PRIu32, tpg, name, l->number);
	bool protect = ro || l->readonly;

	if (!protect && !sis_target_writable(t))
		protect = !sis_lio_maps(bx->kfs, dir, l->number) ||
			  !sis_lio_attr_is(bx->kfs, dir, "write_protect", "0");
	return map_one(bx, tpg, name, l->number, protect, err);
}

/* What an entry has besides LUNs under their own numbers. */
static int unmap_strays(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
			const char *name, const sis_luns *others, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	sis_autostrv sis_strv maps = { 0 };
	int r = 0;

	if (!sis_lio_is_new(bx, acl))
		r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
	sis_vec_each(map, &maps) {
		sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);
		uint32_t number;
		bool stray = !sis_lio_lun_number(*map, &number) || !sis_target_lun(t, number);

		sis_vec_each(l, others)
			stray &= l->number != number;
		if (r == 0 && stray)
			r = unmap_dir(bx, dir, err);
	}
	return r;
}

int sis_lio_map_all(struct sis_bx *bx, const char *tpg, const struct sis_target *t,
		    const char *name, bool ro, struct sis_err *err)
{
	sis_autoluns sis_luns others = { 0 };
	int r = sis_lio_other_luns(bx, tpg, t, &others, err);

	sis_vec_each(l, &t->luns)
		if (r == 0 && lun_works(bx, tpg, l->number))
			r = map_one(bx, tpg, name, l->number, ro || l->readonly, err);
	sis_vec_each(l, &others)
		if (r == 0)
			r = map_other(bx, tpg, t, name, ro, l, err);
	if (r == 0)
		r = unmap_strays(bx, tpg, t, name, &others, err);
	return r;
}

int sis_lio_acls(struct sis_bx *bx, const char *tpg, sis_strv *ret, struct sis_err *err)
{
	sis_autofree char *dir = sis_asprintf("%s/acls", tpg);

	return sis_lio_list(bx->kfs, dir, "", ret, err);
}

int sis_lio_map_lun(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		    struct sis_err *err)
{
	sis_autofree char *tpg = sis_lio_tpg(t->iqn, t->tid);
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		const struct sis_rule *rule = sis_lio_rule_of(t, *name);

		/* an entry that is to go gets nothing more */
		if (r == 0 && (rule || !t->rules.n))
			r = map_one(bx, tpg, *name, l->number, l->readonly || (rule && rule->ro),
				    err);
	}
	return r;
}

int sis_lio_unmap_lun(struct sis_bx *bx, const char *tpg, uint32_t lun, struct sis_err *err)
{
	sis_autostrv sis_strv names = { 0 };
	int r;

	r = sis_lio_acls(bx, tpg, &names, err);
	sis_vec_each(name, &names) {
		sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, *name);
		sis_autostrv sis_strv maps = { 0 };

		if (r == 0)
			r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
		sis_vec_each(map, &maps) {
			sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);

			/* other tools may have mapped it under another number */
			if (r == 0 && sis_lio_maps(bx->kfs, dir, lun))
				r = unmap_dir(bx, dir, err);
		}
	}
	return r;
}

int sis_lio_acl_del(struct sis_bx *bx, const char *tpg, const char *name, struct sis_err *err)
{
	sis_autofree char *acl = sis_asprintf("%s/acls/%s", tpg, name);
	sis_autostrv sis_strv maps = { 0 };
	int r;

	r = sis_lio_list(bx->kfs, acl, "lun_", &maps, err);
	sis_vec_each(map, &maps) {
		sis_autofree char *dir = sis_asprintf("%s/%s", acl, *map);

		if (r == 0)
			r = unmap_dir(bx, dir, err);
	}
	return r < 0 ? r : sis_lio_rmdir(bx, acl, err);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What zfs and zpool print: volumes ('v'), user properties ('u': names of datasets, a line with "-",
 * then the rows), one property ('o'), pools ('p'), what is missing and why it failed ('e'). With 'f'
 * four values as a user can set them, separated by NULs: no value passes for another one.
 */
#include "fuzz.h"

#include "store/zfs_parse.h"

static void with_users(const char *text)
{
	const struct sis_zfs_module m = { 0 };
	sis_autovolumes sis_volumes l = { 0 };

	if (sis_zfs_parse_all(text, &m, &l) < 0) {
		must(!l.n);
		return;
	}
	sis_vec_sort(&l, sis_volume_cmp);
	for (size_t i = 0; i < l.n; i++) {
		must(l.v[i].users_told && l.v[i].guid);
		must(!i || !sis_streq(l.v[i].name, l.v[i - 1].name));
	}
}

static void volumes(const char *text)
{
	const struct sis_zfs_module m = { .volmode_none = true };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autovolumes sis_volumes l = { 0 };
	int r = sis_zfs_parse_volumes(text, &m, &l, &err);

	if (r < 0) {
		must_refuse(r, &err);
		return;
	}
	sis_vec_each(v, &l) {
		must(v->guid && strchr(v->name, '/') && !strpbrk(v->name, "\t\n%"));
		must(sis_str_starts(v->device, "/dev/zvol/") && !strchr(v->device, ' '));
		must(!v->ready && (!v->not_ready_final || v->not_ready));
	}
}

static void free_users(struct sis_zfs_user *u, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sis_zfs_user_free(&u[i]);
	free(u);
}

static void users(char *text)
{
	sis_autostrv sis_strv names = { 0 };
	struct sis_zfs_user *u;
	char *line;

	while ((line = sis_str_next(&text, "\n")) && !sis_streq(line, "-"))
		sis_strv_add(&names, line);
	u = sis_calloc(names.n, sizeof(*u));
	if (sis_zfs_parse_users(text ? text : "", names.v, names.n, u) == 0)
		for (size_t i = 0; i < names.n; i++)
			must(u[i].there);
	else
		for (size_t i = 0; i < names.n; i++)
			must(!u[i].there && !u[i].share.value && !u[i].identity.value);
	free_users(u, names.n);
}

static void one(const char *text)
{
	struct sis_zfs_user u = { 0 };
	struct sis_prop p = { 0 };

	if (sis_zfs_parse_value(text, "tank/a/v", &p) == 0)
		must((p.source == SIS_SOURCE_NONE) == !p.value);
	sis_prop_free(&p);
	(void)sis_zfs_parse_head(text, "tank/a/v", &u);
	sis_zfs_user_free(&u);
}

static void pools(const char *text)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autostrv sis_strv names = { 0 };
	int r = sis_zfs_parse_pools(text, &names, &err);

	if (r < 0)
		must_refuse(r, &err);
	sis_vec_each(name, &names)
		must(!strpbrk(*name, "\t\n"));
}

static void failure(const char *text)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	const char *cursor = text;
	char *name;

	while ((name = sis_zfs_next_missing(&cursor))) {
		must(!strchr(name, '\n'));
		free(name);
	}
	must_refuse(sis_zfs_failure("zfs", 1, text, &err), &err);
}

/* Four values of users, asked for with all the rest; as zfs prints them: nothing is quoted. */
static void forged_all(const sis_strv *values)
{
	static const char *const names[] = { "tank/a", "tank/v" };
	const struct sis_zfs_module m = { 0 };
	sis_autostr struct sis_str out = { 0 };
	sis_autovolumes sis_volumes l = { 0 };

	for (size_t i = 0; i < 2; i++) {
		sis_autofree char *props = sis_strdup(SIS_ZFS_ALL_PROPS);
		char *cursor = props, *prop;

		while ((prop = sis_str_next(&cursor, ","))) {
			bool share = sis_streq(prop, SIS_PROP_SHARE);
			bool users = share || sis_streq(prop, SIS_PROP_IDENTITY);

			sis_str_addf(&out, "%s\t%s\t%s\t%s\n", names[i], prop,
				     users ? values->v[2 * i + !share] : "7", users ? "local" : "-");
		}
	}
	if (sis_zfs_parse_all(sis_str_get(&out), &m, &l) < 0)
		return;
	must(l.n == 2);
	for (size_t i = 0; i < 2; i++) {
		must(sis_streq(l.v[i].name, names[i]) && l.v[i].guid == 7);
		must(sis_streq(l.v[i].share, values->v[2 * i]));
		must(sis_streq(l.v[i].identity, values->v[2 * i + 1]));
	}
}

/* The same in the second of two steps. */
static void forged(const uint8_t *data, size_t size)
{
	static char tank[] = "tank", v[] = "tank/v";
	char *const names[] = { tank, v };
	static const char *const props[] = { SIS_PROP_SHARE, SIS_PROP_IDENTITY };
	sis_autostr struct sis_str out = { 0 };
	sis_autostrv sis_strv values = { 0 };
	struct sis_zfs_user *u = sis_calloc(2, sizeof(*u));
	const char *at = (const char *)data, *end = at + size;

	while (values.n < 4) {
		size_t n = strnlen(at, (size_t)(end - at));
		sis_autofree char *value = sis_strndup(at, n);

		sis_strv_add(&values, value);
		at += at + n < end ? n + 1 : n;
	}
	for (size_t i = 0; i < 2; i++) {
		sis_str_addf(&out, "%s\tzoned\toff\tdefault\n%s\tguid\t%zu\t-\n", names[i], names[i], i + 7);
		for (size_t p = 0; p < 2; p++)
			sis_str_addf(&out, "%s\t%s\t%s\tlocal\n", names[i], props[p], values.v[2 * i + p]);
	}
	if (sis_zfs_parse_users(sis_str_get(&out), names, 2, u) == 0)
		for (size_t i = 0; i < 2; i++) {
			must(!u[i].zoned && u[i].guid == i + 7);
			must(u[i].share.source == SIS_SOURCE_LOCAL);
			must(u[i].identity.source == SIS_SOURCE_LOCAL);
			must(sis_streq(u[i].share.value, values.v[2 * i]));
			must(sis_streq(u[i].identity.value, values.v[2 * i + 1]));
		}
	free_users(u, 2);
	forged_all(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char which = fuzz_select(&data, &size);
	sis_autofree char *text = fuzz_text(data, size);

	switch (which) {
	case 'v':
		volumes(text);
		with_users(text);
		break;
	case 'u': users(text); break;
	case 'o': one(text); break;
	case 'p': pools(text); break;
	case 'e': failure(text); break;
	case 'f': forged(data, size); break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

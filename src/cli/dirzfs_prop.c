/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Properties of the built-in zfs: names, titles and how values are written. What is stored is the
 * store's.
 */
#include <ctype.h>
#include <sys/statvfs.h>

#include "base/str.h"
#include "cli/dirzfs_int.h"

enum { BOTH = SIS_DATASET_FILESYSTEM | SIS_DATASET_VOLUME };

/* In the order of `zfs get all`. */
enum native {
	NAME,
	TYPE,
	USED,
	AVAILABLE,
	REFERENCED,
	MOUNTPOINT,
	VOLSIZE,
	VOLBLOCKSIZE,
	READONLY,
	GUID,
	NATIVES
};

static const struct {
	const char *name, *alias, *title;
	bool number;
	size_t width; /* of the longest word it can be, where that is fixed */
	unsigned types;
} natives[NATIVES] = {
	[NAME] = { "name", NULL, "NAME", false, 0, BOTH },
	[TYPE] = { "type", NULL, "TYPE", false, 10, BOTH },
	[USED] = { "used", NULL, "USED", true, 0, BOTH },
	[AVAILABLE] = { "available", "avail", "AVAIL", true, 0, BOTH },
	[REFERENCED] = { "referenced", "refer", "REFER", true, 0, BOTH },
	[MOUNTPOINT] = { "mountpoint", NULL, "MOUNTPOINT", false, 0, SIS_DATASET_FILESYSTEM },
	[VOLSIZE] = { "volsize", NULL, "VOLSIZE", true, 0, SIS_DATASET_VOLUME },
	[VOLBLOCKSIZE] = { "volblocksize", "volblock", "VOLBLOCK", true, 0, SIS_DATASET_VOLUME },
	[READONLY] = { "readonly", "rdonly", "RDONLY", false, 0, BOTH },
	[GUID] = { "guid", NULL, "GUID", true, 0, SIS_DATASET_VOLUME },
};

const char *const sis_dirzfs_props[] = {
	"type",	   "used",	   "available", "referenced", "mountpoint",
	"volsize", "volblocksize", "readonly",	"guid",	      NULL,
};

static int find(const char *prop)
{
	for (int i = 0; i < NATIVES; i++)
		if (sis_streq(prop, natives[i].name) ||
		    (natives[i].alias && sis_streq(prop, natives[i].alias)))
			return i;
	return -1;
}

bool sis_dirzfs_prop_is_user(const char *prop)
{
	return strchr(prop, ':') && !prop[strspn(prop, "abcdefghijklmnopqrstuvwxyz0123456789:-._")];
}

const char *sis_dirzfs_prop_name(const char *prop)
{
	int i = find(prop);

	if (i >= 0)
		return natives[i].name;
	return sis_dirzfs_prop_is_user(prop) ? prop : NULL;
}

char *sis_dirzfs_prop_title(const char *prop)
{
	int i = find(prop);
	char *title = sis_strdup(i >= 0 ? natives[i].title : prop);

	for (char *p = title; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return title;
}

bool sis_dirzfs_prop_is_number(const char *prop)
{
	int i = find(prop);

	return i >= 0 && natives[i].number;
}

/* zprop_width() of zfs. */
size_t sis_dirzfs_prop_width(const char *prop)
{
	int i = find(prop);
	size_t width = strlen(i >= 0 ? natives[i].title : prop);

	if (i >= 0 && natives[i].width > width)
		width = natives[i].width;
	return sis_dirzfs_prop_is_number(prop) && width < 5 ? 5 : width;
}

bool sis_dirzfs_prop_applies(const char *prop, enum sis_dataset_type type)
{
	int i = find(prop);

	return i < 0 || natives[i].types & type;
}

static void value_number(struct sis_dirzfs_value *v, uint64_t n, bool exact)
{
	v->number = n;
	v->text = exact ? sis_asprintf("%llu", (unsigned long long)n) : sis_format_size(n);
	v->source = sis_strdup("-");
}

static void value_text(struct sis_dirzfs_value *v, char *text, const char *source)
{
	v->text = text;
	v->source = sis_strdup(source);
}

static uint64_t available(const struct sis_sx *sx)
{
	struct statvfs st;

	return statvfs(sx->path, &st) == 0 ? (uint64_t)st.f_bavail * st.f_frsize : 0;
}

/* What is known without asking the store again. */
static bool known(const struct sis_sx *sx, const struct sis_dataset *d, int native, bool exact,
		  struct sis_dirzfs_value *v)
{
	bool volume = d->type == SIS_DATASET_VOLUME;

	switch (native) {
	case NAME: value_text(v, sis_strdup(d->name), "-"); return true;
	case TYPE: value_text(v, sis_strdup(volume ? "volume" : "filesystem"), "-"); return true;
	case USED: value_number(v, d->used, exact); return true;
	case AVAILABLE: value_number(v, available(sx), exact); return true;
	case REFERENCED: value_number(v, volume ? d->used : 0, exact); return true;
	case MOUNTPOINT:
		value_text(v, sis_path_join(sx->path, d->name), "default");
		return true;
	case VOLSIZE:
		value_number(v, d->size, exact);
		sis_replace(&v->source, "local");
		return true;
	case VOLBLOCKSIZE: value_number(v, d->volblocksize, exact); return true;
	default: return false;
	}
}

static char *source_text(const struct sis_prop *p)
{
	switch (p->source) {
	case SIS_SOURCE_LOCAL: return sis_strdup("local");
	case SIS_SOURCE_INHERITED:
		return sis_asprintf("inherited from %s", p->from ? p->from : "-");
	case SIS_SOURCE_RECEIVED: return sis_strdup("received");
	case SIS_SOURCE_NONE: break;
	}
	return sis_strdup("-");
}

static int stored(struct sis_dirzfs *z, const struct sis_dataset *d, const char *prop, int native,
		  struct sis_dirzfs_value *v, struct sis_err *err)
{
	struct sis_prop p = { 0 };
	int rc = z->sx->store->get(z->sx, d->name, prop, &p, err);

	if (rc < 0)
		return rc;
	v->text = p.value ? sis_strdup(p.value) : sis_strdup("-");
	v->source = source_text(&p);
	if (!p.value && native == READONLY) {
		sis_replace(&v->text, "off");
		sis_replace(&v->source, "default");
	}
	if (native == GUID)
		(void)sis_parse_u64(v->text, 0, UINT64_MAX, &v->number);
	sis_prop_free(&p);
	return 0;
}

int sis_dirzfs_value(struct sis_dirzfs *z, const struct sis_dataset *d, const char *prop,
		     bool exact, struct sis_dirzfs_value *ret, struct sis_err *err)
{
	struct sis_dirzfs_value v = { 0 };
	int native = find(prop), rc = 0;

	if (native >= 0 && !(natives[native].types & d->type))
		value_text(&v, sis_strdup("-"), "-");
	else if (!known(z->sx, d, native, exact, &v))
		rc = stored(z, d, prop, native, &v, err);
	if (rc < 0)
		return rc;
	*ret = v;
	return 0;
}

void sis_dirzfs_value_free(struct sis_dirzfs_value *v)
{
	free(v->text);
	free(v->source);
	*v = (struct sis_dirzfs_value){ 0 };
}

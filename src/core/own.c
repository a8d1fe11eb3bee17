/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which live targets and LUNs are this tool's, whose volume each LUN is, and which LUNs are to stay
 * as they are. Compares what was read; reads and changes nothing.
 */
#include "core/own.h"

#include "base/str.h"
#include "model/option.h"

/* The serial number of this volume's LUN: its own, or the one that it was taken over with. */
static char *serial_of(const struct sis_view *v, uint64_t guid)
{
	sis_autoidentity struct sis_identity id = { 0 };
	const struct sis_item *i = sis_view_guid(v, guid);

	/* Few have one, and parsing is not free. */
	if (i && i->volume->identity && strstr(i->volume->identity, ",serial=") &&
	    sis_identity_parse(i->volume->identity, &id, NULL) == 0 &&
	    id.guid == guid && id.kept.serial)
		return sis_strdup(id.kept.serial);
	return sis_serial(guid);
}

/*
 * Does the live LUN show that it is this volume? Its serial number is the proof. The path alone
 * counts for what the record says we made (a crash may have come before the serial number was set),
 * and on a target that cannot tell serial numbers. A serial number that others chose may be that of
 * many disks: without a record it counts only together with the path.
 */
static bool shows_serial(const struct sis_view *v, const struct sis_lun *live, uint64_t guid)
{
	sis_autofree char *serial = serial_of(v, guid);

	return live->serial && sis_streq(live->serial, serial);
}

static bool shows_path(const struct sis_lun *live, const char *path)
{
	return live->path && sis_streq(live->path, path);
}

/* A null device of IET shows neither: one in the right place is believed to be the right one. */
static bool shows_nothing(const struct sis_lun *live)
{
	return live->type == SIS_TYPE_NULLIO && !live->serial && (!live->path || !*live->path);
}

static void lun_own(struct sis_lun *live, uint64_t guid, const char *volume)
{
	live->guid = guid;
	live->known |= SIS_BIT(SIS_FIELD_VOLUME);
	sis_replace(&live->volume, volume);
}

/* What the record says of this LUN, if the live state confirms it: best by its serial number. */
static const struct sis_record_lun *recorded_as(const struct sis_view *v, const struct sis_record *r,
						const struct sis_lun *l)
{
	const struct sis_record_lun *by_path = NULL;

	sis_vec_each(x, &r->luns) {
		if (x->number != l->number)
			continue;
		if (shows_serial(v, l, x->guid))
			return x;
		if (!by_path && (shows_nothing(l) || shows_path(l, x->path)))
			by_path = x;
	}
	return by_path;
}

/* Marks the LUNs that the record names and the live state confirms; how many. */
static size_t own_by_record(const struct sis_view *v, struct sis_target *t,
			    const struct sis_record *r)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_record_lun *by = recorded_as(v, r, l);

		if (!by)
			continue;
		lun_own(l, by->guid, by->volume);
		n++;
	}
	return n;
}

/* Without a record: the serial number says it, or there is none to be had and the path does. */
static bool is_desired(const struct sis_lun *live, const struct sis_lun *want)
{
	if (shows_nothing(live))
		return want->type == SIS_TYPE_NULLIO;
	if (!live->serial)
		return shows_path(live, want->path);
	return sis_streq(live->serial, want->serial) &&
	       (sis_is_serial(want->serial) || shows_path(live, want->path));
}

/* The record was lost: what matches a desired target in name and volume is ours. */
static size_t own_by_desire(struct sis_target *t, const struct sis_target *desired)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_lun *want = desired ? sis_target_lun(desired, l->number) : NULL;

		if (!want || l->guid || !is_desired(l, want))
			continue;
		lun_own(l, want->guid, want->volume);
		n++;
	}
	return n;
}

/* The volume that this LUN shows to be: by its own serial number, else by path. */
static const struct sis_item *shown_volume(const struct sis_view *v, const struct sis_lun *l)
{
	uint64_t guid;

	if (l->serial && sis_parse_hex(l->serial, 16, &guid) == 0)
		return sis_view_guid(v, guid);
	sis_vec_each(i, &v->items)
		if (shows_path(l, i->volume->device))
			return i;
	return NULL;
}

/* The volume whose kept identity says that it is this LUN, or NULL. */
static const struct sis_volume *identified(const struct sis_view *v, const struct sis_target *t,
					   const struct sis_lun *l)
{
	sis_autoidentity struct sis_identity id = { 0 };
	const struct sis_item *i = shown_volume(v, l);

	if (!i || !i->volume->identity || sis_identity_parse(i->volume->identity, &id, NULL) < 0 ||
	    id.guid != i->volume->guid || id.lun != l->number || !sis_streq(id.iqn, t->iqn) ||
	    (l->serial && !shows_serial(v, l, id.guid)))
		return NULL;
	return i->volume;
}

/* The same where nothing is desired any more. */
static size_t own_by_identity(const struct sis_view *v, struct sis_target *t)
{
	size_t n = 0;

	sis_vec_each(l, &t->luns) {
		const struct sis_volume *volume = l->guid ? NULL : identified(v, t, l);

		if (!volume)
			continue;
		lun_own(l, volume->guid, volume->name);
		n++;
	}
	return n;
}

void sis_own_target(const struct sis_view *v, struct sis_target *t)
{
	const struct sis_record *r = sis_records_find(&v->records, t->iqn);
	size_t n = r ? own_by_record(v, t, r) : 0;

	n += own_by_desire(t, sis_state_find(&v->desired, t->iqn));
	n += own_by_identity(v, t);
	/* A recorded target without LUNs is one that a crash left half made. */
	t->owner = n || (r && !t->luns.n) ? SIS_OWNER_OURS : SIS_OWNER_FOREIGN;
}

/* Is this a volume of which nothing is known now, as it or a dataset above could not be read? */
static bool is_unread(const struct sis_view *v, const char *volume)
{
	sis_autofree char *name = sis_strdup(volume);

	for (char *end = name; end; end = strrchr(name, '/')) {
		const struct sis_item *i;

		if (end != name)
			*end = '\0';
		i = sis_view_item(v, name);
		if (i)
			return !i->volume->guid && i->want != SIS_WANT_OFF;
	}
	return false;
}

/* A LUN stays as it is when nothing was said about its volume, or nothing that can be followed. */
bool sis_own_keeps(const struct sis_view *v, const struct sis_request *rq,
		   const struct sis_target *t, const struct sis_lun *l)
{
	const struct sis_item *i;

	if (!l->guid)
		return true;
	/* Of copies of one disk it is the one by that name. */
	i = sis_view_item(v, l->volume);
	if (!i || i->volume->guid != l->guid)
		i = sis_view_guid(v, l->guid);
	if (!i)
		return is_unread(v, l->volume) || !sis_request_names(rq, l->volume);
	switch (i->want) {
	case SIS_WANT_SHARED:
		/* It is to go elsewhere, but that was not asked for: it does not leave alone. */
		return !i->in_scope && !sis_streq(i->wish.identity.iqn, t->iqn);
	case SIS_WANT_OFF:
		return rq->mode == SIS_VIEW_SHARE || !(i->in_scope || rq->mode == SIS_VIEW_SYNC);
	case SIS_WANT_HELD:
	case SIS_WANT_PENDING:
	case SIS_WANT_BAD: break;
	}
	return true;
}

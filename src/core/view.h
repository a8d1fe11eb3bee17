/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What should be and what is, side by side: the volumes looked at with what is to be done about
 * each, the desired and the live state. Reads everything, changes nothing.
 */
#ifndef SIS_CORE_VIEW_H
#define SIS_CORE_VIEW_H

#include <stdbool.h>

#include "core/ctx.h"
#include "core/record.h"
#include "model/desire.h"
#include "model/plan.h"

/* What is to become of a volume. */
enum sis_want {
	SIS_WANT_OFF, /* the property is off or unset, or unsharing was asked for */
	SIS_WANT_SHARED,
	SIS_WANT_HELD,	  /* not shared by itself: the value was received, or it is held back */
	SIS_WANT_PENDING, /* cannot be shared now (no device node, key not loaded) */
	SIS_WANT_BAD,	  /* the property or the policy forbids it */
};

struct sis_item {
	const struct sis_volume *volume; /* in the view */
	bool in_scope; /* asked for, not only looked at because it is in the same target */
	enum sis_want want;
	struct sis_err problem; /* for HELD, PENDING and BAD: why and what to do */
	struct sis_wish wish;	/* for SHARED */
	bool kept_ahead;	/* its identity is kept for a share that is yet to be made */
};

enum sis_view_mode {
	SIS_VIEW_SYNC,	  /* live is to equal the properties */
	SIS_VIEW_SHARE,	  /* only add: what is off stays as it is */
	SIS_VIEW_UNSHARE, /* what is in scope is not to be shared, whatever the property says */
};

/* Look at `dataset` as if the property had this value: what would a change do? */
struct sis_override {
	const char *dataset;
	const char *value; /* NULL: unset */
	bool all_below;	   /* below it nothing else counts (zfs inherit -r) */
};

struct sis_request {
	const sis_strv *names; /* NULL: everything */
	enum sis_view_mode mode;
	bool force;			     /* end sessions where needed */
	bool for_now; /* UNSHARE: it is to be shared again, here or elsewhere, as the same disk */
	const struct sis_override *override; /* or NULL; only with a dry run */
	/* Told after each target that had something to be done; or NULL. */
	void (*progress)(size_t done, size_t total);
};

struct sis_view {
	sis_volumes volumes;
	SIS_VEC(struct sis_item) items;	    /* sorted by name of volume, one each */
	SIS_VEC(struct sis_item *) by_guid; /* the same by guid; the wanted one first */
	size_t near_guid;		    /* of sis_view_guid() alone */
	bool whole;			    /* the whole store was looked at */
	bool all_records; /* all records were read, not only those of these volumes */
	sis_strv missing; /* names asked for that the store does not have */
	sis_strv holds;	  /* datasets that are held back */
	sis_records records;
	sis_strv begun; /* files of records that are being, or were never wholly, written */
	struct sis_state desired, live;
};

/*
 * Collects for the datasets in rq->names and below (NULL: everything). Volumes that are in one
 * target with them are looked at as well. Needs sis_ctx_backend() before.
 */
int sis_view_read(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *ret,
		  struct sis_err *err);

/* Reads the live state and the record again after changes; the rest stays. */
int sis_view_reread(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v,
		    struct sis_err *err);

/*
 * Judges everything anew, without reading anything: what would be, if the volumes and records were as
 * somebody has changed them in the view?
 */
void sis_view_rejudge(struct sis_ctx *ctx, const struct sis_request *rq, struct sis_view *v);

/* Is this record about volumes that were asked for, by name or by guid? */
bool sis_view_concerns(const struct sis_view *v, const struct sis_request *rq,
		       const struct sis_record *r);

/* Is a volume of this name, or below it, recorded as shared? It may be gone since. */
bool sis_view_recorded(const struct sis_view *v, const char *name);

/* Was this dataset, or one above it, asked for? */
bool sis_request_names(const struct sis_request *rq, const char *name);

/* The item of a volume, or NULL. Borrowed. */
struct sis_item *sis_view_item(const struct sis_view *v, const char *volume);
/* The item whose volume has this guid, or NULL; 0 is never found. Of copies, the wanted one. */
struct sis_item *sis_view_guid(const struct sis_view *v, uint64_t guid);

void sis_view_free(struct sis_view *v);
#define sis_autoview __attribute__((cleanup(sis_view_free)))

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The pieces of a run that sync and move share: one group of a plan with its record, identities
 * and hooks. What is done in which order is sync.c's and move.c's.
 */
#ifndef SIS_CORE_FLOW_H
#define SIS_CORE_FLOW_H

#include "core/sync.h"

/* One request in work. */
struct sis_flow {
	struct sis_ctx *ctx;
	const struct sis_request *rq;
	struct sis_report *report;
	struct sis_view view;
	struct sis_plan plan; /* of the view; borrows from it */
	bool unshared;	      /* somebody has noted an unsharing: see unshared.h */
	const struct sis_group *next; /* the one after that which is being done, or NULL */
	struct {
		const struct sis_group *g; /* whose record is written already, or NULL */
		char *text;		   /* what it says */
	} ahead;
	sis_strv unmade;      /* new targets that could not be made: the record may name them */
	/* Does a group in the place of sis_flow_group(); `owner` is its own. NULL: nobody does. */
	int (*do_group)(struct sis_flow *f, const struct sis_group *g, struct sis_err *err);
	void *owner;
	const struct sis_flow *from; /* of a move: its old side, planned; or NULL */
};

/* Reads the view and plans. ctx has its back end. */
int sis_flow_read(struct sis_flow *f, struct sis_err *err);
void sis_flow_free(struct sis_flow *f);

/* All that a sync does after reading: the groups, what needs no step, reading back. */
int sis_flow_carry_out(struct sis_flow *f, struct sis_err *err);

/* Is a volume that was asked for among those of this group, or of this target? */
bool sis_flow_asked(const struct sis_flow *f, const struct sis_group *g);
bool sis_flow_target_asked(const struct sis_flow *f, const struct sis_target *t);

/* The volume (else the IQN) that a group is about, for messages. Borrowed. */
const char *sis_flow_subject(const struct sis_group *g);

/* Was this volume, or one above it, asked for? */
bool sis_flow_volume_asked(const struct sis_flow *f, const char *volume);

/* Adds to the report; takes what is in *err. */
void sis_flow_problem(struct sis_flow *f, const char *subject, enum sis_want want,
		      struct sis_err *err);

/* Does the record (NULL: there is none) name these LUNs, and no others? */
bool sis_flow_record_fits(const struct sis_record *record, const struct sis_target *t);

/*
 * Does a group (it must not be refused): its record first, then its steps, the identities before
 * the target is shown, then the hooks. In a dry run only the steps, noted. *ret_target (NULL
 * allowed) is the desired target with what the back end filled in; the caller frees it, and does
 * the rest of the group as another one: then this one is not counted.
 */
int sis_flow_group(struct sis_flow *f, const struct sis_group *g, struct sis_target *ret_target,
		   struct sis_err *err);

/* The target has opened the volumes of this group, or never will: their nodes are not kept open. */
void sis_flow_let_go(struct sis_flow *f, const struct sis_group *g);

/* What was done since the trace was cleared is a step of the report; nothing: there is none. */
void sis_flow_report_lines(struct sis_flow *f, const char *step, const char *reason);

/* The volume was unshared for good: when it is shared again, it may be made another disk. */
void sis_flow_unshared(const struct sis_flow *f, const struct sis_volume *v);

/* The same if this was a sync for which its property says off: its LUN is no more. */
void sis_flow_note_off(const struct sis_flow *f, uint64_t guid);

/* Makes the target usable if it is not; what that did is a step of the report. */
int sis_flow_prepare(struct sis_flow *f, struct sis_err *err);

/* For a target that needs no step: its record and identities as they should be. */
int sis_flow_settle(struct sis_flow *f, const struct sis_target *t, const struct sis_target *live,
		    struct sis_err *err);

#endif

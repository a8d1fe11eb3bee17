/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Compares desired and live and says what to do, in which order and why. Pure: the same two
 * states always give the same plan, and a plan for equal states is empty.
 */
#ifndef SIS_MODEL_PLAN_H
#define SIS_MODEL_PLAN_H

#include <stdbool.h>

#include "base/err.h"
#include "model/field.h"
#include "model/share.h"

/* In the order in which they stand within a group. */
enum sis_step_kind {
	SIS_STEP_HIDE, /* no new logins */
	SIS_STEP_LUN_DEL,
	SIS_STEP_TARGET_DEL,
	SIS_STEP_TARGET_ADD, /* not reachable yet */
	SIS_STEP_LUN_ADD,
	SIS_STEP_LUN_SET,
	SIS_STEP_TARGET_SET, /* access rules, CHAP, portals */
	SIS_STEP_SESSION_END, /* of those that the new rules shut out */
	SIS_STEP_SHOW,	     /* initiators may log in */
	SIS_STEP_N
};

extern const char *const sis_step_names[SIS_STEP_N];

struct sis_step {
	enum sis_step_kind kind;
	uint32_t lun;	  /* LUN_*: the number */
	unsigned changed; /* LUN_SET, TARGET_SET: bits of enum sis_field */
	char *reason;
};

/* All steps on one target: done together or undone together. */
struct sis_group {
	const char *iqn;		  /* borrowed from desired or live */
	const struct sis_target *desired; /* NULL: goes away. Borrowed */
	const struct sis_target *live;	  /* NULL: does not exist yet. Borrowed */
	SIS_VEC(struct sis_step) steps;
	bool drops;		    /* sessions of the live target lose a LUN */
	struct sis_err refused;	    /* set: no step of the group may be done */
	struct sis_err blocked;	    /* set: the steps are fine, but one LUN stays as it is */
	const char *blocked_volume; /* whose. Borrowed from desired */
};

/* Groups that take something away stand before those that only add. */
struct sis_plan {
	SIS_VEC(struct sis_group) groups; /* only those with something to say */
};

/*
 * Both states are sorted and must outlive the plan. Foreign targets and LUNs to keep are left
 * alone; a foreign target with a desired IQN, or a LUN that is not ours on a desired path, refuses
 * that group (EEXIST). Without `force`, a group
 * that is in use is refused (sis_group_in_use()).
 */
void sis_plan_make(const struct sis_state *desired, const struct sis_state *live, bool force,
		   struct sis_plan *ret);

/* Can it be that doing this group ends a session, whoever is logged in? */
bool sis_group_may_drop(const struct sis_group *g);

/*
 * The in-use rule: SIS_ERR_INUSE, naming them, if any of these sessions of the live target would end:
 * all of them where a LUN goes, else those of initiators that the new rules shut out.
 */
int sis_group_in_use(const struct sis_group *g, const sis_sessions *now, struct sis_err *err);

/*
 * A group is not carried out, for held->refused: neither are those that would take up a volume
 * which it was to give up.
 */
void sis_plan_refuse_followers(struct sis_plan *p, const struct sis_group *held);

/* Frees the steps of a group that has been dealt with; the group stays. */
void sis_group_steps_free(struct sis_group *g);

/* The group of this target, or NULL. Borrowed. */
struct sis_group *sis_plan_find(const struct sis_plan *p, const char *iqn);

/* "iqn... from 10.0.0.1, iqn...": who is logged in; caller frees. */
char *sis_sessions_text(const sis_sessions *l);

void sis_plan_free(struct sis_plan *p);
#define sis_autoplan __attribute__((cleanup(sis_plan_free)))

#endif

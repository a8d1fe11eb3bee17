/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The fields of a share that are compared between desired and live, one row each, with what a
 * difference asks for. A field that goes away is a difference like any other.
 */
#ifndef SIS_MODEL_FIELD_H
#define SIS_MODEL_FIELD_H

#include <stdbool.h>

#include "base/str.h"
#include "model/caps.h"
#include "model/share.h"

enum sis_field {
	/* of a LUN */
	SIS_FIELD_VOLUME, /* by guid; set by the core, a path may go stale under a rename */
	SIS_FIELD_TYPE,
	SIS_FIELD_IOMODE,
	SIS_FIELD_BLOCKSIZE,
	SIS_FIELD_READONLY,
	SIS_FIELD_THIN,
	SIS_FIELD_SERIAL,
	SIS_FIELD_T10_ID,
	SIS_FIELD_NAA,
	SIS_FIELD_PRODUCT,
	SIS_FIELD_SIZE,
	/* of a target */
	SIS_FIELD_RULES,
	SIS_FIELD_CHAP,
	SIS_FIELD_PORTALS,
	SIS_FIELD_N
};

enum sis_change {
	SIS_CHANGE_REFUSE,  /* only after the volume was unshared */
	SIS_CHANGE_REBUILD, /* the LUN is taken away and made anew: drops what sessions use */
	SIS_CHANGE_LUN,	    /* lun_set, sessions stay */
	SIS_CHANGE_TARGET,  /* target_set, sessions stay */
};

struct sis_field_row {
	const char *title; /* "block size" */
	enum sis_change change;
	/* Either takes LUNs (lun_differs) or targets (differs); the other is NULL. */
	bool (*lun_differs)(const struct sis_lun *desired, const struct sis_lun *live);
	bool (*differs)(const struct sis_target *desired, const struct sis_target *live);
	/* The value for a reason; never a secret. */
	void (*lun_print)(const struct sis_lun *l, struct sis_str *out);
	void (*print)(const struct sis_target *t, struct sis_str *out);
};

/* Indexed by enum sis_field. */
extern const struct sis_field_row sis_field_rows[];

/*
 * Which of rules, CHAP and portals of the target let in less than all: they are to be set before those
 * that let in all, so that it is never more open in between than before and after. Bits of enum
 * sis_field.
 */
unsigned sis_target_closing(const struct sis_target *t);

/* Bits of the fields that differ, of those the live side knows. */
unsigned sis_lun_diff(const struct sis_lun *desired, const struct sis_lun *live);
unsigned sis_target_diff(const struct sis_target *desired, const struct sis_target *live);

/* -EPERM, saying so, where the LUNs of a volume differ in what changes only after `unshare`. */
int sis_lun_check_change(const struct sis_lun *desired, const struct sis_lun *live,
			 struct sis_err *err);

/* "block size is 512, should be 4096; ..." for the bits in `changed`. Caller frees. */
char *sis_lun_diff_text(const struct sis_lun *desired, const struct sis_lun *live,
			unsigned changed);
char *sis_target_diff_text(const struct sis_target *desired, const struct sis_target *live,
			   unsigned changed);

#endif

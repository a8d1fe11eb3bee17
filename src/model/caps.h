/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What one target can express, as data, so that refusing is done in one place (caps.c) and
 * never by a back end half way through a change.
 */
#ifndef SIS_MODEL_CAPS_H
#define SIS_MODEL_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/option.h"
#include "model/share.h"

enum sis_cap {
	SIS_CAP_BLOCKSIZE = 1 << 0,	/* block sizes other than 512 */
	SIS_CAP_RULE_NAME = 1 << 1,	/* initiator= by exact name */
	SIS_CAP_RULE_WILDCARD = 1 << 2, /* ... with * and ? */
	SIS_CAP_RULE_ADDRESS = 1 << 3,	/* ... by address */
	SIS_CAP_RULE_PREFIX = 1 << 4,	/* ... by address/bits */
	SIS_CAP_RULE_RO = 1 << 5,	/* =ro for single initiators */
	SIS_CAP_RULE_MIXED = 1 << 6,	/* names and addresses in one list, either lets in */
	SIS_CAP_PORTAL = 1 << 7,	/* portal= by address */
	SIS_CAP_PORTAL_PORT = 1 << 8,	/* ... with a port of its own */
	SIS_CAP_CHAP = 1 << 9,		/* auth=, one way */
	SIS_CAP_CHAP_MUTUAL = 1 << 10,	/* auth=, mutual */
	SIS_CAP_RESIZE = 1 << 11,	/* a new size reaches the LUN in place */
	SIS_CAP_UNMAP = 1 << 12,	/* UNMAP can be switched on for sparse volumes */
	SIS_CAP_NAA = 1 << 13,		/* the NAA designator can be chosen */
	SIS_CAP_CHAP_ACCOUNTS = 1 << 14, /* a CHAP user has one secret, whatever the target */
	/*
	 * Targets can be made, or taken away, several at once, and time is gained by that: most of it
	 * passes in waiting for the kernel. Then the back end keeps nothing that is of one of them alone.
	 */
	SIS_CAP_AT_ONCE = 1 << 15,
};

struct sis_caps {
	const char *title; /* for messages: "STGT" */
	unsigned caps;	   /* enum sis_cap */
	uint32_t first_lun, max_lun;
	uint32_t default_blocksize; /* 0: from volblocksize (512..4096 as it is, else 4096) */
	/*
	 * What a value of the property becomes on this target, _NONE where it cannot be had.
	 * Element 0 of iomode and [SIS_TYPE_DISK] are the defaults. Types differ for block devices
	 * and for regular files.
	 */
	enum sis_type block_type[SIS_TYPE_N];
	enum sis_type file_type[SIS_TYPE_N];
	enum sis_iomode iomode[SIS_IOMODE_N]; /* [NONE] = default */
	bool naa_of_serial;   /* NAA is chosen by the serial number, as sis_naa_of() makes it */
	unsigned max_name;    /* bytes in a target name */
	unsigned max_serial;  /* bytes in a unit serial number */
	unsigned max_t10_id;  /* bytes in a T10 id; 0: the target makes its own */
	const char *bad_path; /* bytes a backing path must not contain, e.g. "," */
	const char *bad_name; /* bytes a target name must not contain though RFC 7143 has them */
	unsigned secret_min, secret_max; /* bytes in a CHAP secret */
	unsigned user_max;		 /* bytes in a CHAP user */
	const char *bad_chap;	    /* bytes that neither may contain, beside blanks and controls */
	const char *bad_chap_start; /* what neither may begin with, or NULL */
};

/* Only what the options alone allow to say, for `zfs set`: can this target do that at all? */
int sis_options_supported(const struct sis_options *o, const struct sis_caps *caps, bool is_file,
			  struct sis_err *err);

/* The same for one fixed word of one option, as in sis_opt_row.words; true for any other. */
bool sis_caps_take(const struct sis_caps *caps, enum sis_opt opt, const char *word);

/* What `type` becomes on a block device or a file; _NONE where it cannot be had. */
enum sis_type sis_caps_type(const struct sis_caps *caps, const struct sis_options *o, bool is_file);

/* Can this target be given these credentials? The refusal tells the rule, never the text. */
int sis_chap_supported(const struct sis_chap *c, const struct sis_caps *caps, struct sis_err *err);

#endif

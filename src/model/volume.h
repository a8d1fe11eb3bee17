/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a store hands over about one volume. Facts only: nothing here is decided or derived.
 */
#ifndef SIS_MODEL_VOLUME_H
#define SIS_MODEL_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

/* The user properties in which the intent and the identity are kept. */
#define SIS_PROP_SHARE "org.zfsonlinux:shareiscsi"
#define SIS_PROP_IDENTITY "org.zfsonlinux:shareiscsi:identity"

/* Where a property value comes from (zfs-get(8), column SOURCE). */
enum sis_source { SIS_SOURCE_NONE, SIS_SOURCE_LOCAL, SIS_SOURCE_INHERITED, SIS_SOURCE_RECEIVED };

struct sis_volume {
	char *name;	       /* dataset name, e.g. "mypool/test" */
	uint64_t guid;	       /* the volume's own; 0 when it, and all below, could not be read */
	char *device;	       /* absolute path of block device or file, whether there or not */
	bool is_file;	       /* a regular file stands in for the volume */
	bool ready;	       /* the device is there and is this volume's */
	char *not_ready;       /* why not, and what to do; NULL when ready */
	bool not_ready_final;  /* waiting does not help (no key, volmode=none) */
	uint64_t size;	       /* bytes */
	uint32_t volblocksize; /* bytes */
	bool sparse;	       /* made without reservation */
	bool readonly;	       /* property readonly=on, or the pool is read-only */
	bool pool_readonly;    /* properties cannot be stored */
	char *share;	       /* raw value of SIS_PROP_SHARE; NULL when unset */
	enum sis_source share_source;
	char *share_from;   /* dataset it is inherited from, or NULL */
	bool from_received; /* which has it as received: of that zfs says just "inherited" */
	char *identity;	    /* raw value of SIS_PROP_IDENTITY; NULL when unset */
	bool users_told;    /* store zfs: share and identity are as they are */
	int node;	    /* descriptor of the open device node, or 0: see struct sis_sx */
};

typedef SIS_VEC(struct sis_volume) sis_volumes;

void sis_volume_free(struct sis_volume *v);	  /* what it holds, not v itself */
void sis_volumes_free(sis_volumes *l);		  /* the list and all it holds */
void sis_volume_let_go(struct sis_volume *v);	  /* closes its node, if it is open */
int sis_volume_cmp(const void *a, const void *b); /* by name, for sis_vec_sort and _find */
#define sis_autovolumes __attribute__((cleanup(sis_volumes_free)))

/* Is `name` equal to `root` or below it ("a/b" is below "a", "ab" is not)? */
bool sis_dataset_within(const char *name, const char *root);

#endif

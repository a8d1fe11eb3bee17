/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which volume a path leads to, whatever the path is called: by device or inode.
 */
#ifndef SIS_CORE_MATCH_H
#define SIS_CORE_MATCH_H

#include <sys/stat.h>

#include "core/ctx.h"
#include "model/volume.h"

struct sis_match_node {
	bool block;
	dev_t dev; /* of a block device its own, else that of the file system */
	ino_t ino;
	struct sis_volume *volume;
};

/* The nodes of volumes, sorted; { 0 } is empty. */
struct sis_match {
	const struct sis_ctx *ctx;
	SIS_VEC(struct sis_match_node) nodes;
};

/* Looks at the nodes of all volumes that are ready. The volumes are borrowed. */
void sis_match_volumes(const struct sis_ctx *ctx, const sis_volumes *volumes,
		       struct sis_match *ret);

/* The volume at which this path ends, or NULL. Borrowed. */
struct sis_volume *sis_match_path(const struct sis_match *m, const char *path);

void sis_match_free(struct sis_match *m);

#endif

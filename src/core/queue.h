/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Names of datasets at which a later run is to look, in ROOT/run/shareiscsi/queue: events leave
 * them there, one run takes them all. Hints, no state: to lose one costs time, nothing else.
 */
#ifndef SIS_CORE_QUEUE_H
#define SIS_CORE_QUEUE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"

/*
 * Adds datasets, or volumes by their node below /dev/zvol. What ZFS makes for itself counts as the
 * dataset that it belongs to; a snapshot is passed over. None at all means everything.
 * *ret_first: the queue was empty, so nobody is on the way yet to take it.
 */
int sis_queue_add(const char *root, const sis_strv *names, bool *ret_first, struct sis_err *err);

/* Bytes; tells whether somebody adds to it. */
off_t sis_queue_size(const char *root);

/* Empties the queue. *ret_all: look at everything; else *ret_names has each name once. */
int sis_queue_take(const char *root, sis_strv *ret_names, bool *ret_all, struct sis_err *err);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What this tool made, remembered under /run/shareiscsi until the next boot: one small file a
 * target, named by its IQN. Written before a target is made and removed after it is gone, so a
 * crash leaves a record without target, never a target of ours without record.
 */
#ifndef SIS_CORE_RECORD_H
#define SIS_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "model/share.h"

struct sis_record_lun {
	uint64_t guid;
	uint32_t number;
	char *volume;
	char *path;
};

struct sis_record {
	char *iqn;
	SIS_VEC(struct sis_record_lun) luns;
	char *chap; /* digest of the CHAP secrets it was given (sis_secrets_digest()), or NULL */
};

/* A vector, sorted by IQN. */
typedef struct {
	struct sis_record *v;
	size_t n, cap;
	size_t near; /* of sis_records_find() alone */
} sis_records;

/*
 * All records of a back end. Unreadable ones are left out with a warning. *ret_begun (NULL allowed)
 * gets the names of files that were being written; who has the lock knows that nobody writes them
 * any more, and removes them with sis_record_remove().
 */
int sis_records_read(const char *root, const char *backend, sis_records *ret, sis_strv *ret_begun,
		     struct sis_err *err);

/*
 * Adds the records of these targets to *records, as far as they exist and are not there yet.
 * Unreadable ones are left out with a warning.
 */
void sis_records_add(const char *root, const char *backend, const sis_strv *iqns,
		     sis_records *records);

/* Is there any record of this back end? */
bool sis_records_any(const char *root, const char *backend);

/* What the record of such a target says; caller frees. */
char *sis_record_text(const struct sis_target *t, const char *chap);

/* Replaces the record of a target by its LUNs and the digest of its CHAP secrets (or NULL). */
int sis_record_write(const char *root, const char *backend, const struct sis_target *t,
		     const char *chap, struct sis_err *err);

/* The same, by what sis_record_text() made of it. */
int sis_record_write_text(const char *root, const char *backend, const char *iqn, const char *text,
			  struct sis_err *err);

/* Forgets a target; a missing record is success. */
int sis_record_remove(const char *root, const char *backend, const char *iqn, struct sis_err *err);

/* Adds, or replaces, what sis_record_write() would make the record of `t`; no file is written. */
void sis_records_put(sis_records *records, const struct sis_target *t, const char *chap);
void sis_records_drop(sis_records *records, const char *iqn);

const struct sis_record *sis_records_find(const sis_records *records, const char *iqn);
void sis_records_free(sis_records *records);
#define sis_autorecords __attribute__((cleanup(sis_records_free)))

#endif

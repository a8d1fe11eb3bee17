/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lasting identity of a volume: what is minted into SIS_PROP_IDENTITY at the first share, and
 * the serial number, T10 id and NAA that follow from the volume's guid, unless it was taken over
 * with others.
 */
#ifndef SIS_MODEL_IDENTITY_H
#define SIS_MODEL_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum sis_unmap { SIS_UNMAP_DEFAULT, SIS_UNMAP_ON, SIS_UNMAP_OFF };

/*
 * Written as "guid=HEX16,lun=N,iqn=NAME". Before iqn may stand, in this order and only where they
 * are set: blocksize=N, and what a target had that was taken over from others (`kept`): serial=TEXT,
 * t10=TEXT, naa=HEX16-or-32 or none, product=TEXT, unmap=on or off. TEXT is printable ASCII without
 * comma, quotes and backslash, no blank at either end. A serial of 16 lower-case hexadecimal digits
 * is that of another volume and never kept.
 */
struct sis_identity {
	uint64_t guid; /* of the volume it was minted for */
	char *iqn;
	uint32_t lun;
	uint32_t blocksize;
	struct sis_kept {
		char *serial, *t10_id, *product; /* NULL: as this tool would make it */
		char *naa;			 /* lower case; "none"; NULL as above */
		enum sis_unmap unmap;
	} kept;
};

/* Bytes in any TEXT of an identity. */
enum { SIS_KEPT_MAX = 253 };

/* -EINVAL for anything that sis_identity_print() would not write. ret->iqn is the caller's. */
int sis_identity_parse(const char *text, struct sis_identity *ret, struct sis_err *err);
char *sis_identity_print(const struct sis_identity *id); /* caller frees */
void sis_identity_free(struct sis_identity *id);
#define sis_autoidentity __attribute__((cleanup(sis_identity_free)))

/* May this be kept as the serial number, T10 id or product of a LUN? */
bool sis_kept_text_ok(const char *text);

/* Is it a serial number as sis_serial() makes it? */
bool sis_is_serial(const char *text);

/* Is anything kept that was taken over from another tool's target? */
bool sis_kept_any(const struct sis_kept *k);
void sis_kept_copy(struct sis_kept *ret, const struct sis_kept *k);

/* 16 lower-case hexadecimal digits of the guid: unit serial number and T10 id. Caller frees. */
char *sis_serial(uint64_t guid);

/*
 * NAA IEEE Registered Extended (SPC-4 section 7.8.6.6.5): "6001405", the guid, nine zeros. That is
 * what LIO makes of such a serial number, so a volume may move between targets. Caller frees.
 */
char *sis_naa(uint64_t guid);

/*
 * The same of any serial number, as LIO makes it: "6", the company id (6 digits), the first 25
 * hexadecimal digits found in the serial number, zeros where there are fewer. Caller frees.
 */
#define SIS_COMPANY_ID "001405"
char *sis_naa_of(const char *company_id, const char *serial);

#endif

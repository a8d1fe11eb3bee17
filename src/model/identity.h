/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lasting identity of a volume: what is minted into SIS_PROP_IDENTITY at the first share, and
 * the serial number, T10 id and NAA that follow from the volume's guid.
 */
#ifndef SIS_MODEL_IDENTITY_H
#define SIS_MODEL_IDENTITY_H

#include <stdint.h>

#include "base/err.h"

/* Written as "guid=HEX16,lun=N,blocksize=N,iqn=NAME"; blocksize 0 is left out. */
struct sis_identity {
	uint64_t guid; /* of the volume it was minted for */
	char *iqn;
	uint32_t lun;
	uint32_t blocksize;
};

/* -EINVAL for anything that sis_identity_print() would not write. ret->iqn is the caller's. */
int sis_identity_parse(const char *text, struct sis_identity *ret, struct sis_err *err);
char *sis_identity_print(const struct sis_identity *id); /* caller frees */
void sis_identity_free(struct sis_identity *id);
#define sis_autoidentity __attribute__((cleanup(sis_identity_free)))

/* 16 lower-case hexadecimal digits of the guid: unit serial number and T10 id. Caller frees. */
char *sis_serial(uint64_t guid);

/*
 * NAA IEEE Registered Extended (SPC-4 section 7.8.6.6.5): "6001405", the guid, nine zeros. That is
 * what LIO makes of such a serial number, so a volume may move between targets. Caller frees.
 */
char *sis_naa(uint64_t guid);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The initiator's side in tests of back ends: libiscsi, asked for what a target presents.
 * Independent of what it tests: uses nothing of the back ends.
 */
#ifndef TEST_INITIATOR_H
#define TEST_INITIATOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include "base/str.h"

enum { ISCSI_WAIT_S = 10 };

static char portal[64]; /* ADDRESS:PORT, set by the test */

/* A session, or NULL when the target does not let it in. */
static inline struct iscsi_context *login_as(const char *initiator, const char *iqn, int lun)
{
	struct iscsi_context *c = iscsi_create_context(initiator);

	assert_non_null(c);
	iscsi_set_targetname(c, iqn);
	iscsi_set_session_type(c, ISCSI_SESSION_NORMAL);
	iscsi_set_noautoreconnect(c, 1);
	iscsi_set_timeout(c, ISCSI_WAIT_S);
	if (iscsi_full_connect_sync(c, portal, lun) == 0)
		return c;
	iscsi_destroy_context(c);
	return NULL;
}

static inline struct iscsi_context *login(const char *iqn, int lun)
{
	return login_as("iqn.2026-01.org.example:host", iqn, lun);
}

static inline void logout(struct iscsi_context *c)
{
	(void)iscsi_logout_sync(c); /* the target may have ended the session already */
	iscsi_destroy_context(c);
}

static inline bool lets_in(const char *initiator, const char *iqn, int lun)
{
	struct iscsi_context *c = login_as(initiator, iqn, lun);

	if (c)
		logout(c);
	return c != NULL;
}

/* Has one of the NAA designators in VPD page 0x83 these hexadecimal digits? */
static inline bool presents_naa(struct iscsi_context *c, int lun, const char *naa)
{
	struct scsi_task *task = iscsi_inquiry_sync(c, lun, 1, 0x83, 255);
	struct scsi_inquiry_device_identification *id;
	bool found = false;

	assert_non_null(task);
	id = scsi_datain_unmarshall(task);
	assert_non_null(id);
	for (struct scsi_inquiry_device_designator *d = id->designators; d; d = d->next) {
		sis_autostr struct sis_str hex = { 0 };

		for (int i = 0; i < d->designator_length; i++)
			sis_str_addf(&hex, "%02x", (unsigned char)d->designator[i]);
		found |= d->designator_type == SCSI_DESIGNATOR_TYPE_NAA &&
			 sis_streq(sis_str_get(&hex), naa);
	}
	scsi_free_scsi_task(task);
	return found;
}

static inline void assert_presents_serial(struct iscsi_context *c, int lun, const char *serial)
{
	struct scsi_task *task = iscsi_inquiry_sync(c, lun, 1, 0x80, 255);
	struct scsi_inquiry_unit_serial_number *sn;

	assert_non_null(task);
	sn = scsi_datain_unmarshall(task);
	assert_non_null(sn);
	assert_string_equal(sis_str_trim(sn->usn), serial); /* tgtd fills up with blanks in front */
	scsi_free_scsi_task(task);
}

static inline uint64_t capacity(struct iscsi_context *c, int lun)
{
	struct scsi_task *task = iscsi_readcapacity16_sync(c, lun);
	struct scsi_readcapacity16 *cap;
	uint64_t bytes;

	assert_non_null(task);
	cap = scsi_datain_unmarshall(task);
	assert_non_null(cap);
	bytes = (cap->returned_lba + 1) * cap->block_length;
	scsi_free_scsi_task(task);
	return bytes;
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * SCST's devices: the backing objects behind LUNs, made here one for each volume. Must not know
 * targets beyond telling whether a device is in use by one.
 */
#ifndef SIS_BACKEND_SCST_DEV_H
#define SIS_BACKEND_SCST_DEV_H

#include "backend/scst_mgmt.h"

#define SIS_SCST_DEVICES SIS_SCST "/devices"

/* ---- scst_dev.c: making and deleting ---- */

/*
 * Names are "sis", then 'w' for write_through or 'c' for the device's own cache, then the time of
 * day in nanoseconds, 12 digits to the base 36: 16 characters, the limit of SCST before 3.1.
 *
 * The prefix tells our devices from others where nothing else can: one that a crash left without
 * LUN. The fourth letter keeps what was asked for, since write_through itself can be changed by
 * any initiator (MODE SELECT, a LUN reset). Initiators see neither.
 */
char *sis_scst_device_name(uint64_t ns, bool write_through); /* caller frees */
bool sis_scst_device_ours(const char *name);

/* One of ours that was asked for with the device's own cache? */
bool sis_scst_device_cached(const char *name);

/* "add_device NAME ..." for the LUN; *ret_handler becomes e.g. "vdisk_blockio". -EINVAL. */
int sis_scst_device_command(const struct sis_caps *caps, const char *name, const struct sis_lun *l,
			    char **ret, const char **ret_handler, struct sis_err *err);

/* Makes a device with all identifiers; *ret is its name, the caller's. Leaves nothing behind when
 * it fails: a device without LUN would be seen by no read. */
int sis_scst_device_add(struct sis_bx *bx, const struct sis_lun *l, char **ret,
			struct sis_err *err);

/* Deletes the device, all its LUNs with it, and its persistent reservations. */
int sis_scst_device_del(struct sis_bx *bx, const char *name, struct sis_err *err);

/*
 * What exports it, beside the target `iqn` (NULL allowed) and SCST's own copy manager, which takes
 * every device? Borrowed from nobody: caller frees; NULL when nothing does.
 */
char *sis_scst_device_user(struct sis_bx *bx, const char *name, const char *iqn);

/* Deletes our devices that nothing exports, once in a run. */
int sis_scst_device_sweep(struct sis_bx *bx, struct sis_err *err);

/* ---- scst_dev_attr.c: what a device says about itself ---- */

/* The handler for a type of LUN: "vdisk_blockio"; NULL where SCST has none. */
extern const char *const sis_scst_handlers[SIS_TYPE_N];

/* The handler of this device. -ENOENT. Caller frees. */
int sis_scst_device_handler(struct sis_bx *bx, const char *name, char **ret, struct sis_err *err);

/* Sets the serial number, T10 id and NAA id where they differ. */
int sis_scst_device_set_ids(struct sis_bx *bx, const char *name, const struct sis_lun *l,
			    struct sis_err *err);

/* Fills *ret (path, type, identifiers, ...; .handle = name) and .known. -ENOENT. */
int sis_scst_device_read(struct sis_bx *bx, const char *name, struct sis_lun *ret,
			 struct sis_err *err);

/* "0x6001..." and "6001..." as lower-case digits alone; caller frees. */
char *sis_scst_naa_plain(const char *text);

#endif

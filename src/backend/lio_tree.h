/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading LIO's configfs tree: parsers of its texts, and one target as it is. Changes nothing.
 * Layout and texts: drivers/target of Linux, measured on 6.1.
 */
#ifndef SIS_BACKEND_LIO_TREE_H
#define SIS_BACKEND_LIO_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/kfs.h"
#include "model/share.h"

#define SIS_LIO "/sys/kernel/config/target"
#define SIS_LIO_CORE SIS_LIO "/core"
#define SIS_LIO_ISCSI SIS_LIO "/iscsi"

/* The portal group of a target that this tool makes. */
enum { SIS_LIO_TAG = 1 };

/*
 * The name of the link from a LUN to its backing object is free: ours says how the LUN was asked
 * for, as fileio has no other place for "read-only".
 */
#define SIS_LIO_RO "ro"
#define SIS_LIO_RW "rw"

/* What `info` of a backing object says. */
struct sis_lio_info {
	char *path;            /* as it was told, maybe outdated; NULL when there is none */
	bool has_device;       /* iblock: the numbers below are those of the device in use */
	unsigned major, minor;
	bool readonly;         /* iblock */
	bool buffered;         /* fileio */
	uint64_t size;         /* fileio: as it was told, 0 for a block device */
};

/* Text that is not understood leaves its fields zero. */
void sis_lio_info_parse(const char *text, struct sis_lio_info *ret);
void sis_lio_info_free(struct sis_lio_info *i);
#define sis_autolioinfo __attribute__((cleanup(sis_lio_info_free)))

/* `info` of an access list entry: false when nobody is logged in. Else *ret is the caller's. */
bool sis_lio_acl_session_parse(const char *text, struct sis_session *ret);

/* `dynamic_sessions`: names, each ended by newline and NUL; adds to *ret. */
void sis_lio_dynamic_sessions_parse(const char *text, size_t len, sis_sessions *ret);

/*
 * The number of the HBA that holds the backing object of one LUN: from the names alone, so that
 * what a crash left behind is found without looking at anything else, and far above the small
 * numbers that other tools count up from 0.
 */
uint64_t sis_lio_hba(const char *iqn, uint32_t lun);

/* ".../iscsi/IQN/tpgt_TAG"; caller frees. */
char *sis_lio_tpg(const char *iqn, uint32_t tag);

/* Does it stand for "all addresses", as no portal= does? */
bool sis_lio_is_all(const struct sis_portal *p);

/* The names in a folder that begin with `prefix`; a folder that is not there is empty. */
int sis_lio_list(struct sis_kfs *k, const char *dir, const char *prefix, sis_strv *ret,
		 struct sis_err *err);

/*
 * The only link in folder `dir`: its name and what it points to, from `anchor` ("/core/") on
 * without it. -ENOENT without message when there is none. Both are the caller's; name may be NULL.
 */
int sis_lio_link(struct sis_kfs *k, const char *dir, const char *anchor, char **ret_name,
		 char **ret_target, struct sis_err *err);

/* The number in "lun_N"; false when it is no such name. */
bool sis_lio_lun_number(const char *name, uint32_t *ret);

/* Does folder `dir` of an access list entry lead to the LUN of that number? */
bool sis_lio_maps(struct sis_kfs *k, const char *dir, uint32_t number);

/* One LUN of a portal group. -ENOENT without message when it has none, or one without a backing object. */
int sis_lio_read_lun(struct sis_kfs *k, const char *tpg, uint32_t number, struct sis_lun *ret,
		     struct sis_err *err);

/* Fills t->rules; t->luns is there already. What an entry lacks makes the target half. */
int sis_lio_read_rules(struct sis_kfs *k, const char *tpg, bool open, struct sis_target *t,
		       struct sis_err *err);

/* Does the initiator see all LUNs of `t`, under their own numbers, and nothing else? */
bool sis_lio_acl_is_whole(struct sis_kfs *k, const char *tpg, const struct sis_target *t,
			  const char *name);

/* Does the attribute hold this text? No when it cannot be read. */
bool sis_lio_attr_is(struct sis_kfs *k, const char *dir, const char *name, const char *value);

/* Sessions of a target, by its counter: 0 when it cannot be told. */
uint64_t sis_lio_session_count(struct sis_kfs *k, const char *iqn);

/*
 * Who is logged in to the target with that portal group. The entry of an initiator shows only one of
 * its sessions, so the counter decides how many there are; those it cannot name are "unknown". Adds
 * to *ret, which the caller frees.
 */
int sis_lio_sessions(struct sis_kfs *k, const char *iqn, const char *tpg, sis_sessions *ret,
		     struct sis_err *err);

/* Whether the target is open to everyone (demo mode). */
bool sis_lio_is_open(struct sis_kfs *k, const char *tpg);

/* One target as it is. -ENOENT when there is none. */
int sis_lio_read_target(struct sis_kfs *k, const char *iqn, struct sis_target *ret,
			struct sis_err *err);

#endif

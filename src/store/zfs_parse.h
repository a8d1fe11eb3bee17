/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What `zfs get -Hp` prints (zfs-get(8)): one line per dataset and property, fields separated by a
 * tab, nothing quoted. Pure text; a value that pretends to be rows is found out, never believed.
 */
#ifndef SIS_STORE_ZFS_PARSE_H
#define SIS_STORE_ZFS_PARSE_H

#include "store/store.h"

#define SIS_ZFS_COLUMNS "name,property,value,source"

/*
 * Asked of every volume. None of these values can be chosen freely by a user, and names hold
 * neither tab nor newline, so these rows are what they seem.
 */
#define SIS_ZFS_VOLUME_PROPS                                                   \
	"guid,volsize,volblocksize,readonly,encryptionroot,keystatus,volmode," \
	"refreservation,receive_resume_token"

/*
 * The same with what users set, in one question. Values of users stand between rows that users
 * cannot choose: one that holds a newline, whatever it pretends, tears the rows of its own volume
 * apart or makes the volume appear twice.
 */
#define SIS_ZFS_ALL_PROPS                                                      \
	"guid,volsize,volblocksize,readonly,encryptionroot,keystatus,volmode," \
	"refreservation," SIS_PROP_SHARE "," SIS_PROP_IDENTITY ",receive_resume_token"

/* Asked of volumes named one by one and of the file systems they are in. */
#define SIS_ZFS_USER_PROPS "zoned,guid," SIS_PROP_SHARE "," SIS_PROP_IDENTITY

/* What the module's parameters say about nodes (zfs(4)). */
struct sis_zfs_module {
	bool inhibit_dev;  /* zvol_inhibit_dev=1: there are none */
	bool volmode_none; /* zvol_volmode=3: volmode=default is none */
};

/*
 * Adds the volumes in the rows of SIS_ZFS_VOLUME_PROPS to ret, not ready. A reason is there, and
 * final, where waiting does not help; not final where it counts only if there is no node. Volumes
 * of zfs's own ('%' in the name) are passed over. -EPROTO for anything that is not such rows; ret
 * may then have grown.
 */
int sis_zfs_parse_volumes(const char *out, const struct sis_zfs_module *m, sis_volumes *ret,
			  struct sis_err *err);

/*
 * The same for rows of SIS_ZFS_ALL_PROPS; what users set is told. -EBADMSG, and nothing added, for
 * anything else: then no row can be trusted.
 */
int sis_zfs_parse_all(const char *out, const struct sis_zfs_module *m, sis_volumes *ret);

struct sis_zfs_user {
	bool there;
	bool zoned; /* file systems only */
	uint64_t guid;
	struct sis_prop share, identity; /* .value, .source, .from */
};
void sis_zfs_user_free(struct sis_zfs_user *u);

/* Moves both properties to the volume they are told of. */
void sis_zfs_user_take(struct sis_zfs_user *u, struct sis_volume *v);

/*
 * Rows of SIS_ZFS_USER_PROPS for exactly these datasets (sorted, each once), from a zfs that ended
 * with status 0: it has then printed four rows for each of them, a row is one line or, with
 * newlines in a value, more. So if there are four lines for each, every line is a row, and a value
 * is what stands between its property and the last tab. Otherwise -EBADMSG, and nothing in ret:
 * some value holds a newline, and no line can be trusted.
 */
int sis_zfs_parse_users(const char *out, char *const *names, size_t n, struct sis_zfs_user *ret);

/* The rows of one dataset that come before any value of a user: there, zoned, guid. -EBADMSG. */
int sis_zfs_parse_head(const char *out, const char *name, struct sis_zfs_user *ret);

/*
 * One property of dataset `name` alone, `-H -o source,value`: a source holds no tab, and all
 * behind it but the last newline is the value, whatever it holds. -EBADMSG.
 */
int sis_zfs_parse_value(const char *out, const char *name, struct sis_prop *ret);

/* Rows of `zpool get readonly`: the read-only pools are added to ret. -EPROTO. */
int sis_zfs_parse_pools(const char *out, sis_strv *ret, struct sis_err *err);

/* Name in the next line of *cursor that says "dataset does not exist", or NULL; caller frees. */
char *sis_zfs_next_missing(const char **cursor);

/*
 * Turns what a failed zfs or zpool said (and its exit status) into an error: one line, and the
 * errno that fits. Returns -errno.
 */
int sis_zfs_failure(const char *program, int status, const char *errout, struct sis_err *err);

/* Node of a volume: "/dev/zvol/NAME", blanks are '+' there (zvol_id). Caller frees. */
char *sis_zfs_device(const char *name);

#endif

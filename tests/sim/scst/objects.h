// SPDX-License-Identifier: MPL-2.0
/*
 * The objects behind the tree: devices, targets, LUNs, groups, accounts, sessions. Every
 * function here is called with sim.lock held.
 */
#ifndef SCST_SIM_OBJECTS_H
#define SCST_SIM_OBJECTS_H

#include <sys/stat.h>

#include "sim.h"

/* ---- the whole tree (root.c) ---- */

void root_tree(void);
/* Takes down every object, then the tree. */
void root_free(void);

/* ---- devices (handler.c, device.c, devattr.c) ---- */

enum handler_mask { BLOCKIO = 1, FILEIO = 2, NULLIO = 4, DISKS = 3, ALL_HANDLERS = 7 };

enum device_value {
	DV_ACTIVE, DV_ASYNC, DV_BIND_ALUA, DV_BLOCKSIZE, DV_CLUSTER_MODE, DV_DIF_TAG, DV_DIF_TYPE,
	DV_DUMMY, DV_EXPL_ALUA, DV_LB_PER_PB, DV_NUMA, DV_NV_CACHE, DV_O_DIRECT, DV_OPT_TRANS_LEN,
	DV_READ_ONLY, DV_READ_ZERO, DV_REMOVABLE, DV_ROTATIONAL, DV_THIN, DV_TST,
	DV_WRITE_THROUGH,
	DV_COUNT
};

enum device_text {
	DT_INQ_VEND_SPECIFIC, DT_PROD_ID, DT_PROD_REV, DT_SCSI_NAME, DT_T10_DEV_ID, DT_T10_VEND_ID,
	DT_USN, DT_VEND_SPECIFIC,
	DT_COUNT
};

enum device_hex { DX_EUI64, DX_NAA, DX_COUNT };

struct handler {
	const char *name;
	enum handler_mask mask;
	struct node *dir;
};

struct device {
	char *name;
	const struct handler *handler;
	char *filename;             /* as it was given; NULL for nullio */
	dev_t claim_dev;            /* what the backing path is, once open */
	ino_t claim_ino;
	bool open;
	uint64_t size;
	bool thin_set, opt_trans_set;
	long long value[DV_COUNT];
	char *text[DT_COUNT];       /* never NULL */
	bool text_set[DT_COUNT];
	char *hex[DX_COUNT];        /* digits without 0x; NULL when not set */
	char *pr_file;              /* NULL: the default */
	unsigned exported;          /* next number of a link in exported/ */
	struct node *dir, *exported_dir, *link;
	TAILQ_HEAD(, lun) luns;
	TAILQ_ENTRY(device) entry;
};

TAILQ_HEAD(devices, device);
extern struct devices devices;
extern struct handler handlers[];
extern const size_t handler_count;

void handler_tree(struct node *root);
struct device *device_find(const char *name);
struct device *device_new(const struct handler *handler, const char *name);
/* Opens the backing path if the device is active, then shows the device. 0 or -errno. */
int device_register(struct device *dev);
void device_free(struct device *dev);
/* Takes the device away, with all its LUNs wherever they are. */
void device_del(struct device *dev);
int device_open(struct device *dev);
void device_close(struct device *dev);
/* Real path of a backing path: below sim.block_root if that exists. The caller frees it. */
char *backing_path(const char *given);
int backing_size(const char *given, uint64_t *ret_size);
/* Somebody outside SCST claims a backing path exclusively, or lets go of it. */
int claim_add(const char *path);
int claim_del(const char *path);
void claims_free(void);

const char *devattr_name(enum device_value value);
bool devattr_is_param(enum device_value value, enum handler_mask mask);
long long devattr_default(enum device_value value, enum handler_mask mask);
/* -EINVAL if text is too long for this id (B4). */
int devattr_set_text(struct device *dev, enum device_text which, const char *text);
/* Hash of name and setup_id: two hosts with the same NAME present the same ids (B4). */
uint32_t devattr_default_id(const char *name);
void devattr_defaults(struct device *dev);
void devattr_tree(struct device *dev);

/* ---- targets (driver.c, target.c, keys.c, account.c) ---- */

enum account_kind { ACCOUNT_INCOMING, ACCOUNT_OUTGOING, ACCOUNT_PORTAL };

struct account {
	enum account_kind kind;
	char *file;   /* name of the attribute */
	char *key;    /* user, or portal pattern */
	char *secret; /* "" for a portal */
	bool orphan;  /* B6: the daemon forgot it, the file is still there */
	struct node *node;
	TAILQ_ENTRY(account) entry;
};

TAILQ_HEAD(accounts, account);

enum { KEY_COUNT = 15 };

struct lunset {
	struct target *target;
	struct group *group; /* NULL: the default set of the target */
	struct node *dir;
	TAILQ_HEAD(, lun) luns;
};

struct lun {
	unsigned long number;
	bool read_only;
	struct lunset *set;
	struct device *dev;
	struct node *dir, *export_link;
	TAILQ_ENTRY(lun) in_set, in_device;
};

struct pattern {
	char *text;
	struct node *node;
	TAILQ_ENTRY(pattern) entry;
};

struct group {
	char *name;
	struct target *target;
	struct lunset luns;
	struct node *dir, *initiators;
	TAILQ_HEAD(, pattern) patterns;
	TAILQ_ENTRY(group) entry;
};

struct session {
	char *name; /* of the directory */
	char *initiator, *ip, *portal;
	uint64_t sid;
	struct target *target;
	struct lunset *set;
	struct node *dir, *luns_link;
	bool closing;
	unsigned refusals_left; /* while closing: so many del_target are refused yet */
	uint64_t gone_at_ms;
	TAILQ_ENTRY(session) entry;
};

struct target {
	char *name;
	unsigned tid;
	unsigned rel_tgt_id;
	bool enabled, per_portal_acl;
	char *comment, *alias; /* NULL when not set */
	long long key[KEY_COUNT];
	struct accounts accounts;
	struct lunset luns;
	struct node *dir, *groups_dir, *sessions_dir;
	TAILQ_HEAD(, group) groups;
	TAILQ_HEAD(, session) sessions;
	TAILQ_ENTRY(target) entry;
};

TAILQ_HEAD(targets, target);
extern struct targets targets;

void driver_tree(struct node *root);
bool driver_enabled(void);
void driver_daemon_start(void);
/* B1: all targets disappear at once, sessions are cut, the driver's own files vanish. */
void driver_daemon_kill(void);
extern struct lunset copy_manager;
unsigned long copy_manager_next_lun(void);

struct target *target_find(const char *name);
int target_add(const char *name, char *params);
int target_del(const char *name);
void target_free(struct target *target);

void keys_defaults(struct target *target);
/* -ENOENT: no such key. */
int keys_set(struct target *target, const char *name, char *text);
void keys_tree(struct target *target);

/* dir is where the attribute appears; owner is NULL for discovery accounts. */
int account_command(struct accounts *list, struct node *dir, bool discovery, bool add, char *args);
int account_add(struct accounts *list, struct node *dir, enum account_kind kind,
		const char *template, const char *key, const char *secret);
bool account_kind_of(const char *attribute, enum account_kind *ret_kind);
void accounts_free(struct accounts *list);

/* ---- LUNs, groups, sessions (lun.c, group.c, session.c) ---- */

void lunset_init(struct lunset *set, struct target *target, struct group *group,
		 struct node *parent, bool with_mgmt);
void lunset_clear(struct lunset *set);
struct lun *lun_add(struct lunset *set, struct device *dev, unsigned long number, bool read_only);
void lun_del(struct lun *lun);

void group_tree(struct target *target);
void groups_free(struct target *target);
/* Which LUN set an initiator gets. */
struct lunset *group_choose(struct target *target, const char *initiator);

/* Logs in whatever the rules say; ret_name is the session's directory, owned by it. */
void session_inject(struct target *target, const char *initiator, const char *ip,
		    const char *portal, const char **ret_name);
/* By the rules of B2 and B6: NULL, or why the initiator was refused. */
const char *session_login(const char *target, const char *initiator, const char *ip,
			  const char *portal, const char **ret_name);
struct session *session_find(struct target *target, const char *name);
void session_end(struct session *session);
/* Sessions whose time has come vanish. Called before every access to the tree. */
void sessions_reap(void);
/* True if del_target must be refused; each refusal counts for the closing sessions. */
bool sessions_refuse(struct target *target);
void sessions_cut(struct target *target);
/* After a change of groups or LUNs: every session gets the set that is now its own. */
void sessions_reassign(struct target *target);

#endif

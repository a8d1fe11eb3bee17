/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The simulated IET (iSCSI Enterprise Target): one state, shared by the ietadm look-alike and
 * by iet-sim-ctl. Layers as in the real one: ietadm (command line) asks the daemon, the daemon
 * asks the kernel. Nothing here may include a header of the product or touch the host's own IET.
 *
 * "D1" to "D5" in comments are the sections of the project's notes on IET: detection, commands
 * and exit statuses, live state, protocol, access files.
 */
#ifndef IET_SIM_H
#define IET_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_NAME_SIZE 256	/* D2: names, users and passwords hold 255 bytes, cut silently */
#define SIM_ARGS_SIZE 2048	/* D4: LUN parameters hold 2047 bytes, cut silently */
#define SIM_LOST (-4095)	/* the daemon died before it answered; not an errno */
#define SIM_BROKEN 99		/* exit status of a misused simulator; the real ietadm has none such */

enum sim_iotype { SIM_FILEIO, SIM_BLOCKIO, SIM_NULLIO };
enum sim_iomode { SIM_WT, SIM_WB, SIM_RO };

enum {
	SIM_WTHREADS, SIM_TYPE, SIM_QUEUED_COMMANDS, SIM_NOP_INTERVAL, SIM_NOP_TIMEOUT,
	SIM_TARGET_KEYS
};
#define SIM_SESSION_KEYS 19

/* What a test may turn; names in sim_setting_names. SIM_NEVER: only `settle` ends the wait. */
enum sim_setting {
	SIM_CLOSE_MS,		/* how long a connection stays "closing" */
	SIM_DRAIN_MS,		/* how long a deleted LUN stays with state:1 */
	SIM_DELAY_MS,		/* added to every ietadm run */
	SIM_BUSY_DELETE,	/* target with sessions: 0 takes all down, 1 answers EBUSY */
	SIM_FILES_AS_DISKS,	/* 1: any regular file counts as a block device */
	SIM_ROOT_ONLY,		/* 1: refuse callers that are not root, as the real daemon does */
	SIM_SETTINGS
};
#define SIM_NEVER UINT32_MAX
extern const char *const sim_setting_names[SIM_SETTINGS];

struct sim_lun {
	struct sim_lun *next;
	uint32_t lun;
	bool deleted;		/* D3: state:1, not yet closed */
	enum sim_iotype type;
	enum sim_iomode mode;
	uint64_t blocks;
	uint32_t block_size;
	char *holder;		/* key of the device a blockio LUN holds exclusively, or "" */
	char *scsi_id, *scsi_sn, *path;
};

struct sim_session {
	struct sim_session *next;
	uint64_t sid;
	char *initiator;
	char *ip, *portal;	/* addresses of the initiator and of the target, as the user wrote */
	uint32_t cid;		/* one connection per session: the kernel allows no more */
	bool closing, reconnect, digests;
};

struct sim_target {
	struct sim_target *next;
	uint32_t tid;
	char *name;
	bool ghost;		/* the daemon still lists it, the kernel no longer has it */
	uint32_t tparam[SIM_TARGET_KEYS], sparam[SIM_SESSION_KEYS];
	struct sim_lun *luns;		/* oldest first */
	struct sim_session *sessions;	/* newest first */
};

struct sim_account {
	struct sim_account *next;
	uint32_t tid;			/* 0: discovery */
	bool outgoing;
	char *user, *pass;
};

struct sim_fault {
	struct sim_fault *next;
	uint32_t countdown;	/* 1: the next run */
	bool hang, after;
	uint32_t value;		/* exit status, or milliseconds of a hang */
	char *text;
};

struct sim {
	char *root, *dir;	/* DIR and DIR/var/lib/iet-sim */
	int lock_fd;
	char *version;
	bool module, daemon;
	uint32_t next_tid, next_tsih;
	uint32_t set[SIM_SETTINGS];
	struct sim_target *targets;	/* newest first, as the kernel and the daemon list them */
	struct sim_account *accounts;	/* newest first */
	struct sim_fault *faults;
};

enum sim_command {
	SIM_TARGET_NEW, SIM_TARGET_DEL, SIM_TARGET_UPDATE, SIM_TARGET_SHOW, SIM_SESSION_SHOW,
	SIM_LUN_NEW, SIM_LUN_DEL, SIM_CONN_DEL, SIM_NOTHING, SIM_ACCOUNT_NEW, SIM_ACCOUNT_DEL,
	SIM_ACCOUNT_SHOW, SIM_ACCOUNT_LIST, SIM_SYSTEM_DEL
};

/* What ietadm sends. Show commands answer in the same struct. */
struct sim_request {
	const char *root;
	enum sim_command command;
	uint32_t tid, cid, lun;
	uint64_t sid;
	char name[SIM_NAME_SIZE];
	char args[SIM_ARGS_SIZE];
	uint32_t tmask, smask;	/* which of the keys below are given */
	uint32_t tparam[SIM_TARGET_KEYS], sparam[SIM_SESSION_KEYS];
	bool outgoing;
	char user[SIM_NAME_SIZE], pass[SIM_NAME_SIZE];
};

/* util.c: all end the program with SIM_BROKEN when the host fails them. Caller frees. */
void sim_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
char *sim_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sim_copy(const char *s);
void *sim_zalloc(size_t size);
void sim_mkdir_parents(const char *path);
void sim_write_whole(const char *tmp, const char *path, const char *text, size_t len);
void sim_append(const struct sim *s, const char *file, const char *line);
void sim_sleep_ms(uint32_t ms);

/*
 * state.c: sim_open() takes the lock, which sim_close() gives back; sim_commit() writes the
 * state and the /proc tree. sim_open() returns -ENOENT when `init` never ran in root.
 */
int sim_open(struct sim *s, const char *root);
void sim_init(struct sim *s, const char *root, const char *version);
void sim_commit(const struct sim *s);
void sim_close(struct sim *s);
void sim_free_lun(struct sim_lun *lun);
void sim_free_session(struct sim_session *session);
void sim_free_target(struct sim_target *target);
void sim_free_account(struct sim_account *account);
bool sim_is_later(const struct sim *s);	/* 1.4.20 and after, not 1.4.19 */

/* record.c: the text of the state file. */
void sim_record_print(const struct sim *s, FILE *out);
void sim_record_parse(struct sim *s, FILE *in);

/* proc.c: D3, the text of both files, written to DIR/proc/net/iet. */
void sim_proc_write(const struct sim *s);

/* kernel.c: what the module does. 0 or -errno, the cause appended to the file dmesg. */
void sim_printk(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct sim_target *sim_kernel_target(struct sim *s, uint32_t tid);
int sim_kernel_target_add(struct sim *s, uint32_t tid, const char *name);
int sim_kernel_target_del(struct sim *s, uint32_t tid);
int sim_kernel_lun_del(struct sim *s, uint32_t tid, uint32_t lun);
int sim_kernel_conn_del(struct sim *s, uint32_t tid, uint64_t sid, uint32_t cid);
struct sim_session *sim_kernel_session_add(struct sim *s, struct sim_target *t,
					   const char *initiator, const char *ip,
					   const char *portal);
void sim_kernel_settle(struct sim *s);	/* ends what is closing or draining */
void sim_kernel_drop_all(struct sim *s);	/* /dev/ietctl was closed */

/* volume.c: the kernel's side of "new LUN". */
int sim_kernel_lun_add(struct sim *s, uint32_t tid, uint32_t lun, const char *args);

/* param.c: D5, the keys of --op update and what the kernel makes of their values. */
int sim_param_parse(char *params, struct sim_request *rq);	/* prints; 0 or -EINVAL */
void sim_param_print(const struct sim_request *rq, bool session);
void sim_param_defaults(struct sim_target *t);
int sim_kernel_param_set(struct sim *s, const struct sim_request *rq, bool session);
int sim_kernel_param_get(struct sim *s, struct sim_request *rq, bool session);

/* daemon.c: what ietd answers: 0, -errno, for some failures +errno, or SIM_LOST. */
int sim_daemon_request(struct sim *s, struct sim_request *rq);
void sim_daemon_exit(struct sim *s);
struct sim_target *sim_daemon_target(struct sim *s, const char *name);

/* access.c: D5, the allow files. May this initiator log in? */
bool sim_login_allowed(struct sim *s, const struct sim_target *t, const char *initiator,
		       const char *ip, const char *portal);

/* fault.c: the log of command lines and faults on demand. */
struct sim_trouble {
	uint32_t before_ms, after_ms;
	bool fail_before, fail_after;
	int status;
	char *text;	/* caller frees */
};
void sim_text_print(const struct sim *s, const char *file);	/* "log" or "dmesg" */
void sim_text_remove(const struct sim *s, const char *file);
void sim_log_argv(const struct sim *s, char **argv);
void sim_fault_add(struct sim *s, const struct sim_fault *model);
void sim_fault_take(struct sim *s, struct sim_trouble *ret_trouble);

/* request.c: the command line of ietadm, once read, becomes a request. */
enum sim_op { SIM_OP_NEW, SIM_OP_DELETE, SIM_OP_UPDATE, SIM_OP_SHOW, SIM_OP_NONE };
enum sim_given { SIM_TID = 1, SIM_SID = 2, SIM_CID = 4, SIM_LUN = 8, SIM_USER = 16 };

struct sim_cmdline {
	enum sim_op op;
	uint32_t tid, cid, lun;
	uint64_t sid;
	unsigned int given;
	char *params;		/* cut up in the course */
};

/* Returns what ietadm exits with: 0, -errno, or for some failures +errno. */
int sim_request_run(const char *root, const struct sim_cmdline *c);

#endif

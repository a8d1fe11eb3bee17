/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Talking to a running tgtd: which one, and one request at a time. Nothing above this file knows
 * how a request travels; nothing in it knows what a target should look like.
 */
#ifndef SIS_BACKEND_STGT_ADM_H
#define SIS_BACKEND_STGT_ADM_H

#include <stdint.h>

#include "backend/backend.h"

/* The way to one daemon. */
struct sis_stgt_adm {
	char *program;	  /* tgtadm; NULL = there is none; owned */
	char *socket;	  /* as in $TGT_IPC_SOCKET: without ".PORT"; NULL = tgtadm's own; owned */
	sis_strv sockets; /* where tgtd may listen, with ".PORT"; never empty */
	enum sis_transport transport;
	pid_t pid; /* of who answers on the socket, or 0 */
	int ahead; /* connection on which all targets were asked for and not yet told, or -1 */
	int next;  /* socket for the next request, or -1 */
	int spent; /* the connection of the last one, or -1 */
};

enum sis_stgt_op {
	SIS_STGT_NEW,
	SIS_STGT_DELETE,
	SIS_STGT_SHOW,
	SIS_STGT_BIND,
	SIS_STGT_UNBIND,
	SIS_STGT_UPDATE,
};

enum sis_stgt_mode {
	SIS_STGT_SYSTEM,
	SIS_STGT_TARGET,
	SIS_STGT_LUN,
	SIS_STGT_CONN,
	SIS_STGT_ACCOUNT,
};

/* One request; what is zero or NULL is left out. All strings are borrowed. */
struct sis_stgt_req {
	enum sis_stgt_op op;
	enum sis_stgt_mode mode;
	uint32_t tid;		/* 0 = none: all targets */
	uint32_t lun;		/* mode LUN */
	uint64_t sid;		/* delete CONN */
	uint32_t cid;		/* delete CONN */
	const char *targetname; /* new target */
	const char *path;	/* new LUN, and the four below */
	const char *bstype;	/* NULL = rdwr; a tape is always ssc */
	uint32_t blocksize;	/* 0 = 512 */
	const char *bsoflags;
	const char *device_type;  /* NULL = disk */
	const char *params;	  /* update LUN: k=v,k=v */
	const char *name, *value; /* update target */
	const char *address;	  /* bind, unbind target: this or the next */
	const char *initiator;
	const char *user;     /* mode ACCOUNT */
	const char *password; /* new account: a secret */
	bool outgoing;	      /* bind, unbind account: the target proves itself with it */
};

/* Who takes what tgtd says as it comes: in pieces that are cut anywhere. */
struct sis_stgt_taker {
	void *ctx;
	void (*begin)(void *ctx); /* what came before, if anything, does not count */
	void (*take)(void *ctx, const char *text, size_t len);
};

/*
 * Finds tgtadm below bx->root and which daemon is meant. -ENOENT when there is no tgtadm and only
 * it may be used. Does not look whether a daemon runs.
 */
int sis_stgt_adm_init(struct sis_stgt_adm *a, const struct sis_bx *bx, struct sis_err *err);
void sis_stgt_adm_free(struct sis_stgt_adm *a);

/* Once the daemon's version is known (0: it is not): one of old is not spoken to directly. */
void sis_stgt_adm_version_is(struct sis_stgt_adm *a, uint32_t version);

/*
 * "1.0.85": with `running` of the daemon itself if that can be told, else of tgtadm, which is
 * another one between an upgrade and the restart of the daemon. Caller frees.
 */
int sis_stgt_adm_version(const struct sis_stgt_adm *a, const struct sis_bx *bx, bool running,
			 char **ret, struct sis_err *err);

/*
 * The daemon that requests go to, by its pid and when it was started: "1234:567890". NULL when it
 * cannot be told; without the second half where /proc is not to be had. Caller frees.
 */
char *sis_stgt_adm_daemon(const struct sis_stgt_adm *a, const struct sis_bx *bx);

/*
 * Sends one request, over the socket or by tgtadm; once tgtd did not speak as expected, by tgtadm
 * for the rest of the run. *ret_out (NULL allowed) is the listing, the caller's to free; a change
 * that a dry run only notes has none. A secret is in no message and over the socket in no command
 * line; tgtadm takes it as an argument. What tgtd says becomes -EEXIST (already there), -ENOENT
 * (target, LUN, rule, session or connection is not there), -EBUSY (sessions or commands are
 * active), -EINVAL, -ENODEV (its iscsi driver does not run); -SIS_ERR_NOTARGET when no daemon
 * listens, -EACCES when one does but not to this user, -EIO when it gave no answer.
 */
int sis_stgt_call(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_req *req,
		  char **ret_out, struct sis_err *err);

/*
 * The list of all targets, of which there may be megabytes: given to `to` while it comes. Errors are
 * those of sis_stgt_call(); what was taken until then is worth nothing.
 */
int sis_stgt_list(struct sis_stgt_adm *a, const struct sis_bx *bx, const struct sis_stgt_taker *to,
		  struct sis_err *err);

/*
 * Asks tgtd for that list without waiting for it: the next sis_stgt_list() finds it made. A
 * change in between makes that one ask anew.
 */
void sis_stgt_list_ahead(struct sis_stgt_adm *a, const struct sis_bx *bx);

#endif

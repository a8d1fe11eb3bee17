/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The contract of a back end: it reports what a target does and obeys, it never decides and never
 * prints. It reaches the world only through bx->runner and bx->kfs; what it changes by another way
 * it notes with the runner first, and leaves when that says so.
 *
 * Every call is idempotent: doing it twice is success, and what is already gone is deleted. After
 * a failure it undoes nothing: the next read tells the truth and the core plans from that.
 */
#ifndef SIS_BACKEND_BACKEND_H
#define SIS_BACKEND_BACKEND_H

#include <stdbool.h>

#include "base/err.h"
#include "base/kfs.h"
#include "base/run.h"
#include "model/caps.h"
#include "model/share.h"

struct sis_backend;

enum sis_transport {
	SIS_TRANSPORT_AUTO,   /* the socket; tgtadm where tgtd does not speak as expected */
	SIS_TRANSPORT_SOCKET, /* its management socket alone */
	SIS_TRANSPORT_TGTADM, /* its own program alone */
};

/*
 * What the core keeps for a back end whose target has CHAP accounts beside its targets, each with
 * one secret for all targets that it is bound to (SIS_CAP_CHAP_ACCOUNTS).
 */
struct sis_accounts {
	void *ctx;
	/* Did this tool make the account, and (unless NULL) is this known to be its secret? */
	bool (*ours)(void *ctx, const char *user, const char *secret);
	/* Told before it is made or deleted (NULL), and when it has that secret. */
	int (*note)(void *ctx, const char *user, const char *secret, struct sis_err *err);
	int (*forget)(void *ctx, const char *user, struct sis_err *err); /* it is gone */
	void (*list)(void *ctx, sis_strv *ret);				 /* the users that are ours */
	/* Is the live target one of ours, to have in this run what is now said of its user? */
	bool (*follows)(void *ctx, const char *iqn);
};

/*
 * What the core keeps for a back end whose target knows a login that is not finished by the number
 * of its target alone: a number is not given again while the daemon lives.
 */
struct sis_retired {
	void *ctx;
	uint32_t (*highest)(void *ctx); /* of the numbers that are not to be given again; 0: none */
	void (*note)(void *ctx, uint32_t number); /* told before the target with it is deleted */
};

/* One back end in one run of the program. Freed with sis_bx_free(). */
struct sis_bx {
	const struct sis_backend *be;
	const struct sis_runner *runner;
	struct sis_kfs *kfs;
	const char *root;   /* prefix of /etc, /proc, /sys, /run, /sbin; "" for none */
	unsigned timeout_ms; /* of one request that no program carries; 0: as for programs */
	unsigned control_port; /* stgt: tgtd's control port */
	enum sis_transport transport; /* stgt: how requests reach tgtd */
	const char *control_socket; /* stgt: $TGT_IPC_SOCKET, or NULL */
	bool dry;           /* runner and kfs only record: nothing written can be read back */
	/*
	 * What the core has to do anyway, in a while in which a target works on a request and
	 * nothing else can be done; a back end that can tell calls it. NULL: nothing.
	 */
	void (*meanwhile)(void *ctx);
	void *meanwhile_ctx;
	const struct sis_accounts *accounts; /* what is kept of them; never NULL where CHAP is set */
	const struct sis_retired *retired; /* NULL: nothing is kept */
	struct sis_caps caps; /* the back end's, narrowed by probe() to what this version can do */
	void *priv;         /* the back end's own, made on demand, freed by its done() */
};

enum sis_probe_state { SIS_PROBE_ABSENT, SIS_PROBE_STOPPED, SIS_PROBE_RUNNING };

struct sis_probe {
	enum sis_probe_state state;
	char *version; /* owned, NULL when it cannot be told */
	char *hint;    /* owned: what to do to start it, NULL when it runs */
};

/* What not every version of a target can do. */
struct sis_later {
	unsigned caps; /* enum sis_cap; 0: no more of these */
	const char *version; /* the first that can */
};

enum { SIS_LATER_MAX = 4 };

struct sis_backend {
	const char *name;  /* "stgt", for --backend and the configuration */
	const char *title; /* "STGT (tgtd, user space)" */
	struct sis_caps caps; /* of every version */
	struct sis_later later[SIS_LATER_MAX];
	bool hide_ends;    /* target_hide ends the sessions */
	bool on_demand;    /* prepare() starts it when it is stopped: used when no other runs */
	/* Where others keep what is made at boot, NULL-ended; "DIR/" is every file in it. */
	const char *const *boot_files;

	/* Is it there, does it run? Changes nothing. Fails only when that cannot be told. */
	int (*probe)(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err);

	/*
	 * Called once before the first step of a run that changes something: load modules, make
	 * folders. NULL when there is nothing to do.
	 */
	int (*prepare)(struct sis_bx *bx, struct sis_err *err);

	/*
	 * Live targets, ours and foreign, with LUNs, rules and sessions; all of them when `scope`
	 * is NULL, else at least those with these IQNs (more is allowed). Sorted. Sets .known bits
	 * for each field it could read. Secrets are never read.
	 */
	int (*read)(struct sis_bx *bx, const sis_strv *scope, struct sis_state *ret,
		    struct sis_err *err);

	/*
	 * All of it will be read soon: lets the target work on that meanwhile. Fails in silence,
	 * as read() then says why. NULL where nothing is gained.
	 */
	void (*read_ahead)(struct sis_bx *bx);

	/*
	 * Before anything is done to a target: can it be as `t` says, with the LUNs of `live` (NULL: it is
	 * new) that are kept? EOPNOTSUPP. NULL where whatever can be asked for one by one can be.
	 */
	int (*check)(const struct sis_bx *bx, const struct sis_target *t,
		     const struct sis_target *live, struct sis_err *err);

	/* Makes the target, not reachable yet; fills t->tid. What access control can be set
	 * before there are LUNs is set here, for targets that cannot be hidden. With t->tid set it
	 * was there when it was read; otherwise one that is there by now is somebody else's: EEXIST. */
	int (*target_add)(struct sis_bx *bx, struct sis_target *t, struct sis_err *err);

	/* Brings the fields in `changed` (enum sis_field bits) to what t says; sessions stay.
	 * For a target just made `live` is NULL and `changed` has all of its fields. */
	int (*target_set)(struct sis_bx *bx, const struct sis_target *t,
			  const struct sis_target *live, unsigned changed, struct sis_err *err);

	/* Initiators may log in. */
	int (*target_show)(struct sis_bx *bx, const struct sis_target *t, struct sis_err *err);

	/* No new logins; sessions stay as they are where the target allows. */
	int (*target_hide)(struct sis_bx *bx, const struct sis_target *live, struct sis_err *err);

	/* Deletes the target, its LUNs being gone. Ends the sessions in live->sessions first when
	 * `force`; otherwise -SIS_ERR_INUSE if there are any. */
	int (*target_del)(struct sis_bx *bx, const struct sis_target *live, bool force,
			  struct sis_err *err);

	/* Makes backing object and LUN with all identifiers, invisible until it is whole where the
	 * target allows. Fills l->handle when the target has names of its own. */
	int (*lun_add)(struct sis_bx *bx, const struct sis_target *t, struct sis_lun *l,
		       struct sis_err *err);

	/* Brings the fields in `changed` of an existing LUN to what l says; sessions stay. */
	int (*lun_set)(struct sis_bx *bx, const struct sis_target *t, const struct sis_lun *l,
		       const struct sis_lun *live, unsigned changed, struct sis_err *err);

	/* Takes LUN and backing object away; the volume is not held open afterwards. */
	int (*lun_del)(struct sis_bx *bx, const struct sis_target *live, const struct sis_lun *l,
		       struct sis_err *err);

	/* Ends one session. A real initiator comes back unless the target is hidden. */
	int (*session_end)(struct sis_bx *bx, const struct sis_target *live,
			   const struct sis_session *s, struct sis_err *err);

	/*
	 * Who is logged in to this live target now, as cheaply as it can be asked of one alone; nobody
	 * where it is gone. The caller frees *ret.
	 */
	int (*sessions)(struct sis_bx *bx, const struct sis_target *live, sis_sessions *ret,
			struct sis_err *err);

	/*
	 * The first setting of this live target, made by others, that the slots above would not
	 * make again and struct sis_target does not hold, for people: "queue depth is 8". NULL when
	 * there is none. The slot is NULL where a target tells no more than read() does.
	 */
	int (*beyond)(struct sis_bx *bx, const struct sis_target *live, char **ret,
		      struct sis_err *err);

	/*
	 * Looks for the exact size of a live LUN of which read() gave a rounded one, and leaves it
	 * where there is none to be had. The slot is NULL where read() rounds none.
	 */
	void (*lun_size)(const struct sis_bx *bx, struct sis_lun *live);

	/*
	 * Which daemon it is that the last request went to: a word that no other has, nor the same
	 * program started anew. The caller's to free; NULL when it cannot be told. The slot is NULL
	 * where nothing is kept of a daemon.
	 */
	char *(*daemon)(struct sis_bx *bx);

	void (*done)(struct sis_bx *bx); /* frees bx->priv; NULL when there is none */
};

/* NULL-ended, in the order in which a running one is looked for. */
extern const struct sis_backend *const sis_backends[];
enum { SIS_BACKENDS = 4 };

/* By name ("lio"), or NULL. */
const struct sis_backend *sis_backend_find(const char *name);

/* Adds what this version can do; NULL: none that is known. */
void sis_backend_later(const struct sis_backend *be, const char *version, struct sis_caps *caps);

/*
 * Finds a program (e.g. "tgtadm") below root in /usr/sbin, /sbin, /usr/local/sbin. A program is
 * never looked for outside the root. -ENOENT when there is none. Caller frees.
 */
int sis_backend_program(const char *root, const char *name, char **ret, struct sis_err *err);

/* stat() of a volume as a target's daemon sees it: not below our root. 0 or -errno. */
int sis_backend_stat(const struct sis_bx *bx, const char *path, struct stat *ret);

void sis_probe_free(struct sis_probe *p);
#define sis_autoprobe __attribute__((cleanup(sis_probe_free)))

#endif

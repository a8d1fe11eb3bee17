// SPDX-License-Identifier: MPL-2.0
/*
 * The frame of the simulated SCST tree: nodes as in sysfs, the command grammar, the management
 * queue, injected faults. Knows nothing of devices and targets; those are in objects.h.
 *
 * Comments such as "B2 row 1" name the section of the SCST facts (behaviour measured on the
 * real SCST 3.11) that a line reproduces.
 */
#ifndef SCST_SIM_H
#define SCST_SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/types.h>

/* ---- nodes (tree.c) ---- */

struct node;

enum attr_flags {
	ATTR_QUEUED = 1,      /* a write goes through the management queue (B5) */
	ATTR_DAEMON = 2,      /* a write needs an answer from iscsi-scstd (B1) */
	ATTR_QUEUED_READ = 4, /* a read needs the queue's worker as well (B5.3) */
	ATTR_DAEMON_READ = 8  /* the value is the daemon's, so a read needs it too */
};

/* A file. show and store run under sim.lock; a NULL one is refused at open(2) with EACCES. */
struct attr {
	const char *name;
	mode_t mode;
	unsigned flags;
	int (*show)(const struct node *node, FILE *out);
	int (*store)(const struct node *node, char *text); /* may modify text */
	int index;                                         /* for show and store: which value */
};

enum node_kind { NODE_DIR, NODE_ATTR, NODE_LINK };

struct node {
	enum node_kind kind;
	char *name;
	ino_t ino;
	struct node *parent;
	const struct attr *attr;   /* NODE_ATTR */
	void *obj;                 /* NODE_ATTR: what show and store work on; not owned */
	const struct node *target; /* NODE_LINK: must outlive the link */
	TAILQ_ENTRY(node) entry;
	TAILQ_HEAD(nodes, node) children; /* NODE_DIR */
};

extern struct node *tree_root;

/* Each returns the new node, owned by its parent. A '/' in name becomes '!' as in sysfs. */
struct node *node_dir(struct node *parent, const char *name);
struct node *node_attr(struct node *parent, const struct attr *attr, void *obj);
struct node *node_attr_named(struct node *parent, const char *name, const struct attr *attr,
			     void *obj);
struct node *node_link(struct node *parent, const char *name, const struct node *target);

/* Removes the node and all below it. NULL is fine. */
void node_del(struct node *node);
struct node *node_child(const struct node *dir, const char *name);
/* path is absolute in the mount ("/targets/iscsi/mgmt"). NULL: no such node. */
struct node *node_lookup(const char *path);
/* What readlink(2) gives for a link; the caller frees it. */
char *node_link_text(const struct node *link);

/* ---- grammar (lexer.c) ---- */

/* Next word of *text, ended by white space or '='; "" at the end. Never NULL. */
char *lex_word(char **text);
/* Next parameter of *text, ended by ';' or newline; NULL at the end *or at an empty one*. */
char *lex_param(char **text);
/* Like the kernel's kstrto*: whole string, base by prefix, one newline after it allowed. */
int lex_number(const char *text, long long *ret_value);
int lex_unsigned(const char *text, unsigned long long *ret_value);
/* 0 or 1 and nothing else, else -EINVAL. */
int lex_bool(const char *text, bool *ret_value);
/* Pattern of an initiator group or an allowed portal. */
bool lex_match(const char *pattern, const char *text);

/* ---- the management queue (work.c) ---- */

enum eagain_mode { EAGAIN_OFF, EAGAIN_ON, EAGAIN_LOST };

struct verdict; /* fault.c */

void queue_start(void);
void queue_stop(void);
/* Called and returns with sim.lock held, which is dropped while it waits. 0 or -errno. */
int queue_write(const char *path, const char *text, const struct verdict *verdict);
/* Runs the store function behind path at once (after waiting for a hung daemon). */
int direct_write(const char *path, const char *text, const struct verdict *verdict);
bool queue_busy(void);
/* 0 when iscsi-scstd answers, else -EPERM, -EBUSY or (if interruptible) -EINTR. */
int need_daemon(bool interruptible);
/* Waits for ms or, with alive, until the caller's request is interrupted: then -EINTR. */
int sim_wait_ms(unsigned ms, bool interruptible);

/* ---- injected faults and the log of writes (fault.c) ---- */

enum fault_kind { FAULT_NONE, FAULT_FAIL, FAULT_LATE, FAULT_HANG, FAULT_EAGAIN, FAULT_LOST };

struct verdict {
	enum fault_kind kind;
	int error;    /* FAULT_FAIL, FAULT_LATE: positive errno */
	unsigned ms;  /* FAULT_HANG */
};

struct verdict fault_judge(bool reading, const char *path, const char *text);
/* spec: "ACTION [on=read] [nth=N] [count=N] [match=TEXT]"; NULL or the reason it was refused. */
const char *fault_add(char *spec);
void fault_list(FILE *out);
void fault_clear(void);

int log_open(const char *path);
void log_write(const char *path, const char *text, size_t len);
void log_close(void);

/* ---- the rest ---- */

enum daemon_state { DAEMON_DOWN, DAEMON_UP, DAEMON_HUNG };

struct sim {
	pthread_mutex_t lock;  /* guards everything below, the tree and all objects */
	pthread_cond_t change; /* something waited for may have changed */
	bool stopping;

	/* command line */
	unsigned max_name;      /* B4: 64 in current code, 16 before 3.1 */
	bool files_are_blocks;  /* vdisk_blockio takes regular files */
	char *block_root;       /* tried in front of a device path first; may be NULL */
	char *pr_dir;
	char *lacking;          /* comma list of parameters this version does not know */
	unsigned eagain_after_ms;
	unsigned hung_after_ms;

	/* set through the control socket */
	enum eagain_mode eagain;
	unsigned eagain_delay_ms;
	unsigned linger_refusals;
	unsigned linger_ms;
	bool initiators_return;

	/* state of the system as a whole */
	enum daemon_state daemon;
	int last_result; /* 0 or -errno of the last finished management work */
	uint32_t setup_id;
	unsigned long writes;
};

extern struct sim sim;

uint64_t now_ms(void);
void *xcalloc(size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "[key]", the mark of a value that differs from its default (B3), if differs. */
void show_key(FILE *out, bool differs);

/* The whole mount as libfuse operations (fs.c). */
struct fuse_operations;
extern const struct fuse_operations fs_operations;

/* control.c: path NULL means no control socket. */
int control_listen(const char *path);
int control_start(void);
void control_stop(void);

#endif

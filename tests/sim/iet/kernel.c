// SPDX-License-Identifier: MPL-2.0
/*
 * What the module iscsi_trgt keeps: targets, LUNs, sessions. Errors are the kernel's own
 * (-errno); which of them ever reach the user is the daemon's business.
 */
#include "sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ISID 0x13d0200u	/* 00:02:3d:01:00:00, an Open-iSCSI initiator's, in sid order */

/* D2: the cause of a refused LUN is only in dmesg */
void sim_printk(const struct sim *s, const char *fmt, ...)
{
	char text[SIM_ARGS_SIZE + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_append(s, "dmesg", text);
}

struct sim_target *sim_kernel_target(struct sim *s, uint32_t tid)
{
	for (struct sim_target *t = s->targets; t; t = t->next) {
		if (t->tid == tid && !t->ghost)
			return t;
	}
	return NULL;
}

static bool name_exists(const struct sim *s, const char *name)
{
	for (const struct sim_target *t = s->targets; t; t = t->next) {
		/* the kernel compares exactly; ignoring case is the daemon's rule (D2) */
		if (!t->ghost && !strcmp(t->name, name))
			return true;
	}
	return false;
}

/* D2: tid 0 lets the kernel choose. It counts on from its last choice; it does not look for
 * the lowest free one. The counter starts again when the daemon goes. */
static uint32_t choose_tid(struct sim *s)
{
	do {
		if (++s->next_tid == 0)
			s->next_tid = 1;
	} while (sim_kernel_target(s, s->next_tid));
	return s->next_tid;
}

int sim_kernel_target_add(struct sim *s, uint32_t tid, const char *name)
{
	struct sim_target *t;

	if (tid != 0 && sim_kernel_target(s, tid)) {
		sim_printk(s, "Target %u already exist!", tid);
		return -EEXIST;
	}
	if (name_exists(s, name))
		return -EEXIST;
	if (tid == 0)
		tid = choose_tid(s);
	if (!*name) {
		sim_printk(s, "The length of the target name is zero %u", tid);
		return -EINVAL;
	}
	t = sim_zalloc(sizeof(*t));
	t->tid = tid;
	t->name = sim_copy(name);
	sim_param_defaults(t);
	t->next = s->targets;
	s->targets = t;
	return 0;
}

static void target_remove(struct sim *s, struct sim_target *gone)
{
	struct sim_target **link = &s->targets;

	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	sim_free_target(gone);
}

/* The daemon removes its own entry; here it only stops being the kernel's. */
int sim_kernel_target_del(struct sim *s, uint32_t tid)
{
	struct sim_target *t = sim_kernel_target(s, tid);

	if (!t)
		return -ENOENT;
	if (t->sessions && s->set[SIM_BUSY_DELETE])
		return -EBUSY;
	t->ghost = true;
	return 0;
}

static struct sim_target *target_of_call(struct sim *s, uint32_t tid)
{
	struct sim_target *t = sim_kernel_target(s, tid);

	if (!t)
		sim_printk(s, "can't find the target %u", tid);
	return t;
}

/* Drops LUNs that were deleted and are drained by now. */
static void drain(struct sim_target *t)
{
	struct sim_lun **link = &t->luns;

	while (*link) {
		struct sim_lun *lun = *link;

		if (lun->deleted) {
			*link = lun->next;
			sim_free_lun(lun);
		} else {
			link = &lun->next;
		}
	}
}

int sim_kernel_lun_del(struct sim *s, uint32_t tid, uint32_t lun)
{
	struct sim_target *t = target_of_call(s, tid);
	struct sim_lun *l;

	if (!t)
		return -EINVAL;
	for (l = t->luns; l && l->lun != lun; l = l->next)
		continue;
	if (!l)
		return -ENOENT;

	/* D2: success at once, the close comes later; until then state:1 and the number is taken */
	l->deleted = true;
	if (s->set[SIM_DRAIN_MS] == 0)
		drain(t);
	return 0;
}

struct sim_session *sim_kernel_session_add(struct sim *s, struct sim_target *t,
					   const char *initiator, const char *ip,
					   const char *portal)
{
	struct sim_session *e = sim_zalloc(sizeof(*e));

	if (++s->next_tsih > 0xffff)
		s->next_tsih = 1;
	e->sid = (uint64_t)s->next_tsih << 48 | FIRST_ISID;
	e->initiator = sim_copy(initiator);
	e->ip = sim_copy(ip);
	e->portal = sim_copy(portal);
	e->next = t->sessions;
	t->sessions = e;
	return e;
}

/* D2: an initiator that comes back by itself, unless the allow files keep it out */
static void log_in_again(struct sim *s, struct sim_target *t, const struct sim_session *old)
{
	struct sim_session *e;

	if (!s->daemon || !sim_login_allowed(s, t, old->initiator, old->ip, old->portal))
		return;
	e = sim_kernel_session_add(s, t, old->initiator, old->ip, old->portal);
	e->reconnect = true;
	e->digests = old->digests;
}

/* The session goes with its connection, and both of them from the kernel and the daemon. */
static void finish_closing(struct sim *s, struct sim_target *t)
{
	struct sim_session **link = &t->sessions;
	struct sim_session *gone = NULL;

	while (*link) {
		struct sim_session *e = *link;

		if (e->closing) {
			*link = e->next;
			e->next = gone;
			gone = e;
		} else {
			link = &e->next;
		}
	}
	while (gone) {
		struct sim_session *e = gone;

		gone = e->next;
		if (e->reconnect)
			log_in_again(s, t, e);
		sim_free_session(e);
	}
}

int sim_kernel_conn_del(struct sim *s, uint32_t tid, uint64_t sid, uint32_t cid)
{
	struct sim_target *t = target_of_call(s, tid);
	struct sim_session *e;

	if (!t)
		return -EINVAL;
	for (e = t->sessions; e && e->sid != sid; e = e->next)
		continue;
	if (!e)
		return -ENOENT;
	/* yes, the kernel says "exists" of a connection that does not; cid counts in 16 bits */
	if ((uint16_t)cid != e->cid)
		return -EEXIST;

	e->closing = true;
	if (s->set[SIM_CLOSE_MS] == 0)
		finish_closing(s, t);
	return 0;
}

void sim_kernel_settle(struct sim *s)
{
	for (struct sim_target *t = s->targets; t; t = t->next) {
		finish_closing(s, t);
		drain(t);
	}
}

/* D2: the end of the daemon, in whatever way, removes all targets with all that hangs on them */
void sim_kernel_drop_all(struct sim *s)
{
	while (s->targets)
		target_remove(s, s->targets);
	s->next_tid = 0;
}

// SPDX-License-Identifier: MPL-2.0
/*
 * What ietd does with a request of ietadm: names, accounts, and how the kernel's errors are
 * passed on. Does not print: in the real one, too, its own words go to syslog.
 */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/*
 * D2: 1.4.19 passes a failed ioctl on as it is, -1, which reads "Operation not permitted"
 * whatever happened (exit 255); 1.4.20 passes the errno (exit 234, 239, 254 ...).
 */
static int ioctl_result(const struct sim *s, int err)
{
	return err < 0 && !sim_is_later(s) ? -1 : err;
}

/* D2: names are unique ignoring case; what `--op delete` alone left behind counts, too */
struct sim_target *sim_daemon_target(struct sim *s, const char *name)
{
	for (struct sim_target *t = s->targets; t; t = t->next) {
		if (!strcasecmp(t->name, name))
			return t;
	}
	return NULL;
}

static int target_new(struct sim *s, const struct sim_request *rq)
{
	if (sim_daemon_target(s, rq->name))
		return -EINVAL;
	return ioctl_result(s, sim_kernel_target_add(s, rq->tid, rq->name));
}

static void accounts_del(struct sim *s, uint32_t tid)
{
	struct sim_account **link = &s->accounts;

	while (*link) {
		struct sim_account *a = *link;

		if (a->tid == tid) {
			*link = a->next;
			sim_free_account(a);
		} else {
			link = &a->next;
		}
	}
}

void sim_daemon_exit(struct sim *s)
{
	s->daemon = false;
	while (s->accounts) {
		struct sim_account *a = s->accounts;

		s->accounts = a->next;
		sim_free_account(a);
	}
	sim_kernel_drop_all(s);
}

static int target_del(struct sim *s, uint32_t tid)
{
	struct sim_target **link = &s->targets, *t;
	int err;

	while (*link && (*link)->tid != tid)
		link = &(*link)->next;
	t = *link;
	err = sim_kernel_target_del(s, tid);
	if (err < 0 && err != -ENOENT)
		return err;
	if (!t)
		return -ENOENT;

	/* D2: the kernel closes the sessions, the daemon still lists them and gives up: it
	 * exits, and with it go all targets of the host */
	if (t->sessions) {
		sim_daemon_exit(s);
		return SIM_LOST;
	}
	*link = t->next;
	sim_free_target(t);
	accounts_del(s, tid);
	return 0;
}

static int target_update(struct sim *s, const struct sim_request *rq)
{
	int err = 0;

	if (rq->smask)
		err = ioctl_result(s, sim_kernel_param_set(s, rq, true));
	if (err == 0 && rq->tmask)
		err = ioctl_result(s, sim_kernel_param_set(s, rq, false));
	return err;
}

static int conn_del(struct sim *s, const struct sim_request *rq)
{
	int err = sim_kernel_conn_del(s, rq->tid, rq->sid, rq->cid);

	/* D2: 1.4.19 returns the errno of this one with the wrong sign, so nothing is printed */
	return sim_is_later(s) ? err : -err;
}

/* D2: no check whether the target exists, nor whether the user does; one outgoing at most */
static int account_new(struct sim *s, const struct sim_request *rq)
{
	struct sim_account *a = sim_zalloc(sizeof(*a)), **link = &s->accounts;

	while (rq->outgoing && *link) {
		struct sim_account *old = *link;

		if (old->outgoing && old->tid == rq->tid) {
			*link = old->next;
			sim_free_account(old);
		} else {
			link = &old->next;
		}
	}
	a->tid = rq->tid;
	a->outgoing = rq->outgoing;
	a->user = sim_copy(rq->user);
	a->pass = sim_copy(rq->pass);
	a->next = s->accounts;
	s->accounts = a;
	return 0;
}

/* An empty name means the first account, in `delete` as well as in `show`. */
static struct sim_account **find_account(struct sim *s, const struct sim_request *rq)
{
	struct sim_account **link = &s->accounts;

	for (; *link; link = &(*link)->next) {
		const struct sim_account *a = *link;

		if (a->tid == rq->tid && a->outgoing == rq->outgoing &&
		    (!*rq->user || !strcmp(a->user, rq->user)))
			return link;
	}
	return NULL;
}

static int account_del(struct sim *s, const struct sim_request *rq)
{
	struct sim_account **link = find_account(s, rq), *a;

	if (!link)
		return -ENOENT;
	a = *link;
	*link = a->next;
	sim_free_account(a);
	return 0;
}

static int account_show(struct sim *s, struct sim_request *rq)
{
	struct sim_account **link = find_account(s, rq);

	if (!link)
		return -ENOENT;
	snprintf(rq->user, sizeof(rq->user), "%s", (*link)->user);
	snprintf(rq->pass, sizeof(rq->pass), "%s", (*link)->pass);
	return 0;
}

/*
 * D2: "stop everything". Connections and kernel targets go, the daemon runs on. It forgets
 * nothing, though: the names stay taken until each ghost is deleted or the daemon restarts.
 */
static int system_del(struct sim *s)
{
	for (struct sim_target *t = s->targets; t; t = t->next) {
		for (struct sim_session *e = t->sessions; e; e = e->next) {
			e->closing = true;
			e->reconnect = false;
		}
	}
	sim_kernel_settle(s);
	for (struct sim_target *t = s->targets; t; t = t->next)
		t->ghost = true;
	return 0;
}

int sim_daemon_request(struct sim *s, struct sim_request *rq)
{
	if (!s->daemon)
		return -ECONNREFUSED;

	/* D2: ietadm must run as uid 0 and gid 0; the daemon asks the socket who calls */
	if (s->set[SIM_ROOT_ONLY] && (getuid() != 0 || getgid() != 0))
		return -EPERM;

	switch (rq->command) {
	case SIM_TARGET_NEW:
		return target_new(s, rq);
	case SIM_TARGET_DEL:
		return target_del(s, rq->tid);
	case SIM_TARGET_UPDATE:
		return target_update(s, rq);
	case SIM_TARGET_SHOW:
		return ioctl_result(s, sim_kernel_param_get(s, rq, false));
	case SIM_SESSION_SHOW:
		return ioctl_result(s, sim_kernel_param_get(s, rq, true));
	case SIM_LUN_NEW:
		return ioctl_result(s, sim_kernel_lun_add(s, rq->tid, rq->lun, rq->args));
	case SIM_LUN_DEL:
		return ioctl_result(s, sim_kernel_lun_del(s, rq->tid, rq->lun));
	case SIM_CONN_DEL:
		return conn_del(s, rq);
	case SIM_ACCOUNT_NEW:
		return account_new(s, rq);
	case SIM_ACCOUNT_DEL:
		return account_del(s, rq);
	case SIM_ACCOUNT_SHOW:
		return account_show(s, rq);
	case SIM_SYSTEM_DEL:
		return system_del(s);
	case SIM_ACCOUNT_LIST:	/* ietadm reads the list itself, from the same memory */
	case SIM_NOTHING:
		return 0;
	}
	return 0;
}

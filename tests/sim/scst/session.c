// SPDX-License-Identifier: MPL-2.0
/*
 * Sessions (sections B3 and B6): what a logged-in initiator looks like, who may log in, and how
 * a session goes: not at once. No SCSI command is ever simulated.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

static int word_show(const struct node *node, FILE *out)
{
	static const char *const text[] = { "0\n", "None\n", "No\n", "Yes\n", "iSCSI-TCP\n" };

	fputs(text[node->attr->index], out);
	return 0;
}

static int initiator_show(const struct node *node, FILE *out)
{
	const struct session *session = node->obj;

	fprintf(out, "%s\n", session->initiator);
	return 0;
}

static int sid_show(const struct node *node, FILE *out)
{
	const struct session *session = node->obj;

	fprintf(out, "%llx\n", (unsigned long long)session->sid);
	return 0;
}

static int force_close_store(const struct node *node, char *text)
{
	struct session *session = node->obj;

	(void)text;
	if (session->closing)
		return 0;
	session->closing = true;
	session->refusals_left = sim.linger_refusals;
	session->gone_at_ms = now_ms() + sim.linger_ms;
	return 0;
}

/* B3: these end without a newline. */
static int connection_show(const struct node *node, FILE *out)
{
	const struct session *session = node->obj;
	const char *const text[] = { session->ip, session->portal, "0", "established idle " };

	fputs(text[node->attr->index], out);
	return 0;
}

static const struct attr session_attrs[] = {
	{ "initiator_name", 0444, 0, initiator_show, NULL, 0 },
	{ "sid", 0444, 0, sid_show, NULL, 0 },
	{ "force_close", 0200, 0, NULL, force_close_store, 0 },
	{ "commands", 0444, 0, word_show, NULL, 0 },
	{ "active_commands", 0444, 0, word_show, NULL, 0 },
	{ "read_io_count_kb", 0444, 0, word_show, NULL, 0 },
	{ "write_io_count_kb", 0444, 0, word_show, NULL, 0 },
	{ "reinstating", 0444, 0, word_show, NULL, 0 },
	{ "HeaderDigest", 0444, 0, word_show, NULL, 1 },
	{ "DataDigest", 0444, 0, word_show, NULL, 1 },
	{ "InitialR2T", 0444, 0, word_show, NULL, 2 },
	{ "ImmediateData", 0444, 0, word_show, NULL, 3 },
};

static const struct attr connection_attrs[] = {
	{ "ip", 0444, 0, connection_show, NULL, 0 },
	{ "target_ip", 0444, 0, connection_show, NULL, 1 },
	{ "cid", 0444, 0, connection_show, NULL, 2 },
	{ "state", 0444, 0, connection_show, NULL, 3 },
	{ "transport", 0444, 0, word_show, NULL, 4 },
};

static const struct attr lun_attr = { "active_commands", 0444, 0, word_show, NULL, 0 };

struct session *session_find(struct target *target, const char *name)
{
	struct session *session;

	TAILQ_FOREACH(session, &target->sessions, entry) {
		if (strcmp(session->name, name) == 0)
			return session;
	}
	return NULL;
}

/* B3: the link to the LUN set that applies, and a directory for each LUN in it. */
static void show_luns(struct session *session)
{
	struct node *child, *next;
	struct lun *lun;

	for (child = TAILQ_FIRST(&session->dir->children); child; child = next) {
		next = TAILQ_NEXT(child, entry);
		if (child->kind == NODE_DIR && strncmp(child->name, "lun", 3) == 0)
			node_del(child);
	}
	node_del(session->luns_link);
	session->luns_link = node_link(session->dir, "luns", session->set->dir);
	TAILQ_FOREACH(lun, &session->set->luns, in_set) {
		char *name = xasprintf("lun%lu", lun->number);

		node_attr(node_dir(session->dir, name), &lun_attr, NULL);
		free(name);
	}
}

static void session_tree(struct session *session)
{
	struct node *connection;

	session->dir = node_dir(session->target->sessions_dir, session->name);
	for (size_t i = 0; i < sizeof(session_attrs) / sizeof(session_attrs[0]); i++)
		node_attr(session->dir, &session_attrs[i], session);
	node_dir(session->dir, "latency");
	connection = node_dir(session->dir, session->ip); /* B3: named by the client's IP */
	for (size_t i = 0; i < sizeof(connection_attrs) / sizeof(connection_attrs[0]); i++)
		node_attr(connection, &connection_attrs[i], session);
	show_luns(session);
}

/* B3: with per_portal_acl the name carries the portal, and groups match that (B6). */
static char *full_name(const struct target *target, const char *initiator, const char *portal)
{
	if (target->per_portal_acl)
		return xasprintf("%s#%s", initiator, portal);
	return xstrdup(initiator);
}

/* B3: a second session of the same initiator gets the suffix _1. */
static char *directory_name(struct target *target, const char *initiator)
{
	char *name = xstrdup(initiator);

	for (unsigned n = 1; session_find(target, name); n++) {
		free(name);
		name = xasprintf("%s_%u", initiator, n);
	}
	return name;
}

void session_inject(struct target *target, const char *initiator, const char *ip,
		    const char *portal, const char **ret_name)
{
	static uint64_t last_sid = UINT64_C(0x5000075c50b80);
	struct session *session = xcalloc(sizeof(*session));

	session->target = target;
	session->initiator = full_name(target, initiator, portal);
	session->name = directory_name(target, session->initiator);
	session->ip = xstrdup(ip);
	session->portal = xstrdup(portal);
	session->sid = last_sid += 0x10000;
	session->set = group_choose(target, session->initiator);
	session_tree(session);
	TAILQ_INSERT_TAIL(&target->sessions, session, entry);
	*ret_name = session->name;
}

static bool portal_allowed(const struct target *target, const char *portal)
{
	const struct account *account;
	bool any = false;

	TAILQ_FOREACH(account, &target->accounts, entry) {
		if (account->kind != ACCOUNT_PORTAL)
			continue;
		if (lex_match(account->key, portal))
			return true;
		any = true;
	}
	return !any;
}

static bool has_luns(struct target *target, const char *initiator, const char *portal)
{
	char *name = full_name(target, initiator, portal);
	bool any = !TAILQ_EMPTY(&group_choose(target, name)->luns);

	free(name);
	return any;
}

const char *session_login(const char *target_name, const char *initiator, const char *ip,
			  const char *portal, const char **ret_name)
{
	struct target *target = target_find(target_name);

	if (sim.daemon == DAEMON_DOWN)
		return "connection refused: the daemon is down";
	if (sim.daemon == DAEMON_HUNG || !driver_enabled())
		return "no answer: the driver is not enabled or the daemon hangs"; /* B2 notes */
	for (const char *p = initiator; *p; p++)
		if (isupper((unsigned char)*p))
			return "refused (512): upper case in the initiator name"; /* B2 notes */
	if (!target || !target->enabled)
		return "refused (515): no such target enabled";
	if (!portal_allowed(target, portal))
		return "refused (515): portal not allowed"; /* B6 */
	if (!has_luns(target, initiator, portal))
		return "refused (515): no LUN visible"; /* B2 notes */
	session_inject(target, initiator, ip, portal, ret_name);
	return NULL;
}

void session_end(struct session *session)
{
	TAILQ_REMOVE(&session->target->sessions, session, entry);
	node_del(session->dir);
	free(session->name);
	free(session->initiator);
	free(session->ip);
	free(session->portal);
	free(session);
}

/* An initiator that was thrown out and comes back if it may, as a real one does. */
static void session_return(struct session *session)
{
	char *initiator = xasprintf("%.*s", (int)strcspn(session->initiator, "#"),
				    session->initiator);
	char *ip = xstrdup(session->ip), *portal = xstrdup(session->portal);
	struct target *target = session->target;
	const char *name;

	session_end(session);
	if (sim.initiators_return)
		session_login(target->name, initiator, ip, portal, &name);
	free(initiator);
	free(ip);
	free(portal);
}

void sessions_reap(void)
{
	struct session *session, *next;
	struct target *target;
	uint64_t now = now_ms();

	TAILQ_FOREACH(target, &targets, entry) {
		for (session = TAILQ_FIRST(&target->sessions); session; session = next) {
			next = TAILQ_NEXT(session, entry);
			if (session->closing &&
			    (session->refusals_left == 0 || now >= session->gone_at_ms))
				session_return(session);
		}
	}
}

/* B2 notes: the session needs a moment to vanish; the first del_target is EBUSY. */
bool sessions_refuse(struct target *target)
{
	struct session *session;

	sessions_reap();
	TAILQ_FOREACH(session, &target->sessions, entry) {
		if (session->closing)
			session->refusals_left--;
	}
	return !TAILQ_EMPTY(&target->sessions);
}

void sessions_cut(struct target *target)
{
	while (!TAILQ_EMPTY(&target->sessions))
		session_end(TAILQ_FIRST(&target->sessions));
}

void sessions_reassign(struct target *target)
{
	struct session *session;

	TAILQ_FOREACH(session, &target->sessions, entry) {
		session->set = group_choose(target, session->initiator);
		show_luns(session);
	}
}

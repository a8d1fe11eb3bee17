/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parsers of IET's two files. Lines are "tid:N name:IQN", below it with one tab a LUN or
 * "sid:N initiator:NAME", below that with two tabs a connection. Must not touch the outside.
 */
#include "backend/iet_proc.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/field.h"
#include "model/option.h"

enum { SECTOR = 512, MAX_BLOCKSIZE = 1 << 20, SHOWN = 60 };

static int parse_u32(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t n;

	if (sis_parse_u64(text, 0, max, &n) < 0)
		return -EPROTO;
	*ret = (uint32_t)n;
	return 0;
}

/*
 * Cuts the next "key:value" off *cursor. A value ends at a blank, that of `last` with the line: a
 * name or a path may hold anything. NULL at the end; *ret_value is NULL for a word without ':'.
 */
static char *next_word(char **cursor, const char *last, char **ret_value)
{
	char *key = *cursor, *colon;
	size_t len = strlen(last);

	if (!key)
		return NULL;
	if (strncmp(key, last, len) == 0 && key[len] == ':')
		*cursor = NULL;
	else
		key = sis_str_next(cursor, " ");
	colon = key ? strchr(key, ':') : NULL;
	if (colon)
		*colon++ = '\0';
	*ret_value = colon;
	return key;
}

/* "tid:N name:IQN" */
static int parse_head(char *line, uint32_t *ret_tid, char **ret_name)
{
	char *cursor = line, *key, *value;
	int r = -EPROTO;

	*ret_name = NULL;
	while ((key = next_word(&cursor, "name", &value))) {
		if (value && sis_streq(key, "tid"))
			r = parse_u32(value, UINT32_MAX, ret_tid);
		else if (value && sis_streq(key, "name"))
			*ret_name = value;
	}
	if (*ret_name)
		sis_str_sanitize(*ret_name);
	return *ret_name ? r : -EPROTO;
}

/* ---- volume ---- */

/* The words of a LUN's line, as they are. */
struct words {
	const char *lun, *state, *iotype, *iomode, *path, *blocks, *blocksize, *sectors;
};

static void take_words(char *line, struct words *ret)
{
	struct words w = { 0 };
	const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{ "lun", &w.lun },
		{ "state", &w.state },
		{ "iotype", &w.iotype },
		{ "iomode", &w.iomode },
		{ "path", &w.path },
		{ "blocks", &w.blocks },
		{ "blocksize", &w.blocksize },
		{ "sectors", &w.sectors },
	};
	char *cursor = line, *key, *value;

	while ((key = next_word(&cursor, "path", &value)))
		for (size_t i = 0; value && i < sizeof(keys) / sizeof(keys[0]); i++)
			if (sis_streq(key, keys[i].key))
				*keys[i].value = value;
	*ret = w;
}

static enum sis_type type_of(const char *iotype)
{
	return sis_streq(iotype, "blockio") ? SIS_TYPE_BLOCKIO :
	       sis_streq(iotype, "fileio")  ? SIS_TYPE_FILEIO :
	       sis_streq(iotype, "nullio")  ? SIS_TYPE_NULLIO :
					      SIS_TYPE_NONE;
}

/*
 * What is shown of a mode that cannot be chosen is no difference: blockio has no cache to switch
 * on, nullio no mode at all, and "ro" stands where wt or wb would.
 */
static void fill_mode(const char *iomode, struct sis_lun *l)
{
	l->readonly = sis_streq(iomode, "ro");
	if (l->type != SIS_TYPE_NULLIO)
		l->known |= SIS_BIT(SIS_FIELD_READONLY);
	if (l->readonly)
		return;
	l->iomode = sis_streq(iomode, "wb") ? SIS_IOMODE_WB : SIS_IOMODE_WT;
	if (l->type == SIS_TYPE_FILEIO)
		l->known |= SIS_BIT(SIS_FIELD_IOMODE);
}

/* Later versions show blocks and their size, the earlier one only the sectors of nullio. */
static int fill_size(const struct words *w, struct sis_lun *l)
{
	uint32_t size = SECTOR;
	uint64_t blocks;

	if (w->blocksize) {
		if (parse_u32(w->blocksize, MAX_BLOCKSIZE, &size) < 0 || size == 0)
			return -EPROTO;
		l->blocksize = size;
		l->known |= SIS_BIT(SIS_FIELD_BLOCKSIZE);
	}
	if (!w->blocks && !w->sectors)
		return 0;
	if (sis_parse_u64(w->blocks ? w->blocks : w->sectors, 0, UINT64_MAX / size, &blocks) < 0)
		return -EPROTO;
	l->size = blocks * size;
	l->known |= SIS_BIT(SIS_FIELD_SIZE);
	return 0;
}

/* `number` and `state` are looked at before: this one is running. */
static int fill_lun(const struct words *w, struct sis_lun *l)
{
	if (!w->iotype || !w->iomode)
		return -EPROTO;
	l->type = type_of(w->iotype);
	l->known = SIS_BIT(SIS_FIELD_TYPE);
	l->path = sis_strdup(w->path ? w->path : "");
	fill_mode(w->iomode, l);
	return fill_size(w, l);
}

/* The state is a hexadecimal number: 0 is running, 1 is being deleted. */
static int parse_lun(char *line, struct sis_target *t, sis_iet_drains *drains)
{
	struct words w;
	uint32_t number;

	take_words(line, &w);
	if (!w.lun || !w.state || parse_u32(w.lun, UINT32_MAX, &number) < 0 || !*w.state ||
	    w.state[strspn(w.state, "0123456789abcdef")])
		return -EPROTO;
	if (!sis_streq(w.state, "0")) {
		sis_vec_push(drains, ((struct sis_iet_drain){ t->tid, number }));
		return 0;
	}
	sis_vec_add(&t->luns)->number = number;
	return fill_lun(&w, &t->luns.v[t->luns.n - 1]);
}

static int parse_target(char *line, struct sis_state *state)
{
	uint32_t tid;
	char *name;

	if (parse_head(line, &tid, &name) < 0)
		return -EPROTO;
	sis_vec_push(&state->targets,
		     ((struct sis_target){ .iqn = sis_strdup(name), .tid = tid, .shown = true }));
	return 0;
}

static int parse_volume_line(char *line, struct sis_state *state, sis_iet_drains *drains)
{
	sis_targets *l = &state->targets;

	if (sis_str_starts(line, "tid:"))
		return parse_target(line, state);
	if (sis_str_starts(line, "\tlun:") && l->n)
		return parse_lun(line + 1, &l->v[l->n - 1], drains);
	return 0; /* what later versions may add, or the rest of a path with a line break */
}

int sis_iet_parse_volume(const char *text, struct sis_state *ret, sis_iet_drains *ret_drains,
			 struct sis_err *err)
{
	sis_autofree char *copy = sis_strdup(text);
	struct sis_state state = { 0 };
	sis_iet_drains drains = { 0 };
	char *cursor = copy, *line;
	int r = 0;

	while (r == 0 && (line = sis_str_next(&cursor, "\n"))) {
		sis_autofree char *shown = sis_strndup(line, SHOWN);

		r = parse_volume_line(line, &state, &drains);
		if (r < 0)
			r = sis_err_set(err, EPROTO,
					"/proc/net/iet/volume: line '%s' is not "
					"understood",
					shown);
	}
	if (r < 0 || !ret_drains)
		sis_vec_free(&drains);
	if (r < 0) {
		sis_state_free(&state);
		return r;
	}
	sis_state_sort(&state);
	*ret = state;
	if (ret_drains)
		*ret_drains = drains;
	return 0;
}

/* ---- session ---- */

/*
 * An initiator may call itself anything, with line breaks, so that lines here may be forged. Its
 * own "sid:" stands before them: whatever they say, its target is seen to be in use, and no other
 * one is seen to be free that is not. So they need no answer: nonsense is passed over.
 */
struct place {
	struct sis_state *state;
	struct sis_target *target; /* NULL: none yet, or one that is not in the state */
	char *initiator;	   /* of the session, owned; NULL before the first */
	uint64_t sid;
	bool connected; /* the session has shown a connection */
};

/* IPv6 comes in brackets, with all of its eight groups. Caller frees. */
static char *address_of(char *ip)
{
	char canonical[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t len = strlen(ip);

	if (len > 2 && ip[0] == '[' && ip[len - 1] == ']') {
		ip[len - 1] = '\0';
		ip++;
	}
	if (inet_pton(AF_INET6, ip, &addr) == 1)
		return sis_strdup(inet_ntop(AF_INET6, &addr, canonical, sizeof(canonical)));
	sis_str_sanitize(ip);
	return sis_strdup(ip);
}

static void enter_target(struct place *p, char *line)
{
	uint32_t tid;
	char *name;

	if (parse_head(line, &tid, &name) < 0)
		return;
	sis_replace(&p->initiator, NULL);
	p->target = sis_state_find(p->state, name);
	if (p->target && p->target->tid != tid)
		p->target = NULL;
}

/* A session counts as one even before its first connection is read. */
static void enter_session(struct place *p, char *line)
{
	char *cursor = line, *key, *value, *initiator = NULL;
	uint64_t sid = 0;
	int r = -EPROTO;

	while ((key = next_word(&cursor, "initiator", &value))) {
		if (value && sis_streq(key, "sid"))
			r = sis_parse_u64(value, 0, UINT64_MAX, &sid);
		else if (value && sis_streq(key, "initiator"))
			initiator = value;
	}
	if (r < 0 || !initiator || !p->target)
		return;
	sis_str_sanitize(initiator);
	sis_replace(&p->initiator, initiator);
	p->sid = sid;
	p->connected = false;
	sis_vec_push(&p->target->sessions,
		     ((struct sis_session){ sis_strdup(initiator), NULL,
					    sis_asprintf("%" PRIu64 ":0", p->sid) }));
}

/* The session's entry for its first connection, a new one for each other. */
static struct sis_session *entry_of(struct place *p)
{
	sis_sessions *l = &p->target->sessions;

	if (p->connected)
		sis_vec_push(l, ((struct sis_session){ .initiator = sis_strdup(p->initiator) }));
	p->connected = true;
	return &l->v[l->n - 1];
}

static void enter_connection(struct place *p, char *line)
{
	char *cursor = line, *key, *value, *ip = NULL;
	struct sis_session *s;
	uint32_t cid = 0;
	int r = -EPROTO;

	while ((key = next_word(&cursor, "", &value))) {
		if (value && sis_streq(key, "cid"))
			r = parse_u32(value, UINT16_MAX, &cid);
		else if (value && sis_streq(key, "ip"))
			ip = value;
	}
	if (r < 0 || !p->initiator)
		return;
	s = entry_of(p);
	free(s->id);
	s->id = sis_asprintf("%" PRIu64 ":%" PRIu32, p->sid, cid);
	s->address = ip ? address_of(ip) : NULL;
}

void sis_iet_parse_session(const char *text, struct sis_state *state)
{
	sis_autofree char *copy = sis_strdup(text);
	struct place p = { .state = state };
	char *cursor = copy, *line;

	while ((line = sis_str_next(&cursor, "\n"))) {
		if (sis_str_starts(line, "tid:"))
			enter_target(&p, line);
		else if (sis_str_starts(line, "\t\t"))
			enter_connection(&p, line + 2);
		else if (sis_str_starts(line, "\t"))
			enter_session(&p, line + 1);
	}
	free(p.initiator);
}

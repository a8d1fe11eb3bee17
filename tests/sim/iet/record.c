// SPDX-License-Identifier: MPL-2.0
/*
 * The text of the state file: one record a line, words parted by blanks, odd bytes as %XX.
 * Knows nothing of where the file is and who may write it.
 */
#include "sim.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 32

/* A blank, then the text; a lone % stands for the empty text. */
static void put_text(FILE *out, const char *text)
{
	fputc(' ', out);
	if (!*text)
		fputc('%', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (isgraph(c) && c != '%')
			fputc(c, out);
		else
			fprintf(out, "%%%02x", c);
	}
}

static char *get_text(const char *word)
{
	char *text = sim_copy(word);
	char *to = text;

	for (const char *from = word; *from; from++) {
		char hex[3] = "";

		if (*from == '%' && from[1] && from[2]) {
			memcpy(hex, from + 1, 2);
			*to++ = (char)strtoul(hex, NULL, 16);
			from += 2;
		} else if (*from != '%') {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

static void put_params(FILE *out, const char *tag, const uint32_t *val, int count)
{
	fputs(tag, out);
	for (int i = 0; i < count; i++)
		fprintf(out, " %u", val[i]);
	fputc('\n', out);
}

static void put_target(FILE *out, const struct sim_target *t)
{
	fprintf(out, "target %u %d", t->tid, t->ghost);
	put_text(out, t->name);
	fputc('\n', out);
	put_params(out, "tparam", t->tparam, SIM_TARGET_KEYS);
	put_params(out, "sparam", t->sparam, SIM_SESSION_KEYS);

	for (const struct sim_lun *l = t->luns; l; l = l->next) {
		fprintf(out, "lun %u %d %d %d %" PRIu64 " %u", l->lun, l->deleted, l->type,
			l->mode, l->blocks, l->block_size);
		put_text(out, l->holder);
		put_text(out, l->scsi_id);
		put_text(out, l->scsi_sn);
		put_text(out, l->path);
		fputc('\n', out);
	}
	for (const struct sim_session *e = t->sessions; e; e = e->next) {
		fprintf(out, "session %" PRIu64 " %u %d %d %d", e->sid, e->cid, e->closing,
			e->reconnect, e->digests);
		put_text(out, e->initiator);
		put_text(out, e->ip);
		put_text(out, e->portal);
		fputc('\n', out);
	}
}

void sim_record_print(const struct sim *s, FILE *out)
{
	fprintf(out, "sim %s %d %d %u %u\n", s->version, s->module, s->daemon, s->next_tid,
		s->next_tsih);
	put_params(out, "set", s->set, SIM_SETTINGS);
	for (const struct sim_target *t = s->targets; t; t = t->next)
		put_target(out, t);
	for (const struct sim_account *a = s->accounts; a; a = a->next) {
		fprintf(out, "account %u %d", a->tid, a->outgoing);
		put_text(out, a->user);
		put_text(out, a->pass);
		fputc('\n', out);
	}
	for (const struct sim_fault *f = s->faults; f; f = f->next) {
		fprintf(out, "fault %u %d %d %u", f->countdown, f->hang, f->after, f->value);
		put_text(out, f->text);
		fputc('\n', out);
	}
}

static uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 10);
}

static void get_params(char **word, uint32_t *val, int count)
{
	for (int i = 0; i < count; i++)
		val[i] = number(word[i]);
}

/* Where the last list of a record ends: records are written in the order of their lists. */
struct tails {
	struct sim_target *target, **targets;
	struct sim_lun **luns;
	struct sim_session **sessions;
	struct sim_account **accounts;
	struct sim_fault **faults;
};

static void get_target(char **w, struct tails *tails)
{
	struct sim_target *t = sim_zalloc(sizeof(*t));

	t->tid = number(w[1]);
	t->ghost = number(w[2]);
	t->name = get_text(w[3]);
	*tails->targets = tails->target = t;
	tails->targets = &t->next;
	tails->luns = &t->luns;
	tails->sessions = &t->sessions;
}

static void get_lun(char **w, struct tails *tails)
{
	struct sim_lun *l = sim_zalloc(sizeof(*l));

	l->lun = number(w[1]);
	l->deleted = number(w[2]);
	l->type = (enum sim_iotype)number(w[3]);
	l->mode = (enum sim_iomode)number(w[4]);
	l->blocks = strtoull(w[5], NULL, 10);
	l->block_size = number(w[6]);
	l->holder = get_text(w[7]);
	l->scsi_id = get_text(w[8]);
	l->scsi_sn = get_text(w[9]);
	l->path = get_text(w[10]);
	*tails->luns = l;
	tails->luns = &l->next;
}

static void get_session(char **w, struct tails *tails)
{
	struct sim_session *e = sim_zalloc(sizeof(*e));

	e->sid = strtoull(w[1], NULL, 10);
	e->cid = number(w[2]);
	e->closing = number(w[3]);
	e->reconnect = number(w[4]);
	e->digests = number(w[5]);
	e->initiator = get_text(w[6]);
	e->ip = get_text(w[7]);
	e->portal = get_text(w[8]);
	*tails->sessions = e;
	tails->sessions = &e->next;
}

static void get_account(char **w, struct tails *tails)
{
	struct sim_account *a = sim_zalloc(sizeof(*a));

	a->tid = number(w[1]);
	a->outgoing = number(w[2]);
	a->user = get_text(w[3]);
	a->pass = get_text(w[4]);
	*tails->accounts = a;
	tails->accounts = &a->next;
}

static void get_fault(char **w, struct tails *tails)
{
	struct sim_fault *f = sim_zalloc(sizeof(*f));

	f->countdown = number(w[1]);
	f->hang = number(w[2]);
	f->after = number(w[3]);
	f->value = number(w[4]);
	f->text = get_text(w[5]);
	*tails->faults = f;
	tails->faults = &f->next;
}

static void get_sim(struct sim *s, char **w)
{
	s->version = get_text(w[1]);
	s->module = number(w[2]);
	s->daemon = number(w[3]);
	s->next_tid = number(w[4]);
	s->next_tsih = number(w[5]);
}

/* The number of words tells a whole record from a damaged one. */
static bool get_record(struct sim *s, char **w, int words, struct tails *tails)
{
	if (words == 6 && !strcmp(w[0], "sim") && !s->version)
		get_sim(s, w);
	else if (words == 1 + SIM_SETTINGS && !strcmp(w[0], "set"))
		get_params(w + 1, s->set, SIM_SETTINGS);
	else if (words == 4 && !strcmp(w[0], "target"))
		get_target(w, tails);
	else if (words == 1 + SIM_TARGET_KEYS && !strcmp(w[0], "tparam") && tails->target)
		get_params(w + 1, tails->target->tparam, SIM_TARGET_KEYS);
	else if (words == 1 + SIM_SESSION_KEYS && !strcmp(w[0], "sparam") && tails->target)
		get_params(w + 1, tails->target->sparam, SIM_SESSION_KEYS);
	else if (words == 11 && !strcmp(w[0], "lun") && tails->target)
		get_lun(w, tails);
	else if (words == 9 && !strcmp(w[0], "session") && tails->target)
		get_session(w, tails);
	else if (words == 5 && !strcmp(w[0], "account"))
		get_account(w, tails);
	else if (words == 6 && !strcmp(w[0], "fault"))
		get_fault(w, tails);
	else
		return false;
	return true;
}

void sim_record_parse(struct sim *s, FILE *in)
{
	struct tails tails = {
		.targets = &s->targets, .accounts = &s->accounts, .faults = &s->faults,
	};
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, in) >= 0) {
		char *word[MAX_WORDS], *rest = line;
		int words = 0;

		line[strcspn(line, "\n")] = '\0';
		while (words < MAX_WORDS && (word[words] = strsep(&rest, " ")))
			words++;
		if (!get_record(s, word, words, &tails))
			sim_die("damaged state: '%s'", word[0]);
	}
	free(line);
	if (!s->version)
		sim_die("empty state");
}

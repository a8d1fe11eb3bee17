// SPDX-License-Identifier: MPL-2.0
/*
 * Which access is to fail, hang or be answered EAGAIN, and the log of every write in order.
 * Only judges; the file system and the queue carry the judgement out.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

struct rule {
	char *spec;          /* as it was given, for the list */
	struct verdict verdict;
	bool reading;
	unsigned long skip;  /* matching accesses to let through first */
	unsigned long count; /* times it still applies; 0: for ever */
	char *match;         /* substring of path or content; NULL: any */
	TAILQ_ENTRY(rule) entry;
};

static TAILQ_HEAD(, rule) rules = TAILQ_HEAD_INITIALIZER(rules);
static int log_fd = -1;

static const struct {
	const char *name;
	int value;
} errno_names[] = {
	{ "EAGAIN", EAGAIN }, { "EACCES", EACCES }, { "EBADSLT", EBADSLT }, { "EBUSY", EBUSY },
	{ "EEXIST", EEXIST }, { "EINTR", EINTR }, { "EINVAL", EINVAL }, { "EIO", EIO },
	{ "EMEDIUMTYPE", EMEDIUMTYPE }, { "ENODEV", ENODEV }, { "ENOENT", ENOENT },
	{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "ENOTBLK", ENOTBLK }, { "EPERM", EPERM },
	{ "EROFS", EROFS }, { "ETIMEDOUT", ETIMEDOUT },
};

static int errno_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(errno_names) / sizeof(errno_names[0]); i++)
		if (strcmp(errno_names[i].name, name) == 0)
			return errno_names[i].value;
	return 0;
}

static void rule_free(struct rule *rule)
{
	free(rule->spec);
	free(rule->match);
	free(rule);
}

static void rule_drop(struct rule *rule)
{
	TAILQ_REMOVE(&rules, rule, entry);
	rule_free(rule);
}

struct verdict fault_judge(bool reading, const char *path, const char *text)
{
	struct verdict verdict = { .kind = FAULT_NONE };
	struct rule *rule;

	TAILQ_FOREACH(rule, &rules, entry) {
		if (rule->reading != reading)
			continue;
		if (rule->match && !strstr(path, rule->match) && !strstr(text, rule->match))
			continue;
		if (rule->skip > 0) {
			rule->skip--;
			continue;
		}
		verdict = rule->verdict;
		if (rule->count == 1)
			rule_drop(rule);
		else if (rule->count > 1)
			rule->count--;
		break;
	}
	return verdict;
}

/* "fail:EBUSY", "late:EIO", "hang:500", "eagain", "lost" */
static bool action_parse(char *word, struct verdict *verdict)
{
	char *arg = strchr(word, ':');
	unsigned long long ms = 0;

	if (arg)
		*arg++ = '\0';
	if (!arg && strcmp(word, "eagain") == 0)
		verdict->kind = FAULT_EAGAIN;
	else if (!arg && strcmp(word, "lost") == 0)
		verdict->kind = FAULT_LOST;
	else if (arg && strcmp(word, "fail") == 0)
		verdict->kind = FAULT_FAIL;
	else if (arg && strcmp(word, "late") == 0)
		verdict->kind = FAULT_LATE;
	else if (arg && strcmp(word, "hang") == 0)
		verdict->kind = FAULT_HANG;
	else
		return false;
	if (verdict->kind == FAULT_HANG && lex_unsigned(arg, &ms) < 0)
		return false;
	verdict->ms = ms;
	if (verdict->kind == FAULT_FAIL || verdict->kind == FAULT_LATE)
		verdict->error = errno_parse(arg);
	return verdict->error != 0 ||
	       (verdict->kind != FAULT_FAIL && verdict->kind != FAULT_LATE);
}

static const char *option_parse(struct rule *rule, char **spec)
{
	unsigned long long number;
	char *word;

	*spec += strspn(*spec, " ");
	if (strncmp(*spec, "match=", 6) == 0) { /* the rest of the line, blanks included */
		rule->match = xstrdup(*spec + 6);
		*spec += strlen(*spec);
		return NULL;
	}
	word = strsep(spec, " ");
	if (strcmp(word, "on=read") == 0) {
		rule->reading = true;
		return NULL;
	}
	if (strncmp(word, "nth=", 4) == 0 && lex_unsigned(word + 4, &number) == 0 && number > 0) {
		rule->skip = number - 1;
		return NULL;
	}
	if (strncmp(word, "count=", 6) == 0 && lex_unsigned(word + 6, &number) == 0) {
		rule->count = number;
		return NULL;
	}
	return "fault: options are on=read nth=N count=N match=TEXT";
}

const char *fault_add(char *spec)
{
	struct rule *rule = xcalloc(sizeof(*rule));
	const char *refusal = NULL;
	char *action;

	rule->spec = xstrdup(spec);
	rule->count = 1;
	action = strsep(&spec, " ");
	if (!action_parse(action, &rule->verdict))
		refusal = "fault: actions are fail:ERRNO late:ERRNO hang:MS eagain lost";
	while (!refusal && spec && *spec)
		refusal = option_parse(rule, &spec);
	if (refusal)
		rule_free(rule);
	else
		TAILQ_INSERT_TAIL(&rules, rule, entry);
	return refusal;
}

void fault_list(FILE *out)
{
	struct rule *rule;

	TAILQ_FOREACH(rule, &rules, entry)
		fprintf(out, "%s\n", rule->spec);
}

void fault_clear(void)
{
	while (!TAILQ_EMPTY(&rules))
		rule_drop(TAILQ_FIRST(&rules));
}

int log_open(const char *path)
{
	log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	return log_fd < 0 ? -errno : 0;
}

static void print_escaped(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '\n')
			fputs("\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else if (c == '\\')
			fputs("\\\\", out);
		else if (isprint(c))
			fputc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

void log_write(const char *path, const char *text, size_t len)
{
	char *line = NULL;
	size_t size;
	FILE *out;

	sim.writes++;
	pthread_cond_broadcast(&sim.change);
	if (log_fd < 0)
		return;
	out = open_memstream(&line, &size);
	if (!out)
		abort();
	fprintf(out, "%s\t", path + 1);
	print_escaped(out, text, len);
	fputc('\n', out);
	fclose(out);
	/* One write(2) a line, so that a reader never sees half of one. */
	if (write(log_fd, line, size) != (ssize_t)size)
		abort();
	free(line);
}

void log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

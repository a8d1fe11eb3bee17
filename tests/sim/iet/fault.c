// SPDX-License-Identifier: MPL-2.0
/*
 * What no real IET has: the log of every command line, faults that a test has ordered, and
 * both log and dmesg as files.
 */
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_control(const char *word)
{
	for (; *word; word++) {
		if (iscntrl((unsigned char)*word))
			return true;
	}
	return false;
}

/* One word as a shell would read it; $'...' keeps a newline from breaking the line. */
static void quote(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=,@%+-";
	bool control = has_control(word);

	if (*word && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputs(control ? "$'" : "'", out);
	for (; *word; word++) {
		if (iscntrl((unsigned char)*word))
			fprintf(out, "\\x%02x", (unsigned char)*word);
		else if (control && (*word == '\'' || *word == '\\'))
			fprintf(out, "\\%c", *word);
		else if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

void sim_log_argv(const struct sim *s, char **argv)
{
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		sim_die("out of memory");
	fputs("ietadm", out);
	for (int i = 1; argv[i]; i++) {
		fputc(' ', out);
		quote(out, argv[i]);
	}
	if (fclose(out) != 0)
		sim_die("out of memory");
	sim_append(s, "log", line);
	free(line);
}

void sim_text_print(const struct sim *s, const char *file)
{
	char *path = sim_format("%s/%s", s->dir, file), buf[4096];
	FILE *in = fopen(path, "re");
	size_t n;

	free(path);
	if (!in)
		return;		/* nothing was ever written */
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, stdout);
	fclose(in);
}

void sim_text_remove(const struct sim *s, const char *file)
{
	char *path = sim_format("%s/%s", s->dir, file);

	if (unlink(path) < 0 && errno != ENOENT)
		sim_die("unlink %s: %s", path, strerror(errno));
	free(path);
}

void sim_fault_add(struct sim *s, const struct sim_fault *model)
{
	struct sim_fault *fault = sim_zalloc(sizeof(*fault));

	*fault = *model;
	fault->text = sim_copy(model->text);
	fault->next = s->faults;
	s->faults = fault;
}

static void apply(const struct sim_fault *fault, struct sim_trouble *trouble)
{
	if (fault->hang) {
		uint32_t *ms = fault->after ? &trouble->after_ms : &trouble->before_ms;

		*ms += fault->value;
		return;
	}
	*(fault->after ? &trouble->fail_after : &trouble->fail_before) = true;
	trouble->status = (int)fault->value;
	free(trouble->text);
	trouble->text = sim_copy(fault->text);
}

/* Counts one run, and hands over what is due in it. */
void sim_fault_take(struct sim *s, struct sim_trouble *ret_trouble)
{
	struct sim_fault **link = &s->faults;

	*ret_trouble = (struct sim_trouble){ .before_ms = s->set[SIM_DELAY_MS] };
	while (*link) {
		struct sim_fault *fault = *link;

		if (--fault->countdown > 0) {
			link = &fault->next;
			continue;
		}
		apply(fault, ret_trouble);
		*link = fault->next;
		free(fault->text);
		free(fault);
	}
}

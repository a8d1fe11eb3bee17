// SPDX-License-Identifier: MPL-2.0
/*
 * DIR/proc/net/iet as the module shows it (D3). Only text: what it shows was decided elsewhere.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const iotype_names[] = { "fileio", "blockio", "nullio" };
static const char *const iomode_names[] = { "wt", "wb", "ro" };

static void print_lun(const struct sim *s, FILE *out, const struct sim_lun *lun)
{
	fprintf(out, "\tlun:%u state:%x iotype:%s iomode:%s", lun->lun, lun->deleted,
		iotype_names[lun->type], iomode_names[lun->mode]);

	/* D3: later versions insert the size between iomode and path, for every iotype */
	if (sim_is_later(s))
		fprintf(out, " blocks:%" PRIu64 " blocksize:%u", lun->blocks, lun->block_size);

	if (lun->type != SIM_NULLIO)
		fprintf(out, " path:%s", lun->path);
	else if (!sim_is_later(s))
		fprintf(out, " sectors:%" PRIu64, lun->blocks);
	fputc('\n', out);
}

/* D3: IPv4 plain; IPv6 in brackets with all eight groups of four digits */
static void print_address(FILE *out, const char *ip)
{
	unsigned char a[16];

	if (inet_pton(AF_INET6, ip, a) != 1) {
		fputs(ip, out);
		return;
	}
	for (int i = 0; i < 16; i += 2)
		fprintf(out, "%s%02x%02x", i == 0 ? "[" : ":", a[i], a[i + 1]);
	fputc(']', out);
}

static void print_session(FILE *out, const struct sim_session *session)
{
	const char *digest = session->digests ? "crc32c" : "none";

	fprintf(out, "\tsid:%" PRIu64 " initiator:%s\n", session->sid, session->initiator);
	fprintf(out, "\t\tcid:%u ip:", session->cid);
	print_address(out, session->ip);
	fprintf(out, " state:%s hd:%s dd:%s\n", session->closing ? "closing" : "active", digest,
		digest);
}

/* D3: both files list every target, newest first, also one without LUN or session */
static void write_file(const struct sim *s, const char *name, bool sessions)
{
	char *path = sim_format("%s/proc/net/iet/%s", s->root, name);
	char *tmp = sim_format("%s/%s.new", s->dir, name);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		sim_die("out of memory");
	for (const struct sim_target *t = s->targets; t; t = t->next) {
		if (t->ghost)
			continue;
		fprintf(out, "tid:%u name:%s\n", t->tid, t->name);
		for (const struct sim_lun *lun = t->luns; lun && !sessions; lun = lun->next)
			print_lun(s, out, lun);
		for (const struct sim_session *e = t->sessions; e && sessions; e = e->next)
			print_session(out, e);
	}
	if (fclose(out) != 0)
		sim_die("out of memory");
	sim_mkdir_parents(path);
	sim_write_whole(tmp, path, text, len);
	free(text);
	free(tmp);
	free(path);
}

static void remove_file(const struct sim *s, const char *name)
{
	char *path = sim_format("%s/proc/net/iet%s", s->root, name);

	if (remove(path) < 0 && errno != ENOENT)
		sim_die("remove %s: %s", path, strerror(errno));
	free(path);
}

void sim_proc_write(const struct sim *s)
{
	if (s->module) {
		write_file(s, "volume", false);
		write_file(s, "session", true);
		return;
	}

	/* D1: no module, no /proc/net/iet */
	remove_file(s, "/volume");
	remove_file(s, "/session");
	remove_file(s, "");
}

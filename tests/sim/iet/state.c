// SPDX-License-Identifier: MPL-2.0
/*
 * The state DIR/var/lib/iet-sim/state: loaded and saved whole under a lock, so that parallel
 * runs see one another's work. Also the only place that frees what the state is made of.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const char *const sim_setting_names[SIM_SETTINGS] = {
	[SIM_CLOSE_MS] = "close-ms",
	[SIM_DRAIN_MS] = "drain-ms",
	[SIM_DELAY_MS] = "delay-ms",
	[SIM_BUSY_DELETE] = "busy-delete",
	[SIM_FILES_AS_DISKS] = "files-as-disks",
	[SIM_ROOT_ONLY] = "root-only",
};

bool sim_is_later(const struct sim *s)
{
	return strcmp(s->version, "1.4.19") != 0;
}

void sim_commit(const struct sim *s)
{
	char *tmp = sim_format("%s/state.new", s->dir);
	char *path = sim_format("%s/state", s->dir);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		sim_die("out of memory");
	sim_record_print(s, out);
	if (fclose(out) != 0)
		sim_die("out of memory");
	sim_write_whole(tmp, path, text, len);
	sim_proc_write(s);
	free(text);
	free(path);
	free(tmp);
}

static void lock(struct sim *s, const char *root)
{
	char *path;

	*s = (struct sim){ .root = sim_copy(root), .dir = sim_format("%s/var/lib/iet-sim", root) };
	path = sim_format("%s/lock", s->dir);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX) < 0)
		sim_die("lock %s: %s", path, strerror(errno));
	free(path);
}

int sim_open(struct sim *s, const char *root)
{
	char *path;
	FILE *in;

	lock(s, root);
	path = sim_format("%s/state", s->dir);
	in = s->lock_fd < 0 ? NULL : fopen(path, "re");
	free(path);
	if (!in) {
		sim_close(s);
		return -ENOENT;
	}
	sim_record_parse(s, in);
	fclose(in);
	return 0;
}

/* A fresh state, whatever was there: module loaded, daemon running, no target, no fault. */
void sim_init(struct sim *s, const char *root, const char *version)
{
	char *path = sim_format("%s/var/lib/iet-sim/lock", root);

	sim_mkdir_parents(path);
	free(path);
	lock(s, root);
	if (s->lock_fd < 0)
		sim_die("cannot lock %s", s->dir);
	s->version = sim_copy(version);
	s->module = s->daemon = true;
}

void sim_free_lun(struct sim_lun *lun)
{
	free(lun->holder);
	free(lun->scsi_id);
	free(lun->scsi_sn);
	free(lun->path);
	free(lun);
}

void sim_free_session(struct sim_session *session)
{
	free(session->initiator);
	free(session->ip);
	free(session->portal);
	free(session);
}

void sim_free_target(struct sim_target *target)
{
	while (target->luns) {
		struct sim_lun *lun = target->luns;

		target->luns = lun->next;
		sim_free_lun(lun);
	}
	while (target->sessions) {
		struct sim_session *session = target->sessions;

		target->sessions = session->next;
		sim_free_session(session);
	}
	free(target->name);
	free(target);
}

void sim_free_account(struct sim_account *account)
{
	free(account->user);
	free(account->pass);
	free(account);
}

void sim_close(struct sim *s)
{
	while (s->targets) {
		struct sim_target *t = s->targets;

		s->targets = t->next;
		sim_free_target(t);
	}
	while (s->accounts) {
		struct sim_account *a = s->accounts;

		s->accounts = a->next;
		sim_free_account(a);
	}
	while (s->faults) {
		struct sim_fault *f = s->faults;

		s->faults = f->next;
		free(f->text);
		free(f);
	}
	free(s->version);
	free(s->dir);
	free(s->root);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	*s = (struct sim){ .lock_fd = -1 };
}

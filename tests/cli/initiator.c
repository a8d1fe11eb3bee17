/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An initiator for tests and the demo: holds a session, writes and reads a LUN. Where libiscsi's
 * own tools do the same (listing, INQUIRY) those are used instead.
 *
 * usage: initiator [OPTION...] hold URL           logs in, prints "ready", and stays until the end
 *                                                 of stdin; prints "ended" when the target ends it
 *        initiator [OPTION...] write URL <DATA    writes from the first block on
 *        initiator [OPTION...] read URL BYTES     reads from the first block on, to stdout
 *        initiator [OPTION...] poll URL           tries to log in for ever; prints "." each time that
 *                                                 it was not let in, "!" when it was
 * -i NAME          the initiator's name
 * -c USER SECRET   CHAP
 * -m USER SECRET   mutual CHAP: the target must prove itself with this
 * URL: iscsi://HOST:PORT/TARGET/LUN
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

enum { CHUNK = 64 << 10, TIMEOUT_S = 20 };

static char **chap, **mutual; /* user and secret, or NULL */

static int fail(struct iscsi_context *c, const char *what)
{
	fprintf(stderr, "initiator: cannot %s: %s\n", what, iscsi_get_error(c));
	return 1;
}

/* Until stdin ends or the connection does. */
static int hold(struct iscsi_context *c)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	char byte;

	puts("ready");
	fflush(stdout);
	for (;;) {
		p[1].fd = iscsi_get_fd(c);
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[1].revents && iscsi_service(c, p[1].revents) < 0) {
			puts("ended");
			return 0;
		}
		if (p[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return 0;
	}
}

static int good(struct iscsi_context *c, struct scsi_task *task, const char *what)
{
	bool done = task && task->status == SCSI_STATUS_GOOD;

	if (!done)
		fail(c, what);
	if (task)
		scsi_free_scsi_task(task);
	return done ? 0 : 1;
}

/* 0 on failure, which was said. */
static uint32_t block_size(struct iscsi_context *c, int lun)
{
	struct scsi_task *task = iscsi_readcapacity16_sync(c, lun);
	struct scsi_readcapacity16 *answer = NULL;
	uint32_t size = 0;

	if (task && task->status == SCSI_STATUS_GOOD)
		answer = scsi_datain_unmarshall(task);
	if (answer)
		size = answer->block_length;
	else
		fail(c, "read the capacity");
	if (task)
		scsi_free_scsi_task(task);
	return size;
}

static int write_lun(struct iscsi_context *c, int lun)
{
	static unsigned char data[CHUNK];
	uint32_t block = block_size(c, lun), lba = 0;
	size_t n;
	int rc = block ? 0 : 1;

	while (rc == 0 && (n = fread(data, 1, sizeof(data), stdin)) > 0) {
		if (n % block) {
			fprintf(stderr, "initiator: the data does not end with a block\n");
			return 1;
		}
		rc = good(c, iscsi_write10_sync(c, lun, lba, data, (uint32_t)n, (int)block, 0, 0, 0,
						0, 0), "write");
		lba += (uint32_t)(n / block);
	}
	if (rc == 0)
		rc = good(c, iscsi_synchronizecache10_sync(c, lun, 0, 0, 0, 0), "flush");
	return rc;
}

static int read_lun(struct iscsi_context *c, int lun, size_t left)
{
	uint32_t block = block_size(c, lun), lba = 0;

	while (block && left > 0) {
		size_t n = left < CHUNK ? left : CHUNK;
		struct scsi_task *task = iscsi_read10_sync(c, lun, lba, (uint32_t)n, (int)block, 0, 0,
							   0, 0, 0);

		if (task && task->status == SCSI_STATUS_GOOD &&
		    ((size_t)task->datain.size != n || fwrite(task->datain.data, 1, n, stdout) != n)) {
			fprintf(stderr, "initiator: short read\n");
			return 1;
		}
		if (good(c, task, "read"))
			return 1;
		lba += (uint32_t)(n / block);
		left -= n;
	}
	return block && fflush(stdout) == 0 ? 0 : 1;
}

static void set_up(struct iscsi_context *c, const struct iscsi_url *url)
{
	iscsi_set_targetname(c, url->target);
	iscsi_set_session_type(c, ISCSI_SESSION_NORMAL);
	iscsi_set_timeout(c, TIMEOUT_S);
	iscsi_set_noautoreconnect(c, 1);
	/* Not before the URL was read: that sets them, too. */
	if (chap)
		iscsi_set_initiator_username_pwd(c, chap[0], chap[1]);
	if (mutual)
		iscsi_set_target_username_pwd(c, mutual[0], mutual[1]);
}

/* Each try has a context of its own, as one that failed is of no more use. */
static int poll_login(const char *name, const char *text)
{
	for (;;) {
		struct iscsi_context *c = iscsi_create_context(name);
		struct iscsi_url *url = c ? iscsi_parse_full_url(c, text) : NULL;

		if (!url)
			return 1;
		set_up(c, url);
		putchar(iscsi_full_connect_sync(c, url->portal, url->lun) == 0 ? '!' : '.');
		fflush(stdout);
		iscsi_destroy_url(url);
		iscsi_destroy_context(c);
	}
}

static int run(struct iscsi_context *c, int argc, char **argv)
{
	struct iscsi_url *url = iscsi_parse_full_url(c, argv[1]);
	int rc, lun;

	if (!url)
		return fail(c, "understand the URL");
	lun = url->lun;
	set_up(c, url);
	if (iscsi_full_connect_sync(c, url->portal, lun) != 0)
		rc = fail(c, "log in");
	else if (strcmp(argv[0], "hold") == 0)
		rc = hold(c);
	else if (strcmp(argv[0], "write") == 0)
		rc = write_lun(c, lun);
	else
		rc = read_lun(c, lun, argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
	iscsi_destroy_url(url);
	iscsi_logout_sync(c);
	return rc;
}

int main(int argc, char **argv)
{
	const char *name = "iqn.2010-09.org.zfsonlinux:initiator";
	struct iscsi_context *c;
	int rc;

	for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
		if (strcmp(argv[1], "-i") == 0) {
			name = argv[2];
			continue;
		}
		if (argc < 4)
			break;
		*(strcmp(argv[1], "-m") == 0 ? &mutual : &chap) = &argv[2];
		argc--;
		argv++;
	}
	if (argc == 3 && strcmp(argv[1], "poll") == 0)
		return poll_login(name, argv[2]);
	if (argc < 3 || (strcmp(argv[1], "hold") && strcmp(argv[1], "write") &&
			 strcmp(argv[1], "read"))) {
		fprintf(stderr, "usage: initiator [-i NAME] [-c USER SECRET] [-m USER SECRET] "
				"hold|write|read|poll URL [BYTES]\n");
		return 2;
	}
	c = iscsi_create_context(name);
	if (!c)
		return 1;
	rc = run(c, argc - 1, argv + 1);
	iscsi_destroy_context(c);
	return rc;
}

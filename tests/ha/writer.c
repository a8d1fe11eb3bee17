/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An initiator that does not give up: writes numbered records one after the other, logs in again as
 * often as the target goes away, and writes again what was not acknowledged. Must not count a record
 * that the target did not acknowledge.
 *
 * usage: writer write URL        until the end of stdin; says "login SERIAL" for each login, "lost
 *                                REASON" for each end, "wrote N" now and then and at the end
 *        writer verify URL N     are the last of N records all there?
 *
 * Record number n fills block n modulo SLOTS, so that its content is known from n alone.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

enum { RECORD = 4096, BLOCK = 512, SLOTS = 8192, TIMEOUT_S = 3, PAUSE_MS = 200, TELL = 100 };

static const char *url_text;
static int lun;

static void fill(uint64_t n, unsigned char *record)
{
	uint64_t x = n * 0x9e3779b97f4a7c15u + 1;

	for (size_t i = 0; i < RECORD; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(record + i, i ? &x : &n, sizeof(x));
	}
}

static void say(const char *what, const char *text)
{
	printf("%s %s\n", what, text);
	fflush(stdout);
}

static bool stdin_ended(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	return poll(&p, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static bool is_good(struct scsi_task *task)
{
	return task && task->status == SCSI_STATUS_GOOD;
}

static bool say_serial(struct iscsi_context *c)
{
	struct scsi_task *task = iscsi_inquiry_sync(
		c, lun, 1, SCSI_INQUIRY_PAGECODE_UNIT_SERIAL_NUMBER, 255);
	struct scsi_inquiry_unit_serial_number *page =
		is_good(task) ? scsi_datain_unmarshall(task) : NULL;

	if (page)
		say("login", page->usn);
	if (task)
		scsi_free_scsi_task(task);
	return page != NULL;
}

/* NULL when there is no target (yet). */
static struct iscsi_context *log_in(void)
{
	struct iscsi_context *c = iscsi_create_context("iqn.2010-09.org.zfsonlinux:writer");
	struct iscsi_url *url = c ? iscsi_parse_full_url(c, url_text) : NULL;
	bool done = false;

	if (url) {
		lun = url->lun;
		iscsi_set_targetname(c, url->target);
		iscsi_set_session_type(c, ISCSI_SESSION_NORMAL);
		iscsi_set_timeout(c, TIMEOUT_S);
		iscsi_set_noautoreconnect(c, 1);
		done = iscsi_full_connect_sync(c, url->portal, lun) == 0 && say_serial(c);
		iscsi_destroy_url(url);
	}
	if (!done && c) {
		iscsi_destroy_context(c);
		c = NULL;
	}
	return c;
}

static bool write_record(struct iscsi_context *c, uint64_t n)
{
	static unsigned char record[RECORD];
	uint32_t lba = (uint32_t)(n % SLOTS) * (RECORD / BLOCK);
	struct scsi_task *task;
	bool done;

	fill(n, record);
	task = iscsi_write10_sync(c, lun, lba, record, RECORD, BLOCK, 0, 0, 0, 0, 0);
	done = is_good(task);
	if (task)
		scsi_free_scsi_task(task);
	return done;
}

static void say_count(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	say("wrote", text);
}

static int write_all(void)
{
	struct iscsi_context *c = NULL;
	uint64_t n = 0;

	while (!stdin_ended()) {
		if (!c) {
			c = log_in();
			if (!c)
				poll(NULL, 0, PAUSE_MS);
		} else if (write_record(c, n + 1)) {
			if (++n % TELL == 0)
				say_count(n);
		} else {
			say("lost", iscsi_get_error(c));
			iscsi_destroy_context(c);
			c = NULL;
		}
	}
	if (c) {
		iscsi_logout_sync(c);
		iscsi_destroy_context(c);
	}
	say_count(n);
	return 0;
}

static bool check_record(struct iscsi_context *c, uint64_t n)
{
	static unsigned char record[RECORD];
	uint32_t lba = (uint32_t)(n % SLOTS) * (RECORD / BLOCK);
	struct scsi_task *task = iscsi_read10_sync(c, lun, lba, RECORD, BLOCK, 0, 0, 0, 0, 0);
	bool same = false;

	fill(n, record);
	if (is_good(task) && task->datain.size == RECORD)
		same = memcmp(task->datain.data, record, RECORD) == 0;
	if (task)
		scsi_free_scsi_task(task);
	return same;
}

static int verify(uint64_t last)
{
	struct iscsi_context *c = log_in();
	uint64_t first = last > SLOTS ? last - SLOTS + 1 : 1, bad = 0;

	if (!c)
		return 1;
	for (uint64_t n = first; n <= last; n++)
		bad += !check_record(c, n);
	iscsi_logout_sync(c);
	iscsi_destroy_context(c);
	printf("%llu of %llu records are not what was written\n", (unsigned long long)bad,
	       (unsigned long long)(last - first + 1));
	return bad || !last;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "write") == 0) {
		url_text = argv[2];
		return write_all();
	}
	if (argc == 4 && strcmp(argv[1], "verify") == 0) {
		url_text = argv[2];
		return verify(strtoull(argv[3], NULL, 10));
	}
	fprintf(stderr, "usage: writer write URL | verify URL N\n");
	return 2;
}

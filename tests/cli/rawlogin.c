/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An initiator for tests that logs in by hand, as no decent one would: with any name and alias, or
 * stopping half way. Speaks only as much iSCSI (RFC 7143, section 11.12) as tgtd needs for that.
 *
 * usage: rawlogin [-a ALIAS] [-p] NAME URL
 * Prints "in" when it is logged in and stays until the end of stdin, or prints "ended" when the target
 * ends it; prints "out" when it was not let in.
 * -p  stops in the middle of the login, prints "parked", and goes on after a line on stdin
 * URL: iscsi://HOST:PORT/TARGET/LUN, HOST an address
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BHS = 48,
	MAX_TEXT = 8192,
	LOGIN = 0x43,	   /* immediate */
	SECURITY_MORE = 0, /* stays in this stage */
	SECURITY_FULL = 0x83,	 /* to the full feature phase */
	OPERATIONAL_FULL = 0x87, /* the same from the stage between */
	STATUS_CLASS = 36,
};

/* At the colon before the port, outside of brackets. */
static int dial(char *url, char **ret_target)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *at;
	char *host = url + strlen("iscsi://"), *target = strchr(host, '/'), *port, *lun;
	int fd;

	if (strncmp(url, "iscsi://", strlen("iscsi://")) || !target)
		return -1;
	*target++ = '\0';
	lun = strrchr(target, '/');
	port = strrchr(host, ':');
	if (!lun || !port)
		return -1;
	*lun = *port++ = '\0';
	if (*host == '[') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	if (getaddrinfo(host, port, &hints, &at) != 0)
		return -1;
	fd = socket(at->ai_family, at->ai_socktype, 0);
	if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) < 0)
		return -1;
	freeaddrinfo(at);
	*ret_target = target;
	return fd;
}

static size_t key(char *text, size_t len, const char *name, const char *value)
{
	int n = snprintf(text + len, MAX_TEXT - len, "%s=%s", name, value);

	if (n < 0 || (size_t)n >= MAX_TEXT - len)
		exit(2);
	return len + (size_t)n + 1;
}

/* One request and its answer: the flags in it, or -1 when it was refused. */
static int login(int fd, unsigned char flags, const char *text, size_t len)
{
	unsigned char pdu[BHS + MAX_TEXT + 4] = { LOGIN, flags }, rsp[BHS];
	size_t padded = (len + 3) / 4 * 4, left;
	char rest[1024];

	pdu[5] = (unsigned char)(len >> 16);
	pdu[6] = (unsigned char)(len >> 8);
	pdu[7] = (unsigned char)len;
	pdu[8] = 0x80; /* ISID: random */
	pdu[12] = (unsigned char)getpid();
	memcpy(pdu + BHS, text, len);
	if (send(fd, pdu, BHS + padded, MSG_NOSIGNAL) != (ssize_t)(BHS + padded) ||
	    recv(fd, rsp, BHS, MSG_WAITALL) != BHS)
		return -1;
	left = ((size_t)rsp[5] << 16 | (size_t)rsp[6] << 8 | rsp[7]) + 3;
	left -= left % 4;
	while (left > 0) {
		ssize_t n = recv(fd, rest, left < sizeof(rest) ? left : sizeof(rest), 0);

		if (n <= 0)
			return -1;
		left -= (size_t)n;
	}
	return rsp[0] == 0x23 && rsp[STATUS_CLASS] == 0 ? rsp[1] : -1;
}

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

static int stay(int fd)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { fd, POLLIN, 0 } };
	char byte;

	say("in");
	while (poll(p, 2, -1) >= 0) {
		if (p[1].revents && recv(fd, &byte, 1, 0) <= 0) {
			say("ended");
			return 0;
		}
		if (p[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	const char *alias = NULL;
	char text[MAX_TEXT], *target, line[8];
	bool park = false;
	size_t len = 0;
	int fd, flags, c;

	while ((c = getopt(argc, argv, "a:p")) != -1) {
		if (c == 'a')
			alias = optarg;
		park |= c == 'p';
	}
	if (argc - optind != 2 || (fd = dial(argv[optind + 1], &target)) < 0) {
		fputs("usage: rawlogin [-a ALIAS] [-p] NAME iscsi://HOST:PORT/TARGET/LUN\n", stderr);
		return 2;
	}
	len = key(text, len, "InitiatorName", argv[optind]);
	if (alias)
		len = key(text, len, "InitiatorAlias", alias);
	len = key(text, len, "SessionType", "Normal");
	len = key(text, len, "TargetName", target);
	len = key(text, len, "AuthMethod", "None");
	if (park) {
		if (login(fd, SECURITY_MORE, text, len) < 0) {
			say("out");
			return 1;
		}
		len = 0;
		say("parked");
		if (!fgets(line, sizeof(line), stdin))
			return 1;
	}
	flags = login(fd, SECURITY_FULL, text, len);
	/* tgtd has parameters of its own to tell first. */
	if (flags >= 0 && (flags & SECURITY_FULL) != SECURITY_FULL)
		flags = login(fd, OPERATIONAL_FULL, text, 0);
	if (flags < 0 || (flags & SECURITY_FULL) != SECURITY_FULL) {
		say("out");
		return 1;
	}
	return stay(fd);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A tgtd of the test's own: private folder and control socket, a free loopback port, ended by pid.
 * Independent of what it tests: whether it answers is asked by the test.
 */
#ifndef TEST_TGTD_H
#define TEST_TGTD_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "remove_tree.h"

enum { TGTD_WAIT_MS = 10000 };

static const char tgtd_program[] = "/usr/sbin/tgtd";
static char dir[64];	  /* removed with all it holds */
static char control[128]; /* $TGT_IPC_SOCKET */
static pid_t tgtd_pid;

static inline unsigned free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	close(fd);
	return ntohs(a.sin_port);
}

static inline void exec_tgtd(const char *at)
{
	char arg[80];
	int null = open("/dev/null", O_RDWR);

	(void)snprintf(arg, sizeof(arg), "portal=%s", at);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	setenv("TGT_IPC_SOCKET", control, 1);
	execl(tgtd_program, "tgtd", "-f", "--iscsi", arg, (char *)NULL);
	_exit(127);
}

/* Starts it (again) to listen on ADDRESS:PORT and waits until `ready` says that it answers. 0 or
 * -1. */
static inline int start_tgtd(const char *at, int (*ready)(void *))
{
	tgtd_pid = fork();
	if (tgtd_pid == 0)
		exec_tgtd(at);
	return tgtd_pid > 0 && sis_wait_until(ready, NULL, TGTD_WAIT_MS) ? 0 : -1;
}

/* tgtd ignores SIGTERM. */
static inline void stop_tgtd(void)
{
	kill(tgtd_pid, SIGKILL);
	waitpid(tgtd_pid, NULL, 0);
}

static inline int make_tgtd_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/sis-stgt-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(control, sizeof(control), "%s/socket", dir);
	return 0;
}

#endif

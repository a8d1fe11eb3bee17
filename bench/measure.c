/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runs one command and writes to a file how long it took (nanoseconds), how long it had a processor
 * (microseconds), the most memory it had (kB) and its exit status. Small, as what a process was
 * before it became another program counts into that one's memory.
 *
 * usage: measure RESULT COMMAND [ARGUMENT...]
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	struct rusage used;
	uint64_t start;
	int status;
	pid_t pid;

	if (fd < 0) {
		fputs("usage: measure RESULT COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	start = now();
	pid = vfork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 1;
	dprintf(fd, "%llu %ld %ld %d\n", (unsigned long long)(now() - start),
		(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec +
			used.ru_stime.tv_usec,
		used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

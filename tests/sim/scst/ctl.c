// SPDX-License-Identifier: MPL-2.0
/*
 * scst-sim-ctl: sends one command to the control socket of a simulator and prints its answer.
 * Understands nothing of the commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static FILE *connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return NULL;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return NULL;
	return fdopen(fd, "r");
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	FILE *sim;
	int failed;

	if (argc < 3) {
		fprintf(stderr, "usage: scst-sim-ctl SOCKET COMMAND [ARGUMENT...]\n");
		return 2;
	}
	sim = connect_to(argv[1]);
	if (!sim) {
		perror(argv[1]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		dprintf(fileno(sim), "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	failed = getline(&line, &size, sim) < 0 || strcmp(line, "ok\n") != 0;
	if (failed)
		fprintf(stderr, "scst-sim-ctl: %s", line ? line : "no answer\n");
	while (getline(&line, &size, sim) >= 0)
		fputs(line, stdout);
	free(line);
	fclose(sim);
	return failed;
}

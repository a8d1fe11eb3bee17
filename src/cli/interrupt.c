/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The one line that is said when a run is broken off by a signal. Cleans up nothing: what is left
 * half way is the next run's to find, as after a crash.
 */
#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static pid_t runner;

/* Only what is safe in a handler; children between fork and exec have it, too, and stay silent. */
static void say_and_end(int sig)
{
	static const char text[] = "shareiscsi: broken off; `shareiscsi status` shows what was done, "
				   "`shareiscsi sync` does what the properties say\n";

	if (getpid() == runner) {
		if (isatty(STDERR_FILENO))
			(void)!write(STDERR_FILENO, "\n", 1); /* below ^C and the bar */
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	}
	(void)raise(sig); /* which is the default action now */
}

void sis_interrupt_tell(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction act = { .sa_handler = say_and_end, .sa_flags = (int)SA_RESETHAND }, old;

	runner = getpid();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			(void)sigaction(signals[i], &act, NULL);
}

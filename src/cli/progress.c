/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Drawing of the progress bar: on one line of the terminal, seldom, and never beside other text.
 * Knows nothing of what is being done.
 */
#include "cli/progress.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

enum {
	EVERY_MS = 100, /* and nothing at all where everything takes less */
	USUAL_WIDTH = 80,
	MAX_BAR = 50,
};

static struct {
	const char *verb; /* NULL: there is no bar */
	bool drawn;
	uint64_t last; /* when it was drawn */
} bar;

static unsigned terminal_width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col :
									     USUAL_WIDTH;
}

/* Back to the start of the line, and nothing on it (ECMA-48: CR, EL). */
static void clear(void)
{
	if (bar.drawn)
		(void)!write(STDERR_FILENO, "\r\033[K", 4); /* a terminal that is gone shows nothing */
	bar.drawn = false;
}

/* The last column stays free: some terminals wrap when it is written. */
static void draw(size_t done, size_t total)
{
	unsigned width = terminal_width() - 1;
	sis_autofree char *numbers = sis_asprintf(" %zu/%zu", done, total);
	sis_autostr struct sis_str line = { 0 };
	size_t taken = strlen(bar.verb) + strlen(" []") + strlen(numbers);
	size_t room = width > taken ? width - taken : 0;

	if (room > MAX_BAR)
		room = MAX_BAR;
	sis_str_addf(&line, "\r%s", bar.verb);
	if (room) {
		sis_str_add(&line, " [");
		for (size_t i = 0; i < room; i++)
			sis_str_add(&line, i < room * done / total ? "#" : ".");
		sis_str_add(&line, "]");
	}
	sis_str_addf(&line, "%s\033[K", numbers);
	if (strlen(bar.verb) + strlen(numbers) > width)
		return; /* no terminal to show anything on */
	(void)!write(STDERR_FILENO, sis_str_get(&line), line.len); /* as above */
	bar.drawn = true;
}

void sis_progress_start(const char *verb)
{
	if (!isatty(STDERR_FILENO))
		return;
	bar.verb = verb;
	bar.last = sis_now_ms();
	sis_log_before(clear);
}

void sis_progress_tick(size_t done, size_t total)
{
	uint64_t now = bar.verb ? sis_now_ms() : 0;

	if (!bar.verb || now - bar.last < EVERY_MS)
		return;
	bar.last = now;
	draw(done, total);
}

void sis_progress_end(void)
{
	clear();
}

static void count(struct sis_str *out, size_t n, const char *what)
{
	if (n)
		sis_str_addf(out, "%s%zu %s", out->len ? ", " : "", n, what);
}

void sis_progress_sum(const struct sis_report *r)
{
	sis_autostr struct sis_str out = { 0 };
	size_t failed = 0;

	if (!bar.verb)
		return;
	sis_vec_each(p, &r->problems)
		failed += p->want == SIS_WANT_SHARED || p->want == SIS_WANT_BAD;
	count(&out, r->shared, "shared");
	count(&out, r->changed, "changed");
	count(&out, r->unshared, "unshared");
	count(&out, failed, "failed");
	(void)fprintf(stderr, "%s: %s\n", bar.verb, out.len ? sis_str_get(&out) : "nothing to do");
}

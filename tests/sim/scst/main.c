// SPDX-License-Identifier: MPL-2.0
/*
 * scst-sim: mounts the simulated SCST tree. Command line, mount, and the order in which things
 * start and end; also the few helpers everybody uses.
 */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fuse.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "objects.h"

struct sim sim = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.max_name = 64,
	.eagain_after_ms = 15000, /* B5.1 */
	.hung_after_ms = 32000,   /* B1 */
	.eagain_delay_ms = 20,
	.linger_refusals = 1,
	.linger_ms = 200,
	.daemon = DAEMON_DOWN,
};

struct options {
	bool foreground, daemon_down;
	const char *control, *log, *block_root, *pr_dir;
	char mountpoint[PATH_MAX];
};

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void *xcalloc(size_t size)
{
	void *ptr = calloc(1, size);

	if (!ptr)
		abort();
	return ptr;
}

char *xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

char *xasprintf(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

void show_key(FILE *out, bool differs)
{
	if (differs)
		fputs("[key]\n", out);
}

static void usage(FILE *out)
{
	fputs("usage: scst-sim [options] MOUNTPOINT\n"
	      "  -f, --foreground    stay; prints \"ready\" when mounted. Otherwise the program\n"
	      "                      returns when mounted and serves in the background\n"
	      "  --control PATH      UNIX socket for scst-sim-ctl\n"
	      "  --log FILE          one line a write: path, tab, content escaped\n"
	      "  --block-root DIR    look for device paths below DIR first\n"
	      "  --pr-dir DIR        the folder that must exist for add_device\n"
	      "                      (both follow from a MOUNTPOINT of DIR/sys/kernel/scst_tgt)\n"
	      "  --files-are-blocks  vdisk_blockio takes regular files\n"
	      "  --daemon-down       start without iscsi-scstd\n"
	      "  --max-name N        longest device name (64; 16 before SCST 3.1)\n"
	      "  --lack P[,P...]     add_device parameters this version does not know\n"
	      "  --eagain-after MS   how long a write waits for a locked system (15000)\n"
	      "  --hung-after MS     how long a write waits for a hung daemon (32000)\n", out);
}

enum { OPT_CONTROL = 256, OPT_LOG, OPT_BLOCK_ROOT, OPT_PR_DIR, OPT_FILES, OPT_DOWN, OPT_MAX_NAME,
       OPT_LACK, OPT_EAGAIN_AFTER, OPT_HUNG_AFTER };

static const struct option long_options[] = {
	{ "foreground", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "block-root", required_argument, NULL, OPT_BLOCK_ROOT },
	{ "pr-dir", required_argument, NULL, OPT_PR_DIR },
	{ "files-are-blocks", no_argument, NULL, OPT_FILES },
	{ "daemon-down", no_argument, NULL, OPT_DOWN },
	{ "max-name", required_argument, NULL, OPT_MAX_NAME },
	{ "lack", required_argument, NULL, OPT_LACK },
	{ "eagain-after", required_argument, NULL, OPT_EAGAIN_AFTER },
	{ "hung-after", required_argument, NULL, OPT_HUNG_AFTER },
	{ NULL, 0, NULL, 0 },
};

static unsigned number_option(const char *text)
{
	unsigned long long value;

	if (lex_unsigned(text, &value) < 0 || value > UINT_MAX) {
		fprintf(stderr, "scst-sim: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

static void option_take(int option, struct options *options)
{
	switch (option) {
	case 'f': options->foreground = true; break;
	case OPT_CONTROL: options->control = optarg; break;
	case OPT_LOG: options->log = optarg; break;
	case OPT_BLOCK_ROOT: options->block_root = optarg; break;
	case OPT_PR_DIR: options->pr_dir = optarg; break;
	case OPT_FILES: sim.files_are_blocks = true; break;
	case OPT_DOWN: options->daemon_down = true; break;
	case OPT_MAX_NAME: sim.max_name = number_option(optarg); break;
	case OPT_LACK: sim.lacking = optarg; break;
	case OPT_EAGAIN_AFTER: sim.eagain_after_ms = number_option(optarg); break;
	case OPT_HUNG_AFTER: sim.hung_after_ms = number_option(optarg); break;
	default:
		usage(option == 'h' ? stdout : stderr);
		exit(option == 'h' ? 0 : 2);
	}
}

/* The process leaves its working directory when it goes into the background. */
static char *absolute(const char *path)
{
	char *cwd, *text;

	if (*path == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		abort();
	text = xasprintf("%s/%s", cwd, path);
	free(cwd);
	return text;
}

/* The root of the simulated machine, if MOUNTPOINT is where SCST is in one; else "". */
static char *implied_root(const char *mountpoint)
{
	static const char place[] = "/sys/kernel/scst_tgt";
	size_t len = strlen(mountpoint), tail = sizeof(place) - 1;

	if (len < tail || strcmp(mountpoint + len - tail, place) != 0)
		return xstrdup("");
	return xasprintf("%.*s", (int)(len - tail), mountpoint);
}

static void settle_paths(const struct options *options)
{
	char *root = implied_root(options->mountpoint);

	sim.pr_dir = options->pr_dir ? absolute(options->pr_dir) :
				       xasprintf("%s/var/lib/scst/pr", root);
	if (options->block_root)
		sim.block_root = absolute(options->block_root);
	else if (*root)
		sim.block_root = xstrdup(root);
	free(root);
}

static void parse(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "fh", long_options, NULL)) != -1)
		option_take(option, options);
	if (optind != argc - 1)
		option_take('?', options);
	if (!realpath(argv[optind], options->mountpoint)) {
		perror(argv[optind]);
		exit(1);
	}
	settle_paths(options);
}

static void change_init(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sim.change, &attr);
	pthread_condattr_destroy(&attr);
}

/* Many threads, since a hanging write keeps one and readers must go on meanwhile. */
static int loop(struct fuse *fuse)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int r;

	fuse_loop_cfg_set_max_threads(config, 64);
	r = fuse_loop_mt(fuse, config);
	fuse_loop_cfg_destroy(config);
	return r < 0 ? r : 0; /* a signal that ends the loop is the normal end */
}

static void stop(void)
{
	pthread_mutex_lock(&sim.lock);
	sim.stopping = true;
	pthread_cond_broadcast(&sim.change);
	pthread_mutex_unlock(&sim.lock);
	queue_stop();
	control_stop();
}

/* Threads start only after fuse_daemonize, which forks. */
static int serve(struct fuse *fuse, const struct options *options)
{
	struct fuse_session *session = fuse_get_session(fuse);
	int r = 0;

	if (fuse_daemonize(options->foreground) < 0 || fuse_set_signal_handlers(session) < 0)
		return -EIO;
	queue_start();
	if (control_start() < 0)
		abort();
	if (options->foreground) {
		puts("ready");
		fflush(stdout);
	}
	r = loop(fuse);
	stop();
	fuse_remove_signal_handlers(session);
	return r;
}

static int mount_and_serve(char *program, const struct options *options)
{
	char *argv[] = { program, "-o", "fsname=scst-sim,subtype=scst-sim", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse *fuse = fuse_new(&args, &fs_operations, sizeof(fs_operations), NULL);
	int r = -EIO;

	if (fuse && fuse_mount(fuse, options->mountpoint) == 0) {
		r = serve(fuse, options);
		fuse_unmount(fuse);
	}
	if (fuse)
		fuse_destroy(fuse);
	fuse_opt_free_args(&args);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	char *control = NULL;
	int r;

	parse(argc, argv, &options);
	change_init();
	root_tree();
	if (!options.daemon_down)
		driver_daemon_start();
	if (options.control)
		control = absolute(options.control);
	r = control_listen(control);
	if (r == 0 && options.log)
		r = log_open(options.log);
	if (r == 0)
		r = mount_and_serve(argv[0], &options);
	if (r < 0)
		fprintf(stderr, "scst-sim: %s: %s\n", options.mountpoint, strerror(-r));
	root_free();
	log_close();
	free(control);
	free(sim.pr_dir);
	free(sim.block_root);
	return r < 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What all fuzz targets share: the claim that ends the run, the input as text, a private folder, and
 * what holds for every error. Knows no parser.
 */
#ifndef SIS_FUZZ_H
#define SIS_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define must(claim)                                                                     \
	do {                                                                            \
		if (!(claim)) {                                                         \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* Up to the first NUL; not a byte more than that, so that reading on is seen. Caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return sis_strndup((const char *)data, size);
}

/* The first byte says which parser; the rest is for it. 0: there is none. */
static inline char fuzz_select(const uint8_t **data, size_t *size)
{
	char c = *size ? (char)**data : 0;

	if (*size) {
		(*data)++;
		(*size)--;
	}
	return c;
}

/* A refusal has a code and says so in one clean line; what was to be filled is as it was. */
#define must_refuse(r, err)                                                    \
	do {                                                                   \
		must((r) < 0 && (err)->code == -(r));                          \
		must((err)->msg && *(err)->msg && sis_str_clean((err)->msg));  \
	} while (0)

/* A folder of this process that goes at its end. */
static char fuzz_dir[] = "/dev/shm/shareiscsi-fuzz-XXXXXX";

static inline void fuzz_dir_remove(void)
{
	sis_autofree char *command = sis_asprintf("rm -rf '%s'", fuzz_dir);

	if (system(command) != 0)
		fprintf(stderr, "%s is left behind\n", fuzz_dir);
}

static inline void fuzz_dir_make(const char *const *below)
{
	must(mkdtemp(fuzz_dir));
	must(atexit(fuzz_dir_remove) == 0);
	for (; *below; below++) {
		sis_autofree char *path = sis_asprintf("%s/%s", fuzz_dir, *below);

		must(mkdir(path, 0700) == 0);
	}
}

static inline void fuzz_file(const char *name, const uint8_t *data, size_t size)
{
	sis_autofree char *path = sis_asprintf("%s/%s", fuzz_dir, name);
	sis_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The contract of a store: where volumes and their properties are kept. A store knows nothing of
 * targets and decides nothing.
 */
#ifndef SIS_STORE_STORE_H
#define SIS_STORE_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/run.h"
#include "model/volume.h"

struct sis_store;

/* One store in one run of the program. Freed with sis_store_close(). */
struct sis_sx {
	const struct sis_store *store;
	const struct sis_runner *runner;
	const char *root; /* prefix of /dev and /sbin for the zfs store; "" for none */
	char *path;       /* dir: its folder, absolute; owned */
	unsigned wait_ms; /* how long list() may wait for device nodes to appear */
	bool dry;         /* keep() and keep_many() change nothing */
	/*
	 * list() may leave the nodes of volumes that are to be shared open, each for whom it gives
	 * the volume to: only the first one who opens a volume waits until all of it is open, so
	 * for the target that opens it meanwhile it costs next to nothing.
	 */
	bool hold;
	void *priv;
};

/* A property of one dataset as `zfs get` shows it. */
struct sis_prop {
	char *dataset;
	char *name;
	char *value;
	enum sis_source source;
	char *from; /* source INHERITED: from where */
};
typedef SIS_VEC(struct sis_prop) sis_props;

enum sis_dataset_type { SIS_DATASET_FILESYSTEM = 1, SIS_DATASET_VOLUME = 2 };

/* For the front end where the store is its own `zfs` (dir). */
struct sis_dataset {
	char *name;
	enum sis_dataset_type type;
	uint64_t size;         /* volumes: bytes */
	uint64_t used;         /* bytes allocated */
	uint32_t volblocksize;
};
typedef SIS_VEC(struct sis_dataset) sis_datasets;

struct sis_create {
	bool volume, sparse, parents;
	uint64_t size;         /* volumes: bytes */
	uint32_t volblocksize; /* 0 = default */
	const sis_props *props; /* .name and .value, or NULL */
};

/* A property of one volume that is to be written with that of others. */
struct sis_keep {
	const char *name;
	const char *value; /* NULL: it is to have none of its own */
	bool done;
};
typedef SIS_VEC(struct sis_keep) sis_keeps;

struct sis_store {
	const char *name;  /* "dir" */
	const char *title;
	bool own_commands; /* the slots from `create` on exist */

	/* Is there such a store on this machine (zfs: program and module)? */
	bool (*present)(struct sis_sx *sx);

	/* Opens; sx->path is set for stores that take one. */
	int (*open)(struct sis_sx *sx, struct sis_err *err);

	/*
	 * Volumes named in `names` or below them; all when `names` is NULL. Sorted, each once. A
	 * name that does not exist: goes to `missing` when that is not NULL, else -ENOENT. What is
	 * there but cannot be read now is in the list with guid 0, under the name of the volume,
	 * or of the dataset above, of which nothing more is known.
	 */
	int (*list)(struct sis_sx *sx, const sis_strv *names, sis_volumes *ret, sis_strv *missing,
		    struct sis_err *err);

	/*
	 * Sets SIS_PROP_SHARE or SIS_PROP_IDENTITY of the volume; NULL: it has no value of its own
	 * any more. -EROFS on a read-only pool.
	 */
	int (*keep)(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		    struct sis_err *err);

	/*
	 * The same of many volumes, sorted by name, where that takes less time: says of which it is
	 * done. The others are left to keep(), which can say what is wrong. NULL: nothing is gained.
	 */
	void (*keep_many)(struct sis_sx *sx, const char *prop, sis_keeps *l);

	void (*close)(struct sis_sx *sx);

	/* ---- only with own_commands; names are checked, errors read as zfs's do ---- */
	int (*create)(struct sis_sx *sx, const char *name, const struct sis_create *c,
		      struct sis_err *err);
	int (*destroy)(struct sis_sx *sx, const char *name, bool recursive, struct sis_err *err);
	int (*rename)(struct sis_sx *sx, const char *from, const char *to, bool parents,
		      struct sis_err *err);
	int (*set)(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		   struct sis_err *err); /* volsize resizes */
	int (*inherit)(struct sis_sx *sx, const char *name, const char *prop, bool recursive,
		       struct sis_err *err);
	/* Effective value and source; source NONE (value NULL) when unset. */
	int (*get)(struct sis_sx *sx, const char *name, const char *prop, struct sis_prop *ret,
		   struct sis_err *err);
	/* All user properties in force on `name`, sorted by name. */
	int (*get_all)(struct sis_sx *sx, const char *name, sis_props *ret, struct sis_err *err);
	/* Datasets named or (depth > 0) below, `types` = bits of enum sis_dataset_type;
	 * depth -1 = no limit; name NULL = from the top. Sorted. */
	int (*datasets)(struct sis_sx *sx, const char *name, int depth, unsigned types,
			sis_datasets *ret, struct sis_err *err);
};

/* NULL-ended. */
extern const struct sis_store *const sis_stores[];

/* Opens NAME[:PATH]; NULL spec = the first store present. *ret zeroed by the caller. */
int sis_store_open(const char *spec, const char *root, const struct sis_runner *runner,
		   struct sis_sx *ret, struct sis_err *err);
void sis_store_close(struct sis_sx *sx);

void sis_prop_free(struct sis_prop *p);
void sis_props_free(sis_props *l);
void sis_datasets_free(sis_datasets *l);
#define sis_autoprops __attribute__((cleanup(sis_props_free)))
#define sis_autodatasets __attribute__((cleanup(sis_datasets_free)))

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the dir store share: names, the tree of open folders and files, attributes.
 * Nobody else includes this but store.c, for the table.
 */
#ifndef SIS_STORE_DIR_H
#define SIS_STORE_DIR_H

#include <sys/stat.h>

#include "store/store.h"

extern const struct sis_store sis_store_dir;

enum {
	SIS_DIR_MAX_NAME = 255,     /* bytes in a dataset name (ZFS_MAX_DATASET_NAME_LEN - 1) */
	SIS_DIR_MAX_DEPTH = 50,     /* components (zfs_max_dataset_nesting) */
	SIS_DIR_MAX_ENTRIES = 1 << 20,
	SIS_DIR_BLOCK_MIN = 512,
	SIS_DIR_BLOCK_DEFAULT = 16384, /* ZVOL_DEFAULT_BLOCKSIZE of OpenZFS 2.2 and later */
	SIS_DIR_BLOCK_MAX = 16 << 20,
};

/*
 * Files and folders are made under this name plus random digits and then renamed, so that nobody
 * sees half of one. A leading dot keeps them out of every listing.
 */
#define SIS_DIR_TEMP ".shareiscsi-new."

/* Properties of this store's own: never shown, set or inherited. */
#define SIS_DIR_GUID SIS_PROP_SHARE ":guid"
#define SIS_DIR_SPARSE "org.zfsonlinux:sparse"

struct sis_dir_value {
	const char *prop; /* points into the node's attrs */
	char *value;
};

/* A dataset with its descriptor, linked to the folders above it. */
struct sis_dir_node {
	struct sis_dir_node *up; /* NULL: a pool */
	char *name;
	const char *leaf;        /* last component; points into name */
	int fd;                  /* -1: open_errno says why; only with volumes */
	int open_errno;
	bool writable;           /* a volume: fd is open for writing */
	struct stat st;
	bool volume;
	bool made;               /* folder that sis_dir_parent() made */
	uint64_t used;           /* bytes; after a walk with all that is below */
	char *attrs;             /* in a walk: the names of its attributes, each with its NUL */
	size_t attrs_len;
	SIS_VEC(struct sis_dir_value) values; /* a folder in a walk: theirs, as all below ask for them */
};

/* The folder that holds the pools. */
int sis_dir_top(const struct sis_sx *sx);

/*
 * Names (dir_name.c). As ZFS has them (entity_namecheck), but for a component that begins with a
 * dot: editors and file systems put such things everywhere. Messages are without "cannot ...".
 */
bool sis_dir_leaf_valid(const char *leaf);
int sis_dir_name_check(const char *name, struct sis_err *err);
unsigned sis_dir_depth(const char *name); /* components */

/* Sets what zfs says for an errno ("dataset does not exist"); returns -errno_. */
int sis_dir_errno(struct sis_err *err, int errno_);

/*
 * The tree (dir_tree.c). One component at a time and never through a link, so nothing leaves the
 * top folder. -ENOENT also for what is no dataset: links, devices, invalid names.
 */
int sis_dir_child(int top, struct sis_dir_node *up, const char *leaf, struct sis_dir_node **ret);
/* With all its parents; -ENOENT etc. with a message "cannot open 'NAME': ...". */
int sis_dir_open(const struct sis_sx *sx, const char *name, struct sis_dir_node **ret,
		 struct sis_err *err);
/* The same, but a file that cannot be opened is returned with fd -1. */
int sis_dir_open_any(const struct sis_sx *sx, const char *name, struct sis_dir_node **ret,
		     struct sis_err *err);
/* The folder that holds, or will hold, `name`; `make` makes what is missing below the pool. */
int sis_dir_parent(const struct sis_sx *sx, const char *name, bool make,
		   struct sis_dir_node **ret, struct sis_err *err);
/* Removes the empty folders that sis_dir_parent() made. */
void sis_dir_unmake(struct sis_dir_node *n);
/* Frees n and all above it. */
void sis_dir_close_chain(struct sis_dir_node **n);
#define sis_autochain __attribute__((cleanup(sis_dir_close_chain)))

/* What is in a folder, sorted by name, without "." and "..". */
struct sis_dir_entry {
	char *name;
	unsigned char type; /* as readdir() tells it: DT_REG..., or DT_UNKNOWN */
};
typedef SIS_VEC(struct sis_dir_entry) sis_dir_entries;
int sis_dir_entries_read(int fd, sis_dir_entries *ret);
void sis_dir_entries_free(sis_dir_entries *l);
#define sis_autoentries __attribute__((cleanup(sis_dir_entries_free)))

/*
 * Calls visit for everything below n and then for n itself (all pools when n is NULL), children
 * first. Stops at the first error.
 */
typedef int (*sis_dir_visit)(struct sis_dir_node *n, void *ctx, struct sis_err *err);
int sis_dir_walk(const struct sis_sx *sx, struct sis_dir_node *n, sis_dir_visit visit, void *ctx,
		 struct sis_err *err);

/* Attributes (dir_attr.c). Each 0 or -errno; -ENODATA: not set. */
int sis_dir_attr_read(int fd, const char *prop, char **ret);
int sis_dir_attr_write(int fd, const char *prop, const char *value);
int sis_dir_attr_remove(int fd, const char *prop);
/* Of a node; what a walk knows not to be there is not asked for. */
int sis_dir_node_attr(const struct sis_dir_node *n, const char *prop, char **ret);
void sis_dir_node_attrs_know(struct sis_dir_node *n);
void sis_dir_node_attrs_free(struct sis_dir_node *n);
int sis_dir_attr_list(int fd, sis_strv *ret); /* property names, unsorted, as they are */

/* Random, never 0. */
int sis_dir_random(uint64_t *ret, struct sis_err *err);
/* The volume's guid, minted at first use. */
int sis_dir_guid(const struct sis_dir_node *n, uint64_t *ret, struct sis_err *err);

/* Properties (dir_prop.c); messages are without "cannot ...". */
/* Nearest value on the way up; source NONE when there is none. */
int sis_dir_prop_find(const struct sis_dir_node *n, const char *prop, struct sis_prop *ret,
		      struct sis_err *err);
int sis_dir_prop_set(struct sis_dir_node *n, const char *prop, const char *value,
		     struct sis_err *err);
int sis_dir_readonly(const struct sis_dir_node *n, bool *ret, struct sis_err *err);

/* Files of volumes (dir_volume.c); messages as above. */
uint32_t sis_dir_volblocksize(const struct sis_dir_node *n);
bool sis_dir_sparse(const struct sis_dir_node *n);
int sis_dir_check_block(uint64_t size, struct sis_err *err);
int sis_dir_check_size(uint64_t size, uint32_t volblocksize, struct sis_err *err);
/* Reserves the space between the old and the new size. */
int sis_dir_reserve(int fd, uint64_t size, struct sis_err *err);
int sis_dir_set_volsize(struct sis_dir_node *n, const char *value, struct sis_err *err);

/* Slots of the table. */
int sis_dir_set(struct sis_sx *sx, const char *name, const char *prop, const char *value,
		struct sis_err *err);
int sis_dir_inherit(struct sis_sx *sx, const char *name, const char *prop, bool recursive,
		    struct sis_err *err);
int sis_dir_get(struct sis_sx *sx, const char *name, const char *prop, struct sis_prop *ret,
		struct sis_err *err);
int sis_dir_get_all(struct sis_sx *sx, const char *name, sis_props *ret, struct sis_err *err);
int sis_dir_create(struct sis_sx *sx, const char *name, const struct sis_create *c,
		   struct sis_err *err);
int sis_dir_destroy(struct sis_sx *sx, const char *name, bool recursive, struct sis_err *err);
int sis_dir_rename(struct sis_sx *sx, const char *from, const char *to, bool parents,
		   struct sis_err *err);

#endif

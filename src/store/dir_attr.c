/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Properties of one file or folder as extended attributes ("user." + property, see xattr(7)), and
 * the guid among them. Knows nothing of inheritance or of which properties exist.
 */
#include <limits.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/str.h"
#include "store/dir.h"

enum {
	LOCK_MS = 1000, /* it is held for two system calls */
	USUAL = 512,	/* bytes in which most values find room, or all names of a file */
};

#define PREFIX "user."

struct attr_name {
	char s[XATTR_NAME_MAX + 1];
};

static int attr_name(const char *prop, struct attr_name *ret)
{
	const size_t len = strlen(prop);

	if (len > sizeof(ret->s) - sizeof(PREFIX))
		return -ERANGE;
	memcpy(ret->s, PREFIX, sizeof(PREFIX) - 1);
	memcpy(ret->s + sizeof(PREFIX) - 1, prop, len + 1);
	return 0;
}

int sis_dir_attr_read(int fd, const char *prop, char **ret)
{
	char value[XATTR_SIZE_MAX];
	struct attr_name name;
	ssize_t n;

	if (attr_name(prop, &name))
		return -ENODATA;
	/* The kernel takes and clears as much memory as it is told that there is room for. */
	n = fgetxattr(fd, name.s, value, USUAL);
	if (n < 0 && errno == ERANGE)
		n = fgetxattr(fd, name.s, value, sizeof(value));
	if (n < 0)
		return -errno;
	/* A NUL is no part of any text; as '?' it stays visible and is refused where it matters. */
	for (ssize_t i = 0; i < n; i++) {
		if (!value[i])
			value[i] = '?';
	}
	*ret = sis_strndup(value, (size_t)n);
	return 0;
}

/* The name of the property behind p in the list of attributes, or NULL. */
static const char *prop_at(const char *p)
{
	return sis_str_after(p, PREFIX);
}

/* What cannot be read is not remembered: asking for it says why. */
static void values_know(struct sis_dir_node *n)
{
	for (const char *p = n->attrs; p < n->attrs + n->attrs_len; p += strlen(p) + 1) {
		struct sis_dir_value v = { .prop = prop_at(p) };

		if (v.prop && sis_dir_attr_read(n->fd, v.prop, &v.value) == 0)
			sis_vec_push(&n->values, v);
	}
}

void sis_dir_node_attrs_know(struct sis_dir_node *n)
{
	char names[USUAL];
	ssize_t len = n->fd < 0 ? -1 : flistxattr(n->fd, names, sizeof(names));

	if (len < 0)
		return; /* too many, or not to be told: each is asked for */
	n->attrs = sis_calloc(1, (size_t)len + 1);
	memcpy(n->attrs, names, (size_t)len);
	n->attrs_len = (size_t)len;
	if (!n->volume)
		values_know(n);
}

void sis_dir_node_attrs_free(struct sis_dir_node *n)
{
	sis_vec_each(v, &n->values)
		free(v->value);
	sis_vec_free(&n->values);
	free(n->attrs);
}

static bool known_absent(const struct sis_dir_node *n, const char *prop)
{
	const char *end = n->attrs + n->attrs_len;

	for (const char *p = n->attrs; p && p < end; p += strlen(p) + 1) {
		const char *has = prop_at(p);

		if (has && sis_streq(has, prop))
			return false;
	}
	return n->attrs != NULL;
}

int sis_dir_node_attr(const struct sis_dir_node *n, const char *prop, char **ret)
{
	sis_vec_each(v, &n->values)
		if (sis_streq(v->prop, prop)) {
			*ret = sis_strdup(v->value);
			return 0;
		}
	return known_absent(n, prop) ? -ENODATA : sis_dir_attr_read(n->fd, prop, ret);
}

int sis_dir_attr_write(int fd, const char *prop, const char *value)
{
	struct attr_name name;
	int r = attr_name(prop, &name);

	if (r)
		return r;
	return fsetxattr(fd, name.s, value, strlen(value), 0) < 0 ? -errno : 0;
}

int sis_dir_attr_remove(int fd, const char *prop)
{
	struct attr_name name;

	if (attr_name(prop, &name))
		return -ENODATA;
	return fremovexattr(fd, name.s) < 0 ? -errno : 0;
}

int sis_dir_attr_list(int fd, sis_strv *ret)
{
	sis_autofree char *names = sis_calloc(1, XATTR_LIST_MAX + 1);
	ssize_t n = flistxattr(fd, names, XATTR_LIST_MAX);

	if (n < 0)
		return -errno;
	for (const char *p = names; p < names + n; p += strlen(p) + 1) {
		const char *prop = sis_str_after(p, PREFIX);

		if (prop)
			sis_strv_add(ret, prop);
	}
	return 0;
}

int sis_dir_random(uint64_t *ret, struct sis_err *err)
{
	uint64_t v = 0;

	while (!v) {
		if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
			return sis_err_errno(err, errno, "cannot get random numbers");
	}
	*ret = v;
	return 0;
}

/*
 * The guid is stored as GUID:INODE, 16 hexadecimal digits and the inode number in decimal. A file
 * copied with its attributes has another inode than it says, and so gets a guid of its own: two
 * disks with one serial number would be merged by multipath, which destroys both. The price is
 * that a volume restored from a backup is a new disk. Renaming and moving within the file system
 * keep the inode and with it the guid.
 *
 * 1: stored and this file's; 0: none, or another file's; or -errno.
 */
static int guid_read(const struct sis_dir_node *n, uint64_t *ret)
{
	sis_autofree char *text = NULL;
	uint64_t guid, inode;
	char *colon;
	int r = sis_dir_attr_read(n->fd, SIS_DIR_GUID, &text);

	if (r)
		return r == -ENODATA ? 0 : r;
	colon = strchr(text, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	if (sis_parse_hex(text, 16, &guid) || sis_parse_u64(colon + 1, 0, UINT64_MAX, &inode) ||
	    !guid || inode != n->st.st_ino)
		return 0;
	*ret = guid;
	return 1;
}

static int try_lock(void *ctx)
{
	const struct sis_dir_node *n = ctx;

	if (flock(n->fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
}

/* With the lock held: somebody else may have minted while we waited for it. */
static int guid_mint(const struct sis_dir_node *n, uint64_t *ret, struct sis_err *err)
{
	sis_autofree char *text = NULL;
	uint64_t guid;
	int r = guid_read(n, ret);

	if (r)
		return r < 0 ? sis_dir_errno(err, -r) : 0;
	r = sis_dir_random(&guid, err);
	if (r)
		return r;
	text = sis_asprintf("%016llx:%llu", (unsigned long long)guid,
			    (unsigned long long)n->st.st_ino);
	r = sis_dir_attr_write(n->fd, SIS_DIR_GUID, text);
	if (r) {
		sis_dir_errno(err, -r);
		sis_err_wrap(err, "it has no guid of its own yet and none can be stored");
		return r;
	}
	*ret = guid;
	return 0;
}

int sis_dir_guid(const struct sis_dir_node *n, uint64_t *ret, struct sis_err *err)
{
	int r = guid_read(n, ret);

	if (r)
		return r < 0 ? sis_dir_errno(err, -r) : 0;
	r = sis_wait_until(try_lock, (void *)n, LOCK_MS);
	if (r < 0)
		return sis_dir_errno(err, -r);
	if (!r)
		return sis_err_set(err, ETIMEDOUT, "it has no guid of its own yet and another "
				   "program holds a lock on the file");
	r = guid_mint(n, ret, err);
	(void)flock(n->fd, LOCK_UN); /* the lock ends with the descriptor anyway */
	return r;
}

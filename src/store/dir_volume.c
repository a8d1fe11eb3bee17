/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the file of a volume has beside user properties: size, block size, reservation.
 * Sizes are only changed here and where a volume is made.
 */
#include <fcntl.h>
#include <sys/statvfs.h>

#include "base/str.h"
#include "store/dir.h"

int sis_dir_check_block(uint64_t size, struct sis_err *err)
{
	if (size < SIS_DIR_BLOCK_MIN || size > SIS_DIR_BLOCK_MAX || (size & (size - 1)))
		return sis_err_set(err, EINVAL,
				   "'volblocksize' must be power of 2 from 512B to 16M");
	return 0;
}

uint32_t sis_dir_volblocksize(const struct sis_dir_node *n)
{
	sis_autofree char *text = NULL;
	uint64_t v;

	/* Whatever else stands there was not written by this store. */
	if (n->fd < 0 || sis_dir_node_attr(n, "volblocksize", &text) ||
	    sis_parse_u64(text, SIS_DIR_BLOCK_MIN, SIS_DIR_BLOCK_MAX, &v) ||
	    sis_dir_check_block(v, NULL))
		return SIS_DIR_BLOCK_DEFAULT;
	return (uint32_t)v;
}

bool sis_dir_sparse(const struct sis_dir_node *n)
{
	sis_autofree char *text = NULL;

	if (n->fd >= 0 && sis_dir_node_attr(n, SIS_DIR_SPARSE, &text) == 0)
		return sis_streq(text, "on");
	return n->st.st_blocks * 512 < n->st.st_size;
}

int sis_dir_check_size(uint64_t size, uint32_t volblocksize, struct sis_err *err)
{
	if (size % volblocksize) {
		sis_autofree char *text = sis_format_size(volblocksize);

		return sis_err_set(err, EINVAL, "'volsize' must be a multiple of volume block size "
				   "(%s)", text);
	}
	if (!size)
		return sis_err_set(err, EINVAL, "'volsize' cannot be zero");
	return size > INT64_MAX ? sis_dir_errno(err, EFBIG) : 0;
}

/*
 * Asked before, because a file system may hand out all that is left before it finds that this is
 * not enough, and others would run out of space meanwhile.
 */
static bool space_left(int fd, uint64_t size)
{
	struct statvfs fs;
	struct stat st;
	uint64_t has;

	if (fstatvfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return true; /* not known: fallocate tells */
	has = (uint64_t)st.st_blocks * 512;
	return size <= has || (size - has) / fs.f_frsize <= fs.f_bavail;
}

int sis_dir_reserve(int fd, uint64_t size, struct sis_err *err)
{
	int r;

	if (!space_left(fd, size))
		return sis_dir_errno(err, ENOSPC);
	do
		r = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0 ? errno : 0;
	while (r == EINTR);
	if (r == EOPNOTSUPP)
		return sis_err_set(err, r, "the file system cannot reserve space; use a sparse "
				   "volume (-s)");
	return r ? sis_dir_errno(err, r) : 0;
}

int sis_dir_set_volsize(struct sis_dir_node *n, const char *value, struct sis_err *err)
{
	bool readonly = false;
	uint64_t size;
	int r;

	r = sis_parse_size(value, &size);
	if (r)
		return r == -ERANGE ? sis_err_set(err, ERANGE, "numeric value is too large") :
				      sis_err_set(err, EINVAL, "bad numeric value '%s'", value);
	r = sis_dir_check_size(size, sis_dir_volblocksize(n), err);
	if (r)
		return r;
	r = sis_dir_readonly(n, &readonly, err);
	if (r)
		return r;
	if (readonly)
		return sis_err_set(err, EROFS, "dataset is read-only");
	if (size > (uint64_t)n->st.st_size && !sis_dir_sparse(n))
		r = sis_dir_reserve(n->fd, size, err);
	if (r) {
		(void)!ftruncate(n->fd, n->st.st_size); /* gives back what was reserved so far */
		return r;
	}
	/* EINVAL: the descriptor is for reading, the file may not be written. */
	if (ftruncate(n->fd, (off_t)size) < 0)
		return sis_dir_errno(err, errno == EINVAL || errno == EBADF ? EACCES : errno);
	return 0;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The tree behind struct sis_kfs_ops. Knows no target; folders are whatever stands before a slash.
 */
#include "tree.h"

#include "fuzz.h"

enum { MAX_NODES = 512 };

struct node {
	char *path; /* borrowed, as all here */
	char *text;
	bool link;
};

static SIS_VEC(struct node) nodes;

static const struct node *find(const char *path)
{
	sis_vec_each(n, &nodes)
		if (sis_streq(n->path, path))
			return n;
	return NULL;
}

/* What stands behind the path of a folder in that of something below it, or NULL. */
static const char *below(const struct node *n, const char *dir)
{
	const char *rest = sis_str_after(n->path, dir);

	return rest && *rest == '/' && rest[1] && rest[1] != '/' ? rest + 1 : NULL;
}

static bool is_dir(const char *path)
{
	sis_vec_each(n, &nodes)
		if (below(n, path))
			return true;
	return false;
}

static int tree_read(struct sis_kfs *k, const char *path, size_t max, char **ret, size_t *ret_len)
{
	const struct node *n = find(path);

	(void)k;
	if (!n || n->link)
		return is_dir(path) ? -EISDIR : -ENOENT;
	if (strlen(n->text) > max)
		return -EFBIG;
	*ret = sis_strdup(n->text);
	*ret_len = strlen(n->text);
	return 0;
}

static int tree_readlink(struct sis_kfs *k, const char *path, char **ret)
{
	const struct node *n = find(path);

	(void)k;
	if (!n)
		return -ENOENT;
	if (!n->link)
		return -EINVAL;
	*ret = sis_strdup(n->text);
	return 0;
}

static int tree_list(struct sis_kfs *k, const char *path, sis_strv *ret)
{
	sis_autostrv sis_strv all = { 0 };

	(void)k;
	sis_vec_each(n, &nodes) {
		const char *rest = below(n, path);
		sis_autofree char *name = rest ? sis_strndup(rest, strcspn(rest, "/")) : NULL;

		if (name && !sis_streq(name, ".") && !sis_streq(name, ".."))
			sis_strv_add(&all, name);
	}
	sis_vec_sort(&all, sis_strp_cmp);
	sis_vec_each(name, &all)
		if (!ret->n || !sis_streq(ret->v[ret->n - 1], *name))
			sis_strv_add(ret, *name);
	return ret->n ? 0 : -ENOENT;
}

static int tree_stat(struct sis_kfs *k, const char *path, struct stat *ret)
{
	(void)k;
	*ret = (struct stat){ 0 };
	if (is_dir(path))
		ret->st_mode = S_IFDIR | 0755;
	else if (find(path))
		ret->st_mode = S_IFREG | 0644;
	return ret->st_mode ? 0 : -ENOENT;
}

/* NULL operations: reading calls none of them. */
static const struct sis_kfs_ops ops = {
	.read = tree_read,
	.readlink = tree_readlink,
	.list = tree_list,
	.stat = tree_stat,
};

static int no_program(void *ctx, const struct sis_cmd *cmd, struct sis_cmd_result *ret,
		      struct sis_err *err)
{
	(void)ctx;
	(void)ret;
	must(!cmd->changes);
	return sis_err_set(err, ENOENT, "there is no program");
}

static void add_link(char *line)
{
	char *path = sis_str_next(&line, " ");

	if (line && nodes.n < MAX_NODES)
		sis_vec_push(&nodes, ((struct node){ path, line, true }));
}

void tree_make(char *text, const struct sis_backend *be, struct sis_kfs *kfs, struct sis_bx *bx)
{
	static const struct sis_runner runner = { .run = no_program };

	*kfs = (struct sis_kfs){ .root = "", .ops = &ops };
	*bx = (struct sis_bx){ .be = be, .runner = &runner, .kfs = kfs, .root = "", .caps = be->caps };
	while (text && *text) {
		char *next = strchr(text + 1, '\n'), *line;

		/* the text of a file may hold lines that begin with neither */
		while (*text == '@' && next && next[1] != '@' && next[1] != '>' && next[1])
			next = strchr(next + 1, '\n');
		if (next)
			*next++ = '\0';
		if (*text == '>') {
			add_link(text + 1);
		} else if (*text == '@' && nodes.n < MAX_NODES) {
			line = text + 1;
			text = sis_str_next(&line, "\n");
			sis_vec_push(&nodes, ((struct node){ text, line ? line : text + strlen(text), false }));
		}
		text = next;
	}
}

void tree_free(void)
{
	sis_vec_free(&nodes);
}

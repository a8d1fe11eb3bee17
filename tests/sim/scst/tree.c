// SPDX-License-Identifier: MPL-2.0
/*
 * Nodes of the tree: directories, attributes and links, as sysfs has them. Only structure:
 * what an attribute says or does is its owner's business.
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

struct node *tree_root;

static struct node *node_new(struct node *parent, const char *name, enum node_kind kind)
{
	static ino_t last_ino;
	struct node *node = xcalloc(sizeof(*node));

	node->kind = kind;
	node->name = xstrdup(name);
	for (char *p = node->name; *p; p++)
		if (*p == '/')
			*p = '!'; /* B2: as sysfs does with '/' in a target's name */
	node->ino = ++last_ino;
	node->parent = parent;
	TAILQ_INIT(&node->children);
	if (parent)
		TAILQ_INSERT_TAIL(&parent->children, node, entry);
	return node;
}

struct node *node_dir(struct node *parent, const char *name)
{
	return node_new(parent, name, NODE_DIR);
}

struct node *node_attr_named(struct node *parent, const char *name, const struct attr *attr,
			     void *obj)
{
	struct node *node = node_new(parent, name, NODE_ATTR);

	node->attr = attr;
	node->obj = obj;
	return node;
}

struct node *node_attr(struct node *parent, const struct attr *attr, void *obj)
{
	return node_attr_named(parent, attr->name, attr, obj);
}

struct node *node_link(struct node *parent, const char *name, const struct node *target)
{
	struct node *node = node_new(parent, name, NODE_LINK);

	node->target = target;
	return node;
}

void node_del(struct node *node)
{
	struct node *child;

	if (!node)
		return;
	while ((child = TAILQ_FIRST(&node->children)))
		node_del(child);
	if (node->parent)
		TAILQ_REMOVE(&node->parent->children, node, entry);
	free(node->name);
	free(node);
}

static struct node *child_n(const struct node *dir, const char *name, size_t len)
{
	struct node *child;

	TAILQ_FOREACH(child, &dir->children, entry) {
		if (strncmp(child->name, name, len) == 0 && child->name[len] == '\0')
			return child;
	}
	return NULL;
}

struct node *node_child(const struct node *dir, const char *name)
{
	return child_n(dir, name, strlen(name));
}

struct node *node_lookup(const char *path)
{
	struct node *node = tree_root;

	while (node) {
		size_t len;

		path += strspn(path, "/");
		if (!*path)
			break;
		len = strcspn(path, "/");
		node = child_n(node, path, len);
		path += len;
	}
	return node;
}

static unsigned depth(const struct node *node)
{
	unsigned n = 0;

	while ((node = node->parent))
		n++;
	return n;
}

/* "a/b/c" from below ancestor down to node. */
static void print_down(FILE *out, const struct node *ancestor, const struct node *node)
{
	if (node->parent != ancestor) {
		print_down(out, ancestor, node->parent);
		fputc('/', out);
	}
	fputs(node->name, out);
}

char *node_link_text(const struct node *link)
{
	const struct node *from = link->parent, *to = link->target;
	unsigned from_depth = depth(from), to_depth = depth(to), up = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	/* Meet at the lowest directory that holds both, as sysfs builds its links. */
	for (; from_depth > to_depth; from_depth--, up++)
		from = from->parent;
	for (; to_depth > from_depth; to_depth--)
		to = to->parent;
	for (; from != to; from = from->parent, to = to->parent)
		up++;
	while (up--)
		fputs("../", out);
	print_down(out, to, link->target);
	fclose(out);
	return text;
}

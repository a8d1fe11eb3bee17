/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The built-in zfs: its command line, and the verbs that change something. Each speaks and exits
 * as zfs does; what is done is the store's.
 */
#include "cli/dirzfs.h"

#include <getopt.h>

#include "base/str.h"
#include "cli/dirzfs_int.h"

struct verb {
	const char *name, *usage;
	int (*run)(struct sis_dirzfs *z);
};

static const struct verb *all_verbs(void);

static void print_usage(const struct sis_dirzfs *z)
{
	fputs("usage:\n", z->errout);
	if (z->usage) {
		fprintf(z->errout, "\t%s\n", z->usage);
		return;
	}
	for (const struct verb *v = all_verbs(); v->name; v++)
		fprintf(z->errout, "\t%s\n", v->usage);
}

/* One line, whatever came in from the command line. */
__attribute__((format(printf, 2, 0))) static void say(struct sis_dirzfs *z, const char *fmt,
						      va_list ap)
{
	sis_autofree char *text = sis_vasprintf(fmt, ap);

	sis_str_sanitize(text);
	fprintf(z->errout, "%s\n", text);
}

int sis_dirzfs_usage(struct sis_dirzfs *z, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(z, fmt, ap);
	va_end(ap);
	print_usage(z);
	return SIS_DIRZFS_USAGE;
}

int sis_dirzfs_fail(struct sis_dirzfs *z, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(z, fmt, ap);
	va_end(ap);
	return SIS_DIRZFS_FAILED;
}

int sis_dirzfs_error(struct sis_dirzfs *z, const struct sis_err *err)
{
	if (err->code == SIS_ERR_USAGE)
		return sis_dirzfs_usage(z, "%s", sis_err_msg(err));
	return sis_dirzfs_fail(z, "%s", sis_err_msg(err));
}

int sis_dirzfs_getopt(struct sis_dirzfs *z, const char *letters, sis_dirzfs_options *ret,
		      void (*each)(void *ctx, int letter, const char *arg), void *ctx)
{
	sis_autofree char *quiet = sis_asprintf(":%s", letters);
	int letter;

	opterr = 0;
	optind = 0; /* from the start */
	while ((letter = getopt(z->argc, z->argv, quiet)) != -1) {
		if (letter == ':')
			return sis_dirzfs_usage(z, "missing argument for '%c' option", optopt);
		if (letter == '?')
			return sis_dirzfs_usage(z, "invalid option '%c'", optopt);
		(*ret)[letter] = optarg ? optarg : "";
		if (each && optarg)
			each(ctx, letter, optarg);
	}
	z->argc -= optind;
	z->argv += optind;
	return 0;
}

/* ---- create ---- */

/* Adds P=V; false when it is no such thing or there twice. */
static bool add_pair(struct sis_dirzfs *z, sis_props *l, const char *pair)
{
	const char *equals = strchr(pair, '=');
	sis_autofree char *name = NULL;

	if (!equals) {
		sis_dirzfs_fail(z, "missing '=' for property=value argument");
		return false;
	}
	name = sis_strndup(pair, (size_t)(equals - pair));
	sis_vec_each(p, l) {
		if (!sis_streq(p->name, name))
			continue;
		sis_dirzfs_fail(z, "property '%s' specified multiple times", name);
		return false;
	}
	sis_vec_push(l, ((struct sis_prop){ .name = sis_steal(&name),
					    .value = sis_strdup(equals + 1) }));
	return true;
}

struct pairs {
	struct sis_dirzfs *z;
	sis_props list;
	bool bad;
};

static void take_pair(void *ctx, int letter, const char *arg)
{
	struct pairs *p = ctx;

	if (letter == 'o' && !p->bad)
		p->bad = !add_pair(p->z, &p->list, arg);
}

static void pairs_free(struct pairs *p)
{
	sis_props_free(&p->list);
}

static int parse_create(struct sis_dirzfs *z, const sis_dirzfs_options o, struct sis_create *c)
{
	uint64_t block = 0;

	c->volume = o['V'];
	c->sparse = o['s'];
	c->parents = o['p'];
	if (!c->volume && (o['s'] || o['b']))
		return sis_dirzfs_usage(z, "'-s' and '-b' can only be used when creating a volume");
	if (o['V'] && sis_parse_size(o['V'], &c->size) < 0)
		return sis_dirzfs_fail(z, "bad volume size '%s': bad numeric value '%s'", o['V'],
				       o['V']);
	if (o['b'] && (sis_parse_size(o['b'], &block) < 0 || block > UINT32_MAX))
		return sis_dirzfs_fail(z, "bad volume block size '%s': bad numeric value '%s'",
				       o['b'], o['b']);
	c->volblocksize = (uint32_t)block;
	return 0;
}

static int zfs_create(struct sis_dirzfs *z)
{
	sis_cleanup(pairs_free) struct pairs pairs = { .z = z };
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_dirzfs_options o = { 0 };
	struct sis_create c = { .props = &pairs.list };
	int status = sis_dirzfs_getopt(z, "PV:b:nso:puv", &o, take_pair, &pairs);

	if (status == 0)
		status = pairs.bad ? SIS_DIRZFS_FAILED : parse_create(z, o, &c);
	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing %s argument",
					c.volume ? "volume" : "filesystem");
	if (z->argc > 1)
		return sis_dirzfs_usage(z, "too many arguments");
	if (o['P'] || o['v'])
		fprintf(z->out, o['P'] ? "create\t%s\n" : "%s %s\n",
			o['P'] ? z->argv[0] :
			o['n'] ? "would create" :
				 "create",
			z->argv[0]);
	if (!o['n'] && z->sx->store->create(z->sx, z->argv[0], &c, &err) < 0)
		return sis_dirzfs_error(z, &err);
	return 0;
}

/* ---- set, inherit ---- */

static int set_one(struct sis_dirzfs *z, const char *name, const sis_props *props)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;

	sis_vec_each(p, props)
		if (z->sx->store->set(z->sx, name, p->name, p->value, &err) < 0)
			return sis_dirzfs_error(z, &err);
	return 0;
}

static int zfs_set(struct sis_dirzfs *z)
{
	sis_autoprops sis_props props = { 0 };
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, "u", &o, NULL, NULL), i = 0;

	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing arguments");
	for (; i < z->argc && strchr(z->argv[i], '='); i++)
		if (!add_pair(z, &props, z->argv[i]))
			return SIS_DIRZFS_FAILED;
	if (i == 0)
		return sis_dirzfs_usage(z, "missing property=value argument(s)");
	if (i == z->argc)
		return sis_dirzfs_usage(z, "missing dataset name(s)");
	for (int d = i; d < z->argc; d++)
		if (strchr(z->argv[d], '='))
			return sis_dirzfs_usage(z, "invalid argument order");
	for (; i < z->argc; i++)
		status |= set_one(z, z->argv[i], &props);
	return status;
}

static int zfs_inherit(struct sis_dirzfs *z)
{
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, "rS", &o, NULL, NULL);

	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing property argument");
	if (z->argc < 2)
		return sis_dirzfs_usage(z, "missing dataset argument");
	for (int i = 1; i < z->argc && status != SIS_DIRZFS_USAGE; i++) {
		sis_autoerr struct sis_err err = SIS_ERR_INIT;

		if (z->sx->store->inherit(z->sx, z->argv[i], z->argv[0], o['r'], &err) < 0)
			status |= sis_dirzfs_error(z, &err);
	}
	return status;
}

/* ---- rename, destroy ---- */

static int zfs_rename(struct sis_dirzfs *z)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, "puf", &o, NULL, NULL);

	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing source dataset argument");
	if (z->argc < 2)
		return sis_dirzfs_usage(z, "missing target dataset argument");
	if (z->argc > 2)
		return sis_dirzfs_usage(z, "too many arguments");
	if (z->sx->store->rename(z->sx, z->argv[0], z->argv[1], o['p'], &err) < 0)
		return sis_dirzfs_error(z, &err);
	return 0;
}

static int refuse_children(struct sis_dirzfs *z, const sis_datasets *l)
{
	sis_dirzfs_fail(z, "cannot destroy '%s': filesystem has children", l->v[0].name);
	fputs("use '-r' to destroy the following datasets:\n", z->errout);
	for (size_t i = 1; i < l->n; i++)
		fprintf(z->errout, "%s\n", l->v[i].name);
	return SIS_DIRZFS_FAILED;
}

/* Children before their parents, as they go. */
static void print_doomed(struct sis_dirzfs *z, const sis_datasets *l, const sis_dirzfs_options o)
{
	for (size_t i = l->n; o['v'] && i-- > 0;) {
		if (o['p'])
			fprintf(z->out, "destroy\t%s\n", l->v[i].name);
		else
			fprintf(z->out, "%s destroy %s\n", o['n'] ? "would" : "will", l->v[i].name);
	}
}

static int zfs_destroy(struct sis_dirzfs *z)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autodatasets sis_datasets l = { 0 };
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, "vpndfrR", &o, NULL, NULL);
	bool recursive = o['r'] || o['R'];

	if (status)
		return status;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing dataset argument");
	if (z->argc > 1)
		return sis_dirzfs_usage(z, "too many arguments");
	if (z->sx->store->datasets(z->sx, z->argv[0], -1,
				   SIS_DATASET_FILESYSTEM | SIS_DATASET_VOLUME, &l, &err) < 0)
		return sis_dirzfs_error(z, &err);
	if (l.n > 1 && !recursive)
		return refuse_children(z, &l);
	print_doomed(z, &l, o);
	if (!o['n'] && z->sx->store->destroy(z->sx, z->argv[0], recursive, &err) < 0)
		return sis_dirzfs_error(z, &err);
	return 0;
}

/* ---- share, unshare: of file systems; volumes are the front end's ---- */

static int share(struct sis_dirzfs *z, const char *verb, const char *letters)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	sis_autodatasets sis_datasets l = { 0 };
	sis_dirzfs_options o = { 0 };
	int status = sis_dirzfs_getopt(z, letters, &o, NULL, NULL);

	if (status)
		return status;
	if (o['a'] && z->argc > 0)
		return sis_dirzfs_usage(z, "share type must be 'iscsi'");
	if (o['a'])
		return 0;
	if (z->argc < 1)
		return sis_dirzfs_usage(z, "missing filesystem argument (specify -a for all)");
	if (z->argc > 1)
		return sis_dirzfs_usage(z, "too many arguments");
	if (z->sx->store->datasets(z->sx, z->argv[0], 0, SIS_DATASET_FILESYSTEM, &l, &err) < 0)
		return sis_dirzfs_error(z, &err);
	return sis_dirzfs_fail(z,
			       "cannot %s '%s': a folder is not shared; name a volume, or use "
			       "-a",
			       verb, z->argv[0]);
}

static int zfs_share(struct sis_dirzfs *z)
{
	return share(z, "share", "al");
}

static int zfs_unshare(struct sis_dirzfs *z)
{
	return share(z, "unshare", "a");
}

static const struct verb verbs[] = {
	{ "create", "create [-Pnpsuv] [-b blocksize] [-o property=value] ... [-V <size>] <name>",
	  zfs_create },
	{ "destroy", "destroy [-fnpRrv] <filesystem|volume>", zfs_destroy },
	{ "rename", "rename [-fpu] <filesystem|volume> <filesystem|volume>", zfs_rename },
	{ "list",
	  "list [-Hp] [-r|-d max] [-o property[,...]] [-s property]...\n"
	  "\t    [-S property]... [-t type[,...]] [filesystem|volume] ...",
	  sis_dirzfs_list },
	{ "set", "set <property=value> ... <filesystem|volume> ...", zfs_set },
	{ "get",
	  "get [-rHp] [-d max] [-o \"all\" | field[,...]]\n"
	  "\t    [-t type[,...]] [-s source[,...]]\n"
	  "\t    <\"all\" | property[,...]> [filesystem|volume] ...",
	  sis_dirzfs_get },
	{ "inherit", "inherit [-rS] <property> <filesystem|volume> ...", zfs_inherit },
	{ "share", "share [-l] <-a [iscsi] | volume>", zfs_share },
	{ "unshare", "unshare <-a [iscsi] | volume>", zfs_unshare },
	{ .name = NULL },
};

static const struct verb *all_verbs(void)
{
	return verbs;
}

static const struct verb *find_verb(const char *name)
{
	/* `zfs P=V DATASET` is `zfs set` */
	const char *wanted = strchr(name, '=') ? "set" : name;

	for (const struct verb *v = verbs; v->name; v++)
		if (sis_streq(v->name, wanted))
			return v;
	return NULL;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return sis_streq(word, a) || sis_streq(word, b) || sis_streq(word, c);
}

int sis_dirzfs(struct sis_sx *sx, int argc, char **argv, FILE *out, FILE *errout)
{
	sis_autofree char **order = sis_calloc((size_t)argc + 1, sizeof(*order));
	struct sis_dirzfs z = { .sx = sx, .out = out, .errout = errout };
	const struct verb *v;
	int first;

	if (argc < 2)
		return sis_dirzfs_usage(&z, "missing command");
	if (is_one_of(argv[1], "-h", "-?", "--help")) {
		z.errout = out;
		print_usage(&z);
		return 0;
	}
	if (is_one_of(argv[1], "-V", "--version", "version")) {
		fprintf(out, "shareiscsi %s, for folders\n", SIS_VERSION);
		return 0;
	}
	v = find_verb(argv[1]);
	if (!v)
		return sis_dirzfs_usage(&z, "unrecognized command '%s'", argv[1]);
	first = strchr(argv[1], '=') ? 0 : 1;
	/* getopt reorders, so it gets a list of its own */
	memcpy(order, argv + first, (size_t)(argc - first) * sizeof(*order));
	z.argc = argc - first;
	z.argv = order;
	z.usage = v->usage;
	return v->run(&z);
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The status in the text format of Prometheus, for the textfile collector of node_exporter. Only
 * another look at the rows of the status: reads nothing itself.
 */
#include "cli/metrics.h"

#include <inttypes.h>

#include "base/str.h"

static const char *cell(const struct sis_table *t, size_t row, const char *key)
{
	for (size_t c = 0; c < t->n; c++)
		if (sis_streq(t->cols[c].key, key))
			return t->cells.v[row + c];
	return NULL;
}

static uint64_t number(const struct sis_table *t, size_t row, const char *key)
{
	const char *text = cell(t, row, key);
	uint64_t n = 0;

	if (text)
		(void)sis_parse_u64(text, 0, UINT64_MAX, &n);
	return n;
}

/* A label's value; the format is UTF-8 with three escapes. */
static void print_label(const char *name, const char *value, char before)
{
	sis_autofree char *printable =
		value && !sis_str_clean(value) ? sis_str_printable(value) : NULL;

	printf("%c%s=\"", before, name);
	for (const char *c = printable ? printable : value ? value : ""; *c; c++) {
		if (*c == '\\' || *c == '"')
			putchar('\\');
		putchar(*c);
	}
	putchar('"');
}

static bool is(const struct sis_table *t, size_t row, const char *key, const char *value)
{
	const char *text = cell(t, row, key);

	return text && sis_streq(text, value);
}

/*
 * A series must be there only once: a volume that was destroyed while it was shared may have a
 * successor of the same name, which then speaks for both; so does one that cannot be read.
 */
static bool is_double(const struct sis_table *t, size_t row)
{
	if (!is(t, row, "state", "leftover") && !is(t, row, "state", "kept"))
		return false;
	for (size_t other = 0; other < row; other += t->n)
		if (is(t, other, "volume", cell(t, row, "volume")))
			return true;
	return false;
}

static uint64_t is_shared(const struct sis_table *t, size_t row)
{
	return cell(t, row, "sessions") != NULL; /* only what is live has them */
}

static uint64_t is_state(const struct sis_table *t, size_t row)
{
	(void)t;
	(void)row;
	return 1;
}

static uint64_t differs(const struct sis_table *t, size_t row)
{
	return is(t, row, "differs", "yes");
}

static uint64_t sessions(const struct sis_table *t, size_t row)
{
	return number(t, row, "sessions");
}

static uint64_t bytes(const struct sis_table *t, size_t row)
{
	return number(t, row, "bytes");
}

static const struct metric {
	const char *name, *help;
	uint64_t (*value)(const struct sis_table *t, size_t row);
	bool with_state;
} metrics[] = {
	{ "volume_shared", "1 if the volume is a LUN of the running target.", is_shared, false },
	{ "volume_differs", "1 if live state and property shareiscsi differ.", differs, false },
	{ "volume_sessions", "Sessions logged in to the volume's target.", sessions, false },
	{ "volume_size_bytes", "Size of the volume, 0 if it is not known.", bytes, false },
	{ "volume_info", "State, target name and LUN of the volume.", is_state, true },
};

static void print_metric(const struct metric *m, const struct sis_table *t)
{
	printf("# HELP shareiscsi_%s %s\n# TYPE shareiscsi_%s gauge\n", m->name, m->help, m->name);
	for (size_t row = 0; row < t->cells.n; row += t->n) {
		if (!cell(t, row, "volume") || is_double(t, row))
			continue;
		printf("shareiscsi_%s", m->name);
		print_label("volume", cell(t, row, "volume"), '{');
		if (m->with_state) {
			print_label("state", cell(t, row, "state"), ',');
			print_label("iqn", cell(t, row, "iqn"), ',');
			print_label("lun", cell(t, row, "lun"), ',');
			print_label("serial", cell(t, row, "serial"), ',');
			print_label("backend", cell(t, row, "target"), ',');
		}
		printf("} %" PRIu64 "\n", m->value(t, row));
	}
}

static void print_one(const char *name, const char *help, uint64_t value)
{
	printf("# HELP shareiscsi_%s %s\n# TYPE shareiscsi_%s gauge\nshareiscsi_%s %" PRIu64 "\n",
	       name, help, name, name, value);
}

void sis_metrics_print(const struct sis_table *t, bool up)
{
	uint64_t foreign = 0;

	for (size_t row = 0; row < t->cells.n; row += t->n)
		foreign += is(t, row, "state", "foreign");
	print_one("up", "1 if the running target and the volumes could be read.", up);
	print_one("foreign_luns", "LUNs and empty targets that something else made.", foreign);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		print_metric(&metrics[i], t);
}

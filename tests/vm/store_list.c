/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Shows what a store hands over, for cases: a line a volume, fields separated by " | ", bytes that
 * are not printable as \xNN.
 * usage: store-list WAIT_MS [NAME...]      store-list set NAME VALUE (sets the identity)
 */
#include <inttypes.h>

#include "base/str.h"
#include "store/store.h"

static void print_text(const char *label, const char *text)
{
	printf(" | %s=", label);
	for (; text && *text; text++) {
		if (*text >= ' ' && *text <= '~' && *text != '\\')
			putchar(*text);
		else
			printf("\\x%02x", (unsigned char)*text);
	}
	if (!text)
		printf("(none)");
}

static void print_volume(const struct sis_volume *v)
{
	static const char *const sources[] = { "-", "local", "inherited", "received" };

	printf("%s | %s | guid=%ju | size=%ju | block=%u%s%s%s", v->name,
	       v->ready		  ? "ready" :
	       v->not_ready_final ? "never" :
				    "pending",
	       (uintmax_t)v->guid, (uintmax_t)v->size, v->volblocksize,
	       v->sparse ? " | sparse" : "", v->readonly ? " | readonly" : "",
	       v->pool_readonly ? " | pool-readonly" : "");
	print_text("device", v->device);
	print_text("share", v->share);
	printf(" | source=%s", sources[v->share_source]);
	print_text("from", v->share_from);
	print_text("identity", v->identity);
	print_text("why", v->not_ready);
	putchar('\n');
}

static int fail(const struct sis_err *err)
{
	fprintf(stderr, "%d: %s\n", err->code, sis_err_msg(err));
	return EXIT_FAILURE;
}

static int show(struct sis_sx *sx, char **names, struct sis_err *err)
{
	sis_autovolumes sis_volumes l = { 0 };
	sis_autostrv sis_strv asked = { 0 }, missing = { 0 };

	for (; *names; names++)
		sis_strv_add(&asked, *names);
	if (sx->store->list(sx, asked.n ? &asked : NULL, &l, &missing, err))
		return fail(err);
	sis_vec_each(v, &l)
		print_volume(v);
	sis_vec_each(name, &missing)
		printf("%s | missing\n", *name);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_sx sx = { 0 };
	bool set = argc == 4 && sis_streq(argv[1], "set");
	uint64_t wait_ms = 0;
	int status;

	if (argc < 2 || (!set && sis_parse_u64(argv[1], 0, 600000, &wait_ms)))
		return 2;
	if (sis_store_open(NULL, NULL, &sis_runner_real, &sx, &err))
		return fail(&err);
	sx.wait_ms = (unsigned)wait_ms;
	if (!set)
		status = show(&sx, argv + 2, &err);
	else if (sx.store->keep(&sx, argv[2], SIS_PROP_IDENTITY, argv[3], &err))
		status = fail(&err);
	else
		status = EXIT_SUCCESS;
	sis_store_close(&sx);
	return status;
}

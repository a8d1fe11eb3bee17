/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files of the administrator: /etc/shareiscsi.conf ('c' and the file), and where a host's names
 * come from: /etc/iscsi_target_id ('i') and the domain name of the kernel ('d').
 */
#include "fuzz.h"

#include "core/ctx.h"
#include "model/iqn.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const dirs[] = { "etc", "proc", "proc/sys", "proc/sys/kernel", NULL };

	(void)argc;
	(void)argv;
	fuzz_dir_make(dirs);
	return 0;
}

static bool seconds(unsigned ms)
{
	return ms >= 1000 && ms <= 3600000 && ms % 1000 == 0;
}

static void configuration(void)
{
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_conf c = { .control_port = 4711 };
	const struct sis_options none = { .on = true }, all = { .set = SIS_BIT(SIS_OPT_N) - 1 };
	int r = sis_conf_read(fuzz_dir, &c, &err);

	if (r < 0) {
		must_refuse(r, &err);
		must(c.control_port == 4711 && !c.backend && !c.allow.v && !c.options);
		return;
	}
	must(seconds(c.timeout_ms) && seconds(c.lock_ms) && seconds(c.wait_ms));
	must(c.options < SIS_BIT(SIS_OPT_N) && c.control_port <= UINT16_MAX);
	must(c.options == all.set || sis_conf_allows(&c, "tank/v", &all, NULL) < 0);
	sis_vec_each(name, &c.deny)
		must(sis_conf_allows(&c, *name, &none, NULL) < 0);
	sis_conf_free(&c);
}

static void prefix(void)
{
	struct sis_ctx ctx = { .root = fuzz_dir, .lock_fd = -1 };
	const char *text;

	ctx.kfs = (struct sis_kfs){ .root = fuzz_dir, .ops = &sis_kfs_real_ops };
	text = sis_ctx_prefix(&ctx);
	if (!text)
		must_refuse(-ctx.prefix_err.code, &ctx.prefix_err);
	else
		must(sis_str_starts(text, "iqn.") && sis_str_clean(text) && !strpbrk(text, " /,;="));
	free(ctx.prefix);
	sis_err_clear(&ctx.prefix_err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char id[] = "etc/iscsi_target_id";
	char which = fuzz_select(&data, &size);

	switch (which) {
	case 'c':
		fuzz_file("etc/shareiscsi.conf", data, size);
		configuration();
		break;
	case 'i':
	case 'd':
		fuzz_file(which == 'i' ? id : "proc/sys/kernel/domainname", data, size);
		prefix();
		if (which == 'i') {
			sis_autofree char *path = sis_asprintf("%s/%s", fuzz_dir, id);

			must(unlink(path) == 0);
		}
		break;
	default: return -1; /* not worth keeping */
	}
	return 0;
}

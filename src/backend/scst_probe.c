/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Does SCST run, which version is it and what can it do; and the folders it needs before its first
 * device. Looks at what is there, never at the version. Must not start or load anything.
 */
#include "backend/scst_int.h"

#include <string.h>

#include "backend/scst_mgmt.h"
#include "base/str.h"

static int stopped(struct sis_probe *p, const char *hint)
{
	p->state = SIS_PROBE_STOPPED;
	p->hint = sis_strdup(hint);
	return 0;
}

static bool reads(struct sis_bx *bx, const char *path, const char *value)
{
	sis_autofree char *line = NULL;

	return sis_scst_read_line(bx, &line, NULL, "%s", path) == 0 && sis_streq(line, value);
}

/* `cat mgmt` lists what this version can do. Also true when the list cannot be read. */
static bool offers(struct sis_bx *bx, const char *mgmt, const char *word)
{
	sis_autofree char *help = NULL;

	return sis_kfs_read(bx->kfs, &help, NULL, NULL, "%s", mgmt) < 0 || strstr(help, word);
}

static void withdraw_type(struct sis_caps *c, enum sis_type type)
{
	for (int i = 0; i < SIS_TYPE_N; i++) {
		if (c->block_type[i] == type)
			c->block_type[i] = SIS_TYPE_NONE;
		if (c->file_type[i] == type)
			c->file_type[i] = SIS_TYPE_NONE;
	}
}

static void narrow(struct sis_bx *bx)
{
	struct sis_caps *c = &bx->caps;

	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_fileio"))
		withdraw_type(c, SIS_TYPE_FILEIO);
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_nullio"))
		withdraw_type(c, SIS_TYPE_NULLIO);
	if (!offers(bx, SIS_SCST "/handlers/vdisk_blockio/mgmt", "write_through"))
		c->iomode[SIS_IOMODE_WT] = SIS_IOMODE_NONE;
	if (!offers(bx, SIS_SCST "/handlers/vdisk_fileio/mgmt", "thin_provisioned"))
		c->caps &= ~(unsigned)SIS_CAP_UNMAP;
	if (!offers(bx, SIS_SCST_ISCSI_MGMT, "allowed_portal"))
		c->caps &= ~(unsigned)SIS_CAP_PORTAL;
}

/* First line "SCST version: 3.11.0-pre"; old ones have the number alone. */
static char *version(struct sis_bx *bx)
{
	sis_autofree char *line = NULL;
	const char *number;

	if (sis_scst_read_line(bx, &line, NULL, SIS_SCST "/version") < 0)
		return NULL;
	number = sis_str_after(line, "SCST version: ");
	return sis_strdup(number ? number : line);
}

static bool installed(struct sis_bx *bx)
{
	sis_autofree char *daemon = NULL;

	return sis_backend_program(bx->root, "iscsi-scstd", &daemon, NULL) == 0;
}

int sis_scst_probe(struct sis_bx *bx, struct sis_probe *ret, struct sis_err *err)
{
	(void)err;
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers")) {
		if (installed(bx))
			return stopped(ret, "start it with `systemctl start scst`");
		ret->state = SIS_PROBE_ABSENT;
		ret->hint = sis_strdup("install SCST (modules scst, scst_vdisk and iscsi_scst, and "
				       "iscsi-scstd)");
		return 0;
	}
	ret->version = version(bx);
	if (!sis_kfs_exists(bx->kfs, SIS_SCST "/handlers/vdisk_blockio"))
		return stopped(ret, "load its disk handlers with `modprobe scst_vdisk`");
	if (!sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI))
		return stopped(ret, "load its iSCSI driver with `modprobe iscsi_scst`, then "
				    "`systemctl start scst`");
	/* `enabled` is only there while the daemon is connected */
	if (!reads(bx, SIS_SCST_ISCSI "/open_state", "open") ||
	    !sis_kfs_exists(bx->kfs, SIS_SCST_ISCSI "/enabled"))
		return stopped(ret, "its daemon iscsi-scstd does not run: `systemctl start scst`");
	ret->state = SIS_PROBE_RUNNING;
	narrow(bx);
	return 0;
}

/* Without its directory of reservations SCST answers every add_device with ENOENT. */
int sis_scst_prepare(struct sis_bx *bx, struct sis_err *err)
{
	static const char *const dirs[] = { "/var", "/var/lib", "/var/lib/scst", SIS_SCST_PR };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int r = 0;

		if (!sis_kfs_exists(bx->kfs, "%s", dirs[i]))
			r = sis_kfs_mkdir(bx->kfs, err, "%s", dirs[i]);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

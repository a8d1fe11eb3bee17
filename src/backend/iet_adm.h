/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Running ietadm. Every function here builds one whole command line: ietadm reads an empty or
 * missing number as 0, and "delete" without a TID as "delete everything".
 */
#ifndef SIS_BACKEND_IET_ADM_H
#define SIS_BACKEND_IET_ADM_H

#include "backend/backend.h"

/*
 * Each returns 0 or -errno of ietd's answer. Before 1.4.20, ietd says the same for whatever went
 * wrong in the kernel: -EPERM; what it was stands in the kernel log only. -SIS_ERR_NOTARGET when
 * ietd does not run. The message names the command line and the words of ietadm.
 */
struct sis_iet_adm {
	char *program; /* owned */
};

/* -ENOENT when there is no ietadm. */
int sis_iet_adm_init(struct sis_iet_adm *a, const struct sis_bx *bx, struct sis_err *err);
void sis_iet_adm_free(struct sis_iet_adm *a);

/* "1.4.19"; caller frees. -EPROTO when it cannot be told. */
int sis_iet_adm_version(const struct sis_iet_adm *a, const struct sis_bx *bx, char **ret,
			struct sis_err *err);

/* Does ietd answer? Asks for nothing. */
int sis_iet_adm_ping(const struct sis_iet_adm *a, const struct sis_bx *bx, struct sis_err *err);

/* No tid may be 0: -EINVAL. `params` is what stands behind --params. */
int sis_iet_target_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		       const char *iqn, struct sis_err *err);
int sis_iet_target_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			  struct sis_err *err);
int sis_iet_lun_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		    uint32_t lun, const char *params, struct sis_err *err);
int sis_iet_lun_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		       uint32_t lun, struct sis_err *err);
int sis_iet_conn_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			uint64_t sid, uint32_t cid, struct sis_err *err);

enum sis_iet_show { SIS_IET_SHOW_TARGET, SIS_IET_SHOW_SESSION, SIS_IET_SHOW_USERS };

/*
 * Parameters of a target, or those that its sessions are offered, as lines "Key=value"; or its CHAP
 * users. Caller frees.
 */
int sis_iet_show(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		 enum sis_iet_show what, char **ret, struct sis_err *err);

/*
 * CHAP users. ietadm takes a secret only as an argument: others on this host can read it there as
 * long as it runs. It is in no message. One that is deleted and not there: success.
 */
int sis_iet_user_new(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
		     bool outgoing, const char *user, const char *secret, struct sis_err *err);
int sis_iet_user_delete(const struct sis_iet_adm *a, const struct sis_bx *bx, uint32_t tid,
			bool outgoing, const char *user, struct sis_err *err);

#endif

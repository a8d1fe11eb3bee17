/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tgtd's management socket: one request, one answer, one connection each. Knows the protocol and
 * nothing of what a request is for; starts no program.
 */
#ifndef SIS_BACKEND_STGT_IPC_H
#define SIS_BACKEND_STGT_IPC_H

#include "backend/stgt_adm.h"

/* tgtd's answers are 0 (done) to this one, with the same meaning since 1.0.40. */
enum { SIS_STGT_IPC_LAST_ANSWER = 24 };

/* What goes over a socket is of this layout since that version. */
#define SIS_STGT_IPC_VERSION SIS_STGT_VERSION(1, 0, 40)

/*
 * Asks the daemon behind the first of these sockets that one listens on. It must run as root or as
 * this user. *ret_answer is what it said; *ret_text is a listing, "" if there is none, caller
 * frees. -SIS_ERR_NOTARGET nobody listens; -EACCES not for us, or not to be trusted; -ETIMEDOUT;
 * -EPROTO no answer as tgtd gives them, and it may have done what was asked; -EINVAL no such
 * request can be sent, and tgtd saw nothing of it.
 */
int sis_stgt_ipc_call(const sis_strv *sockets, const struct sis_stgt_req *q, unsigned timeout_ms,
		      uint32_t *ret_answer, char **ret_text, struct sis_err *err);

#endif

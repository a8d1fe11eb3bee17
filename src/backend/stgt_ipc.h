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

/* Makes a socket for one request, not connected: tgtd sees nothing of it. The caller closes it. */
int sis_stgt_ipc_socket(unsigned timeout_ms, int *ret_fd, struct sis_err *err);

/*
 * Sends a request to the daemon behind the first of these paths that one listens on. It must run
 * as root or as this user, and has that pid (0: it is out of sight). `fd` is the socket for it, on
 * which the answer will come.
 * -SIS_ERR_NOTARGET nobody listens; -EACCES not for us, or not to be trusted; -ETIMEDOUT; -EPROTO it
 * hung up, and may have done what was asked; -EINVAL no such request can be sent, and tgtd saw
 * nothing of it.
 */
int sis_stgt_ipc_send(int fd, const sis_strv *paths, const struct sis_stgt_req *q,
		      unsigned timeout_ms, pid_t *ret_pid, struct sis_err *err);

/*
 * Waits for the answer: *ret_answer is what tgtd said, and `to` (NULL allowed) takes the listing, if
 * there is one. -ETIMEDOUT; -EPROTO no answer as tgtd gives them, though some of it may have been
 * taken.
 */
int sis_stgt_ipc_answer(int fd, unsigned timeout_ms, const struct sis_stgt_taker *to,
			uint32_t *ret_answer, struct sis_err *err);

#endif

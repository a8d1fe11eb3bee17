/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading what `tgtadm --op show` prints. Pure: text in, structs out; the text is hostile, for
 * initiators choose names that stand in it.
 */
#ifndef SIS_BACKEND_STGT_SHOW_H
#define SIS_BACKEND_STGT_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "model/share.h"

/* What only STGT has of a target, beside the model's. */
struct sis_stgt_tid {
	uint32_t tid;
	bool reachable; /* it has rules, or sessions */
	bool offline; /* set offline by somebody: refuses logins whatever its rules say */
	/*
	 * It stands behind a session: an initiator can have put it into the listing, with line breaks
	 * in its own name, and taken what follows from the target before. Not if tgtd knows the TID.
	 */
	bool unproven;
	/*
	 * What stands of its sessions is not just what tgtd prints: it cuts the lines of one at 1,023
	 * bytes, and an initiator may have put others among them.
	 */
	bool doubtful;
};
typedef SIS_VEC(struct sis_stgt_tid) sis_stgt_tids;
int sis_stgt_tid_cmp(const void *a, const void *b); /* for sis_vec_sort and sis_vec_find */

/*
 * `--mode target`: all targets, sorted by IQN, and their TIDs, ascending. A LUN's size is what
 * tgtd shows, in whole megabytes. The controller (LUN 0) is left out. A rule list that is only
 * "ALL" is empty; "ALL" beside others stays in it, as an address. Of CHAP there are users and no
 * secrets; several for logging in stand in chap.user with commas between them.
 *
 * Of thousands of targets the text is megabytes, so it is read as it comes: begin, any number of
 * pieces cut anywhere, end. Of the text no more is kept than the target that has not ended yet.
 */
struct sis_stgt_show;
struct sis_stgt_show *sis_stgt_show_new(void); /* for sis_stgt_show_free() */
void sis_stgt_show_free(struct sis_stgt_show *s);
void sis_stgt_show_begin(struct sis_stgt_show *s); /* anew, whatever was taken before */
void sis_stgt_show_take(struct sis_stgt_show *s, const char *text, size_t len);
/*
 * -EPROTO when the text is cut short or not as tgtd prints it; *ret and *ret_tids, the caller's to
 * free, are untouched then.
 */
int sis_stgt_show_end(struct sis_stgt_show *s, struct sis_state *ret, sis_stgt_tids *ret_tids,
		      struct sis_err *err);

/*
 * `--mode system`: the backing stores, each as "NAME" or "NAME (bsoflags FLAG:FLAG)". Empty for a
 * tgtd that does not tell.
 */
void sis_stgt_parse_stores(const char *text, sis_strv *ret);

/*
 * `--mode conn` of one target: its sessions, one for each connection. Whoever is among them can put
 * more into the text with line breaks in its name, but take none out. False when something stands
 * there that tgtd does not print; a forged session that looks just like one is not found out.
 */
bool sis_stgt_parse_conns(const char *text, sis_sessions *ret);

/*
 * The address in the line that tgtd has for it ("IP Address: 10.0.0.1"), without the interface of a
 * link-local one; NULL when there is none. Caller frees.
 */
char *sis_stgt_address(const char *line);

/* `--mode account`: the names of all accounts. */
void sis_stgt_parse_accounts(const char *text, sis_strv *ret);

/* Is that store in the list, and does it take that flag (NULL: none)? */
bool sis_stgt_has_store(const sis_strv *stores, const char *name, const char *flag);

/* "1.0.85" as 0x010055, so that versions compare as numbers; 0 when it is no version. */
uint32_t sis_stgt_version(const char *text);
#define SIS_STGT_VERSION(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/*
 * The NAA designator tgtd makes of a SCSI id: its last 32 characters as hexadecimal digits, what
 * is none counting as 0, and 6 as the first (tgt: usr/spc.c). Caller frees.
 */
char *sis_stgt_naa(const char *scsi_id);

#endif

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * /etc/shareiscsi.conf: defaults of the command line, and the administrator's policy on what a
 * property may do. Reads and checks; applies nothing.
 */
#ifndef SIS_CORE_CONF_H
#define SIS_CORE_CONF_H

#include <stdbool.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/vec.h"
#include "model/option.h"
#include "model/volume.h"

struct sis_conf {
	char *backend;		      /* [general] backend = NAME, or NULL: the first that runs */
	char *store;		      /* [general] store = NAME[:PATH], or NULL */
	bool share_received;	      /* [policy] share-received = yes|no (no) */
	sis_strv allow;		      /* [policy] allow = DATASET...: empty = all */
	sis_strv deny;		      /* [policy] deny = DATASET...: wins over allow */
	unsigned options;	      /* [policy] options = KEY...: bits of enum sis_opt (all) */
	unsigned timeout_ms;	      /* [general] timeout = SECONDS for one outside call (30) */
	unsigned lock_ms;	      /* [general] lock-timeout = SECONDS (60) */
	unsigned wait_ms;	      /* [general] device-wait = SECONDS for a volume's node (10) */
	unsigned control_port;	      /* [stgt] control-port = N (0) */
	enum sis_transport transport; /* [stgt] transport = auto|socket|tgtadm (auto) */
};

/*
 * A file of the administrator's that need not be there: 1 with its text, 0 if there is none. A link
 * to nothing is an error: a file that is meant to be there must not be passed over in silence.
 */
int sis_conf_file(const char *path, size_t max, char **ret, struct sis_err *err);

/* Reads ROOT/etc/shareiscsi.conf; a missing file gives the defaults. Errors name the line. */
int sis_conf_read(const char *root, struct sis_conf *ret, struct sis_err *err);
void sis_conf_free(struct sis_conf *c);

/* Does the property count on this dataset? Says which line forbids it. */
int sis_conf_allows(const struct sis_conf *c, const char *dataset, const struct sis_options *o,
		    struct sis_err *err);

/*
 * May the volume have the name and the LUN of its stored identity? That is a property as well, which
 * anybody with `userprop` can write by hand: what this tool would not have made for this volume needs
 * what name= and lun= need, and kept serial numbers and ids what name= needs. *ret_alone: nor may it
 * join the target of another volume.
 */
int sis_conf_allows_identity(const struct sis_conf *c, const struct sis_volume *v,
			     const struct sis_options *o, bool *ret_alone, struct sis_err *err);

#endif

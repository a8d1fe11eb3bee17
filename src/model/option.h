/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The value of property shareiscsi: one table of options that parses, prints, documents and
 * completes. What a target can do of it is desire.h's business.
 */
#ifndef SIS_MODEL_OPTION_H
#define SIS_MODEL_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "model/share.h"

enum sis_opt {
	SIS_OPT_NAME,
	SIS_OPT_LUN,
	SIS_OPT_TYPE,
	SIS_OPT_IOMODE,
	SIS_OPT_BLOCKSIZE,
	SIS_OPT_INITIATOR,
	SIS_OPT_AUTH,
	SIS_OPT_AUTHNAME,
	SIS_OPT_AUTHPASS,
	SIS_OPT_PORTAL,
	SIS_OPT_N
};

#define SIS_BIT(i) (1U << (i))

enum { SIS_LUN_MAX = 16383, SIS_VALUE_MAX = 8191, SIS_RULES_MAX = 256, SIS_PORTALS_MAX = 64 };

/* A parsed value. Members of options whose bit is not in `set` are zero. */
struct sis_options {
	bool on;
	unsigned set; /* SIS_BIT(enum sis_opt) */
	char *name;
	uint32_t lun;
	enum sis_type type;
	enum sis_iomode iomode; /* _NONE with `readonly` for iomode=ro */
	bool readonly;
	uint32_t blocksize;
	sis_rules rules;
	char *auth, *authname, *authpass;
	sis_portals portals;
};

struct sis_opt_row {
	const char *key;
	const char *aliases[2]; /* NULL where there are fewer */
	const char *values;	/* for people: what may stand behind '=' */
	const char *words;	/* for completion: the fixed words, blank-separated, or "" */
	const char *by_default; /* for people */
	const char *help;
	int (*parse)(struct sis_options *o, const char *value, struct sis_err *err);
	void (*print)(const struct sis_options *o, struct sis_str *out); /* the value alone */
};

/* Indexed by enum sis_opt, SIS_OPT_N rows. */
extern const struct sis_opt_row sis_opt_rows[];

/*
 * Parses `value`: on, off, type=disk, or [on,]key=value[,key=value...]. NULL is "off".
 * -SIS_ERR_USAGE with one line that names the offending word for anything else, among it an
 * unknown key, a key twice, an empty value, control bytes, more than SIS_VALUE_MAX bytes.
 */
int sis_options_parse(const char *value, struct sis_options *ret, struct sis_err *err);

/* The canonical text: "off", "on", or keys in table order. Parses back to the same. Caller frees.
 */
char *sis_options_print(const struct sis_options *o);

/* A value, good or bad, as it may be told: one with a secret in it is not repeated. Borrowed. */
const char *sis_options_shown(const char *value);

/* The row of a key or alias, or -1. */
int sis_opt_find(const char *key);

/* May an entry of the secrets file have this name: letters, digits, '-', '.', '_', at most 64? */
bool sis_auth_name_ok(const char *name);

void sis_options_free(struct sis_options *o);
#define sis_autooptions __attribute__((cleanup(sis_options_free)))

#endif

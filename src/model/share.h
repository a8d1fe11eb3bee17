/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Targets, LUNs, access rules and sessions: the same structs say what should be (desired) and
 * what is (live). Data only; comparing is field.h's, deciding is plan.h's.
 */
#ifndef SIS_MODEL_SHARE_H
#define SIS_MODEL_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

/* Option `type`. The order is that of the names in share.c. */
enum sis_type {
	SIS_TYPE_NONE,
	SIS_TYPE_DISK, /* "the default kind", as Solaris called it; stgt: its disk */
	SIS_TYPE_BLOCKIO,
	SIS_TYPE_FILEIO,
	SIS_TYPE_NULLIO,
	SIS_TYPE_TAPE,
	SIS_TYPE_SSC,
	SIS_TYPE_PT,
	SIS_TYPE_N
};

/* Option `iomode`, without `ro`, which is a flag of its own (struct sis_lun.readonly). */
enum sis_iomode {
	SIS_IOMODE_NONE,
	SIS_IOMODE_WT,
	SIS_IOMODE_WB,
	SIS_IOMODE_RDWR,
	SIS_IOMODE_AIO,
	SIS_IOMODE_MMAP,
	SIS_IOMODE_SG,
	SIS_IOMODE_SSC,
	SIS_IOMODE_N
};

extern const char *const sis_type_names[SIS_TYPE_N];	 /* [NONE] is NULL */
extern const char *const sis_iomode_names[SIS_IOMODE_N]; /* [NONE] is NULL */

/* One entry of option `initiator`. */
struct sis_rule {
	enum { SIS_RULE_NAME, SIS_RULE_ADDRESS } kind;
	char *text;    /* lower-case name, maybe with * and ?; or ADDRESS[/BITS], host bits zero */
	bool wildcard; /* a name with * or ? */
	bool prefix;   /* an address with fewer bits than its family has */
	bool ro;       /* this initiator must not write */
};

/* One entry of option `portal`. */
struct sis_portal {
	char *address; /* canonical text, IPv6 without brackets */
	bool v6;
	uint16_t port;
};

/*
 * CHAP credentials (RFC 7143 section 12.1). All NULL: no authentication. Live ones have users and no
 * secrets where the target does not tell them; several for logging in stand in `user`, with commas
 * between them.
 */
struct sis_chap {
	char *name; /* entry of the secrets file, or NULL; names and users may be shown */
	char *user, *pass;
	char *mutual_user, *mutual_pass; /* the target proves itself with these, or both NULL */
};

typedef SIS_VEC(struct sis_rule) sis_rules;
typedef SIS_VEC(struct sis_portal) sis_portals;

struct sis_lun {
	uint32_t number;
	char *path;    /* backing device or file, as the target was told */
	char *handle;  /* live: the target's own name for the backing object, or NULL */
	uint64_t guid; /* desired: the volume's; live: set by the core for LUNs that are ours */
	char *volume;  /* the volume's name, as guid */
	uint64_t size; /* bytes; live 0 = not known */
	uint32_t size_slack; /* live: the target rounds, it is so much smaller or larger at most */
	uint32_t volblocksize;
	enum sis_type type;
	enum sis_iomode iomode;
	uint32_t blocksize;
	bool readonly;
	bool thin; /* UNMAP is offered */
	bool is_file;
	bool keep;	/* live: its volume has a problem or is not looked at: stays as it is */
	char *serial;	/* unit serial number, VPD page 0x80 */
	char *t10_id;	/* T10 vendor designation, VPD page 0x83 */
	char *naa;	/* NAA designator, hexadecimal; NULL where the target makes its own */
	char *product;	/* INQUIRY product id; NULL: the target's, or this tool's, own */
	unsigned known; /* live: bits of enum sis_field the target could tell */
};

struct sis_session {
	char *initiator;
	char *address; /* without port; NULL when the target does not tell */
	char *id;      /* the target's own handle of the session, for closing it, or NULL */
};

typedef SIS_VEC(struct sis_lun) sis_luns;
typedef SIS_VEC(struct sis_session) sis_sessions;

enum sis_owner {
	SIS_OWNER_FOREIGN, /* not made by this tool: shown, never touched */
	SIS_OWNER_OURS,	   /* may be changed and removed */
};

struct sis_target {
	char *iqn;
	uint32_t tid;	 /* target id (IET, STGT, SCST) or portal group tag (LIO); 0 = none yet */
	bool shown;	 /* initiators may log in (by rules) */
	bool half;	 /* live: pieces of the target are missing: target_add is to make them */
	sis_luns luns;	 /* sorted by number */
	sis_rules rules; /* empty = everyone */
	sis_portals portals; /* empty = all addresses */
	struct sis_chap chap;
	sis_sessions sessions; /* live only */
	enum sis_owner owner;  /* live only */
	unsigned known;	       /* live: bits of enum sis_field the target could tell */
};

typedef SIS_VEC(struct sis_target) sis_targets;

/* Desired or live: all targets, sorted by IQN. */
struct sis_state {
	sis_targets targets;
	size_t near; /* of sis_state_find() alone */
};

void sis_rule_free(struct sis_rule *r);
void sis_rules_free(sis_rules *l);
void sis_portals_free(sis_portals *l);
void sis_chap_free(struct sis_chap *c); /* wipes the secrets */
void sis_lun_free(struct sis_lun *l);
void sis_luns_free(sis_luns *l);
void sis_session_free(struct sis_session *s);
void sis_sessions_free(sis_sessions *l);
void sis_target_free(struct sis_target *t);
void sis_state_free(struct sis_state *s);
#define sis_autoluns __attribute__((cleanup(sis_luns_free)))
#define sis_autosessions __attribute__((cleanup(sis_sessions_free)))
#define sis_autostate __attribute__((cleanup(sis_state_free)))
#define sis_autotarget __attribute__((cleanup(sis_target_free)))

/* Deep copies into *ret, which is overwritten. */
void sis_lun_copy(struct sis_lun *ret, const struct sis_lun *l);
void sis_target_copy(struct sis_target *ret, const struct sis_target *t);
void sis_chap_copy(struct sis_chap *ret, const struct sis_chap *c);

/* Same users and secrets, whatever entry they come from? */
bool sis_chap_equal(const struct sis_chap *a, const struct sis_chap *b);

/* Adds the users by which one may log in, each by itself, in their order. */
void sis_chap_users(const struct sis_chap *c, sis_strv *ret);

/* Can this live LUN have so many bytes, by what its target tells? */
bool sis_lun_has_size(const struct sis_lun *live, uint64_t bytes);

/* Sorts targets by IQN and the LUNs of each by number. */
void sis_state_sort(struct sis_state *s);

/* In a sorted state; NULL when absent. Borrowed. */
struct sis_target *sis_state_find(const struct sis_state *s, const char *iqn);
struct sis_lun *sis_target_lun(const struct sis_target *t, uint32_t number);
/* Has it a LUN that is not read-only? */
bool sis_target_writable(const struct sis_target *t);

/*
 * NAME-or-IP[/bits][=ro|rw], see shareiscsi-options(7): names are folded to lower case, addresses
 * brought into canonical form with the host bits cleared. -SIS_ERR_USAGE for what is neither.
 */
int sis_rule_parse(const char *text, struct sis_rule *ret, struct sis_err *err);
/* ADDRESS[:PORT], IPv6 in brackets; port 3260 when left out (RFC 7143 section 4.2.7.1). */
int sis_portal_parse(const char *text, struct sis_portal *ret, struct sis_err *err);
/* The inverse of both; caller frees. The port is always written. */
char *sis_rule_print(const struct sis_rule *r);
char *sis_portal_print(const struct sis_portal *p);

/* Same set, whatever the order? */
bool sis_rules_equal(const sis_rules *a, const sis_rules *b);
/* The same initiators, whether read-only or not? */
bool sis_rules_name_same(const sis_rules *a, const sis_rules *b);
bool sis_portals_equal(const sis_portals *a, const sis_portals *b);

/*
 * May this initiator be logged in under these rules? A session whose address is not known is let in by
 * no address.
 */
bool sis_rules_admit(const sis_rules *rules, const struct sis_session *s);

#endif

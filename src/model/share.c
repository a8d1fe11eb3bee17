/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Owning, copying, ordering and looking up of targets and what belongs to them. No decisions.
 */
#include "model/share.h"

#include "base/str.h"

const char *const sis_type_names[SIS_TYPE_N] = {
	[SIS_TYPE_DISK] = "disk",     [SIS_TYPE_BLOCKIO] = "blockio", [SIS_TYPE_FILEIO] = "fileio",
	[SIS_TYPE_NULLIO] = "nullio", [SIS_TYPE_TAPE] = "tape",	      [SIS_TYPE_SSC] = "ssc",
	[SIS_TYPE_PT] = "pt",
};

const char *const sis_iomode_names[SIS_IOMODE_N] = {
	[SIS_IOMODE_WT] = "wt",	  [SIS_IOMODE_WB] = "wb",     [SIS_IOMODE_RDWR] = "rdwr",
	[SIS_IOMODE_AIO] = "aio", [SIS_IOMODE_MMAP] = "mmap", [SIS_IOMODE_SG] = "sg",
	[SIS_IOMODE_SSC] = "ssc",
};

void sis_rule_free(struct sis_rule *r)
{
	free(r->text);
	*r = (struct sis_rule){ 0 };
}

void sis_rules_free(sis_rules *l)
{
	sis_vec_each(r, l)
		sis_rule_free(r);
	sis_vec_free(l);
}

void sis_portals_free(sis_portals *l)
{
	sis_vec_each(p, l)
		free(p->address);
	sis_vec_free(l);
}

void sis_chap_free(struct sis_chap *c)
{
	free(c->name);
	free(c->user);
	free(c->mutual_user);
	sis_wipe_free(c->pass);
	sis_wipe_free(c->mutual_pass);
	*c = (struct sis_chap){ 0 };
}

void sis_lun_free(struct sis_lun *l)
{
	free(l->path);
	free(l->handle);
	free(l->volume);
	free(l->serial);
	free(l->t10_id);
	free(l->naa);
	free(l->product);
	*l = (struct sis_lun){ 0 };
}

void sis_luns_free(sis_luns *l)
{
	sis_vec_each(lun, l)
		sis_lun_free(lun);
	sis_vec_free(l);
}

void sis_session_free(struct sis_session *s)
{
	free(s->initiator);
	free(s->address);
	free(s->id);
	*s = (struct sis_session){ 0 };
}

void sis_sessions_free(sis_sessions *l)
{
	sis_vec_each(s, l)
		sis_session_free(s);
	sis_vec_free(l);
}

void sis_target_free(struct sis_target *t)
{
	free(t->iqn);
	sis_luns_free(&t->luns);
	sis_rules_free(&t->rules);
	sis_portals_free(&t->portals);
	sis_chap_free(&t->chap);
	sis_sessions_free(&t->sessions);
	*t = (struct sis_target){ 0 };
}

void sis_state_free(struct sis_state *s)
{
	sis_vec_each(t, &s->targets)
		sis_target_free(t);
	sis_vec_free(&s->targets);
}

void sis_lun_copy(struct sis_lun *ret, const struct sis_lun *l)
{
	*ret = *l;
	ret->path = sis_strdup_null(l->path);
	ret->handle = sis_strdup_null(l->handle);
	ret->volume = sis_strdup_null(l->volume);
	ret->serial = sis_strdup_null(l->serial);
	ret->t10_id = sis_strdup_null(l->t10_id);
	ret->naa = sis_strdup_null(l->naa);
	ret->product = sis_strdup_null(l->product);
}

static void rules_copy(sis_rules *ret, const sis_rules *l)
{
	*ret = (sis_rules){ 0 };
	sis_vec_each(r, l) {
		struct sis_rule *n = sis_vec_add(ret);

		*n = *r;
		n->text = sis_strdup(r->text);
	}
}

static void portals_copy(sis_portals *ret, const sis_portals *l)
{
	*ret = (sis_portals){ 0 };
	sis_vec_each(p, l) {
		struct sis_portal *n = sis_vec_add(ret);

		*n = *p;
		n->address = sis_strdup(p->address);
	}
}

void sis_chap_copy(struct sis_chap *ret, const struct sis_chap *c)
{
	*ret = (struct sis_chap){
		.name = sis_strdup_null(c->name),
		.user = sis_strdup_null(c->user),
		.pass = sis_strdup_null(c->pass),
		.mutual_user = sis_strdup_null(c->mutual_user),
		.mutual_pass = sis_strdup_null(c->mutual_pass),
	};
}

bool sis_chap_equal(const struct sis_chap *a, const struct sis_chap *b)
{
	return sis_streq_null(a->user, b->user) && sis_streq_null(a->pass, b->pass) &&
	       sis_streq_null(a->mutual_user, b->mutual_user) &&
	       sis_streq_null(a->mutual_pass, b->mutual_pass);
}

void sis_chap_users(const struct sis_chap *c, sis_strv *ret)
{
	sis_autofree char *copy = sis_strdup_null(c->user);
	char *cursor = copy, *user;

	while ((user = sis_str_next(&cursor, ",")))
		sis_strv_add(ret, user);
}

static void sessions_copy(sis_sessions *ret, const sis_sessions *l)
{
	*ret = (sis_sessions){ 0 };
	sis_vec_each(s, l)
		sis_vec_push(ret, ((struct sis_session){
					  .initiator = sis_strdup_null(s->initiator),
					  .address = sis_strdup_null(s->address),
					  .id = sis_strdup_null(s->id),
				  }));
}

void sis_target_copy(struct sis_target *ret, const struct sis_target *t)
{
	*ret = *t;
	ret->iqn = sis_strdup(t->iqn);
	ret->luns = (sis_luns){ 0 };
	sis_vec_each(l, &t->luns)
		sis_lun_copy(sis_vec_add(&ret->luns), l);
	rules_copy(&ret->rules, &t->rules);
	portals_copy(&ret->portals, &t->portals);
	sis_chap_copy(&ret->chap, &t->chap);
	sessions_copy(&ret->sessions, &t->sessions);
}

bool sis_lun_has_size(const struct sis_lun *live, uint64_t bytes)
{
	uint64_t off = bytes > live->size ? bytes - live->size : live->size - bytes;

	return off <= live->size_slack;
}

static int target_cmp(const void *a, const void *b)
{
	return strcmp(((const struct sis_target *)a)->iqn, ((const struct sis_target *)b)->iqn);
}

static int lun_cmp(const void *a, const void *b)
{
	const struct sis_lun *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

void sis_state_sort(struct sis_state *s)
{
	sis_vec_sort(&s->targets, target_cmp);
	sis_vec_each(t, &s->targets)
		sis_vec_sort(&t->luns, lun_cmp);
}

struct sis_target *sis_state_find(const struct sis_state *s, const char *iqn)
{
	struct sis_target key = { .iqn = (char *)iqn };

	/* Where it was found is no part of the state. */
	return sis_vec_find_near(&s->targets, &key, target_cmp, (size_t *)&s->near);
}

struct sis_lun *sis_target_lun(const struct sis_target *t, uint32_t number)
{
	struct sis_lun key = { .number = number };

	return sis_vec_find(&t->luns, &key, lun_cmp);
}

bool sis_target_writable(const struct sis_target *t)
{
	sis_vec_each(l, &t->luns)
		if (!l->readonly)
			return true;
	return false;
}

/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The secrets file. An error never repeats a value, what is accepted can be told to a target, and
 * written again it reads the same.
 */
#include "fuzz.h"

#include "core/secret.h"

static bool plain(const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return *s && strlen(s) <= 255;
}

static void add(struct sis_str *out, const char *key, const char *value)
{
	if (!value)
		return;
	must(plain(value));
	sis_str_addf(out, "%s = %s\n", key, value);
}

/* A line that begins with a comment sign is none, also when it is meant as a key. */
static void check(const struct sis_secrets *s)
{
	struct sis_secrets again = { 0 };
	sis_autostr struct sis_str out = { 0 };

	for (size_t i = 0; i < s->entries.n; i++) {
		const struct sis_chap *c = &s->entries.v[i].chap;

		must(c->user && c->pass && !c->mutual_user == !c->mutual_pass);
		must(!c->mutual_pass || !sis_streq(c->pass, c->mutual_pass));
		must(i == 0 || strcmp(s->entries.v[i - 1].chap.name, c->name) < 0);
		sis_str_addf(&out, "[%s]\n", c->name);
		add(&out, "user", c->user);
		add(&out, "password", c->pass);
		add(&out, "mutual-user", c->mutual_user);
		add(&out, "mutual-password", c->mutual_pass);
	}
	sis_str_add(&out, "");
	must(sis_secrets_parse(out.s, &again, NULL) == 0 && again.entries.n == s->entries.n);
	for (size_t i = 0; i < s->entries.n; i++)
		must(sis_streq(again.entries.v[i].chap.pass, s->entries.v[i].chap.pass));
	sis_secrets_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sis_autofree char *text = fuzz_text(data, size);
	sis_autoerr struct sis_err err = SIS_ERR_INIT;
	struct sis_secrets s = { 0 };
	int r = sis_secrets_parse(text, &s, &err);

	if (r < 0) {
		must_refuse(r, &err);
		must(r == -EINVAL && !s.entries.n && strlen(err.msg) < 200);
		return 0;
	}
	check(&s);
	sis_secrets_free(&s);
	return 0;
}

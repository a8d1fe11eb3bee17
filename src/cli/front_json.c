/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The JSON of `zfs get -j` and `zfs list -j` (OpenZFS 2.3 and later) with the property under the
 * name its user knows.
 */
#include <json-c/json.h>

#include "base/str.h"
#include "cli/front_int.h"

/* Is the member there, and this text? */
static bool member_is(struct json_object *o, const char *name, const char *text)
{
	struct json_object *member = NULL;

	return json_object_object_get_ex(o, name, &member) &&
	       json_object_is_type(member, json_type_string) &&
	       sis_streq(json_object_get_string(member), text);
}

static bool is_snapshot(struct json_object *dataset)
{
	return member_is(dataset, "type", "SNAPSHOT") || member_is(dataset, "type", "BOOKMARK");
}

/* The member if it is an object. */
static bool get_object(struct json_object *o, const char *name, struct json_object **ret)
{
	return json_object_object_get_ex(o, name, ret) &&
	       json_object_is_type(*ret, json_type_object);
}

/* What is not set reads as a property of zfs's own does. */
static struct json_object *unset_value(void)
{
	struct json_object *prop = json_object_new_object(), *source = json_object_new_object();

	json_object_object_add(prop, "value", json_object_new_string("off"));
	json_object_object_add(source, "type", json_object_new_string("DEFAULT"));
	json_object_object_add(source, "data", json_object_new_string("-"));
	json_object_object_add(prop, "source", source);
	return prop;
}

/* Members cannot be renamed in place: a new object keeps their order. */
static void rename_property(struct json_object *dataset, bool add)
{
	struct json_object *old = NULL, *new;
	bool snapshot = is_snapshot(dataset), put = false;

	if (!get_object(dataset, "properties", &old))
		return;
	new = json_object_new_object();
	json_object_object_foreach(old, key, value)
	{
		bool ours = sis_streq(key, SIS_PROP_SHARE);

		put |= ours;
		json_object_object_add(new, ours ? SIS_FRONT_PROP : key,
				       ours && !snapshot && member_is(value, "value", "-") ?
					       unset_value() :
					       json_object_get(value));
	}
	if (add && !put && !snapshot)
		json_object_object_add(new, SIS_FRONT_PROP, unset_value());
	json_object_object_add(dataset, "properties", new);
}

int sis_front_json(struct sis_front *f, const struct sis_front_args *a, bool add)
{
	sis_autostr struct sis_str out = { 0 };
	int status = sis_front_run(f, &a->words, &out, NULL);
	struct json_object *all = json_tokener_parse(sis_str_get(&out)), *datasets = NULL;

	/* zfs cuts the document off at a byte that is no UTF-8: then as it came */
	if (!get_object(all, "datasets", &datasets)) {
		fputs(sis_str_get(&out), stdout);
		json_object_put(all);
		return status;
	}
	json_object_object_foreach(datasets, key, dataset)
	{
		(void)key;
		rename_property(dataset, add);
	}
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
	return status;
}

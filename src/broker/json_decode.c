#include "broker/json_decode.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

#define PLACE_MAX 96

/* "place.name", or the name alone at the top. */
static void join(char *out, const char *place, const char *name)
{
	snprintf(out, PLACE_MAX, "%.60s%s%.32s", place, place[0] ? "." : "",
		 name);
}

bool json_is_name(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return len >= 1 && len <= 64 && s[len] == '\0';
}

static const char *type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "an array";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "an integer";
	case JSON_REAL: return "a fraction";
	case JSON_NULL: return "null";
	default: return "a boolean";
	}
}

static int wrong_type(const json_t *v, const char *place, const char *want,
		      struct berth_error *err)
{
	return error_set(err, BERTH_EINPUT, "%s: %s is wanted, this is %s",
			 place, want, type_name(v));
}

static int unknown_member(const char *key, const char *place,
			  const struct json_field *fields, size_t n,
			  struct berth_error *err)
{
	struct nearest near = {.wanted = key};
	const char *colon = place[0] != '\0' ? ": " : "";
	char shown[65];

	for (size_t i = 0; i < n; i++)
		nearest_offer(&near, fields[i].name);
	snprintf(shown, sizeof(shown), "%s", key);
	if (near.best != NULL)
		return error_set(err, BERTH_EINPUT,
				 "%s%sunknown member \"%s\" (\"%s\" is known)",
				 place, colon, shown, near.best);
	return error_set(err, BERTH_EINPUT, "%s%sunknown member \"%s\"", place,
			 colon, shown);
}

static int decode_string(json_t *v, const char *place,
			 const struct json_field *f, const char **out,
			 struct berth_error *err)
{
	const char *s = json_string_value(v);
	int64_t max = f->max != 0 ? f->max : 4096;
	bool name = f->type != JSON_T_STRING;

	if (s == NULL)
		return wrong_type(v, place, "a string", err);
	if (name && !(f->type == JSON_T_NAME0 && s[0] == '\0') &&
	    !json_is_name(s))
		return error_set(err, BERTH_EINPUT,
				 "%s: a name is 1 to 64 characters of letters, "
				 "digits, '.', '_' and '-'", place);
	if (!name && (int64_t)json_string_length(v) < f->min)
		return error_set(err, BERTH_EINPUT, "%s: must not be empty",
				 place);
	if (!name && (int64_t)json_string_length(v) > max)
		return error_set(err, BERTH_EINPUT,
				 "%s: longer than %lld characters", place,
				 (long long)max);
	*out = s;
	return 0;
}

static int decode_integer(json_t *v, const char *place,
			  const struct json_field *f, void *out,
			  struct berth_error *err)
{
	int64_t max = f->max, x;

	if (max == 0)
		max = f->type == JSON_T_INT   ? INT32_MAX
		      : f->type == JSON_T_U32 ? UINT32_MAX
					      : INT64_MAX;
	if (!json_is_integer(v))
		return wrong_type(v, place, "an integer", err);
	x = json_integer_value(v);
	if (x < f->min || x > max)
		return error_set(err, BERTH_EINPUT,
				 "%s: %lld is not between %lld and %lld", place,
				 (long long)x, (long long)f->min,
				 (long long)max);
	switch (f->type) {
	case JSON_T_INT: *(int *)out = (int)x; break;
	case JSON_T_U32: *(uint32_t *)out = (uint32_t)x; break;
	case JSON_T_I64: *(int64_t *)out = x; break;
	default: *(uint64_t *)out = (uint64_t)x; break;
	}
	return 0;
}

static int check_element(json_t *e, const char *place, enum json_type type,
			 struct berth_error *err)
{
	if (type == JSON_T_INTS) {
		if (!json_is_integer(e))
			return wrong_type(e, place, "an integer", err);
		if (json_integer_value(e) < 0 ||
		    json_integer_value(e) > UINT32_MAX)
			return error_set(err, BERTH_EINPUT,
					 "%s: out of range", place);
		return 0;
	}
	if (!json_is_string(e))
		return wrong_type(e, place, "a string", err);
	if (type == JSON_T_NAMES && !json_is_name(json_string_value(e)))
		return error_set(err, BERTH_EINPUT,
				 "%s: \"%.64s\" is not a name", place,
				 json_string_value(e));
	return 0;
}

static int decode_array(json_t *v, const char *place,
			const struct json_field *f, json_t **out,
			struct berth_error *err)
{
	int64_t max = f->max != 0 ? f->max : 65536;
	char at[PLACE_MAX + 24];
	json_t *e;
	size_t i;

	if (!json_is_array(v))
		return wrong_type(v, place, "an array", err);
	if ((int64_t)json_array_size(v) < f->min)
		return error_set(err, BERTH_EINPUT, "%s: must not be empty",
				 place);
	if ((int64_t)json_array_size(v) > max)
		return error_set(err, BERTH_EINPUT,
				 "%s: more than %lld elements", place,
				 (long long)max);
	json_array_foreach(v, i, e) {
		if (f->type == JSON_T_ARRAY)
			break;
		snprintf(at, sizeof(at), "%s[%zu]", place, i);
		if (check_element(e, at, f->type, err) != 0)
			return -1;
	}
	*out = v;
	return 0;
}

static int decode_env(json_t *v, const char *place, json_t **out,
		      struct berth_error *err)
{
	char at[PLACE_MAX];
	const char *key;
	json_t *e;

	if (!json_is_object(v))
		return wrong_type(v, place, "an object", err);
	json_object_foreach(v, key, e) {
		join(at, place, key);
		if (key[0] == '\0' || strchr(key, '=') != NULL)
			return error_set(err, BERTH_EINPUT,
					 "%s: not a name for a variable", at);
		if (!json_is_string(e))
			return wrong_type(e, at, "a string", err);
	}
	*out = v;
	return 0;
}

static int decode_value(json_t *v, const char *place,
			const struct json_field *f, void *out,
			struct berth_error *err)
{
	switch (f->type) {
	case JSON_T_STRING:
	case JSON_T_NAME:
	case JSON_T_NAME0:
		return decode_string(v, place, f, out, err);
	case JSON_T_BOOL:
		if (!json_is_boolean(v))
			return wrong_type(v, place, "true or false", err);
		*(bool *)out = json_is_true(v);
		return 0;
	case JSON_T_INT:
	case JSON_T_U32:
	case JSON_T_I64:
	case JSON_T_U64:
		return decode_integer(v, place, f, out, err);
	case JSON_T_STRINGS:
	case JSON_T_NAMES:
	case JSON_T_INTS:
	case JSON_T_ARRAY:
		return decode_array(v, place, f, out, err);
	case JSON_T_ENV:
		return decode_env(v, place, out, err);
	case JSON_T_OBJECT:
		if (!json_is_object(v))
			return wrong_type(v, place, "an object", err);
		*(json_t **)out = v;
		return 0;
	}
	return error_set(err, BERTH_EINPUT, "%s: no such type", place);
}

int json_decode(json_t *obj, const char *place, const struct json_field *fields,
		size_t n, void *out, struct berth_error *err)
{
	char at[PLACE_MAX];
	const char *key;
	json_t *v;

	if (!json_is_object(obj))
		return wrong_type(obj, place[0] ? place : "body", "an object",
				  err);
	json_object_foreach(obj, key, v) {
		size_t i = 0;

		while (i < n && strcmp(fields[i].name, key) != 0)
			i++;
		if (i == n)
			return unknown_member(key, place, fields, n, err);
	}
	for (size_t i = 0; i < n; i++) {
		v = json_object_get(obj, fields[i].name);
		join(at, place, fields[i].name);
		if (v == NULL && fields[i].needed)
			return error_set(err, BERTH_EINPUT, "%s: is missing",
					 at);
		if (v != NULL &&
		    decode_value(v, at, &fields[i],
				 (char *)out + fields[i].offset, err) != 0)
			return -1;
	}
	return 0;
}

json_t *json_decode_text(const char *text, size_t len, struct berth_error *err)
{
	json_error_t je;
	json_t *v;

	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (v == NULL) {
		error_set(err, BERTH_EINPUT,
			  "body: no JSON, line %d column %d: %s", je.line,
			  je.column, je.text);
		return NULL;
	}
	if (!json_is_object(v)) {
		wrong_type(v, "body", "an object", err);
		json_decref(v);
		return NULL;
	}
	return v;
}

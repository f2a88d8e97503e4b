/* codec_list.c - fields of many values: lists, objects, environments. */
#include "framework/codec_types.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <berth/plugin.h>

#include "base/mem.h"

static void put_list(const struct reading *r, const void *list, size_t n)
{
	memcpy(r->out + r->f->offset, &list, sizeof(list));
	memcpy(r->out + r->f->count, &n, sizeof(n));
}

static size_t get_count(const struct writing *w)
{
	size_t n;

	memcpy(&n, w->in + w->f->count, sizeof(n));
	return n;
}

/* ---- lists ---- */

int codec_read_strings(const struct reading *r)
{
	const json_t *item;
	const char **list;
	size_t i;

	if (!json_is_array(r->json))
		return codec_wrong(r, "a list of strings");
	list = arena_array(r->a, json_array_size(r->json) + 1, sizeof(*list));
	json_array_foreach(r->json, i, item) {
		list[i] = json_string_value(item);
		if (!list[i])
			return codec_wrong(r, "a list of strings");
	}
	put_list(r, list, json_array_size(r->json));
	return 0;
}

int codec_write_strings(const struct writing *w, json_t **out)
{
	const char *const *list = codec_get_pointer(w);
	size_t n = get_count(w);

	if (!list || (!n && !(w->f->flags & FIELD_ALWAYS)))
		return 0;
	*out = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *item = codec_text(w, list[i]);

		if (!item)
			return -1;
		json_array_append_new(*out, item);
	}
	return 0;
}

int codec_read_u32s(const struct reading *r)
{
	const json_t *item;
	unsigned *list;
	size_t i;

	if (!json_is_array(r->json))
		return codec_wrong(r, "a list of numbers");
	list = arena_array(r->a, json_array_size(r->json) + 1, sizeof(*list));
	json_array_foreach(r->json, i, item) {
		json_int_t v = json_integer_value(item);

		if (!json_is_integer(item) || v < 0 || v > UINT_MAX)
			return codec_wrong(r, "a list of numbers");
		list[i] = (unsigned)v;
	}
	put_list(r, list, json_array_size(r->json));
	return 0;
}

int codec_read_u64s(const struct reading *r)
{
	const json_t *item;
	uint64_t *list;
	size_t i;

	if (!json_is_array(r->json))
		return codec_wrong(r, "a list of numbers");
	list = arena_array(r->a, json_array_size(r->json) + 1, sizeof(*list));
	json_array_foreach(r->json, i, item) {
		json_int_t v = json_integer_value(item);

		if (!json_is_integer(item) || v < 0)
			return codec_wrong(r, "a list of numbers");
		list[i] = (uint64_t)v;
	}
	put_list(r, list, json_array_size(r->json));
	return 0;
}

int codec_write_u32s(const struct writing *w, json_t **out)
{
	const unsigned *list = codec_get_pointer(w);
	size_t n = get_count(w);

	if (!list || !n)
		return 0;
	*out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(*out, json_integer(list[i]));
	return 0;
}

int codec_write_u64s(const struct writing *w, json_t **out)
{
	const uint64_t *list = codec_get_pointer(w);
	size_t n = get_count(w);

	if (!list || (!n && !(w->f->flags & FIELD_ALWAYS)))
		return 0;
	*out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(*out, json_integer((json_int_t)list[i]));
	return 0;
}

/* ---- objects ---- */

int codec_read_object(const struct reading *r)
{
	const void *p;

	p = codec_read(r->json, r->f->shape, r->a, r->err);
	if (!p)
		return error_prefix(r->err, "%s", r->f->name);
	codec_put(r, &p);
	return 0;
}

int codec_read_inline(const struct reading *r)
{
	if (codec_read_into(r->json, r->f->shape, r->out, r->a, r->err) < 0)
		return error_prefix(r->err, "%s", r->f->name);
	return 0;
}

int codec_write_object(const struct writing *w, json_t **out)
{
	const void *p = codec_get_pointer(w);

	if (!p)
		return 0;
	*out = codec_write(p, w->f->shape, w->err);
	return *out ? 0 : error_prefix(w->err, "%s", w->f->name);
}

int codec_read_objects(const struct reading *r)
{
	const json_t *item;
	const void **list;
	size_t i;

	if (!json_is_array(r->json))
		return codec_wrong(r, "a list");
	list = arena_array(r->a, json_array_size(r->json) + 1, sizeof(*list));
	json_array_foreach(r->json, i, item) {
		list[i] = codec_read(item, r->f->shape, r->a, r->err);
		if (!list[i])
			return error_prefix(r->err, "%s[%zu]", r->f->name, i);
	}
	put_list(r, list, json_array_size(r->json));
	return 0;
}

int codec_write_objects(const struct writing *w, json_t **out)
{
	const void *const *list = codec_get_pointer(w);
	size_t n = get_count(w);

	if (!list || (!n && !(w->f->flags & FIELD_ALWAYS)))
		return 0;
	*out = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *item = codec_write(list[i], w->f->shape, w->err);

		if (!item)
			return error_prefix(w->err, "%s[%zu]", w->f->name, i);
		json_array_append_new(*out, item);
	}
	return 0;
}

int codec_read_env(const struct reading *r)
{
	json_t *object = (json_t *)r->json; /* jansson's walk wants it so */
	const char **list, *name;
	bool given = true;
	size_t n = 0;
	json_t *value;

	if (!json_is_object(object))
		return codec_wrong(r, "an object of strings");
	list = arena_array(r->a, json_object_size(object) + 1, sizeof(*list));
	json_object_foreach(object, name, value) {
		if (!json_is_string(value))
			return codec_wrong(r, "an object of strings");
		list[n++] = arena_printf(r->a, "%s=%s", name,
					 json_string_value(value));
	}
	put_list(r, list, n);
	if (r->f->given)
		memcpy(r->out + r->f->given, &given, sizeof(given));
	return 0;
}

int codec_write_env(const struct writing *w, json_t **out)
{
	const char *const *list = codec_get_pointer(w);
	size_t n = get_count(w);
	bool given = n > 0;

	if (w->f->given)
		memcpy(&given, w->in + w->f->given, sizeof(given));
	if (!given)
		return 0;
	*out = json_object();
	for (size_t i = 0; list && i < n; i++) {
		const char *eq = list[i] ? strchr(list[i], '=') : NULL;
		json_t *value;
		char *name;
		int failed;

		if (!eq || eq == list[i])
			return error_set(w->err, BERTH_EINPUT,
					 "%s[%zu]: not NAME=value", w->f->name,
					 i);
		value = codec_text(w, eq + 1);
		if (!value)
			return -1;
		name = mem_strndup(list[i], (size_t)(eq - list[i]));
		failed = json_object_set_new(*out, name, value);
		free(name);
		if (failed)
			return error_set(w->err, BERTH_EINPUT,
					 "%s[%zu]: not UTF-8", w->f->name, i);
	}
	return 0;
}

int codec_read_pairs(const struct reading *r)
{
	json_t *object = (json_t *)r->json;
	struct berth_label **list;
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!json_is_object(object))
		return codec_wrong(r, "an object of strings");
	list = arena_array(r->a, json_object_size(object) + 1, sizeof(*list));
	json_object_foreach(object, name, value) {
		if (!json_is_string(value))
			return codec_wrong(r, "an object of strings");
		list[n] = arena_alloc(r->a, sizeof(**list));
		list[n]->size = sizeof(**list);
		list[n]->name = name;
		list[n++]->value = json_string_value(value);
	}
	put_list(r, list, n);
	return 0;
}

int codec_write_pairs(const struct writing *w, json_t **out)
{
	const struct berth_label *const *list = codec_get_pointer(w);
	size_t n = get_count(w);

	if (!list || !n)
		return 0;
	*out = json_object();
	for (size_t i = 0; i < n; i++) {
		json_t *value;

		if (!list[i] || !list[i]->name)
			return error_set(w->err, BERTH_EINPUT, "%s[%zu]: NULL",
					 w->f->name, i);
		value = codec_text(w, list[i]->value);
		if (!value)
			return -1;
		if (json_object_set_new(*out, list[i]->name, value) < 0)
			return error_set(w->err, BERTH_EINPUT,
					 "%s[%zu]: not UTF-8", w->f->name, i);
	}
	return 0;
}

/* codec_scalar.c - fields of one value: numbers, truth, words, text. */
#include "framework/codec_types.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int codec_wrong(const struct reading *r, const char *wanted)
{
	return error_set(r->err, BERTH_EPROTO, "%s: not %s", r->f->name,
			 wanted);
}

void codec_put(const struct reading *r, const void *value)
{
	memcpy(r->out + r->f->offset, value, r->f->width);
}

const void *codec_get_pointer(const struct writing *w)
{
	const void *p;

	memcpy(&p, w->in + w->f->offset, sizeof(p));
	return p;
}

/* ---- numbers ---- */

static int read_integer(const struct reading *r, json_int_t min, json_int_t max,
			json_int_t *out)
{
	json_int_t v;

	if (!json_is_integer(r->json))
		return codec_wrong(r, "an integer");
	v = json_integer_value(r->json);
	if (v < min || v > max)
		return error_set(r->err, BERTH_EPROTO,
				 "%s: %lld is out of range", r->f->name,
				 (long long)v);
	*out = v;
	return 0;
}

int codec_read_u32(const struct reading *r)
{
	json_int_t v;
	unsigned n;

	if (read_integer(r, 0, UINT_MAX, &v) < 0)
		return -1;
	n = (unsigned)v;
	codec_put(r, &n);
	return 0;
}

int codec_read_i32(const struct reading *r)
{
	json_int_t v;
	int n;

	if (read_integer(r, INT_MIN, INT_MAX, &v) < 0)
		return -1;
	n = (int)v;
	codec_put(r, &n);
	return 0;
}

int codec_read_u64(const struct reading *r)
{
	json_int_t v;
	uint64_t n;

	if (read_integer(r, 0, INT64_MAX, &v) < 0)
		return -1;
	n = (uint64_t)v;
	codec_put(r, &n);
	return 0;
}

int codec_read_i64(const struct reading *r)
{
	json_int_t v;
	int64_t n;

	if (read_integer(r, INT64_MIN, INT64_MAX, &v) < 0)
		return -1;
	n = (int64_t)v;
	codec_put(r, &n);
	return 0;
}

int codec_write_u32(const struct writing *w, json_t **out)
{
	unsigned v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_integer(v);
	return 0;
}

int codec_write_i32(const struct writing *w, json_t **out)
{
	int v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_integer(v);
	return 0;
}

int codec_write_u64(const struct writing *w, json_t **out)
{
	uint64_t v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v > INT64_MAX)
		return error_set(w->err, BERTH_EINPUT, "%s: out of range",
				 w->f->name);
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_integer((json_int_t)v);
	return 0;
}

int codec_write_i64(const struct writing *w, json_t **out)
{
	int64_t v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_integer(v);
	return 0;
}

/* ---- truth and words ---- */

int codec_read_bool(const struct reading *r)
{
	bool v;

	if (!json_is_boolean(r->json))
		return codec_wrong(r, "true or false");
	v = json_is_true(r->json) != (r->f->type == FIELD_NOT);
	codec_put(r, &v);
	return 0;
}

int codec_write_bool(const struct writing *w, json_t **out)
{
	bool v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_boolean(v != (w->f->type == FIELD_NOT));
	return 0;
}

int codec_read_tri(const struct reading *r)
{
	int v;

	if (!json_is_boolean(r->json))
		return codec_wrong(r, "true or false");
	v = json_is_true(r->json) ? 1 : 2;
	codec_put(r, &v);
	return 0;
}

int codec_write_tri(const struct writing *w, json_t **out)
{
	int v;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	if (v)
		*out = json_boolean(v == 1);
	return 0;
}

int codec_read_word(const struct reading *r)
{
	const char *text = json_string_value(r->json);

	if (!text)
		return codec_wrong(r, "a string");
	for (int v = 0; r->f->words[v]; v++) {
		if (strcmp(text, r->f->words[v]))
			continue;
		codec_put(r, &v);
		return 0;
	}
	return error_set(r->err, BERTH_EPROTO, "%s: unknown word \"%.64s\"",
			 r->f->name, text);
}

int codec_write_word(const struct writing *w, json_t **out)
{
	int v, n = 0;

	memcpy(&v, w->in + w->f->offset, sizeof(v));
	while (w->f->words[n])
		n++;
	if (v < 0 || v >= n)
		return error_set(w->err, BERTH_EINPUT, "%s: no such value %d",
				 w->f->name, v);
	if (v || w->f->flags & FIELD_ALWAYS)
		*out = json_string(w->f->words[v]);
	return 0;
}

/* ---- text ---- */

int codec_read_string(const struct reading *r)
{
	const char *text = json_string_value(r->json);

	if (!text)
		return codec_wrong(r, "a string");
	codec_put(r, &text);
	return 0;
}

json_t *codec_text(const struct writing *w, const char *text)
{
	json_t *json;

	if (!text) {
		error_set(w->err, BERTH_EINPUT, "%s: NULL", w->f->name);
		return NULL;
	}
	json = json_string(text);
	if (!json)
		error_set(w->err, BERTH_EINPUT, "%s: not UTF-8", w->f->name);
	return json;
}

int codec_write_string(const struct writing *w, json_t **out)
{
	const char *text = codec_get_pointer(w);

	if ((!text || !*text) && !(w->f->flags & FIELD_ALWAYS))
		return 0;
	*out = codec_text(w, text);
	return *out ? 0 : -1;
}

int codec_read_json(const struct reading *r)
{
	char *dump;
	const char *text;

	if (!json_is_object(r->json))
		return codec_wrong(r, "an object");
	dump = json_dumps(r->json, JSON_COMPACT);
	if (!dump)
		return codec_wrong(r, "an object that can be written");
	text = arena_printf(r->a, "%s", dump);
	free(dump);
	codec_put(r, &text);
	return 0;
}

int codec_write_json(const struct writing *w, json_t **out)
{
	const char *text = codec_get_pointer(w);

	if (!text)
		return 0;
	*out = json_loads(text, 0, NULL);
	if (*out)
		return 0;
	return error_set(w->err, BERTH_EINPUT, "%s: not JSON", w->f->name);
}

#include "framework/codec.h"

#include <stdbool.h>
#include <string.h>

#include "framework/codec_types.h"

static const struct {
	codec_read_f read;
	codec_write_f write;
} types[] = {
	[FIELD_U32] = { codec_read_u32, codec_write_u32 },
	[FIELD_I32] = { codec_read_i32, codec_write_i32 },
	[FIELD_U64] = { codec_read_u64, codec_write_u64 },
	[FIELD_I64] = { codec_read_i64, codec_write_i64 },
	[FIELD_BOOL] = { codec_read_bool, codec_write_bool },
	[FIELD_NOT] = { codec_read_bool, codec_write_bool },
	[FIELD_TRI] = { codec_read_tri, codec_write_tri },
	[FIELD_WORD] = { codec_read_word, codec_write_word },
	[FIELD_STRING] = { codec_read_string, codec_write_string },
	[FIELD_OBJECT] = { codec_read_object, codec_write_object },
	[FIELD_JSON] = { codec_read_json, codec_write_json },
	[FIELD_INLINE] = { codec_read_inline, NULL },
	[FIELD_SELF] = { codec_read_object, NULL },
	[FIELD_STRINGS] = { codec_read_strings, codec_write_strings },
	[FIELD_U32S] = { codec_read_u32s, codec_write_u32s },
	[FIELD_U64S] = { codec_read_u64s, codec_write_u64s },
	[FIELD_OBJECTS] = { codec_read_objects, codec_write_objects },
	[FIELD_ENV] = { codec_read_env, codec_write_env },
	[FIELD_PAIRS] = { codec_read_pairs, codec_write_pairs },
};

/* Who was promised "never NULL" gets "", "{}" or an empty struct. */
static void read_absent(const struct reading *r)
{
	const struct field *f = r->f;
	const unsigned one = 1;
	const void *p = NULL;

	if (f->flags & FIELD_ONE) {
		codec_put(r, &one);
		return;
	}
	if (f->flags & FIELD_MINUS) {
		memset(r->out + f->offset, 0xff, f->width);
		return;
	}
	if (f->width == sizeof(p))
		memcpy(&p, r->out + f->offset, sizeof(p));
	if (p)
		return;
	if (f->type == FIELD_STRING) {
		p = "";
	} else if (f->type == FIELD_JSON) {
		p = "{}";
	} else if (f->flags & FIELD_EMPTY) {
		json_t *nothing = json_object();

		p = codec_read(nothing, f->shape, r->a, r->err);
		json_decref(nothing);
	}
	if (p)
		codec_put(r, &p);
}

int codec_read_into(const json_t *json, const struct shape *shape, void *out,
		    struct arena *a, struct berth_error *err)
{
	if (!json_is_object(json))
		return error_set(err, BERTH_EPROTO, "not an object (%s)",
				 shape->name);
	for (const struct field *f = shape->fields; f->name; f++) {
		struct reading r = { .f = f, .out = out, .a = a, .err = err };

		r.json = f->type == FIELD_SELF ?
				 json :
				 json_object_get(json, f->name);
		if (r.json && !json_is_null(r.json)) {
			if (types[f->type].read(&r) < 0)
				return -1;
		} else if (f->flags & FIELD_NEEDED) {
			return error_set(err, BERTH_EPROTO, "%s has no %s",
					 shape->name, f->name);
		} else {
			read_absent(&r);
		}
	}
	return 0;
}

void *codec_read(const json_t *json, const struct shape *shape,
		 struct arena *a, struct berth_error *err)
{
	void *out = arena_alloc(a, shape->size);

	memcpy(out, &shape->size, sizeof(shape->size));
	if (codec_read_into(json, shape, out, a, err) < 0)
		return NULL;
	return out;
}

json_t *codec_write(const void *in, const struct shape *shape,
		    struct berth_error *err)
{
	json_t *object;
	size_t size;

	if (!in) {
		error_set(err, BERTH_EINPUT, "%s: NULL", shape->name);
		return NULL;
	}
	memcpy(&size, in, sizeof(size));
	object = json_object();
	for (const struct field *f = shape->fields; f->name; f++) {
		struct writing w = { .f = f, .in = in, .err = err };
		json_t *value = NULL;
		int failed;

		if (!types[f->type].write || f->offset + f->width > size ||
		    f->count + sizeof(size_t) > size ||
		    f->given + sizeof(bool) > size)
			continue;
		failed = types[f->type].write(&w, &value);
		if (!failed && value)
			failed = json_object_set_new_nocheck(object, f->name,
							     value);
		else
			json_decref(value);
		if (failed) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

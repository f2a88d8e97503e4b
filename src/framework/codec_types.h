/* codec_types.h - reader and writer of each field type; for codec*.c alone. */
#ifndef FRAMEWORK_CODEC_TYPES_H
#define FRAMEWORK_CODEC_TYPES_H

#include "framework/codec.h"

/* What a field's reader and writer work on. */
struct reading {
	const struct field *f;
	const json_t *json;
	char *out; /* the struct */
	struct arena *a;
	struct berth_error *err;
};

struct writing {
	const struct field *f;
	const char *in;
	struct berth_error *err;
};

typedef int (*codec_read_f)(const struct reading *r);
/* *out stays NULL when the field is to be left out. */
typedef int (*codec_write_f)(const struct writing *w, json_t **out);

int codec_read_u32(const struct reading *r);
int codec_read_i32(const struct reading *r);
int codec_read_u64(const struct reading *r);
int codec_read_i64(const struct reading *r);
int codec_write_u32(const struct writing *w, json_t **out);
int codec_write_i32(const struct writing *w, json_t **out);
int codec_write_u64(const struct writing *w, json_t **out);
int codec_write_i64(const struct writing *w, json_t **out);
int codec_read_bool(const struct reading *r);
int codec_write_bool(const struct writing *w, json_t **out);
int codec_read_tri(const struct reading *r);
int codec_write_tri(const struct writing *w, json_t **out);
int codec_read_word(const struct reading *r);
int codec_write_word(const struct writing *w, json_t **out);
int codec_read_string(const struct reading *r);
int codec_write_string(const struct writing *w, json_t **out);
int codec_read_json(const struct reading *r);
int codec_write_json(const struct writing *w, json_t **out);
int codec_read_strings(const struct reading *r);
int codec_write_strings(const struct writing *w, json_t **out);
int codec_read_u32s(const struct reading *r);
int codec_read_u64s(const struct reading *r);
int codec_write_u32s(const struct writing *w, json_t **out);
int codec_write_u64s(const struct writing *w, json_t **out);
int codec_read_object(const struct reading *r);
int codec_write_object(const struct writing *w, json_t **out);
int codec_read_objects(const struct reading *r);
int codec_write_objects(const struct writing *w, json_t **out);
int codec_read_inline(const struct reading *r);
int codec_read_env(const struct reading *r);
int codec_write_env(const struct writing *w, json_t **out);
int codec_read_pairs(const struct reading *r);
int codec_write_pairs(const struct writing *w, json_t **out);

/* Helpers of both files. */
int codec_wrong(const struct reading *r, const char *wanted);
void codec_put(const struct reading *r, const void *value);
const void *codec_get_pointer(const struct writing *w);
json_t *codec_text(const struct writing *w, const char *text);

#endif

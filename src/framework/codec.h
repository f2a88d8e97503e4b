/*
 * codec.h - plain C structs of the plugin ABI from JSON and to JSON, by
 * tables that say which member is which field.
 *
 * A struct described here begins with `size_t size`, as all of the ABI's do.
 * Reading: wrong types, numbers out of range, unknown words and absent
 * needed fields are errors that name the field ("offer.slices[2].node: …");
 * unknown members are passed over, so that a newer broker can say more;
 * absent strings become "".  Writing: NULL, "", 0 and false are left out unless
 * the field is marked FIELD_ALWAYS, and members beyond the struct's own size
 * do not exist.
 */
#ifndef FRAMEWORK_CODEC_H
#define FRAMEWORK_CODEC_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "framework/arena.h"

enum field_type {
	FIELD_U32,    /* unsigned */
	FIELD_I32,    /* int */
	FIELD_U64,    /* uint64_t */
	FIELD_I64,    /* int64_t */
	FIELD_BOOL,   /* bool */
	FIELD_NOT,    /* bool with the meaning turned round */
	FIELD_TRI,    /* enum: 0 absent, 1 true, 2 false */
	FIELD_WORD,   /* enum: index into words */
	FIELD_STRING, /* const char * */
	FIELD_OBJECT, /* const struct * of shape */
	FIELD_JSON,   /* const char *: an object as its JSON text */
	FIELD_INLINE, /* reading: members of that object, into this struct */
	FIELD_SELF,   /* reading: const struct * of shape, from members of
			 this object; its name is for errors only */
	/* Lists: a pointer, and the count in the member at `count`. */
	FIELD_STRINGS, /* const char *const * */
	FIELD_U32S,    /* const unsigned * */
	FIELD_U64S,    /* const uint64_t * */
	FIELD_OBJECTS, /* const struct *const * of shape */
	FIELD_ENV,     /* "NAME=value" list, in JSON an object; `given` is a
			  bool that says whether it was there */
	FIELD_PAIRS,   /* const struct berth_label *const *, an object */
};

enum {
	FIELD_NEEDED = 1, /* reading: an error when absent */
	FIELD_ALWAYS = 2, /* writing: zero is written as well */
	FIELD_EMPTY = 4,  /* reading: an absent object is an empty one */
	FIELD_MINUS = 8,  /* reading: an absent number is -1 */
	FIELD_ONE = 16,	  /* reading: an absent unsigned is 1 */
};

struct shape;

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	size_t offset, width; /* of the member */
	size_t count, given;  /* offsets; 0: none (size is at 0) */
	const struct shape *shape;
	const char *const *words; /* NULL-terminated */
};

struct shape {
	const char *name; /* for errors */
	size_t size;
	const struct field *fields; /* ends with name NULL */
};

#define FIELD(s, member, name_, type_, ...)                                    \
	{                                                                      \
		.name = name_, .type = type_, .offset = offsetof(s, member),   \
		.width = sizeof(((s *)0)->member), __VA_ARGS__                 \
	}
#define FIELD_PART(name_, type_, shape_)                                       \
	{                                                                      \
		.name = name_, .type = type_, .shape = shape_                  \
	}
#define FIELD_LIST(s, member, name_, type_, ...)                               \
	FIELD(s, member, name_, type_, .count = offsetof(s, n_##member),       \
	      ##__VA_ARGS__)

/* A new struct in the arena; strings point into json, which must stay. */
void *codec_read(const json_t *json, const struct shape *shape,
		 struct arena *a, struct berth_error *err);
/* Into a struct that is there already (its size is left alone). */
int codec_read_into(const json_t *json, const struct shape *shape, void *out,
		    struct arena *a, struct berth_error *err);

/* A new object; NULL when a text is not UTF-8, a needed one is missing, or a
 * pointer of a list is NULL. */
json_t *codec_write(const void *in, const struct shape *shape,
		    struct berth_error *err);

#endif

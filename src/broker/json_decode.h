/*
 * json_decode.h - strict reading of request objects by tables.
 *
 * A table names every member that an object may have, its type and range.
 * What is unknown, of a wrong type or out of range makes one line that names
 * the member by its path: "demand.slice.cores: …".  Absent members leave the
 * output as it was, so defaults are what the caller put there.
 */
#ifndef BROKER_JSON_DECODE_H
#define BROKER_JSON_DECODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The C type at the offset stands in brackets. */
enum json_type {
	JSON_T_STRING, /* [const char *] borrowed; min, max: its length */
	JSON_T_NAME,   /* [const char *] 1-64 of A-Z a-z 0-9 . _ - */
	JSON_T_NAME0,  /* the same, or "" */
	JSON_T_BOOL,   /* [bool] */
	JSON_T_INT,    /* [int] */
	JSON_T_U32,    /* [uint32_t] */
	JSON_T_I64,    /* [int64_t] */
	JSON_T_U64,    /* [uint64_t] up to INT64_MAX */
	JSON_T_STRINGS, /* [json_t *] array of strings; min, max: how many */
	JSON_T_NAMES,	/* [json_t *] array of names */
	JSON_T_INTS,	/* [json_t *] array of integers, each ≥0, < 2^32 */
	JSON_T_ENV,	/* [json_t *] object of strings; no '=' in a name */
	JSON_T_OBJECT,	/* [json_t *] any object */
	JSON_T_ARRAY,	/* [json_t *] any array; min, max: how many */
};

struct json_field {
	const char *name;
	enum json_type type;
	size_t offset;
	int64_t min, max; /* max 0: the type's */
	bool needed;
};

/* Fill out from obj by n fields.  place ("" at the top) comes before the
 * names in errors.  What is borrowed lives as long as obj. */
int json_decode(json_t *obj, const char *place, const struct json_field *fields,
		size_t n, void *out, struct berth_error *err);

#define JSON_DECODE(obj, place, fields, out, err)                              \
	json_decode((obj), (place), (fields),                                  \
		    sizeof(fields) / sizeof((fields)[0]), (out), (err))

/* Parse a body: one object, no duplicate members.  The caller decrefs. */
json_t *json_decode_text(const char *text, size_t len,
			 struct berth_error *err);

/* Is s a name (1-64 characters of A-Z a-z 0-9 . _ -)? */
bool json_is_name(const char *s);

#endif

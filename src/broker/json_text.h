/*
 * json_text.h - bytes as JSON text, fast: for what tasks print, where a
 * gigabyte may pass through, and for the streams of events.
 */
#ifndef BROKER_JSON_TEXT_H
#define BROKER_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* How many bytes from the start are whole, valid UTF-8.  When it is less than
 * len, *cut tells whether the rest is the beginning of one character that
 * more bytes could complete (true) or no UTF-8 at all (false). */
size_t json_utf8_prefix(const char *s, size_t len, bool *cut);

/* s as a JSON string with its quotes; s must be valid UTF-8. */
void json_text_string(struct buf *b, const char *s, size_t len);

/* s in base64 with its quotes. */
void json_text_base64(struct buf *b, const char *s, size_t len);

/* s as a JSON value, whatever its bytes: what is not UTF-8 becomes '?'.  NULL
 * becomes "". */
json_t *json_text_safe(const char *s);

/* Append v compactly. */
void json_text_value(struct buf *b, const json_t *v);

/* Append the object v, which is taken over, without its closing brace, so that
 * members can follow. */
void json_text_value_open(struct buf *b, json_t *v);

#endif

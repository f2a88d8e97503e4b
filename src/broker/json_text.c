#include "broker/json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ONES 0x0101010101010101ull
#define HIGH 0x8080808080808080ull

/* Bytes of the character that begins with c; 0: none begins so. */
static size_t sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	if (c >= 0xf0 && c <= 0xf4)
		return 4;
	return 0;
}

/* May c be byte i (≥1) of a character that begins with first?  Excludes
 * overlong forms, surrogates and what is above U+10FFFF. */
static bool continues(unsigned char first, size_t i, unsigned char c)
{
	if (c < 0x80 || c > 0xbf)
		return false;
	if (i > 1)
		return true;
	switch (first) {
	case 0xe0: return c >= 0xa0;
	case 0xed: return c <= 0x9f;
	case 0xf0: return c >= 0x90;
	case 0xf4: return c <= 0x8f;
	default: return true;
	}
}

size_t json_utf8_prefix(const char *s, size_t len, bool *cut)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t at = 0;

	*cut = false;
	while (at < len) {
		uint64_t word;
		size_t need, i;

		if (len - at >= 8) {
			memcpy(&word, p + at, 8);
			if ((word & HIGH) == 0) {
				at += 8;
				continue;
			}
		}
		need = sequence_length(p[at]);
		if (need == 0)
			return at;
		for (i = 1; i < need && at + i < len; i++)
			if (!continues(p[at], i, p[at + i]))
				return at;
		if (i < need) {
			*cut = true;
			return at;
		}
		at += need;
	}
	return at;
}

/* Does any of the eight bytes need an escape: below 0x20, '"', '\\'?  (Bytes
 * above 0x7f may answer yes as well: they then take the slow path.) */
static bool has_special(uint64_t w)
{
	uint64_t quote = w ^ (ONES * '"'), slash = w ^ (ONES * '\\');

	return (((w - ONES * 0x20) | (quote - ONES) | (slash - ONES)) & HIGH) !=
	       0;
}

static void escape(struct buf *b, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char u[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

	switch (c) {
	case '"': buf_add(b, "\\\"", 2); break;
	case '\\': buf_add(b, "\\\\", 2); break;
	case '\n': buf_add(b, "\\n", 2); break;
	case '\r': buf_add(b, "\\r", 2); break;
	case '\t': buf_add(b, "\\t", 2); break;
	default: buf_add(b, u, sizeof(u)); break;
	}
}

void json_text_string(struct buf *b, const char *s, size_t len)
{
	size_t from = 0, at = 0;

	buf_reserve(b, len + 2);
	buf_add(b, "\"", 1);
	while (at < len) {
		unsigned char c = (unsigned char)s[at];
		uint64_t word;

		if (len - at >= 8) {
			memcpy(&word, s + at, 8);
			if (!has_special(word)) {
				at += 8;
				continue;
			}
		}
		if (c < 0x20 || c == '"' || c == '\\') {
			buf_add(b, s + from, at - from);
			escape(b, c);
			from = at + 1;
		}
		at++;
	}
	buf_add(b, s + from, len - from);
	buf_add(b, "\"", 1);
}

void json_text_base64(struct buf *b, const char *s, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s;

	buf_reserve(b, len / 3 * 4 + 8);
	buf_add(b, "\"", 1);
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;
		char q[4];

		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		q[0] = digits[v >> 18];
		q[1] = digits[v >> 12 & 63];
		q[2] = n > 1 ? digits[v >> 6 & 63] : '=';
		q[3] = n > 2 ? digits[v & 63] : '=';
		buf_add(b, q, 4);
	}
	buf_add(b, "\"", 1);
}

json_t *json_text_safe(const char *s)
{
	size_t len = s != NULL ? strlen(s) : 0, at = 0, n;
	json_t *v;
	char *copy;
	bool cut;

	if (len == 0)
		return json_string("");
	if (json_utf8_prefix(s, len, &cut) == len)
		return json_stringn_nocheck(s, len);
	copy = mem_strndup(s, len);
	while (at < len) {
		n = json_utf8_prefix(copy + at, len - at, &cut);
		at += n;
		if (at < len)
			copy[at++] = '?';
	}
	v = json_stringn_nocheck(copy, len);
	free(copy);
	return v;
}

void json_text_value(struct buf *b, const json_t *v)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	size_t room = 1024, need;

	need = json_dumpb(v, buf_reserve(b, room), room, flags);
	if (need > room)
		need = json_dumpb(v, buf_reserve(b, need), need, flags);
	b->len += need;
	buf_add(b, "", 0);
}

void json_text_value_open(struct buf *b, json_t *v)
{
	json_text_value(b, v);
	json_decref(v);
	b->data[--b->len] = '\0';
}

/* agree_bytes.h - numbers and strings in the bytes that agreement sends and
 * stores: little endian, lengths checked.  A reader that ran out says so in
 * bad and gives zeros from then on. */
#ifndef BROKER_AGREE_BYTES_H
#define BROKER_AGREE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

struct agree_reader {
	const unsigned char *p, *end;
	bool bad;
};

static inline void agree_put(struct buf *b, uint64_t v, unsigned bytes)
{
	unsigned char *p = (unsigned char *)buf_reserve(b, bytes);

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> 8 * i);
	b->len += bytes;
	b->data[b->len] = '\0';
}

static inline void agree_put_bytes(struct buf *b, const void *data, size_t len)
{
	agree_put(b, len, 4);
	if (len > 0)
		buf_add(b, data, len);
}

static inline void agree_set(void *at, uint64_t v, unsigned bytes)
{
	unsigned char *p = at;

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static inline struct agree_reader agree_reader(const void *data, size_t len)
{
	const unsigned char *p = data;

	return (struct agree_reader){p, p + len, false};
}

static inline size_t agree_left(const struct agree_reader *r)
{
	return (size_t)(r->end - r->p);
}

static inline uint64_t agree_get(struct agree_reader *r, unsigned bytes)
{
	uint64_t v = 0;

	if (r->bad || agree_left(r) < bytes) {
		r->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)r->p[i] << 8 * i;
	r->p += bytes;
	return v;
}

/* What agree_put_bytes wrote; points into the reader's bytes. */
static inline const void *agree_get_bytes(struct agree_reader *r, size_t *len)
{
	const void *at;

	*len = agree_get(r, 4);
	if (r->bad || agree_left(r) < *len) {
		r->bad = true;
		*len = 0;
		return "";
	}
	at = r->p;
	r->p += *len;
	return at;
}

#endif

/* buf.h - a growing byte buffer, also a string builder.  Embedded; the data
 * is always followed by a NUL that does not count. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data;
	size_t len, cap;
};

void buf_init(struct buf *b);
void buf_finish(struct buf *b);
void buf_clear(struct buf *b);
/* Make room for n more bytes; returns where they go. */
char *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Drop n bytes from the front. */
void buf_drain(struct buf *b, size_t n);
/* Hand the memory to the caller, who frees it; the buffer is empty after. */
char *buf_take(struct buf *b);

#endif

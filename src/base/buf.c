/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* An empty buffer points here, so that data is a string from the start;
 * nothing is ever written through it. */
static char nothing[1];

void buf_init(struct buf *b)
{
	b->data = nothing;
	b->len = 0;
	b->cap = 0;
}

void buf_finish(struct buf *b)
{
	if (b->cap > 0)
		free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->cap > 0)
		b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t want = n <= SIZE_MAX / 4 - b->len ? b->len + n + 1 : SIZE_MAX;
	size_t cap = b->cap;

	if (want <= cap)
		return b->data + b->len;
	if (cap < 64)
		cap = 64;
	while (cap < want && cap < SIZE_MAX / 2)
		cap *= 2;
	if (cap < want)
		cap = want;
	b->data = mem_resize(b->cap > 0 ? b->data : NULL, cap, 1);
	b->cap = cap;
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	char *at;

	if (n == 0)
		return;
	at = buf_reserve(b, n);
	memcpy(at, data, n);
	at[n] = '\0';
	b->len += n;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	va_start(ap, fmt);
	vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_drain(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

char *buf_take(struct buf *b)
{
	char *data = b->cap > 0 ? b->data : mem_strdup("");

	buf_init(b);
	return data;
}

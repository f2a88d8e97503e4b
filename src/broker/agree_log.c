/* agree_log.c - see agree_log.h. */
#include "broker/agree_log.h"

#include <stdbool.h>
#include <string.h>

#include "base/crc32c.h"
#include "broker/agree_bytes.h"

#define MAGIC 0x4c415242u /* "BRAL" */
#define DATA_MAX (64u << 20)

static size_t padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

size_t agree_log_room(size_t len)
{
	return AGREE_LOG_HEADER + padded(len);
}

void agree_log_add(struct buf *out, const struct agree_log_record *rec)
{
	size_t room = agree_log_room(rec->len);
	size_t start = out->len;
	char *p = buf_reserve(out, room);

	memset(p, 0, room);
	agree_set(p, MAGIC, 4);
	agree_set(p + 8, rec->len, 4);
	agree_set(p + 12, rec->kind, 4);
	agree_set(p + 16, rec->term, 8);
	agree_set(p + 24, rec->index, 8);
	if (rec->len > 0)
		memcpy(p + AGREE_LOG_HEADER, rec->data, rec->len);
	agree_set(p + 4, crc32c(p + 8, room - 8), 4);
	out->len = start + room;
	out->data[out->len] = '\0';
}

static bool all_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

int agree_log_next(const void *data, size_t size, size_t *at,
		   struct agree_log_record *rec)
{
	const unsigned char *p = (const unsigned char *)data + *at;
	size_t left = size - *at;
	struct agree_reader r;
	uint32_t magic, crc;

	if (left < AGREE_LOG_HEADER)
		return all_zero(p, left) ? 0 : -1;
	r = agree_reader(p, left);
	magic = (uint32_t)agree_get(&r, 4);
	if (magic == 0)
		return all_zero(p, left) ? 0 : -1;
	crc = (uint32_t)agree_get(&r, 4);
	rec->len = agree_get(&r, 4);
	rec->kind = (enum agree_log_kind)agree_get(&r, 4);
	rec->term = agree_get(&r, 8);
	rec->index = agree_get(&r, 8);
	rec->data = r.p;
	if (magic != MAGIC || rec->len > DATA_MAX ||
	    agree_log_room(rec->len) > left ||
	    crc32c(p + 8, agree_log_room(rec->len) - 8) != crc ||
	    rec->kind < AGREE_LOG_COMMAND || rec->kind > AGREE_LOG_RESET ||
	    rec->index == 0)
		return -1;
	*at += agree_log_room(rec->len);
	return 1;
}

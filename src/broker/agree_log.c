/* agree_log.c - see agree_log.h. */
#include "broker/agree_log.h"

#include <string.h>

#include "base/crc32c.h"
#include "broker/agree_bytes.h"

#define MAGIC 0x324c5242u /* "BRL2" */
#define DATA_MAX (64u << 20)
enum { SECTOR = 512 };

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
	if (rec->len > 0)
		memcpy(p + AGREE_LOG_HEADER, rec->data, rec->len);
	agree_set(p, MAGIC, 4);
	agree_set(p + 8, crc32c(p + AGREE_LOG_HEADER, padded(rec->len)), 4);
	agree_set(p + 12, rec->len, 4);
	agree_set(p + 16, rec->kind, 4);
	agree_set(p + 20, start, 4);
	agree_set(p + 24, rec->term, 8);
	agree_set(p + 32, rec->index, 8);
	agree_set(p + 4, crc32c(p + 8, AGREE_LOG_HEADER - 8), 4);
	out->len = start + room;
	out->data[out->len] = '\0';
}

struct head {
	struct agree_log_record rec;
	uint32_t crc;  /* of the data */
	size_t before; /* of the same write */
};

static bool read_head(const unsigned char *p, struct head *out)
{
	struct agree_reader r = agree_reader(p, AGREE_LOG_HEADER);
	uint32_t magic = (uint32_t)agree_get(&r, 4);
	uint32_t crc = (uint32_t)agree_get(&r, 4);

	if (magic != MAGIC || crc32c(p + 8, AGREE_LOG_HEADER - 8) != crc)
		return false;
	out->crc = (uint32_t)agree_get(&r, 4);
	out->rec.len = agree_get(&r, 4);
	out->rec.kind = (enum agree_log_kind)agree_get(&r, 4);
	out->before = agree_get(&r, 4);
	out->rec.term = agree_get(&r, 8);
	out->rec.index = agree_get(&r, 8);
	out->rec.data = r.p;
	return out->rec.len <= DATA_MAX &&
	       out->rec.kind >= AGREE_LOG_COMMAND &&
	       out->rec.kind <= AGREE_LOG_RESET && out->rec.index > 0;
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
	struct head head;

	if (left < AGREE_LOG_HEADER || p[0] == 0)
		return all_zero(p, left) ? 0 : -1;
	if (!read_head(p, &head) || agree_log_room(head.rec.len) > left ||
	    crc32c(head.rec.data, padded(head.rec.len)) != head.crc)
		return -1;
	*rec = head.rec;
	*at += agree_log_room(rec->len);
	return 1;
}

/* Does a later write begin behind this place? */
static bool written_after(const unsigned char *p, size_t size, size_t at)
{
	struct head head;

	for (size_t i = at + 8; i + AGREE_LOG_HEADER <= size; i += 8) {
		if (p[i] != 0 && read_head(p + i, &head) &&
		    head.before < i - at)
			return true;
	}
	return false;
}

bool agree_log_torn(const void *data, size_t size, size_t at)
{
	const unsigned char *p = data;
	struct head head;
	size_t end, next;

	if (written_after(p, size, at))
		return false;
	if (size - at < AGREE_LOG_HEADER)
		return true;
	end = at + AGREE_LOG_HEADER;
	if (read_head(p + at, &head))
		end = at + agree_log_room(head.rec.len);
	if (end > size) /* somebody has cut the file */
		return true;
	for (size_t i = at; i < end; i = next) {
		next = (i / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (all_zero(p + i, next - i))
			return true;
	}
	return false;
}

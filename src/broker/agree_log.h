/*
 * agree_log.h - the records in a file of the log, as bytes.  Owns the format
 * and the look for where it ends; files are agree_store's matter.
 *
 * A record, little endian:
 *   u32 magic    u32 crc32c of the rest of this head
 *   u32 crc32c of the padded data    u32 length of the data
 *   u32 kind     u32 bytes of the same write before it
 *   u64 term     u64 index           the data, padded to 8 bytes
 * A file is full of zeros after the last one, and no place in it is written
 * for good twice.  A record whose index is not above the one before takes the
 * place of that one and of all after it.
 */
#ifndef BROKER_AGREE_LOG_H
#define BROKER_AGREE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { AGREE_LOG_HEADER = 40 };

/* The kinds of libraft, and one of ours: the log is empty, the next entry
 * follows this index. */
enum agree_log_kind {
	AGREE_LOG_COMMAND = 1,
	AGREE_LOG_BARRIER = 2,
	AGREE_LOG_CHANGE = 3,
	AGREE_LOG_RESET = 4
};

struct agree_log_record {
	enum agree_log_kind kind;
	uint64_t term, index;
	const void *data;
	size_t len;
};

/* out is what is written at once. */
void agree_log_add(struct buf *out, const struct agree_log_record *rec);

/* How much room a record with so much data takes. */
size_t agree_log_room(size_t len);

/* The record at *at, which moves behind it: 1; 0: there the records end, as
 * they should; -1: there it is torn or damaged.  rec points into data. */
int agree_log_next(const void *data, size_t size, size_t *at,
		   struct agree_log_record *rec);

/*
 * Where the records end with -1: was the last write not finished (true), or is
 * what had been written damaged?  An unfinished write lacks sectors, which are
 * zeros then, and nothing was written after it.
 */
bool agree_log_torn(const void *data, size_t size, size_t at);

#endif

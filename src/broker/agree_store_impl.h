/* agree_store_impl.h - for agree_save.c and agree_load.c. */
#ifndef BROKER_AGREE_STORE_IMPL_H
#define BROKER_AGREE_STORE_IMPL_H

#include <inttypes.h>
#include <stdio.h>

#include "broker/agree_store.h"

enum { AGREE_NAME_MAX = 40, AGREE_STATE_SLOT = 4096 };
#define AGREE_STATE_MAGIC 0x54415242u /* "BRAT" */
#define AGREE_SYNCED_MAGIC 0x59415242u /* "BRAY" */
enum { AGREE_SYNCED_SIZE = 24 };

struct agree_segment {
	uint64_t number;
	size_t size;
	uint64_t last; /* the highest index in it */
};

struct agree_store {
	struct agree_disk disk;
	size_t segment_bytes;
	uint64_t id, term, vote;
	uint64_t state_serial;
	bool state_dirty;
	struct agree_store_log log; /* as read */
	/* The log's files, the oldest first; the last one is written. */
	struct agree_segment *segment;
	size_t nsegments;
	uint64_t current; /* number of the one that is written; 0: none yet */
	uint64_t last_number;
	size_t offset, size; /* in it */
	bool tried;	     /* there may be a part of a write behind offset */
	size_t next_size;    /* of the file after it, if there is one */
	struct buf pend;     /* records not yet written for good */
	uint64_t pend_last;
	bool pend_alone;
	struct buf snap_data; /* a snapshot not yet written */
	uint64_t snap_data_index, snap_index, keep;
	uint64_t synced_number, synced_offset; /* as read; 0: not known */
	struct berth_error trouble;
	uint64_t bytes, syncs;
};

static inline void agree_store_log_name(char *out, uint64_t number)
{
	snprintf(out, AGREE_NAME_MAX, "log-%016" PRIx64, number);
}

static inline void agree_store_snap_name(char *out, uint64_t index)
{
	snprintf(out, AGREE_NAME_MAX, "snapshot-%016" PRIx64, index);
}

/* The log is empty from here on; the next entry is index + 1. */
void agree_store_reset(struct agree_store *s, uint64_t index, uint64_t term);
void agree_store_encode_state(const struct agree_store *s, struct buf *out);

#endif

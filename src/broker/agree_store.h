/*
 * agree_store.h - what a voter must not forget: term and vote, the log, the
 * newest snapshot.  Owns the files:
 *   state           id of this voter, term, vote: two copies, written by turns
 *   log-NUMBER      records (agree_log.h), a new file when one is full
 *   synced          how far the log is there for good; the disk may get it
 *                   late
 *   snapshot-INDEX  state as of that entry, with the voters
 *
 * Nothing fails for good: what the disk does not take stays in memory and is
 * tried again by agree_store_flush, and the owner sends nothing out and
 * confirms nothing before that worked.
 */
#ifndef BROKER_AGREE_STORE_H
#define BROKER_AGREE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "broker/agree_disk.h"
#include "broker/agree_log.h"

struct agree_store;

/* An entry of the log in memory, as read back by agree_store_create. */
struct agree_store_entry {
	enum agree_log_kind kind;
	uint64_t term;
	size_t offset, len; /* in data */
};

struct agree_store_log {
	uint64_t first; /* index of entry[0] */
	struct agree_store_entry *entry;
	size_t n;
	struct buf data;
};

/* A voter in a snapshot. */
struct agree_store_voter {
	uint64_t id;
	unsigned role;
	char *node;
};

struct agree_snapshot {
	uint64_t index, term, voters_index;
	struct agree_store_voter *voter;
	size_t nvoters;
	struct buf data;
};

void agree_snapshot_finish(struct agree_snapshot *s);
/* Their form in the file; decode: -1 when they are not whole. */
void agree_snapshot_encode(const struct agree_snapshot *s, struct buf *out);
int agree_snapshot_decode(const void *data, size_t len,
			  struct agree_snapshot *out, struct berth_error *err);

/*
 * Reads the files.  A torn tail of the last file of the log is cut, with a
 * line in the log; -1 when what was there for good is damaged.  fresh_id is this voter's when there are no files yet.
 */
struct agree_store *agree_store_create(struct agree_disk disk,
				       size_t segment_bytes, uint64_t fresh_id,
				       struct berth_error *err);
void agree_store_destroy(struct agree_store *s);

uint64_t agree_store_id(const struct agree_store *s);
uint64_t agree_store_term(const struct agree_store *s);
uint64_t agree_store_vote(const struct agree_store *s);
/* No entry and no snapshot yet. */
bool agree_store_blank(const struct agree_store *s);
/* What was read; the caller takes the log and frees it. */
void agree_store_take_log(struct agree_store *s, struct agree_store_log *out);
/* 1, 0: there is none, -1. */
int agree_store_snapshot(struct agree_store *s, struct agree_snapshot *out,
			 struct berth_error *err);
uint64_t agree_store_snapshot_index(const struct agree_store *s);

/* Take effect for good with the next agree_store_flush. */
void agree_store_set_term(struct agree_store *s, uint64_t term, uint64_t vote);
void agree_store_append(struct agree_store *s,
			const struct agree_log_record *rec);
/* keep: entries before this index need not be kept; above the snapshot's
 * index: the log is empty but for what is appended after. */
void agree_store_put_snapshot(struct agree_store *s,
			      const struct agree_snapshot *snap, uint64_t keep,
			      bool replaces_log);

/* Is there something that is not on the disk for good? */
bool agree_store_pending(const struct agree_store *s);
bool agree_store_term_pending(const struct agree_store *s);
/* Term and vote alone; then everything.  -1: try again later. */
int agree_store_flush_term(struct agree_store *s);
int agree_store_flush(struct agree_store *s);
/* Find room for so much more, or say why there is none. */
int agree_store_room(struct agree_store *s, size_t len,
		     struct berth_error *err);
/* Why the last flush failed, or "". */
const char *agree_store_trouble(const struct agree_store *s);

struct agree_store_stats {
	uint64_t bytes, syncs;
};
struct agree_store_stats agree_store_stats(const struct agree_store *s);

#endif

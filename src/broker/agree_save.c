/* agree_save.c - see agree_store.h.  Reading back is agree_load.c. */
#include "broker/agree_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_bytes.h"
#include "broker/agree_store_impl.h"

/* What libraft adds to what it was asked for: barriers, voters. */
enum { SLACK = 8192 };

/* ---- snapshots ---- */

void agree_snapshot_finish(struct agree_snapshot *s)
{
	for (size_t i = 0; i < s->nvoters; i++)
		free(s->voter[i].node);
	free(s->voter);
	buf_finish(&s->data);
	memset(s, 0, sizeof(*s));
}

#define SNAPSHOT_MAGIC 0x53415242u /* "BRAS" */

void agree_snapshot_encode(const struct agree_snapshot *s, struct buf *out)
{
	size_t start = out->len;

	agree_put(out, SNAPSHOT_MAGIC, 4);
	agree_put(out, 0, 4);
	agree_put(out, s->index, 8);
	agree_put(out, s->term, 8);
	agree_put(out, s->voters_index, 8);
	agree_put(out, s->nvoters, 4);
	for (size_t i = 0; i < s->nvoters; i++) {
		agree_put(out, s->voter[i].id, 8);
		agree_put(out, s->voter[i].role, 1);
		agree_put_bytes(out, s->voter[i].node,
				strlen(s->voter[i].node));
	}
	agree_put_bytes(out, s->data.data, s->data.len);
	agree_set(out->data + start + 4,
		  crc32c(out->data + start + 8, out->len - start - 8), 4);
}

int agree_snapshot_decode(const void *data, size_t len,
			  struct agree_snapshot *out, struct berth_error *err)
{
	struct agree_reader r = agree_reader(data, len);
	uint32_t magic = (uint32_t)agree_get(&r, 4);
	uint32_t crc = (uint32_t)agree_get(&r, 4);
	size_t count, n;
	const void *at;

	memset(out, 0, sizeof(*out));
	if (r.bad || magic != SNAPSHOT_MAGIC || crc32c(r.p, len - 8) != crc)
		return error_set(err, BERTH_EPROTO,
				 "the snapshot is damaged (%zu bytes)", len);
	out->index = agree_get(&r, 8);
	out->term = agree_get(&r, 8);
	out->voters_index = agree_get(&r, 8);
	count = agree_get(&r, 4);
	for (size_t i = 0; i < count && !r.bad; i++) {
		struct agree_store_voter v = {.id = agree_get(&r, 8)};

		v.role = (unsigned)agree_get(&r, 1);
		at = agree_get_bytes(&r, &n);
		v.node = mem_strndup(at, n);
		out->voter = mem_resize(out->voter, out->nvoters + 1,
					sizeof(*out->voter));
		out->voter[out->nvoters++] = v;
	}
	at = agree_get_bytes(&r, &n);
	buf_add(&out->data, at, n);
	if (!r.bad && agree_left(&r) == 0 && out->index > 0)
		return 0;
	agree_snapshot_finish(out);
	return error_set(err, BERTH_EPROTO, "the snapshot is damaged");
}

int agree_store_snapshot(struct agree_store *s, struct agree_snapshot *out,
			 struct berth_error *err)
{
	char name[AGREE_NAME_MAX];
	struct buf b = {0};
	int rc = -1;

	if (s->snap_data.len > 0)
		return agree_snapshot_decode(s->snap_data.data,
					     s->snap_data.len, out, err) < 0
			       ? -1
			       : 1;
	if (s->snap_index == 0)
		return 0;
	agree_store_snap_name(name, s->snap_index);
	if (s->disk.ops->read(s->disk.arg, name, &b, err) == 0)
		rc = agree_snapshot_decode(b.data, b.len, out, err);
	buf_finish(&b);
	if (rc < 0)
		return error_prefix(err, "%s/%s", s->disk.name, name);
	return 1;
}

void agree_store_reset(struct agree_store *s, uint64_t index, uint64_t term)
{
	const struct agree_log_record reset = {AGREE_LOG_RESET, term, index,
					       NULL, 0};

	buf_clear(&s->pend);
	agree_log_add(&s->pend, &reset);
	s->pend_last = index;
	s->pend_alone = true;
}

void agree_store_put_snapshot(struct agree_store *s,
			      const struct agree_snapshot *snap, uint64_t keep,
			      bool replaces_log)
{
	buf_clear(&s->snap_data);
	agree_snapshot_encode(snap, &s->snap_data);
	s->snap_data_index = snap->index;
	s->keep = keep;
	if (replaces_log) {
		s->keep = snap->index + 1;
		agree_store_reset(s, snap->index, snap->term);
	}
}

static int write_snapshot(struct agree_store *s, struct berth_error *err)
{
	const struct agree_disk_ops *ops = s->disk.ops;
	char name[AGREE_NAME_MAX], old[AGREE_NAME_MAX];

	agree_store_snap_name(name, s->snap_data_index);
	if (ops->reserve(s->disk.arg, "new", s->snap_data.len, err) != 0 ||
	    ops->write(s->disk.arg, "new", 0, s->snap_data.data,
		       s->snap_data.len, err) != 0 ||
	    ops->sync(s->disk.arg, "new", err) != 0 ||
	    ops->rename(s->disk.arg, "new", name, err) != 0)
		return -1;
	s->syncs++;
	if (s->snap_index > 0 && s->snap_index != s->snap_data_index) {
		agree_store_snap_name(old, s->snap_index);
		ops->remove(s->disk.arg, old, NULL);
	}
	s->snap_index = s->snap_data_index;
	buf_finish(&s->snap_data);
	return 0;
}

/* Files of the log that hold nothing that is still wanted; the oldest first,
 * never the one that is written. */
static void drop_segments(struct agree_store *s)
{
	size_t n = 0;
	char name[AGREE_NAME_MAX];

	while (n + 1 < s->nsegments && s->segment[n].last < s->keep &&
	       s->segment[n].number != s->current) {
		agree_store_log_name(name, s->segment[n].number);
		if (s->disk.ops->remove(s->disk.arg, name, NULL) != 0)
			break;
		s->bytes -= s->segment[n].size;
		n++;
	}
	s->nsegments -= n;
	memmove(s->segment, s->segment + n,
		s->nsegments * sizeof(*s->segment));
}

/* ---- term and vote ---- */

void agree_store_set_term(struct agree_store *s, uint64_t term, uint64_t vote)
{
	if (term == s->term && vote == s->vote)
		return;
	s->term = term;
	s->vote = vote;
	s->state_dirty = true;
}

void agree_store_encode_state(const struct agree_store *s, struct buf *out)
{
	agree_put(out, AGREE_STATE_MAGIC, 4);
	agree_put(out, 0, 4);
	agree_put(out, s->state_serial, 8);
	agree_put(out, s->id, 8);
	agree_put(out, s->term, 8);
	agree_put(out, s->vote, 8);
	agree_set(out->data + 4, crc32c(out->data + 8, out->len - 8), 4);
}

static int trouble(struct agree_store *s, const struct berth_error *err)
{
	if (s->trouble.code == BERTH_OK)
		log_error("agreement: %s; nothing new is accepted until it "
			  "can be written, nothing is lost", err->text);
	s->trouble = *err;
	return -1;
}

int agree_store_flush_term(struct agree_store *s)
{
	const struct agree_disk_ops *ops = s->disk.ops;
	struct berth_error err = {0};
	struct buf b = {0};
	size_t offset;
	int rc;

	if (!s->state_dirty)
		return 0;
	s->state_serial++;
	agree_store_encode_state(s, &b);
	offset = s->state_serial % 2 * AGREE_STATE_SLOT;
	rc = ops->write(s->disk.arg, "state", offset, b.data, b.len, &err);
	if (rc == 0)
		rc = ops->sync(s->disk.arg, "state", &err);
	buf_finish(&b);
	s->syncs++;
	if (rc != 0) {
		s->state_serial--; /* the same slot again */
		return trouble(s, &err);
	}
	s->state_dirty = false;
	return 0;
}

/* ---- the log ---- */

void agree_store_append(struct agree_store *s,
			const struct agree_log_record *rec)
{
	agree_log_add(&s->pend, rec);
	if (rec->index > s->pend_last)
		s->pend_last = rec->index;
}

static struct agree_segment *add_segment(struct agree_store *s,
					 uint64_t number, size_t size)
{
	s->segment = mem_resize(s->segment, s->nsegments + 1,
				sizeof(*s->segment));
	s->segment[s->nsegments] = (struct agree_segment){number, size, 0};
	s->bytes += size;
	return &s->segment[s->nsegments++];
}

/* Make the file after the current one, large enough for need. */
static int make_next(struct agree_store *s, size_t need,
		     struct berth_error *err)
{
	char name[AGREE_NAME_MAX];
	size_t size = need > s->segment_bytes ? need : s->segment_bytes;

	if (s->next_size >= need)
		return 0;
	agree_store_log_name(name, s->last_number + 1);
	s->next_size = 0;
	if (s->disk.ops->reserve(s->disk.arg, name, size, err) != 0)
		return -1;
	s->next_size = size;
	return 0;
}

int agree_store_room(struct agree_store *s, size_t len,
		     struct berth_error *err)
{
	size_t need = s->pend.len + agree_log_room(len) + SLACK;

	if (s->trouble.code != BERTH_OK) {
		if (err)
			*err = s->trouble;
		return -1;
	}
	if (s->current && s->offset + need <= s->size)
		return 0;
	return make_next(s, need, err);
}

static int use_next(struct agree_store *s, struct berth_error *err)
{
	if (make_next(s, s->pend.len, err) != 0)
		return -1;
	s->last_number++;
	s->current = s->last_number;
	s->size = s->next_size;
	s->offset = 0;
	s->next_size = 0;
	add_segment(s, s->current, s->size);
	return 0;
}

/* The next start shall know that what is missing was there.  Nobody waits
 * for it, and it may fail. */
static void write_synced(struct agree_store *s)
{
	struct buf b = {0};

	agree_put(&b, AGREE_SYNCED_MAGIC, 4);
	agree_put(&b, 0, 4);
	agree_put(&b, s->current, 8);
	agree_put(&b, s->offset, 8);
	agree_set(b.data + 4, crc32c(b.data + 8, b.len - 8), 4);
	s->disk.ops->write(s->disk.arg, "synced", 0, b.data, b.len, NULL);
	buf_finish(&b);
}

/* Leave this file; a part of a write must not stay in it. */
static int leave(struct agree_store *s, struct berth_error *err)
{
	char name[AGREE_NAME_MAX];

	agree_store_log_name(name, s->current);
	if (s->tried &&
	    s->disk.ops->truncate(s->disk.arg, name, s->offset, err) != 0)
		return -1;
	s->tried = false;
	return 0;
}

static int write_log(struct agree_store *s, struct berth_error *err)
{
	const struct agree_disk_ops *ops = s->disk.ops;
	struct agree_segment *seg;
	char name[AGREE_NAME_MAX];

	/* A reset starts a file of its own, so that those before can go. */
	if ((s->current == 0 || s->offset + s->pend.len > s->size ||
	     (s->pend_alone && (s->offset > 0 || s->tried))) &&
	    (leave(s, err) != 0 || use_next(s, err) != 0))
		return -1;
	s->pend_alone = false;
	agree_store_log_name(name, s->current);
	s->tried = true;
	if (ops->write(s->disk.arg, name, s->offset, s->pend.data,
		       s->pend.len, err) != 0 ||
	    ops->sync(s->disk.arg, name, err) != 0)
		return -1;
	s->syncs++;
	s->tried = false;
	s->offset += s->pend.len;
	write_synced(s);
	seg = &s->segment[s->nsegments - 1];
	if (s->pend_last > seg->last)
		seg->last = s->pend_last;
	s->pend_last = 0;
	buf_clear(&s->pend);
	return 0;
}

bool agree_store_pending(const struct agree_store *s)
{
	return s->state_dirty || s->pend.len > 0 || s->snap_data.len > 0;
}

bool agree_store_term_pending(const struct agree_store *s)
{
	return s->state_dirty;
}

int agree_store_flush(struct agree_store *s)
{
	struct berth_error err = {0};

	if (agree_store_flush_term(s) != 0)
		return -1;
	if (s->snap_data.len > 0 && write_snapshot(s, &err) != 0)
		return trouble(s, &err);
	if (s->pend.len > 0 && write_log(s, &err) != 0)
		return trouble(s, &err);
	drop_segments(s);
	if (s->trouble.code != BERTH_OK) {
		log_info("agreement: %s can be written again", s->disk.name);
		memset(&s->trouble, 0, sizeof(s->trouble));
	}
	return 0;
}

const char *agree_store_trouble(const struct agree_store *s)
{
	return s->trouble.text;
}

/* ---- what is there ---- */

uint64_t agree_store_id(const struct agree_store *s)
{
	return s->id;
}

uint64_t agree_store_term(const struct agree_store *s)
{
	return s->term;
}

uint64_t agree_store_vote(const struct agree_store *s)
{
	return s->vote;
}

uint64_t agree_store_snapshot_index(const struct agree_store *s)
{
	return s->snap_index;
}

bool agree_store_blank(const struct agree_store *s)
{
	return s->snap_index == 0 && s->log.n == 0 && s->nsegments == 0 &&
	       s->term == 0;
}

void agree_store_take_log(struct agree_store *s, struct agree_store_log *out)
{
	*out = s->log;
	memset(&s->log, 0, sizeof(s->log));
}

struct agree_store_stats agree_store_stats(const struct agree_store *s)
{
	return (struct agree_store_stats){s->bytes, s->syncs};
}

void agree_store_destroy(struct agree_store *s)
{
	if (s == NULL)
		return;
	free(s->log.entry);
	buf_finish(&s->log.data);
	buf_finish(&s->pend);
	buf_finish(&s->snap_data);
	free(s->segment);
	free(s);
}

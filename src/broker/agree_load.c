/* agree_load.c - reading back what agree_save.c wrote. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_bytes.h"
#include "broker/agree_store_impl.h"

struct names {
	uint64_t *log, *snap;
	size_t nlog, nsnap;
	bool state, synced;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add_number(uint64_t **list, size_t *n, const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 16);

	if (*end != '\0' || v == 0)
		return;
	*list = mem_resize(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = v;
}

static void on_name(void *arg, const char *name)
{
	struct names *names = arg;

	if (strncmp(name, "log-", 4) == 0)
		add_number(&names->log, &names->nlog, name + 4);
	else if (strncmp(name, "snapshot-", 9) == 0)
		add_number(&names->snap, &names->nsnap, name + 9);
	else if (strcmp(name, "state") == 0)
		names->state = true;
	else if (strcmp(name, "synced") == 0)
		names->synced = true;
}

/* ---- term and vote ---- */

static bool all_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* A slot is written at once, as part of a sector: it is never torn. */
static bool decode_state(struct agree_store *s, const char *data, size_t len)
{
	struct agree_reader r = agree_reader(data, len);
	uint32_t magic = (uint32_t)agree_get(&r, 4);
	uint32_t crc = (uint32_t)agree_get(&r, 4);
	uint64_t serial;

	if (len < 40 || magic != AGREE_STATE_MAGIC ||
	    crc32c(data + 8, 32) != crc)
		return false;
	serial = agree_get(&r, 8);
	if (serial < s->state_serial)
		return true;
	s->state_serial = serial;
	s->id = agree_get(&r, 8);
	s->term = agree_get(&r, 8);
	s->vote = agree_get(&r, 8);
	return true;
}

static int new_state(struct agree_store *s, struct berth_error *err)
{
	const struct agree_disk_ops *ops = s->disk.ops;
	struct buf b = {0};
	int rc = -1;

	agree_store_encode_state(s, &b);
	if (ops->reserve(s->disk.arg, "synced", AGREE_SYNCED_SIZE, err) == 0 &&
	    ops->reserve(s->disk.arg, "new", 2 * AGREE_STATE_SLOT, err) == 0 &&
	    ops->write(s->disk.arg, "new", 0, b.data, b.len, err) == 0 &&
	    ops->sync(s->disk.arg, "new", err) == 0 &&
	    ops->rename(s->disk.arg, "new", "state", err) == 0)
		rc = 0;
	buf_finish(&b);
	return rc;
}

static int load_state(struct agree_store *s, const struct names *names,
		      struct berth_error *err)
{
	struct buf b = {0};
	size_t found = 0, bad = 0;

	if (!names->state) {
		if (names->nlog + names->nsnap == 0)
			return new_state(s, err);
		return error_set(err, BERTH_ESYS,
				 "%s/state is missing, though there is a log: "
				 "move the folder away, then this node comes "
				 "back as a new voter", s->disk.name);
	}
	if (s->disk.ops->read(s->disk.arg, "state", &b, err) != 0 ||
	    s->disk.ops->sync(s->disk.arg, "state", err) != 0) {
		buf_finish(&b);
		return -1;
	}
	for (size_t at = 0; at + 40 <= b.len; at += AGREE_STATE_SLOT)
		if (decode_state(s, b.data + at, b.len - at))
			found++;
		else
			bad += !all_zero(b.data + at, 40);
	buf_finish(&b);
	if (found > 0 && bad == 0)
		return 0;
	return error_set(err, BERTH_ESYS,
			 "%s/state is damaged: move the folder away, then "
			 "this node comes back as a new voter", s->disk.name);
}

/* ---- the log ---- */

static uint64_t last_index(const struct agree_store_log *log)
{
	return log->first + log->n - 1;
}

/* Does the record fit behind what is there? */
static bool add_record(struct agree_store *s,
		       const struct agree_log_record *rec)
{
	struct agree_store_log *log = &s->log;

	if (rec->kind == AGREE_LOG_RESET) {
		log->n = 0;
		log->first = rec->index + 1;
		return true;
	}
	if (log->first == 0)
		log->first = rec->index;
	if (rec->index < log->first) {
		log->n = 0;
		log->first = rec->index;
	}
	if (rec->index > last_index(log) + 1)
		return false;
	log->n = rec->index - log->first;
	log->entry = mem_resize(log->entry, log->n + 1, sizeof(*log->entry));
	log->entry[log->n++] = (struct agree_store_entry){
		rec->kind, rec->term, log->data.len, rec->len};
	buf_add(&log->data, rec->data, rec->len);
	return true;
}

static void load_synced(struct agree_store *s, const struct names *names)
{
	struct agree_reader r;
	struct buf b = {0};

	if (!names->synced ||
	    s->disk.ops->read(s->disk.arg, "synced", &b, NULL) != 0)
		goto out;
	r = agree_reader(b.data, b.len);
	if (b.len < AGREE_SYNCED_SIZE ||
	    agree_get(&r, 4) != AGREE_SYNCED_MAGIC ||
	    agree_get(&r, 4) != crc32c(b.data + 8, AGREE_SYNCED_SIZE - 8))
		goto out;
	s->synced_number = agree_get(&r, 8);
	s->synced_offset = agree_get(&r, 8);
out:
	buf_finish(&b);
}

static int damaged(const struct agree_store *s, const char *name, size_t at,
		   bool last, struct berth_error *err)
{
	if (!last)
		return error_set(err, BERTH_ESYS,
				 "%s/%s is damaged at offset %zu, and there "
				 "are entries after it: move the folder away, "
				 "then this node comes back as a new voter",
				 s->disk.name, name, at);
	return error_set(err, BERTH_ESYS,
			 "%s/%s is damaged at offset %zu, in what was "
			 "confirmed: move the folder away, then this node "
			 "comes back as a new voter; where it was the only "
			 "one, \"truncate -s %zu\" of that file gives up what "
			 "follows", s->disk.name, name, at, at);
}

/* The records of a file end here, with rc as of agree_log_next. */
static int check_end(struct agree_store *s, const struct agree_segment *seg,
		     const struct buf *b, size_t at, int rc, bool last,
		     struct berth_error *err)
{
	bool kept = seg->number == s->synced_number && at < s->synced_offset;
	char name[AGREE_NAME_MAX];

	agree_store_log_name(name, seg->number);
	if (kept && b->len < s->synced_offset) {
		log_warn("agreement: %s/%s was cut by somebody at offset %zu: "
			 "%" PRIu64 " bytes that were confirmed are gone",
			 s->disk.name, name, b->len, s->synced_offset - at);
		kept = false;
	}
	if (rc == 0 && !kept)
		return 0;
	if (kept || !last || rc > 0 || !agree_log_torn(b->data, b->len, at))
		return damaged(s, name, at, last, err);
	log_warn("agreement: %s/%s: a torn tail is cut at offset %zu, %zu "
		 "bytes are dropped", s->disk.name, name, at, b->len - at);
	return s->disk.ops->truncate(s->disk.arg, name, at, err);
}

static int load_segment(struct agree_store *s, uint64_t number, bool last,
			struct berth_error *err)
{
	struct agree_segment seg = {.number = number};
	struct agree_log_record rec;
	char name[AGREE_NAME_MAX];
	struct buf b = {0};
	size_t at = 0, start = 0;
	int rc;

	agree_store_log_name(name, number);
	if (s->disk.ops->read(s->disk.arg, name, &b, err) != 0)
		return -1;
	rc = agree_log_next(b.data, b.len, &at, &rec);
	while (rc > 0 && add_record(s, &rec)) {
		if (rec.index > seg.last)
			seg.last = rec.index;
		start = at;
		rc = agree_log_next(b.data, b.len, &at, &rec);
	}
	seg.size = rc == 0 ? b.len : start;
	rc = check_end(s, &seg, &b, start, rc, last, err);
	buf_finish(&b);
	if (rc != 0)
		return -1;
	s->last_number = number;
	if (start == 0) /* nothing in it: made in advance */
		return s->disk.ops->remove(s->disk.arg, name, err);
	/* What a process that was killed had not waited for is read like all
	 * else; from here on it counts, so it has to be there for good. */
	if (last && s->disk.ops->sync(s->disk.arg, name, err) != 0)
		return -1;
	s->segment = mem_resize(s->segment, s->nsegments + 1,
				sizeof(*s->segment));
	s->segment[s->nsegments++] = seg;
	s->bytes += seg.size;
	return 0;
}

/* The last file with anything in it: only its tail may be torn. */
static int find_last(struct agree_store *s, const struct names *names,
		     size_t *last, struct berth_error *err)
{
	char name[AGREE_NAME_MAX];

	*last = 0;
	for (size_t i = names->nlog; i > 0; i--) {
		struct agree_log_record rec;
		struct buf b = {0};
		size_t at = 0;
		int rc;

		agree_store_log_name(name, names->log[i - 1]);
		rc = s->disk.ops->read(s->disk.arg, name, &b, err);
		if (rc == 0)
			rc = agree_log_next(b.data, b.len, &at, &rec) > 0;
		buf_finish(&b);
		if (rc < 0)
			return -1;
		if (rc > 0) {
			*last = i - 1;
			return 0;
		}
	}
	return 0;
}

/* A snapshot that came from a leader replaces a log that does not have its
 * entry. */
static int fit_to_snapshot(struct agree_store *s, uint64_t term,
			   struct berth_error *err)
{
	struct agree_store_log *log = &s->log;
	uint64_t index = s->snap_index;

	if (log->first == index + 1 ||
	    (log->n > 0 && index >= log->first && index <= last_index(log) &&
	     log->entry[index - log->first].term == term))
		return 0;
	if (log->n > 0 && log->first > index + 1)
		return error_set(err, BERTH_ESYS,
				 "%s: entries %" PRIu64 " to %" PRIu64
				 " are missing: move the folder away, then "
				 "this node comes back as a new voter",
				 s->disk.name, index + 1, log->first - 1);
	log->n = 0;
	log->first = index + 1;
	agree_store_reset(s, index, term);
	return 0;
}

static int load_snapshot(struct agree_store *s, const struct names *names,
			 uint64_t *term, struct berth_error *err)
{
	struct agree_snapshot snap;
	char name[AGREE_NAME_MAX];

	if (names->nsnap == 0)
		return 0;
	s->snap_index = names->snap[names->nsnap - 1];
	if (agree_store_snapshot(s, &snap, err) < 0)
		return -1;
	*term = snap.term;
	agree_snapshot_finish(&snap);
	for (size_t i = 0; i + 1 < names->nsnap; i++) {
		agree_store_snap_name(name, names->snap[i]);
		s->disk.ops->remove(s->disk.arg, name, NULL);
	}
	return 0;
}

static int load(struct agree_store *s, struct names *names,
		struct berth_error *err)
{
	uint64_t term = 0;
	size_t last;

	if (names->nlog > 0)
		qsort(names->log, names->nlog, sizeof(*names->log), by_number);
	if (names->nsnap > 0)
		qsort(names->snap, names->nsnap, sizeof(*names->snap),
		      by_number);
	if (load_state(s, names, err) != 0 ||
	    load_snapshot(s, names, &term, err) != 0 ||
	    find_last(s, names, &last, err) != 0)
		return -1;
	load_synced(s, names);
	for (size_t i = 0; i < names->nlog; i++) {
		if (load_segment(s, names->log[i], i >= last, err) != 0)
			return -1;
	}
	if (s->synced_number > s->last_number)
		return error_set(err, BERTH_ESYS,
				 "%s: the last file of the log is missing: "
				 "move the folder away, then this node comes "
				 "back as a new voter", s->disk.name);
	if (s->snap_index > 0 && fit_to_snapshot(s, term, err) != 0)
		return -1;
	if (s->log.first == 0)
		s->log.first = s->snap_index + 1;
	/* The first entry of all is written without a term. */
	if (s->log.n > 0 && s->log.entry[s->log.n - 1].term > s->term)
		agree_store_set_term(s, s->log.entry[s->log.n - 1].term, 0);
	return 0;
}

struct agree_store *agree_store_create(struct agree_disk disk,
				       size_t segment_bytes, uint64_t fresh_id,
				       struct berth_error *err)
{
	struct agree_store *s = mem_alloc(sizeof(*s));
	struct names names = {0};
	int rc;

	s->disk = disk;
	s->segment_bytes = segment_bytes;
	s->id = fresh_id;
	rc = disk.ops->list(disk.arg, on_name, &names, err);
	if (rc == 0)
		rc = load(s, &names, err);
	free(names.log);
	free(names.snap);
	if (rc == 0)
		return s;
	agree_store_destroy(s);
	return NULL;
}

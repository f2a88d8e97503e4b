/*
 * commit.c - see commit.h.
 *
 * A record's changes are a repeated field, so records that are written one
 * behind the other are one record with the changes of all.
 */
#include "broker/commit.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

/* A disk that is full is tried again after that. */
enum { RETRY_US = 500 * 1000 };
/* A batch that is larger takes no more; none exceeds AGREE_RECORD_MAX. */
enum { BATCH_MAX = 1 << 20 };

struct waiter {
	STAILQ_ENTRY(waiter) entry;
	commit_done_f done;
	void *arg;
};
STAILQ_HEAD(waiter_list, waiter);

struct batch {
	TAILQ_ENTRY(batch) entry;
	struct commit *commit; /* NULL: it ended before */
	struct buf facts, asks;
	struct waiter_list of_facts, of_asks, of_readers;
	bool proposed;
};

TAILQ_HEAD(batch_list, batch);

struct commit {
	struct records *records;
	commit_propose_f propose;
	void *arg;
	struct batch_list batches; /* oldest first; the last may be open */
	struct waiter_list oversize; /* asks that no record can hold */
	struct buf one;		   /* the change that is being put */
	struct loop_timer *timer;
	bool complained;
};

/* ---- batches ------------------------------------------------------------- */

static size_t batch_bytes(const struct batch *b)
{
	return b->facts.len + b->asks.len;
}

static struct batch *batch_add(struct commit *c)
{
	struct batch *b = mem_alloc(sizeof(*b));

	b->commit = c;
	buf_init(&b->facts);
	buf_init(&b->asks);
	STAILQ_INIT(&b->of_facts);
	STAILQ_INIT(&b->of_asks);
	STAILQ_INIT(&b->of_readers);
	TAILQ_INSERT_TAIL(&c->batches, b, entry);
	if (!loop_timer_pending(c->timer))
		loop_timer_start(c->timer, 0);
	return b;
}

/* The one that takes len bytes more. */
static struct batch *open_batch(struct commit *c, size_t len)
{
	struct batch *b = TAILQ_LAST(&c->batches, batch_list);

	if (b != NULL && !b->proposed && batch_bytes(b) < BATCH_MAX &&
	    batch_bytes(b) + len <= AGREE_RECORD_MAX)
		return b;
	return batch_add(c);
}

static void add_waiter(struct waiter_list *list, commit_done_f done, void *arg)
{
	struct waiter *w = mem_alloc(sizeof(*w));

	w->done = done;
	w->arg = arg;
	STAILQ_INSERT_TAIL(list, w, entry);
}

/* err NULL: well; quiet: nobody is called. */
static void end_waiters(struct waiter_list *list,
			const struct berth_error *err, bool quiet)
{
	struct waiter *w;

	while (!STAILQ_EMPTY(list)) {
		w = STAILQ_FIRST(list);
		STAILQ_REMOVE_HEAD(list, entry);
		if (!quiet)
			w->done(w->arg, err);
		free(w);
	}
}

static void batch_free(struct batch *b)
{
	buf_finish(&b->facts);
	buf_finish(&b->asks);
	free(b);
}

/* ---- out ----------------------------------------------------------------- */

static void batch_end(struct batch *b, const struct berth_error *err)
{
	TAILQ_REMOVE(&b->commit->batches, b, entry);
	end_waiters(&b->of_facts, err, false);
	end_waiters(&b->of_asks, err, false);
	end_waiters(&b->of_readers, err, false);
	batch_free(b);
}

static void on_done(void *arg, enum agree_result result, uint64_t index)
{
	struct batch *b = arg;
	struct berth_error err;

	if (b->commit == NULL) {
		batch_free(b);
		return;
	}
	error_set(&err, BERTH_EUNAVAIL, "another rank leads now");
	batch_end(b, result == AGREE_OK ? NULL : &err);
}

static void apply_here(struct batch *b)
{
	struct berth_error err;

	buf_add(&b->facts, b->asks.data, b->asks.len);
	if (b->facts.len > 0 &&
	    records_apply(b->commit->records, b->facts.data, b->facts.len,
			  &err) != 0)
		log_error("%s", err.text);
	batch_end(b, NULL);
}

/* -1: not now; its asks are refused. */
static int batch_propose(struct batch *b)
{
	struct commit *c = b->commit;
	struct berth_error err;
	size_t nfacts = b->facts.len;

	buf_add(&b->facts, b->asks.data, b->asks.len);
	b->proposed = true;
	if (c->propose(c->arg, b->facts.data, b->facts.len, on_done, b,
		       &err) == 0) {
		c->complained = false;
		return 0;
	}
	b->proposed = false;
	b->facts.len = nfacts;
	buf_clear(&b->asks);
	if (!c->complained)
		log_error("what happens cannot be written down: %s", err.text);
	c->complained = true;
	end_waiters(&b->of_asks, &err, false);
	end_waiters(&b->of_readers, NULL, false);
	return -1;
}

/* Nothing is in it (any more): who waits, waits for what is before it. */
static void batch_skip(struct batch *b)
{
	struct batch *before = TAILQ_PREV(b, batch_list, entry);

	if (before != NULL) {
		STAILQ_CONCAT(&before->of_facts, &b->of_facts);
		STAILQ_CONCAT(&before->of_readers, &b->of_readers);
	}
	batch_end(b, NULL);
}

static void refuse_oversize(struct commit *c)
{
	struct berth_error err;

	error_set(&err, BERTH_ELIMIT, "it is too large to be put on record: "
		  "more than %d MiB", AGREE_RECORD_MAX >> 20);
	end_waiters(&c->oversize, &err, false);
}

static void on_timer(void *arg)
{
	struct commit *c = arg;
	struct batch *b, *next;

	refuse_oversize(c);
	for (b = TAILQ_FIRST(&c->batches); b != NULL; b = next) {
		next = TAILQ_NEXT(b, entry);
		if (b->proposed)
			continue;
		if (batch_bytes(b) == 0) {
			batch_skip(b);
		} else if (c->propose == NULL) {
			apply_here(b);
		} else if (batch_propose(b) != 0) {
			loop_timer_start(c->timer, RETRY_US);
			return;
		}
	}
}

/* ---- in ------------------------------------------------------------------ */

/* The change as bytes, in c->one; false: no record can hold it. */
static bool pack(struct commit *c, Berth__RecordChange *change)
{
	buf_clear(&c->one);
	records_pack(&c->one, &change, 1);
	return c->one.len <= AGREE_RECORD_MAX;
}

void commit_put(struct commit *c, Berth__RecordChange *change)
{
	if (!pack(c, change)) {
		log_error("a change of %zu bytes is too large to be written "
			  "down: a leader after this one will not know of it",
			  c->one.len);
		return;
	}
	buf_add(&open_batch(c, c->one.len)->facts, c->one.data, c->one.len);
}

void commit_ask(struct commit *c, Berth__RecordChange *change,
		commit_done_f done, void *arg)
{
	struct batch *b;

	if (pack(c, change)) {
		b = open_batch(c, c->one.len);
		buf_add(&b->asks, c->one.data, c->one.len);
		add_waiter(&b->of_asks, done, arg);
	} else {
		add_waiter(&c->oversize, done, arg);
	}
	/* It is not to wait for a disk that was full a moment ago. */
	loop_timer_start(c->timer, 0);
}

/* The last one, proposed or not, has or is behind all that was put. */
void commit_wait(struct commit *c, commit_done_f done, void *arg)
{
	struct batch *b = TAILQ_LAST(&c->batches, batch_list);

	add_waiter(&(b != NULL ? b : batch_add(c))->of_facts, done, arg);
}

void commit_read(struct commit *c, commit_done_f done, void *arg)
{
	struct batch *b = TAILQ_LAST(&c->batches, batch_list);

	if (b == NULL || c->complained)
		done(arg, NULL);
	else
		add_waiter(&b->of_readers, done, arg);
}

/* ---- create, destroy ----------------------------------------------------- */

struct records *commit_records(const struct commit *c)
{
	return c->records;
}

struct commit *commit_create(struct loop *loop, struct records *r,
			     commit_propose_f propose, void *arg)
{
	struct commit *c = mem_alloc(sizeof(*c));

	c->records = r;
	c->propose = propose;
	c->arg = arg;
	TAILQ_INIT(&c->batches);
	STAILQ_INIT(&c->oversize);
	buf_init(&c->one);
	c->timer = loop_timer_create(loop, on_timer, c);
	return c;
}

void commit_destroy(struct commit *c)
{
	struct batch *b;

	if (c == NULL)
		return;
	while (!TAILQ_EMPTY(&c->batches)) {
		b = TAILQ_FIRST(&c->batches);
		TAILQ_REMOVE(&c->batches, b, entry);
		end_waiters(&b->of_facts, NULL, true);
		end_waiters(&b->of_asks, NULL, true);
		end_waiters(&b->of_readers, NULL, true);
		b->commit = NULL;
		if (!b->proposed)
			batch_free(b);
	}
	end_waiters(&c->oversize, NULL, true);
	buf_finish(&c->one);
	loop_timer_destroy(c->timer);
	free(c);
}

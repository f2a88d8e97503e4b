#include "broker/outputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "broker/output_cut.h"

/* What one read asks for, where it is likely to get it, and where it may have
 * to wait for more to be printed. */
#define READ_MOST (256u << 10)
#define READ_PARKED (8u << 10)
/* So many reads of the large kind at a time, and so many of both. */
#define READS_LARGE 8
#define READS 1024
/* No read is sent while so much waits in the connection. */
#define WINDOW (1u << 20)
/* How long an agent may keep a read that has nothing to answer with. */
#define PARK_MS 60000
#define RETRY_US 200000

/* One stream of one task or rank. */
struct source {
	TAILQ_ENTRY(source) entry; /* in reader->ready, ->missing or none */
	struct output_tag tag;
	const char *node; /* jobs.c's, as long as the job is known */
	uint64_t offset;
	uint32_t id;
	uint32_t asked; /* bytes of the read that is out; 0: none is */
	bool large;	/* that read counts as a large one */
	bool plenty;	/* the last read was answered in full */
	bool done;
	struct output_cut cut;
};

TAILQ_HEAD(source_list, source);

struct reader {
	LIST_ENTRY(reader) entry;
	struct outputs *all;
	struct http_request *req;
	uint64_t id;
	struct output_want want;

	struct source **source;
	size_t nsources, room, open; /* open: not done */
	size_t place; /* how far in jobs_next_place */
	struct source_list ready, missing;
	size_t reads, reads_large;
	struct loop_timer *wake, *retry;
};

struct outputs {
	struct loop *loop;
	struct book *book;
	struct jobs *jobs;
	struct nodes *nodes;
	LIST_HEAD(, reader) readers;
	size_t nreaders;
	uint64_t ids, bytes;
};

/* ---- life of a reader ---------------------------------------------------- */

static int cancel_read(struct reader *r, struct source *s)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__OutputCancel c = BERTH__OUTPUT_CANCEL__INIT;

	c.id = r->id << 32 | s->id;
	msg.body_case = BERTH__MSG__BODY_OUTPUT_CANCEL;
	msg.output_cancel = &c;
	return nodes_send(r->all->nodes, s->node, &msg);
}

static void reader_destroy(struct reader *r)
{
	LIST_REMOVE(r, entry);
	r->all->nreaders--;
	for (size_t i = 0; i < r->nsources; i++) {
		if (r->source[i]->asked > 0)
			cancel_read(r, r->source[i]);
		output_cut_finish(&r->source[i]->cut);
		free(r->source[i]);
	}
	free(r->source);
	loop_timer_destroy(r->wake);
	loop_timer_destroy(r->retry);
	free(r);
}

/* The last line, and the end of the answer. */
static void reader_end(struct reader *r)
{
	struct ledger *ledger = book_ledger(r->all->book);
	const struct job *j = ledger_job(ledger, r->want.job);
	struct http_request *req = r->req;
	struct buf line;

	buf_init(&line);
	buf_puts(&line, "{\"end\":true");
	if (j != NULL && j->state == JOB_ENDED)
		buf_printf(&line, ",\"exit_code\":%d,\"outcome\":\"%s\"",
			   j->exit_code, job_outcome_name(j->outcome));
	buf_puts(&line, "}\n");
	if (!r->want.raw)
		http_stream_send(req, line.data, line.len);
	buf_finish(&line);
	reader_destroy(r);
	http_stream_end(req);
}

static void reader_wake(struct reader *r)
{
	if (!loop_timer_pending(r->wake))
		loop_timer_start(r->wake, 0);
}

/* ---- sources ------------------------------------------------------------- */

static void source_add(struct reader *r, const struct jobs_place *p,
		       int32_t rank, bool err)
{
	struct source *s;

	if (r->want.raw && r->nsources > 0)
		return;
	s = mem_alloc(sizeof(*s));
	s->tag = (struct output_tag){r->want.job, p->index, rank, err};
	s->node = p->node;
	s->offset = r->want.from;
	s->id = (uint32_t)r->nsources;
	output_cut_init(&s->cut, r->want.lines);
	if (r->nsources == r->room) {
		r->room = r->room > 0 ? 2 * r->room : 8;
		r->source = mem_resize(r->source, r->room,
				       sizeof(r->source[0]));
	}
	r->source[r->nsources++] = s;
	r->open++;
	TAILQ_INSERT_TAIL(&r->ready, s, entry);
}

/* Streams of tasks that were launched since the last look. */
static void find_sources(struct reader *r)
{
	struct jobs_place p;

	while (jobs_next_place(r->all->jobs, r->want.job, &r->place, &p)) {
		if (r->want.task >= 0 && p.index != r->want.task)
			continue;
		for (uint32_t i = 0; i < (p.nranks > 0 ? p.nranks : 1); i++) {
			int32_t rank = p.nranks > 0 ? (int32_t)p.ranks[i] : -1;

			if (r->want.rank >= -1 && rank != r->want.rank)
				continue;
			if (r->want.out)
				source_add(r, &p, rank, false);
			if (r->want.err)
				source_add(r, &p, rank, true);
		}
	}
}

static void source_done(struct reader *r, struct source *s)
{
	if (s->done)
		return;
	s->done = true;
	r->open--;
	output_cut_finish(&s->cut);
	output_cut_init(&s->cut, false);
}

/* The read of s that is out has been answered, or will not be. */
static void read_over(struct reader *r, struct source *s)
{
	r->reads--;
	if (s->large)
		r->reads_large--;
	s->asked = 0;
	s->large = false;
}

/* Everything in its carry is all there will be. */
static void source_flush(struct reader *r, struct source *s)
{
	struct buf text;

	if (r->want.raw || s->cut.carry.len == 0)
		return;
	buf_init(&text);
	output_cut_add(&s->cut, &s->tag, "", 0, true, &text);
	http_stream_send(r->req, text.data, text.len);
	buf_finish(&text);
}

/* ---- reads --------------------------------------------------------------- */

static int send_read(struct reader *r, struct source *s)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__OutputRead q = BERTH__OUTPUT_READ__INIT;

	/* The first read of a source and those after a full answer will find
	 * something; as long as few are out, size does not matter. */
	s->large = r->reads_large < READS_LARGE;
	s->asked = s->large ? READ_MOST : READ_PARKED;
	q.id = r->id << 32 | s->id;
	q.job = r->want.job;
	q.index = s->tag.task;
	q.rank = s->tag.rank;
	q.err = s->tag.err;
	q.offset = s->offset;
	q.max = s->asked;
	q.wait_ms = r->want.follow ? PARK_MS : 0;
	msg.body_case = BERTH__MSG__BODY_OUTPUT_READ;
	msg.output_read = &q;
	r->reads++;
	if (s->large)
		r->reads_large++;
	if (nodes_send(r->all->nodes, s->node, &msg) == 0)
		return 0;
	read_over(r, s);
	return -1;
}

/* The node cannot be asked now: later, or never. */
static void source_refused(struct reader *r, struct source *s)
{
	const char *state = nodes_state(r->all->nodes, s->node);

	if (strcmp(state, "down") == 0 || !r->want.follow) {
		source_flush(r, s);
		source_done(r, s);
		return;
	}
	TAILQ_INSERT_TAIL(&r->missing, s, entry);
	if (!loop_timer_pending(r->retry))
		loop_timer_start(r->retry, RETRY_US);
}

static bool job_over(const struct reader *r)
{
	const struct job *j =
		ledger_job(book_ledger(r->all->book), r->want.job);

	return j == NULL || j->state == JOB_ENDED;
}

/* Send what reads may be sent, and see whether it is all over.  The reader
 * may be gone after. */
static void on_wake(void *arg)
{
	struct reader *r = arg;
	struct source *s;

	find_sources(r);
	while (!TAILQ_EMPTY(&r->ready) && r->reads < READS &&
	       http_stream_queued(r->req) < WINDOW) {
		s = TAILQ_FIRST(&r->ready);
		if (s->plenty && r->reads_large >= READS_LARGE)
			break;
		TAILQ_REMOVE(&r->ready, s, entry);
		if (send_read(r, s) != 0)
			source_refused(r, s);
	}
	if (r->open == 0 && (!r->want.follow || job_over(r)))
		reader_end(r);
}

static void on_retry(void *arg)
{
	struct reader *r = arg;

	TAILQ_CONCAT(&r->ready, &r->missing, entry);
	on_wake(r);
}

static void pass_on(struct reader *r, struct source *s,
		    const Berth__OutputData *d, bool last)
{
	struct buf text;

	r->all->bytes += d->data.len;
	s->offset += d->data.len;
	if (r->want.raw) {
		http_stream_send(r->req, d->data.data, d->data.len);
		return;
	}
	buf_init(&text);
	output_cut_add(&s->cut, &s->tag, (const char *)d->data.data,
		       d->data.len, last, &text);
	if (text.len > 0)
		http_stream_send(r->req, text.data, text.len);
	buf_finish(&text);
}

/* A node that has not heard of the task yet takes it for an ended one.  Its
 * report of a true end comes before any answer that says so. */
static bool task_over(const struct reader *r, const struct source *s)
{
	const struct task *t = ledger_task(book_ledger(r->all->book),
					   r->want.job, s->tag.task);

	return t == NULL || t->status.state == TASK_ENDED;
}

static void take_data(struct reader *r, struct source *s,
		      const Berth__OutputData *d)
{
	bool early = d->ended && r->want.follow && !task_over(r, s);
	bool over = (d->ended && !early) ||
		    (!r->want.follow &&
		     (d->data.len == 0 || s->offset + d->data.len >= d->size));

	s->plenty = d->data.len >= s->asked;
	read_over(r, s);
	pass_on(r, s, d, over);
	if (over || (d->missing && (!r->want.follow || task_over(r, s)))) {
		source_done(r, s);
	} else if (d->missing || (early && d->data.len == 0)) {
		TAILQ_INSERT_TAIL(&r->missing, s, entry);
		if (!loop_timer_pending(r->retry))
			loop_timer_start(r->retry, RETRY_US);
	} else if (s->plenty) {
		TAILQ_INSERT_HEAD(&r->ready, s, entry);
	} else {
		TAILQ_INSERT_TAIL(&r->ready, s, entry);
	}
	reader_wake(r);
}

void outputs_data(struct outputs *o, const Berth__OutputData *d)
{
	struct reader *r;
	size_t at = d->id & UINT32_MAX;

	LIST_FOREACH(r, &o->readers, entry)
		if (r->id == d->id >> 32)
			break;
	if (r != NULL && at < r->nsources && r->source[at]->asked > 0)
		take_data(r, r->source[at], d);
}

/* ---- what happens meanwhile ---------------------------------------------- */

void outputs_event(void *outputs, const struct event *ev)
{
	struct outputs *o = outputs;
	struct reader *r;
	uint64_t job;

	if (ev->type == EVENT_TASK_LAUNCHED)
		job = ev->task_launched.job;
	else if (ev->type == EVENT_TASK_STARTED ||
		 ev->type == EVENT_TASK_FINISHED)
		job = ev->task.job;
	else if (ev->type == EVENT_JOB_FINISHED ||
		 ev->type == EVENT_JOB_FORGOTTEN)
		job = ev->job.job;
	else
		return;
	LIST_FOREACH(r, &o->readers, entry) {
		if (r->want.job != job)
			continue;
		/* What was not there may be now. */
		TAILQ_CONCAT(&r->ready, &r->missing, entry);
		reader_wake(r);
	}
}

/* All reads that are out to the node: ask again or give up. */
void outputs_node(void *outputs, const char *node, bool up)
{
	struct outputs *o = outputs;
	struct reader *r;

	LIST_FOREACH(r, &o->readers, entry) {
		for (size_t i = 0; i < r->nsources; i++) {
			struct source *s = r->source[i];

			if (s->asked == 0 || strcmp(s->node, node) != 0)
				continue;
			read_over(r, s);
			if (up) {
				TAILQ_INSERT_TAIL(&r->ready, s, entry);
				continue;
			}
			source_flush(r, s);
			source_done(r, s);
		}
		reader_wake(r);
	}
}

/* ---- reading ------------------------------------------------------------- */

static void on_closed(void *arg)
{
	reader_destroy(arg);
}

static void on_drained(void *arg)
{
	reader_wake(arg);
}

void outputs_read(struct outputs *o, struct http_request *req,
		  const struct output_want *want)
{
	struct reader *r = mem_alloc(sizeof(*r));

	r->all = o;
	r->req = req;
	r->want = *want;
	r->id = ++o->ids & UINT32_MAX;
	TAILQ_INIT(&r->ready);
	TAILQ_INIT(&r->missing);
	r->wake = loop_timer_create(o->loop, on_wake, r);
	r->retry = loop_timer_create(o->loop, on_retry, r);
	LIST_INSERT_HEAD(&o->readers, r, entry);
	o->nreaders++;
	http_stream_start(req, 200,
			  r->want.raw ? "application/octet-stream"
				 : "application/x-ndjson",
			  on_closed, on_drained, r);
	reader_wake(r);
}

/* ---- create, destroy ----------------------------------------------------- */

size_t outputs_readers(const struct outputs *o)
{
	return o->nreaders;
}

uint64_t outputs_bytes(const struct outputs *o)
{
	return o->bytes;
}

struct outputs *outputs_create(struct loop *loop, struct book *book,
			       struct jobs *jobs, struct nodes *nodes)
{
	struct outputs *o = mem_alloc(sizeof(*o));

	o->loop = loop;
	o->book = book;
	o->jobs = jobs;
	o->nodes = nodes;
	LIST_INIT(&o->readers);
	return o;
}

void outputs_destroy(struct outputs *o)
{
	if (o == NULL)
		return;
	while (!LIST_EMPTY(&o->readers)) {
		struct http_request *req = LIST_FIRST(&o->readers)->req;

		reader_destroy(LIST_FIRST(&o->readers));
		http_stream_end(req);
	}
	free(o);
}

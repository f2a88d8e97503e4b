#include "broker/stdins.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "broker/api.h"

/* A piece that is not acknowledged is sent again, later and later: it may have
 * been lost with a launcher, and to send one twice does no harm. */
#define AGAIN_US (1u * 1000000)
#define AGAIN_MAX_US (32u * 1000000)

/* A piece that has not been acknowledged; its request waits. */
struct piece {
	TAILQ_ENTRY(piece) entry;
	struct stdins *all;
	struct http_request *req;
	uint64_t job, offset, end;
	char *data;
	bool eof, sent;
	uint64_t again_us; /* pause before it is sent again */
	struct loop_timer *again;
};

struct stdins {
	struct loop *loop;
	struct book *book;
	struct nodes *nodes;
	TAILQ_HEAD(, piece) pieces; /* in the order they came */
	struct loop_timer *wake;
};

static void piece_destroy(struct piece *p)
{
	TAILQ_REMOVE(&p->all->pieces, p, entry);
	loop_timer_destroy(p->again);
	free(p->data);
	free(p);
}

static void wake(struct stdins *s)
{
	if (!loop_timer_pending(s->wake))
		loop_timer_start(s->wake, 0);
}

/* ---- answers ------------------------------------------------------------- */

static void answer_taken(struct piece *p, uint64_t offset)
{
	struct http_request *req = p->req;

	piece_destroy(p);
	api_reply(req, 200, json_pack("{s:I}", "offset", (json_int_t)offset));
}

static void answer_nobody(struct piece *p)
{
	struct http_request *req = p->req;
	struct berth_error err = {0};

	error_set(&err, BERTH_ECONFLICT,
		  "job %llu: nobody reads its standard input any more",
		  (unsigned long long)p->job);
	piece_destroy(p);
	api_reply_status(req, 410, &err);
}

/* This rank does not lead any more. */
static void answer_later(struct piece *p)
{
	struct http_request *req = p->req;

	piece_destroy(p);
	api_reply_ending(req);
}

static void on_left(void *arg)
{
	piece_destroy(arg);
}

/* ---- on its way ---------------------------------------------------------- */

/* Where the job's reader is: rank 0, or the first task. */
static const struct task *reader_of(const struct job *j)
{
	const struct task *t;

	TAILQ_FOREACH(t, &j->tasks, of_job) {
		if (t->nranks == 0)
			return t;
		for (uint32_t i = 0; i < t->nranks; i++)
			if (t->ranks[i] == 0)
				return t;
	}
	return NULL;
}

static void send_again(void *arg)
{
	struct piece *p = arg;

	p->sent = false;
	if (p->again_us < AGAIN_MAX_US)
		p->again_us *= 2;
	wake(p->all);
}

static void piece_send(struct piece *p, const char *node)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__StdinData d = BERTH__STDIN_DATA__INIT;

	d.job = p->job;
	d.offset = p->offset;
	d.data.data = (uint8_t *)p->data;
	d.data.len = (size_t)(p->end - p->offset);
	d.eof = p->eof;
	msg.body_case = BERTH__MSG__BODY_STDIN_DATA;
	msg.stdin_data = &d;
	p->sent = nodes_send(p->all->nodes, node, &msg) == 0;
	if (p->sent)
		loop_timer_start(p->again, p->again_us);
}

/* Send what can be sent: the job runs and its node is there. */
static void piece_look(struct piece *p)
{
	const struct job *j = ledger_job(book_ledger(p->all->book),
					 p->job);
	const struct task *t;

	if (j == NULL || j->state == JOB_ENDED) {
		answer_nobody(p);
		return;
	}
	t = reader_of(j);
	/* One that is starting may not be known to its node yet. */
	if (t == NULL || t->status.state == TASK_STARTING)
		return;
	if (t->status.state == TASK_ENDED)
		answer_nobody(p);
	else if (!p->sent)
		piece_send(p, t->where);
}

static void on_wake(void *arg)
{
	struct stdins *s = arg;
	struct piece *p, *next;

	for (p = TAILQ_FIRST(&s->pieces); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		piece_look(p);
	}
}

void stdins_ack(struct stdins *s, const Berth__StdinAck *ack)
{
	struct piece *p, *next;

	for (p = TAILQ_FIRST(&s->pieces); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->job != ack->job)
			continue;
		if (ack->offset >= p->end && p->sent)
			answer_taken(p, ack->offset);
		else if (ack->closed)
			answer_nobody(p);
	}
}

/* ---- what happens meanwhile ---------------------------------------------- */

void stdins_event(void *stdins, const struct event *ev)
{
	struct stdins *s = stdins;

	if (TAILQ_EMPTY(&s->pieces))
		return;
	switch (ev->type) {
	case EVENT_TASK_ADOPTED:
	case EVENT_TASK_STARTED:
	case EVENT_TASK_FINISHED:
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_FORGOTTEN:
		wake(s);
		break;
	default:
		break;
	}
}

void stdins_node(void *stdins, const char *node, bool up)
{
	struct stdins *s = stdins;
	struct piece *p;

	/* To send one twice does no harm: it says where it belongs. */
	if (up)
		TAILQ_FOREACH(p, &s->pieces, entry)
			p->sent = false;
	wake(s);
}

/* ---- pieces -------------------------------------------------------------- */

void stdins_put(struct stdins *s, struct http_request *req, uint64_t job,
		uint64_t offset, bool eof)
{
	struct piece *p = mem_alloc(sizeof(*p));
	const char *body;
	size_t len;

	body = http_body(req, &len);
	p->all = s;
	p->req = req;
	p->job = job;
	p->offset = offset;
	p->end = offset + len;
	p->data = mem_dup(body, len + 1);
	p->eof = eof;
	p->again_us = AGAIN_US;
	p->again = loop_timer_create(s->loop, send_again, p);
	TAILQ_INSERT_TAIL(&s->pieces, p, entry);
	http_on_close(req, on_left, p);
	wake(s);
}

/* ---- create, destroy ----------------------------------------------------- */

struct stdins *stdins_create(struct loop *loop, struct book *book,
			     struct nodes *nodes)
{
	struct stdins *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->book = book;
	s->nodes = nodes;
	TAILQ_INIT(&s->pieces);
	s->wake = loop_timer_create(loop, on_wake, s);
	return s;
}

void stdins_destroy(struct stdins *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->pieces))
		answer_later(TAILQ_FIRST(&s->pieces));
	loop_timer_destroy(s->wake);
	free(s);
}

/*
 * agree_io.c - libraft's I/O on our store and messages.
 *
 * Libraft asks from inside a turn; what it asks for is kept in lists and done
 * by agree_io_settle at the turn's end: term and vote to the disk, then
 * messages out, then the log to the disk, then libraft hears that it is done,
 * until it asks for nothing more.  When the disk takes nothing, messages are
 * dropped and the rest waits: a voter that cannot write is a silent one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_bytes.h"
#include "broker/agree_impl.h"

enum { ENTRIES_MAX_BYTES = 32 << 20, TRAILING = 512, SNAPSHOT_MS = 3000 };
#define RETRY_US 100000u

static struct agree *self(const struct raft_io *io)
{
	return io->impl;
}

/* ---- plain ones ---- */

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
	return 0;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
		    raft_io_recv_cb recv)
{
	self(io)->tick = tick;
	self(io)->recv = recv;
	return 0;
}

static int io_refuse(struct raft_io *io, const struct raft_configuration *c)
{
	return RAFT_INVALID;
}

static raft_time io_time(struct raft_io *io)
{
	return agree_now(self(io)) / 1000 + self(io)->warp_ms;
}

static int io_random(struct raft_io *io, int min, int max)
{
	struct agree *a = self(io);
	uint64_t v = a->env.ops->random(a->env.arg);

	return max <= min ? min : min + (int)(v % (uint64_t)(max - min));
}

static int io_set_term(struct raft_io *io, raft_term term)
{
	agree_store_set_term(self(io)->store, term, 0);
	return 0;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
	struct agree *a = self(io);

	agree_store_set_term(a->store, agree_store_term(a->store), id);
	return 0;
}

/* ---- messages ---- */

static int io_send(struct raft_io *io, struct raft_io_send *req,
		   const struct raft_message *message, raft_io_send_cb cb)
{
	struct agree *a = self(io);
	struct agree_msg m = {.kind = AGREE_MSG_RAFT, .from = a->id};
	struct agree_out *o;

	if (a->closing || message->server_address == NULL)
		return RAFT_NOCONNECTION;
	m.to = message->server_id;
	m.raft = *message;
	if ((int)message->type == AGREE_VOTE_RESULT)
		m.promise_us = agree_promise_left(a, m.to);
	if ((int)message->type == AGREE_APPEND_RESULT &&
	    message->append_entries_result.rejected == 0)
		m.raft.append_entries_result.last_log_index = agree_match_clip(
			a, m.raft.append_entries_result.last_log_index);
	/* A newer one than was asked for: 0.22 keeps that one's term. */
	if ((int)message->type == AGREE_SNAPSHOT)
		m.raft.install_snapshot.last_term = a->got_term;
	o = AGREE_ADD(a->out);
	memset(o, 0, sizeof(*o));
	o->node = mem_strdup(message->server_address);
	o->req = req;
	o->cb = cb;
	o->heartbeat = (int)message->type == AGREE_APPEND ||
		       (int)message->type == AGREE_SNAPSHOT;
	agree_msg_encode(&m, ENTRIES_MAX_BYTES, &o->bytes);
	return 0;
}

void agree_queue(struct agree *a, const char *node, struct agree_msg *m)
{
	struct agree_out *o = AGREE_ADD(a->out);

	memset(o, 0, sizeof(*o));
	o->node = mem_strdup(node);
	m->from = a->id;
	agree_msg_encode(m, 0, &o->bytes);
}

static int send_one(struct agree *a, struct agree_out *o)
{
	const struct agree_peer *p = agree_peer_of(a, o->node);
	char *at = o->bytes.data + AGREE_MSG_STAMP_AT;

	if (o->heartbeat && a->resigning)
		return -1;
	agree_set(at, agree_now(a), 8);
	agree_set(at + 8, p->echo, 8);
	agree_set(at + 16, p->echo_term, 8);
	return a->env.ops->send(a->env.arg, o->node, o->bytes.data,
				o->bytes.len);
}

/* Libraft hears of each only after all are out: it may ask for more. */
static bool send_all(struct agree *a, bool drop)
{
	struct agree_out *list = a->out.at;
	size_t n = a->out.n;

	a->out.at = NULL;
	a->out.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct agree_out *o = &list[i];
		int rc = drop ? -1 : send_one(a, o);

		if (o->req && o->cb)
			o->cb(o->req, rc == 0 ? 0 : RAFT_NOCONNECTION);
		buf_finish(&o->bytes);
		free(o->node);
	}
	free(list);
	return n > 0;
}

/* ---- the log ---- */

static int io_append(struct raft_io *io, struct raft_io_append *req,
		     const struct raft_entry entries[], unsigned n,
		     raft_io_append_cb cb)
{
	struct agree *a = self(io);
	struct agree_append *p;

	for (unsigned i = 0; i < n; i++) {
		const struct raft_entry *e = &entries[i];
		const struct agree_log_record rec = {
			(enum agree_log_kind)e->type, e->term,
			a->next_index++, e->buf.base, e->buf.len};

		if (e->type == RAFT_CHANGE)
			agree_conf_pad(&e->buf);
		agree_store_append(a->store, &rec);
	}
	p = AGREE_ADD(a->append);
	*p = (struct agree_append){req, cb, n ? entries[n - 1].term : 0};
	return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
	self(io)->next_index = index;
	return 0;
}

static bool finish_appends(struct agree *a)
{
	struct agree_append *list = a->append.at;
	size_t n = a->append.n;

	a->append.at = NULL;
	a->append.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (list[i].term > a->term_stored)
			a->term_stored = list[i].term;
		list[i].cb(list[i].req, 0);
	}
	free(list);
	return n > 0;
}

/* ---- snapshots ---- */

static void take_conf(struct agree_snapshot *out,
		      const struct raft_configuration *c)
{
	out->voter = mem_array(c->n + 1, sizeof(*out->voter));
	out->nvoters = c->n;
	for (unsigned i = 0; i < c->n; i++) {
		out->voter[i].id = c->servers[i].id;
		out->voter[i].role = (unsigned)c->servers[i].role;
		out->voter[i].node = mem_strdup(c->servers[i].address);
	}
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing,
			   struct raft_io_snapshot_put *req,
			   const struct raft_snapshot *snap,
			   raft_io_snapshot_put_cb cb)
{
	struct agree *a = self(io);
	struct agree_snapshot s = {.index = snap->index, .term = snap->term};
	bool own = trailing > 0;

	agree_conf_note(a);
	/* 0.15 puts voters into it that are not committed yet. */
	if (AGREE_RAFT_OLD && own && a->committed.n > 0 &&
	    a->raft.configuration_uncommitted_index != 0) {
		s.voters_index = a->committed_index;
		take_conf(&s, &a->committed);
	} else {
		s.voters_index = snap->configuration_index;
		take_conf(&s, &snap->configuration);
	}
	for (unsigned i = 0; i < snap->n_bufs; i++)
		buf_add(&s.data, snap->bufs[i].base, snap->bufs[i].len);
	agree_store_put_snapshot(a->store, &s,
				 own && snap->index > trailing
					 ? snap->index - trailing
					 : 0,
				 !own);
	if (!own)
		a->next_index = snap->index + 1;
	agree_snapshot_finish(&s);
	a->put = req;
	a->put_cb = cb;
	return 0;
}

static bool finish_put(struct agree *a, int status)
{
	struct raft_io_snapshot_put *req = a->put;

	a->put = NULL;
	if (req)
		a->put_cb(req, status);
	return req != NULL;
}

static int io_snapshot_get(struct raft_io *io,
			   struct raft_io_snapshot_get *req,
			   raft_io_snapshot_get_cb cb)
{
	struct agree_get_snap *g = AGREE_ADD(self(io)->get);

	*g = (struct agree_get_snap){req, cb};
	return 0;
}

/* In libraft's own memory, which it frees. */
static struct raft_snapshot *to_raft(const struct agree_snapshot *s)
{
	struct raft_snapshot *out = raft_calloc(1, sizeof(*out));

	out->index = s->index;
	out->term = s->term;
	out->configuration_index = s->voters_index;
	raft_configuration_init(&out->configuration);
	for (size_t i = 0; i < s->nvoters; i++)
		raft_configuration_add(&out->configuration, s->voter[i].id,
				       s->voter[i].node,
				       (int)s->voter[i].role);
	out->bufs = raft_calloc(1, sizeof(*out->bufs));
	out->n_bufs = 1;
	out->bufs[0].base = raft_malloc(s->data.len + 1);
	out->bufs[0].len = s->data.len;
	if (s->data.len > 0)
		memcpy(out->bufs[0].base, s->data.data, s->data.len);
	return out;
}

static bool finish_gets(struct agree *a)
{
	struct agree_get_snap *list = a->get.at;
	size_t n = a->get.n;

	a->get.at = NULL;
	a->get.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct agree_snapshot s;
		struct berth_error err = {0};
		int rc = a->closing ? 0
				    : agree_store_snapshot(a->store, &s, &err);

		if (rc <= 0) {
			if (rc < 0)
				log_error("agreement: %s", err.text);
			list[i].cb(list[i].req, NULL, RAFT_IOERR);
			continue;
		}
		a->got_term = s.term;
		list[i].cb(list[i].req, to_raft(&s), 0);
		agree_snapshot_finish(&s);
	}
	free(list);
	return n > 0;
}

/* ---- start ---- */

static void load_entries(struct agree_store_log *log,
			 struct raft_entry **entries)
{
	char *batch;

	*entries = NULL;
	if (log->n == 0)
		return;
	*entries = raft_calloc(log->n, sizeof(**entries));
	batch = raft_malloc(log->data.len + 8 * log->n + 8);
	if (*entries == NULL || batch == NULL)
		abort();
	for (size_t i = 0, at = 0; i < log->n; i++) {
		struct raft_entry *e = &(*entries)[i];

		e->term = log->entry[i].term;
		e->type = (unsigned)log->entry[i].kind;
		e->buf.base = batch + at;
		e->buf.len = log->entry[i].len;
		e->batch = batch;
		memcpy(batch + at, log->data.data + log->entry[i].offset,
		       log->entry[i].len);
		at += (log->entry[i].len + 7) & ~(size_t)7;
	}
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *vote,
		   struct raft_snapshot **snapshot, raft_index *start,
		   struct raft_entry *entries[], size_t *n)
{
	struct agree *a = self(io);
	struct agree_store_log log;
	struct agree_snapshot s = {0};
	struct berth_error err = {0};

	*snapshot = NULL;
	if (agree_store_snapshot(a->store, &s, &err) < 0) {
		snprintf(io->errmsg, sizeof(io->errmsg), "%.255s",
			 err.text);
		return RAFT_CORRUPT;
	}
	agree_store_take_log(a->store, &log);
	*term = agree_store_term(a->store);
	*vote = agree_store_vote(a->store);
	if (s.index > 0)
		*snapshot = to_raft(&s);
	*start = log.first;
	*n = log.n;
	load_entries(&log, entries);
	if (log.n > 0)
		a->term_stored = log.entry[log.n - 1].term;
	a->next_index = log.first + log.n;
	agree_conf_restore(a, &s, *entries, log.n, log.first);
	agree_snapshot_finish(&s);
	free(log.entry);
	buf_finish(&log.data);
	return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
	struct agree *a = self(io);

	a->closing = true;
	send_all(a, true);
	finish_gets(a);
	finish_appends(a);
	finish_put(a, RAFT_CANCELED);
	send_all(a, true);
	if (cb)
		cb(io);
}

/* A voter that cannot write does not stand for election. */
void agree_io_tick(struct agree *a)
{
	if (!a->started)
		return;
	if (a->raft.state == RAFT_FOLLOWER &&
	    (a->append.n > 0 || agree_store_pending(a->store)))
		return;
	a->tick(&a->io);
}

/* ---- the end of a turn ---- */

#if AGREE_RAFT_OLD
static void fire(struct agree *a)
{
}
#else
/* 0.22 leaves finished requests in a queue of two-pointer links, for its I/O
 * to call them back when it is outside of libraft. */
static void fire(struct agree *a)
{
	void **head = a->raft.legacy.requests;

	while (head[0] != head) {
		void **link = head[0];
		struct raft_apply *apply = (struct raft_apply *)(void *)(
			(char *)link - offsetof(struct raft_apply, queue));
		struct raft_change *change = (struct raft_change *)apply;

		((void **)link[1])[0] = link[0];
		((void **)link[0])[1] = link[1];
		if (apply->type == RAFT_COMMAND)
			apply->cb(apply, apply->status, apply->result);
		else if (apply->type == RAFT_CHANGE)
			change->cb(change, change->status);
	}
}
#endif

static int timed(struct agree *a, int (*flush)(struct agree_store *s))
{
	uint64_t begin = agree_now(a);
	int rc = flush(a->store);

	a->sync_us += agree_now(a) - begin;
	return rc;
}

void agree_io_settle(struct agree *a)
{
	bool more = true;

	for (unsigned i = 0; more && i < 64; i++) {
		bool stuck = a->retry_at > agree_now(a);

		more = false;
		if (!stuck && timed(a, agree_store_flush_term) != 0) {
			a->retry_at = agree_now(a) + RETRY_US;
			stuck = true;
		}
		fire(a);
		more |= send_all(a, agree_store_term_pending(a->store));
		more |= finish_gets(a);
		if (stuck)
			break;
		if (agree_store_pending(a->store) &&
		    timed(a, agree_store_flush) != 0) {
			a->retry_at = agree_now(a) + RETRY_US;
			break;
		}
		a->retry_at = 0;
		more |= finish_appends(a);
		more |= finish_put(a, 0);
		agree_conf_note(a);
		fire(a);
	}
	if (more)
		a->again = true;
}

/* ---- life ---- */

static void set_ops(struct agree *a)
{
	a->io = (struct raft_io){
		.version = 1,
		.impl = a,
		.init = io_init,
		.close = io_close,
		.load = io_load,
		.start = io_start,
		.bootstrap = io_refuse,
		.recover = io_refuse,
		.set_term = io_set_term,
		.set_vote = io_set_vote,
		.send = io_send,
		.append = io_append,
		.truncate = io_truncate,
		.snapshot_put = io_snapshot_put,
		.snapshot_get = io_snapshot_get,
		.time = io_time,
		.random = io_random,
	};
	a->fsm = (struct raft_fsm){
		.version = 1,
		.data = a,
		.apply = agree_fsm_apply,
		.snapshot = agree_fsm_snapshot,
		.restore = agree_fsm_restore,
	};
}

static void configure(struct agree *a)
{
	raft_set_election_timeout(&a->raft, a->config.election_ms);
	raft_set_heartbeat_timeout(&a->raft, a->config.heartbeat_ms);
	raft_set_install_snapshot_timeout(&a->raft, SNAPSHOT_MS);
	raft_set_pre_vote(&a->raft, true);
	raft_set_snapshot_threshold(&a->raft, a->config.snapshot_entries);
	raft_set_snapshot_trailing(&a->raft,
				   a->config.snapshot_entries < TRAILING
					   ? a->config.snapshot_entries
					   : TRAILING);
#if !AGREE_RAFT_OLD
	raft_seed(&a->raft, (unsigned)a->env.ops->random(a->env.arg));
	raft_set_capacity_threshold(&a->raft, 0); /* agree_store_room knows */
#endif
}

int agree_io_start(struct agree *a, struct berth_error *err)
{
	int rc;

	set_ops(a);
	a->closing = false;
	memset(&a->raft, 0, sizeof(a->raft));
	a->id = agree_store_id(a->store);
	rc = raft_init(&a->raft, &a->io, &a->fsm, a->id, a->env.self);
	if (rc == 0) {
		configure(a);
		rc = raft_start(&a->raft);
		if (rc != 0)
			raft_close(&a->raft, NULL);
	}
	if (rc != 0)
		return error_set(err, BERTH_ESYS, "%s: %s%s%s", a->disk.name,
				 raft_strerror(rc),
				 a->io.errmsg[0] ? ": " : "", a->io.errmsg);
	a->started = true;
#if AGREE_RAFT_OLD
	if (a->committed_index > 0 && a->raft.state == RAFT_FOLLOWER &&
	    a->raft.configuration_index > a->committed_index) {
		a->raft.configuration_uncommitted_index =
			a->raft.configuration_index;
		a->raft.configuration_index = a->committed_index;
	}
#endif
	agree_conf_note(a);
	return 0;
}

void agree_io_stop(struct agree *a)
{
	if (a->started)
		raft_close(&a->raft, NULL);
	a->started = false;
	raft_configuration_close(&a->committed);
	raft_configuration_init(&a->committed);
	a->committed_index = 0;
	free(a->out.at);
	free(a->append.at);
	free(a->get.at);
	a->out.at = NULL;
	a->append.at = NULL;
	a->get.at = NULL;
	a->out.n = a->append.n = a->get.n = 0;
}

/* agree_msg.c - see agree_msg.h. */
#include "broker/agree_msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/agree_bytes.h"

enum { VERSION = 1, SERVERS_MAX = 64, NAME_MAX_LEN = 255 };

/* ---- out ---- */

static void put_entries(struct buf *out, const struct raft_append_entries *a,
			size_t max)
{
	size_t start = out->len, count_at;
	uint32_t n = 0;

	count_at = out->len;
	agree_put(out, 0, 4);
	for (; n < a->n_entries; n++) {
		const struct raft_entry *e = &a->entries[n];

		if (n > 0 && out->len - start + e->buf.len > max)
			break;
		agree_put(out, e->term, 8);
		agree_put(out, (uint64_t)e->type, 1);
		agree_put_bytes(out, e->buf.base, e->buf.len);
	}
	agree_set(out->data + count_at, n, 4);
}

static void put_conf(struct buf *out, const struct raft_configuration *c)
{
	agree_put(out, c->n, 4);
	for (unsigned i = 0; i < c->n; i++) {
		agree_put(out, c->servers[i].id, 8);
		agree_put(out, (uint64_t)c->servers[i].role, 1);
		agree_put_bytes(out, c->servers[i].address,
				strlen(c->servers[i].address));
	}
}

static void put_raft(struct buf *out, const struct raft_message *m, size_t max)
{
	agree_put(out, (uint64_t)m->type, 1);
	switch ((int)m->type) {
	case AGREE_APPEND:
		agree_put(out, AGREE_GET_VERSION(&m->append_entries), 1);
		agree_put(out, m->append_entries.term, 8);
		agree_put(out, m->append_entries.prev_log_index, 8);
		agree_put(out, m->append_entries.prev_log_term, 8);
		agree_put(out, m->append_entries.leader_commit, 8);
		put_entries(out, &m->append_entries, max);
		break;
	case AGREE_APPEND_RESULT:
		agree_put(out, AGREE_GET_VERSION(&m->append_entries_result),
			  1);
		agree_put(out, m->append_entries_result.term, 8);
		agree_put(out, m->append_entries_result.rejected, 8);
		agree_put(out, m->append_entries_result.last_log_index, 8);
		break;
	case AGREE_VOTE:
		agree_put(out, AGREE_GET_VERSION(&m->request_vote), 1);
		agree_put(out, m->request_vote.term, 8);
		agree_put(out, m->request_vote.candidate_id, 8);
		agree_put(out, m->request_vote.last_log_index, 8);
		agree_put(out, m->request_vote.last_log_term, 8);
		agree_put(out, m->request_vote.disrupt_leader, 1);
		agree_put(out, m->request_vote.pre_vote, 1);
		break;
	case AGREE_VOTE_RESULT:
		agree_put(out, AGREE_GET_VERSION(&m->request_vote_result), 1);
		agree_put(out, m->request_vote_result.term, 8);
		agree_put(out, m->request_vote_result.vote_granted, 1);
		agree_put(out,
			  AGREE_IS_PRE_VOTE(m->request_vote_result.pre_vote),
			  1);
		break;
	case AGREE_SNAPSHOT:
		agree_put(out, AGREE_GET_VERSION(&m->install_snapshot), 1);
		agree_put(out, m->install_snapshot.term, 8);
		agree_put(out, m->install_snapshot.last_index, 8);
		agree_put(out, m->install_snapshot.last_term, 8);
		agree_put(out, m->install_snapshot.conf_index, 8);
		put_conf(out, &m->install_snapshot.conf);
		agree_put_bytes(out, m->install_snapshot.data.base,
				m->install_snapshot.data.len);
		break;
	}
}

void agree_msg_encode(const struct agree_msg *m, size_t max, struct buf *out)
{
	agree_put(out, VERSION, 1);
	agree_put(out, m->kind, 1);
	agree_put(out, m->from, 8);
	agree_put(out, m->to, 8);
	agree_put(out, m->stamp, 8);
	agree_put(out, m->echo, 8);
	agree_put(out, m->echo_term, 8);
	agree_put(out, m->promise_us, 8);
	switch (m->kind) {
	case AGREE_MSG_RAFT:
		put_raft(out, &m->raft, max);
		break;
	case AGREE_MSG_HELLO:
		break;
	case AGREE_MSG_BEACON:
		agree_put(out, m->term, 8);
		agree_put(out, m->nvoters, 1);
		for (unsigned i = 0; i < m->nvoters; i++)
			agree_put_bytes(out, m->voter[i], strlen(m->voter[i]));
		break;
	case AGREE_MSG_RESIGN:
		agree_put(out, m->term, 8);
		agree_put(out, m->target, 8);
		break;
	}
}

/* ---- in ---- */

static char *get_name(struct agree_reader *r)
{
	size_t n;
	const char *at = agree_get_bytes(r, &n);

	if (n == 0 || n > NAME_MAX_LEN || memchr(at, '\0', n))
		r->bad = true;
	return r->bad ? NULL : mem_strndup(at, n);
}

/* What libraft frees comes from its own allocator. */
static void *get_data(struct agree_reader *r, size_t *len)
{
	const void *at = agree_get_bytes(r, len);
	void *copy;

	if (r->bad)
		return NULL;
	copy = raft_malloc(*len + 1);
	if (copy)
		memcpy(copy, at, *len);
	else
		r->bad = true;
	return copy;
}

/* Entries share one piece of memory, as libraft has it. */
static void get_entries(struct agree_reader *r, struct raft_append_entries *a)
{
	struct agree_reader look = *r;
	size_t count = agree_get(&look, 4), room = 8, len;
	char *batch;

	if (count > agree_left(&look) / 13)
		look.bad = true;
	for (size_t i = 0; i < count && !look.bad; i++) {
		uint64_t term = agree_get(&look, 8);
		uint64_t kind = agree_get(&look, 1);

		agree_get_bytes(&look, &len);
		if (term == 0 || kind < RAFT_COMMAND || kind > RAFT_CHANGE)
			look.bad = true;
		room += (len + 7) & ~(size_t)7;
	}
	a->entries = NULL;
	a->n_entries = 0;
	agree_get(r, 4);
	if (look.bad)
		r->bad = true;
	if (r->bad || count == 0)
		return;
	a->entries = raft_calloc(count, sizeof(*a->entries));
	batch = raft_malloc(room);
	if (a->entries == NULL || batch == NULL)
		abort();
	for (size_t i = 0, at = 0; i < count; i++) {
		struct raft_entry *e = &a->entries[i];
		const void *data;

		e->term = agree_get(r, 8);
		e->type = agree_get(r, 1);
		data = agree_get_bytes(r, &e->buf.len);
		memcpy(batch + at, data, e->buf.len);
		e->buf.base = batch + at;
		e->batch = batch;
		at += (e->buf.len + 7) & ~(size_t)7;
	}
	a->n_entries = (unsigned)count;
}

static void get_conf(struct agree_reader *r, struct raft_configuration *c)
{
	size_t n = agree_get(r, 4);

	raft_configuration_init(c);
	if (n > SERVERS_MAX)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad; i++) {
		uint64_t id = agree_get(r, 8);
		unsigned role = (unsigned)agree_get(r, 1);
		char *name = get_name(r);

		if (r->bad || id == 0 || role > RAFT_SPARE ||
		    raft_configuration_add(c, id, name, (int)role) != 0)
			r->bad = true;
		free(name);
	}
}

static void get_snapshot(struct agree_reader *r,
			 struct raft_install_snapshot *s)
{
	AGREE_SET_VERSION(s, agree_get(r, 1));
	s->term = agree_get(r, 8);
	s->last_index = agree_get(r, 8);
	s->last_term = agree_get(r, 8);
	s->conf_index = agree_get(r, 8);
	get_conf(r, &s->conf);
	s->data.base = get_data(r, &s->data.len);
	if (s->last_index == 0 || s->last_term == 0 || s->conf.n == 0)
		r->bad = true;
}

static void get_vote(struct agree_reader *r, struct raft_request_vote *v)
{
	AGREE_SET_VERSION(v, agree_get(r, 1));
	v->term = agree_get(r, 8);
	v->candidate_id = agree_get(r, 8);
	v->last_log_index = agree_get(r, 8);
	v->last_log_term = agree_get(r, 8);
	v->disrupt_leader = agree_get(r, 1) != 0;
	v->pre_vote = agree_get(r, 1) != 0;
}

static void get_vote_result(struct agree_reader *r,
			    struct raft_request_vote_result *v)
{
	bool pre_vote;

	AGREE_SET_VERSION(v, agree_get(r, 1));
	v->term = agree_get(r, 8);
	v->vote_granted = agree_get(r, 1) != 0;
	pre_vote = agree_get(r, 1) != 0;
	v->pre_vote = AGREE_PRE_VOTE(pre_vote);
}

static void get_append(struct agree_reader *r, struct raft_append_entries *a)
{
	AGREE_SET_VERSION(a, agree_get(r, 1));
	a->term = agree_get(r, 8);
	a->prev_log_index = agree_get(r, 8);
	a->prev_log_term = agree_get(r, 8);
	a->leader_commit = agree_get(r, 8);
	get_entries(r, a);
}

static void get_append_result(struct agree_reader *r,
			      struct raft_append_entries_result *a)
{
	AGREE_SET_VERSION(a, agree_get(r, 1));
	a->term = agree_get(r, 8);
	a->rejected = agree_get(r, 8);
	a->last_log_index = agree_get(r, 8);
}

/* TimeoutNow is not among them: leadership is handed over by RESIGN. */
static void get_raft(struct agree_reader *r, struct raft_message *m)
{
	unsigned type = (unsigned)agree_get(r, 1);

	switch (type) {
	case AGREE_APPEND:
		get_append(r, &m->append_entries);
		break;
	case AGREE_APPEND_RESULT:
		get_append_result(r, &m->append_entries_result);
		break;
	case AGREE_VOTE:
		get_vote(r, &m->request_vote);
		break;
	case AGREE_VOTE_RESULT:
		get_vote_result(r, &m->request_vote_result);
		break;
	case AGREE_SNAPSHOT:
		get_snapshot(r, &m->install_snapshot);
		break;
	default:
		r->bad = true;
		return;
	}
	m->type = type;
}

static void get_beacon(struct agree_reader *r, struct agree_msg *m)
{
	unsigned n;

	m->term = agree_get(r, 8);
	n = (unsigned)agree_get(r, 1);
	if (n > AGREE_MSG_VOTERS)
		r->bad = true;
	for (unsigned i = 0; i < n && !r->bad; i++) {
		m->voter[i] = get_name(r);
		if (m->voter[i])
			m->nvoters++;
	}
}

int agree_msg_decode(const void *data, size_t len, struct agree_msg *out,
		     struct berth_error *err)
{
	struct agree_reader r = agree_reader(data, len);
	unsigned version = (unsigned)agree_get(&r, 1);

	memset(out, 0, sizeof(*out));
	out->kind = (enum agree_msg_kind)agree_get(&r, 1);
	out->from = agree_get(&r, 8);
	out->to = agree_get(&r, 8);
	out->stamp = agree_get(&r, 8);
	out->echo = agree_get(&r, 8);
	out->echo_term = agree_get(&r, 8);
	out->promise_us = agree_get(&r, 8);
	if (!r.bad && version != VERSION)
		return error_set(err, BERTH_EPROTO,
				 "it speaks version %u of agreement, this is "
				 "version %d", version, VERSION);
	switch (out->kind) {
	case AGREE_MSG_RAFT:
		get_raft(&r, &out->raft);
		break;
	case AGREE_MSG_HELLO:
		break;
	case AGREE_MSG_BEACON:
		get_beacon(&r, out);
		break;
	case AGREE_MSG_RESIGN:
		out->term = agree_get(&r, 8);
		out->target = agree_get(&r, 8);
		break;
	default:
		r.bad = true;
	}
	if (!r.bad && agree_left(&r) == 0 && out->from != 0)
		return 0;
	agree_msg_finish(out);
	return error_set(err, BERTH_EPROTO,
			 "a message of %zu bytes makes no sense", len);
}

void agree_msg_finish(struct agree_msg *m)
{
	switch ((int)m->raft.type) {
	case AGREE_APPEND:
		if (m->raft.append_entries.n_entries > 0)
			raft_free(m->raft.append_entries.entries[0].batch);
		raft_free(m->raft.append_entries.entries);
		break;
	case AGREE_SNAPSHOT:
		raft_configuration_close(&m->raft.install_snapshot.conf);
		raft_free(m->raft.install_snapshot.data.base);
		break;
	}
	m->raft.type = 0;
	for (unsigned i = 0; i < m->nvoters; i++)
		free(m->voter[i]);
	m->nvoters = 0;
}

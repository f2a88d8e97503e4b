/* agree_turn.c - see agree.h.  The turn: what came in, time, who leads, proposals,
 * then libraft's I/O. */
#include "broker/agree.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_impl.h"

enum {
	BATCHES_MAX = 4, /* entries in flight; what comes later waits */
	BATCH_BYTES = 1 << 20,
	WAIT_BYTES = 256 << 20,
	WAIT_MAX = 100000,
	SLOT = 16, /* of a proposal in its entry, at most */
};
#define BEACON_US 500000u
#define SILENCE_US 3000000u /* then a rank without vote forgets the leader */

uint64_t agree_now(const struct agree *a)
{
	return a->env.ops->now_us(a->env.arg);
}

void agree_kick(struct agree *a)
{
	if (a->in_turn)
		a->again = true;
	else
		a->env.ops->wake(a->env.arg, 0);
}

struct agree_peer *agree_peer_of(struct agree *a, const char *node)
{
	struct agree_peer *p;

	for (size_t i = 0; i < a->peer.n; i++) {
		if (strcmp(a->peer.at[i].node, node) == 0)
			return &a->peer.at[i];
	}
	p = AGREE_ADD(a->peer);
	memset(p, 0, sizeof(*p));
	p->node = mem_strdup(node);
	return p;
}

/* ---- what came in ---- */

void agree_receive(struct agree *a, const char *node, const void *data,
		   size_t len)
{
	struct agree_in in;
	struct berth_error err = {0};

	if (agree_msg_decode(data, len, &in.msg, &err) != 0) {
		log_warn("agreement: node %s: %s", node, err.text);
		return;
	}
	in.node = mem_strdup(node);
	*AGREE_ADD(a->in) = in;
	agree_kick(a);
}

void agree_message(struct agree *a, const char *node, const Berth__Agree *msg)
{
	agree_receive(a, node, msg->data.data, msg->data.len);
}

static void say_hello(struct agree *a, const char *node, uint64_t to)
{
	struct agree_msg m = {.kind = AGREE_MSG_HELLO, .to = to};

	agree_queue(a, node, &m);
}

static void on_beacon(struct agree *a, const char *node, struct agree_msg *m)
{
	if (m->term < a->beacon_term)
		return;
	if (a->beacon_leader == NULL || strcmp(a->beacon_leader, node) != 0) {
		free(a->beacon_leader);
		a->beacon_leader = mem_strdup(node);
	}
	a->beacon_term = m->term;
	a->beacon_at = agree_now(a);
	for (size_t i = 0; i < a->nbeacon_voters; i++)
		free(a->beacon_voters[i]);
	a->beacon_voters = mem_resize(a->beacon_voters, m->nvoters + 1,
				      sizeof(*a->beacon_voters));
	a->nbeacon_voters = m->nvoters;
	for (unsigned i = 0; i < m->nvoters; i++)
		a->beacon_voters[i] = m->voter[i];
	m->nvoters = 0;
}

static void on_resign(struct agree *a, const struct agree_msg *m)
{
	if (m->term != a->raft.current_term ||
	    a->raft.state != RAFT_FOLLOWER || !agree_is_voter(a))
		return;
	if (a->heard_from == m->from)
		a->heard_us = 0;
	agree_forget_leader(a);
	agree_elect_soon(a, m->target);
}

static void handle(struct agree *a, struct agree_in *in)
{
	struct agree_peer *p = agree_peer_of(a, in->node);
	struct agree_msg *m = &in->msg;

	p->id = m->from;
	if (m->to != 0 && m->to != a->id) {
		say_hello(a, in->node, m->from);
		return;
	}
	if (a->raft.state == RAFT_LEADER && m->echo > p->acked &&
	    m->echo_term == a->raft.current_term &&
	    a->lead_term == m->echo_term)
		p->acked = m->echo;
	switch (m->kind) {
	case AGREE_MSG_RAFT:
		agree_in_receive(a, in->node, m);
		break;
	case AGREE_MSG_HELLO:
		if (m->to == 0)
			say_hello(a, in->node, m->from);
		break;
	case AGREE_MSG_BEACON:
		on_beacon(a, in->node, m);
		break;
	case AGREE_MSG_RESIGN:
		on_resign(a, m);
		break;
	}
}

static void note_term(struct agree *a);

static void take_in(struct agree *a)
{
	while (a->in.n > 0 && !a->dead) {
		struct agree_in *list = a->in.at;
		size_t n = a->in.n;

		a->in.at = NULL;
		a->in.n = 0;
		for (size_t i = 0; i < n; i++) {
			if (!a->dead)
				handle(a, &list[i]);
			note_term(a);
			agree_msg_finish(&list[i].msg);
			free(list[i].node);
		}
		free(list);
	}
}

/* ---- who leads ---- */

/* A term of ours has begun: nobody has answered us in it yet. */
static void note_term(struct agree *a)
{
	if (a->raft.current_term != a->last_term) {
		a->last_term = a->raft.current_term;
		a->terms_seen++;
	}
	if (a->raft.state != RAFT_LEADER ||
	    a->lead_term == a->raft.current_term)
		return;
	a->lead_term = a->raft.current_term;
	a->begin_asked = a->begun = a->resigning = false;
	a->changing = false;
	a->next_beacon = a->next_change = 0;
	for (size_t i = 0; i < a->peer.n; i++)
		a->peer.at[i].acked = a->peer.at[i].match = 0;
	/* Our own promise to the one before, too. */
	if (agree_nvoters(a) > 1)
		agree_lease_vote(a, agree_promise_left(a, a->id));
}

bool agree_lease_valid(const struct agree *a)
{
	return a->leading && !a->resigning &&
	       a->raft.state == RAFT_LEADER &&
	       agree_now(a) < agree_lease_until(a);
}

bool agree_leading(const struct agree *a)
{
	return a->leading;
}

uint64_t agree_term(const struct agree *a)
{
	if (a->raft.current_term > a->beacon_term || agree_is_voter(a))
		return a->raft.current_term;
	return a->beacon_term;
}

static const char *known_leader(const struct agree *a)
{
	if (a->leading)
		return a->env.self;
	if (agree_is_voter(a))
		return a->raft.state == RAFT_FOLLOWER
			       ? a->raft.follower_state.current_leader.address
			       : NULL;
	return a->beacon_leader;
}

const char *agree_leader(const struct agree *a)
{
	return known_leader(a);
}

static void lose_waiting(struct agree *a)
{
	struct agree_proposal *list = a->wait.at;
	size_t n = a->wait.n;

	a->wait.at = NULL;
	a->wait.n = 0;
	a->wait_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		a->in_flight--;
		free(list[i].data);
		if (list[i].done)
			list[i].done(list[i].arg, AGREE_LOST, 0);
	}
	free(list);
}

static void tell(struct agree *a)
{
	bool lead = a->raft.state == RAFT_LEADER && !a->resigning &&
		    a->lead_term == a->raft.current_term && a->begun;
	const char *leader;

	if (a->leading && (!lead || a->told_term != a->raft.current_term)) {
		a->leading = false;
		a->told = false;
		lose_waiting(a);
	}
	if (lead && !a->leading && agree_now(a) >= a->act_after &&
	    agree_now(a) < agree_lease_until(a)) {
		a->leading = true;
		a->told_term = a->raft.current_term;
		if (a->ev->leading && !a->dead)
			a->ev->leading(a->arg, a->told_term);
		a->again = true;
		return;
	}
	if (a->leading)
		return;
	leader = known_leader(a);
	if (a->told && a->told_term == agree_term(a) &&
	    (leader ? a->told_leader && strcmp(leader, a->told_leader) == 0
		    : a->told_leader == NULL))
		return;
	free(a->told_leader);
	a->told_leader = leader ? mem_strdup(leader) : NULL;
	a->told_term = agree_term(a);
	a->told = true;
	if (a->ev->following && !a->dead)
		a->ev->following(a->arg, a->told_leader, a->told_term);
}

static void beacon(struct agree *a)
{
	struct agree_msg m = {.kind = AGREE_MSG_BEACON};
	const struct raft_configuration *c = &a->raft.configuration;
	const char *const *peers;
	size_t n;

	if (!a->leading || agree_now(a) < a->next_beacon)
		return;
	a->next_beacon = agree_now(a) + BEACON_US;
	m.term = a->raft.current_term;
	for (unsigned i = 0; i < c->n && m.nvoters < AGREE_MSG_VOTERS; i++) {
		if (c->servers[i].role == RAFT_VOTER)
			m.voter[m.nvoters++] = c->servers[i].address;
	}
	peers = a->env.ops->peers(a->env.arg, &n);
	for (size_t i = 0; i < n; i++)
		agree_queue(a, peers[i], &m);
}

/* ---- proposals ---- */

static int refuse_proposal(struct agree *a, size_t len,
			   struct berth_error *err)
{
	if (!a->leading || a->resigning)
		return error_set(err, BERTH_EUNAVAIL,
				 "this node does not lead (any more)");
	if (len > AGREE_RECORD_MAX)
		return error_set(err, BERTH_ELIMIT,
				 "a record of %zu bytes is larger than %d", len,
				 AGREE_RECORD_MAX);
	if (a->wait_bytes + len > WAIT_BYTES || a->wait.n >= WAIT_MAX)
		return error_set(err, BERTH_EUNAVAIL,
				 "%zu records wait to be written: try again "
				 "later", a->wait.n);
	return agree_store_room(a->store,
				a->wait_bytes + len + SLOT * (a->wait.n + 1),
				err);
}

int agree_propose(struct agree *a, const void *data, size_t len,
		  agree_done_f done, void *arg, struct berth_error *err)
{
	if (refuse_proposal(a, len, err) != 0)
		return -1;
	*AGREE_ADD(a->wait) = (struct agree_proposal){
		len ? mem_dup(data, len) : NULL, len, done, arg};
	a->wait_bytes += len;
	a->in_flight++;
	agree_kick(a);
	return 0;
}

static void propose(struct agree *a)
{
	while (a->wait.n > 0 && a->batches < BATCHES_MAX && a->leading) {
		struct agree_batch *b = mem_alloc(sizeof(*b));
		size_t bytes = 0;

		while (b->n < a->wait.n &&
		       (b->n == 0 || bytes + a->wait.at[b->n].len <
					     BATCH_BYTES))
			bytes += a->wait.at[b->n++].len;
		b->item = mem_dup(a->wait.at, b->n * sizeof(*b->item));
		a->wait.n -= b->n;
		a->wait_bytes -= bytes;
		memmove(a->wait.at, a->wait.at + b->n,
			a->wait.n * sizeof(*a->wait.at));
		agree_fsm_propose(a, b);
	}
}

/* The first entry of our term: with it commits all that came before. */
static void begin(struct agree *a)
{
	if (a->raft.state != RAFT_LEADER || a->begin_asked || a->resigning)
		return;
	a->begin_asked = true;
	agree_fsm_propose(a, mem_alloc(sizeof(struct agree_batch)));
}

/* ---- the turn ---- */

/* Libraft looks at the clock once a heartbeat; twice where its clock jumps,
 * see agree_step_down. */
static void look_at_clock(struct agree *a)
{
	uint64_t now = agree_now(a);

	if (a->resigning && a->raft.state == RAFT_LEADER) {
		for (int i = 0; i < 3 && a->raft.state == RAFT_LEADER; i++) {
			a->warp_ms += 2 * a->config.election_ms + 1;
			agree_io_tick(a);
		}
	}
	if (a->elect_at && now >= a->elect_at) {
		a->elect_at = 0;
		if (a->raft.state == RAFT_FOLLOWER &&
		    a->raft.follower_state.current_leader.id == 0) {
			a->warp_ms += 2 * a->config.election_ms + 1;
			agree_io_tick(a);
		}
	}
	if (now >= a->next_tick) {
		a->next_tick = now + a->config.heartbeat_ms * 1000ull;
		agree_io_tick(a);
	}
	if (a->beacon_leader && now > a->beacon_at + SILENCE_US) {
		free(a->beacon_leader);
		a->beacon_leader = NULL;
	}
}

static uint64_t next_wake(const struct agree *a)
{
	uint64_t now = agree_now(a), at = a->next_tick;

	if (a->again)
		return 0;
	if (a->elect_at && a->elect_at < at)
		at = a->elect_at;
	if (a->begun && !a->leading && a->act_after > now &&
	    a->act_after < at)
		at = a->act_after;
	return at > now ? at - now : 0;
}

static void finish(struct agree *a);

void agree_turn(struct agree *a)
{
	a->in_turn = true;
	a->again = false;
	if (a->started) {
		take_in(a);
		look_at_clock(a);
		note_term(a);
		begin(a);
		propose(a);
		if (a->leading)
			agree_voters_step(a);
		beacon(a);
		agree_io_settle(a);
		note_term(a);
		tell(a);
	}
	a->in_turn = false;
	if (a->dead) {
		finish(a);
		return;
	}
	a->env.ops->wake(a->env.arg, next_wake(a));
}

/* ---- peers ---- */

void agree_peer_up(struct agree *a, const char *node)
{
	say_hello(a, node, 0);
	a->next_beacon = 0;
	agree_kick(a);
}

void agree_peer_down(struct agree *a, const char *node)
{
	if (a->beacon_leader && strcmp(a->beacon_leader, node) == 0) {
		free(a->beacon_leader);
		a->beacon_leader = NULL;
		agree_kick(a);
	}
}

/* ---- life ---- */

static void set_config(struct agree *a, const struct agree_config *c)
{
	a->config = *c;
	a->config.dir = NULL;
	if (a->config.election_ms == 0)
		a->config.election_ms = 300;
	if (a->config.heartbeat_ms == 0)
		a->config.heartbeat_ms = 60;
	if (a->config.heartbeat_ms * 2 > a->config.election_ms)
		a->config.heartbeat_ms = a->config.election_ms / 2;
	if (a->config.snapshot_entries == 0)
		a->config.snapshot_entries = 8192;
	if (a->config.segment_bytes == 0)
		a->config.segment_bytes = 4 << 20;
}

struct agree *agree_create_env(struct agree_env env, struct agree_disk disk,
			       const struct agree_config *config,
			       const struct agree_events *ev, void *arg,
			       struct berth_error *err)
{
	struct agree *a = mem_alloc(sizeof(*a));

	a->env = env;
	a->disk = disk;
	a->ev = ev;
	a->arg = arg;
	set_config(a, config);
	raft_configuration_init(&a->committed);
	a->in_turn = true;
	/* A vote or an answer of an earlier life may still bind us. */
	a->heard_us = agree_now(a);
	if (agree_open_store(a, err) != 0 ||
	    (config->forget_others && agree_forget_others(a, err) != 0) ||
	    agree_io_start(a, err) != 0) {
		finish(a);
		return NULL;
	}
	a->in_turn = false;
	a->env.ops->wake(a->env.arg, 0);
	return a;
}

bool agree_blank(const struct agree *a)
{
	return agree_store_blank(a->store) && a->next_index == 1;
}

int agree_bootstrap(struct agree *a, struct berth_error *err)
{
	int rc;

	if (!agree_blank(a))
		return error_set(err, BERTH_ECONFLICT,
				 "%s: there is an agreement already",
				 a->disk.name);
	agree_io_stop(a);
	if (agree_alone_write(a, 1, 1, err) != 0)
		return -1;
	rc = agree_io_start(a, err);
	agree_kick(a);
	return rc;
}

static void finish(struct agree *a)
{
	a->in_turn = true;
	a->dead = true;
	agree_io_stop(a);
	lose_waiting(a);
	for (size_t i = 0; i < a->in.n; i++) {
		agree_msg_finish(&a->in.at[i].msg);
		free(a->in.at[i].node);
	}
	free(a->in.at);
	for (size_t i = 0; i < a->peer.n; i++)
		free(a->peer.at[i].node);
	free(a->peer.at);
	for (size_t i = 0; i < a->nbeacon_voters; i++)
		free(a->beacon_voters[i]);
	free(a->beacon_voters);
	for (size_t i = 0; i < a->nwanted; i++)
		free(a->wanted[i]);
	free(a->wanted);
	free(a->names);
	free(a->beacon_leader);
	free(a->told_leader);
	raft_configuration_close(&a->committed);
	agree_store_destroy(a->store);
	if (a->env.ops->destroy)
		a->env.ops->destroy(a->env.arg);
	free(a);
}

void agree_destroy(struct agree *a)
{
	if (a == NULL)
		return;
	a->dead = true;
	if (!a->in_turn)
		finish(a);
}

void agree_stats(const struct agree *a, struct agree_stats *out)
{
	struct agree_store_stats s = agree_store_stats(a->store);

	*out = (struct agree_stats){
		.voter = agree_is_voter(a),
		.disk_full = agree_store_trouble(a->store)[0] != '\0',
		.disk_error = agree_store_trouble(a->store),
		.applied = a->applied,
		.committed = a->raft.commit_index,
		.log_bytes = s.bytes,
		.syncs = s.syncs,
		.sync_us = a->sync_us,
		.elections = a->terms_seen,
		.in_flight = a->in_flight,
		.last_index = a->next_index - 1,
		.last_term = a->term_stored,
	};
}

/*
 * agree_lease.c - the leader's lease, the voters' promises, and elections
 * that need not wait.
 *
 * Every message carries its sender's clock; a voter returns the latest clock
 * of the leader that it acted on.  So the leader knows for how long a
 * majority has promised not to support anyone else: a promise lasts
 * election_ms from when the message came, the lease 4/5 of that from when it
 * was sent.  A voter that votes while it is still bound says so in its
 * answer, and the candidate that wins waits that long before it acts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/agree_impl.h"

static uint64_t promise_us(const struct agree *a)
{
	return a->config.election_ms * 1000ull;
}

uint64_t agree_promise_left(const struct agree *a, uint64_t asker)
{
	uint64_t until = a->heard_us + promise_us(a), now = agree_now(a);

	if (a->heard_us == 0 || a->heard_from == asker || until <= now)
		return 0;
	return until - now;
}

void agree_lease_heard(struct agree *a, struct agree_peer *p, uint64_t stamp,
		       uint64_t id)
{
	a->heard_us = agree_now(a);
	a->heard_from = id;
	p->echo = stamp;
	p->echo_term = a->raft.current_term;
	a->elect_at = 0;
}

void agree_lease_vote(struct agree *a, uint64_t promise_us)
{
	uint64_t until = agree_now(a) + promise_us;

	if (a->act_term != a->raft.current_term) {
		a->act_term = a->raft.current_term;
		a->act_after = 0;
	}
	if (promise_us > 0 && until > a->act_after)
		a->act_after = until;
}

static int later_first(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a > b ? -1 : a < b;
}

/* Until when the promises of a majority last, by our clock. */
uint64_t agree_lease_until(const struct agree *a)
{
	uint64_t acked[64];
	size_t n = 0, voters = agree_nvoters(a);

	if (voters <= 1)
		return agree_is_voter(a) ? UINT64_MAX : 0;
	for (size_t i = 0; i < a->peer.n && n < 64; i++) {
		const struct agree_peer *p = &a->peer.at[i];
		const struct raft_server *s = agree_server_at(a, p->node);

		if (s && s->role == RAFT_VOTER && s->id == p->id)
			acked[n++] = p->acked;
	}
	qsort(acked, n, sizeof(*acked), later_first);
	/* A majority less ourselves. */
	if (n < voters / 2 || acked[voters / 2 - 1] == 0)
		return 0;
	return acked[voters / 2 - 1] + promise_us(a) / 5 * 4;
}

/* ---- elections at once ---- */

/* Libraft's follower forgets whom it follows, so that it may support another
 * without waiting for its timer. */
void agree_forget_leader(struct agree *a)
{
	if (a->raft.state != RAFT_FOLLOWER)
		return;
	raft_free(a->raft.follower_state.current_leader.address);
	a->raft.follower_state.current_leader.address = NULL;
	a->raft.follower_state.current_leader.id = 0;
}

/* Voters take turns, so that two do not split the votes. */
void agree_elect_soon(struct agree *a, uint64_t target)
{
	const struct raft_configuration *c = &a->raft.configuration;
	uint64_t delay = 0, step = a->config.heartbeat_ms * 1000ull;

	for (unsigned i = 0; i < c->n && c->servers[i].id != a->id; i++) {
		if (c->servers[i].role == RAFT_VOTER)
			delay += step;
	}
	if (target)
		delay = target == a->id ? 0 : delay + 2 * step;
	a->elect_at = agree_now(a) + delay;
	agree_kick(a);
}

void agree_suspect(struct agree *a, const char *node, bool certain)
{
	const struct raft_server *s = agree_server_at(a, node);

	if (a->beacon_leader && strcmp(a->beacon_leader, node) == 0) {
		free(a->beacon_leader);
		a->beacon_leader = NULL;
		agree_kick(a);
	}
	if (s == NULL || s->id == a->id || a->raft.state != RAFT_FOLLOWER ||
	    !agree_is_voter(a))
		return;
	if (certain && a->heard_from == s->id)
		a->heard_us = 0;
	if (a->raft.follower_state.current_leader.id != s->id)
		return;
	agree_forget_leader(a);
	agree_elect_soon(a, 0);
}

/*
 * Libraft has a leader step down when it hears from no majority for an
 * election timeout: its clock jumps over two of them while nothing comes in.
 */
void agree_step_down(struct agree *a)
{
	struct agree_msg m = {.kind = AGREE_MSG_RESIGN};
	const struct agree_peer *best = NULL;

	if (a->raft.state != RAFT_LEADER || agree_nvoters(a) < 2)
		return;
	for (size_t i = 0; i < a->peer.n; i++) {
		const struct agree_peer *p = &a->peer.at[i];
		const struct raft_server *s = agree_server_at(a, p->node);

		if (s && s->role == RAFT_VOTER && s->id == p->id &&
		    p->acked > 0 && (!best || p->match > best->match))
			best = p;
	}
	m.term = a->raft.current_term;
	m.target = best ? best->id : 0;
	a->resigning = true;
	for (size_t i = 0; i < a->peer.n; i++) {
		if (agree_server_at(a, a->peer.at[i].node))
			agree_queue(a, a->peer.at[i].node, &m);
	}
	agree_kick(a);
}

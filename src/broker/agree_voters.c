/* agree_voters.c - who votes, and the way there: one change at a time, each
 * committed before the next (section 4.1 of Ongaro's dissertation). */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_impl.h"

#define RETRY_US 200000u

const char *const *agree_voters(const struct agree *a, size_t *count)
{
	struct agree *w = (struct agree *)(uintptr_t)a; /* the answer's array */
	const struct raft_configuration *c = &a->raft.configuration;

	*count = 0;
	if (c->n == 0) {
		*count = a->nbeacon_voters;
		return (const char *const *)a->beacon_voters;
	}
	w->names = mem_resize(w->names, c->n + 1, sizeof(*w->names));
	for (unsigned i = 0; i < c->n; i++) {
		if (c->servers[i].role == RAFT_VOTER)
			w->names[(*count)++] = c->servers[i].address;
	}
	return w->names;
}

void agree_set_voters(struct agree *a, const char *const *nodes, size_t count)
{
	if (!a->leading)
		return;
	for (size_t i = 0; i < a->nwanted; i++)
		free(a->wanted[i]);
	a->wanted = mem_resize(a->wanted, count + 1, sizeof(*a->wanted));
	a->nwanted = count;
	for (size_t i = 0; i < count; i++)
		a->wanted[i] = mem_strdup(nodes[i]);
	a->next_change = 0;
	agree_kick(a);
}

static void on_change(struct raft_change *req, int status)
{
	struct agree *a = req->data;

	a->changing = false;
	a->next_change = status == 0 ? 0 : agree_now(a) + RETRY_US;
	a->next_beacon = 0;
	a->again = true;
}

static void started(struct agree *a, const char *what, const char *node,
		    int rc)
{
	if (rc == 0) {
		a->changing = true;
		log_info("agreement: %s %s", node, what);
	} else {
		a->next_change = agree_now(a) + RETRY_US;
		log_debug("agreement: %s cannot be changed now: %s", node,
			  raft_strerror(rc));
	}
}

/* A node that should vote: 1: it does, 0: something was begun or is awaited. */
static int bring_in(struct agree *a, const char *node)
{
	const struct raft_server *s = agree_server_at(a, node);
	const struct agree_peer *p = agree_peer_of(a, node);
	struct agree_msg hello = {.kind = AGREE_MSG_HELLO};

	if (strcmp(node, a->env.self) == 0 ||
	    (s && s->role == RAFT_VOTER && (p->id == 0 || p->id == s->id)))
		return 1;
	if (p->id == 0) {
		agree_queue(a, node, &hello);
		a->next_change = agree_now(a) + RETRY_US;
		return 0;
	}
	a->change.data = a;
	if (s && s->id != p->id) {
		started(a, "has lost its files: it leaves the voters", node,
			raft_remove(&a->raft, &a->change, s->id, on_change));
	} else if (s == NULL) {
		started(a, "gets the log", node,
			raft_add(&a->raft, &a->change, p->id, node,
				 on_change));
	} else {
		started(a, "becomes a voter", node,
			raft_assign(&a->raft, &a->change, s->id, RAFT_VOTER,
				    on_change));
	}
	return 0;
}

static bool is_wanted(const struct agree *a, const char *node)
{
	for (size_t i = 0; i < a->nwanted; i++) {
		if (strcmp(a->wanted[i], node) == 0)
			return true;
	}
	return false;
}

/* A voter that is not wanted; of several the one that has been silent for
 * longest: without it the others are a majority, without one of them they
 * might not be.  NULL: there is none. */
static const struct raft_server *to_go(struct agree *a)
{
	const struct raft_configuration *c = &a->raft.configuration;
	const struct raft_server *found = NULL;
	uint64_t since = 0;

	for (unsigned i = 0; i < c->n; i++) {
		const struct raft_server *s = &c->servers[i];
		uint64_t acked;

		if (s->id == a->id || is_wanted(a, s->address))
			continue;
		acked = agree_peer_of(a, s->address)->acked;
		if (found == NULL || acked < since) {
			found = s;
			since = acked;
		}
	}
	return found;
}

/* Begin the next change, if there is one and none is under way. */
void agree_voters_step(struct agree *a)
{
	const struct raft_server *s;
	char *node;

	if (a->nwanted == 0 || a->changing || a->resigning ||
	    a->raft.state != RAFT_LEADER || agree_now(a) < a->next_change)
		return;
	for (size_t i = 0; i < a->nwanted; i++) {
		if (bring_in(a, a->wanted[i]) == 0)
			return;
	}
	s = to_go(a);
	if (s == NULL)
		return;
	node = mem_strdup(s->address); /* s goes */
	a->change.data = a;
	started(a, "is no voter any more", node,
		raft_remove(&a->raft, &a->change, s->id, on_change));
	free(node);
}

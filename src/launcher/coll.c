/* coll.c - see coll.h. */
#include "launcher/coll.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "launcher/coll_table.h"
#include "launcher/status.h"

#define WATCH_US (1000u * 1000)

/* A coordinator elsewhere waits for a shepherd of ours. */
struct watch {
	LIST_ENTRY(watch) entry;
	char *node, *key, *shepherd;
};

/* The clock of one collective that this node coordinates: first a look at
 * who is late, then its time limit. */
struct clock {
	struct colls *cs;
	struct loop_timer *timer;
	struct coll *coll;
	uint64_t limit_us; /* 0: none */
	bool looked;
};

struct colls {
	struct loop *loop;
	struct coll_config conf;
	struct coll_table *table;
	LIST_HEAD(, watch) watches;
};

struct colls *colls_create(struct loop *l, const struct coll_config *conf)
{
	struct colls *cs = mem_alloc(sizeof *cs);

	cs->loop = l;
	cs->conf = *conf;
	if (cs->conf.watch_us == 0)
		cs->conf.watch_us = WATCH_US;
	cs->table = coll_table_create();
	LIST_INIT(&cs->watches);
	return cs;
}

static void clock_destroy(void *p)
{
	struct clock *k = p;

	if (k == NULL)
		return;
	loop_timer_destroy(k->timer);
	free(k);
}

static void watch_destroy(struct watch *w)
{
	LIST_REMOVE(w, entry);
	free(w->node);
	free(w->key);
	free(w->shepherd);
	free(w);
}

void colls_destroy(struct colls *cs)
{
	struct watch *w;

	if (cs == NULL)
		return;
	while ((w = LIST_FIRST(&cs->watches)) != NULL)
		watch_destroy(w);
	coll_table_destroy(cs->table, clock_destroy);
	free(cs);
}

static bool here(const struct colls *cs, const char *node)
{
	return strcmp(node, cs->conf.node) == 0;
}

/* ---- answers ---- */

static void deliver(struct colls *cs, Berth__CollDone *done)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_COLL_DONE;
	msg.coll_done = done;
	if (!here(cs, done->to->node)) {
		cs->conf.post.node(cs->conf.post.arg, done->to->node, &msg);
		return;
	}
	if (coll_table_answered(cs->table, done->key, done->to->shepherd))
		cs->conf.post.shepherd(cs->conf.post.arg, done->to->shepherd,
				       &msg);
}

static void answer(struct colls *cs, struct coll *c, size_t i)
{
	Berth__CollDone *done = coll_result(c, i);

	deliver(cs, done);
	free(done);
}

static void end(struct colls *cs, struct coll *c, int status)
{
	uint64_t context = 0;
	void **user = coll_user(c);

	clock_destroy(*user);
	*user = NULL;
	if (status == STATUS_OK && coll_wants_context_id(c))
		context = cs->conf.context(cs->conf.arg);
	coll_table_end(cs->table, c, status, context);
	for (size_t i = 0; i < coll_parties(c); i++) {
		if (coll_joined(c, i))
			answer(cs, c, i);
	}
}

/* Party i is gone for good.  Returns whether the collective goes on. */
static bool lose(struct colls *cs, struct coll *c, size_t i)
{
	if (!coll_living(c)) {
		end(cs, c, STATUS_LOST);
		return false;
	}
	if (!coll_drop(c, i))
		return true;
	end(cs, c, STATUS_OK);
	return false;
}

/* ---- late parties and time limits ---- */

static void ask_after(struct colls *cs, struct coll *c, const Berth__Party *p)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__CollWatch watch = BERTH__COLL_WATCH__INIT;

	watch.key = (char *)coll_key(c);
	watch.party = (Berth__Party *)p;
	msg.body_case = BERTH__MSG__BODY_COLL_WATCH;
	msg.coll_watch = &watch;
	cs->conf.post.node(cs->conf.post.arg, p->node, &msg);
}

/* Returns whether the collective goes on. */
static bool look_for_late(struct colls *cs, struct coll *c)
{
	for (size_t i = 0; i < coll_parties(c); i++) {
		const Berth__Party *p = coll_party(c, i);

		if (coll_joined(c, i))
			continue;
		if (!here(cs, p->node)) {
			ask_after(cs, c, p);
		} else if (cs->conf.shepherd(cs->conf.arg, p->shepherd) ==
			   SHEPHERD_GONE) {
			if (!lose(cs, c, i))
				return false;
		}
	}
	return true;
}

static void clock_rings(void *arg)
{
	struct clock *k = arg;
	struct coll *c = k->coll;
	struct colls *cs = k->cs;

	if (k->looked) {
		log_warn("collective %s: its time is over", coll_key(c));
		end(cs, c, STATUS_TIMEOUT);
		return;
	}
	k->looked = true;
	if (k->limit_us && k->limit_us <= cs->conf.watch_us)
		end(cs, c, STATUS_TIMEOUT);
	else if (look_for_late(cs, c) && k->limit_us)
		loop_timer_start(k->timer, k->limit_us - cs->conf.watch_us);
}

static void clock_start(struct colls *cs, struct coll *c,
			const Berth__CollJoin *join)
{
	struct clock *k = mem_alloc(sizeof *k);

	k->cs = cs;
	k->coll = c;
	k->limit_us = (uint64_t)join->timeout_ms * 1000;
	k->timer = loop_timer_create(cs->loop, clock_rings, k);
	loop_timer_start(k->timer, k->limit_us &&
					   k->limit_us < cs->conf.watch_us
				   ? k->limit_us
				   : cs->conf.watch_us);
	*coll_user(c) = k;
}

/* ---- joins ---- */

static void party_gone(struct colls *cs, const Berth__CollJoin *join)
{
	struct coll *c = coll_table_find(cs->table, join->key);

	if (c == NULL || coll_over(c) || join->from == NULL)
		return;
	for (size_t i = 0; i < coll_parties(c); i++) {
		const Berth__Party *p = coll_party(c, i);

		if (!coll_joined(c, i) &&
		    strcmp(p->node, join->from->node) == 0 &&
		    strcmp(p->shepherd, join->from->shepherd) == 0) {
			lose(cs, c, i);
			return;
		}
	}
}

static void join_here(struct colls *cs, const Berth__CollJoin *join)
{
	struct coll *c = NULL;

	switch (coll_table_join(cs->table, join, &c)) {
	case COLL_NEW:
		clock_start(cs, c, join);
		break;
	case COLL_COMPLETE:
		end(cs, c, STATUS_OK);
		break;
	case COLL_WAITING:
		break;
	case COLL_OVER:
		for (size_t i = 0; i < coll_parties(c); i++) {
			const Berth__Party *p = coll_party(c, i);

			if (strcmp(p->node, join->from->node) == 0 &&
			    strcmp(p->shepherd, join->from->shepherd) == 0)
				answer(cs, c, i);
		}
		break;
	case COLL_REFUSED:
		log_warn("collective %s: a join by somebody who is no party",
			 join->key);
		break;
	}
}

static void send_join(struct colls *cs, const Berth__CollJoin *join)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	if (here(cs, join->parties[0]->node)) {
		join_here(cs, join);
		return;
	}
	msg.body_case = BERTH__MSG__BODY_COLL_JOIN;
	msg.coll_join = (Berth__CollJoin *)join;
	cs->conf.post.node(cs->conf.post.arg, join->parties[0]->node, &msg);
}

void colls_join_local(struct colls *cs, const char *shepherd,
		      Berth__CollJoin *join)
{
	Berth__Party from = BERTH__PARTY__INIT;

	if (join->n_parties == 0) {
		log_warn("shepherd %s: a collective without parties",
			 shepherd);
		return;
	}
	from.node = (char *)cs->conf.node;
	from.shepherd = (char *)shepherd;
	Berth__Party *told = join->from;

	join->from = &from;
	join->gone = false;
	coll_table_wait(cs->table, join);
	send_join(cs, join);
	join->from = told;
}

/* Tell the coordinator that the party will not come. */
static void tell_gone(struct colls *cs, const char *node, const char *key,
		      const char *shepherd)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__CollJoin join = BERTH__COLL_JOIN__INIT;
	Berth__Party from = BERTH__PARTY__INIT;

	from.node = (char *)cs->conf.node;
	from.shepherd = (char *)shepherd;
	join.key = (char *)key;
	join.from = &from;
	join.gone = true;
	msg.body_case = BERTH__MSG__BODY_COLL_JOIN;
	msg.coll_join = &join;
	cs->conf.post.node(cs->conf.post.arg, node, &msg);
}

static void watch_add(struct colls *cs, const char *node,
		      const Berth__CollWatch *msg)
{
	struct watch *w;

	if (msg->party == NULL || !here(cs, msg->party->node))
		return;
	if (cs->conf.shepherd(cs->conf.arg, msg->party->shepherd) ==
	    SHEPHERD_GONE) {
		tell_gone(cs, node, msg->key, msg->party->shepherd);
		return;
	}
	w = mem_alloc(sizeof *w);
	w->node = mem_strdup(node);
	w->key = mem_strdup(msg->key);
	w->shepherd = mem_strdup(msg->party->shepherd);
	LIST_INSERT_HEAD(&cs->watches, w, entry);
}

/* The collective is over: nobody waits for our shepherd any more. */
static void watch_drop(struct colls *cs, const char *key,
		       const char *shepherd)
{
	struct watch *w, *next;

	for (w = LIST_FIRST(&cs->watches); w; w = next) {
		next = LIST_NEXT(w, entry);
		if (strcmp(w->key, key) == 0 &&
		    strcmp(w->shepherd, shepherd) == 0)
			watch_destroy(w);
	}
}

void colls_message(struct colls *cs, const char *node, const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_COLL_JOIN:
		if (msg->coll_join->from == NULL ||
		    strcmp(msg->coll_join->from->node, node) != 0)
			log_warn("node %s joins for somebody else", node);
		else if (msg->coll_join->gone)
			party_gone(cs, msg->coll_join);
		else
			join_here(cs, msg->coll_join);
		break;
	case BERTH__MSG__BODY_COLL_DONE:
		if (msg->coll_done->to && here(cs, msg->coll_done->to->node)) {
			watch_drop(cs, msg->coll_done->key,
				   msg->coll_done->to->shepherd);
			deliver(cs, msg->coll_done);
		}
		break;
	case BERTH__MSG__BODY_COLL_WATCH:
		watch_add(cs, node, msg->coll_watch);
		break;
	default:
		break;
	}
}

/* ---- what others tell of shepherds and nodes ---- */

/* End every collective here that still waits for the party, or leave it out.
 * Whole nodes: not where others go on without it; their shepherds say in
 * their joins which are lost, once the leader has given the node up. */
static void lose_party(struct colls *cs, const char *node,
		       const char *shepherd)
{
	size_t pos = 0;
	struct coll *c;

	while ((c = coll_table_next(cs->table, &pos)) != NULL) {
		if (shepherd == NULL && coll_living(c))
			continue;
		for (size_t i = 0; i < coll_parties(c); i++) {
			const Berth__Party *p = coll_party(c, i);

			if (coll_joined(c, i) || strcmp(p->node, node) != 0 ||
			    (shepherd && strcmp(p->shepherd, shepherd) != 0))
				continue;
			if (!lose(cs, c, i))
				break;
		}
	}
}

void colls_shepherd_gone(struct colls *cs, const char *shepherd)
{
	struct watch *w, *next;

	coll_table_forget(cs->table, shepherd);
	for (w = LIST_FIRST(&cs->watches); w; w = next) {
		next = LIST_NEXT(w, entry);
		if (strcmp(w->shepherd, shepherd) != 0)
			continue;
		tell_gone(cs, w->node, w->key, shepherd);
		watch_destroy(w);
	}
	lose_party(cs, cs->conf.node, shepherd);
}

/* What a launcher that was started again does not know any more. */
static void ask_again(struct colls *cs, const char *node)
{
	size_t pos = 0;
	struct coll *c;

	while ((c = coll_table_next(cs->table, &pos)) != NULL) {
		const struct clock *k = *coll_user(c);

		for (size_t i = 0; k && k->looked && i < coll_parties(c); i++) {
			const Berth__Party *p = coll_party(c, i);

			if (!coll_joined(c, i) && strcmp(p->node, node) == 0)
				ask_after(cs, c, p);
		}
	}
}

void colls_node_up(struct colls *cs, const char *node)
{
	size_t pos = 0;
	const Berth__CollJoin *join;

	ask_again(cs, node);

	while ((join = coll_table_waiting(cs->table, &pos)) != NULL) {
		if (strcmp(join->parties[0]->node, node) == 0)
			send_join(cs, join);
	}
}

static void fail_waiting(struct colls *cs, const Berth__CollJoin *join)
{
	Berth__CollDone done = BERTH__COLL_DONE__INIT;
	char *key = mem_strdup(join->key);
	Berth__Party to = BERTH__PARTY__INIT;

	to.node = (char *)cs->conf.node;
	to.shepherd = mem_strdup(join->from->shepherd);
	done.key = key;
	done.to = &to;
	done.status = STATUS_LOST;
	deliver(cs, &done); /* frees join */
	free(to.shepherd);
	free(key);
}

void colls_node_lost(struct colls *cs, const char *node)
{
	size_t pos = 0;
	const Berth__CollJoin *join;
	struct watch *w, *next;

	for (w = LIST_FIRST(&cs->watches); w; w = next) {
		next = LIST_NEXT(w, entry);
		if (strcmp(w->node, node) == 0)
			watch_destroy(w);
	}
	while ((join = coll_table_waiting(cs->table, &pos)) != NULL) {
		/* A living one's shepherd will choose another coordinator. */
		if (strcmp(join->parties[0]->node, node) == 0 &&
		    !join->living)
			fail_waiting(cs, join);
	}
	lose_party(cs, node, NULL);
}

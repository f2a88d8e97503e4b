/* agent_join.c - see agent_join.h. */
#include "broker/agent_join.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	ANSWER_US = 1000 * 1000,     /* how long an answer may take */
	AGAIN_US = 500 * 1000,	     /* after a round without success */
	AGAIN_MAX_US = 5000 * 1000,
	SENT_US = 500,		     /* between two looks whether it is sent */
};

/* A rank that we want to have as a peer. */
struct wanted {
	TAILQ_ENTRY(wanted) link;
	char *node;
	uint64_t not_before_us;
	uint64_t pause_us;
};

struct agent_join {
	struct loop *loop;
	struct net *net;
	uint64_t incarnation;
	char *port;
	struct agent_join_events ev;
	void *arg;
	TAILQ_HEAD(, wanted) wanted;
	struct wanted *asked; /* whose answer we wait for */
	struct loop_timer *timer;
	/* Whom we have answered and connect to once that is sent. */
	char *to_node, *to_port;
	struct loop_timer *to_timer;
};

static struct wanted *wanted_find(struct agent_join *j, const char *node)
{
	struct wanted *w;

	TAILQ_FOREACH(w, &j->wanted, link) {
		if (strcmp(w->node, node) == 0)
			return w;
	}
	return NULL;
}

static void wanted_remove(struct agent_join *j, struct wanted *w)
{
	if (j->asked == w)
		j->asked = NULL;
	TAILQ_REMOVE(&j->wanted, w, link);
	free(w->node);
	free(w);
}

/* It did not work out now: others first, this one after a while. */
static void wanted_later(struct agent_join *j, struct wanted *w)
{
	if (j->asked == w)
		j->asked = NULL;
	w->not_before_us = loop_now_us() + w->pause_us;
	w->pause_us *= 2;
	if (w->pause_us > AGAIN_MAX_US)
		w->pause_us = AGAIN_MAX_US;
	TAILQ_REMOVE(&j->wanted, w, link);
	TAILQ_INSERT_TAIL(&j->wanted, w, link);
}

static void offer_send(struct agent_join *j, const char *target,
		       const char *port, uint64_t incarnation)
{
	Berth__JoinOffer offer = BERTH__JOIN_OFFER__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	offer.node = (char *)net_self(j->net);
	offer.port = (char *)port;
	offer.incarnation = incarnation;
	offer.target = (char *)target;
	msg.to_node = (char *)target;
	msg.from_node = (char *)net_self(j->net);
	msg.body_case = BERTH__MSG__BODY_JOIN_OFFER;
	msg.join_offer = &offer;
	j->ev.send(j->arg, &msg);
}

static void port_open(struct agent_join *j)
{
	struct berth_error err = {0};

	if (j->port == NULL && net_open_port(j->net, &j->port, &err) < 0)
		log_error("this rank can't join the others: %s", err.text);
}

/* Ask the next one whose time has come. */
static void ask_next(void *arg)
{
	struct agent_join *j = arg;
	uint64_t now = loop_now_us(), first = UINT64_MAX;
	struct wanted *w;

	if (j->asked) {
		log_debug("no answer from the rank on %s", j->asked->node);
		wanted_later(j, j->asked);
	}
	TAILQ_FOREACH(w, &j->wanted, link) {
		if (w->not_before_us <= now)
			break;
		if (w->not_before_us < first)
			first = w->not_before_us;
	}
	if (w == NULL) {
		if (first != UINT64_MAX)
			loop_timer_start(j->timer, first - now);
		return;
	}
	port_open(j);
	if (j->port == NULL) {
		wanted_later(j, w);
	} else {
		j->asked = w;
		offer_send(j, w->node, j->port, j->incarnation);
	}
	loop_timer_start(j->timer, ANSWER_US);
}

static void connect_now(void *arg)
{
	struct agent_join *j = arg;
	struct berth_error err = {0};

	/* While we block in net_connect nothing is sent. */
	if (!j->ev.sent(j->arg)) {
		loop_timer_start(j->to_timer, SENT_US);
		return;
	}
	if (net_connect(j->net, j->to_node, j->to_port, &err) < 0)
		log_warn("the rank on %s could not be joined: %s", j->to_node,
			 err.text);
	free(j->to_node);
	free(j->to_port);
	j->to_node = j->to_port = NULL;
}

struct agent_join *agent_join_create(struct loop *l, struct net *net,
				     uint64_t incarnation,
				     const struct agent_join_events *ev,
				     void *arg)
{
	struct agent_join *j = mem_alloc(sizeof(*j));

	j->loop = l;
	j->net = net;
	j->incarnation = incarnation;
	j->ev = *ev;
	j->arg = arg;
	TAILQ_INIT(&j->wanted);
	j->timer = loop_timer_create(l, ask_next, j);
	j->to_timer = loop_timer_create(l, connect_now, j);
	return j;
}

void agent_join_destroy(struct agent_join *j)
{
	struct wanted *w;

	if (j == NULL)
		return;
	while ((w = TAILQ_FIRST(&j->wanted)) != NULL)
		wanted_remove(j, w);
	loop_timer_destroy(j->timer);
	loop_timer_destroy(j->to_timer);
	free(j->to_node);
	free(j->to_port);
	free(j->port);
	free(j);
}

void agent_join_want(struct agent_join *j, const char *node)
{
	struct wanted *w;

	if (strcmp(node, net_self(j->net)) == 0 || net_has(j->net, node) ||
	    wanted_find(j, node))
		return;
	w = mem_alloc(sizeof(*w));
	w->node = mem_strdup(node);
	w->pause_us = AGAIN_US;
	TAILQ_INSERT_TAIL(&j->wanted, w, link);
	if (j->asked == NULL)
		loop_timer_start(j->timer, 0);
}

void agent_join_settled(struct agent_join *j, const char *node)
{
	struct wanted *w = wanted_find(j, node);

	if (w == NULL)
		return;
	wanted_remove(j, w);
	if (j->asked == NULL)
		loop_timer_start(j->timer, 0);
}

/* The one that we asked is about to connect. */
static void answered(struct agent_join *j, const Berth__JoinOffer *offer)
{
	struct wanted *w = j->asked;
	struct berth_error err = {0};

	if (w == NULL || strcmp(w->node, offer->node) != 0 ||
	    offer->incarnation != j->incarnation) {
		log_debug("an answer from the rank on %s that nobody waits for",
			  offer->node);
		return;
	}
	if (net_accept(j->net, j->port, &err) < 0)
		log_warn("the rank on %s did not join: %s", offer->node,
			 err.text);
	/* It is settled when net says that the peer is up. */
	wanted_later(j, w);
	loop_timer_start(j->timer, 0);
}

void agent_join_offer(struct agent_join *j, const Berth__JoinOffer *offer)
{
	const char *self = net_self(j->net);

	if (strcmp(offer->node, self) == 0 ||
	    (offer->target[0] && strcmp(offer->target, self) != 0))
		return;
	if (offer->port[0] == '\0') {
		answered(j, offer);
		return;
	}
	/* Asked again later; see the head of agent_join.h. */
	if (j->to_node || (j->asked && strcmp(self, offer->node) < 0))
		return;
	if (j->asked && strcmp(j->asked->node, offer->node) == 0) {
		wanted_later(j, j->asked);
		loop_timer_start(j->timer, 0);
	}
	offer_send(j, offer->node, "", offer->incarnation);
	j->to_node = mem_strdup(offer->node);
	j->to_port = mem_strdup(offer->port);
	connect_now(j);
}

void agent_join_failed(struct agent_join *j, const Berth__JoinFailed *failed)
{
	/* 0: its rank has died, whatever it was asked. */
	if (j->asked == NULL || strcmp(j->asked->node, failed->node) != 0 ||
	    (failed->incarnation && failed->incarnation != j->incarnation))
		return;
	wanted_later(j, j->asked);
	loop_timer_start(j->timer, 0);
}

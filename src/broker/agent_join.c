/* agent_join.c - see agent_join.h. */
#include "broker/agent_join.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	ANSWER_US = 1000 * 1000, /* how long an answer may take, */
	NOW_US = 3000 * 1000,	 /* and the word after it */
	AGAIN_US = 200 * 1000,	 /* after a round without success */
	AGAIN_MAX_US = 5000 * 1000,
	/* Connected, and yet to say who it is: till then it is not joined a second
	 * time, or each side might keep another one of two connections. */
	GREETING_US = 2000 * 1000,
};

enum { STEP_ASK, STEP_ANSWER, STEP_NOW };

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
	uint64_t asked_us;
	/* Whom we have answered, and wait for the word of. */
	char *answered;
	uint64_t answered_incarnation;
	struct loop_timer *timer;
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

/* We have just connected with it. */
static void wanted_comes(struct agent_join *j, const char *node)
{
	struct wanted *w = wanted_find(j, node);

	if (w)
		w->not_before_us = loop_now_us() + GREETING_US;
}

static void offer_send(struct agent_join *j, unsigned step, const char *target,
		       const char *port, uint64_t incarnation)
{
	Berth__JoinOffer offer = BERTH__JOIN_OFFER__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	offer.node = (char *)net_self(j->net);
	offer.port = (char *)port;
	offer.incarnation = incarnation;
	offer.target = (char *)target;
	offer.step = step;
	msg.to_node = (char *)target;
	msg.from_node = (char *)net_self(j->net);
	msg.body_case = BERTH__MSG__BODY_JOIN_OFFER;
	msg.join_offer = &offer;
	j->ev.send(j->arg, &msg);
}

/* A port for each conversation: what is left of one that failed does no harm
 * to the next. */
static void port_open(struct agent_join *j)
{
	struct berth_error err = {0};

	free(j->port);
	j->port = NULL;
	if (net_open_port(j->net, &j->port, &err) < 0)
		log_error("this rank can't join the others: %s", err.text);
}

static void ask(struct agent_join *j, struct wanted *w)
{
	port_open(j);
	if (j->port == NULL) {
		wanted_later(j, w);
		return;
	}
	j->asked = w;
	j->asked_us = loop_now_us();
	offer_send(j, STEP_ASK, w->node, j->port, j->incarnation);
}

/* The timer: whoever we wait for is late; ask the next one whose time has
 * come. */
static void ask_next(void *arg)
{
	struct agent_join *j = arg;
	uint64_t now = loop_now_us(), first = UINT64_MAX;
	struct wanted *w;

	free(j->answered);
	j->answered = NULL;
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
	if (w) {
		ask(j, w);
		loop_timer_start(j->timer, ANSWER_US);
	} else if (first != UINT64_MAX) {
		loop_timer_start(j->timer, first - now);
	}
}

/* The conversation is over. */
static void go_on(struct agent_join *j)
{
	if (j->asked == NULL && j->answered == NULL)
		loop_timer_start(j->timer, 0);
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
	free(j->answered);
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
	go_on(j);
}

void agent_join_settled(struct agent_join *j, const char *node)
{
	struct wanted *w = wanted_find(j, node);

	if (w == NULL)
		return;
	wanted_remove(j, w);
	go_on(j);
}

/* We are asked. */
static void on_ask(struct agent_join *j, const Berth__JoinOffer *offer)
{
	/* It asks again later. */
	if (j->answered ||
	    (j->asked && strcmp(net_self(j->net), offer->node) < 0))
		return;
	if (j->asked)
		wanted_later(j, j->asked);
	j->answered = mem_strdup(offer->node);
	j->answered_incarnation = offer->incarnation;
	offer_send(j, STEP_ANSWER, offer->node, "", offer->incarnation);
	loop_timer_start(j->timer, NOW_US);
}

/* The one that we asked has time. */
static void on_answer(struct agent_join *j, const Berth__JoinOffer *offer)
{
	struct wanted *w = j->asked;
	struct berth_error err = {0};

	if (w == NULL || strcmp(w->node, offer->node) != 0 ||
	    offer->incarnation != j->incarnation ||
	    loop_now_us() - j->asked_us > ANSWER_US) {
		log_debug("an answer of the rank on %s comes too late",
			  offer->node);
		return;
	}
	offer_send(j, STEP_NOW, w->node, j->port, j->incarnation);
	/* It is settled when net says that the peer is up. */
	wanted_later(j, w);
	if (net_accept(j->net, j->port, &err) < 0)
		log_warn("the rank on %s did not join: %s", offer->node,
			 err.text);
	else
		wanted_comes(j, offer->node);
	go_on(j);
}

/* The one that we answered is about to accept. */
static void on_now(struct agent_join *j, const Berth__JoinOffer *offer)
{
	struct berth_error err = {0};

	if (j->answered == NULL || strcmp(j->answered, offer->node) != 0 ||
	    j->answered_incarnation != offer->incarnation) {
		log_debug("the word of the rank on %s comes too late",
			  offer->node);
		return;
	}
	if (net_connect(j->net, offer->node, offer->port, &err) < 0)
		log_warn("the rank on %s could not be joined: %s", offer->node,
			 err.text);
	else
		wanted_comes(j, offer->node);
	free(j->answered);
	j->answered = NULL;
	go_on(j);
}

void agent_join_offer(struct agent_join *j, const Berth__JoinOffer *offer)
{
	if (strcmp(offer->node, net_self(j->net)) == 0 ||
	    strcmp(offer->target, net_self(j->net)) != 0)
		return;
	switch (offer->step) {
	case STEP_ASK:
		on_ask(j, offer);
		break;
	case STEP_ANSWER:
		on_answer(j, offer);
		break;
	case STEP_NOW:
		on_now(j, offer);
		break;
	}
}

void agent_join_failed(struct agent_join *j, const Berth__JoinFailed *failed)
{
	/* 0: its rank has died, whatever it was about. */
	if (j->answered && strcmp(j->answered, failed->node) == 0 &&
	    failed->incarnation == 0) {
		free(j->answered);
		j->answered = NULL;
		go_on(j);
	}
	if (j->asked == NULL || strcmp(j->asked->node, failed->node) != 0 ||
	    (failed->incarnation && failed->incarnation != j->incarnation))
		return;
	wanted_later(j, j->asked);
	go_on(j);
}

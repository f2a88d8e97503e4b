/* route.c - see route.h. */
#include "launcher/route.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

/* How long a request waits here for a shepherd that has not started yet. */
#define PARK_US (30u * 1000 * 1000)

/* A request that has been passed on and not been answered. */
struct request {
	TAILQ_ENTRY(request) entry;
	char *from_node, *from_shepherd, *to_node, *to_shepherd;
	uint64_t id;
};

/* A message for a shepherd that is still to come. */
struct parked {
	TAILQ_ENTRY(parked) entry;
	struct route *route;
	struct loop_timer *timer;
	Berth__Msg *msg;
};

struct route {
	struct loop *loop;
	struct route_config conf;
	TAILQ_HEAD(request_list, request) requests;
	TAILQ_HEAD(, parked) parked;
};

struct route *route_create(struct loop *l, const struct route_config *conf)
{
	struct route *r = mem_alloc(sizeof *r);

	r->loop = l;
	r->conf = *conf;
	TAILQ_INIT(&r->requests);
	TAILQ_INIT(&r->parked);
	return r;
}

static void request_destroy(struct request_list *list, struct request *q)
{
	TAILQ_REMOVE(list, q, entry);
	free(q->from_node);
	free(q->from_shepherd);
	free(q->to_node);
	free(q->to_shepherd);
	free(q);
}

static void parked_destroy(struct parked *p)
{
	TAILQ_REMOVE(&p->route->parked, p, entry);
	loop_timer_destroy(p->timer);
	msg_free(p->msg);
	free(p);
}

void route_destroy(struct route *r)
{
	struct request *q;
	struct parked *p;

	if (r == NULL)
		return;
	while ((q = TAILQ_FIRST(&r->requests)) != NULL)
		request_destroy(&r->requests, q);
	while ((p = TAILQ_FIRST(&r->parked)) != NULL)
		parked_destroy(p);
	free(r);
}

static bool here(const struct route *r, const char *node)
{
	return node[0] == '\0' || strcmp(node, r->conf.node) == 0;
}

/* The id of a message that wants an answer, and of one that is an answer. */
static bool is_request(const Berth__Msg *msg, uint64_t *id)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_MODEX_REQUEST:
		*id = msg->modex_request->id;
		return true;
	case BERTH__MSG__BODY_SPAWN_START:
		*id = msg->spawn_start->id;
		return true;
	default:
		return false;
	}
}

static bool is_answer(const Berth__Msg *msg, uint64_t *id)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_MODEX_REPLY:
		*id = msg->modex_reply->id;
		return true;
	case BERTH__MSG__BODY_SPAWN_REPLY:
		*id = msg->spawn_reply->id;
		return true;
	case BERTH__MSG__BODY_UNDELIVERABLE:
		*id = msg->undeliverable->id;
		return true;
	default:
		return false;
	}
}

static void note(struct route *r, const Berth__Msg *msg)
{
	struct request *q, *next;
	uint64_t id;

	if (is_request(msg, &id)) {
		q = mem_alloc(sizeof *q);
		q->from_node = mem_strdup(msg->from_node);
		q->from_shepherd = mem_strdup(msg->from_shepherd);
		q->to_node = mem_strdup(msg->to_node);
		q->to_shepherd = mem_strdup(msg->to_shepherd);
		q->id = id;
		TAILQ_INSERT_TAIL(&r->requests, q, entry);
		return;
	}
	if (!is_answer(msg, &id))
		return;
	for (q = TAILQ_FIRST(&r->requests); q; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (q->id == id &&
		    strcmp(q->from_shepherd, msg->to_shepherd) == 0 &&
		    strcmp(q->from_node, msg->to_node) == 0) {
			request_destroy(&r->requests, q);
			return;
		}
	}
}

static void deliver(struct route *r, const Berth__Msg *msg);

static void pass_on(struct route *r, const Berth__Msg *msg);

/* Answer a request with Undeliverable; other messages are dropped. */
static void send_back(struct route *r, const char *from_node,
		      const char *from_shepherd, const char *to_node,
		      const char *to_shepherd, uint64_t id)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Undeliverable u = BERTH__UNDELIVERABLE__INIT;

	u.node = (char *)to_node;
	u.shepherd = (char *)to_shepherd;
	u.id = id;
	msg.to_node = (char *)from_node;
	msg.to_shepherd = (char *)from_shepherd;
	msg.from_node = (char *)r->conf.node;
	msg.body_case = BERTH__MSG__BODY_UNDELIVERABLE;
	msg.undeliverable = &u;
	pass_on(r, &msg);
}

static void refuse(struct route *r, const Berth__Msg *msg)
{
	uint64_t id;

	if (is_request(msg, &id))
		send_back(r, msg->from_node, msg->from_shepherd, msg->to_node,
			  msg->to_shepherd, id);
	else
		log_debug("a %s message for %s on %s has nowhere to go",
			  msg_name(msg), msg->to_shepherd, msg->to_node);
}

/* ---- shepherds of this node ---- */

static void parked_too_long(void *arg)
{
	struct parked *p = arg;

	refuse(p->route, p->msg);
	parked_destroy(p);
}

static void park(struct route *r, const Berth__Msg *msg)
{
	struct parked *p = mem_alloc(sizeof *p);

	p->route = r;
	p->msg = msg_copy(msg);
	p->timer = loop_timer_create(r->loop, parked_too_long, p);
	loop_timer_start(p->timer, PARK_US);
	TAILQ_INSERT_TAIL(&r->parked, p, entry);
}

static void deliver(struct route *r, const Berth__Msg *msg)
{
	const char *key = msg->to_shepherd;
	uint64_t id;

	if (msg->body_case == BERTH__MSG__BODY_SPAWN_START &&
	    r->conf.shepherd(r->conf.arg, key) != SHEPHERD_HERE)
		r->conf.start(r->conf.arg, key, msg->spawn_start->spec);
	switch (r->conf.shepherd(r->conf.arg, key)) {
	case SHEPHERD_HERE:
		note(r, msg);
		r->conf.post.shepherd(r->conf.post.arg, key, msg);
		break;
	case SHEPHERD_NOT_YET:
		if (is_request(msg, &id))
			park(r, msg);
		else
			refuse(r, msg);
		break;
	case SHEPHERD_GONE:
		refuse(r, msg);
		break;
	}
}

static void pass_on(struct route *r, const Berth__Msg *msg)
{
	if (here(r, msg->to_node)) {
		deliver(r, msg);
		return;
	}
	note(r, msg);
	if (r->conf.post.node(r->conf.post.arg, msg->to_node, msg) < 0) {
		log_debug("no node %s for a %s message", msg->to_node,
			  msg_name(msg));
		route_undelivered(r, msg->to_node, msg);
	}
}

/* ---- outside ---- */

void route_from_shepherd(struct route *r, const char *shepherd,
			 Berth__Msg *msg)
{
	char *node = msg->from_node, *key = msg->from_shepherd;
	char *to = msg->to_node;

	msg->from_node = (char *)r->conf.node;
	msg->from_shepherd = (char *)shepherd;
	if (to[0] == '\0')
		msg->to_node = (char *)r->conf.node;
	pass_on(r, msg);
	msg->from_node = node;
	msg->from_shepherd = key;
	msg->to_node = to;
}

void route_from_node(struct route *r, const char *node, const Berth__Msg *msg)
{
	if (strcmp(msg->from_node, node) != 0) {
		log_warn("node %s sends a %s message in the name of '%s'",
			 node, msg_name(msg), msg->from_node);
		return;
	}
	if (here(r, msg->to_node))
		deliver(r, msg);
	else
		log_warn("node %s sends a %s message for node %s here", node,
			 msg_name(msg), msg->to_node);
}

/* End every request that matches with Undeliverable or, where nobody of ours
 * asked, without a word. */
static void end_requests(struct route *r, const char *from_node,
			 const char *to_node, const char *to_shepherd)
{
	struct request_list ended = TAILQ_HEAD_INITIALIZER(ended);
	struct request *q, *next;

	for (q = TAILQ_FIRST(&r->requests); q; q = next) {
		next = TAILQ_NEXT(q, entry);
		if ((to_node == NULL || strcmp(q->to_node, to_node) != 0 ||
		     (to_shepherd &&
		      strcmp(q->to_shepherd, to_shepherd) != 0)) &&
		    (from_node == NULL ||
		     strcmp(q->from_node, from_node) != 0))
			continue;
		TAILQ_REMOVE(&r->requests, q, entry);
		TAILQ_INSERT_TAIL(&ended, q, entry);
	}
	while ((q = TAILQ_FIRST(&ended)) != NULL) {
		if (from_node == NULL || strcmp(q->from_node, from_node) != 0)
			send_back(r, q->from_node, q->from_shepherd,
				  q->to_node, q->to_shepherd, q->id);
		request_destroy(&ended, q);
	}
}

void route_undelivered(struct route *r, const char *node,
		       const Berth__Msg *msg)
{
	struct request *q, *next;
	uint64_t id;

	if (!is_request(msg, &id))
		return;
	for (q = TAILQ_FIRST(&r->requests); q; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (q->id == id &&
		    strcmp(q->from_shepherd, msg->from_shepherd) == 0 &&
		    strcmp(q->from_node, msg->from_node) == 0) {
			request_destroy(&r->requests, q);
			refuse(r, msg);
			return;
		}
	}
}

void route_shepherd_up(struct route *r, const char *shepherd)
{
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&r->parked); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (strcmp(p->msg->to_shepherd, shepherd) != 0)
			continue;
		deliver(r, p->msg);
		parked_destroy(p);
	}
}

void route_shepherd_gone(struct route *r, const char *shepherd)
{
	struct request *q, *next;

	for (q = TAILQ_FIRST(&r->requests); q; q = next) {
		next = TAILQ_NEXT(q, entry);
		if (strcmp(q->from_shepherd, shepherd) == 0 &&
		    strcmp(q->from_node, r->conf.node) == 0)
			request_destroy(&r->requests, q);
	}
	end_requests(r, NULL, r->conf.node, shepherd);
}

void route_node_broken(struct route *r, const char *node)
{
	end_requests(r, node, node, NULL);
}

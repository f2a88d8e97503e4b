/* launcher_rig.c - see launcher_rig.h. */
#include "launcher_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static long find(struct rig *r, const char *name)
{
	for (size_t i = 0; i < RIG_NODES; i++) {
		if (strcmp(r->node[i].name, name) == 0)
			return (long)i;
	}
	return -1;
}

static int post_node(void *arg, const char *node, const Berth__Msg *msg)
{
	struct rig_node *n = arg;
	struct rig *r = n->rig;
	long to = find(r, node);

	if (to < 0 || &r->node[to] == n)
		return -1;
	r->queue = mem_resize(r->queue, r->nqueue + 1, sizeof(r->queue[0]));
	r->queue[r->nqueue].from = (size_t)(n - r->node);
	r->queue[r->nqueue].to = (size_t)to;
	r->queue[r->nqueue++].msg = msg_copy(msg);
	return 0;
}

static void post_all(void *arg, const Berth__Msg *msg)
{
	struct rig_node *n = arg;

	for (size_t i = 0; i < RIG_NODES; i++)
		post_node(n, n->rig->node[i].name, msg);
}

static void hear(struct rig_node *n, const char *key, const Berth__Msg *msg)
{
	if (n->nheard == RIG_HEARD)
		abort();
	snprintf(n->heard[n->nheard].key, sizeof n->heard[0].key, "%s", key);
	n->heard[n->nheard++].msg = msg_copy(msg);
}

static int post_shepherd(void *arg, const char *key, const Berth__Msg *msg)
{
	hear(arg, key, msg);
	return 0;
}

static int post_rank(void *arg, const Berth__Msg *msg)
{
	struct rig_node *n = arg;

	if (!n->has_rank)
		return -1;
	hear(n, "rank", msg);
	return 0;
}

static enum coll_shepherd ask(void *arg, const char *key)
{
	struct rig_node *n = arg;

	for (size_t i = 0; i < n->ngone; i++) {
		if (strcmp(n->gone[i], key) == 0)
			return SHEPHERD_GONE;
	}
	for (size_t i = 0; i < n->nhere; i++) {
		if (strcmp(n->here[i], key) == 0)
			return SHEPHERD_HERE;
	}
	return SHEPHERD_NOT_YET;
}

static uint64_t context(void *arg)
{
	struct rig_node *n = arg;

	return ++n->context;
}

static void start(void *arg, const char *key, const Berth__Spec *spec)
{
	struct rig_node *n = arg;

	n->started++;
	snprintf(n->here[n->nhere++], sizeof n->here[0], "%s", key);
}

static void make_node(struct rig *r, size_t i)
{
	struct rig_node *n = &r->node[i];
	const struct post post = {n, post_node, post_all, post_shepherd,
				  post_rank};
	const struct coll_config coll = {.node = n->name,
					 .post = post,
					 .shepherd = ask,
					 .context = context,
					 .arg = n,
					 .watch_us = 20000};
	const struct route_config route = {.node = n->name,
					   .post = post,
					   .shepherd = ask,
					   .start = start,
					   .arg = n};

	n->rig = r;
	n->has_rank = true;
	snprintf(n->name, sizeof n->name, "%c", (char)('a' + i));
	n->context = i << 24;
	n->colls = colls_create(r->loop, &coll);
	n->directory = directory_create(r->loop, n->name, &post);
	n->route = route_create(r->loop, &route);
	n->joins = joins_create(n->name, &post, n->directory);
}

struct rig *rig_create(void)
{
	struct rig *r = mem_alloc(sizeof *r);

	r->loop = loop_create(NULL);
	for (size_t i = 0; i < RIG_NODES; i++)
		make_node(r, i);
	return r;
}

void rig_destroy(struct rig *r)
{
	for (size_t i = 0; i < RIG_NODES; i++) {
		struct rig_node *n = &r->node[i];

		joins_destroy(n->joins);
		route_destroy(n->route);
		directory_destroy(n->directory);
		colls_destroy(n->colls);
		for (size_t k = 0; k < n->nheard; k++)
			msg_free(n->heard[k].msg);
	}
	for (size_t i = 0; i < r->nqueue; i++)
		msg_free(r->queue[i].msg);
	free(r->queue);
	loop_destroy(r->loop);
	free(r);
}

static void deliver(struct rig *r, size_t from, size_t to, Berth__Msg *msg)
{
	struct rig_node *n = &r->node[to];
	const char *name = r->node[from].name;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_COLL_JOIN:
	case BERTH__MSG__BODY_COLL_DONE:
	case BERTH__MSG__BODY_COLL_WATCH:
		colls_message(n->colls, name, msg);
		break;
	case BERTH__MSG__BODY_JOIN_OFFER:
	case BERTH__MSG__BODY_JOIN_FAILED:
		joins_from_node(n->joins, name, msg);
		break;
	case BERTH__MSG__BODY_PUBLISH:
	case BERTH__MSG__BODY_UNPUBLISH:
	case BERTH__MSG__BODY_DIR_CLAIM:
	case BERTH__MSG__BODY_DIR_CLAIM_REPLY:
		directory_message(n->directory, name, msg);
		break;
	default:
		route_from_node(n->route, name, msg);
		break;
	}
}

void rig_settle(struct rig *r)
{
	while (r->nqueue > 0) {
		size_t from = r->queue[0].from, to = r->queue[0].to;
		Berth__Msg *msg = r->queue[0].msg;

		memmove(r->queue, r->queue + 1,
			--r->nqueue * sizeof(r->queue[0]));
		deliver(r, from, to, msg);
		msg_free(msg);
	}
}

void rig_wait_ms(struct rig *r, unsigned ms)
{
	uint64_t until = loop_now_us() + ms * 1000u;

	while (loop_now_us() < until) {
		loop_once(r->loop, 1000, NULL);
		rig_settle(r);
	}
}

void rig_drop(struct rig *r, size_t node)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->nqueue; i++) {
		if (r->queue[i].from == node || r->queue[i].to == node)
			msg_free(r->queue[i].msg);
		else
			r->queue[kept++] = r->queue[i];
	}
	r->nqueue = kept;
}

void rig_shepherd(struct rig *r, size_t node, const char *key)
{
	struct rig_node *n = &r->node[node];

	snprintf(n->here[n->nhere++], sizeof n->here[0], "%s", key);
	route_shepherd_up(n->route, key);
}

void rig_shepherd_gone(struct rig *r, size_t node, const char *key)
{
	struct rig_node *n = &r->node[node];

	snprintf(n->gone[n->ngone++], sizeof n->gone[0], "%s", key);
	colls_shepherd_gone(n->colls, key);
	directory_shepherd_gone(n->directory, key);
	route_shepherd_gone(n->route, key);
}

const Berth__Msg *rig_heard(struct rig *r, size_t node, const char *key,
			    Berth__Msg__BodyCase body)
{
	struct rig_node *n = &r->node[node];

	for (size_t i = n->nheard; i-- > 0;) {
		if (strcmp(n->heard[i].key, key) == 0 &&
		    n->heard[i].msg->body_case == body)
			return n->heard[i].msg;
	}
	return NULL;
}

size_t rig_count(struct rig *r, size_t node, const char *key,
		 Berth__Msg__BodyCase body)
{
	struct rig_node *n = &r->node[node];
	size_t count = 0;

	for (size_t i = 0; i < n->nheard; i++)
		count += strcmp(n->heard[i].key, key) == 0 &&
			 n->heard[i].msg->body_case == body;
	return count;
}

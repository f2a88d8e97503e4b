/* joins.c - see joins.h. */
#include "launcher/joins.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct joins {
	const char *node;
	struct post post;
	struct directory *directory;
	struct map *ports; /* node -> the port that its rank offered last */
	char *port;	   /* what our own rank offered last, and whom */
	char *target;
};

struct joins *joins_create(const char *node, const struct post *post,
			   struct directory *d)
{
	struct joins *j = mem_alloc(sizeof *j);

	j->node = node;
	j->post = *post;
	j->directory = d;
	j->ports = map_create();
	return j;
}

void joins_destroy(struct joins *j)
{
	if (j == NULL)
		return;
	map_destroy(j->ports, free);
	free(j->port);
	free(j->target);
	free(j);
}

static void make_failed(Berth__Msg *msg, Berth__JoinFailed *f,
			const char *node, uint64_t incarnation)
{
	berth__msg__init(msg);
	berth__join_failed__init(f);
	f->node = (char *)node;
	f->incarnation = incarnation;
	msg->body_case = BERTH__MSG__BODY_JOIN_FAILED;
	msg->join_failed = f;
}

/* The node has no rank to talk with: tell ours, and end its wait in MPI. */
static void peer_failed(struct joins *j, const char *node,
			uint64_t incarnation)
{
	char *port = map_remove(j->ports, node);
	Berth__JoinFailed f;
	Berth__Msg msg;

	make_failed(&msg, &f, node, incarnation);
	j->post.rank(j->post.arg, &msg);
	if (port && port[0])
		directory_fail(j->directory, port);
	if (j->port && j->port[0] && j->target &&
	    (j->target[0] == '\0' || strcmp(j->target, node) == 0))
		directory_fail(j->directory, j->port);
	free(port);
}

void joins_undelivered(struct joins *j, const char *node,
		       const Berth__Msg *msg)
{
	if (msg->body_case == BERTH__MSG__BODY_JOIN_OFFER)
		peer_failed(j, node, msg->join_offer->incarnation);
}

void joins_from_rank(struct joins *j, const Berth__Msg *msg)
{
	const char *target;

	if (msg->body_case == BERTH__MSG__BODY_JOIN_FAILED) {
		j->post.all(j->post.arg, msg);
		return;
	}
	target = msg->join_offer->target;
	if (msg->join_offer->port[0]) { /* else it answers an offer */
		free(j->port);
		free(j->target);
		j->port = mem_strdup(msg->join_offer->port);
		j->target = mem_strdup(target);
	}
	if (target[0] == '\0')
		j->post.all(j->post.arg, msg);
	else if (j->post.node(j->post.arg, target, msg) < 0)
		joins_undelivered(j, target, msg);
}

void joins_from_node(struct joins *j, const char *node, const Berth__Msg *msg)
{
	Berth__JoinFailed f;
	Berth__Msg back;

	if (msg->body_case == BERTH__MSG__BODY_JOIN_FAILED) {
		peer_failed(j, msg->join_failed->node,
			    msg->join_failed->incarnation);
		return;
	}
	if (msg->join_offer->port[0])
		free(map_put(j->ports, node,
			     mem_strdup(msg->join_offer->port)));
	if (j->post.rank(j->post.arg, msg) == 0)
		return;
	make_failed(&back, &f, j->node, msg->join_offer->incarnation);
	j->post.node(j->post.arg, node, &back);
}

void joins_rank_died(struct joins *j)
{
	Berth__JoinFailed f;
	Berth__Msg msg;

	make_failed(&msg, &f, j->node, 0);
	j->post.all(j->post.arg, &msg);
	free(j->port);
	free(j->target);
	j->port = NULL;
	j->target = NULL;
}

void joins_node_lost(struct joins *j, const char *node)
{
	peer_failed(j, node, 0);
}

/*
 * leader_absent.c - stands in for leader.c until the ledger can be linked:
 * the ranks come up and find each other, nothing is decided.
 */
#include "broker/leader.h"

#include "base/log.h"
#include "base/mem.h"

struct leader {
	int unused;
};

struct leader *leader_create(struct loop *loop, struct net *net,
			     const struct leader_config *config,
			     struct berth_error *err)
{
	log_warn("this build has no leader: nothing will be decided");
	return mem_alloc(sizeof(struct leader));
}

void leader_destroy(struct leader *l)
{
}

void leader_peer_up(struct leader *l, const char *node)
{
}

void leader_peer_down(struct leader *l, const char *node, const char *why)
{
}

void leader_message(struct leader *l, const char *node, const Berth__Msg *msg)
{
	log_info("node %s says %s", node, msg_name(msg));
}

void leader_on_shutdown(struct leader *l, leader_ended_f ended, void *arg)
{
}

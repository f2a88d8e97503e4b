/* job_sim_agree.c - agree_create on a simulated disk and net: messages are
 * dropped, doubled, delayed and come in any order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/agree_env.h"
#include "job_sim.h"

struct surroundings {
	struct sim_rank *rank;
	struct loop_timer *timer;
};

struct message {
	struct loop_timer *timer;
	struct sim_rank *from, *to;
	void *data;
	size_t len;
};

static uint64_t env_now(void *arg)
{
	return loop_now_us();
}

static uint64_t env_random(void *arg)
{
	return rand_u64(&world->rand);
}

static void env_wake(void *arg, uint64_t delay_us)
{
	struct surroundings *e = arg;

	loop_timer_start(e->timer, delay_us);
}

static void on_message(void *arg)
{
	struct message *m = arg;

	if (m->to->agree && !sim_disk_crashed(m->to->disk))
		agree_receive(m->to->agree, m->from->name, m->data, m->len);
	loop_timer_destroy(m->timer);
	free(m->data);
	free(m);
}

static void post(struct sim_rank *from, struct sim_rank *to, const void *data,
		 size_t len)
{
	struct message *m = mem_alloc(sizeof(*m));

	m->from = from;
	m->to = to;
	m->data = mem_dup(data, len);
	m->len = len;
	m->timer = loop_timer_create(world->loop, on_message, m);
	loop_timer_start(m->timer,
			 100 + sim_chance(world->delay_ms * 1000 + 1));
	world->out->messages++;
}

static int env_send(void *arg, const char *node, const void *data, size_t len)
{
	struct surroundings *e = arg;
	struct sim_rank *from = e->rank, *to = sim_rank_of(node);

	if (sim_disk_crashed(from->disk) || to == NULL ||
	    !net_has(from->net, node))
		return -1;
	if (world->cut[from - world->rank][to - world->rank] ||
	    sim_chance(100) < world->drop)
		return 0;
	post(from, to, data, len);
	if (sim_chance(100) < world->dup)
		post(from, to, data, len);
	return 0;
}

static const char *const *env_peers(void *arg, size_t *count)
{
	return net_peers(((struct surroundings *)arg)->rank->net, count);
}

static void env_destroy(void *arg)
{
	struct surroundings *e = arg;

	e->rank->agree = NULL;
	loop_timer_destroy(e->timer);
	free(e);
}

static const struct agree_env_ops env_ops = {
	.now_us = env_now,
	.random = env_random,
	.wake = env_wake,
	.send = env_send,
	.peers = env_peers,
	.destroy = env_destroy,
};

static void on_turn(void *arg)
{
	struct surroundings *e = arg;

	if (e->rank->agree && !sim_disk_crashed(e->rank->disk))
		agree_turn(e->rank->agree);
}

struct agree *agree_create(struct loop *l, struct net *net,
			   const struct agree_config *config,
			   const struct agree_events *ev, void *arg,
			   struct berth_error *err)
{
	struct surroundings *e = mem_alloc(sizeof(*e));
	const struct agree_env env = {&env_ops, e, net_self(net)};
	struct agree_config c = *config;
	struct sim_rank *r = sim_rank_of(net_self(net));

	c.snapshot_entries = 10 + (unsigned)sim_chance(60);
	c.segment_bytes = 16384;
	e->rank = r;
	e->timer = loop_timer_create(l, on_turn, e);
	r->agree = agree_create_env(env, sim_disk_ops(r->disk), &c, ev, arg,
				    err); /* NULL: e is gone */
	return r->agree;
}

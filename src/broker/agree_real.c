/* agree_real.c - agreement on the loop, the net and a folder. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "broker/agree_env.h"

struct real {
	struct loop *loop;
	struct net *net;
	struct loop_timer *timer;
	struct agree_folder *folder;
	struct agree *agree;
};

static uint64_t real_now(void *env)
{
	return loop_now_us();
}

static uint64_t real_random(void *env)
{
	uint64_t v;

	rand_secret(&v, sizeof(v));
	return v;
}

static void real_wake(void *env, uint64_t delay_us)
{
	struct real *r = env;

	loop_timer_start(r->timer, delay_us);
}

static int real_send(void *env, const char *node, const void *data, size_t len)
{
	struct real *r = env;
	Berth__Agree body = BERTH__AGREE__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	body.data.data = (uint8_t *)(uintptr_t)data;
	body.data.len = len;
	msg.body_case = BERTH__MSG__BODY_AGREE;
	msg.agree = &body;
	return net_has(r->net, node) ? net_send(r->net, node, &msg, NULL) : -1;
}

static const char *const *real_peers(void *env, size_t *count)
{
	struct real *r = env;

	return net_peers(r->net, count);
}

static void real_destroy(void *env)
{
	struct real *r = env;

	loop_timer_destroy(r->timer);
	agree_folder_destroy(r->folder);
	free(r);
}

static const struct agree_env_ops real_ops = {
	.now_us = real_now,
	.random = real_random,
	.wake = real_wake,
	.send = real_send,
	.peers = real_peers,
	.destroy = real_destroy,
};

static void on_timer(void *arg)
{
	struct real *r = arg;

	if (r->agree)
		agree_turn(r->agree);
}

struct agree *agree_create(struct loop *l, struct net *net,
			   const struct agree_config *config,
			   const struct agree_events *ev, void *arg,
			   struct berth_error *err)
{
	struct real *r = mem_alloc(sizeof(*r));
	const struct agree_env env = {&real_ops, r, net_self(net)};
	struct agree *a;

	r->loop = l;
	r->net = net;
	r->folder = agree_folder_create(config->dir, err);
	if (r->folder == NULL) {
		free(r);
		return NULL;
	}
	r->timer = loop_timer_create(l, on_timer, r);
	a = agree_create_env(env, agree_folder_disk(r->folder), config, ev,
			     arg, err);
	if (a)
		r->agree = a;
	return a;
}

/* net_conform.c - see net_conform.h. */
#include "net_conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Around the sizes where a transfer changes its kind, and large ones with
 * small ones behind them, which must not overtake. */
static const size_t sizes[] = {0,	1,	17,	1000,  59000, 59900,
			       59960,	59970,	59980,	60000, 60100, 65000,
			       70000,	3,	200000, 5,     1 << 20, 4,
			       10 << 20, 2,	2,	300000, 0};

enum { NSIZES = sizeof(sizes) / sizeof(sizes[0]), FINISHED = 1000 };

static uint8_t byte_of(unsigned message, size_t at)
{
	return (uint8_t)(at * 31 + (at >> 9) + message * 7);
}

static struct conform_peer *peer_of(struct conform *c, const char *node)
{
	for (unsigned i = 0; i < c->npeers; i++) {
		if (strcmp(c->peer[i].node, node) == 0)
			return &c->peer[i];
	}
	return NULL;
}

static void peer_add(struct conform *c, const char *node)
{
	struct conform_peer *p = &c->peer[c->npeers++];

	memset(p, 0, sizeof(*p));
	snprintf(p->node, sizeof(p->node), "%s", node);
}

void conform_up(void *arg, const char *node)
{
	struct conform *c = arg;

	c->up++;
	if (peer_of(c, node) == NULL && c->npeers < CONFORM_PEERS)
		peer_add(c, node);
}

void conform_down(void *arg, const char *node, const char *why)
{
	struct conform *c = arg;
	struct conform_peer *p = peer_of(c, node);

	c->down++;
	if (p)
		*p = c->peer[--c->npeers];
}

static void send_one(struct conform *c, const char *node, unsigned i,
		     const void *data, size_t size)
{
	Berth__StdinData body = BERTH__STDIN_DATA__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct berth_error err = {0};

	body.job = i;
	body.data.data = (uint8_t *)data;
	body.data.len = size;
	msg.body_case = BERTH__MSG__BODY_STDIN_DATA;
	msg.stdin_data = &body;
	if (net_send(c->net, node, &msg, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		c->bad++;
	}
}

static bool right(const Berth__StdinData *d)
{
	if (d->data.len != sizes[d->job])
		return false;
	for (size_t i = 0; i < d->data.len; i++) {
		if (d->data.data[i] != byte_of((unsigned)d->job, i))
			return false;
	}
	return true;
}

void conform_message(void *arg, const char *node, const Berth__Msg *msg)
{
	struct conform *c = arg;
	struct conform_peer *p = peer_of(c, node);
	const Berth__StdinData *d = msg->stdin_data;

	if (p == NULL || msg->body_case != BERTH__MSG__BODY_STDIN_DATA) {
		c->bad++;
	} else if (d->job == FINISHED) {
		p->finished++;
	} else if (d->job != p->came % NSIZES || !right(d)) {
		c->bad++;
	} else if (++p->came % NSIZES == 0) {
		send_one(c, node, FINISHED, NULL, 0);
	}
}

void conform_init(struct conform *c, struct net *n)
{
	memset(c, 0, sizeof(*c));
	c->net = n;
	peer_add(c, net_self(n));
}

void conform_start(struct conform *c, struct net *n)
{
	static const struct net_events ev = {
		.up = conform_up,
		.down = conform_down,
		.message = conform_message,
	};

	conform_init(c, n);
	net_start(n, &ev, c);
}

void conform_send(struct conform *c)
{
	for (unsigned i = 0; i < NSIZES; i++) {
		uint8_t *data = mem_array(sizes[i] + 1, 1);

		for (size_t k = 0; k < sizes[i]; k++)
			data[k] = byte_of(i, k);
		for (unsigned k = 0; k < c->npeers; k++)
			send_one(c, c->peer[k].node, i, data, sizes[i]);
		free(data);
	}
	for (unsigned k = 0; k < c->npeers; k++)
		c->peer[k].series++;
}

bool conform_done(const struct conform *c)
{
	for (unsigned i = 0; i < c->npeers; i++) {
		const struct conform_peer *p = &c->peer[i];

		if (p->came != p->series * NSIZES || p->finished != p->series)
			return false;
	}
	return c->npeers > 0;
}

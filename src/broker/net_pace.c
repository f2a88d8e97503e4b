/* net_pace.c - see net_pace.h. */
#include "broker/net_pace.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/net_wake.h"

enum {
	FALLBACK_US = 50 * 1000,
	SCAN_TICKS = 20, /* of the fallback, between two scans for sockets */
	SPIN_LONG_US = 300,
	SPIN_SHORT_US = 20,
	SPIN_SLICE_US = 40,
	UNREAD_MAX_US = 20 * 1000,
};

struct net_pace {
	struct net_wake *wake;
	struct loop_timer *fallback, *spin;
	pace_poll_f poll;
	void *arg;
	uint64_t *wakes;
	uint64_t until_us; /* look on until then */
	uint64_t last_us;  /* when something came */
	uint64_t unread_us; /* since when bytes lie there unread, or 0 */
	unsigned ticks;
	bool scan_soon;
};

static void extend(struct net_pace *p, uint64_t now)
{
	/* The next one is probably as far away as the last one was. */
	uint64_t us = now - p->last_us < 2 * SPIN_LONG_US ? SPIN_LONG_US
							  : SPIN_SHORT_US;

	p->last_us = now;
	p->until_us = now + us;
}

static void maybe_scan(struct net_pace *p)
{
	bool listener = net_wake_wants_scan(p->wake);

	if (!p->scan_soon && !listener && p->ticks < SCAN_TICKS)
		return;
	/* What the library is about to accept is seen by the next tick. */
	p->ticks = p->scan_soon || listener ? SCAN_TICKS - 1 : 0;
	p->scan_soon = false;
	net_wake_scan(p->wake);
}

/* Bytes that lie in a socket do not ring again. */
static bool unread(struct net_pace *p, uint64_t now)
{
	if (!net_wake_unread(p->wake)) {
		p->unread_us = 0;
		return false;
	}
	if (p->unread_us == 0)
		p->unread_us = now;
	if (now - p->unread_us < UNREAD_MAX_US)
		return true;
	net_wake_give_up(p->wake);
	p->unread_us = 0;
	return false;
}

static void spin(void *arg)
{
	struct net_pace *p = arg;
	uint64_t now = loop_now_us(), slice = now + SPIN_SLICE_US;
	int quiet = 0; /* fewer than two looks starve the library */

	while (quiet < 2 || (now < p->until_us && now < slice)) {
		enum pace_found found = p->poll(p->arg);

		if (found == PACE_STOP)
			return;
		now = loop_now_us();
		if (found == PACE_CAME) {
			extend(p, now);
			p->unread_us = 0;
		}
		quiet = found == PACE_NOTHING ? quiet + 1 : 0;
		if (now >= slice + SPIN_SLICE_US)
			break;
	}
	if (quiet < 2 || now < p->until_us || unread(p, now))
		loop_timer_start(p->spin, 0);
	else
		maybe_scan(p);
}

static void on_ring(void *arg)
{
	struct net_pace *p = arg;
	uint64_t short_us = loop_now_us() + SPIN_SHORT_US;

	(*p->wakes)++;
	if (p->until_us < short_us)
		p->until_us = short_us;
	spin(p);
}

static void on_fallback(void *arg)
{
	struct net_pace *p = arg;

	p->ticks++;
	loop_timer_start(p->fallback, FALLBACK_US);
	spin(p);
}

struct net_pace *net_pace_create(struct loop *l, pace_poll_f poll, void *arg,
				 uint64_t *wakes, struct berth_error *err)
{
	struct net_pace *p = mem_alloc(sizeof(*p));

	p->poll = poll;
	p->arg = arg;
	p->wakes = wakes;
	p->wake = net_wake_create(l, on_ring, p, err);
	if (p->wake == NULL) {
		free(p);
		return NULL;
	}
	p->fallback = loop_timer_create(l, on_fallback, p);
	p->spin = loop_timer_create(l, spin, p);
	return p;
}

void net_pace_destroy(struct net_pace *p)
{
	if (p == NULL)
		return;
	loop_timer_destroy(p->fallback);
	loop_timer_destroy(p->spin);
	net_wake_destroy(p->wake);
	free(p);
}

void net_pace_start(struct net_pace *p)
{
	net_wake_started(p->wake);
	loop_timer_start(p->fallback, FALLBACK_US);
}

void net_pace_kick(struct net_pace *p)
{
	loop_timer_start(p->spin, 0);
}

void net_pace_new_sockets(struct net_pace *p)
{
	p->scan_soon = true;
}

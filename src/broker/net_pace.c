/* net_pace.c - see net_pace.h. */
#include "broker/net_pace.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/net_wake.h"

enum {
	FALLBACK_US = 50 * 1000,
	IDLE_US = 100 * 1000, /* the same when nothing came for a while, */
	IDLE_AFTER_US = 300 * 1000,
	SCAN_TICKS = 10, /* of the fallback, between two scans for sockets */
	SPIN_LONG_US = 300,
	SPIN_SHORT_US = 20,
	SPIN_SLICE_US = 40,
	UNREAD_MAX_US = 20 * 1000,
	/* Open MPI looks at its sockets in every call of its while it counts
	 * some as open, but loses count when peers die; then in one of eight. */
	LOOKS = 8,
	REST_US = 5 * 1000, /* busy as we are, the peers are looked after */
};

struct net_pace {
	struct net_wake *wake;
	struct loop_timer *fallback, *spin;
	struct pace_events ev;
	void *arg;
	uint64_t *wakes;
	uint64_t until_us; /* look on until then */
	uint64_t last_us;  /* when something came */
	uint64_t unread_us; /* since when bytes lie there unread, or 0 */
	uint64_t rest_us;   /* when we last looked after the peers */
	unsigned ticks;
	bool look, connected;
};

static void extend(struct net_pace *p, uint64_t now)
{
	/* The next one is probably as far away as the last one was. */
	uint64_t us = now - p->last_us < 2 * SPIN_LONG_US ? SPIN_LONG_US
							  : SPIN_SHORT_US;

	p->last_us = now;
	p->until_us = now + us;
}

/* All is read: look after sockets and peers, if there may be news of them. */
static void rest(struct net_pace *p)
{
	bool hung_up = net_wake_hung_up(p->wake);
	bool connected = p->connected || net_wake_wants_scan(p->wake);
	bool tick = p->ticks >= SCAN_TICKS;
	uint64_t again;

	if (!hung_up && !connected && !tick && !p->look)
		return;
	if (connected || tick) {
		/* What the library is about to accept is seen by the next
		 * tick. */
		p->ticks = connected ? SCAN_TICKS - 1 : 0;
		net_wake_scan(p->wake);
	}
	p->look = p->connected = false;
	p->rest_us = loop_now_us();
	again = p->ev.quiet(p->arg);
	if (again == 0 || again == PACE_GONE)
		return;
	p->look = true;
	net_pace_soon(p, again);
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
	int quiet = 0;

	while (quiet < LOOKS || (now < p->until_us && now < slice)) {
		enum pace_found found = p->ev.poll(p->arg);

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
	if (quiet < LOOKS || now < p->until_us || unread(p, now)) {
		loop_timer_start(p->spin, 0);
		if (now - p->rest_us < REST_US)
			return;
	}
	rest(p);
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
	uint64_t idle_us = loop_now_us() - p->last_us;

	p->ticks++;
	loop_timer_start(p->fallback,
			 idle_us > IDLE_AFTER_US ? IDLE_US : FALLBACK_US);
	spin(p);
}

struct net_pace *net_pace_create(struct loop *l, const struct pace_events *ev,
				 void *arg, uint64_t *wakes,
				 struct berth_error *err)
{
	struct net_pace *p = mem_alloc(sizeof(*p));

	p->ev = *ev;
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

void net_pace_soon(struct net_pace *p, uint64_t us)
{
	if (!loop_timer_pending(p->spin))
		loop_timer_start(p->spin, us);
}

void net_pace_look(struct net_pace *p)
{
	p->look = true;
	loop_timer_start(p->spin, 0);
}

void net_pace_connected(struct net_pace *p)
{
	p->connected = true;
	loop_timer_start(p->spin, 0);
}

/* lease.c - see lease.h. */
#include "broker/lease.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/api.h"

enum { LOOK_US = 20 * 1000 };

struct parked {
	TAILQ_ENTRY(parked) entry;
	struct lease *lease;
	struct http_request *req;
	http_handler_f handler;
	void *arg;
};

struct listener {
	loop_f regained;
	void *arg;
};

struct lease {
	lease_valid_f valid;
	void *arg;
	struct loop_timer *look; /* runs while it is lost */
	struct listener *listener;
	size_t nlisteners;
	TAILQ_HEAD(, parked) parked;
};

static void parked_destroy(struct parked *p)
{
	TAILQ_REMOVE(&p->lease->parked, p, entry);
	free(p);
}

static void on_left(void *arg)
{
	parked_destroy(arg);
}

static void handle_parked(struct lease *l)
{
	struct parked *p, one;

	/* One may find it lost again, and is parked anew. */
	while ((void)(p = TAILQ_FIRST(&l->parked)),
	       p != NULL && !loop_timer_pending(l->look)) {
		one = *p;
		http_on_close(p->req, NULL, NULL);
		parked_destroy(p);
		one.handler(one.arg, one.req);
	}
}

static bool valid(const struct lease *l)
{
	return l->valid == NULL || l->valid(l->arg);
}

static void on_look(void *arg)
{
	struct lease *l = arg;

	if (!valid(l)) {
		loop_timer_start(l->look, LOOK_US);
		return;
	}
	log_debug("a majority of the voters is heard again");
	for (size_t i = 0; i < l->nlisteners; i++)
		l->listener[i].regained(l->listener[i].arg);
	handle_parked(l);
}

bool lease_holds(struct lease *l)
{
	if (loop_timer_pending(l->look))
		return false;
	if (valid(l))
		return true;
	log_info("a majority of the voters has not been heard of for a "
		 "moment: this leader does nothing");
	loop_timer_start(l->look, LOOK_US);
	return false;
}

void lease_on_regained(struct lease *l, loop_f regained, void *arg)
{
	l->listener = mem_resize(l->listener, l->nlisteners + 1,
				 sizeof(l->listener[0]));
	l->listener[l->nlisteners++] = (struct listener){regained, arg};
}

void lease_park(struct lease *l, struct http_request *req,
		http_handler_f handler, void *arg)
{
	struct parked *p = mem_alloc(sizeof(*p));

	p->lease = l;
	p->req = req;
	p->handler = handler;
	p->arg = arg;
	TAILQ_INSERT_TAIL(&l->parked, p, entry);
	http_on_close(req, on_left, p);
}

struct lease *lease_create(struct loop *loop, lease_valid_f valid, void *arg)
{
	struct lease *l = mem_alloc(sizeof(*l));

	l->valid = valid;
	l->arg = arg;
	TAILQ_INIT(&l->parked);
	l->look = loop_timer_create(loop, on_look, l);
	return l;
}

void lease_destroy(struct lease *l)
{
	struct parked *p;

	if (l == NULL)
		return;
	while ((void)(p = TAILQ_FIRST(&l->parked)), p != NULL) {
		http_on_close(p->req, NULL, NULL);
		api_reply_ending(p->req);
		parked_destroy(p);
	}
	loop_timer_destroy(l->look);
	free(l->listener);
	free(l);
}

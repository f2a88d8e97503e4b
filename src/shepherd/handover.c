/* handover.c - see handover.h. */
#include "shepherd/handover.h"

#include <pthread.h>
#include <stdbool.h>

static struct {
	pthread_mutex_t lock;
	STAILQ_HEAD(, handover_item) queue;
	struct loop_wake *bell;
	struct server *server;
	bool open;
} the = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.queue = STAILQ_HEAD_INITIALIZER(the.queue),
};

static void rung(void *arg)
{
	handover_drain();
}

int handover_open(struct loop *l, struct server *s)
{
	pthread_mutex_lock(&the.lock);
	the.server = s;
	the.bell = loop_wake_create(l, rung, NULL);
	the.open = true;
	pthread_mutex_unlock(&the.lock);
	return 0;
}

void handover_close(void)
{
	pthread_mutex_lock(&the.lock);
	the.open = false;
	loop_wake_destroy(the.bell);
	the.bell = NULL;
	pthread_mutex_unlock(&the.lock);
}

void handover_post(struct handover_item *item)
{
	pthread_mutex_lock(&the.lock);
	STAILQ_INSERT_TAIL(&the.queue, item, next);
	if (the.open)
		loop_wake_signal(the.bell);
	pthread_mutex_unlock(&the.lock);
}

void handover_drain(void)
{
	struct handover_item *item;

	for (;;) {
		pthread_mutex_lock(&the.lock);
		item = STAILQ_FIRST(&the.queue);
		if (item)
			STAILQ_REMOVE_HEAD(&the.queue, next);
		pthread_mutex_unlock(&the.lock);
		if (item == NULL)
			return;
		item->run(the.server, item);
	}
}

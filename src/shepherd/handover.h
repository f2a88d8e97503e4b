/*
 * handover.h - where PMIx's thread hands over to ours.
 *
 * PMIx calls the server's functions on a thread of its own, and calling an
 * upcall's callback inside the upcall can deadlock it.  So every upcall only
 * copies what it was given into an item and posts it here; run is called
 * later, on the loop's thread, in the order of posting, and answers.
 */
#ifndef SHEPHERD_HANDOVER_H
#define SHEPHERD_HANDOVER_H

#include <sys/queue.h>

#include "io/loop.h"

struct server;

struct handover_item {
	STAILQ_ENTRY(handover_item) next;
	/* Frees the item, or keeps it until it can be answered. */
	void (*run)(struct server *s, struct handover_item *item);
};

/* PMIx's functions carry no argument of ours, so there is one in a process. */
int handover_open(struct loop *l, struct server *s);
/* Whatever is posted from now on is lost. */
void handover_close(void);

void handover_post(struct handover_item *item); /* any thread */
/* Run what has been posted so far. */
void handover_drain(void);

#endif

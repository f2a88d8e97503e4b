/*
 * lease.h - may this leader act right now?  It may while a majority of the
 * voters promises to follow nobody else; a leader that was stopped or cut off
 * and does not know yet that another one leads may not.  Then it offers
 * nothing, its words to launchers wait, and so do the requests that it is
 * asked, until it may again or is no leader any more.
 */
#ifndef BROKER_LEASE_H
#define BROKER_LEASE_H

#include <stdbool.h>

#include "io/http.h"
#include "io/loop.h"

struct lease;

typedef bool (*lease_valid_f)(void *arg);

/* valid NULL: always. */
struct lease *lease_create(struct loop *loop, lease_valid_f valid, void *arg);
/* Requests that wait are told to come again. */
void lease_destroy(struct lease *l); /* NULL is fine */

/* False: it may not, and who waits for the lease is told when it may. */
bool lease_holds(struct lease *l);
/* Call regained, from the loop, each time it may again; those who asked first
 * are called first. */
void lease_on_regained(struct lease *l, loop_f regained, void *arg);
/* Handle the request when it may again. */
void lease_park(struct lease *l, struct http_request *req,
		http_handler_f handler, void *arg);

#endif

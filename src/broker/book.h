/*
 * book.h - the leader's ledger with what follows from it: it gives the ledger
 * the time, lets it have its rounds soon after changes and at its deadlines,
 * and tells listeners of each event that was applied.  Who listens is no
 * matter of its own.
 */
#ifndef BROKER_BOOK_H
#define BROKER_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/lease.h"
#include "io/loop.h"
#include "ledger/ledger.h"
#include "model/event.h"

struct book;

struct book_config {
	const char *policy;
	uint64_t seed; /* of the policy; 0: random */
	uint32_t offer_expiry_ms, lend_after_ms;
	uint64_t first_id; /* of offers and slices; 0: from the first */
	const char *topology_conf, *switches; /* as of leader.h */
	size_t keep_jobs; /* ended jobs that stay visible */
	struct lease *lease; /* without it there are no rounds; NULL: none */
	uint64_t forgotten; /* ended ones that earlier leaders did not keep */
};

struct book *book_create(struct loop *loop, const struct book_config *config,
			 struct berth_error *err);
void book_destroy(struct book *b);

/* Call listen for each event, right after it was applied; listeners are told
 * in the order in which they came.  They must not change the ledger, and be
 * there as long as it changes. */
typedef void (*book_event_f)(void *arg, const struct event *ev);
void book_listen(struct book *b, book_event_f listen, void *arg);
/* Call done after each round, when the ledger may be changed again. */
typedef void (*book_round_f)(void *arg);
void book_after_round(struct book *b, book_round_f done, void *arg);

/* For changes and for reading. */
struct ledger *book_ledger(const struct book *b);
/* What the ledger is to be told as the time: the wall clock's, but steady when
 * that jumps. */
uint64_t book_now(void);
/* A time that another leader noted, which its clock may have had too late. */
uint64_t book_past(uint64_t us);

#endif

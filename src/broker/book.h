/*
 * book.h - the leader's ledger with what follows from it: it gives the ledger
 * the time, lets it have its rounds soon after changes and at its deadlines,
 * and passes each event that was applied on to the parts that tell others.
 */
#ifndef BROKER_BOOK_H
#define BROKER_BOOK_H

#include "broker/leader_parts.h"
#include "ledger/ledger.h"

struct book;

struct book *book_create(struct leader *l, struct berth_error *err);
void book_destroy(struct book *b);

/* For changes and for reading.  Parts must not change it while they are told
 * of an event. */
struct ledger *book_ledger(const struct book *b);
/* What the ledger is to be told as the time. */
uint64_t book_now(void);
/* A round is due; also called for every event.  Several calls in one pass of
 * the loop make one round. */
void book_wake(struct book *b);

#endif

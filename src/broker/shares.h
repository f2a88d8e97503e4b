/*
 * shares.h - what is set for roles: from berth.conf at the start, by calls of
 * the API after that, and what these changed kept in the state directory.
 *
 * shares.json there holds what differs from berth.conf by calls: for each role
 * its setting, or null for one that was removed.  It is written before a call
 * is answered, whole or not at all, and read when a leader starts.
 */
#ifndef BROKER_SHARES_H
#define BROKER_SHARES_H

#include "broker/leader_parts.h"

struct shares;

/* Tells the ledger.  -1 when a role of berth.conf is refused, err begins with
 * its "file:line"; what shares.json holds and can't be set any more is only
 * logged. */
struct shares *shares_create(struct leader *l, struct berth_error *err);
void shares_destroy(struct shares *s);

void shares_get(struct leader *l, struct http_request *req, const char *name);
void shares_put(struct leader *l, struct http_request *req, const char *name);
void shares_delete(struct leader *l, struct http_request *req,
		   const char *name);

#endif

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

#include <stddef.h>

#include "base/error.h"
#include "broker/book.h"
#include "broker/commit.h"
#include "broker/role_conf.h"
#include "io/http.h"

struct shares;

/* Tells the ledger.  state_dir NULL: what calls change is not kept.  NULL when
 * a role of berth.conf is refused, err begins with its "file:line"; what
 * shares.json holds and can't be set any more is only logged. */
struct shares *shares_create(struct book *book, struct commit *commit,
			     const struct role_conf *roles,
			     size_t nroles, const char *state_dir,
			     struct berth_error *err);
void shares_destroy(struct shares *s);

/* route_f; the first argument is a struct shares. */
void shares_get(void *shares, struct http_request *req, const char *name);
void shares_put(void *shares, struct http_request *req, const char *name);
void shares_delete(void *shares, struct http_request *req, const char *name);

#endif

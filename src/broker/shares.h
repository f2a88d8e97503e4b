/*
 * shares.h - what is set for roles: from berth.conf at the start, by calls of
 * the API after that, and what these changed agreed on before they are
 * answered.
 *
 * A leader sets what the records have over what berth.conf has.  Where they
 * have nothing it takes shares.json of the state directory, in which such
 * changes were kept once: for each role its setting, or null for one that was
 * removed; from then on that is on record, too.
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

/* Tells the ledger.  NULL when a role of berth.conf is refused, err begins with
 * its "file:line"; what calls have set and can't be any more is only logged.
 * state_dir: where shares.json may be, or NULL. */
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

/*
 * server.h - the PMIx server of the job: what the rest of the shepherd sees
 * of it.  No PMIx type leaves this folder's PMIx files.
 */
#ifndef SHEPHERD_SERVER_H
#define SHEPHERD_SERVER_H

#include "shepherd/runner.h"
#include "shepherd/session.h"
#include "shepherd/uplink.h"

struct server;

struct server_config {
	struct loop *loop;
	struct uplink *uplink;
	struct runner *runner; /* becomes its runner_pmix */
	const char *node, *key;
	struct session *prepared; /* by server_prepare, or NULL; taken over */
};

/* Make the session's folders and start PMIx with its threads: some 15 ms, the
 * slow part of server_create, which does it where it was not done before.
 * Once in a process, as the user whose job it is to be. */
struct session *server_prepare(const char *node, struct berth_error *err);
/* One in a process, ever. */
struct server *server_create(const struct server_config *c,
			     struct berth_error *err);
/* PMIx's threads stay: the process is to end by _exit after it. */
void server_destroy(struct server *s);

/* A message that is PMIx's: coll_done, lookup_reply, modex_request,
 * modex_reply, spawn_start, spawn_reply, undeliverable, pmix_event.  False:
 * none of those. */
bool server_message(struct server *s, const Berth__Msg *msg);
/* A launcher is there (again): say once more what is pending. */
void server_again(struct server *s);

/* Send msg to every other shepherd of the job, as many times as there are. */
void server_tell_others(struct server *s, const char *nspace,
			Berth__Msg *msg);

#endif

/*
 * server_impl.h - what the files of the PMIx server share.  Each callback
 * family keeps its own pending things in a list here, and nobody else looks
 * into it.
 */
#ifndef SHEPHERD_SERVER_IMPL_H
#define SHEPHERD_SERVER_IMPL_H

#include <pmix_server.h>

#include "base/map.h"
#include "shepherd/handover.h"
#include "shepherd/infos.h"
#include "shepherd/nspace.h"
#include "shepherd/prompt.h"
#include "shepherd/server.h"
#include "shepherd/session.h"

struct coll;
struct modex;
struct lookup;
struct published;
struct spawn;

struct server {
	struct loop *loop;
	struct uplink *up;
	struct runner *runner;
	char *node, *key;
	struct session *session;
	struct nspace_list nspaces;
	uint64_t next_id; /* of requests and published entries */
	struct loop_timer *again; /* pending requests are repeated */
	struct prompt *prompt;

	TAILQ_HEAD(, coll) colls;
	struct map *coll_count; /* signature -> how many so far */
	TAILQ_HEAD(, modex) modexes;
	TAILQ_HEAD(, lookup) lookups;
	TAILQ_HEAD(, published) published;
	TAILQ_HEAD(, spawn) spawns;
	unsigned nspawned;
};

uint64_t server_new_id(struct server *s);
struct nspace *server_nspace(struct server *s, const char *name);
/* Send to the shepherd `key` on a node, through the launchers. */
void server_route(struct server *s, Berth__Msg *msg, const char *node,
		  const char *key);

/* ---- register.c: telling PMIx of namespaces ---- */

/* n is in the table; cpus of its ranks here, or NULL.  parent may be NULL. */
int register_nspace(struct server *s, struct nspace *n,
		    const struct local_rank *ranks, size_t nranks,
		    const pmix_proc_t *parent, struct berth_error *err);
void register_gone(struct nspace *n);

/* ---- coll.c: keyed collectives ---- */

struct coll_result {
	pmix_status_t status;
	uint64_t context_id;
	size_t n;
	struct coll_part {
		const void *data;
		size_t len;
	} *part; /* in the order of the parties */
};
typedef void (*coll_f)(struct server *s, void *arg,
		       const struct coll_result *r);

struct coll_order {
	const char *kind;  /* "fence", "connect", … */
	const char *label; /* distinguishes within a kind, may be NULL */
	const pmix_proc_t *procs;
	size_t nprocs;
	const void *data;
	size_t len;
	pmix_status_t status;
	unsigned timeout_ms;
	bool want_context_id;
	bool living; /* go on without parties whose ranks are gone */
};

/* done is called once, possibly before the return.  -1: a namespace is not
 * known; done is not called. */
int coll_start(struct server *s, const struct coll_order *o, coll_f done,
	       void *arg);
void coll_done(struct server *s, const Berth__CollDone *d);
void coll_again(struct server *s);
void coll_finish(struct server *s);

/* ---- dmodex.c ---- */
void dmodex_request(struct server *s, const Berth__Msg *msg);
void dmodex_reply(struct server *s, const Berth__ModexReply *r);
bool dmodex_undeliverable(struct server *s, uint64_t id);
void dmodex_again(struct server *s);
/* Answer what waits for ranks that are gone. */
void dmodex_bury(struct server *s);
void dmodex_finish(struct server *s);

/* ---- publish.c ---- */
/* Look up one key that is going to be there; done gets its value, or NULL
 * after the time is over. */
typedef void (*publish_found_f)(struct server *s, void *arg, const void *value,
				size_t len);
void publish_ask(struct server *s, const char *key, unsigned timeout_ms,
		 publish_found_f done, void *arg);
void publish_entry(struct server *s, const pmix_proc_t *owner, const char *key,
		   const void *value, size_t len, pmix_data_range_t range,
		   pmix_persistence_t persistence);
/* An entry that could be read once has been. */
void publish_was_read(struct server *s, uint64_t number);
void publish_reply(struct server *s, const Berth__LookupReply *r);
void publish_nspace_over(struct server *s, struct nspace *n);
void publish_again(struct server *s);
void publish_finish(struct server *s);

/* ---- spawn.c ---- */
void spawn_start(struct server *s, const Berth__Msg *msg);
void spawn_reply(struct server *s, const Berth__Msg *msg);
bool spawn_undeliverable(struct server *s, uint64_t id);
void spawn_again(struct server *s);
void spawn_finish(struct server *s);

/* ---- deaths.c ---- */
/* A rank of this node is gone.  False: its job cannot go on without it. */
bool deaths_here(struct server *s, const char *nspace, uint32_t rank,
		 int signo);
void deaths_heard(struct server *s, const Berth__RanksDied *d);

/* ---- event.c ---- */
void event_received(struct server *s, const Berth__PmixEvent *e);

#endif

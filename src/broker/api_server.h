/*
 * api_server.h - the HTTP door of a rank: listens for as long as the rank
 * lives, checks the token, hands requests to the leader where this rank leads
 * and refers them to it where it does not.  What a call means is its
 * handler's matter.
 */
#ifndef BROKER_API_SERVER_H
#define BROKER_API_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"
#include "io/loop.h"

struct api_server;

/* Strings are the caller's and outlive the server. */
struct api_server_config {
	const char *token;	 /* NULL: a random one */
	const char *unix_path;	 /* NULL: none */
	const char *listen_host; /* NULL: by listen_local */
	unsigned listen_port;	 /* 0: any */
	bool listen_local;	 /* with no listen_host: loopback (true), or
				    all addresses, announced by host name */
	bool no_tcp;		 /* the Unix socket only */
};

/* Listens.  Nobody leads until api_server_serve or api_server_refer. */
struct api_server *api_server_create(struct loop *loop,
				     const struct api_server_config *config,
				     struct berth_error *err);
/* Open requests are dropped. */
void api_server_destroy(struct api_server *a);

/* From now on requests with the token go to handler, from the loop. */
void api_server_serve(struct api_server *a, http_handler_f handler, void *arg);
/* From now on the leader at uri is to be asked: 307; NULL: nobody leads, 503.
 * Requests that the handler has not answered are still its own. */
void api_server_refer(struct api_server *a, const char *uri);

/* "http://host:port" for others, "" without TCP. */
const char *api_server_uri(const struct api_server *a);
/* For programs on this node: "unix:/path" where there is a socket. */
const char *api_server_local_uri(const struct api_server *a);
const char *api_server_token(const struct api_server *a);
uint64_t api_server_requests(const struct api_server *a);

#endif

/*
 * api_server.h - the HTTP server of the leader: listens, checks the token,
 * keeps the contact file.  What a call means is its handler's matter.
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
	const char *berth, *leader; /* for the contact file */
	const char *token;
	const char *contact_path; /* NULL: none */
	const char *unix_path;	  /* NULL: none */
	const char *listen_host;  /* NULL: by listen_local */
	unsigned listen_port;	  /* 0: any */
	bool listen_local, no_tcp;
};

/* Listens and writes the contact file.  Requests with the token go to
 * handler, from the loop. */
struct api_server *api_server_create(struct loop *loop,
				     const struct api_server_config *config,
				     http_handler_f handler, void *arg,
				     struct berth_error *err);
/* Removes the contact file; open requests are dropped. */
void api_server_destroy(struct api_server *a);

/* "http://host:port" for others, "" without TCP. */
const char *api_server_uri(const struct api_server *a);
/* For programs on this node: "unix:/path" where there is a socket. */
const char *api_server_local_uri(const struct api_server *a);
uint64_t api_server_requests(const struct api_server *a);

#endif

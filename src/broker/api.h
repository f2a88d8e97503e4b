/*
 * api.h - the HTTP server of the leader: listens, checks the token, keeps the
 * contact file.  What a call means is routes.c's and its handlers' matter.
 */
#ifndef BROKER_API_H
#define BROKER_API_H

#include "broker/leader_parts.h"

struct api;

/* Listens and writes the contact file. */
struct api *api_create(struct leader *l, struct berth_error *err);
/* Removes the contact file; open requests are dropped. */
void api_destroy(struct api *a);

/* "http://host:port" for others, "" without TCP. */
const char *api_uri(const struct api *a);
/* For programs on this node: "unix:/path" where there is a socket. */
const char *api_local_uri(const struct api *a);
uint64_t api_requests(const struct api *a);

/* Answer with v, which is taken over. */
void api_reply(struct http_request *req, int status, json_t *v);
/* Answer with the text of err and a status of the caller's. */
void api_reply_status(struct http_request *req, int status,
		      const struct berth_error *err);
/* Answer one that had to wait too long: this leader ends. */
void api_reply_ending(struct http_request *req);
/* The body as an object; NULL: answered with the error.  An empty body is an
 * empty object. */
json_t *api_body(struct http_request *req);
/* A query parameter as an integer; *out is left alone when absent.  -1 names
 * it in err. */
int api_query_int(struct http_request *req, const char *name, int64_t min,
		  int64_t max, int64_t *out, struct berth_error *err);
/* "1", "true", "" are true, "0", "false" and absence false. */
int api_query_bool(struct http_request *req, const char *name, bool *out,
		   struct berth_error *err);

void api_shutdown(struct leader *l, struct http_request *req,
		  const char *name);

#endif

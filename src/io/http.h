/*
 * http.h - HTTP/1.1 server (over libevent's) and client (over libcurl).
 * Moves bytes; routes and meaning are its callers'.
 */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"

/* ---- server ---- */

struct http_server;
struct http_request;

/* The handler answers now or later; every request is answered exactly once,
 * by http_reply, http_reply_error or http_stream_end. */
typedef void (*http_handler_f)(void *arg, struct http_request *req);

/* Larger bodies or headers get 413 and never reach the handler. */
struct http_server *http_server_create(struct loop *l, size_t max_body,
				       http_handler_f handler, void *arg,
				       struct berth_error *err);
void http_server_destroy(struct http_server *s);
/* So many connections at a time, the idle ones are closed first; and so long
 * for a request to come.  Otherwise half of the descriptors that the process
 * may have, 4096 at most, and 60 s. */
void http_server_limit(struct http_server *s, size_t connections,
		       unsigned request_ms);
int http_server_listen_unix(struct http_server *s, const char *path,
			    struct berth_error *err);
/* Returns the port (port 0: any), or -1. */
int http_server_listen_tcp(struct http_server *s, const char *host,
			   unsigned port, struct berth_error *err);

const char *http_method(const struct http_request *req); /* "GET" */
const char *http_path(const struct http_request *req);	 /* decoded, no query */
/* Path and query as they came, encoded. */
const char *http_target(const struct http_request *req);
/* Decoded query parameter or NULL; lives as long as the request. */
const char *http_query(const struct http_request *req, const char *name);
const char *http_header(const struct http_request *req, const char *name);
/* The body; always followed by a NUL that does not count. */
const char *http_body(struct http_request *req, size_t *len);
const char *http_peer(const struct http_request *req);

/* A header of the answer; before it is given. */
void http_reply_header(struct http_request *req, const char *name,
		       const char *value);
void http_reply(struct http_request *req, int status, const char *type,
		const void *body, size_t len);
/* {"error": text, "code": …} with the status of err. */
void http_reply_error(struct http_request *req, const struct berth_error *err);

/* Chunked answer.  closed is called when the client went away before the end
 * (the request is then already freed; do not touch it).  http_stream_queued
 * tells how much the client has not taken yet; drained is called when that
 * falls to nothing. */
typedef void (*http_closed_f)(void *arg);
void http_stream_start(struct http_request *req, int status, const char *type,
		       http_closed_f closed, loop_f drained, void *arg);
void http_stream_send(struct http_request *req, const void *data, size_t len);
size_t http_stream_queued(const struct http_request *req);
void http_stream_end(struct http_request *req);
/* Also tell a parked (not yet answered) request's owner that the client left;
 * the request is freed then. */
void http_on_close(struct http_request *req, http_closed_f closed, void *arg);

/* ---- client ---- */

/* Where a server is: "http://host:port" or "unix:/path/to/socket". */
struct http_client;
struct http_client *http_client_create(struct loop *l, const char *uri,
				       const char *token,
				       struct berth_error *err);
void http_client_destroy(struct http_client *c); /* pending calls are dropped */

struct http_call;
struct http_call_events {
	/* A piece of a streamed answer (status 2xx only); may be NULL, then
	 * the whole body comes with done. */
	void (*data)(void *arg, const char *data, size_t len);
	/* status 0: no answer, err says why.  body is NUL-terminated. */
	void (*done)(void *arg, int status, const char *body, size_t len,
		     const struct berth_error *err);
};

/* path with query, already encoded; body NULL: none (JSON otherwise).
 * timeout_ms 0: none.  The call is gone after done. */
struct http_call *http_call_start(struct http_client *c, const char *method,
				  const char *path, const void *body,
				  size_t len, unsigned timeout_ms,
				  const struct http_call_events *ev, void *arg);
void http_call_cancel(struct http_call *call);
/* Stop and resume reading a streamed answer. */
void http_call_pause(struct http_call *call, bool paused);

/* Blocking, without a loop, for command-line programs.  Returns the status;
 * -1 when there was no answer.  *body (may be NULL) is the caller's to free. */
int http_fetch(const char *uri, const char *token, const char *method,
	       const char *path, const void *body_in, size_t len_in,
	       char **body, size_t *len, unsigned timeout_ms,
	       struct berth_error *err);

/* The same with a further header, "Name: value" (NULL: none), and a limit for
 * the connection alone (0: 5 s). */
int http_fetch_with(const char *uri, const char *token, const char *header,
		    const char *method, const char *path, const void *body_in,
		    size_t len_in, char **body, size_t *len,
		    unsigned connect_ms, unsigned timeout_ms,
		    struct berth_error *err);

/* Percent-encode for a query; the caller frees. */
char *http_encode(const char *s);

#endif

/*
 * http_server.c - the server of http.h, over libevent's evhttp.
 *
 * evhttp owns connections and requests; a struct http_request goes with one
 * of its requests and ends in one of two ways: on_complete (the answer has
 * been written) or on_gone (the connection ended first).
 *
 * Left alone, evhttp notices that a client went away only while it writes.
 * So reading is switched on, without a read callback, as long as a request is
 * being worked on: the end of the stream then reaches evhttp's error path,
 * which calls on_gone.
 */
#include "io/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/http_guard.h"
#include "io/socket.h"

/* What a request's line and headers may take together. */
#define HEADERS_MAX 65536
/* evhttp answers what is larger than its own limits, in HTML; so ours, which
 * are below, come first. */
#define HEADERS_SLACK (4 * HEADERS_MAX)
#define BODY_SLACK (1 << 20)
/* A connection on which no request comes is closed. */
#define IDLE_SECONDS 300

enum state { PARKED, STREAMING, ANSWERED };

struct http_request {
	TAILQ_ENTRY(http_request) next;
	struct http_server *server;
	struct evhttp_request *ev;
	enum state state;
	char *path;
	struct evkeyvalq query;
	char *body;
	size_t body_len;
	char peer[SOCKET_PEER_MAX];
	http_closed_f closed;
	loop_f drained;
	void *arg;
};

struct bound {
	SLIST_ENTRY(bound) next;
	struct evconnlistener *listener;
	char *path; /* of a Unix socket */
};

struct http_server {
	struct loop *loop;
	struct evhttp *evhttp;
	size_t max_body;
	http_handler_f handler;
	void *arg;
	struct http_guard *guard;
	struct evbuffer *piece; /* on its way into a stream */
	TAILQ_HEAD(, http_request) requests;
	SLIST_HEAD(, bound) bound;
	int busy; /* inside callbacks */
	bool destroyed;
};

static const struct timeval idle = {IDLE_SECONDS, 0};

static struct bufferevent *bufev_of(const struct http_request *req)
{
	return evhttp_connection_get_bufferevent(
		evhttp_request_get_connection(req->ev));
}

static void request_free(struct http_request *req)
{
	TAILQ_REMOVE(&req->server->requests, req, next);
	evhttp_clear_headers(&req->query);
	free(req->path);
	free(req->body);
	free(req);
}

/* The answer is out; evhttp frees its request after this and waits for the
 * next one on the connection. */
static void on_complete(struct evhttp_request *ev, void *arg)
{
	struct http_request *req = arg;
	struct evhttp_connection *con = evhttp_request_get_connection(ev);

	evhttp_connection_set_closecb(con, NULL, NULL);
	bufferevent_set_timeouts(bufev_of(req), &idle, NULL);
	http_guard_idle(req->server->guard, bufev_of(req));
	request_free(req);
}

/* The connection ends before on_complete. */
static void on_gone(struct evhttp_connection *con, void *arg)
{
	struct http_request *req = arg;
	struct http_server *s = req->server;
	http_closed_f closed = req->state != ANSWERED ? req->closed : NULL;
	void *closed_arg = req->arg;

	/* Where its error path has taken the request off the connection,
	 * nobody else will free it. */
	if (evhttp_request_get_connection(req->ev) == NULL)
		evhttp_request_free(req->ev);
	request_free(req);
	s->busy++;
	if (closed)
		closed(closed_arg);
	s->busy--;
}

static void watch_for_end(struct bufferevent *bev)
{
	bufferevent_data_cb write_cb;
	bufferevent_event_cb event_cb;
	void *arg;

	bufferevent_getcb(bev, NULL, &write_cb, &event_cb, &arg);
	bufferevent_setcb(bev, NULL, write_cb, event_cb, arg);
	bufferevent_set_timeouts(bev, NULL, NULL);
	bufferevent_enable(bev, EV_READ);
}

/* ---- a request comes in ---- */

static int read_uri(struct http_request *req, struct berth_error *err)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req->ev);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	size_t len = 0;
	char *decoded;

	if (path == NULL)
		return error_set(err, BERTH_EINPUT,
				 "the request's address cannot be read");
	decoded = evhttp_uridecode(path, 0, &len);
	req->path = mem_strdup(decoded ? decoded : "");
	free(decoded);
	if (strlen(req->path) != len)
		return error_set(err, BERTH_EINPUT,
				 "the request's path holds a NUL byte");
	if (query && query[0] &&
	    evhttp_parse_query_str(query, &req->query) != 0)
		return error_set(err, BERTH_EINPUT,
				 "the query '%.100s' is not name=value&...",
				 query);
	return 0;
}

static int read_body(struct http_request *req, struct berth_error *err)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req->ev);
	struct evkeyvalq *headers = evhttp_request_get_input_headers(req->ev);
	size_t size = strlen(evhttp_request_get_uri(req->ev));
	struct evkeyval *h;

	for (h = headers->tqh_first; h; h = h->next.tqe_next)
		size += strlen(h->key) + strlen(h->value);
	if (size > HEADERS_MAX)
		return error_set(err, BERTH_ELIMIT,
				 "the request's headers have %zu bytes, at "
				 "most %d are allowed",
				 size, HEADERS_MAX);
	req->body_len = evbuffer_get_length(in);
	if (req->body_len > req->server->max_body)
		return error_set(err, BERTH_ELIMIT,
				 "the request's body has %zu bytes, at most "
				 "%zu are allowed",
				 req->body_len, req->server->max_body);
	req->body = mem_resize(NULL, req->body_len + 1, 1);
	evbuffer_remove(in, req->body, req->body_len);
	req->body[req->body_len] = '\0';
	return 0;
}

static void name_peer(struct http_request *req)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getpeername(bufferevent_getfd(bufev_of(req)),
			(struct sockaddr *)&sa, &len) != 0)
		sa.ss_family = AF_UNIX;
	socket_name_peer((struct sockaddr *)&sa, len, req->peer,
			 sizeof(req->peer));
}

static void on_request(struct evhttp_request *ev, void *arg)
{
	struct http_server *s = arg;
	struct http_request *req = mem_alloc(sizeof(*req));
	struct berth_error err;

	req->server = s;
	req->ev = ev;
	TAILQ_INIT(&req->query);
	TAILQ_INSERT_TAIL(&s->requests, req, next);
	evhttp_request_set_on_complete_cb(ev, on_complete, req);
	evhttp_connection_set_closecb(evhttp_request_get_connection(ev),
				      on_gone, req);
	watch_for_end(bufev_of(req));
	http_guard_busy(s->guard, bufev_of(req));
	name_peer(req);
	s->busy++;
	if (read_uri(req, &err) != 0 || read_body(req, &err) != 0)
		http_reply_error(req, &err);
	else
		s->handler(s->arg, req);
	s->busy--;
}

const char *http_method(const struct http_request *req)
{
	switch (evhttp_request_get_command(req->ev)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	default:
		return "OPTIONS";
	}
}

const char *http_path(const struct http_request *req)
{
	return req->path;
}

const char *http_target(const struct http_request *req)
{
	return evhttp_request_get_uri(req->ev);
}

const char *http_query(const struct http_request *req, const char *name)
{
	return evhttp_find_header(&req->query, name);
}

const char *http_header(const struct http_request *req, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(req->ev),
				  name);
}

const char *http_body(struct http_request *req, size_t *len)
{
	if (len)
		*len = req->body_len;
	return req->body;
}

const char *http_peer(const struct http_request *req)
{
	return req->peer;
}

/* ---- answers ---- */

static void set_type(struct http_request *req, const char *type)
{
	if (type)
		evhttp_add_header(evhttp_request_get_output_headers(req->ev),
				  "Content-Type", type);
}

void http_reply_header(struct http_request *req, const char *name,
		       const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(req->ev), name,
			  value);
}

void http_reply(struct http_request *req, int status, const char *type,
		const void *body, size_t len)
{
	struct evbuffer *piece = req->server->piece;

	req->state = ANSWERED;
	set_type(req, type);
	evbuffer_add(piece, body, len);
	evhttp_send_reply(req->ev, status, NULL, piece);
}

void http_stream_start(struct http_request *req, int status, const char *type,
		       http_closed_f closed, loop_f drained, void *arg)
{
	req->state = STREAMING;
	req->closed = closed;
	req->drained = drained;
	req->arg = arg;
	set_type(req, type);
	evhttp_send_reply_start(req->ev, status, NULL);
}

static void on_drained(struct evhttp_connection *con, void *arg)
{
	struct http_request *req = arg;
	struct http_server *s = req->server;

	if (req->state != STREAMING || req->drained == NULL)
		return;
	s->busy++;
	req->drained(req->arg);
	s->busy--;
}

void http_stream_send(struct http_request *req, const void *data, size_t len)
{
	struct evbuffer *piece = req->server->piece;

	if (len == 0)
		return;
	evbuffer_add(piece, data, len);
	evhttp_send_reply_chunk_with_cb(req->ev, piece, on_drained, req);
	/* Left over where the answer has no body, as to HEAD. */
	evbuffer_drain(piece, evbuffer_get_length(piece));
}

size_t http_stream_queued(const struct http_request *req)
{
	return evbuffer_get_length(bufferevent_get_output(bufev_of(req)));
}

void http_stream_end(struct http_request *req)
{
	req->state = ANSWERED;
	evhttp_send_reply_end(req->ev);
}

void http_on_close(struct http_request *req, http_closed_f closed, void *arg)
{
	req->closed = closed;
	req->arg = arg;
}

/* ---- the server ---- */

/* No descriptors left, say.  The listener stays readable and libevent gives
 * us nothing to find our server by (the argument is evhttp's), so the pause
 * that keeps this from spinning is taken here. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timespec pause = {0, 10000000};

	log_error("cannot accept a connection: %s", strerror(errno));
	nanosleep(&pause, NULL);
}

static struct bufferevent *make_bufev(struct event_base *base, void *arg)
{
	struct http_server *s = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, 0);

	if (bev == NULL)
		return NULL;
	bufferevent_set_timeouts(bev, &idle, NULL);
	/* A client that sends while it is being answered fills no more than
	 * this. */
	bufferevent_setwatermark(bev, EV_READ, 0,
				 s->max_body + 2 * BODY_SLACK);
	http_guard_watch(s->guard, bev);
	return bev;
}

void http_server_limit(struct http_server *s, size_t connections,
		       unsigned request_ms)
{
	http_guard_limit(s->guard, connections, (uint64_t)request_ms * 1000);
}

struct http_server *http_server_create(struct loop *l, size_t max_body,
				       http_handler_f handler, void *arg,
				       struct berth_error *err)
{
	struct http_server *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->max_body = max_body;
	s->handler = handler;
	s->arg = arg;
	TAILQ_INIT(&s->requests);
	SLIST_INIT(&s->bound);
	s->evhttp = evhttp_new(loop_base(l));
	s->piece = evbuffer_new();
	s->guard = http_guard_create(l);
	if (s->evhttp == NULL || s->piece == NULL)
		abort(); /* memory is gone */
	evhttp_set_max_headers_size(s->evhttp, HEADERS_SLACK);
	evhttp_set_max_body_size(s->evhttp,
				 (ev_ssize_t)max_body + BODY_SLACK);
	/* Hear a body that is too large out, so that the client gets to read
	 * its 413. */
	evhttp_set_flags(s->evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(s->evhttp, NULL);
	evhttp_set_allowed_methods(s->evhttp,
				   EVHTTP_REQ_GET | EVHTTP_REQ_POST |
					   EVHTTP_REQ_PUT |
					   EVHTTP_REQ_DELETE |
					   EVHTTP_REQ_HEAD | EVHTTP_REQ_PATCH |
					   EVHTTP_REQ_OPTIONS);
	evhttp_set_bevcb(s->evhttp, make_bufev, s);
	evhttp_set_gencb(s->evhttp, on_request, s);
	return s;
}

static void server_free(void *arg)
{
	struct http_server *s = arg;

	/* Ends all connections, and with them the requests: on_gone. */
	evhttp_free(s->evhttp);
	http_guard_destroy(s->guard);
	evbuffer_free(s->piece);
	free(s);
}

void http_server_destroy(struct http_server *s)
{
	if (s == NULL || s->destroyed)
		return;
	s->destroyed = true;
	while (!SLIST_EMPTY(&s->bound)) {
		struct bound *b = SLIST_FIRST(&s->bound);

		SLIST_REMOVE_HEAD(&s->bound, next);
		evconnlistener_disable(b->listener); /* freed by evhttp */
		if (b->path)
			unlink(b->path);
		free(b->path);
		free(b);
	}
	if (s->busy > 0)
		loop_defer(s->loop, server_free, s);
	else
		server_free(s);
}

static void add_listener(struct http_server *s, int fd, const char *path)
{
	struct bound *b = mem_alloc(sizeof(*b));

	b->path = mem_strdup(path);
	b->listener = evconnlistener_new(loop_base(s->loop), NULL, NULL,
					 LEV_OPT_CLOSE_ON_FREE |
						 LEV_OPT_CLOSE_ON_EXEC,
					 0, fd);
	if (b->listener == NULL ||
	    evhttp_bind_listener(s->evhttp, b->listener) == NULL)
		abort(); /* memory is gone */
	evconnlistener_set_error_cb(b->listener, on_accept_error);
	SLIST_INSERT_HEAD(&s->bound, b, next);
}

int http_server_listen_unix(struct http_server *s, const char *path,
			    struct berth_error *err)
{
	int fd = socket_listen_unix(path, err);

	if (fd < 0)
		return -1;
	add_listener(s, fd, path);
	return 0;
}

int http_server_listen_tcp(struct http_server *s, const char *host,
			   unsigned port, struct berth_error *err)
{
	int fd = socket_listen_tcp(host, port, err);

	if (fd < 0)
		return -1;
	add_listener(s, fd, NULL);
	return (int)socket_port(fd);
}

/*
 * http_client.c - the client of http.h, over libcurl.
 *
 * One curl multi handle a client, driven by the loop: curl says which
 * descriptors and which timer it wants, and is told when they are ready.
 * Nothing may be changed in curl while one of its callbacks runs, but our
 * users' callbacks may do anything.  So curl's callbacks only collect; a call
 * that has something to tell stands in the queue `ready`, which is worked off
 * when curl has returned.
 */
#include "io/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/http_curl.h"

struct http_call {
	TAILQ_ENTRY(http_call) next;
	TAILQ_ENTRY(http_call) next_ready;
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct http_call_events ev;
	void *arg;
	struct buf in;
	bool is_ready;
	bool paused;	  /* by the user */
	bool curl_paused; /* curl has stopped reading */
	bool finished;
	CURLcode result;
	char why[CURL_ERROR_SIZE];
};

struct watch {
	struct http_client *client;
	struct loop_fd *fd;
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer; /* curl's */
	struct loop_timer *work;  /* works `ready` off */
	char *uri, *token;
	TAILQ_HEAD(, http_call) calls;
	TAILQ_HEAD(, http_call) ready;
	int busy;
	bool destroyed;
};

/* ---- calls: what curl tells ---- */

static void make_ready(struct http_call *call)
{
	if (call->is_ready)
		return;
	call->is_ready = true;
	TAILQ_INSERT_TAIL(&call->client->ready, call, next_ready);
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	if (call->paused) {
		call->curl_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (call->in.len + n > HTTP_BODY_MAX)
		return 0;
	buf_add(&call->in, data, n);
	if (call->ev.data && http_status_of(call->easy) / 100 == 2)
		make_ready(call);
	return n;
}

static void collect_finished(struct http_client *c)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(c->multi, &left)) != NULL) {
		struct http_call *call = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call);
		call->finished = true;
		call->result = msg->data.result;
		make_ready(call);
	}
}

/* ---- calls: what users hear ---- */

static void call_free(struct http_call *call)
{
	struct http_client *c = call->client;

	TAILQ_REMOVE(&c->calls, call, next);
	if (call->is_ready)
		TAILQ_REMOVE(&c->ready, call, next_ready);
	curl_multi_remove_handle(c->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_finish(&call->in);
	free(call);
}

static void tell_done(struct http_call *call)
{
	struct http_call_events ev = call->ev;
	struct berth_error err = {.code = BERTH_OK};
	void *arg = call->arg;
	int status = 0;
	size_t len = call->in.len;
	char *body = buf_take(&call->in);

	if (call->result == CURLE_OK)
		status = (int)http_status_of(call->easy);
	else
		http_explain(call->client->uri, call->result, call->why, &err);
	call_free(call);
	if (ev.done)
		ev.done(arg, status, body, len, status ? NULL : &err);
	free(body);
}

/* Give a streamed answer's reader what has come. */
static void tell_data(struct http_call *call)
{
	struct buf piece = call->in;

	buf_init(&call->in);
	call->ev.data(call->arg, piece.data, piece.len);
	/* call may be gone. */
	buf_finish(&piece);
}

static void client_free(struct http_client *c)
{
	while (!TAILQ_EMPTY(&c->calls))
		call_free(TAILQ_FIRST(&c->calls));
	curl_multi_cleanup(c->multi);
	loop_timer_destroy(c->timer);
	loop_timer_destroy(c->work);
	free(c->uri);
	free(c->token);
	free(c);
}

/* Works on what stands in the queue now; what joins it meanwhile waits for
 * the next pass of the loop. */
static void work(void *arg)
{
	struct http_client *c = arg;
	struct http_call *call;

	c->busy++;
	collect_finished(c);
	while (!c->destroyed && !TAILQ_EMPTY(&c->ready)) {
		bool streams;

		call = TAILQ_FIRST(&c->ready);
		TAILQ_REMOVE(&c->ready, call, next_ready);
		call->is_ready = false;
		if (call->paused)
			continue; /* http_call_pause brings it back */
		streams = call->ev.data && http_status_of(call->easy) / 100 == 2;
		if (streams && call->in.len > 0) {
			if (call->finished)
				make_ready(call);
			tell_data(call);
		} else if (call->finished) {
			tell_done(call);
		}
	}
	c->busy--;
	if (c->destroyed && c->busy == 0)
		client_free(c);
}

/* ---- curl and the loop ---- */

static void turn_curl(struct http_client *c, curl_socket_t fd, int what)
{
	int running;

	c->busy++;
	curl_multi_socket_action(c->multi, fd, what, &running);
	c->busy--;
	work(c);
}

static void on_fd(void *arg, int fd, unsigned events)
{
	struct watch *w = arg;
	int what = 0;

	if (events & LOOP_READ)
		what |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		what |= CURL_CSELECT_OUT;
	turn_curl(w->client, fd, what);
}

static void on_timer(void *arg)
{
	turn_curl(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
			  void *socket_arg)
{
	struct http_client *c = arg;
	struct watch *w = socket_arg;
	unsigned events = 0;

	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_fd_destroy(w->fd);
		free(w);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		events |= LOOP_WRITE;
	if (w) {
		loop_fd_set(w->fd, events);
		return 0;
	}
	w = mem_alloc(sizeof(*w));
	w->client = c;
	w->fd = loop_fd_create(c->loop, fd, events, on_fd, w);
	curl_multi_assign(c->multi, fd, w);
	return 0;
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *c = arg;

	if (timeout_ms < 0)
		loop_timer_stop(c->timer);
	else
		loop_timer_start(c->timer, (uint64_t)timeout_ms * 1000);
	return 0;
}

struct http_client *http_client_create(struct loop *l, const char *uri,
				       const char *token,
				       struct berth_error *err)
{
	struct http_client *c;
	CURLM *multi;

	if (http_check_uri(uri, err) != 0)
		return NULL;
	multi = curl_multi_init();
	if (multi == NULL) {
		error_set(err, BERTH_ESYS, "libcurl does not start");
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->loop = l;
	c->multi = multi;
	c->uri = mem_strdup(uri);
	c->token = mem_strdup(token);
	TAILQ_INIT(&c->calls);
	TAILQ_INIT(&c->ready);
	c->timer = loop_timer_create(l, on_timer, c);
	c->work = loop_timer_create(l, work, c);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, c);
	return c;
}

void http_client_destroy(struct http_client *c)
{
	if (c == NULL || c->destroyed)
		return;
	c->destroyed = true;
	if (c->busy == 0)
		client_free(c);
}

struct http_call *http_call_start(struct http_client *c, const char *method,
				  const char *path, const void *body,
				  size_t len, unsigned timeout_ms,
				  const struct http_call_events *ev, void *arg)
{
	struct http_call *call = mem_alloc(sizeof(*call));

	call->client = c;
	call->ev = *ev;
	call->arg = arg;
	buf_init(&call->in);
	TAILQ_INSERT_TAIL(&c->calls, call, next);
	call->easy = curl_easy_init();
	if (call->easy == NULL)
		abort(); /* memory is gone */
	call->headers = http_make_headers(c->token, body != NULL);
	http_set_common(call->easy, timeout_ms, call->why);
	http_set_target(call->easy, c->uri, path);
	http_set_body(call->easy, method, body, len);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	curl_multi_add_handle(c->multi, call->easy);
	return call;
}

void http_call_cancel(struct http_call *call)
{
	if (call)
		call_free(call);
}

void http_call_pause(struct http_call *call, bool paused)
{
	if (call->paused == paused)
		return;
	call->paused = paused;
	if (paused)
		return;
	if (call->curl_paused) {
		call->curl_paused = false;
		call->client->busy++;
		curl_easy_pause(call->easy, CURLPAUSE_CONT);
		call->client->busy--;
	}
	if (call->in.len > 0 || call->finished)
		make_ready(call);
	loop_timer_start(call->client->work, 0);
}

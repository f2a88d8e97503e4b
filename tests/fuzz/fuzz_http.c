/*
 * Bytes from a client to the HTTP server.  The handler reads all that a
 * handler can and answers at once, later, never, or by a stream, as the path
 * says.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/http.h"
#include "io/loop.h"

#define MAX_BODY 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct loop *loop;
	struct http_server *server;
	struct sockaddr_in address;
	struct http_request *parked;
} f;

static void on_gone(void *arg)
{
	f.parked = NULL;
}

static void handler(void *arg, struct http_request *req)
{
	const char *path = http_path(req);
	struct berth_error err = {.code = BERTH_EINPUT};
	size_t len = 0;
	const char *body = http_body(req, &len);

	if (path == NULL || body[len] != '\0' || len > MAX_BODY ||
	    http_method(req) == NULL || http_peer(req)[0] == '\0')
		abort();
	http_query(req, "a");
	http_header(req, "authorization");
	if (strncmp(path, "/park", 5) == 0 && f.parked == NULL) {
		f.parked = req;
		http_on_close(req, on_gone, NULL);
	} else if (strncmp(path, "/stream", 7) == 0 && f.parked == NULL) {
		f.parked = req;
		http_stream_start(req, 200, "text/plain", on_gone, NULL, NULL);
		http_stream_send(req, body, len);
	} else if (strncmp(path, "/error", 6) == 0) {
		memcpy(err.text, body, len < 500 ? len : 500);
		http_reply_error(req, &err);
	} else {
		http_reply(req, 200, "text/plain", body, len);
	}
}

static void start(void)
{
	struct berth_error err;
	int port;

	log_init("fuzz_http", LOG_LVL_ERROR);
	f.loop = loop_create(&err);
	f.server = http_server_create(f.loop, MAX_BODY, handler, NULL, &err);
	port = http_server_listen_tcp(f.server, "127.0.0.1", 0, &err);
	if (port <= 0)
		abort();
	f.address.sin_family = AF_INET;
	f.address.sin_port = htons((uint16_t)port);
	f.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void turn(int times)
{
	while (times-- > 0)
		loop_once(f.loop, 0, NULL);
}

static void finish(void)
{
	http_server_destroy(f.server);
	loop_destroy(f.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linger at_once = {1, 0};
	char answer[4096];
	size_t half;
	int fd;

	if (f.loop == NULL) {
		start();
		atexit(finish);
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		abort();
	/* No TIME_WAIT: thousands of connections a second are made. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (connect(fd, (struct sockaddr *)&f.address, sizeof(f.address)) !=
		    0 &&
	    errno != EINPROGRESS)
		abort();
	half = size / 2;
	if (send(fd, data, half, MSG_NOSIGNAL) < 0)
		half = 0;
	turn(3);
	if (send(fd, data + half, size - half, MSG_NOSIGNAL) < 0)
		turn(1);
	turn(4);
	if (f.parked && size % 2) {
		http_reply_error(f.parked, &(struct berth_error){
						   BERTH_EUNAVAIL, "late"});
		f.parked = NULL;
	}
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		turn(1);
	close(fd);
	turn(3);
	/* The client has left: what was parked is gone. */
	for (int i = 0; i < 200 && f.parked; i++)
		loop_once(f.loop, 1000, NULL);
	if (f.parked)
		abort();
	return 0;
}

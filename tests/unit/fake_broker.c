#include "fake_broker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static void on_closed(void *arg)
{
	struct fake_broker *b = arg;

	b->stream = NULL;
}

static void on_register(struct fake_broker *b, struct http_request *req)
{
	static const char answer[] = "{\"name\":\"t\",\"session\":\"abc\"}";
	static const char wrong[] = "{\"error\":\"role x: unknown\"}";
	size_t len;
	const char *body = http_body(req, &len);

	b->registrations++;
	json_decref(b->registration);
	b->registration = json_loadb(body, len, 0, NULL);
	if (b->register_status)
		http_reply(req, b->register_status, "application/json", wrong,
			   strlen(wrong));
	else
		http_reply(req, 201, "application/json", answer,
			   strlen(answer));
}

static void reply_calls(struct fake_broker *b, struct http_request *req)
{
	json_t *body, *list, *call, *refused = json_array(), *answer;
	char *text;
	size_t i, len;
	const char *data = http_body(req, &len);

	body = json_loadb(data, len, 0, NULL);
	list = json_object_get(body, "calls");
	json_array_foreach(list, i, call) {
		const char *name =
			json_string_value(json_object_get(call, "call"));

		if (b->refuse && !strcmp(b->refuse, name))
			json_array_append_new(
				refused, json_pack("{s:i, s:s}", "index",
						   (int)i, "error", "no such"));
	}
	answer = json_pack("{s:o}", "refused", refused);
	text = json_dumps(answer, 0);
	http_reply(req, 200, "application/json", text, strlen(text));
	free(text);
	json_decref(answer);
	json_decref(body);
}

static void on_calls(struct fake_broker *b, struct http_request *req)
{
	static const char wrong[] = "{\"error\":\"body: nonsense\"}";
	size_t len;
	const char *data = http_body(req, &len);
	json_t *body = json_loadb(data, len, 0, NULL);
	json_t *list = json_object_get(body, "calls");

	json_array_extend(b->calls, list);
	if ((int)json_array_size(list) > b->largest)
		b->largest = (int)json_array_size(list);
	json_decref(body);
	b->posts++;
	if (b->park)
		b->parked = req;
	else if (b->calls_status)
		http_reply(req, b->calls_status, "application/json", wrong,
			   strlen(wrong));
	else
		reply_calls(b, req);
}

static void handler(void *arg, struct http_request *req)
{
	struct fake_broker *b = arg;
	const char *path = http_path(req);

	if (!strcmp(path, "/v1/frameworks")) {
		on_register(b, req);
	} else if (!strcmp(path, "/v1/frameworks/t/events")) {
		b->stream = req;
		b->streams++;
		http_stream_start(req, 200, "application/x-ndjson", on_closed,
				  NULL, b);
	} else if (!strcmp(path, "/v1/frameworks/t/calls")) {
		on_calls(b, req);
	} else {
		http_reply(req, 404, "text/plain", "", 0);
	}
}

void fake_broker_start(struct fake_broker *b, struct loop *loop)
{
	struct berth_error err;

	memset(b, 0, sizeof(*b));
	b->loop = loop;
	b->calls = json_array();
	b->path = mem_printf("/tmp/fake-broker-%d.sock", (int)getpid());
	b->uri = mem_printf("unix:%s", b->path);
	b->server = http_server_create(loop, 64 << 20, handler, b, &err);
	http_server_listen_unix(b->server, b->path, &err);
}

void fake_broker_stop(struct fake_broker *b)
{
	fake_broker_hang_up(b);
	fake_broker_answer(b);
	http_server_destroy(b->server);
	unlink(b->path);
	json_decref(b->registration);
	json_decref(b->calls);
	free(b->path);
	free(b->uri);
}

void fake_broker_bytes(struct fake_broker *b, const char *data, size_t len)
{
	if (b->stream)
		http_stream_send(b->stream, data, len);
}

void fake_broker_say(struct fake_broker *b, const char *line)
{
	fake_broker_bytes(b, line, strlen(line));
	fake_broker_bytes(b, "\n", 1);
}

void fake_broker_hang_up(struct fake_broker *b)
{
	struct http_request *req = b->stream;

	b->stream = NULL;
	if (req)
		http_stream_end(req);
}

void fake_broker_answer(struct fake_broker *b)
{
	struct http_request *req = b->parked;

	b->parked = NULL;
	if (req)
		reply_calls(b, req);
}

const char *fake_broker_call(struct fake_broker *b, size_t i)
{
	static char text[2000];
	char *dump = json_dumps(json_array_get(b->calls, i),
				JSON_COMPACT | JSON_SORT_KEYS);

	text[0] = '\0';
	if (dump)
		strncat(text, dump, sizeof(text) - 1);
	free(dump);
	return text;
}

bool fake_broker_wait(struct fake_broker *b, const int *what, int want)
{
	uint64_t end = loop_now_us() + 5000000;

	while (*what < want) {
		if (loop_now_us() > end)
			return false;
		loop_once(b->loop, 10000, NULL);
	}
	return true;
}

void fake_broker_run(struct fake_broker *b, unsigned ms)
{
	uint64_t end = loop_now_us() + ms * UINT64_C(1000);

	while (loop_now_us() < end)
		loop_once(b->loop, 1000, NULL);
}

#include "broker/shutdown.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/api.h"
#include "broker/json_decode.h"

/* Between the answer to a shutdown and the end. */
#define END_US 50000

struct shutdown {
	struct nodes *nodes;
	struct hosts *hosts;
	struct loop_timer *end; /* tells the owner after the answer went out */
	bool begun, kill_tasks;
	char *reason;
	shutdown_ended_f ended;
	void *arg;
};

static void on_end(void *arg)
{
	struct shutdown *s = arg;

	if (s->ended != NULL)
		s->ended(s->arg, s->reason, s->kill_tasks);
}

static void begin(struct shutdown *s, const char *reason, bool kill_tasks)
{
	if (s->begun)
		return;
	s->begun = true;
	log_info("the end: %s", reason);
	hosts_end(s->hosts);
	nodes_shutdown(s->nodes, reason, kill_tasks);
	s->reason = mem_strdup(reason);
	s->kill_tasks = kill_tasks;
	loop_timer_start(s->end, END_US);
}

void shutdown_post(void *shutdown, struct http_request *req, const char *name)
{
	struct shutdown_call {
		bool kill_tasks;
		const char *reason;
	} call = {true, "shutdown was asked for"};
	static const struct json_field fields[] = {
		{.name = "kill_tasks", .type = JSON_T_BOOL,
		 .offset = offsetof(struct shutdown_call, kill_tasks)},
		{.name = "reason", .type = JSON_T_STRING, .max = 256,
		 .offset = offsetof(struct shutdown_call, reason)},
	};
	struct berth_error err = {0};
	json_t *body = api_body(req);

	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", fields, &call, &err) != 0) {
		http_reply_error(req, &err);
	} else {
		api_reply(req, 202, json_pack("{s:b}", "ending", 1));
		begin(shutdown, call.reason, call.kill_tasks);
	}
	json_decref(body);
}

void shutdown_on_end(struct shutdown *s, shutdown_ended_f ended, void *arg)
{
	s->ended = ended;
	s->arg = arg;
}

bool shutdown_begun(const struct shutdown *s)
{
	return s->begun;
}

struct shutdown *shutdown_create(struct loop *loop, struct nodes *nodes,
				 struct hosts *hosts)
{
	struct shutdown *s = mem_alloc(sizeof(*s));

	s->nodes = nodes;
	s->hosts = hosts;
	s->end = loop_timer_create(loop, on_end, s);
	return s;
}

void shutdown_destroy(struct shutdown *s)
{
	if (s == NULL)
		return;
	loop_timer_destroy(s->end);
	free(s->reason);
	free(s);
}

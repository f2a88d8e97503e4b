#include "broker/drain.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "broker/api.h"
#include "broker/json_decode.h"

/* Also when none was given: so long may run on what runs. */
#define MOST_MS (30ll * 86400000)

struct drain_in {
	int64_t deadline_ms;
	const char *reason;
};

static const struct json_field fields[] = {
	{.name = "deadline_ms", .type = JSON_T_I64, .max = MOST_MS,
	 .offset = offsetof(struct drain_in, deadline_ms)},
	{.name = "reason", .type = JSON_T_STRING, .max = 256,
	 .offset = offsetof(struct drain_in, reason)},
};

static void drop(void *mark)
{
	berth__record_drain__free_unpacked(mark, NULL);
}

static void reply_state(const struct drain *d, struct http_request *req,
			const char *node)
{
	api_reply(req, 200, json_pack("{s:s, s:s}", "name", node, "state",
				      nodes_state(d->nodes, node)));
}

/* Of a node that is not there nothing can be taken now. */
static void clear(const struct drain *d, const char *node,
		  uint64_t deadline_us)
{
	ledger_node_clear(book_ledger(d->book), node, deadline_us, book_now(),
			  NULL);
}

static void on_agreed(void *drain, void *data, struct http_request *req)
{
	const struct drain *d = drain;
	const Berth__RecordDrain *mark = data;
	struct berth_error err = {0};
	int rc;

	if (mark->gone)
		rc = nodes_undrain(d->nodes, mark->node, &err);
	else
		rc = nodes_drain(d->nodes, mark->node, mark->reason, &err);
	if (rc == 0 && !mark->gone)
		clear(d, mark->node, mark->deadline_us);
	if (req != NULL && rc == 0)
		reply_state(d, req, mark->node);
	else if (req != NULL)
		http_reply_error(req, &err);
}

static void ask(const struct drain *d, struct http_request *req,
		const char *node, const char *reason, uint64_t deadline_us,
		bool gone)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordDrain *mark = mem_alloc(sizeof(*mark));

	berth__record_drain__init(mark);
	mark->node = mem_strdup(node);
	mark->reason = mem_strdup(reason);
	mark->deadline_us = deadline_us;
	mark->gone = gone;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_DRAIN;
	c.drain = mark;
	agreed_ask(d->agreed, req, &c, on_agreed, (void *)d, mark, drop);
}

void drain_post(void *drain, struct http_request *req, const char *name)
{
	const struct drain *d = drain;
	struct drain_in in = {
		.deadline_ms = MOST_MS, .reason = ""};
	struct berth_error err = {0};
	json_t *body = api_body(req);

	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", fields, &in, &err) != 0 ||
	    nodes_known(d->nodes, name, &err) != 0)
		http_reply_error(req, &err);
	else
		ask(d, req, name, in.reason,
		    book_now() + (uint64_t)in.deadline_ms * 1000, false);
	json_decref(body);
}

void drain_delete(void *drain, struct http_request *req, const char *name)
{
	const struct drain *d = drain;
	struct berth_error err = {0};

	if (nodes_known(d->nodes, name, &err) != 0)
		http_reply_error(req, &err);
	else if (nodes_why_drained(d->nodes, name) != NULL)
		ask(d, req, name, "", 0, true);
	else if (nodes_undrain(d->nodes, name, &err) != 0)
		http_reply_error(req, &err); /* which says so */
}

void drain_node(void *drain, const char *node, bool up)
{
	const struct drain *d = drain;
	const Berth__RecordDrain *mark = records_drain(d->records, node);

	if (up && mark != NULL)
		clear(d, node, mark->deadline_us);
}

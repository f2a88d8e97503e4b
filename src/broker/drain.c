#include "broker/drain.h"

#include <stddef.h>
#include <string.h>

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

void drain_post(void *drain, struct http_request *req, const char *name)
{
	const struct drain *d = drain;
	struct drain_in in = {
		.deadline_ms = MOST_MS, .reason = ""};
	struct berth_error err = {0};
	json_t *body = api_body(req);
	uint64_t now = book_now();

	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", fields, &in, &err) != 0 ||
	    nodes_drain(d->nodes, name, in.reason, &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	/* Of a node that is not there nothing can be taken: what comes back
	 * with it goes on. */
	ledger_node_clear(book_ledger(d->book), name,
			  now + (uint64_t)in.deadline_ms * 1000, now, NULL);
	api_reply(req, 200, json_pack("{s:s, s:s}", "name", name, "state",
				      nodes_state(d->nodes, name)));
out:
	json_decref(body);
}

void drain_delete(void *drain, struct http_request *req, const char *name)
{
	const struct drain *d = drain;
	struct berth_error err = {0};

	if (nodes_undrain(d->nodes, name, &err) != 0)
		http_reply_error(req, &err);
	else
		api_reply(req, 200,
			  json_pack("{s:s, s:s}", "name", name, "state",
				    nodes_state(d->nodes, name)));
}

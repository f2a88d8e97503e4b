#include "broker/datasets.h"

#include <stddef.h>

#include "broker/api.h"
#include "broker/json_decode.h"
#include "broker/json_model.h"

/* ---- list ---------------------------------------------------------------- */

static void add_copies(json_t *list, const struct dataset *s)
{
	for (size_t i = 0; i < s->ncopies; i++) {
		const struct dataset_copy *c = &s->copy[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:I, s:o}", "dataset",
					s->name, "node", c->node->name, "mib",
					(json_int_t)c->mib, "job",
					(json_int_t)c->job, "stored_at",
					json_time(c->at_us)));
	}
}

void datasets_get(void *book, struct http_request *req, const char *name)
{
	struct ledger *ledger = book_ledger(book);
	json_t *list = json_array();
	const struct dataset *s;
	size_t pos = 0;

	while ((s = ledger_next_dataset(ledger, &pos)) != NULL)
		add_copies(list, s);
	api_reply(req, 200, json_pack("{s:o}", "datasets", list));
}

/* ---- declare, remove ----------------------------------------------------- */

struct stored {
	json_t *nodes;
	uint64_t mib;
};

static const struct json_field fields[] = {
	{.name = "nodes", .type = JSON_T_NAMES, .needed = true, .min = 1,
	 .offset = offsetof(struct stored, nodes)},
	{.name = "mib", .type = JSON_T_U64, .max = 1ll << 40,
	 .offset = offsetof(struct stored, mib)},
};

/* All of the nodes or none. */
static int store(struct ledger *l, const char *name, const struct stored *in,
		 struct berth_error *err)
{
	const json_t *e;
	size_t i;

	json_array_foreach(in->nodes, i, e) {
		const struct node *n = ledger_node(l, json_string_value(e));

		if (n == NULL)
			return error_set(err, BERTH_EINPUT,
					 "nodes[%zu]: no node is called "
					 "\"%.64s\"", i, json_string_value(e));
		if (n->state == NODE_DOWN)
			return error_set(err, BERTH_ECONFLICT,
					 "nodes[%zu]: node %s is down", i,
					 n->name);
	}
	json_array_foreach(in->nodes, i, e) {
		if (ledger_dataset_store(l, name, json_string_value(e), in->mib,
					 0, book_now(), err) != 0)
			return -1;
	}
	return 0;
}

void datasets_put(void *book, struct http_request *req, const char *name)
{
	struct berth_error err = {0};
	struct stored in = {0};
	json_t *body = api_body(req);

	if (body == NULL)
		return;
	if (!json_is_name(name))
		error_set(&err, BERTH_EINPUT,
			  "dataset \"%.64s\": a name is 1 to 64 of A-Z a-z 0-9 "
			  ". _ -", name);
	else if (JSON_DECODE(body, "", fields, &in, &err) == 0)
		store(book_ledger(book), name, &in, &err);
	if (err.code == BERTH_OK)
		api_reply(req, 200, json_pack("{s:s}", "dataset", name));
	else
		http_reply_error(req, &err);
	json_decref(body);
}

void datasets_delete(void *book, struct http_request *req, const char *name)
{
	struct berth_error err = {0};

	if (ledger_dataset_remove(book_ledger(book), name,
				  http_query(req, "node"), book_now(),
				  &err) != 0)
		http_reply_error(req, &err);
	else
		api_reply(req, 200, json_pack("{s:s}", "removed", name));
}

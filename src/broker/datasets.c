#include "broker/datasets.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
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

void datasets_get(void *datasets, struct http_request *req, const char *name)
{
	const struct datasets *d = datasets;
	struct ledger *ledger = book_ledger(d->book);
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

static int check_nodes(struct ledger *l, const struct stored *in,
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
	return 0;
}

static void drop(void *data)
{
	berth__record_dataset__free_unpacked(data, NULL);
}

static Berth__RecordDataset *make(const char *name, size_t nnodes)
{
	Berth__RecordDataset *r = mem_alloc(sizeof(*r));

	berth__record_dataset__init(r);
	r->dataset = mem_strdup(name);
	r->nodes = mem_array(nnodes + 1, sizeof(*r->nodes));
	r->at_us = book_now();
	return r;
}

static void on_stored(void *datasets, void *data, struct http_request *req)
{
	const struct datasets *d = datasets;
	const Berth__RecordDataset *r = data;

	/* A node that has gone meanwhile holds it when it comes again. */
	for (size_t i = 0; i < r->n_nodes; i++)
		ledger_dataset_store(book_ledger(d->book), r->dataset,
				     r->nodes[i], r->mib, 0, book_now(), NULL);
	if (req != NULL)
		api_reply(req, 200, json_pack("{s:s}", "dataset", r->dataset));
}

static void on_removed(void *datasets, void *data, struct http_request *req)
{
	const struct datasets *d = datasets;
	const Berth__RecordDataset *r = data;

	ledger_dataset_remove(book_ledger(d->book), r->dataset,
			      r->n_nodes > 0 ? r->nodes[0] : NULL, book_now(),
			      NULL);
	if (req != NULL)
		api_reply(req, 200, json_pack("{s:s}", "removed", r->dataset));
}

static void ask(const struct datasets *d, struct http_request *req,
		Berth__RecordDataset *r, agreed_f done)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_DATASET;
	c.dataset = r;
	agreed_ask(d->agreed, req, &c, done, (void *)d, r, drop);
}

static int read_body(const struct datasets *d, const char *name, json_t *body,
		     struct stored *in, struct berth_error *err)
{
	if (!json_is_name(name))
		return error_set(err, BERTH_EINPUT,
				 "dataset \"%.64s\": a name is 1 to 64 of A-Z "
				 "a-z 0-9 . _ -", name);
	if (JSON_DECODE(body, "", fields, in, err) != 0)
		return -1;
	return check_nodes(book_ledger(d->book), in, err);
}

void datasets_put(void *datasets, struct http_request *req, const char *name)
{
	const struct datasets *d = datasets;
	struct berth_error err = {0};
	Berth__RecordDataset *r;
	struct stored in = {0};
	json_t *body = api_body(req), *e;
	size_t i;

	if (body == NULL)
		return;
	if (read_body(d, name, body, &in, &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	r = make(name, json_array_size(in.nodes));
	r->mib = in.mib;
	json_array_foreach(in.nodes, i, e)
		r->nodes[r->n_nodes++] = mem_strdup(json_string_value(e));
	ask(d, req, r, on_stored);
out:
	json_decref(body);
}

/* In the ledger, or of a node that has not come to this leader yet. */
static int check_held(const struct datasets *d, const char *name,
		      const char *node, struct berth_error *err)
{
	const struct ledger *l = book_ledger(d->book);
	const Berth__RecordDataset *r;
	const struct dataset *s;
	size_t pos = 0;

	while ((s = ledger_next_dataset(l, &pos)) != NULL) {
		for (size_t i = 0; i < s->ncopies; i++)
			if (strcmp(s->name, name) == 0 &&
			    (node == NULL ||
			     strcmp(s->copy[i].node->name, node) == 0))
				return 0;
	}
	pos = 0;
	while ((r = records_next_dataset(d->records, &pos)) != NULL)
		if (strcmp(r->dataset, name) == 0 &&
		    (node == NULL || strcmp(r->nodes[0], node) == 0))
			return 0;
	/* Which says so. */
	return ledger_dataset_remove(book_ledger(d->book), name, node,
				     book_now(), err);
}

void datasets_delete(void *datasets, struct http_request *req,
		     const char *name)
{
	const struct datasets *d = datasets;
	const char *node = http_query(req, "node");
	struct berth_error err = {0};
	Berth__RecordDataset *r;

	if (check_held(d, name, node, &err) != 0) {
		http_reply_error(req, &err);
		return;
	}
	r = make(name, 1);
	if (node != NULL)
		r->nodes[r->n_nodes++] = mem_strdup(node);
	r->gone = true;
	ask(d, req, r, on_removed);
}

/* ---- again --------------------------------------------------------------- */

static bool is_there(const struct ledger *l, const Berth__RecordDataset *r)
{
	const struct node *n = ledger_node(l, r->nodes[0]);
	const struct dataset *s;
	size_t pos = 0;

	while ((s = ledger_next_dataset(l, &pos)) != NULL)
		if (strcmp(s->name, r->dataset) == 0)
			return n != NULL && dataset_on(s, n) != NULL;
	return false;
}

void datasets_node(void *datasets, const char *node, bool up)
{
	const struct datasets *d = datasets;
	struct ledger *l = book_ledger(d->book);
	const Berth__RecordDataset *r;
	struct berth_error err;
	size_t pos = 0;

	while (up && (r = records_next_dataset(d->records, &pos)) != NULL) {
		const struct event ev = {
			.type = EVENT_DATASET_STORED,
			.at_us = r->at_us,
			.dataset = {
				.dataset = r->dataset,
				.node = node,
				.mib = r->mib,
				.job = r->job,
			},
		};

		if (strcmp(r->nodes[0], node) == 0 && !is_there(l, r) &&
		    ledger_apply(l, &ev, &err) != 0)
			log_error("dataset %s: %s", r->dataset, err.text);
	}
}

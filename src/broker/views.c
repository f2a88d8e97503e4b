#include "broker/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/api.h"
#include "broker/json_model.h"
#include "broker/json_text.h"

#define MEND "berth up starts what is missing"

/* Answer {key: list}. */
static void reply_list(struct http_request *req, const char *key, json_t *list)
{
	json_t *o = json_object();

	json_object_set_new(o, key, list);
	api_reply(req, 200, o);
}

static json_t *count_jobs(const struct ledger *ledger,
			  const struct ledger_stats *st)
{
	json_int_t queued = 0, running = 0;
	const struct job *j;

	for (j = ledger_first_job(ledger); j != NULL;
	     j = TAILQ_NEXT(j, of_ledger)) {
		queued += j->state == JOB_QUEUED;
		running += j->state == JOB_RUNNING;
	}
	return json_pack("{s:I, s:I, s:I}", "queued", queued, "running",
			 running, "ended", (json_int_t)st->jobs_ended);
}

static json_t *amount(const struct amount *a)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "cores", (json_int_t)a->cores,
			 "memory_mib", (json_int_t)a->memory_mib, "gpus",
			 (json_int_t)a->gpus, "drive_mib",
			 (json_int_t)a->drive_mib);
}

static json_t *voters(const struct views *v)
{
	json_t *list = json_array();
	size_t n = 0;
	const char *const *node = v->voters ? v->voters(v->voters_arg, &n)
					    : NULL;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(node[i]));
	return list;
}

void views_status(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	struct ledger_stats st;
	json_t *o;

	ledger_stats(ledger, &st);
	o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:b}",
		      "berth", v->berth, "version", v->version, "leader",
		      net_self(v->net), "uptime_ms",
		      (json_int_t)((loop_now_us() - v->started_us) / 1000),
		      "nodes", (json_int_t)nodes_count_up(v->nodes),
		      "nodes_known", (json_int_t)st.nodes, "policy",
		      ledger_policy_name(ledger), "frameworks",
		      (json_int_t)st.frameworks, "tasks",
		      (json_int_t)st.tasks, "ending",
		      (int)shutdown_begun(v->shutdown));
	json_object_set_new(o, "term", json_integer((json_int_t)v->term));
	json_object_set_new(o, "voters", voters(v));
	json_object_set_new(o, "jobs", count_jobs(ledger, &st));
	json_object_set_new(o, "total", amount(&st.total));
	json_object_set_new(o, "free", amount(&st.free));
	api_reply(req, 200, o);
}

/* ---- nodes --------------------------------------------------------------- */

static json_t *node_json(const struct views *v, const struct node *n)
{
	json_t *o = json_node(n, nodes_state(v->nodes, n->name),
			      strcmp(n->name, net_self(v->net)) == 0);
	const char *drained = nodes_why_drained(v->nodes, n->name);
	const char *absent = nodes_why_absent(v->nodes, n->name);
	char *text = absent != NULL ? mem_printf("%s; " MEND, absent) : NULL;

	json_object_set_new(o, "drained", json_boolean(drained != NULL));
	json_object_set_new(o, "reason",
			    json_text_safe(text != NULL ? text : drained));
	free(text);
	json_object_set_new(o, "version", json_text_safe(
		nodes_rank_version(v->nodes, n->name)));
	json_object_set_new(o, "rank_since", json_integer((json_int_t)(
		nodes_rank_since_us(v->nodes, n->name) / 1000)));
	return o;
}

/* Nodes that were agreed on and that nobody has seen since this leader leads:
 * what is known of them is that they are missing. */
static void add_missing(const struct views *v, json_t *list)
{
	struct ledger *ledger = book_ledger(v->book);
	const char *name;
	size_t pos = 0;

	while ((void)(name = records_next_node(v->records, &pos)),
	       name != NULL) {
		if (ledger_node(ledger, name) != NULL)
			continue;
		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:[], "
			"s:[], s:[], s:{}, s:{s:i, s:i, s:i, s:i}, s:i, s:b, "
			"s:b, s:s, s:s, s:i}",
			"name", name, "state", nodes_state(v->nodes, name),
			"emulated", 0, "packages", 0, "numa_nodes", 0,
			"l3_caches", 0, "cores", 0, "pus", 0, "memory_mib", 0,
			"gpus", "drives", "fabric_ports", "labels", "free",
			"cores", 0, "memory_mib", 0, "gpus", 0, "drive_mib", 0,
			"tasks", 0, "leader", 0, "drained", 0, "reason",
			"not seen since this leader leads; " MEND, "version",
			"", "rank_since", 0));
	}
}

/* n2 before n10. */
static int by_name(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return strverscmp((*x)->name, (*y)->name);
}

void views_nodes(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	json_t *a = json_array();
	const struct node *n, **sorted = NULL;
	size_t pos = 0, count = 0, room = 0;

	while ((n = ledger_next_node(ledger, &pos)) != NULL) {
		if (count == room) {
			room = room > 0 ? 2 * room : 64;
			sorted = mem_resize(sorted, room, sizeof(*sorted));
		}
		sorted[count++] = n;
	}
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(a, node_json(v, sorted[i]));
	free(sorted);
	add_missing(v, a);
	reply_list(req, "nodes", a);
}

void views_node(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	const struct node *n = ledger_node(book_ledger(v->book), name);
	struct berth_error err = {0};
	json_t *o;

	if (n == NULL) {
		error_set(&err, BERTH_ENOTFOUND, "node %.64s: there is none",
			  name);
		http_reply_error(req, &err);
		return;
	}
	o = node_json(v, n);
	json_object_set_new(o, "tree", json_node_tree(n));
	json_object_set_new(o, "rtt_us",
			    json_integer((json_int_t)nodes_rtt_us(v->nodes,
								  name)));
	api_reply(req, 200, o);
}

/* ---- slices, offers, demands, frameworks --------------------------------- */

void views_slices(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	json_t *a = json_array();
	const struct framework *f;
	const struct slice *s;
	size_t pos = 0;

	while ((f = ledger_next_framework(ledger, &pos)) != NULL)
		TAILQ_FOREACH(s, &f->slices, of_owner)
			json_array_append_new(a, json_slice(s));
	reply_list(req, "slices", a);
}

void views_offers(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	json_t *a = json_array();
	const struct offer *o;

	for (o = ledger_first_offer(ledger); o != NULL;
	     o = TAILQ_NEXT(o, of_ledger))
		json_array_append_new(a, json_offer(o, book_now()));
	reply_list(req, "offers", a);
}

void views_demands(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	json_t *a = json_array();
	const struct framework *f;
	const struct demand *d;
	size_t pos = 0;

	while ((f = ledger_next_framework(ledger, &pos)) != NULL)
		TAILQ_FOREACH(d, &f->demands, of_framework)
			json_array_append_new(a, json_demand(d));
	reply_list(req, "demands", a);
}

void views_frameworks(void *views, struct http_request *req, const char *name)
{
	const struct views *v = views;
	struct ledger *ledger = book_ledger(v->book);
	json_t *a = json_array(), *o;
	const struct framework *f;
	size_t pos = 0;

	while ((f = ledger_next_framework(ledger, &pos)) != NULL) {
		o = json_framework(f);
		conduct_put(v->conduct, f->name, o);
		json_array_append_new(a, o);
	}
	reply_list(req, "frameworks", a);
}

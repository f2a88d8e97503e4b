#include "broker/calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/api.h"
#include "broker/frameworks.h"
#include "broker/json_decode.h"
#include "broker/json_demand.h"
#include "broker/json_launch.h"
#include "broker/json_text.h"

#define DAY_MS 86400000ll
/* Calls of a request, and demands of a framework. */
#define CALLS_MOST 20000
#define DEMANDS_MOST 200000

/* Who calls, and the call as an object. */
struct caller {
	const struct calls *of;
	struct ledger *ledger;
	const char *framework;
};

/* Members of all calls together; which of them a call has says its table. */
struct call_in {
	const char *call, *demand_id, *state, *outcome, *text;
	json_t *demand, *slices, *instead, *nodes, *launch;
	uint64_t offer, job;
	int64_t index;
	uint32_t filter_ms, signal, grace_ms;
	int exit_code;
};

#define FIELD(m, t, ...)                                                       \
	{.name = #m, .type = (t), .offset = offsetof(struct call_in, m),       \
	 __VA_ARGS__}
#define CALL FIELD(call, JSON_T_STRING, .max = 16)
#define JOB FIELD(job, JSON_T_U64, .min = 1, .needed = true)
#define OFFER FIELD(offer, JSON_T_U64, .min = 1, .needed = true)
#define SLICES FIELD(slices, JSON_T_ARRAY, .max = 1 << 20, .needed = true)

/* Slice numbers may be larger than what JSON_T_INTS takes.  NULL: wrong. */
static uint64_t *ids_of(json_t *a, const char *member, size_t *n,
			struct berth_error *err)
{
	uint64_t *id = mem_array(json_array_size(a) + 1, sizeof(id[0]));
	json_t *e;
	size_t i;

	*n = json_array_size(a);
	json_array_foreach(a, i, e) {
		if (!json_is_integer(e) || json_integer_value(e) < 1) {
			error_set(err, BERTH_EINPUT,
				  "%s[%zu]: a slice's number is wanted",
				  member, i);
			free(id);
			return NULL;
		}
		id[i] = (uint64_t)json_integer_value(e);
	}
	return id;
}

static uint64_t *slice_ids(json_t *a, size_t *n, struct berth_error *err)
{
	return ids_of(a, "slices", n, err);
}

/* The framework's own job. */
static const struct job *own_job(const struct caller *c, uint64_t id,
				 struct berth_error *err)
{
	const struct job *j = ledger_job(c->ledger, id);

	if (j == NULL)
		error_set(err, BERTH_ENOTFOUND, "job %llu: there is none",
			  (unsigned long long)id);
	else if (strcmp(j->framework, c->framework) == 0)
		return j;
	else
		error_set(err, BERTH_ECONFLICT,
			  "job %llu: it belongs to framework %s",
			  (unsigned long long)id, j->framework);
	return NULL;
}

/* ---- offers and slices --------------------------------------------------- */

static int call_demand(const struct caller *c, const struct call_in *in,
		       struct berth_error *err)
{
	struct demand *d = json_demand_decode(in->demand, "demand", err);
	int rc = -1;

	if (d == NULL)
		return -1;
	if (d->count == 0 && d->max == 0)
		rc = 0;
	else if (ledger_framework(c->ledger, c->framework)->ndemands >=
		 DEMANDS_MOST)
		error_set(err, BERTH_ELIMIT, "%d demands stand: no more",
			  DEMANDS_MOST);
	else
		rc = ledger_demand_possible(c->ledger, d, err);
	if (rc == 0)
		rc = ledger_demand(c->ledger, c->framework, d, book_now(), err);
	demand_destroy(d);
	return rc;
}

static int call_accept(const struct caller *c, const struct call_in *in,
		       struct berth_error *err)
{
	size_t n;
	uint64_t *id = slice_ids(in->slices, &n, err);
	int rc;

	if (id == NULL)
		return -1;
	rc = ledger_accept(c->ledger, c->framework, in->offer, id, n,
			   book_now(), err);
	free(id);
	return rc;
}

static int call_release(const struct caller *c, const struct call_in *in,
			struct berth_error *err)
{
	size_t n;
	uint64_t *id = slice_ids(in->slices, &n, err);
	int rc;

	if (id == NULL)
		return -1;
	rc = ledger_release(c->ledger, c->framework, id, n, book_now(), err);
	free(id);
	return rc;
}

static int call_yield(const struct caller *c, const struct call_in *in,
		      struct berth_error *err)
{
	size_t n, m;
	uint64_t *id = slice_ids(in->slices, &n, err), *instead;
	int rc = -1;

	if (id == NULL)
		return -1;
	instead = ids_of(in->instead, "instead", &m, err);
	if (instead != NULL)
		rc = ledger_yield(c->ledger, c->framework, id, n, instead, m,
				  book_now(), err);
	free(instead);
	free(id);
	return rc;
}

static int call_decline(const struct caller *c, const struct call_in *in,
			struct berth_error *err)
{
	size_t n = json_array_size(in->nodes), i;
	const char **nodes = mem_array(n + 1, sizeof(nodes[0]));
	json_t *e;
	int rc;

	json_array_foreach(in->nodes, i, e)
		nodes[i] = json_string_value(e);
	rc = ledger_decline(c->ledger, c->framework, in->offer,
			    (uint64_t)in->filter_ms * 1000, nodes, n,
			    book_now(), err);
	free(nodes);
	return rc;
}

static int call_suppress(const struct caller *c, const struct call_in *in,
			 struct berth_error *err)
{
	return ledger_suppress(c->ledger, c->framework, book_now(), err);
}

static int call_revive(const struct caller *c, const struct call_in *in,
		       struct berth_error *err)
{
	return ledger_revive(c->ledger, c->framework, book_now(), err);
}

static int call_ask(const struct caller *c, const struct call_in *in,
		    struct berth_error *err)
{
	return ledger_ask(c->ledger, c->framework, in->demand_id, book_now(),
			  err);
}

/* ---- tasks and jobs ------------------------------------------------------ */

static int call_launch(const struct caller *c, const struct call_in *in,
		       struct berth_error *err)
{
	const struct job_spec *spec;
	struct launch_call launch;
	uint64_t job;
	int rc;

	if (json_launch_job(in->launch, &job, err) != 0 ||
	    own_job(c, job, err) == NULL)
		return -1;
	spec = jobs_spec(c->of->jobs, job);
	if (spec == NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "job %llu: it has ended",
				 (unsigned long long)job);
	if (json_launch_decode(in->launch, spec, &launch, err) != 0)
		return -1;
	rc = launches_start(c->of->launches, c->framework, job, &launch,
			    spec, err);
	json_launch_finish(&launch);
	return rc;
}

static int call_kill(const struct caller *c, const struct call_in *in,
		     struct berth_error *err)
{
	const struct job *j = own_job(c, in->job, err);

	if (j == NULL)
		return -1;
	if (in->index >= 0)
		return launches_kill_task(c->of->launches, j,
					  (uint32_t)in->index, in->signal,
					  in->grace_ms, err);
	launches_kill_job(c->of->launches, j, in->signal, in->grace_ms,
			  BERTH__TASK_END__END_KILLED);
	return 0;
}

static int call_job(const struct caller *c, const struct call_in *in,
		    struct berth_error *err)
{
	enum job_outcome outcome = in->exit_code == 0 ? JOB_DONE : JOB_FAILED;

	if (strcmp(in->state, "running") == 0)
		return ledger_job_started(c->ledger, c->framework, in->job,
					  book_now(), err);
	if (strcmp(in->state, "ended") != 0)
		return error_set(err, BERTH_EINPUT,
				 "state: \"%s\" is neither running nor ended",
				 in->state);
	if (in->outcome != NULL &&
	    (job_outcome_parse(in->outcome, &outcome) != 0 ||
	     outcome == JOB_NONE))
		return error_set(err, BERTH_EINPUT,
				 "outcome: \"%s\" is unknown; done, failed, "
				 "cancelled, timeout, lost are known",
				 in->outcome);
	return ledger_job_finished(c->ledger, c->framework, in->job, outcome,
				   in->exit_code, (int32_t)in->signal,
				   in->text, book_now(), err);
}

/* ---- the table ----------------------------------------------------------- */

static const struct json_field demand_fields[] = {
	CALL, FIELD(demand, JSON_T_OBJECT, .needed = true)};
static const struct json_field accept_fields[] = {CALL, OFFER, SLICES};
static const struct json_field decline_fields[] = {
	CALL, OFFER, FIELD(filter_ms, JSON_T_U32, .max = DAY_MS),
	FIELD(nodes, JSON_T_STRINGS)};
static const struct json_field bare_fields[] = {CALL};
static const struct json_field launch_fields[] = {
	CALL, FIELD(launch, JSON_T_OBJECT, .needed = true)};
static const struct json_field release_fields[] = {CALL, SLICES};
static const struct json_field yield_fields[] = {
	CALL, SLICES, FIELD(instead, JSON_T_ARRAY, .max = 1 << 20)};
static const struct json_field kill_fields[] = {
	CALL, JOB, FIELD(index, JSON_T_I64, .min = 0, .max = UINT32_MAX),
	FIELD(signal, JSON_T_U32, .max = 64),
	FIELD(grace_ms, JSON_T_U32, .max = DAY_MS)};
static const struct json_field job_fields[] = {
	CALL, JOB, FIELD(state, JSON_T_STRING, .max = 16, .needed = true),
	FIELD(outcome, JSON_T_STRING, .max = 16),
	FIELD(exit_code, JSON_T_INT, .min = INT32_MIN),
	FIELD(signal, JSON_T_U32, .max = 64),
	FIELD(text, JSON_T_STRING, .max = 4096)};
static const struct json_field ask_fields[] = {
	CALL, {.name = "demand", .type = JSON_T_STRING, .min = 1, .max = 64,
	       .offset = offsetof(struct call_in, demand_id), .needed = true}};

static const struct call {
	const char *name;
	const struct json_field *fields;
	size_t nfields;
	int (*carry_out)(const struct caller *c, const struct call_in *in,
			 struct berth_error *err);
} calls[] = {
#define ROW(name, fields)                                                      \
	{#name, fields, sizeof(fields) / sizeof((fields)[0]), call_##name}
	ROW(demand, demand_fields),   ROW(accept, accept_fields),
	ROW(decline, decline_fields), ROW(suppress, bare_fields),
	ROW(revive, bare_fields),     ROW(launch, launch_fields),
	ROW(release, release_fields), ROW(kill, kill_fields),
	ROW(job, job_fields),	      ROW(ask, ask_fields),
	ROW(yield, yield_fields),
#undef ROW
};

static int carry_out(const struct caller *c, json_t *v, struct berth_error *err)
{
	const char *name = json_string_value(json_object_get(v, "call"));
	struct call_in in = {.index = -1};

	if (!json_is_object(v) || name == NULL)
		return error_set(err, BERTH_EINPUT,
				 "call: a call is an object with a name as its "
				 "member \"call\"");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		if (json_decode(v, "", calls[i].fields, calls[i].nfields, &in,
				err) != 0)
			return -1;
		return calls[i].carry_out(c, &in, err);
	}
	return error_set(err, BERTH_EINPUT, "call: \"%.64s\" is unknown", name);
}

/* ---- the request --------------------------------------------------------- */

struct calls_in {
	json_t *calls;
};

static const struct json_field fields[] = {
	{.name = "calls", .type = JSON_T_ARRAY, .max = CALLS_MOST, .needed = true,
	 .offset = offsetof(struct calls_in, calls)},
};

void calls_post(void *of, struct http_request *req, const char *name)
{
	const struct calls *parts = of;
	struct caller c = {parts, book_ledger(parts->book), name};
	struct calls_in in = {0};
	struct berth_error err = {0};
	json_t *body, *refused, *v;
	size_t nrefused = 0, i;

	if (frameworks_session(c.ledger, req, name) == NULL)
		return;
	frameworks_heard(parts->frameworks, name);
	if (!conduct_admits(parts->conduct, name, req))
		return;
	body = api_body(req);
	if (body == NULL)
		goto out;
	if (JSON_DECODE(body, "", fields, &in, &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	refused = json_array();
	json_array_foreach(in.calls, i, v) {
		err.text[0] = '\0';
		if (carry_out(&c, v, &err) == 0)
			continue;
		json_array_append_new(
			refused, json_pack("{s:I, s:o}", "index",
					   (json_int_t)i, "error",
					   json_text_safe(err.text)));
	}
	nrefused = json_array_size(refused);
	api_reply(req, 200, json_pack("{s:o}", "refused", refused));
out:
	conduct_done(parts->conduct, name, json_array_size(in.calls),
		     nrefused);
	json_decref(body);
}

#include "framework/call.h"

#include <string.h>

#include "framework/shapes.h"

json_t *call_simple(enum berth_call call)
{
	json_t *o = json_object();

	json_object_set_new(o, "call", json_string(shape_calls[call]));
	return o;
}

static json_t *with_number(json_t *o, const char *name, uint64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
	return o;
}

static json_t *with_ids(json_t *o, const char *name, const uint64_t *slices,
			size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_integer((json_int_t)slices[i]));
	json_object_set_new(o, name, list);
	return o;
}

static json_t *with_slices(json_t *o, const uint64_t *slices, size_t n)
{
	return with_ids(o, "slices", slices, n);
}

/* Takes value over, also when it fails. */
static json_t *with_value(json_t *o, const char *name, json_t *value,
			  struct berth_error *err)
{
	if (value && json_object_set_new(o, name, value) == 0)
		return o;
	if (!value && err && !err->text[0])
		error_set(err, BERTH_EINPUT, "%s: NULL or not UTF-8", name);
	json_decref(o);
	return NULL;
}

json_t *call_demand(const struct berth_demand *d, struct berth_error *err)
{
	json_t *demand = codec_write(d, &shape_demand, err);

	if (!demand)
		return NULL;
	return with_value(call_simple(BERTH_CALL_DEMAND), "demand", demand,
			  err);
}

json_t *call_withdraw(const char *id, struct berth_error *err)
{
	struct berth_demand d = BERTH_INIT(d);

	d.id = id;
	return call_demand(&d, err);
}

json_t *call_ask(const char *demand, struct berth_error *err)
{
	if (err)
		err->text[0] = '\0';
	return with_value(call_simple(BERTH_CALL_ASK), "demand",
			  json_string(demand), err);
}

json_t *call_accept(uint64_t offer, const uint64_t *slices, size_t n)
{
	json_t *o = with_number(call_simple(BERTH_CALL_ACCEPT), "offer", offer);

	return with_slices(o, slices, n);
}

json_t *call_decline(uint64_t offer, unsigned filter_ms,
		     const char *const *nodes, size_t n,
		     struct berth_error *err)
{
	json_t *o = with_number(call_simple(BERTH_CALL_DECLINE), "offer",
				offer);
	json_t *list;

	with_number(o, "filter_ms", filter_ms);
	if (!n)
		return o;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(list, json_string(nodes[i])) == 0)
			continue;
		error_set(err, BERTH_EINPUT, "nodes[%zu]: not UTF-8", i);
		json_decref(list);
		json_decref(o);
		return NULL;
	}
	json_object_set_new(o, "nodes", list);
	return o;
}

json_t *call_launch(const struct berth_launch *l, struct berth_error *err)
{
	json_t *launch = codec_write(l, &shape_launch, err);

	if (!launch)
		return NULL;
	return with_value(call_simple(BERTH_CALL_LAUNCH), "launch", launch,
			  err);
}

json_t *call_slices_release(const uint64_t *slices, size_t n)
{
	return with_slices(call_simple(BERTH_CALL_RELEASE), slices, n);
}

json_t *call_yield(const uint64_t *slices, size_t n, const uint64_t *instead,
		   size_t m)
{
	json_t *o = with_slices(call_simple(BERTH_CALL_YIELD), slices, n);

	return m > 0 ? with_ids(o, "instead", instead, m) : o;
}

json_t *call_kill(uint64_t job, int64_t index, int signal, unsigned grace_ms)
{
	json_t *o = with_number(call_simple(BERTH_CALL_KILL), "job", job);

	if (index >= 0)
		with_number(o, "index", (uint64_t)index);
	if (signal > 0)
		with_number(o, "signal", (uint64_t)signal);
	if (grace_ms)
		with_number(o, "grace_ms", grace_ms);
	return o;
}

static json_t *call_job(uint64_t job, const char *state)
{
	json_t *o = with_number(call_simple(BERTH_CALL_JOB), "job", job);

	json_object_set_new(o, "state", json_string(state));
	return o;
}

json_t *call_job_running(uint64_t job)
{
	return call_job(job, "running");
}

json_t *call_job_ended(uint64_t job, const struct berth_job_end *end,
		       struct berth_error *err)
{
	json_t *o = call_job(job, "ended");
	const char *outcome = "failed";

	if ((unsigned)end->outcome <= BERTH_LOST)
		outcome = shape_outcomes[end->outcome];
	json_object_set_new(o, "outcome", json_string(outcome));
	json_object_set_new(o, "exit_code", json_integer(end->exit_code));
	if (err)
		err->text[0] = '\0';
	return with_value(o, "text", json_string(end->text ? end->text : ""),
			  err);
}

/* ---- refusals ---- */

static uint64_t number_of(const json_t *o, const char *name)
{
	json_int_t v = json_integer_value(json_object_get(o, name));

	return v > 0 ? (uint64_t)v : 0;
}

static enum berth_call word_of(const json_t *call)
{
	const char *word = json_string_value(json_object_get(call, "call"));

	for (int i = 1; word && shape_calls[i]; i++)
		if (!strcmp(word, shape_calls[i]))
			return (enum berth_call)i;
	return BERTH_CALL_OTHER;
}

static void slices_of(const json_t *call, struct berth_refusal *r,
		      struct arena *a)
{
	const json_t *tasks = json_object_get(json_object_get(call, "launch"),
					      "tasks");
	const json_t *list = tasks ? tasks : json_object_get(call, "slices");
	uint64_t *slices = arena_array(a, json_array_size(list) + 1,
				       sizeof(*slices));
	unsigned *indices = arena_array(a, json_array_size(tasks) + 1,
					sizeof(*indices));
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (tasks)
			indices[i] = (unsigned)number_of(item, "index");
		slices[i] = tasks ? number_of(item, "slice") :
				    (uint64_t)json_integer_value(item);
	}
	r->slices = slices;
	r->n_slices = json_array_size(list);
	r->tasks = indices;
	r->n_tasks = json_array_size(tasks);
}

static void instead_of(const json_t *call, struct berth_refusal *r,
		       struct arena *a)
{
	const json_t *list = json_object_get(call, "instead"), *item;
	uint64_t *slices = arena_array(a, json_array_size(list) + 1,
				       sizeof(*slices));
	size_t i;

	json_array_foreach(list, i, item)
		slices[i] = (uint64_t)json_integer_value(item);
	r->instead = slices;
	r->n_instead = json_array_size(list);
}

const struct berth_refusal *call_refusal(const json_t *call, const char *text,
					 struct arena *a)
{
	struct berth_refusal *r = arena_alloc(a, sizeof(*r));
	const json_t *demand = json_object_get(call, "demand");
	const json_t *launch = json_object_get(call, "launch");

	r->size = sizeof(*r);
	r->call = word_of(call);
	r->job = number_of(launch ? launch : call, "job");
	r->offer = number_of(call, "offer");
	if (json_is_object(demand))
		demand = json_object_get(demand, "id");
	r->demand = json_is_string(demand) ? json_string_value(demand) : "";
	slices_of(call, r, a);
	instead_of(call, r, a);
	r->text = text ? text : "";
	return r;
}

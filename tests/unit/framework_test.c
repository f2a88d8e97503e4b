/* framework_test.c - the plugin host against a broker's test double: events
 * to callbacks, operations to calls, loss and return, bad input. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "fake_broker.h"
#include "framework/event.h"
#include "framework/host.h"
#include "framework/outbox.h"
#include "framework/plugin_file.h"
#include "framework/watchdog.h"
#include "unit.h"

/* ---- a plugin that writes down what it hears ---- */

static struct seen {
	struct berth_host *host;
	const struct berth_host_ops *ops;
	int states, jobs, cancels, offers, rescinds, tasks, revokes, losts,
		errors, settles, timers, destroyed;
	char last[200]; /* what the last callback was about */
	bool refuse_create;
	unsigned calls_on_job; /* so many calls are made on a job */
	struct berth_timer *timer;
} seen;

static void *t_create(const struct berth_setup *setup, struct berth_error *err)
{
	seen.host = setup->host;
	seen.ops = setup->ops;
	CU_ASSERT_STRING_EQUAL(setup->name, "t");
	CU_ASSERT_EQUAL(seen.ops->suppress(seen.host, err), -1);
	if (!seen.refuse_create)
		return &seen;
	snprintf(err->text, sizeof(err->text), "no licence");
	return NULL;
}

static void t_destroy(void *self)
{
	seen.destroyed++;
}

static void t_state(void *self, const struct berth_state *s)
{
	seen.states++;
	snprintf(seen.last, sizeof(seen.last), "%zu jobs %zu tasks %zu slices",
		 s->n_jobs, s->n_tasks, s->n_slices);
}

static void t_job(void *self, const struct berth_job *j)
{
	seen.jobs++;
	snprintf(seen.last, sizeof(seen.last),
		 "%d %s %s %s cores=%u gpus=%u per_node=%u pack=%d %s=%s %s",
		 (int)j->id, j->name, j->argv[0], j->has_env ? j->env[0] : "-",
		 j->request->cores, j->request->gpus, j->constraints->per_node,
		 j->prefer->packing,
		 j->constraints->n_labels ? j->constraints->labels[0]->name :
					    "",
		 j->constraints->n_labels ? j->constraints->labels[0]->value :
					    "",
		 j->options);
	for (unsigned i = 0; i < seen.calls_on_job; i++)
		seen.ops->job_running(seen.host, j->id + i, NULL);
}

static void t_cancel(void *self, uint64_t job)
{
	seen.cancels++;
	snprintf(seen.last, sizeof(seen.last), "%d", (int)job);
}

static void t_offer(void *self, const struct berth_offer *o)
{
	seen.offers++;
	snprintf(seen.last, sizeof(seen.last), "%d %s %d %s %u %s %s %d",
		 (int)o->id, o->demand, (int)o->slices[0]->id,
		 o->slices[0]->node, o->slices[0]->units,
		 o->slices[0]->core_pus[1], o->slices[0]->gpus[0]->pci,
		 (int)o->slices[0]->memory[0]->mib);
}

static void t_rescind(void *self, uint64_t offer)
{
	seen.rescinds++;
}

static void t_task(void *self, const struct berth_task *t)
{
	seen.tasks++;
	snprintf(seen.last, sizeof(seen.last), "%d.%u %d %d %d %d rank=%d %zu",
		 (int)t->job, t->index, t->state, t->end, t->exit_code,
		 (int)t->array_index, t->rank, t->n_ranks);
}

static void t_revoke(void *self, uint64_t slice, unsigned deadline_ms)
{
	seen.revokes++;
	snprintf(seen.last, sizeof(seen.last), "%d %u", (int)slice,
		 deadline_ms);
}

static void t_lost(void *self, const uint64_t *slices, size_t n,
		   const char *node)
{
	seen.losts++;
	snprintf(seen.last, sizeof(seen.last), "%zu %d %s", n,
		 (int)slices[n - 1], node);
}

static void t_error(void *self, const struct berth_refusal *r)
{
	seen.errors++;
	snprintf(seen.last, sizeof(seen.last),
		 "%d job=%d offer=%d %s slices=%zu tasks=%zu %s", r->call,
		 (int)r->job, (int)r->offer, r->demand, r->n_slices,
		 r->n_tasks, r->text);
}

static void t_settle(void *self)
{
	seen.settles++;
}

static const struct berth_plugin plugin = {
	.abi = BERTH_PLUGIN_ABI,
	.size = sizeof(plugin),
	.name = "t",
	.create = t_create,
	.destroy = t_destroy,
	.state = t_state,
	.job = t_job,
	.cancel = t_cancel,
	.offer = t_offer,
	.rescind = t_rescind,
	.task = t_task,
	.revoke = t_revoke,
	.lost = t_lost,
	.error = t_error,
	.settle = t_settle,
};

/* ---- a host and its broker ---- */

static struct loop *loop;
static struct fake_broker broker;
static struct berth_host *host;
static int failures;
static char failure[512];

static void on_failed(void *arg, const struct berth_error *err)
{
	failures++;
	snprintf(failure, sizeof(failure), "%s", err->text);
}

static void begin(const struct berth_plugin *p)
{
	struct host_config config = { .plugin = p,
				      .token = "x",
				      .role = "default",
				      .failover_ms = 60000,
				      .callback_ms = 50 };
	struct berth_error err = { 0 };

	memset(&seen, 0, sizeof(seen));
	failures = 0;
	loop = loop_create(&err);
	fake_broker_start(&broker, loop);
	config.uri = broker.uri;
	host = host_create(loop, &config, on_failed, NULL, &err);
	CU_ASSERT_PTR_NOT_NULL(host);
}

static const char empty_state[] =
	"{\"type\":\"state\",\"jobs\":[],\"tasks\":[],\"slices\":[]}";

static void begin_up(void)
{
	begin(&plugin);
	CU_ASSERT(fake_broker_wait(&broker, &broker.streams, 1));
	fake_broker_say(&broker, empty_state);
	CU_ASSERT(fake_broker_wait(&broker, &seen.states, 1));
}

static void end(void)
{
	host_destroy(host);
	fake_broker_stop(&broker);
	loop_destroy(loop);
	CU_ASSERT_EQUAL(seen.destroyed, 1);
}

static void says(const char *line, const int *count, const char *last)
{
	int before = *count;

	fake_broker_say(&broker, line);
	CU_ASSERT(fake_broker_wait(&broker, count, before + 1));
	if (strcmp(seen.last, last))
		printf("\n%s\n%s\n%s\n", line, last, seen.last);
	CU_ASSERT_STRING_EQUAL(seen.last, last);
}

static void events(void)
{
	begin_up();
	says("{\"type\":\"job\",\"job\":{\"id\":12,\"name\":\"heat\",\"role\":"
	     "\"r\",\"user\":\"ada\",\"state\":\"queued\",\"tasks\":{},"
	     "\"spec\":{\"argv\":[\"./a\"],\"env\":{\"A\":\"b=c\"},\"cores\":2,"
	     "\"gpus\":1,\"constraints\":{\"per_node\":3,\"labels\":{\"arch\":"
	     "\"x\"}},\"prefer\":{\"pack\":false},\"options\":{\"ranks\":4}}}}",
	     &seen.jobs,
	     "12 heat ./a A=b=c cores=2 gpus=1 per_node=3 pack=2 arch=x "
	     "{\"ranks\":4}");
	says("{\"type\":\"job\",\"job\":{\"id\":13,\"spec\":{\"argv\":[\"b\"]}"
	     "}}",
	     &seen.jobs, "13  b - cores=1 gpus=0 per_node=0 pack=0 = {}");
	says("{\"type\":\"cancel\",\"job\":12}", &seen.cancels, "12");
	says("{\"type\":\"offer\",\"offer\":7,\"demand\":\"12\",\"expires_ms\":"
	     "5000,\"slices\":[{\"id\":34,\"node\":\"n1\",\"units\":2,\"cores\""
	     ":2,\"core_pus\":[\"0-1\",\"2-3\"],\"memory\":[{\"numa\":0,\"mib\""
	     ":99}],\"gpus\":[{\"pci\":\"0000:c1:00.0\"}],\"fit\":\"l3\","
	     "\"state\":\"offered\"}]}",
	     &seen.offers, "7 12 34 n1 2 2-3 0000:c1:00.0 99");
	says("{\"type\":\"task\",\"task\":{\"id\":\"12.1\",\"job\":12,\"index\""
	     ":1,\"array_index\":-1,\"state\":\"ended\",\"end\":\"exited\","
	     "\"exit_code\":-3,\"ranks\":[2,3]}}",
	     &seen.tasks, "12.1 2 1 -3 -1 rank=-1 2");
	says("{\"type\":\"revoke\",\"slice\":34,\"deadline_ms\":500}",
	     &seen.revokes, "34 500");
	says("{\"type\":\"lost\",\"slices\":[33,34],\"node\":\"n1\"}",
	     &seen.losts, "2 34 n1");
	says("{\"type\":\"error\",\"call\":{\"call\":\"launch\",\"launch\":"
	     "{\"job\":12,\"tasks\":[{\"index\":0,\"slice\":34}]}},\"error\":"
	     "\"why\"}",
	     &seen.errors, "6 job=12 offer=0  slices=1 tasks=1 why");
	fake_broker_say(&broker, "{\"type\":\"rescind\",\"offer\":7}");
	CU_ASSERT(fake_broker_wait(&broker, &seen.rescinds, 1));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(json_object_get(broker.registration, "role")),
		"default");
	end();
}

/* Each is passed over, and the stream goes on. */
static void malformed_events(void)
{
	static const char *const bad[] = {
		"", "nonsense", "[]", "{}", "{\"type\":3}", "{\"type\":\"job\"}",
		"{\"type\":\"job\",\"job\":[]}", "{\"type\":\"job\",\"job\":{}}",
		"{\"type\":\"job\",\"job\":{\"id\":-1}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"state\":\"odd\"}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"spec\":[]}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"spec\":{\"argv\":[1]}}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"spec\":{\"env\":[]}}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"spec\":{\"cores\":-1}}}",
		"{\"type\":\"job\",\"job\":{\"id\":1,\"spec\":{\"cores\":1e3}}}",
		"{\"type\":\"cancel\"}", "{\"type\":\"cancel\",\"job\":\"x\"}",
		"{\"type\":\"offer\",\"offer\":1}",
		"{\"type\":\"offer\",\"offer\":1,\"slices\":{}}",
		"{\"type\":\"offer\",\"offer\":1,\"slices\":[{}]}",
		"{\"type\":\"offer\",\"offer\":1,\"slices\":[{\"id\":1,"
		"\"node\":\"n\",\"units\":99999999999}]}",
		"{\"type\":\"task\",\"task\":{\"job\":1,\"index\":0}}",
		"{\"type\":\"task\",\"task\":{\"job\":1,\"index\":0,\"state\":"
		"\"ended\",\"ranks\":[-1]}}",
		"{\"type\":\"error\"}", "{\"type\":\"lost\",\"slices\":[\"1\"]}",
		"{\"type\":\"from a newer broker\",\"x\":1}",
	};
	static const char two[] = "{\"type\":\"cancel\",\"job\":5}\n"
				  "{\"type\":\"cancel\",\"job\":6}\n";

	begin_up();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fake_broker_say(&broker, bad[i]);
	/* In pieces and several at once. */
	fake_broker_bytes(&broker, two, 12);
	fake_broker_run(&broker, 20);
	fake_broker_bytes(&broker, two + 12, strlen(two) - 12);
	CU_ASSERT(fake_broker_wait(&broker, &seen.cancels, 2));
	CU_ASSERT_STRING_EQUAL(seen.last, "6");
	CU_ASSERT_EQUAL(seen.jobs + seen.offers + seen.tasks + seen.losts, 0);
	end();
}

static void operations(void)
{
	static const uint64_t ids[] = { 3, 4 };
	static const char *const nodes[] = { "n1" };
	static const char *const args[] = { "x" }, *const env[] = { "A=b=c" };
	static const unsigned ranks[] = { 0, 1 };
	static const char *const expected[] = {
		"{\"call\":\"demand\",\"demand\":{\"constraints\":{\"exclusive"
		"\":true,\"per_node\":2},\"count\":4,\"gang\":true,\"id\":\"d\""
		",\"prefer\":{\"layout\":\"equal\",\"pack\":false},"
		"\"revocable_ok\":false,\"separate"
		"\":true,\"slice\":{\"cores\":2,\"gpu_vendor\":\"amd\"}}}",
		"{\"call\":\"demand\",\"demand\":{\"count\":0,\"id\":\"d\"}}",
		"{\"call\":\"ask\",\"demand\":\"d\"}",
		"{\"call\":\"accept\",\"offer\":7,\"slices\":[3,4]}",
		"{\"call\":\"decline\",\"filter_ms\":50,\"nodes\":[\"n1\"],"
		"\"offer\":8}",
		"{\"call\":\"suppress\"}",
		"{\"call\":\"revive\"}",
		"{\"call\":\"launch\",\"launch\":{\"bind_to\":\"none\",\"job\":"
		"12,\"pmix\":true,\"tasks\":[{\"args\":[\"x\"],\"array_index\":"
		"-1,\"env\":{\"A\":\"b=c\"},\"index\":0,\"ranks\":[0,1],"
		"\"slice\":3}]}}",
		"{\"call\":\"release\",\"slices\":[3]}",
		"{\"call\":\"kill\",\"job\":12}",
		"{\"call\":\"kill\",\"grace_ms\":100,\"index\":0,\"job\":12,"
		"\"signal\":9}",
		"{\"call\":\"job\",\"job\":12,\"state\":\"running\"}",
		"{\"call\":\"job\",\"exit_code\":3,\"job\":12,\"outcome\":"
		"\"failed\",\"state\":\"ended\",\"text\":\"why\"}",
		"",
	};
	struct berth_request request = BERTH_INIT(request);
	struct berth_constraints constraints = BERTH_INIT(constraints);
	struct berth_preferences prefer = BERTH_INIT(prefer);
	struct berth_demand d = BERTH_INIT(d);
	struct berth_launch_task task = BERTH_INIT(task);
	const struct berth_launch_task *tasks[] = { &task };
	struct berth_launch l = BERTH_INIT(l);
	struct berth_job_end e = BERTH_INIT(e);
	const struct berth_host_ops *ops;

	begin_up();
	ops = seen.ops;
	request.cores = 2;
	request.gpu_vendor = "amd";
	constraints.per_node = 2;
	constraints.exclusive = true;
	prefer.packing = BERTH_SPREAD;
	prefer.layout = BERTH_LAYOUT_EQUAL;
	d.id = "d";
	d.count = 4;
	d.gang = d.separate = d.no_revocable = true;
	d.request = &request;
	d.constraints = &constraints;
	d.prefer = &prefer;
	task.slice = 3;
	task.ranks = ranks;
	task.n_ranks = 2;
	task.args = args;
	task.n_args = 1;
	task.env = env;
	task.n_env = 1;
	task.array_index = BERTH_NO_INDEX;
	l.job = 12;
	l.tasks = tasks;
	l.n_tasks = 1;
	l.pmix = true;
	l.bind_to = "none";
	e.outcome = BERTH_FAILED;
	e.exit_code = 3;
	e.text = "why";
	CU_ASSERT_EQUAL(ops->demand(host, &d, NULL), 0);
	CU_ASSERT_EQUAL(ops->withdraw(host, "d", NULL), 0);
	CU_ASSERT_EQUAL(ops->ask(host, "d", NULL), 0);
	CU_ASSERT_EQUAL(ops->accept(host, 7, ids, 2, NULL), 0);
	CU_ASSERT_EQUAL(ops->decline(host, 8, 50, nodes, 1, NULL), 0);
	CU_ASSERT_EQUAL(ops->suppress(host, NULL), 0);
	CU_ASSERT_EQUAL(ops->revive(host, NULL), 0);
	CU_ASSERT_EQUAL(ops->launch(host, &l, NULL), 0);
	CU_ASSERT_EQUAL(ops->release(host, ids, 1, NULL), 0);
	CU_ASSERT_EQUAL(ops->kill(host, 12, -1, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(ops->kill(host, 12, 0, 9, 100, NULL), 0);
	CU_ASSERT_EQUAL(ops->job_running(host, 12, NULL), 0);
	CU_ASSERT_EQUAL(ops->job_ended(host, 12, &e, NULL), 0);
	CU_ASSERT(fake_broker_wait(&broker, &broker.posts, 1));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		CU_ASSERT_STRING_EQUAL(fake_broker_call(&broker, i),
				       expected[i]);
	fake_broker_run(&broker, 20);
	CU_ASSERT_EQUAL(broker.posts, 1);
	end();
}

/* A plugin built against shorter structs: what it does not know is absent. */
static void old_plugin(void)
{
	struct berth_demand d = { 0 };
	struct berth_error err = { 0 };

	begin_up();
	d.size = offsetof(struct berth_demand, gang);
	d.id = "d";
	d.count = 1;
	d.gang = true;
	CU_ASSERT_EQUAL(seen.ops->demand(host, &d, NULL), 0);
	d.id = NULL;
	CU_ASSERT_EQUAL(seen.ops->demand(host, &d, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "id: NULL");
	d.id = "\xff";
	CU_ASSERT_EQUAL(seen.ops->demand(host, &d, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "id: not UTF-8");
	CU_ASSERT(fake_broker_wait(&broker, &broker.posts, 1));
	CU_ASSERT_STRING_EQUAL(fake_broker_call(&broker, 0),
			       "{\"call\":\"demand\",\"demand\":{\"count\":1,"
			       "\"id\":\"d\"}}");
	CU_ASSERT_STRING_EQUAL(fake_broker_call(&broker, 1), "");
	end();
}

static void refused(void)
{
	begin_up();
	broker.refuse = "release";
	seen.ops->job_running(seen.host, 1, NULL);
	seen.ops->release(seen.host, &(uint64_t){ 5 }, 1, NULL);
	CU_ASSERT(fake_broker_wait(&broker, &seen.errors, 1));
	CU_ASSERT_STRING_EQUAL(seen.last,
			       "7 job=0 offer=0  slices=1 tasks=0 no such");
	/* A batch that is refused whole. */
	broker.calls_status = 400;
	seen.ops->job_running(seen.host, 1, NULL);
	seen.ops->job_running(seen.host, 2, NULL);
	CU_ASSERT(fake_broker_wait(&broker, &seen.errors, 3));
	CU_ASSERT_STRING_EQUAL(
		seen.last,
		"9 job=2 offer=0  slices=0 tasks=0 body: nonsense");
	end();
}

/* One batch at a time; what comes meanwhile goes together, a limited number a
 * batch, in order. */
static void batches(void)
{
	begin_up();
	broker.park = true;
	seen.ops->job_running(seen.host, 1, NULL);
	CU_ASSERT(fake_broker_wait(&broker, &broker.posts, 1));
	for (unsigned i = 2; i <= 2500; i++)
		seen.ops->job_running(seen.host, i, NULL);
	fake_broker_run(&broker, 30);
	CU_ASSERT_EQUAL(broker.posts, 1);
	broker.park = false;
	fake_broker_answer(&broker);
	CU_ASSERT(fake_broker_wait(&broker, &broker.posts, 4));
	CU_ASSERT_EQUAL(broker.largest, OUTBOX_BATCH_CALLS);
	CU_ASSERT_EQUAL(json_array_size(broker.calls), 2500);
	CU_ASSERT_STRING_EQUAL(
		fake_broker_call(&broker, 2499),
		"{\"call\":\"job\",\"job\":2500,\"state\":\"running\"}");
	end();
}

static void queue_limit(void)
{
	struct outbox *o = outbox_create();
	struct berth_error err = { 0 };
	struct buf body;

	buf_init(&body);
	for (size_t i = 0; i < OUTBOX_QUEUE_CALLS; i++)
		outbox_push(o, json_object(), NULL);
	CU_ASSERT_EQUAL(outbox_push(o, json_object(), &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_ELIMIT);
	CU_ASSERT(outbox_batch(o, &body));
	CU_ASSERT_FALSE(outbox_batch(o, &body));
	CU_ASSERT_EQUAL(outbox_answered(o, "[]", 2, NULL, NULL, &err), -1);
	CU_ASSERT_EQUAL(outbox_answered(o, "{\"refused\":[]}", 14, NULL, NULL,
					&err),
			0);
	CU_ASSERT_EQUAL(outbox_push(o, json_object(), &err), 0);
	outbox_clear(o);
	CU_ASSERT_FALSE(outbox_batch(o, &body));
	buf_finish(&body);
	outbox_destroy(o);
}

static void loss_and_return(void)
{
	begin_up();
	/* The stream ends: what is queued is void, the state comes anew. */
	broker.park = true;
	seen.ops->job_running(seen.host, 1, NULL);
	CU_ASSERT(fake_broker_wait(&broker, &broker.posts, 1));
	seen.ops->job_running(seen.host, 2, NULL);
	fake_broker_hang_up(&broker);
	CU_ASSERT(fake_broker_wait(&broker, &broker.streams, 2));
	CU_ASSERT_EQUAL(broker.registrations, 2);
	CU_ASSERT_EQUAL(seen.states, 1);
	/* Before the state nothing is passed on, and no call goes out. */
	CU_ASSERT_EQUAL(seen.ops->job_running(seen.host, 3, NULL), 0);
	fake_broker_say(&broker, "{\"type\":\"cancel\",\"job\":5}");
	fake_broker_say(&broker, empty_state);
	CU_ASSERT(fake_broker_wait(&broker, &seen.states, 2));
	CU_ASSERT_EQUAL(seen.cancels, 0);
	fake_broker_run(&broker, 30);
	CU_ASSERT_EQUAL(json_array_size(broker.calls), 1);
	broker.park = false;
	/* The session is over: the broker says so on a call. */
	broker.calls_status = 409;
	seen.ops->job_running(seen.host, 4, NULL);
	CU_ASSERT(fake_broker_wait(&broker, &broker.streams, 3));
	broker.parked = NULL;
	end();
}

static void refused_registration(void)
{
	begin(&plugin);
	broker.register_status = 503;
	CU_ASSERT(fake_broker_wait(&broker, &broker.registrations, 3));
	CU_ASSERT_EQUAL(failures, 0);
	broker.register_status = 400;
	CU_ASSERT(fake_broker_wait(&broker, &failures, 1));
	CU_ASSERT_STRING_EQUAL(
		failure, "the broker refuses framework \"t\": role x: unknown");
	end();
}

/* ---- timers and the watchdog ---- */

static void on_timer(void *arg)
{
	seen.timers++;
	if (seen.timers == 2) {
		seen.ops->timer_destroy(seen.timer);
		seen.timer = NULL;
	} else {
		seen.ops->timer_start(seen.timer, 1);
	}
}

static void timers(void)
{
	begin_up();
	seen.timer = seen.ops->timer_create(seen.host, on_timer, NULL);
	seen.ops->timer_start(seen.timer, 1);
	CU_ASSERT(fake_broker_wait(&broker, &seen.timers, 2));
	CU_ASSERT_PTR_NULL(seen.timer);
	/* One that is left is the host's to end. */
	seen.ops->timer_start(seen.ops->timer_create(seen.host, on_timer, NULL),
			      60000);
	end();
}

static void slow_callback(void)
{
	struct watchdog *w = watchdog_create("slow", 100, NULL);

	watchdog_enter(w, "offer");
	usleep(5000);
	watchdog_leave(w);
	usleep(150000);
	CU_ASSERT_EQUAL(watchdog_warnings(w), 0);
	watchdog_enter(w, "offer");
	usleep(450000);
	watchdog_leave(w);
	CU_ASSERT(watchdog_warnings(w) >= 2);
	CU_ASSERT(watchdog_warnings(w) <= 6);
	watchdog_destroy(w);
	watchdog_destroy(NULL);
}

/* ---- plugins that are no plugins ---- */

static void plugin_checks(void)
{
	struct berth_plugin p = plugin;
	struct berth_error err = { 0 };

	CU_ASSERT_EQUAL(plugin_check(&p, "t", &err), 0);
	CU_ASSERT_EQUAL(plugin_check(&p, "u", &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text,
			       "calls itself \"t\" but its file is u.so: the "
			       "two must be the same");
	p.task = NULL;
	CU_ASSERT_EQUAL(plugin_check(&p, "t", &err), 0);
	p.cancel = NULL;
	CU_ASSERT_EQUAL(plugin_check(&p, "t", &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "lacks the callback cancel");
	p = plugin;
	p.abi = BERTH_PLUGIN_ABI + 1;
	CU_ASSERT_EQUAL(plugin_check(&p, "t", &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "built for plugin ABI 2"));
	p = plugin;
	p.size = 16;
	CU_ASSERT_EQUAL(plugin_check(&p, "t", &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "berth_plugin.size is 16"));
}

static void plugin_files(void)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ TEST_BUILDDIR "/tests/unit/.libs/bad_abi.so",
		  "built for plugin ABI 999" },
		{ TEST_BUILDDIR "/tests/unit/.libs/bad_symbol.so",
		  "exports no symbol berth_plugin" },
		{ "/nowhere/x.so", "No such file" },
		{ "/proc/self/exe", "does not load" },
		{ "no-such-plugin", "no-such-plugin" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct berth_error err = { 0 };

		CU_ASSERT_PTR_NULL(plugin_file_open(cases[i].name, &err));
		CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
		if (!strstr(err.text, cases[i].text))
			printf("\n%s\n", err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
	}
}

static void refused_create(void)
{
	struct host_config config = { .plugin = &plugin,
				      .uri = "unix:/nowhere",
				      .token = "x",
				      .role = "default" };
	struct berth_error err = { 0 };
	struct loop *l = loop_create(NULL);

	memset(&seen, 0, sizeof(seen));
	seen.refuse_create = true;
	CU_ASSERT_PTR_NULL(host_create(l, &config, on_failed, NULL, &err));
	CU_ASSERT_STRING_EQUAL(err.text, "plugin t can't start: no licence");
	CU_ASSERT_EQUAL(seen.destroyed, 0);
	loop_destroy(l);
}

static const struct unit_test tests[] = {
	{ "events", events },
	{ "malformed events", malformed_events },
	{ "operations", operations },
	{ "old plugin", old_plugin },
	{ "refused", refused },
	{ "batches", batches },
	{ "queue limit", queue_limit },
	{ "loss and return", loss_and_return },
	{ "refused registration", refused_registration },
	{ "timers", timers },
	{ "slow callback", slow_callback },
	{ "plugin checks", plugin_checks },
	{ "plugin files", plugin_files },
	{ "refused create", refused_create },
};

UNIT_MAIN("framework", tests)

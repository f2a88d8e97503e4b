#include "fake_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct berth_timer {
	struct berth_host *host;
	berth_timer_f cb;
	void *arg;
	uint64_t at_ms; /* 0: stopped */
};

static int refused(struct berth_host *h, struct berth_error *err)
{
	if (h->refuse && err) {
		err->code = BERTH_EINPUT;
		snprintf(err->text, sizeof(err->text), "refused at once");
	}
	return h->refuse ? -1 : 0;
}

static int op_demand(struct berth_host *h, const struct berth_demand *d,
		     struct berth_error *err)
{
	if (h->refuse)
		return refused(h, err);
	buf_printf(&h->calls, "demand %s %u", d->id, d->count);
	if (d->max > d->count)
		buf_printf(&h->calls, "-%u", d->max);
	if (d->gang)
		buf_puts(&h->calls, " gang");
	if (d->separate)
		buf_puts(&h->calls, " separate");
	if (d->request && d->request->cores != 1)
		buf_printf(&h->calls, " cores=%u", d->request->cores);
	if (d->constraints && d->constraints->per_node)
		buf_printf(&h->calls, " per_node=%u",
			   d->constraints->per_node);
	if (d->prefer && d->prefer->packing == BERTH_SPREAD)
		buf_puts(&h->calls, " spread");
	if (d->no_revocable)
		buf_puts(&h->calls, " firm");
	buf_puts(&h->calls, "\n");
	return 0;
}

static int op_withdraw(struct berth_host *h, const char *demand,
		       struct berth_error *err)
{
	buf_printf(&h->calls, "withdraw %s\n", demand);
	return 0;
}

static void add_ids(struct berth_host *h, const char *what, const uint64_t *ids,
		    size_t n)
{
	buf_puts(&h->calls, what);
	for (size_t i = 0; i < n; i++)
		buf_printf(&h->calls, " %" PRIu64, ids[i]);
	buf_puts(&h->calls, "\n");
}

static int op_accept(struct berth_host *h, uint64_t offer,
		     const uint64_t *slices, size_t n, struct berth_error *err)
{
	buf_printf(&h->calls, "accept %" PRIu64 ":", offer);
	add_ids(h, "", slices, n);
	return 0;
}

static int op_decline(struct berth_host *h, uint64_t offer, unsigned filter_ms,
		      const char *const *nodes, size_t n,
		      struct berth_error *err)
{
	buf_printf(&h->calls, "decline %" PRIu64 " %u\n", offer, filter_ms);
	return 0;
}

static int op_launch(struct berth_host *h, const struct berth_launch *l,
		     struct berth_error *err)
{
	if (h->refuse)
		return refused(h, err);
	buf_printf(&h->calls, "launch %" PRIu64 "%s", l->job,
		   l->pmix ? " pmix" : "");
	for (size_t i = 0; i < l->n_tasks; i++) {
		const struct berth_launch_task *t = l->tasks[i];

		buf_printf(&h->calls, " %u@%" PRIu64, t->index, t->slice);
		if (t->array_index != BERTH_NO_INDEX)
			buf_printf(&h->calls, "[%" PRId64 "]", t->array_index);
		for (size_t k = 0; k < t->n_ranks; k++)
			buf_printf(&h->calls, "%c%u", k ? ',' : ':',
				   t->ranks[k]);
	}
	if (l->map_by && strcmp(l->map_by, "core"))
		buf_printf(&h->calls, " map=%s", l->map_by);
	if (l->bind_to && strcmp(l->bind_to, "core"))
		buf_printf(&h->calls, " bind=%s", l->bind_to);
	if (l->n_apps)
		buf_printf(&h->calls, " apps=%zu", l->n_apps);
	buf_puts(&h->calls, "\n");
	return 0;
}

static int op_release(struct berth_host *h, const uint64_t *slices, size_t n,
		      struct berth_error *err)
{
	add_ids(h, "release", slices, n);
	return 0;
}

static int op_yield(struct berth_host *h, const uint64_t *slices, size_t n,
		    const uint64_t *instead, size_t m, struct berth_error *err)
{
	add_ids(h, "yield", slices, n);
	if (m > 0)
		add_ids(h, "instead", instead, m);
	return 0;
}

static int op_kill(struct berth_host *h, uint64_t job, int64_t index,
		   int signal, unsigned grace_ms, struct berth_error *err)
{
	buf_printf(&h->calls, "kill %" PRIu64 "\n", job);
	return 0;
}

static int op_job_running(struct berth_host *h, uint64_t job,
			  struct berth_error *err)
{
	buf_printf(&h->calls, "running %" PRIu64 "\n", job);
	return 0;
}

static int op_job_ended(struct berth_host *h, uint64_t job,
			const struct berth_job_end *end,
			struct berth_error *err)
{
	static const char *const names[] = { "done", "failed", "cancelled",
					     "timeout", "lost" };

	buf_printf(&h->calls, "ended %" PRIu64 " %s %d \"%s\"\n", job,
		   names[end->outcome], end->exit_code, end->text);
	return 0;
}

static uint64_t op_now_ms(struct berth_host *h)
{
	return h->now_ms;
}

static void op_log(struct berth_host *h, enum berth_log_level level,
		   const char *fmt, ...)
{
}

static struct berth_timer *op_timer_create(struct berth_host *h,
					   berth_timer_f cb, void *arg)
{
	struct berth_timer *t = mem_alloc(sizeof(*t));

	t->host = h;
	t->cb = cb;
	t->arg = arg;
	h->timer = t;
	return t;
}

static void op_timer_start(struct berth_timer *t, unsigned delay_ms)
{
	t->at_ms = t->host->now_ms + delay_ms;
}

static void op_timer_stop(struct berth_timer *t)
{
	t->at_ms = 0;
}

static void op_timer_destroy(struct berth_timer *t)
{
	if (t)
		t->host->timer = NULL;
	free(t);
}

const struct berth_host_ops fake_ops = {
	.size = sizeof(fake_ops),
	.demand = op_demand,
	.withdraw = op_withdraw,
	.accept = op_accept,
	.decline = op_decline,
	.launch = op_launch,
	.release = op_release,
	.yield = op_yield,
	.kill = op_kill,
	.job_running = op_job_running,
	.job_ended = op_job_ended,
	.timer_create = op_timer_create,
	.timer_start = op_timer_start,
	.timer_stop = op_timer_stop,
	.timer_destroy = op_timer_destroy,
	.now_ms = op_now_ms,
	.log = op_log,
};

void fake_init(struct berth_host *h)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->calls);
	h->now_ms = 1000;
}

void fake_finish(struct berth_host *h)
{
	buf_finish(&h->calls);
}

bool fake_calls(struct berth_host *h, const char *expected)
{
	bool same = h->calls.len == strlen(expected) &&
		    !memcmp(h->calls.data, expected, h->calls.len);

	if (!same)
		printf("\n--- expected\n%s--- got\n%.*s---\n", expected,
		       (int)h->calls.len, h->calls.data);
	buf_clear(&h->calls);
	return same;
}

size_t fake_count(struct berth_host *h, const char *text, bool forget)
{
	const char *at = h->calls.len ? h->calls.data : "";
	size_t n = 0;

	for (at = strstr(at, text); at; at = strstr(at + 1, text))
		n++;
	if (forget)
		buf_clear(&h->calls);
	return n;
}

void fake_forget(struct berth_host *h)
{
	buf_clear(&h->calls);
}

void *fake_create(struct berth_host *h, const struct berth_plugin *p)
{
	struct berth_setup setup = BERTH_INIT(setup);
	struct berth_error err;

	setup.host = h;
	setup.ops = &fake_ops;
	setup.name = p->name;
	setup.role = "r";
	return p->create(&setup, &err);
}

void fake_wait(struct berth_host *h, unsigned ms)
{
	struct berth_timer *t = h->timer;

	h->now_ms += ms;
	if (!t || t->at_ms == 0 || t->at_ms > h->now_ms)
		return;
	t->at_ms = 0;
	t->cb(t->arg);
}

void fake_settle(void *self, const struct berth_plugin *p)
{
	if (p->settle)
		p->settle(self);
}

void fake_job(void *self, const struct berth_plugin *p, uint64_t id,
	      unsigned cores, const char *options)
{
	static const char *const argv[] = { "true" };
	struct berth_request request = BERTH_INIT(request);
	struct berth_constraints constraints = BERTH_INIT(constraints);
	struct berth_preferences prefer = BERTH_INIT(prefer);
	struct berth_job job = BERTH_INIT(job);

	request.cores = cores;
	request.gpu_vendor = "";
	constraints.fit = "";
	job.id = id;
	job.name = "job";
	job.role = "r";
	job.user = "u";
	job.argv = argv;
	job.n_argv = 1;
	job.cwd = "/";
	job.request = &request;
	job.constraints = &constraints;
	job.prefer = &prefer;
	job.options = options;
	p->job(self, &job);
	fake_settle(self, p);
}

void fake_offer(void *self, const struct berth_plugin *p, uint64_t offer,
		const char *demand, uint64_t first, size_t n, unsigned units)
{
	struct berth_slice *slices = mem_array(n, sizeof(*slices));
	const struct berth_slice **list = mem_array(n, sizeof(*list));
	char(*nodes)[16] = mem_array(n, sizeof(*nodes));
	struct berth_offer o = BERTH_INIT(o);

	for (size_t i = 0; i < n; i++) {
		snprintf(nodes[i], sizeof(nodes[i]), "n%" PRIu64, first + i);
		slices[i].size = sizeof(slices[i]);
		slices[i].id = first + i;
		slices[i].node = nodes[i];
		slices[i].units = units;
		list[i] = &slices[i];
	}
	o.id = offer;
	o.demand = demand;
	o.slices = list;
	o.n_slices = n;
	p->offer(self, &o);
	fake_settle(self, p);
	free(nodes);
	free(list);
	free(slices);
}

void fake_end_array(void *self, const struct berth_plugin *p, uint64_t job,
		    unsigned index, int64_t array_index,
		    enum berth_task_end end, int code, int64_t ms)
{
	struct berth_task t = BERTH_INIT(t);

	t.job = job;
	t.index = index;
	t.array_index = array_index;
	t.node = "n1";
	t.state = BERTH_TASK_ENDED;
	t.end = end;
	t.exit_code = end == BERTH_END_SIGNALED ? 0 : code;
	t.signal = end == BERTH_END_SIGNALED ? code : 0;
	t.rank = end == BERTH_END_EXITED && !code ? -1 : 3;
	t.text = "";
	t.started_at = 5000;
	t.ended_at = 5000 + ms;
	p->task(self, &t);
	fake_settle(self, p);
}

void fake_end(void *self, const struct berth_plugin *p, uint64_t job,
	      unsigned index, enum berth_task_end end, int code)
{
	fake_end_array(self, p, job, index, -1, end, code, 1000);
}

void fake_refuse(void *self, const struct berth_plugin *p,
		 const struct berth_refusal *r)
{
	p->error(self, r);
	fake_settle(self, p);
}

/*
 * once.c - a whole framework: each job is one task in one slice.
 *
 *   cc -shared -fPIC $(pkg-config --cflags berth) -o once.so once.c
 *   BERTH_PLUGIN_PATH=. berth-framework once     # with BERTH_URI, BERTH_TOKEN
 *   berth submit once -- hostname
 */
#include <berth/plugin.h>

#include <stdio.h>
#include <stdlib.h>

struct job {
	struct job *next;
	uint64_t id, slice; /* slice 0: it waits for one */
	char demand[24];
	bool cancelled;
};

struct once {
	struct berth_host *host;
	const struct berth_host_ops *ops;
	struct job *jobs;
};

static struct job *find(struct once *o, uint64_t id)
{
	struct job *j = o->jobs;

	while (j && j->id != id)
		j = j->next;
	return j;
}

static void finish(struct once *o, struct job *job, enum berth_outcome outcome,
		   int exit_code, const char *text)
{
	struct berth_job_end end = BERTH_INIT(end);
	struct job **at = &o->jobs;

	end.outcome = outcome;
	end.exit_code = exit_code;
	end.text = text;
	o->ops->job_ended(o->host, job->id, &end, NULL);
	if (job->slice)
		o->ops->release(o->host, &job->slice, 1, NULL);
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	free(job);
}

static struct job *add(struct once *o, const struct berth_job *from)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		abort(); /* the host is started again and told how things are */
	j->id = from->id;
	snprintf(j->demand, sizeof(j->demand), "%llu",
		 (unsigned long long)j->id);
	j->next = o->jobs;
	o->jobs = j;
	return j;
}

static void want(struct once *o, struct job *j, const struct berth_job *from)
{
	struct berth_demand d = BERTH_INIT(d);

	d.id = j->demand;
	d.count = 1;
	d.request = from->request;
	d.constraints = from->constraints;
	d.prefer = from->prefer;
	o->ops->demand(o->host, &d, NULL);
}

static void on_job(void *self, const struct berth_job *from)
{
	want(self, add(self, from), from);
}

static void on_offer(void *self, const struct berth_offer *offer)
{
	struct once *o = self;
	struct job *j = find(o, strtoull(offer->demand, NULL, 10));
	struct berth_launch_task task = BERTH_INIT(task);
	const struct berth_launch_task *tasks[] = { &task };
	struct berth_launch launch = BERTH_INIT(launch);

	if (!j || j->slice) {
		o->ops->decline(o->host, offer->id, 0, NULL, 0, NULL);
		return;
	}
	j->slice = offer->slices[0]->id;
	task.slice = j->slice;
	task.array_index = BERTH_NO_INDEX;
	launch.job = j->id;
	launch.tasks = tasks;
	launch.n_tasks = 1;
	o->ops->accept(o->host, offer->id, &j->slice, 1, NULL);
	o->ops->launch(o->host, &launch, NULL);
	o->ops->job_running(o->host, j->id, NULL);
}

static void on_task(void *self, const struct berth_task *t)
{
	struct job *j = find(self, t->job);

	if (!j || t->state != BERTH_TASK_ENDED)
		return;
	if (j->cancelled)
		finish(self, j, BERTH_CANCELLED, 130, "cancelled");
	else if (t->end == BERTH_END_EXITED && t->exit_code == 0)
		finish(self, j, BERTH_DONE, 0, "");
	else if (t->end == BERTH_END_EXITED)
		finish(self, j, BERTH_FAILED, t->exit_code, t->text);
	else
		finish(self, j, BERTH_FAILED, 128 + t->signal, t->text);
}

static void on_cancel(void *self, uint64_t id)
{
	struct once *o = self;
	struct job *j = find(o, id);

	if (!j)
		return;
	j->cancelled = true;
	if (j->slice) {
		o->ops->kill(o->host, id, -1, 0, 0, NULL);
		return;
	}
	o->ops->withdraw(o->host, j->demand, NULL);
	finish(o, j, BERTH_CANCELLED, 130, "cancelled");
}

/* An impossible demand, or a slice that went away before it was accepted. */
static void on_error(void *self, const struct berth_refusal *r)
{
	struct job *j = find(self, r->call == BERTH_CALL_DEMAND ?
					   strtoull(r->demand, NULL, 10) :
					   r->job);

	if (j && (r->call == BERTH_CALL_DEMAND || r->call == BERTH_CALL_LAUNCH))
		finish(self, j, BERTH_FAILED, 2, r->text);
}

static void on_state(void *self, const struct berth_state *s)
{
	struct once *o = self;
	struct job *j;

	for (; o->jobs; o->jobs = j) {
		j = o->jobs->next;
		free(o->jobs);
	}
	for (size_t i = 0; i < s->n_jobs; i++)
		add(o, s->jobs[i]);
	for (size_t i = 0; i < s->n_tasks; i++) {
		j = find(o, s->tasks[i]->job);
		if (j)
			j->slice = s->tasks[i]->slice;
		on_task(o, s->tasks[i]); /* it may have ended meanwhile */
	}
	for (size_t i = 0; i < s->n_jobs; i++) {
		j = find(o, s->jobs[i]->id);
		if (j && !j->slice)
			want(o, j, s->jobs[i]);
	}
}

static void *create(const struct berth_setup *setup, struct berth_error *err)
{
	struct once *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->host = setup->host;
	o->ops = setup->ops;
	return o;
}

static void destroy(void *self)
{
	struct once *o = self;
	struct job *j;

	for (; o->jobs; o->jobs = j) {
		j = o->jobs->next;
		free(o->jobs);
	}
	free(o);
}

const struct berth_plugin berth_plugin = {
	.abi = BERTH_PLUGIN_ABI,
	.size = sizeof(berth_plugin),
	.name = "once",
	.create = create,
	.destroy = destroy,
	.state = on_state,
	.job = on_job,
	.cancel = on_cancel,
	.offer = on_offer,
	.task = on_task,
	.error = on_error,
};

/* hang.c - a framework whose callback never returns: it states a demand for
 * each job and hangs in its first offer. */
#include <berth/plugin.h>

#include <unistd.h>

static const struct berth_host_ops *ops;
static struct berth_host *host;

static void want(const struct berth_job *job)
{
	struct berth_demand d = BERTH_INIT(d);

	d.id = "all";
	d.count = 1;
	d.request = job->request;
	ops->demand(host, &d, NULL);
}

static void on_state(void *self, const struct berth_state *s)
{
	if (s->n_jobs > 0)
		want(s->jobs[0]);
}

static void on_job(void *self, const struct berth_job *job)
{
	want(job);
}

static void on_offer(void *self, const struct berth_offer *offer)
{
	for (;;)
		pause();
}

static void on_cancel(void *self, uint64_t job)
{
}

static void *create(const struct berth_setup *setup, struct berth_error *err)
{
	ops = setup->ops;
	host = setup->host;
	return &host;
}

static void destroy(void *self)
{
}

const struct berth_plugin berth_plugin = {
	.abi = BERTH_PLUGIN_ABI,
	.size = sizeof(berth_plugin),
	.name = "hang",
	.create = create,
	.destroy = destroy,
	.state = on_state,
	.job = on_job,
	.cancel = on_cancel,
	.offer = on_offer,
};

/* flood.c - a framework that calls as often as it is let, mostly nonsense, and
 * lets all of its offers run out. */
#include <berth/plugin.h>

#include <stdio.h>

enum { AT_ONCE = 5000 };

static const struct berth_host_ops *ops;
static struct berth_host *host;
static struct berth_timer *timer;

static void on_timer(void *arg)
{
	struct berth_request unit = BERTH_INIT(unit);
	struct berth_demand d = BERTH_INIT(d);
	char id[16];
	int rc = 0;

	unit.cores = 1;
	d.request = &unit;
	d.id = id;
	for (int i = 0; i < AT_ONCE && rc == 0; i++) {
		uint64_t none = (uint64_t)i + 1;

		snprintf(id, sizeof(id), "d%d", i % 100);
		d.count = 1000 + (unsigned)i;
		rc = i % 10 > 0 ? ops->demand(host, &d, NULL)
				: ops->release(host, &none, 1, NULL);
	}
	ops->timer_start(timer, 1);
}

static void on_state(void *self, const struct berth_state *s)
{
	if (timer == NULL)
		timer = ops->timer_create(host, on_timer, NULL);
	ops->timer_start(timer, 1);
}

static void on_job(void *self, const struct berth_job *job)
{
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
	.name = "flood",
	.create = create,
	.destroy = destroy,
	.state = on_state,
	.job = on_job,
	.cancel = on_cancel,
};

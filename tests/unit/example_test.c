/* example_test.c - the example plugin does what its guide says. */
#include <string.h>

#include "fake_host.h"
#include "unit.h"

extern const struct berth_plugin berth_plugin;

static struct berth_host h;
static void *self;

static void begin(void)
{
	fake_init(&h);
	self = fake_create(&h, &berth_plugin);
}

static void end(void)
{
	berth_plugin.destroy(self);
	fake_finish(&h);
}

static void a_job(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 2, "{}");
	CU_ASSERT(fake_calls(&h, "demand 1 1 cores=2\n"));
	fake_offer(self, &berth_plugin, 5, "1", 9, 1, 1);
	CU_ASSERT(fake_calls(&h, "accept 5: 9\nlaunch 1 0@9\nrunning 1\n"));
	fake_offer(self, &berth_plugin, 6, "1", 8, 1, 1);
	CU_ASSERT(fake_calls(&h, "decline 6 0\n"));
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\nrelease 9\n"));
	end();
}

static void cancel(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{}");
	fake_job(self, &berth_plugin, 2, 1, "{}");
	fake_offer(self, &berth_plugin, 5, "2", 9, 1, 1);
	fake_forget(&h);
	berth_plugin.cancel(self, 1);
	CU_ASSERT(fake_calls(&h, "withdraw 1\n"
				 "ended 1 cancelled 130 \"cancelled\"\n"));
	berth_plugin.cancel(self, 2);
	CU_ASSERT(fake_calls(&h, "kill 2\n"));
	fake_end(self, &berth_plugin, 2, 0, BERTH_END_KILLED, 0);
	CU_ASSERT(fake_calls(&h, "ended 2 cancelled 130 \"cancelled\"\n"
				 "release 9\n"));
	end();
}

static const struct unit_test tests[] = {
	{ "a job", a_job },
	{ "cancel", cancel },
};

UNIT_MAIN("example", tests)

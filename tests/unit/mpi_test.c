/* mpi_test.c - the mpi plugin: options, where ranks go, a job's life. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "plugins/common/keep.h"
#include "plugins/mpi/map.h"
#include "plugins/mpi/options.h"
#include "unit.h"

extern const struct berth_plugin berth_plugin;

/* ---- options ---- */

static void bad_options(void)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{ "[]", "options: not an object" },
		{ "{\"ranks\": 0}", "option ranks: not a number" },
		{ "{\"ranks\": -1}", "option ranks: not a number" },
		{ "{\"ranks\": \"4\"}", "option ranks: not a number" },
		{ "{\"ranks\": 99999999}", "option ranks: not a number" },
		{ "{\"rank\": 4}", "option rank: unknown; known are ranks," },
		{ "{\"map_by\": \"board\"}", "option map_by: \"board\" is none" },
		{ "{\"map_by\": 3}", "option map_by: not a string" },
		{ "{\"bind_to\": \"x\"}", "option bind_to: \"x\" is none of" },
		{ "{\"oversubscribe\": 1}", "option oversubscribe: not true" },
		{ "{\"tag_output\": \"y\"}", "option tag_output: not true" },
		{ "{\"ranks_per_node\": 1.5}", "option ranks_per_node: not a" },
		{ "{\"apps\": {}}", "option apps: not a list" },
		{ "{\"apps\": [1]}", "option apps[0]: not an object" },
		{ "{\"apps\": [{}]}", "option apps[0]: no argv" },
		{ "{\"apps\": [{\"argv\": []}]}", "option apps[0].argv" },
		{ "{\"apps\": [{\"argv\": [1]}]}", "option apps[0].argv[0]" },
		{ "{\"apps\": [{\"argv\": [\"a\"], \"np\": 1}]}",
		  "option apps[0].np: unknown" },
		{ "{\"apps\": [{\"argv\": [\"a\"], \"env\": {\"A=B\": \"\"}}]}",
		  "option apps[0].env.A=B" },
		{ "{\"apps\": [{\"argv\": [\"a\"], \"ranks\": 0}]}",
		  "option apps[0].ranks: not a number" },
		{ "{\"ranks\": 3, \"apps\": [{\"argv\": [\"a\"]}]}",
		  "option ranks: 3, but apps have 1" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mpi_options o;
		struct berth_error err = { 0 };

		CU_ASSERT_EQUAL(mpi_options_read(&o, cases[i].json, &err), -1);
		if (strncmp(err.text, cases[i].text, strlen(cases[i].text)))
			printf("\n%s: %s\n", cases[i].json, err.text);
		CU_ASSERT(!strncmp(err.text, cases[i].text,
				   strlen(cases[i].text)));
	}
}

static void good_options(void)
{
	struct mpi_options o;
	struct berth_error err;

	CU_ASSERT_EQUAL(mpi_options_read(&o, "{}", &err), 0);
	CU_ASSERT_EQUAL(o.ranks, 1);
	CU_ASSERT_STRING_EQUAL(o.bind_to, "core");
	mpi_options_finish(&o);
	CU_ASSERT_EQUAL(mpi_options_read(&o, "{\"ranks_per_node\": 3}", &err),
			0);
	CU_ASSERT_EQUAL(o.ranks, 3);
	mpi_options_finish(&o);
	CU_ASSERT_EQUAL(
		mpi_options_read(&o,
				 "{\"apps\": [{\"argv\": [\"a\", \"b\"], "
				 "\"ranks\": 2, \"cwd\": \"/x\", \"env\": "
				 "{\"K\": \"v\"}}, {\"argv\": [\"c\"]}], "
				 "\"map_by\": \"numa\", \"bind_to\": \"l3\"}",
				 &err),
		0);
	CU_ASSERT_EQUAL(o.ranks, 3);
	CU_ASSERT_EQUAL(o.n_apps, 2);
	CU_ASSERT_STRING_EQUAL(o.apps[0].env[0], "K=v");
	CU_ASSERT_PTR_NULL(o.apps[1].env);
	CU_ASSERT_STRING_EQUAL(mpi_map_name(o.map_by), "numa");
	CU_ASSERT_STRING_EQUAL(o.bind_to, "l3");
	mpi_options_finish(&o);
}

/* ---- the map ---- */

/* units: "2 1 3", nodes a, b, …; "A" in front of a number: the node before
 * again.  Gives "0,1|2|3,4,5", or "-". */
static void map_text(const char *units, unsigned ranks, unsigned per_node,
		     enum map_by by, bool over, char *out)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct map_place p[5] = { 0 };
	size_t n = 0, node = 0;

	while (*units) {
		if (*units == 'A') {
			units++;
			node--;
		}
		p[n].node = names[node++];
		p[n++].units = (unsigned)strtoul(units, (char **)&units, 10);
		units += *units == ' ';
	}
	*out = '\0';
	if (!map_ranks(p, n, ranks, per_node, by, over)) {
		strcpy(out, "-");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			strcat(out, "|");
		for (unsigned k = 0; k < p[i].n_ranks; k++)
			sprintf(out + strlen(out), "%s%u", k ? "," : "",
				p[i].ranks[k]);
	}
	map_finish(p, n);
}

static void maps(void)
{
	static const struct {
		const char *units;
		unsigned ranks, per_node;
		enum map_by by;
		bool over;
		const char *map;
	} cases[] = {
		{ "4", 4, 0, MAP_CORE, false, "0,1,2,3" },
		{ "2 2", 4, 0, MAP_CORE, false, "0,1|2,3" },
		{ "2 2", 4, 0, MAP_NUMA, false, "0,1|2,3" },
		{ "2 2", 4, 0, MAP_NODE, false, "0,2|1,3" },
		{ "3 1 2", 6, 0, MAP_NODE, false, "0,3,5|1|2,4" },
		{ "3 1 2", 5, 0, MAP_CORE, false, "0,1,2|3|4" },
		{ "4 4", 3, 0, MAP_CORE, false, "0,1,2|" },
		{ "4 4", 3, 2, MAP_CORE, false, "0,1|2" },
		{ "4 4", 5, 2, MAP_CORE, false, "-" },
		{ "1 A1 2", 3, 2, MAP_CORE, false, "0|1|2" },
		{ "1 A1 2", 3, 1, MAP_CORE, false, "-" },
		{ "1 A1 2", 2, 1, MAP_CORE, false, "0||1" },
		{ "2", 3, 0, MAP_CORE, false, "-" },
		{ "", 1, 0, MAP_CORE, false, "-" },
		{ "0 0", 1, 0, MAP_CORE, true, "-" },
		{ "1 1", 4, 0, MAP_CORE, true, "0,1|2,3" },
		{ "1 2", 6, 0, MAP_CORE, true, "0,1|2,3,4,5" },
		{ "1 2", 7, 0, MAP_NODE, true, "0,2|1,3,4,5,6" },
		{ "4 4", 2, 0, MAP_CORE, true, "0,1|" },
	};
	char got[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		map_text(cases[i].units, cases[i].ranks, cases[i].per_node,
			 cases[i].by, cases[i].over, got);
		if (strcmp(got, cases[i].map))
			printf("\ncase %zu: %s, not %s\n", i, got,
			       cases[i].map);
		CU_ASSERT_STRING_EQUAL(got, cases[i].map);
	}
}

/* ---- a job's life ---- */

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

static void done(void)
{
	begin();
	fake_job(self, &berth_plugin, 12, 2, "{\"ranks\": 4}");
	CU_ASSERT(fake_calls(&h, "demand 12 4 gang cores=2\n"));
	fake_offer(self, &berth_plugin, 7, "12", 1, 2, 2);
	CU_ASSERT(fake_calls(&h, "accept 7: 1 2\n"
				 "launch 12 pmix 0@1:0,1 1@2:2,3\n"
				 "running 12\n"));
	fake_end(self, &berth_plugin, 12, 1, BERTH_END_EXITED, 0);
	fake_end(self, &berth_plugin, 12, 1, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, ""));
	fake_end(self, &berth_plugin, 12, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 12 done 0 \"\"\n"
				 "release 1\nrelease 2\n"));
	end();
}

static void by_node(void)
{
	begin();
	fake_job(self, &berth_plugin, 3, 1,
		 "{\"ranks\": 5, \"ranks_per_node\": 2, \"map_by\": \"node\", "
		 "\"bind_to\": \"none\"}");
	CU_ASSERT(fake_calls(&h, "demand 3 6 gang per_node=2 spread\n"));
	fake_offer(self, &berth_plugin, 1, "3", 1, 3, 2);
	CU_ASSERT(fake_calls(&h, "accept 1: 1 2 3\n"
				 "launch 3 pmix 0@1:0,3 1@2:1,4 2@3:2 "
				 "bind=none\n"
				 "running 3\n"));
	end();
}

static void unused_slices(void)
{
	begin();
	fake_job(self, &berth_plugin, 3, 1, "{\"ranks\": 2}");
	fake_forget(&h);
	fake_offer(self, &berth_plugin, 1, "3", 1, 3, 1);
	CU_ASSERT(fake_calls(&h, "accept 1: 1 2\n"
				 "launch 3 pmix 0@1:0 1@2:1\n"
				 "running 3\n"));
	/* Too small an offer is declined, the job waits on. */
	fake_job(self, &berth_plugin, 4, 1, "{\"ranks\": 2}");
	fake_forget(&h);
	fake_offer(self, &berth_plugin, 2, "4", 9, 1, 1);
	CU_ASSERT(fake_calls(&h, "decline 2 1000\n"));
	/* One for a job that is gone as well. */
	fake_offer(self, &berth_plugin, 3, "77", 9, 1, 1);
	CU_ASSERT(fake_calls(&h, "decline 3 0\nwithdraw 77\n"));
	end();
}

static void failures(void)
{
	static const struct {
		enum berth_task_end end;
		int code;
		const char *ended;
	} cases[] = {
		{ BERTH_END_EXITED, 7,
		  "failed 7 \"rank 3 on n1 exited with code 7\"" },
		{ BERTH_END_SIGNALED, 11,
		  "failed 139 \"rank 3 on n1 was killed by signal 11 "
		  "(Segmentation fault)\"" },
		{ BERTH_END_ABORTED, 5,
		  "failed 5 \"rank 3 on n1 called MPI_Abort with code 5\"" },
		{ BERTH_END_ABORTED, 0,
		  "failed 1 \"rank 3 on n1 called MPI_Abort with code 0\"" },
		{ BERTH_END_NO_FINALIZE, 0,
		  "failed 1 \"rank 3 on n1 left without MPI_Finalize\"" },
		{ BERTH_END_WALLTIME, 0,
		  "timeout 124 \"rank 3 on n1 ran out of walltime\"" },
		{ BERTH_END_FAILED_START, 0,
		  "failed 127 \"rank 3 did not start on n1: no reason given\"" },
		{ BERTH_END_LOST, 0, "lost 1 \"rank 3 on n1 was lost\"" },
	};
	char expected[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		fake_job(self, &berth_plugin, 12, 1, "{\"ranks\": 4}");
		fake_offer(self, &berth_plugin, 7, "12", 1, 2, 2);
		fake_forget(&h);
		fake_end(self, &berth_plugin, 12, 0, cases[i].end,
			 cases[i].code);
		CU_ASSERT(fake_calls(&h, "kill 12\n"));
		fake_end(self, &berth_plugin, 12, 1, BERTH_END_KILLED, 0);
		snprintf(expected, sizeof(expected),
			 "ended 12 %s\nrelease 1\nrelease 2\n", cases[i].ended);
		CU_ASSERT(fake_calls(&h, expected));
		end();
	}
}

/* With ft a job goes on without the tasks whose ranks die. */
static void outlived(void)
{
	begin();
	fake_job(self, &berth_plugin, 12, 1, "{\"ranks\": 4, \"ft\": true}");
	fake_offer(self, &berth_plugin, 7, "12", 1, 2, 2);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 12, 0, BERTH_END_SIGNALED, 9);
	CU_ASSERT(fake_calls(&h, "release 1\n"));
	fake_end(self, &berth_plugin, 12, 1, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 12 done 0 \"went on without others: "
				 "rank 3 on n1 was killed by signal 9 "
				 "(Killed)\"\nrelease 2\n"));
	end();

	/* Nobody is left. */
	begin();
	fake_job(self, &berth_plugin, 12, 1, "{\"ranks\": 4, \"ft\": true}");
	fake_offer(self, &berth_plugin, 7, "12", 1, 2, 2);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 12, 1, BERTH_END_LOST, 0);
	fake_end(self, &berth_plugin, 12, 0, BERTH_END_SIGNALED, 9);
	CU_ASSERT(fake_calls(&h, "release 2\n"
				 "ended 12 lost 1 \"rank 3 on n1 was lost\"\n"
				 "release 1\n"));
	end();

	/* An abort is meant for all. */
	begin();
	fake_job(self, &berth_plugin, 12, 1, "{\"ranks\": 4, \"ft\": true}");
	fake_offer(self, &berth_plugin, 7, "12", 1, 2, 2);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 12, 1, BERTH_END_ABORTED, 4);
	CU_ASSERT(fake_calls(&h, "kill 12\n"));
	end();
}

static void cancel(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{}");
	fake_forget(&h);
	berth_plugin.cancel(self, 1);
	CU_ASSERT(fake_calls(&h, "withdraw 1\n"
				 "ended 1 cancelled 130 \"cancelled\"\n"));
	berth_plugin.cancel(self, 1);
	CU_ASSERT(fake_calls(&h, ""));
	fake_job(self, &berth_plugin, 2, 1, "{}");
	fake_offer(self, &berth_plugin, 7, "2", 1, 1, 1);
	fake_forget(&h);
	berth_plugin.cancel(self, 2);
	berth_plugin.cancel(self, 2);
	CU_ASSERT(fake_calls(&h, "kill 2\n"));
	fake_end(self, &berth_plugin, 2, 0, BERTH_END_KILLED, 0);
	CU_ASSERT(fake_calls(&h, "ended 2 cancelled 130 \"cancelled\"\n"
				 "release 1\n"));
	end();
}

static void kept_slices(void)
{
	begin();
	for (uint64_t id = 1; id <= 3; id++)
		fake_job(self, &berth_plugin, id, 1, "{\"ranks\": 2}");
	fake_job(self, &berth_plugin, 4, 1, "{\"ranks\": 3}");
	fake_offer(self, &berth_plugin, 7, "1", 1, 1, 2);
	fake_forget(&h);
	/* The next one is alike: no new offer is needed. */
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\n"
				 "launch 2 pmix 0@1:0,1\n"
				 "withdraw 2\nrunning 2\n"));
	/* The time in a row is over: others' turn. */
	h.now_ms += 60000;
	fake_end(self, &berth_plugin, 2, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 2 done 0 \"\"\nrelease 1\n"));
	fake_offer(self, &berth_plugin, 8, "3", 2, 1, 2);
	fake_forget(&h);
	/* The next one is not alike. */
	fake_end(self, &berth_plugin, 3, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 3 done 0 \"\"\nrelease 2\n"));
	end();
}

/* One of its slices is taken, and another rank notices it first. */
static void revoked_in_turn(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"ranks\": 2}");
	fake_offer(self, &berth_plugin, 7, "1", 1, 2, 1);
	fake_forget(&h);
	berth_plugin.revoke(self, 2, 5000);
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_ABORTED, 1);
	CU_ASSERT(fake_calls(&h, "kill 1\n"));
	fake_end(self, &berth_plugin, 1, 1, BERTH_END_REVOKED, 0);
	CU_ASSERT(fake_calls(&h, "release 1\nrelease 2\n"
				 "demand 1 2 gang\n"));
	/* Without a notice that is a failure. */
	fake_offer(self, &berth_plugin, 8, "1", 3, 2, 1);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 1, 2, BERTH_END_ABORTED, 1);
	fake_end(self, &berth_plugin, 1, 3, BERTH_END_KILLED, 0);
	CU_ASSERT_EQUAL(fake_count(&h, "ended 1 failed 1", true), 1);
	end();
}

static void revoked(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"ranks\": 2}");
	fake_offer(self, &berth_plugin, 7, "1", 1, 2, 1);
	fake_forget(&h);
	berth_plugin.revoke(self, 2, 5000);
	fake_end(self, &berth_plugin, 1, 1, BERTH_END_REVOKED, 0);
	CU_ASSERT(fake_calls(&h, "kill 1\n"));
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_KILLED, 0);
	CU_ASSERT(fake_calls(&h, "release 1\nrelease 2\n"
				 "demand 1 2 gang\n"));
	/* It runs again, with task numbers that were not used before. */
	fake_offer(self, &berth_plugin, 8, "1", 3, 1, 2);
	CU_ASSERT(fake_calls(&h, "accept 8: 3\nlaunch 1 pmix 2@3:0,1\n"
				 "running 1\n"));
	fake_end(self, &berth_plugin, 1, 2, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\nrelease 3\n"));
	end();
}

static void offer_revocable(uint64_t offer, uint64_t slice)
{
	struct berth_slice s = BERTH_INIT(s);
	const struct berth_slice *list = &s;
	struct berth_offer o = BERTH_INIT(o);

	s.id = slice;
	s.node = "n1";
	s.units = 2;
	s.revocable = true;
	o.id = offer;
	o.demand = "1";
	o.slices = &list;
	o.n_slices = 1;
	berth_plugin.offer(self, &o);
}

/* What it lost it waits, before it takes what may be taken again. */
static void revoked_often(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"ranks\": 2}");
	offer_revocable(7, 1);
	fake_wait(&h, 3000);
	berth_plugin.revoke(self, 1, 5000);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_REVOKED, 0);
	CU_ASSERT(fake_calls(&h, "release 1\ndemand 1 2 gang firm\n"));
	fake_wait(&h, 2999);
	CU_ASSERT(fake_calls(&h, ""));
	fake_wait(&h, 1);
	CU_ASSERT(fake_calls(&h, "demand 1 2 gang\n"));
	/* And so long as both times, after the second. */
	offer_revocable(8, 2);
	fake_wait(&h, 500);
	berth_plugin.revoke(self, 2, 5000);
	fake_end(self, &berth_plugin, 1, 1, BERTH_END_REVOKED, 0);
	fake_forget(&h);
	fake_wait(&h, 3499);
	CU_ASSERT(fake_calls(&h, ""));
	/* Firm slices it takes at once. */
	fake_offer(self, &berth_plugin, 9, "1", 3, 1, 2);
	fake_forget(&h);
	fake_wait(&h, 1);
	CU_ASSERT(fake_calls(&h, ""));
	fake_end(self, &berth_plugin, 1, 2, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\nrelease 3\n"));
	end();
}

static void lost_node(void)
{
	static const uint64_t slices[] = { 2 };

	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"ranks\": 2}");
	fake_offer(self, &berth_plugin, 7, "1", 1, 2, 1);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 1, 1, BERTH_END_LOST, 0);
	berth_plugin.lost(self, slices, 1, "n2");
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_KILLED, 0);
	CU_ASSERT(fake_calls(&h,
			     "kill 1\n"
			     "ended 1 lost 1 \"rank 3 on n1 was lost\"\n"
			     "release 1\n"));
	end();
}

static void refused_calls(void)
{
	static const uint64_t slices[] = { 1, 2 };
	static const unsigned tasks[] = { 0, 1 }, later[] = { 2, 3 };
	struct berth_refusal accept = BERTH_INIT(accept);
	struct berth_refusal launch = BERTH_INIT(launch);
	struct berth_refusal demand = BERTH_INIT(demand);

	accept.call = BERTH_CALL_ACCEPT;
	accept.offer = 7;
	accept.slices = slices;
	accept.n_slices = 2;
	accept.text = "offer 7 has expired";
	launch.call = BERTH_CALL_LAUNCH;
	launch.job = 1;
	launch.tasks = tasks;
	launch.n_tasks = 2;
	launch.text = "slice 1 is not yours";
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"ranks\": 2}");
	fake_offer(self, &berth_plugin, 7, "1", 1, 2, 1);
	fake_forget(&h);
	fake_refuse(self, &berth_plugin, &accept);
	CU_ASSERT(fake_calls(&h, "demand 1 2 gang\n"));
	fake_refuse(self, &berth_plugin, &launch);
	CU_ASSERT(fake_calls(&h, ""));
	/* Launches alone, too often: it is the job's fault. */
	for (unsigned i = 0; i < 3; i++) {
		unsigned at[] = { later[0] + 2 * i, later[1] + 2 * i };

		fake_offer(self, &berth_plugin, 8 + i, "1", 1, 2, 1);
		fake_forget(&h);
		launch.tasks = at;
		fake_refuse(self, &berth_plugin, &launch);
	}
	CU_ASSERT(fake_calls(&h, "ended 1 failed 2 \"slice 1 is not yours\"\n"
				 "release 1\nrelease 2\n"));
	fake_job(self, &berth_plugin, 5, 100, "{}");
	fake_forget(&h);
	demand.call = BERTH_CALL_DEMAND;
	demand.demand = "5";
	demand.text = "no node has 100 cores";
	fake_refuse(self, &berth_plugin, &demand);
	CU_ASSERT(fake_calls(&h,
			     "ended 5 failed 2 \"no node has 100 cores\"\n"));
	end();
}

static void refused_options(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"rank\": 2}");
	CU_ASSERT_EQUAL(fake_count(&h, "ended 1 failed 2 \"option rank:", true),
			1);
	h.refuse = true;
	fake_job(self, &berth_plugin, 2, 1, "{}");
	CU_ASSERT(fake_calls(&h, "ended 2 failed 2 \"demand: refused at "
				 "once\"\n"));
	end();
}

static void oversubscribed(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1,
		 "{\"ranks\": 6, \"oversubscribe\": true}");
	CU_ASSERT(fake_calls(&h, "demand 1 1-6 gang\n"));
	fake_offer(self, &berth_plugin, 7, "1", 1, 2, 1);
	CU_ASSERT(fake_calls(&h, "accept 7: 1 2\n"
				 "launch 1 pmix 0@1:0,1,2 1@2:3,4,5\n"
				 "withdraw 1\nrunning 1\n"));
	end();
}

/* ---- failover ---- */

struct known {
	struct berth_job job[4];
	struct berth_task task[6];
	struct berth_slice slice[4];
	const struct berth_job *jobs[4];
	const struct berth_task *tasks[6];
	const struct berth_slice *slices[4];
	struct berth_request request;
	struct berth_constraints constraints;
	struct berth_preferences prefer;
	struct berth_state state;
};

static void know_job(struct known *k, uint64_t id, const char *options)
{
	struct berth_job *j = &k->job[k->state.n_jobs];

	k->request.size = sizeof(k->request);
	k->constraints.size = sizeof(k->constraints);
	k->prefer.size = sizeof(k->prefer);
	k->state.size = sizeof(k->state);
	k->state.jobs = k->jobs;
	k->state.tasks = k->tasks;
	k->state.slices = k->slices;
	j->size = sizeof(*j);
	j->id = id;
	j->name = j->role = j->user = j->cwd = "";
	j->request = &k->request;
	j->constraints = &k->constraints;
	j->prefer = &k->prefer;
	j->options = options;
	k->jobs[k->state.n_jobs++] = j;
}

static void know_task(struct known *k, uint64_t job, unsigned index,
		      uint64_t slice, enum berth_task_end end,
		      const unsigned *ranks, size_t n)
{
	struct berth_task *t = &k->task[k->state.n_tasks];

	t->size = sizeof(*t);
	t->job = job;
	t->index = index;
	t->slice = slice;
	t->node = "n1";
	t->text = "";
	t->state = end ? BERTH_TASK_ENDED : BERTH_TASK_RUNNING;
	t->end = end;
	t->rank = -1;
	t->ranks = ranks;
	t->n_ranks = n;
	k->tasks[k->state.n_tasks++] = t;
}

static void know_slice(struct known *k, uint64_t id,
		       enum berth_slice_state state, uint64_t job)
{
	struct berth_slice *s = &k->slice[k->state.n_slices];

	s->size = sizeof(*s);
	s->id = id;
	s->node = "n1";
	s->units = 2;
	s->state = state;
	s->job = job;
	k->slices[k->state.n_slices++] = s;
}

static void failover(void)
{
	static const unsigned r01[] = { 0, 1 }, r23[] = { 2, 3 };
	struct known k = { 0 };

	begin();
	/* 1 runs on, after an attempt that was revoked; one task is over.
	 * 2 ended while nobody looked.  3 waits.  Slice 9 is nobody's. */
	know_job(&k, 1, "{\"ranks\": 4}");
	know_job(&k, 2, "{\"ranks\": 2}");
	know_job(&k, 3, "{\"ranks\": 2}");
	know_task(&k, 1, 0, 4, BERTH_END_REVOKED, r01, 2);
	know_task(&k, 1, 1, 5, BERTH_END_KILLED, r23, 2);
	know_task(&k, 1, 2, 1, BERTH_END_EXITED, r01, 2);
	know_task(&k, 1, 3, 2, BERTH_END_NONE, r23, 2);
	know_task(&k, 2, 0, 3, BERTH_END_EXITED, r01, 2);
	know_slice(&k, 1, BERTH_SLICE_HELD, 1);
	know_slice(&k, 2, BERTH_SLICE_BUSY, 1);
	know_slice(&k, 3, BERTH_SLICE_HELD, 2);
	know_slice(&k, 9, BERTH_SLICE_HELD, 77);
	berth_plugin.state(self, &k.state);
	CU_ASSERT(fake_calls(&h, "release 9\n"
				 "ended 2 done 0 \"\"\n"
				 "launch 3 pmix 0@3:0,1\n"
				 "running 3\n"));
	fake_end(self, &berth_plugin, 1, 3, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\n"
				 "release 1\nrelease 2\n"));
	end();
}

static const struct unit_test tests[] = {
	{ "bad options", bad_options },
	{ "good options", good_options },
	{ "which rank where", maps },
	{ "done", done },
	{ "by node", by_node },
	{ "unused slices", unused_slices },
	{ "failures", failures },
	{ "tasks that a job outlives", outlived },
	{ "cancel", cancel },
	{ "kept slices", kept_slices },
	{ "revoked", revoked },
	{ "revoked often", revoked_often },
	{ "revoked, noticed by another rank", revoked_in_turn },
	{ "lost node", lost_node },
	{ "refused calls", refused_calls },
	{ "refused options", refused_options },
	{ "oversubscribed", oversubscribed },
	{ "failover", failover },
};

UNIT_MAIN("mpi", tests)

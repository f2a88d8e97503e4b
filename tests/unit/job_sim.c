/* job_sim.c - see job_sim.h. */
#include "job_sim.h"

#include <berth/plugin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "framework/host.h"
#include "topo/topo.h"

extern const struct berth_plugin berth_plugin;

enum {
	JOBS_MOST = 24,
	TROUBLE_US = 10000000,	/* at most */
	CALM_US = 180000000,	/* then all must be over */
};

struct world *world;

/* The framework's host, which is somebody's process. */
static struct berth_host *host;
static uint64_t host_at; /* when it is started again */

void net_mpi_exit(struct net *n, int status)
{
	abort();
}

uint64_t sim_chance(uint64_t n)
{
	return rand_below(&world->rand, n);
}

void sim_fail(const char *fmt, ...)
{
	char *to = world->out->failure;
	size_t room = sizeof(world->out->failure), n;
	va_list ap;

	if (to[0])
		return;
	n = (size_t)snprintf(to, room, "at %.3f s: ",
			     (double)(loop_now_us() - 1000000000) / 1e6);
	va_start(ap, fmt);
	vsnprintf(to + n, room - n, fmt, ap);
	va_end(ap);
}

void sim_say(const char *fmt, ...)
{
	va_list ap;

	if (!world->verbose)
		return;
	printf("%9.3f ", (double)(loop_now_us() - 1000000000) / 1e6);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

struct sim_rank *sim_rank_of(const char *node)
{
	for (unsigned i = 0; i < world->n; i++) {
		if (strcmp(world->rank[i].name, node) == 0)
			return &world->rank[i];
	}
	return NULL;
}

/* ---- ranks ---- */

static uint64_t disk_random(void *arg)
{
	return rand_u64(&world->rand);
}

static void rank_boot(struct sim_rank *r)
{
	struct berth_error err = {0};

	sim_disk_reboot(r->disk);
	if (r->net == NULL)
		r->net = net_local_create(world->hub, r->name, &err);
	/* A disk that refuses once: its launcher tries again. */
	for (int i = 0; i < 3 && r->broker == NULL; i++)
		r->broker = broker_create(world->loop, r->net, &r->conf,
					  world->topology, world->xml, &err);
	if (r->broker)
		return;
	sim_fail("%s cannot start: %s", r->name, err.text);
	net_destroy(r->net);
	r->net = NULL;
}

static void rank_crash(struct sim_rank *r)
{
	if (r->broker == NULL)
		return;
	sim_say("%s crashes", r->name);
	world->out->crashes++;
	sim_disk_crash(r->disk);
	broker_destroy(r->broker);
	r->broker = NULL;
	net_destroy(r->net);
	r->net = NULL;
	r->boot_at = loop_now_us() + 20000 + sim_chance(2000000);
	if (sim_chance(2))
		sim_node_rank_died(r->name);
}

static void rank_init(struct sim_rank *r, unsigned i, const char *dir)
{
	static char *no_frameworks[] = {NULL};

	snprintf(r->name, sizeof(r->name), "n%u", i);
	r->dir = mem_printf("%s/%s", dir, r->name);
	if (mkdir(r->dir, 0700) != 0)
		abort();
	r->disk = sim_disk_create(disk_random, r);
	r->node = sim_node_create(r);
	r->conf = (struct broker_conf){
		.node = r->name,
		.node_dir = r->dir,
		.state_dir = r->dir,
		.berth = (char *)"sim",
		.topology = (char *)"synthetic",
		.token = (char *)JOB_SIM_TOKEN,
		.hosted = true,
		.policy = (char *)"fifo",
		.frameworks = no_frameworks,
	};
}

/* ---- the framework ---- */

static void on_host_failed(void *arg, const struct berth_error *err)
{
	sim_fail("the framework gives up: %s", err->text);
}

static void host_boot(void)
{
	struct berth_error err = {0};
	struct host_config c = {.plugin = &berth_plugin,
				.token = JOB_SIM_TOKEN,
				.role = "default",
				.failover_ms = 60000};
	struct buf uris = {0};

	for (unsigned i = 0; i < world->n; i++)
		buf_printf(&uris, "unix:%s/api.sock ", world->rank[i].dir);
	c.uri = uris.data;
	host = host_create(world->loop, &c, on_host_failed, NULL, &err);
	if (host == NULL)
		sim_fail("no framework: %s", err.text);
	buf_finish(&uris);
}

static void host_kill(void)
{
	if (host == NULL)
		return;
	sim_say("the framework's host dies");
	world->out->kills++;
	host_destroy(host);
	host = NULL;
	host_at = loop_now_us() + 50000 + sim_chance(2000000);
}

/* ---- trouble ---- */

static void links(unsigned side, bool one_way, bool cut)
{
	for (unsigned i = 0; i < world->n; i++) {
		for (unsigned k = 0; k < world->n; k++) {
			bool a = side >> i & 1, b = side >> k & 1;
			bool off = cut && (one_way ? a && !b : a != b);

			world->cut[i][k] = off;
			if (i < k && (!cut || !one_way))
				net_hub_cut(world->hub, world->rank[i].name,
					    world->rank[k].name, off);
		}
	}
}

static void suspect(const char *node)
{
	for (unsigned i = 0; i < world->n; i++) {
		if (world->rank[i].agree && sim_chance(3))
			agree_suspect(world->rank[i].agree, node, false);
	}
}

static void trouble(void)
{
	struct sim_rank *r = &world->rank[sim_chance(world->n)];

	switch (sim_chance(10)) {
	case 0:
		rank_crash(r);
		break;
	case 1:
		sim_disk_fuse(r->disk, 1 + (unsigned)sim_chance(12));
		break;
	case 2:
		sim_say("the net is cut");
		links((unsigned)sim_chance(1u << world->n),
		      sim_chance(3) == 0, true);
		break;
	case 3:
	case 4:
		links(0, false, false);
		break;
	case 5:
		host_kill();
		break;
	case 6:
		sim_disk_full(r->disk, sim_chance(2));
		break;
	case 7:
		if (r->agree)
			agree_step_down(r->agree);
		break;
	case 8:
		suspect(r->name);
		break;
	case 9:
		world->drop = sim_chance(2) ? 0 : (unsigned)sim_chance(30);
		world->dup = (unsigned)sim_chance(10);
		world->delay_ms = sim_chance(3) ? 2 : (unsigned)sim_chance(150);
		net_hub_delay(world->hub,
			      sim_chance(2) ? 0 : sim_chance(20000));
		break;
	}
}

static void calm(void)
{
	sim_say("all is well again");
	links(0, false, false);
	world->drop = world->dup = 0;
	world->delay_ms = 2;
	net_hub_delay(world->hub, 0);
	for (unsigned i = 0; i < world->n; i++) {
		sim_disk_full(world->rank[i].disk, false);
		sim_disk_fuse(world->rank[i].disk, 0);
	}
	sim_client_ask(world->client);
}

/* ---- time ---- */

static void check_leader(void)
{
	int who = -1;

	for (unsigned i = 0; i < world->n; i++) {
		const struct agree *a = world->rank[i].agree;

		if (a == NULL || !agree_lease_valid(a))
			continue;
		if (who >= 0)
			sim_fail("n%d and n%u act as leader", who, i);
		who = (int)i;
	}
	if (who < 0 || world->leader == who)
		return;
	world->leader = who;
	world->out->leaders++;
	sim_say("n%d leads in term %llu", who,
		(unsigned long long)agree_term(world->rank[who].agree));
}

static void step(void)
{
	loop_once(world->loop, 5000, NULL);
	for (unsigned i = 0; i < world->n; i++) {
		struct sim_rank *r = &world->rank[i];

		if (r->broker && sim_disk_crashed(r->disk))
			rank_crash(r);
		if (r->broker == NULL && loop_now_us() >= r->boot_at)
			rank_boot(r);
	}
	if (host == NULL && loop_now_us() >= host_at)
		host_boot();
	check_leader();
}

/* ---- one schedule ---- */

static void start(const char *dir)
{
	world->loop = loop_create(NULL);
	world->hub = net_hub_create(world->loop);
	world->topology = topo_load_synthetic("pack:1 core:4 pu:1",
					      &world->xml, NULL);
	world->n = sim_chance(4) == 0 ? 5 : 3;
	world->delay_ms = 2;
	world->leader = -1;
	for (unsigned i = 0; i < world->n; i++) {
		rank_init(&world->rank[i], i, dir);
		world->rank[i].net = net_local_create(
			world->hub, world->rank[i].name, NULL);
	}
	for (unsigned i = 0; i < world->n; i++)
		rank_boot(&world->rank[i]);
	world->client = sim_client_create(
		4 + (unsigned)sim_chance(JOBS_MOST - 3));
	host_at = loop_now_us() + 100000;
}

static void stop(const char *dir)
{
	char *rm = mem_printf("rm -rf %s", dir);
	uint64_t end;

	host_destroy(host);
	host = NULL;
	sim_client_destroy(world->client);
	for (unsigned i = 0; i < world->n; i++) {
		struct sim_rank *r = &world->rank[i];

		broker_destroy(r->broker);
		net_destroy(r->net);
	}
	/* What is under way comes to its end. */
	end = loop_now_us() + 1000000;
	while (loop_now_us() < end)
		loop_once(world->loop, 100000, NULL);
	for (unsigned i = 0; i < world->n; i++) {
		sim_node_destroy(world->rank[i].node);
		sim_disk_destroy(world->rank[i].disk);
		free(world->rank[i].dir);
	}
	topology_unref(world->topology);
	free(world->xml);
	net_hub_destroy(world->hub);
	loop_destroy(world->loop);
	if (system(rm) != 0)
		abort();
	free(rm);
}

void job_sim_run(uint64_t seed, bool verbose, struct job_sim_result *out)
{
	char dir[64];
	uint64_t begin, end, every, next;

	snprintf(dir, sizeof(dir), "%s/job_sim.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(dir) == NULL)
		abort();
	memset(out, 0, sizeof(*out));
	world = mem_alloc(sizeof(*world));
	world->out = out;
	world->verbose = verbose;
	rand_seed(&world->rand, seed);
	start(dir);
	begin = loop_now_us();
	every = 100000 + sim_chance(1500000);
	end = begin + 2000000 + sim_chance(TROUBLE_US);
	next = begin + 1000000;
	while (loop_now_us() < end && !out->failure[0]) {
		step();
		if (loop_now_us() >= next) {
			trouble();
			next = loop_now_us() + sim_chance(2 * every);
		}
	}
	calm();
	end = loop_now_us() + CALM_US;
	while (loop_now_us() < end && !out->failure[0] &&
	       !sim_client_done(world->client))
		step();
	sim_client_check(world->client);
	out->seconds = (double)(loop_now_us() - begin) / 1e6;
	stop(dir);
	free(world);
	world = NULL;
}

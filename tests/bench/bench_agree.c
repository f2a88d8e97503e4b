/*
 * bench_agree.c - what agreement costs: proposals a second, and how long one
 * takes, with 1, 3 and 5 voters, one at a time and many in flight.
 * Usage: bench_agree [FOLDER [SECONDS]]
 *
 * FOLDER (made, [./bench_agree.d]) should be on the disk that is to be
 * measured.  The net is the in-process one and all voters share one thread:
 * their waits for the disk add up, which they do not on nodes of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree.h"

enum { RECORD = 200, SAMPLES = 1 << 20, LIMIT_US = 30000000 };

struct rank {
	char *node, *dir;
	struct net *net;
	struct agree *agree;
	bool leading;
};

struct slot {
	uint64_t begun;
};

static struct bench {
	struct loop *loop;
	struct net_hub *hub;
	struct rank rank[AGREE_VOTERS_MAX];
	unsigned n;
	uint32_t *took; /* us, of each proposal */
	size_t ntook;
	unsigned in_flight;
	bool stop;
} bench;

static void on_leading(void *arg, uint64_t term)
{
	((struct rank *)arg)->leading = true;
}

static void on_following(void *arg, const char *leader, uint64_t term)
{
	((struct rank *)arg)->leading = false;
}

static const struct agree_events events = {.leading = on_leading,
					   .following = on_following};

static void net_up(void *arg, const char *node)
{
	agree_peer_up(((struct rank *)arg)->agree, node);
}

static void net_down(void *arg, const char *node, const char *why)
{
}

static void net_message(void *arg, const char *node, const Berth__Msg *msg)
{
	agree_message(((struct rank *)arg)->agree, node, msg->agree);
}

static const struct net_events net_handlers = {net_up, net_down, net_message};

static void die(const char *what)
{
	fprintf(stderr, "bench_agree: %s\n", what);
	exit(1);
}

static void start(const char *folder, unsigned n)
{
	struct berth_error err = {0};

	bench.loop = loop_create(NULL);
	bench.hub = net_hub_create(bench.loop);
	bench.n = n;
	for (unsigned i = 0; i < n; i++) {
		struct rank *r = &bench.rank[i];

		r->node = mem_printf("node%u", i);
		r->dir = mem_printf("%s/%u-%u", folder, n, i);
		r->leading = false;
		r->net = net_local_create(bench.hub, r->node, NULL);
		r->agree = agree_create(bench.loop, r->net,
					&(struct agree_config){.dir = r->dir},
					&events, r, &err);
		if (r->agree == NULL)
			die(err.text);
	}
	for (unsigned i = 0; i < n; i++)
		net_start(bench.rank[i].net, &net_handlers, &bench.rank[i]);
	if (agree_bootstrap(bench.rank[0].agree, &err) != 0)
		die(err.text);
}

static void stop(void)
{
	for (unsigned i = 0; i < bench.n; i++) {
		struct rank *r = &bench.rank[i];

		agree_destroy(r->agree);
		net_destroy(r->net);
		free(r->node);
		free(r->dir);
	}
	net_hub_destroy(bench.hub);
	loop_destroy(bench.loop);
}

static void turn_until(bool (*done)(void), uint64_t limit_us)
{
	uint64_t end = loop_now_us() + limit_us;

	while (!done()) {
		if (loop_now_us() > end)
			die("no agreement came about");
		loop_once(bench.loop, 10000, NULL);
	}
}

static bool leads(void)
{
	return bench.rank[0].leading;
}

static bool all_vote(void)
{
	size_t n;

	for (unsigned i = 0; i < bench.n; i++) {
		agree_voters(bench.rank[i].agree, &n);
		if (n != bench.n)
			return false;
	}
	return true;
}

static bool idle(void)
{
	return bench.in_flight == 0;
}

static void propose(struct slot *s);

static void on_done(void *arg, enum agree_result result, uint64_t index)
{
	struct slot *s = arg;

	if (result != AGREE_OK)
		die("the leader lost its place: a slow disk, or a busy "
		    "machine");
	if (bench.ntook < SAMPLES)
		bench.took[bench.ntook++] = (uint32_t)(loop_now_us() -
						       s->begun);
	bench.in_flight--;
	if (!bench.stop)
		propose(s);
}

static void propose(struct slot *s)
{
	static const char record[RECORD];
	struct berth_error err = {0};

	s->begun = loop_now_us();
	bench.in_flight++;
	if (agree_propose(bench.rank[0].agree, record, sizeof(record), on_done,
			  s, &err) != 0)
		die(err.text);
}

static int by_size(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

static void measure(unsigned depth, unsigned seconds)
{
	struct slot *slot = mem_array(depth, sizeof(*slot));
	struct agree_stats before, after;
	uint64_t begin = loop_now_us(), us;

	bench.ntook = 0;
	bench.stop = false;
	agree_stats(bench.rank[0].agree, &before);
	for (unsigned i = 0; i < depth; i++)
		propose(&slot[i]);
	while (loop_now_us() < begin + seconds * 1000000ull)
		loop_once(bench.loop, 10000, NULL);
	us = loop_now_us() - begin;
	agree_stats(bench.rank[0].agree, &after);
	qsort(bench.took, bench.ntook, sizeof(*bench.took), by_size);
	printf("%6u %9u %12.0f %10.2f %10.2f %12.2f\n", bench.n, depth,
	       (double)bench.ntook * 1e6 / (double)us,
	       bench.took[bench.ntook / 2] / 1e3,
	       bench.took[bench.ntook * 99 / 100] / 1e3,
	       (double)(after.sync_us - before.sync_us) / 1e3 /
		       (double)(after.syncs - before.syncs));
	fflush(stdout);
	bench.stop = true;
	turn_until(idle, LIMIT_US);
	free(slot);
}

int main(int argc, char **argv)
{
	static const unsigned voters[] = {1, 3, 5}, depths[] = {1, 64, 1024};
	const char *folder = argc > 1 ? argv[1] : "bench_agree.d";
	unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 5;
	const char *names[AGREE_VOTERS_MAX];

	log_init("bench_agree", LOG_LVL_WARN);
	if (seconds == 0 || mkdir(folder, 0700) != 0)
		die("usage: bench_agree [FOLDER [SECONDS]]; the folder must "
		    "not be there yet");
	bench.took = mem_array(SAMPLES, sizeof(*bench.took));
	printf("voters in flight  proposals/s  median ms    99 %% ms  "
	       "one wait ms\n");
	for (size_t v = 0; v < 3; v++) {
		start(folder, voters[v]);
		turn_until(leads, LIMIT_US);
		for (unsigned i = 0; i < bench.n; i++)
			names[i] = bench.rank[i].node;
		agree_set_voters(bench.rank[0].agree, names, bench.n);
		turn_until(all_vote, LIMIT_US);
		for (size_t d = 0; d < 3; d++)
			measure(depths[d], seconds);
		stop();
	}
	free(bench.took);
	printf("what was written is in %s\n", folder);
	return 0;
}

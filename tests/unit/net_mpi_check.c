/*
 * net_mpi_check.c - net_mpi.c against net.h, one rank a process:
 *
 *   mpirun -n 4 net_mpi_check [--death]
 *
 * The common series of net_conform.h, then figures (round trips of a busy and
 * of an idle pair, CPU time of idle ranks, memory), then, with --death, the
 * end of the last rank by SIGKILL, after which the others go on.  Rank 0
 * prints; exit status 0 when all was right.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "net_conform.h"

enum {
	PATIENCE_US = 60 * 1000 * 1000,
	BUSY = 5000,
	IDLE = 50,
	IDLE_GAP_US = 30 * 1000,
	QUIET_US = 3 * 1000 * 1000,
	STEP = 1000, /* Ping ids from here on are steps */
};

static struct loop *loop;
static struct net *net;
static struct conform conform;
static const char *first; /* rank 0's node */
static unsigned reached;  /* rank 0: who is at the step */
static unsigned step, released;
static uint64_t answered; /* id of the last Pong */

static void send_ping(const char *node, uint64_t id)
{
	Berth__Ping ping = BERTH__PING__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	ping.id = id;
	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &ping;
	net_send(net, node, &msg, NULL);
}

static void send_pong(const char *node, uint64_t id)
{
	Berth__Pong pong = BERTH__PONG__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	pong.id = id;
	msg.body_case = BERTH__MSG__BODY_PONG;
	msg.pong = &pong;
	net_send(net, node, &msg, NULL);
}

static void on_message(void *arg, const char *node, const Berth__Msg *msg)
{
	if (msg->body_case == BERTH__MSG__BODY_PING) {
		if (msg->ping->id >= STEP)
			reached++;
		else
			send_pong(node, msg->ping->id);
	} else if (msg->body_case == BERTH__MSG__BODY_PONG) {
		if (msg->pong->id >= STEP)
			released = (unsigned)msg->pong->id;
		else
			answered = msg->pong->id;
	} else {
		conform_message(arg, node, msg);
	}
}

static void fail(const char *what)
{
	fprintf(stderr, "%s: FAILED: %s\n", net_self(net), what);
	_exit(1);
}

static void run_until(bool (*done)(void), const char *what)
{
	uint64_t limit = loop_now_us() + PATIENCE_US;

	while (!done()) {
		if (loop_now_us() > limit)
			fail(what);
		loop_once(loop, 100 * 1000, NULL);
	}
}

static void run_for(uint64_t us)
{
	uint64_t now = loop_now_us(), limit = now + us;

	for (; now < limit; now = loop_now_us())
		loop_once(loop, limit - now, NULL);
}

static bool leads(void)
{
	return strcmp(first, net_self(net)) == 0;
}

static bool all_here(void)
{
	return reached == conform.npeers;
}

static bool was_released(void)
{
	return released == STEP + step;
}

/* Nobody goes on before everybody is here. */
static void meet(void)
{
	step++;
	send_ping(first, STEP + step);
	if (leads()) {
		run_until(all_here, "the others do not come");
		reached = 0;
		for (unsigned i = 0; i < conform.npeers; i++)
			send_pong(conform.peer[i].node, STEP + step);
	}
	run_until(was_released, "rank 0 does not release");
}

static bool conform_over(void)
{
	return conform_done(&conform);
}

static void series(void)
{
	uint64_t start = loop_now_us();

	conform_send(&conform);
	run_until(conform_over, "the series does not end");
	if (conform.bad)
		fail("messages were wrong");
	if (leads())
		printf("series to %u peers: %.0f ms\n", conform.npeers - 1,
		       (double)(loop_now_us() - start) / 1000);
	meet();
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static uint64_t asked;

static bool was_answered(void)
{
	return answered == asked;
}

static void round_trips(const char *label, const char *peer, unsigned n,
			uint64_t gap_us)
{
	double *us = mem_array(n, sizeof(*us));

	for (unsigned i = 0; i < n; i++) {
		uint64_t start;

		if (gap_us)
			run_for(gap_us);
		start = loop_now_us();
		asked = i % (STEP - 1) + 1;
		answered = 0;
		send_ping(peer, asked);
		run_until(was_answered, "no answer");
		us[i] = (double)(loop_now_us() - start) / 2;
	}
	qsort(us, n, sizeof(*us), by_value);
	printf("%s: median %.0f us, 90 %% %.0f us, 99 %% %.0f us "
	       "(half a round trip)\n", label, us[n / 2], us[n * 9 / 10],
	       us[n * 99 / 100]);
	free(us);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long rss_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void figures(const char *peer)
{
	struct net_stats before, after;
	double cpu;

	if (leads()) {
		round_trips("busy", peer, BUSY, 0);
		round_trips("idle", peer, IDLE, IDLE_GAP_US);
	}
	meet();
	run_for(200 * 1000);
	net_stats(net, &before);
	cpu = cpu_seconds();
	run_for(QUIET_US);
	cpu = (cpu_seconds() - cpu) * 1e6 / QUIET_US;
	net_stats(net, &after);
	if (leads())
		printf("quiet: %.2f %% of a core, %.0f wakes/s, %.0f polls/s; "
		       "RSS %ld MiB\n", cpu * 100,
		       (double)(after.wakes - before.wakes) * 1e6 / QUIET_US,
		       (double)(after.polls - before.polls) * 1e6 / QUIET_US,
		       rss_kib() / 1024);
	meet();
}

/* ---- the end of one ---- */

static char victim[65];

static bool victim_gone(void)
{
	return !net_has(net, victim);
}

/* The same one for all: the greatest name that is not rank 0's. */
static void choose_victim(void)
{
	for (unsigned i = 0; i < conform.npeers; i++) {
		const char *node = conform.peer[i].node;

		if (strcmp(node, first) != 0 && strcmp(node, victim) > 0)
			snprintf(victim, sizeof(victim), "%s", node);
	}
}

static void death(void)
{
	uint64_t start = loop_now_us();

	if (strcmp(net_self(net), victim) == 0)
		raise(SIGKILL);
	/* Series are under way to it when it dies. */
	conform_send(&conform);
	while (!victim_gone() && loop_now_us() - start < 2000 * 1000)
		loop_once(loop, 10 * 1000, NULL);
	if (leads())
		printf("the death of a rank: %s\n",
		       victim_gone() ? "noticed"
				     : "not noticed, dropped after 2 s");
	if (!victim_gone()) {
		net_drop(net, victim);
		conform_down(&conform, victim, "dropped");
	}
	series();
}

int main(int argc, char **argv)
{
	static const struct net_events ev = {.up = conform_up,
					     .down = conform_down,
					     .message = on_message};
	bool with_death = argc > 1 && strcmp(argv[1], "--death") == 0;
	struct berth_error err = {0};
	char name[80];

	snprintf(name, sizeof(name), "n%d", (int)getpid());
	loop = loop_create(&err);
	net = loop ? net_mpi_create(loop, name, &err) : NULL;
	if (net == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	first = net_first(net);
	conform_init(&conform, net);
	net_start(net, &ev, &conform);
	meet();
	series();
	series();
	choose_victim();
	figures(victim);
	if (with_death)
		death();
	if (leads())
		puts("right");
	net_mpi_exit(net, 0);
}

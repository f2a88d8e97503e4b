/*
 * job_sim_test.c - no accepted job is lost and none runs twice, whatever
 * happens to ranks, disks, messages and the framework: see job_sim.h.
 *
 *   job_sim_test [COUNT [FIRST]]   so many schedules, from this seed on
 *   job_sim_test -v SEED           one, and say what happens
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "job_sim.h"

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libraft\n"; /* see agree_sim_test.c */
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(struct job_sim_result *sum, const struct job_sim_result *r)
{
	sum->tasks += r->tasks;
	sum->leaders += r->leaders;
	sum->crashes += r->crashes;
	sum->kills += r->kills;
	sum->answers += r->answers;
	sum->messages += r->messages;
	sum->seconds += r->seconds;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 2 && strcmp(argv[1], "-v") == 0;
	uint64_t count = argc > 1 && !verbose ? strtoull(argv[1], NULL, 10)
					      : 24;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct job_sim_result sum = {0};
	unsigned failures = 0;
	double begin = seconds();

	log_init("job_sim", verbose ? LOG_LVL_INFO : LOG_LVL_ERROR);
	if (verbose)
		count = 1;
	else if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	for (uint64_t seed = first; seed < first + count; seed++) {
		struct job_sim_result r;

		job_sim_run(seed, verbose, &r);
		add(&sum, &r);
		if (r.failure[0] == '\0')
			continue;
		printf("seed %llu: %s\n", (unsigned long long)seed, r.failure);
		fflush(stdout);
		if (++failures >= 20)
			break;
	}
	printf("%llu schedules, %llu answers, %llu tasks, %llu leaders, %llu "
	       "crashes of ranks, %llu of the framework, %llu messages, %.0f "
	       "simulated seconds in %.1f: %u failures\n",
	       (unsigned long long)count, (unsigned long long)sum.answers,
	       (unsigned long long)sum.tasks, (unsigned long long)sum.leaders,
	       (unsigned long long)sum.crashes, (unsigned long long)sum.kills,
	       (unsigned long long)sum.messages, sum.seconds,
	       seconds() - begin, failures);
	return failures > 0;
}

/*
 * agree_sim_test.c - agreement under simulated trouble.
 *
 *   agree_sim_test [COUNT [FIRST]]   so many schedules, from this seed on
 *   agree_sim_test -v SEED           one, and say what happens
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agree_sim.h"
#include "base/log.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 2 && strcmp(argv[1], "-v") == 0;
	uint64_t count = argc > 1 && !verbose ? strtoull(argv[1], NULL, 10)
					      : 300;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct sim_result sum = {0};
	unsigned failures = 0;
	double begin = seconds();

	log_init("agree_sim", verbose ? LOG_LVL_DEBUG : LOG_LVL_ERROR);
	if (!verbose)
		setenv("BERTH_LOG", "none", 0);
	if (verbose)
		count = 1;
	else if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	for (uint64_t seed = first; seed < first + count; seed++) {
		struct sim_result r;

		agree_sim_run(seed, verbose, &r);
		sum.committed += r.committed;
		sum.elections += r.elections;
		sum.crashes += r.crashes;
		sum.messages += r.messages;
		sum.steps += r.steps;
		if (r.failure[0] == '\0')
			continue;
		printf("seed %llu: %s\n", (unsigned long long)seed, r.failure);
		fflush(stdout);
		if (++failures >= 20)
			break;
	}
	printf("%llu schedules, %llu records, %llu leaders, %llu crashes, "
	       "%llu messages, %.0f simulated seconds in %.1f: %u failures\n",
	       (unsigned long long)count, (unsigned long long)sum.committed,
	       (unsigned long long)sum.elections,
	       (unsigned long long)sum.crashes,
	       (unsigned long long)sum.messages, (double)sum.steps / 1000,
	       seconds() - begin, failures);
	return failures > 0;
}

/* figures.h - what came out of a run, in numbers. */
#ifndef SIM_FIGURES_H
#define SIM_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "sim/sim.h"

/* Of some jobs.  Times in seconds. */
struct figures {
	size_t jobs;
	uint64_t tasks;
	double sum_s; /* of job times: submission to end */
	double mean_s;
	double wait_s; /* mean from first demand to first task */
	double wait_max_s;
	double gather_s; /* mean from first demand to all of its gang */
	double gather_p95_s, gather_max_s;
	double slowdown; /* mean, see figures_slowdown */
	double slowdown_p95;
	double local;	/* tasks on a node with their data, 0 … 1 */
	uint64_t read;	/* tasks that have data */
	uint64_t again;	  /* tasks that were lost … */
	uint64_t revoked; /* … or taken back */
	double lost_s;	  /* core seconds of work that had to be done again */
};

/* Of a framework, and of a class of its jobs (NULL: all). */
void figures_of(const struct outcome *o, unsigned app, const char *group,
		struct figures *out);

/* Job time over the time it would take alone on the whole cluster, at least
 * 10 s (bounded slowdown), not below 1. */
double figures_slowdown(const struct outcome *o, const struct work *w);

/* Until when utilisation is measured: as the scenario says, else to the end of
 * the one of both that ended first (b NULL: there is one). */
uint64_t figures_until(const struct outcome *a, const struct outcome *b);

/* Mean parts of the cluster's cores and memory that tasks ran in, up to then,
 * 0 … 1; app < 0: of all. */
double figures_busy_cores(const struct outcome *o, int app, uint64_t until_us);
double figures_busy_memory(const struct outcome *o, int app, uint64_t until_us);
/* … that were offered to or held by frameworks. */
double figures_used_cores(const struct outcome *o, int app, uint64_t until_us);

/* n sorted numbers: that of rank part (0 … 1). */
double figures_rank(const double *sorted, size_t n, double part);
void figures_sort(double *values, size_t n);

#endif

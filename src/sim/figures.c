/* figures.c - see figures.h. */
#include "sim/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOWDOWN_LEAST_US 10000000

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void figures_sort(double *values, size_t n)
{
	if (n > 1)
		qsort(values, n, sizeof(*values), by_size);
}

double figures_rank(const double *sorted, size_t n, double part)
{
	size_t i = (size_t)ceil(part * (double)n);

	if (n == 0)
		return 0;
	return sorted[i > 0 ? i - 1 : 0];
}

double figures_slowdown(const struct outcome *o, const struct work *w)
{
	const struct scenario *s = o->scenario;
	const struct app_conf *a = &s->app[w->app];
	uint64_t alone = work_alone_us(w, scenario_slots(s, a, s->nodes));
	double x;

	if (alone < SLOWDOWN_LEAST_US)
		alone = SLOWDOWN_LEAST_US;
	x = (double)(w->end_us - w->submit_us) / (double)alone;
	return x < 1 ? 1 : x;
}

static double seconds(uint64_t from_us, uint64_t to_us)
{
	return to_us > from_us ? (double)(to_us - from_us) / 1e6 : 0;
}

static void add(const struct outcome *o, const struct work *w,
		struct figures *f, double *gather, double *slowdown)
{
	double wait = seconds(w->began_us, w->first_us);

	gather[f->jobs] = seconds(w->began_us, w->gathered_us);
	slowdown[f->jobs] = figures_slowdown(o, w);
	f->gather_s += gather[f->jobs];
	f->slowdown += slowdown[f->jobs];
	f->jobs++;
	f->tasks += w->launched;
	f->sum_s += seconds(w->submit_us, w->end_us);
	f->wait_s += wait;
	f->wait_max_s = wait > f->wait_max_s ? wait : f->wait_max_s;
	f->local += w->local;
	f->read += w->read;
	f->again += w->again;
	f->revoked += w->revoked;
	f->lost_s += (double)w->lost_us / 1e6 *
		     (w->unit.cores > 0 ? w->unit.cores
					: o->scenario->app[w->app].unit.cores);
}

void figures_of(const struct outcome *o, unsigned app, const char *group,
		struct figures *out)
{
	double *gather = mem_array(o->work.count + 1, sizeof(*gather));
	double *slowdown = mem_array(o->work.count + 1, sizeof(*slowdown));
	double n;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < o->work.count; i++) {
		const struct work *w = &o->work.at[i];

		if (w->app == app &&
		    (group == NULL || strcmp(w->group, group) == 0))
			add(o, w, out, gather, slowdown);
	}
	figures_sort(gather, out->jobs);
	figures_sort(slowdown, out->jobs);
	out->gather_p95_s = figures_rank(gather, out->jobs, 0.95);
	out->gather_max_s = figures_rank(gather, out->jobs, 1);
	out->slowdown_p95 = figures_rank(slowdown, out->jobs, 0.95);
	n = out->jobs > 0 ? (double)out->jobs : 1;
	out->mean_s = out->sum_s / n;
	out->wait_s /= n;
	out->gather_s /= n;
	out->slowdown /= n;
	out->local /= out->read > 0 ? (double)out->read : 1;
	free(gather);
	free(slowdown);
}

/* ---- the cluster ---- */

uint64_t figures_until(const struct outcome *a, const struct outcome *b)
{
	uint64_t until = a->end_us, most = a->scenario->measure_us;

	if (b != NULL && b->end_us < until)
		until = b->end_us;
	return most > 0 && most < until ? most : until;
}

enum what {
	BUSY_CORES,
	BUSY_MEMORY,
	USED_CORES,
};

static double part(const struct outcome *o, int app, uint64_t until_us,
		   enum what what)
{
	const struct scenario *s = o->scenario;
	double total = (double)scenario_cores(s), sum = 0;

	if (what == BUSY_MEMORY)
		total = (double)scenario_mib(s);
	for (size_t i = 0; i < s->napps; i++) {
		const struct app *a = &o->app[i];
		const struct tally *t = what == BUSY_CORES    ? &a->busy_cores
					: what == BUSY_MEMORY ? &a->busy_mib
							      : &a->used_cores;

		if (app < 0 || (size_t)app == i)
			sum += tally_mean(t, until_us);
	}
	return total > 0 ? sum / total : 0;
}

double figures_busy_cores(const struct outcome *o, int app, uint64_t until_us)
{
	return part(o, app, until_us, BUSY_CORES);
}

double figures_busy_memory(const struct outcome *o, int app, uint64_t until_us)
{
	return part(o, app, until_us, BUSY_MEMORY);
}

double figures_used_cores(const struct outcome *o, int app, uint64_t until_us)
{
	return part(o, app, until_us, USED_CORES);
}

/* report.c - the tables, see report.h. */
#include "sim/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "sim/figures.h"

static double percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

/* ---- one run ---- */

/* Core seconds that were lost, of all that were worked. */
static double lost_part(const struct outcome *o)
{
	double lost = 0, all = figures_busy_cores(o, -1, o->end_us) *
			       (double)scenario_cores(o->scenario) *
			       (double)o->end_us / 1e6;

	for (size_t i = 0; i < o->scenario->napps; i++) {
		struct figures f;

		figures_of(o, (unsigned)i, NULL, &f);
		lost += f.lost_s;
	}
	return percent(lost, all);
}

static void say_run(const struct outcome *o, struct buf *out)
{
	const struct scenario *s = o->scenario;
	uint64_t tasks = 0, until = figures_until(o, NULL);

	for (size_t i = 0; i < o->work.count; i++)
		tasks += o->work.at[i].launched;
	buf_printf(out, "\n%s: %zu jobs, %llu tasks on %u nodes in %.1f s\n",
		   o->policy, o->work.count, (unsigned long long)tasks,
		   s->nodes, (double)o->end_us / 1e6);
	buf_printf(out,
		   "  up to %.0f s: cores with tasks %.1f %%, offered or held "
		   "%.1f %%; memory with tasks %.1f %%\n",
		   (double)until / 1e6, 100 * figures_busy_cores(o, -1, until),
		   100 * figures_used_cores(o, -1, until),
		   100 * figures_busy_memory(o, -1, until));
	buf_printf(
		out,
		"  offers: %llu made, %llu declined (%.2f %%), %llu expired, "
		"%llu rescinded\n",
		(unsigned long long)o->offers_made,
		(unsigned long long)o->offers_declined,
		percent((double)o->offers_declined, (double)o->offers_made),
		(unsigned long long)o->offers_expired,
		(unsigned long long)o->offers_rescinded);
	if (o->slices_revoked > 0 || o->failures > 0)
		buf_printf(out,
			   "  revocations: %llu slices; failures: %llu of "
			   "nodes; %.2f %% of the work was done again\n",
			   (unsigned long long)o->slices_revoked,
			   (unsigned long long)o->failures, lost_part(o));
	buf_printf(out,
		   "  rounds: %llu, %.1f us of processor time each; %llu "
		   "events\n",
		   (unsigned long long)o->rounds,
		   o->rounds > 0 ? (double)o->round_spent_us / (double)o->rounds
				 : 0,
		   (unsigned long long)o->events);
}

static void say_apps(const struct outcome *o, struct buf *out)
{
	const struct scenario *s = o->scenario;

	buf_printf(out, "  %-12s %6s %8s %9s %8s %8s %8s %8s %7s %7s %6s\n",
		   "framework", "jobs", "tasks", "job s", "wait s", "gather",
		   "slowd.", "p95", "cores%", "refus.%", "local%");
	for (size_t i = 0; i < s->napps; i++) {
		const struct app *a = &o->app[i];
		struct figures f;

		figures_of(o, (unsigned)i, NULL, &f);
		buf_printf(out,
			   "  %-12s %6zu %8llu %9.1f %8.3f %8.3f %8.2f %8.2f "
			   "%7.1f %7.2f ",
			   s->app[i].name, f.jobs, (unsigned long long)f.tasks,
			   f.mean_s, f.wait_s, f.gather_s, f.slowdown,
			   f.slowdown_p95,
			   100 * figures_busy_cores(o, (int)i,
						    figures_until(o, NULL)),
			   percent((double)(a->units_offered - a->units_taken),
				   (double)a->units_offered));
		if (f.read > 0)
			buf_printf(out, "%6.1f", 100 * f.local);
		if (a->waits > 0)
			buf_printf(out, "  waits %.2f s for data",
				   a->wait_s / (double)a->waits);
		if (f.revoked > 0)
			buf_printf(out, "  %llu tasks revoked",
				   (unsigned long long)f.revoked);
		if (f.again > 0)
			buf_printf(out, "  %llu tasks lost",
				   (unsigned long long)f.again);
		if (f.lost_s > 0)
			buf_printf(out, "  %.0f core s of work", f.lost_s);
		buf_puts(out, "\n");
	}
}

/* ---- against another ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The classes of a framework's jobs, sorted by name; the caller frees the
 * array. */
static const char **groups_of(const struct outcome *o, unsigned app, size_t *n)
{
	const char **names = mem_array(o->work.count + 1, sizeof(*names));
	struct map *seen = map_create();

	*n = 0;
	for (size_t i = 0; i < o->work.count; i++) {
		const struct work *w = &o->work.at[i];

		if (w->app != app || map_get(seen, w->group) != NULL)
			continue;
		map_put(seen, w->group, w->group);
		names[(*n)++] = w->group;
	}
	map_destroy(seen, NULL);
	qsort(names, *n, sizeof(*names), by_name);
	return names;
}

static void compare_groups(const struct outcome *o, const struct outcome *than,
			   unsigned app, struct buf *out)
{
	size_t n;
	const char **names = groups_of(o, app, &n);

	for (size_t i = 0; i < n; i++) {
		struct figures a, b;

		figures_of(o, app, names[i], &a);
		figures_of(than, app, names[i], &b);
		buf_printf(out,
			   "    %-18s %5zu %10.1f %10.1f %8.2f %10.3f %10.3f\n",
			   names[i], a.jobs, b.mean_s, a.mean_s,
			   a.mean_s > 0 ? b.mean_s / a.mean_s : 0, b.gather_s,
			   a.gather_s);
	}
	free(names);
}

static void compare_use(const struct outcome *o, const struct outcome *than,
			struct buf *out)
{
	uint64_t until = figures_until(o, than);
	double cores = figures_busy_cores(o, -1, until);
	double cores0 = figures_busy_cores(than, -1, until);
	double mem = figures_busy_memory(o, -1, until);
	double mem0 = figures_busy_memory(than, -1, until);

	buf_printf(out,
		   "  up to %.0f s: cores with tasks %.1f %% after %.1f %% "
		   "(%+.1f %%), memory %.1f %% after %.1f %% (%+.1f %%)\n",
		   (double)until / 1e6, 100 * cores, 100 * cores0,
		   percent(cores - cores0, cores0), 100 * mem, 100 * mem0,
		   percent(mem - mem0, mem0));
}

static void compare(const struct outcome *o, const struct outcome *than,
		    struct buf *out)
{
	const struct scenario *s = o->scenario;

	buf_printf(out,
		   "\n%s against %s: sums of job times, and their ratio (above "
		   "1: %s is faster)\n",
		   o->policy, than->policy, o->policy);
	buf_printf(out, "  %-20s %5s %10s %10s %8s %10s %10s\n", "", "jobs",
		   than->policy, o->policy, "ratio", "gather", "gather");
	for (size_t i = 0; i < s->napps; i++) {
		struct figures a, b;

		figures_of(o, (unsigned)i, NULL, &a);
		figures_of(than, (unsigned)i, NULL, &b);
		buf_printf(out,
			   "  %-20s %5zu %10.0f %10.0f %8.2f %10.3f %10.3f\n",
			   s->app[i].name, a.jobs, b.sum_s, a.sum_s,
			   a.sum_s > 0 ? b.sum_s / a.sum_s : 0, b.gather_s,
			   a.gather_s);
		compare_groups(o, than, (unsigned)i, out);
	}
	buf_puts(out,
		 "  (lines of frameworks: sums; lines of classes: means of "
		 "a job)\n");
	compare_use(o, than, out);
}

void report_table(struct outcome *const *o, size_t n, struct buf *out)
{
	const struct scenario *s = o[0]->scenario;

	buf_printf(out, "%s: %u nodes of %u cores, %llu MiB; seed %llu\n",
		   s->name, s->nodes, s->cores,
		   (unsigned long long)s->memory_mib,
		   (unsigned long long)s->seed);
	if (scenario_cores(s) != (uint64_t)s->nodes * s->cores)
		buf_printf(out, "the nodes are not all alike: %llu cores and "
				"%llu MiB together\n",
			   (unsigned long long)scenario_cores(s),
			   (unsigned long long)scenario_mib(s));
	if (s->made_up.len > 0)
		buf_puts(out, s->made_up.data);
	for (size_t i = 0; i < n; i++) {
		say_run(o[i], out);
		say_apps(o[i], out);
	}
	for (size_t i = 1; i < n; i++)
		compare(o[0], o[i], out);
}

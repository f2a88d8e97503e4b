/* files.c - the CSV files and plots of report.h. */
#include "sim/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/figures.h"
#include "sim/svg.h"

#define CDF_POINTS 400

static int write_file(const char *folder, const char *name, const char *policy,
		      const char *end, const struct buf *text,
		      struct berth_error *err)
{
	char *path = mem_printf("%s/%s%s%s%s", folder, name,
				policy != NULL ? "-" : "",
				policy != NULL ? policy : "", end);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t done = 0;
	int rc = 0;

	while (fd >= 0 && done < text->len && rc == 0) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			rc = -1;
	}
	if (fd < 0 || rc != 0)
		rc = error_sys(err, "%s: cannot write", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

/* ---- CSV ---- */

/* A field that may hold commas or quotes. */
static void quoted(struct buf *out, const char *s)
{
	buf_puts(out, "\"");
	for (; *s; s++)
		buf_printf(out, *s == '"' ? "\"\"" : "%c", *s);
	buf_puts(out, "\",");
}

static void csv_jobs(const struct outcome *o, struct buf *out)
{
	buf_puts(out, "framework,class,job,submitted_s,demanded_s,first_task_s,"
		      "gathered_s,ended_s,tasks,local,lost_tasks,"
		      "revoked_tasks,lost_s,"
		      "slowdown\n");
	for (size_t i = 0; i < o->work.count; i++) {
		const struct work *w = &o->work.at[i];

		quoted(out, o->scenario->app[w->app].name);
		quoted(out, w->group);
		quoted(out, w->name);
		buf_printf(out, "%.6f,%.6f,%.6f,%.6f,%.6f,%u,%u,%u,%u,%.3f,%.4f\n",
			   (double)w->submit_us / 1e6,
			   (double)w->began_us / 1e6, (double)w->first_us / 1e6,
			   (double)w->gathered_us / 1e6,
			   (double)w->end_us / 1e6, w->launched, w->local,
			   w->again, w->revoked, (double)w->lost_us / 1e6,
			   figures_slowdown(o, w));
	}
}

static size_t bins(const struct outcome *o)
{
	return (size_t)(o->end_us / o->scenario->bin_us) + 1;
}

static void csv_usage(const struct outcome *o, struct buf *out)
{
	const struct scenario *s = o->scenario;

	buf_puts(out, "time_s");
	for (size_t i = 0; i < s->napps; i++)
		buf_printf(out,
			   ",%s busy cores,%s used cores,%s busy MiB,"
			   "%s used MiB",
			   s->app[i].name, s->app[i].name, s->app[i].name,
			   s->app[i].name);
	buf_puts(out, "\n");
	for (size_t b = 0; b < bins(o); b++) {
		buf_printf(out, "%g", (double)b * (double)s->bin_us / 1e6);
		for (size_t i = 0; i < s->napps; i++) {
			const struct app *a = &o->app[i];

			buf_printf(out, ",%.3f,%.3f,%.1f,%.1f",
				   tally_bin(&a->busy_cores, b),
				   tally_bin(&a->used_cores, b),
				   tally_bin(&a->busy_mib, b),
				   tally_bin(&a->used_mib, b));
		}
		buf_puts(out, "\n");
	}
}

/* ---- plots ---- */

/* Lines that are made one after the other. */
struct lines {
	struct svg_series *at;
	size_t n;
	char **name;
};

static struct svg_series *add_line(struct lines *l, size_t points,
				   unsigned colour, bool dashed, char *name)
{
	struct svg_series *s;

	l->at = mem_resize(l->at, l->n + 1, sizeof(*l->at));
	l->name = mem_resize(l->name, l->n + 1, sizeof(*l->name));
	l->name[l->n] = name;
	s = &l->at[l->n++];
	*s = (struct svg_series){
		.name = name,
		.x = mem_array(points + 1, sizeof(double)),
		.y = mem_array(points + 1, sizeof(double)),
		.n = points,
		.colour = colour,
		.dashed = dashed,
	};
	return s;
}

static int plot(struct svg_plot *p, struct lines *l, const char *folder,
		const char *file, const char *policy, struct berth_error *err)
{
	struct buf out;
	int rc;

	buf_init(&out);
	p->series = l->at;
	p->nseries = l->n;
	svg_write(p, &out);
	rc = write_file(folder, file, policy, ".svg", &out, err);
	buf_finish(&out);
	for (size_t i = 0; i < l->n; i++) {
		free((void *)l->at[i].x);
		free((void *)l->at[i].y);
		free(l->name[i]);
	}
	free(l->at);
	free(l->name);
	return rc;
}

static void add_curve(struct lines *l, const struct outcome *o, int app,
		      bool memory, unsigned colour, bool dashed, char *name)
{
	const struct scenario *s = o->scenario;
	double total =
		(double)s->nodes * (memory ? (double)s->memory_mib : s->cores);
	struct svg_series *line = add_line(l, bins(o), colour, dashed, name);
	double *x = (double *)line->x, *y = (double *)line->y;

	for (size_t b = 0; b < line->n; b++) {
		x[b] = (double)b * (double)s->bin_us / 1e6;
		for (size_t i = 0; i < s->napps; i++) {
			const struct app *a = &o->app[i];

			if (app < 0 || (size_t)app == i)
				y[b] += 100 / total *
					tally_bin(memory ? &a->busy_mib
							 : &a->busy_cores,
						  b);
		}
	}
}

static int plot_use(struct outcome *const *o, size_t n, const char *folder,
		    struct berth_error *err)
{
	struct svg_plot p = {
		.title = "Utilisation: cores and memory in which tasks run",
		.x_label = "seconds",
		.y_label = "% of the cluster",
		.y_max = 100,
	};
	struct lines l = {NULL, 0, NULL};

	for (size_t i = 0; i < n; i++) {
		add_curve(&l, o[i], -1, false, (unsigned)i, false,
			  mem_printf("cores, %s", o[i]->policy));
		add_curve(&l, o[i], -1, true, (unsigned)i, true,
			  mem_printf("memory, %s", o[i]->policy));
	}
	return plot(&p, &l, folder, "utilisation", NULL, err);
}

static int plot_shares(const struct outcome *o, const char *folder,
		       struct berth_error *err)
{
	struct svg_plot p = {
		.title = "Shares: cores in which each framework's tasks run",
		.x_label = "seconds",
		.y_label = "% of the cluster",
		.y_max = 100,
	};
	struct lines l = {NULL, 0, NULL};

	for (size_t i = 0; i < o->scenario->napps; i++)
		add_curve(&l, o, (int)i, false, (unsigned)i, i >= 8,
			  mem_strdup(o->scenario->app[i].name));
	return plot(&p, &l, folder, "shares", o->policy, err);
}

/* How many tasks were taken back so far. */
static int plot_revocations(const struct outcome *o, const char *folder,
			    struct berth_error *err)
{
	struct svg_plot p = {
		.title = "Revocations: tasks taken back so far",
		.x_label = "seconds",
		.y_label = "tasks",
	};
	struct lines l = {NULL, 0, NULL};

	for (size_t i = 0; i < o->scenario->napps; i++) {
		struct svg_series *line = add_line(
			&l, bins(o), (unsigned)i, i >= 8,
			mem_strdup(o->scenario->app[i].name));
		double *x = (double *)line->x, *y = (double *)line->y, sum = 0;

		for (size_t b = 0; b < line->n; b++) {
			sum += tally_bin(&o->app[i].taken, b);
			x[b] = (double)b * (double)o->scenario->bin_us / 1e6;
			y[b] = sum;
		}
	}
	return plot(&p, &l, folder, "revocations", o->policy, err);
}

static double waited_s(const struct work *w)
{
	uint64_t until = w->gathered_us > 0 ? w->gathered_us : w->first_us;

	return (double)(until - w->began_us) / 1e6;
}

/* How many jobs have at most so much of it; no more points than one sees. */
static void add_cdf(struct lines *l, const struct outcome *o, bool waiting,
		    unsigned colour)
{
	size_t all = o->work.count, n = all < CDF_POINTS ? all : CDF_POINTS;
	struct svg_series *line =
		add_line(l, n, colour, false, mem_strdup(o->policy));
	double *x = (double *)line->x, *y = (double *)line->y;
	double *value = mem_array(all + 1, sizeof(*value));

	for (size_t i = 0; i < all; i++) {
		const struct work *w = &o->work.at[i];

		value[i] = waiting ? waited_s(w) : figures_slowdown(o, w);
	}
	figures_sort(value, all);
	for (size_t i = 0; i < n; i++) {
		double part = (double)(i + 1) / (double)n;

		x[i] = figures_rank(value, all, part);
		y[i] = 100 * part;
	}
	free(value);
}

static int plot_cdf(struct outcome *const *o, size_t n, bool waiting,
		    const char *folder, struct berth_error *err)
{
	struct svg_plot p = {
		.title = waiting ? "Waiting: from demand to first task, of "
				   "gangs to the last"
				 : "Bounded slowdown of jobs",
		.x_label = waiting ? "seconds"
				   : "times as long as alone on the cluster",
		.y_label = "% of jobs",
		.y_max = 100,
		.log_x = true,
	};
	struct lines l = {NULL, 0, NULL};

	for (size_t i = 0; i < n; i++)
		add_cdf(&l, o[i], waiting, (unsigned)i);
	return plot(&p, &l, folder, waiting ? "waiting" : "slowdown", NULL,
		    err);
}

static int csv(const struct outcome *o, const char *folder, const char *name,
	       void (*fill)(const struct outcome *o, struct buf *out),
	       struct berth_error *err)
{
	struct buf out;
	int rc;

	buf_init(&out);
	fill(o, &out);
	rc = write_file(folder, name, o->policy, ".csv", &out, err);
	buf_finish(&out);
	return rc;
}

int report_files(struct outcome *const *o, size_t n, const char *folder,
		 struct berth_error *err)
{
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return error_sys(err, "%s: cannot make the folder", folder);
	for (size_t i = 0; i < n; i++) {
		if (csv(o[i], folder, "jobs", csv_jobs, err) != 0 ||
		    csv(o[i], folder, "usage", csv_usage, err) != 0 ||
		    plot_shares(o[i], folder, err) != 0)
			return -1;
		if (o[i]->slices_revoked > 0 &&
		    plot_revocations(o[i], folder, err) != 0)
			return -1;
	}
	if (plot_use(o, n, folder, err) != 0 ||
	    plot_cdf(o, n, false, folder, err) != 0 ||
	    plot_cdf(o, n, true, folder, err) != 0)
		return -1;
	return 0;
}

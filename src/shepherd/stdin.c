/* stdin.c - whose standard input goes where: one feed a job, to its rank 0 or
 * its first plain task. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/runner_impl.h"

static struct job_feed *find_feed(struct runner *r, uint64_t job)
{
	struct job_feed *f;

	TAILQ_FOREACH(f, &r->feeds, next)
	{
		if (f->job == job)
			return f;
	}
	return NULL;
}

static void on_fed(void *arg, uint64_t offset, bool closed)
{
	struct job_feed *f = arg;

	f->runner->ev.fed(f->runner->arg, f->job, offset, closed);
}

void runner_want_feed(struct runner *r, const struct launch *l)
{
	struct job_feed *f;

	if (!l->spec->want_stdin || find_feed(r, l->spec->job))
		return;
	f = mem_alloc(sizeof(*f));
	f->runner = r;
	f->job = l->spec->job;
	f->feed = feed_create(r->loop, on_fed, f);
	TAILQ_INSERT_TAIL(&r->feeds, f, next);
}

int runner_take_feed(struct runner *r, struct proc *p)
{
	struct job_feed *f;
	struct berth_error err;
	int fd;

	if (!p->launch->spec->want_stdin || p->rank > 0 || p->launch->spawned)
		return -1;
	f = find_feed(r, p->task->job);
	if (f == NULL || f->taken)
		return -1;
	f->taken = true;
	p->task->fed = true;
	fd = feed_open(f->feed, &err);
	if (fd < 0)
		log_error("job %lu: %s", (unsigned long)f->job, err.text);
	return fd;
}

void runner_drop_feed(struct runner *r, struct task *t)
{
	struct job_feed *f = t->fed ? find_feed(r, t->job) : NULL;

	if (f == NULL)
		return;
	if (!feed_closed(f->feed))
		r->ev.fed(r->arg, f->job, feed_offset(f->feed), true);
	TAILQ_REMOVE(&r->feeds, f, next);
	feed_destroy(f->feed);
	free(f);
}

void runner_stdin(struct runner *r, const Berth__StdinData *d)
{
	struct job_feed *f = find_feed(r, d->job);

	if (f)
		feed_data(f->feed, d->offset, d->data.data, d->data.len,
			  d->eof);
	else
		r->ev.fed(r->arg, d->job, d->offset, true);
}

void runner_stdin_again(struct runner *r)
{
	struct job_feed *f;

	TAILQ_FOREACH(f, &r->feeds, next)
		r->ev.fed(r->arg, f->job, feed_offset(f->feed),
			  feed_closed(f->feed));
}

void runner_finish_feeds(struct runner *r)
{
	struct job_feed *f;

	while ((void)(f = TAILQ_FIRST(&r->feeds)), f != NULL) {
		TAILQ_REMOVE(&r->feeds, f, next);
		feed_destroy(f->feed);
		free(f);
	}
}

#include "broker/reaper.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct reaper {
	struct book *book;
	struct jobs *jobs;
	struct launches *launches;
	size_t gone; /* frameworks that are to be reaped */
};

void reaper_event(void *reaper, const struct event *ev)
{
	struct reaper *r = reaper;

	if (ev->type == EVENT_FRAMEWORK_GONE)
		r->gone++;
}

/* name is a copy: its framework is removed with its last job. */
static void reap_jobs(struct reaper *r, const char *name)
{
	struct ledger *ledger = book_ledger(r->book);
	const struct job *j, *next;

	for (j = ledger_first_job(ledger); j != NULL; j = next) {
		next = TAILQ_NEXT(j, of_ledger);
		if (strcmp(j->framework, name) != 0)
			continue;
		if (j->counts.starting + j->counts.running == 0)
			ledger_job_finished(ledger, NULL, j->id, JOB_LOST, 1, 0,
					    "its framework is gone", book_now(),
					    NULL);
		else if (jobs_first_end(r->jobs, j->id))
			launches_kill_job(r->launches, j, 0, 0,
					  BERTH__TASK_END__END_KILLED);
	}
}

void reaper_reap(void *reaper)
{
	struct reaper *r = reaper;
	struct ledger *ledger = book_ledger(r->book);
	const struct framework *fw;
	size_t pos = 0, gone = 0;
	char *name;

	if (r->gone == 0)
		return;
	while ((fw = ledger_next_framework(ledger, &pos)) != NULL) {
		if (!fw->gone)
			continue;
		gone++;
		name = mem_strdup(fw->name);
		reap_jobs(r, name);
		free(name);
	}
	r->gone = gone;
}

struct reaper *reaper_create(struct book *book, struct jobs *jobs,
			     struct launches *launches)
{
	struct reaper *r = mem_alloc(sizeof(*r));

	r->book = book;
	r->jobs = jobs;
	r->launches = launches;
	return r;
}

void reaper_destroy(struct reaper *r)
{
	free(r);
}

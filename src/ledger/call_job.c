/* call_job.c - what users and frameworks say of jobs, as checked events. */
#include "ledger/state.h"

#include <string.h>

int ledger_submit(struct ledger *l, const struct ledger_job *job,
		  uint64_t now_us, uint64_t *id, struct berth_error *err)
{
	struct framework *f = state_framework(l, job->framework, err);
	struct event ev = {.type = EVENT_JOB_SUBMITTED};

	if (f == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (f->gone)
		return error_set(err, BERTH_EUNAVAIL, "framework %s is gone",
				 f->name);
	ev.at_us = l->now_us;
	ev.job_submitted.job = job->id != 0 ? job->id : l->next_job;
	ev.job_submitted.name = job->name != NULL ? job->name : "";
	ev.job_submitted.framework = f->name;
	ev.job_submitted.role = f->role->name;
	if (job->role != NULL && *job->role != '\0')
		ev.job_submitted.role = job->role;
	ev.job_submitted.user = job->user;
	ev.job_submitted.spec = job->spec;
	ev.job_submitted.priority = job->priority;
	ev.job_submitted.grace_us = job->grace_us;
	ev.job_submitted.leaves = job->leaves;
	ev.job_submitted.nleaves = job->nleaves;
	if (ledger_apply(l, &ev, err) != 0)
		return -1;
	*id = ev.job_submitted.job;
	return 0;
}

int ledger_cancel(struct ledger *l, uint64_t job, uint64_t now_us,
		  struct berth_error *err)
{
	struct job *j = state_job(l, job, err);
	struct event ev = {.type = EVENT_JOB_CANCELLED, .job = {.job = job}};

	if (j == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (j->state != JOB_ENDED && j->cancelled)
		return 0;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

/* The job, if it is the framework's (NULL: the broker speaks). */
static struct job *job_of(const struct ledger *l, const char *framework,
			  uint64_t id, struct berth_error *err)
{
	struct job *j = state_job(l, id, err);

	if (j == NULL)
		return NULL;
	if (framework != NULL && strcmp(j->framework, framework) != 0) {
		error_set(err, BERTH_ECONFLICT, "job %llu is %s's, not %s's",
			  (unsigned long long)id, j->framework, framework);
		return NULL;
	}
	return j;
}

int ledger_job_started(struct ledger *l, const char *framework, uint64_t job,
		       uint64_t now_us, struct berth_error *err)
{
	struct job *j = job_of(l, framework, job, err);
	struct event ev = {.type = EVENT_JOB_STARTED, .job = {.job = job}};

	if (j == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (j->state == JOB_RUNNING)
		return 0;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

int ledger_job_finished(struct ledger *l, const char *framework, uint64_t job,
			enum job_outcome outcome, int32_t exit_code,
			int32_t signal, const char *text, uint64_t now_us,
			struct berth_error *err)
{
	struct job *j = job_of(l, framework, job, err);
	struct event ev = {
		.type = EVENT_JOB_FINISHED,
		.job = {
			.job = job,
			.outcome = outcome,
			.exit_code = exit_code,
			.signal = signal,
			.text = text,
		},
	};

	if (j == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

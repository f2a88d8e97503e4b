/* job.c - see job.h. */
#include "model/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const outcome_names[] = {
	[JOB_NONE] = "",
	[JOB_DONE] = "done",
	[JOB_FAILED] = "failed",
	[JOB_CANCELLED] = "cancelled",
	[JOB_TIMEOUT] = "timeout",
	[JOB_LOST] = "lost",
};

struct job *job_create(uint64_t id)
{
	struct job *j = mem_alloc(sizeof(*j));

	j->id = id;
	TAILQ_INIT(&j->tasks);
	return j;
}

void job_destroy(struct job *j)
{
	struct task *t;

	if (j == NULL)
		return;
	while (!TAILQ_EMPTY(&j->tasks)) {
		t = TAILQ_FIRST(&j->tasks);
		TAILQ_REMOVE(&j->tasks, t, of_job);
		task_destroy(t);
	}
	idmap_finish(&j->by_index);
	free(j->name);
	free(j->text);
	mem_strv_free(j->leaves);
	free(j->spec);
	free(j->trace);
	free(j);
}

const char *job_state_name(enum job_state s)
{
	static const char *const names[] = {
		[JOB_QUEUED] = "queued",
		[JOB_RUNNING] = "running",
		[JOB_ENDED] = "ended",
	};

	return names[s];
}

const char *job_outcome_name(enum job_outcome o)
{
	return outcome_names[o];
}

int job_outcome_parse(const char *name, enum job_outcome *out)
{
	for (int i = JOB_DONE; i <= JOB_LOST; i++) {
		if (strcmp(name, outcome_names[i]) == 0) {
			*out = (enum job_outcome)i;
			return 0;
		}
	}
	return -1;
}

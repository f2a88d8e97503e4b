/* task.c - see task.h. */
#include "model/task.h"

#include <stdlib.h>

#include "base/mem.h"

struct task *task_create(struct job *job, uint32_t index)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->job = job;
	t->index = index;
	t->array_index = -1;
	t->status.rank = -1;
	return t;
}

void task_destroy(struct task *t)
{
	if (t == NULL)
		return;
	free(t->ranks);
	free((char *)t->status.text);
	free(t);
}

const char *task_state_name(enum task_state s)
{
	static const char *const names[] = {
		[TASK_STARTING] = "starting",
		[TASK_RUNNING] = "running",
		[TASK_ENDED] = "ended",
	};

	return names[s];
}

const char *task_end_name(enum task_end e)
{
	static const char *const names[TASK_ENDS] = {
		[TASK_END_NONE] = "",
		[TASK_END_EXITED] = "exited",
		[TASK_END_SIGNALED] = "signaled",
		[TASK_END_ABORTED] = "aborted",
		[TASK_END_NO_FINALIZE] = "no_finalize",
		[TASK_END_KILLED] = "killed",
		[TASK_END_REVOKED] = "revoked",
		[TASK_END_WALLTIME] = "walltime",
		[TASK_END_FAILED_START] = "failed_start",
		[TASK_END_LOST] = "lost",
	};

	return names[e];
}

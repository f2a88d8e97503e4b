/* history_feed.c - see history_feed.h. */
#include "broker/history_feed.h"

#include "broker/history.h"

void history_feed(void *history, const struct record_job *j)
{
	const Berth__RecordUsage *u = j->end->usage;
	const struct history_job row = {
		.id = j->is->id,
		.name = j->is->name,
		.user = j->is->user,
		.role = j->is->role[0] != '\0' ? j->is->role : "default",
		.framework = j->is->framework,
		.nodes = u->nodes,
		.nnodes = u->n_nodes,
		.slices = u->n_slices,
		.tasks = u->tasks,
		.failed = u->failed,
		.cores = u->cores,
		.memory_mib = u->memory_mib,
		.gpus = u->gpus,
		.core_us = u->core_us,
		.gpu_us = u->gpu_us,
		.cpu_us = u->cpu_us,
		.max_rss_kib = u->max_rss_kib,
		.submitted_us = j->is->submitted_us,
		.started_us = j->is->started_us,
		.ended_us = j->end->ended_us,
		.outcome = j->end->outcome <= JOB_LOST
				   ? (enum job_outcome)j->end->outcome
				   : JOB_LOST,
		.exit_code = j->end->exit_code,
		.signal = j->end->signal,
		.requeues = u->requeues,
		.revocations = u->revocations,
		.text = j->end->text,
	};

	history_put(history, &row);
}

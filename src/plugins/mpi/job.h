/*
 * job.h - one mpi job: what it wants, where it runs, how it ends.  State
 * alone; mpi.c speaks with the broker.
 */
#ifndef MPI_JOB_H
#define MPI_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <berth/plugin.h>

#include "plugins/common/verdict.h"
#include "plugins/common/want.h"
#include "plugins/mpi/options.h"

enum mpi_state {
	MPI_WAITING, /* its demand is stated */
	MPI_RUNNING, /* launched */
	MPI_ENDING,  /* decided; its tasks are being killed */
};

struct mpi_slice {
	uint64_t id;
	char *node;
	unsigned units;
	uint64_t since_ms; /* held since */
	bool wanted_back;  /* revoked: do not run another job in it */
	uint64_t signals_ms; /* … and what runs in it is told to end from then
				on */
	bool revocable;	   /* as it was offered */
	bool gone;	   /* its node is lost */
};

/* What runs in a slice. */
struct mpi_task {
	unsigned index;
	unsigned n_ranks;
	bool ended;
	bool died; /* all its ranks did, and the job goes on */
};

struct mpi_job {
	TAILQ_ENTRY(mpi_job) link;
	uint64_t id;
	char demand[24];
	bool asked; /* the demand is stated */
	enum mpi_state state;
	struct want *want;
	struct mpi_options options;

	struct mpi_slice *slices; /* while it runs */
	size_t n_slices;
	struct mpi_task *tasks; /* tasks[i] runs in slices[i] */
	size_t n_tasks, n_ended;
	unsigned next_index; /* of tasks, over all attempts */
	uint64_t offer;	     /* it was launched with; 0: with kept slices */
	unsigned refusals;

	size_t n_died;	      /* tasks */
	struct verdict death; /* the first that the job outlived; "": none */
	bool decided; /* verdict is set */
	unsigned restarts;   /* that it may have after failures */
	unsigned n_restarts; /* that it had */
	unsigned grace_ms;
	bool no_requeue; /* ends when its slices were taken back */
	bool keeps;   /* what it did when they are: it has a checkpoint */
	bool again;   /* back to the queue when all tasks have ended */
	uint64_t began_ms; /* running */
	uint64_t lost_ms;  /* it ran for so long in vain, in slices that were
			      taken back */
	uint64_t firm_until_ms; /* nothing revocable until then; 0: it may */
	struct verdict verdict;
};
TAILQ_HEAD(mpi_job_list, mpi_job);

/* NULL: its options are wrong, err names the one. */
struct mpi_job *mpi_job_create(const struct berth_job *j,
			       struct berth_error *err);
void mpi_job_destroy(struct mpi_job *j);

/* The demand for the whole gang; points into the job. */
struct berth_demand mpi_job_demand(const struct mpi_job *j);

/* Which ranks run where: places[i] for slices[i]; freed with map_finish.
 * false: they do not fit. */
bool mpi_job_map(const struct mpi_job *j, const struct mpi_slice *slices,
		 size_t n, struct map_place *places);

/* Take slices over (those whose place has ranks; the array and the others stay
 * the caller's) and make a task for each. */
void mpi_job_place(struct mpi_job *j, struct mpi_slice *slices, size_t n,
		   const struct map_place *places);

/* The task of this index, or NULL. */
struct mpi_task *mpi_job_task(struct mpi_job *j, unsigned index);
struct mpi_slice *mpi_job_slice(struct mpi_job *j, uint64_t id);

/* The broker wants this slice of the job's back in so many ms, and tells what
 * runs there to end when the job's grace is all that is left. */
void mpi_job_want_back(struct mpi_job *j, uint64_t slice, unsigned deadline_ms,
		       uint64_t now_ms);

/* Note a task's end.  true: it decides the job's end. */
bool mpi_job_task_ended(struct mpi_job *j, const struct berth_task *t,
			uint64_t now_ms);

/* Its slices were taken back and it is to be queued again.  So long as it has
 * lost in all it takes nothing revocable: a job that is larger than what its
 * role is guaranteed would start again and again, for nothing. */
void mpi_job_lost(struct mpi_job *j, uint64_t now_ms);

/* Without a decision all went well: what the user reads. */
void mpi_job_done(const struct mpi_job *j, struct verdict *v);

/* No slices and no tasks any more; next_index stays. */
void mpi_job_clear(struct mpi_job *j);

void mpi_slices_free(struct mpi_slice *slices, size_t n);

#endif

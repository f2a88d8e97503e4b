/*
 * work.h - the jobs of a workload: what they do, in stages of tasks, and how
 * it went.
 *
 * What a job does is fixed before anything runs; the length of each task is
 * drawn from the job's own seed, so that it is the same under every policy.
 */
#ifndef SIM_WORK_H
#define SIM_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/amount.h"
#include "model/demand.h"

/* Tasks that may run side by side; a stage begins when the one before it has
 * ended. */
struct stage {
	uint32_t tasks;
	uint64_t mean_us; /* of a task on a node that has its data */
	double spread;	  /* standard deviation, as part of the mean */
	bool reads;	  /* each task reads a block that lies on some nodes */
};

struct work {
	char *name;
	char *group;  /* class: those of one name are averaged in the table */
	unsigned app; /* index of its framework */
	uint64_t submit_us;
	bool after_last;   /* submitted when the one before it has ended */
	uint64_t setup_us; /* from its submission to its first demand */
	uint64_t seed;
	struct stage *stage;
	unsigned nstages;
	uint32_t workers; /* gang: its size; spark, elastic: at most so many */
	uint32_t least;	  /* elastic, spark: begins with no fewer */

	/* Recorded: what it was, one of its tasks after the other. */
	char *role;	     /* NULL: its framework's */
	struct request unit; /* of a task; 0 cores: its framework's */
	bool gang;
	uint64_t *length_us; /* of each task; NULL: drawn from its stage */
	uint32_t nlengths;

	/* How it went. */
	bool submitted, ended;
	uint64_t began_us;    /* first demand */
	uint64_t first_us;    /* first task launched */
	uint64_t gathered_us; /* all of its gang (or least) had */
	uint64_t end_us;
	uint32_t launched, local, read; /* tasks; of those that read */
	uint32_t again;			/* tasks that were lost … */
	uint32_t revoked;		/* … or taken back */
	uint64_t lost_us;		/* time that these had run in vain */
};

struct worklist {
	struct work *at; /* in the order of submission, once sorted */
	size_t count, room;
};

void worklist_init(struct worklist *w);
void worklist_finish(struct worklist *w);
/* A fresh one at the end, zeroed; good until the next call. */
struct work *worklist_add(struct worklist *w, const char *name,
			  const char *group);
/* By time of submission; those of the same time as they were added. */
void worklist_sort(struct worklist *w);
/* Only the first count of them stay. */
void worklist_cut(struct worklist *w, size_t count);
void worklist_copy(struct worklist *to, const struct worklist *from);

void work_add_stage(struct work *w, const struct stage *s);

/* How long task number index of a stage takes. */
uint64_t work_task_us(const struct work *w, unsigned stage, uint32_t index);
/* How long it would take alone, with so many tasks at a time, each stage in
 * waves of its mean. */
uint64_t work_alone_us(const struct work *w, uint64_t slots);
/* The same for everything: task-seconds. */
double work_task_seconds(const struct work *w);
uint64_t work_tasks(const struct work *w);

/* A seed out of a seed and a number. */
uint64_t work_mix(uint64_t seed, uint64_t n);

#endif

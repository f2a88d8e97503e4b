/*
 * jobs.h - what the leader knows of a job beside the ledger: its decoded spec
 * while it lives, and where its tasks ran for as long as it is remembered.
 */
#ifndef BROKER_JOBS_H
#define BROKER_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/book.h"
#include "broker/json_spec.h"
#include "wire/record.pb-c.h"

struct jobs;

struct jobs *jobs_create(struct book *book);
void jobs_destroy(struct jobs *j);
void jobs_event(void *jobs, const struct event *ev); /* book_event_f */

/* Put the job of this number into the ledger; takes over spec. */
int jobs_submit(struct jobs *j, uint64_t id, struct job_spec *spec,
		struct berth_error *err);
/* The record of such a job, to be accepted under this key; the caller frees
 * it with berth__record_job__free_unpacked. */
Berth__RecordJob *jobs_record(struct jobs *j, const struct job_spec *spec,
			      const char *key);
/* Put a job that was accepted before into the ledger, when it was. */
int jobs_recall(struct jobs *j, const Berth__RecordJob *job,
		struct berth_error *err);
/* NULL when the job is not known or has ended. */
const struct job_spec *jobs_spec(const struct jobs *j, uint64_t id);
/* Were tasks of it launched by an earlier leader? */
bool jobs_recalled(const struct jobs *j, uint64_t id);
/* How many launches of it there were before; counts one more. */
uint32_t jobs_count_launch(struct jobs *j, uint64_t id);

/* true the first time that it is called for the job: whoever ends its tasks
 * does so once. */
bool jobs_first_end(struct jobs *j, uint64_t id);

/* Where a task of a job ran; the pointers live until the next event. */
struct jobs_place {
	uint32_t index;
	const char *node;
	const uint32_t *ranks;
	uint32_t nranks; /* 0: a plain task */
};
/* Iterate in the order of launch: *pos starts as 0; false at the end.  Goes on
 * with tasks that were launched in the meantime. */
bool jobs_next_place(const struct jobs *j, uint64_t id, size_t *pos,
		     struct jobs_place *out);

#endif

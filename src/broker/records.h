/*
 * records.h - what was agreed on and is still needed: accepted jobs with what
 * became of them and of their tasks, shares that calls have set, frameworks,
 * nodes, which of them are drained, what they store.  A plain table, and nothing but a function of the records that were
 * applied to it: every voter that has applied the same ones has the same.  A
 * new leader starts from it.
 *
 * A record is the bytes of a Record (wire/record.proto).  Changes that make no
 * sense (any more), such as the end of a job that is forgotten, are ignored:
 * what is proposed twice counts once.
 *
 * Job ids are given here, when a job's record is applied, so no two leaders
 * ever give the same one.  No I/O, no clock, no other part of the broker.
 */
#ifndef BROKER_RECORDS_H
#define BROKER_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/idmap.h"
#include "wire/record.pb-c.h"

struct records;

/* A job; to be read until the next call that changes something. */
struct record_job {
	Berth__RecordJob *is;  /* with its id */
	Berth__RecordEnd *end; /* NULL: it has not ended; has its usage */
	struct idmap tasks;    /* Berth__RecordTask, by index */
	TAILQ_ENTRY(record_job) of_all; /* by id */
};

struct records *records_create(void);
void records_destroy(struct records *r); /* NULL is fine */

/* Call ended with each job whose end is applied, and with all that have ended
 * when a snapshot is restored.  It must not change the table. */
typedef void (*records_ended_f)(void *arg, const struct record_job *job);
void records_on_end(struct records *r, records_ended_f ended, void *arg);

/* A committed record.  -1: it is none; nothing is changed. */
int records_apply(struct records *r, const void *data, size_t len,
		  struct berth_error *err);

/* Append to out what makes the same table again. */
void records_snapshot(const struct records *r, struct buf *out);
/* Take this instead of all that was there.  -1: it is no snapshot, nothing is
 * changed. */
int records_restore(struct records *r, const void *data, size_t len,
		    struct berth_error *err);

/* ---- reading ---- */

const struct record_job *records_job(const struct records *r, uint64_t id);
/* The job that was accepted under this key; 0: none is (any more). */
uint64_t records_keyed(const struct records *r, const char *key);
const struct record_job *records_first_job(const struct records *r);
uint64_t records_next_job(const struct records *r); /* the next one's id */

/* Iteration: *pos starts as 0, NULL at the end; in the order in which they
 * came. */
const Berth__RecordShare *records_next_share(const struct records *r,
					     size_t *pos);
const Berth__RecordFramework *records_next_framework(const struct records *r,
						     size_t *pos);
/* Each has one node. */
const Berth__RecordDataset *records_next_dataset(const struct records *r,
						 size_t *pos);
const char *records_next_node(const struct records *r, size_t *pos);
/* TaskReport.life of its last; 0: none is known. */
uint64_t records_node_life(const struct records *r, const char *node);

/* NULL: the node is not drained. */
const Berth__RecordDrain *records_drain(const struct records *r,
					const char *node);
/* What this node holds of it, or NULL. */
const Berth__RecordDataset *records_dataset(const struct records *r,
					    const char *dataset,
					    const char *node);
/* How many ended jobs there were that are not kept any more. */
uint64_t records_forgotten(const struct records *r);

/* ---- writing ---- */

/* Append the bytes of a Record with these changes. */
void records_pack(struct buf *out, Berth__RecordChange *const *changes,
		  size_t n);

#endif

/*
 * commit.h - the leader's changes on their way into the records: those of one
 * turn of the loop are proposed together, and who has to wait hears when they
 * are committed.
 *
 * A change is an ask, which may be refused (a disk is full), or a fact, which
 * happened whether it can be written down or not: facts are tried again until
 * they are in.
 */
#ifndef BROKER_COMMIT_H
#define BROKER_COMMIT_H

#include <stddef.h>

#include "base/error.h"
#include "broker/agree.h"
#include "broker/records.h"
#include "io/loop.h"

struct commit;

/* As agree_propose; what is committed has been applied to the records. */
typedef int (*commit_propose_f)(void *arg, const void *data, size_t len,
				agree_done_f done, void *done_arg,
				struct berth_error *err);

/* err NULL: it is committed.  Else it is not, or (BERTH_EUNAVAIL) nobody here
 * knows: another rank leads. */
typedef void (*commit_done_f)(void *arg, const struct berth_error *err);

/* propose NULL: what is put is in r at the end of the turn. */
struct commit *commit_create(struct loop *loop, struct records *r,
			     commit_propose_f propose, void *arg);
/* NULL is fine.  Those who wait are not called any more. */
void commit_destroy(struct commit *c);

struct records *commit_records(const struct commit *c);

/* A fact.  change is read, not kept.  One that is too large for a record is
 * dropped, with a line in the log. */
void commit_put(struct commit *c, Berth__RecordChange *change);
/* An ask; done is called once, from the loop.  One that is too large fails
 * alone (BERTH_ELIMIT). */
void commit_ask(struct commit *c, Berth__RecordChange *change,
		commit_done_f done, void *arg);
/* Call done, from the loop, when all facts that were put before are
 * committed. */
void commit_wait(struct commit *c, commit_done_f done, void *arg);
/* For who only tells what is: call done when all that was put before is
 * committed, or can't be now because the disk is full.  At once, from within,
 * when nothing is under way. */
void commit_read(struct commit *c, commit_done_f done, void *arg);

#endif

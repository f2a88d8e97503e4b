/*
 * sweeper.h - removes the folders of jobs that are forgotten, a few entries at
 * a time, so that a job of ten thousand tasks does not hold up the loop.
 * Links are removed, never followed.
 */
#ifndef BROKER_SWEEPER_H
#define BROKER_SWEEPER_H

#include <stdint.h>

#include "io/loop.h"

struct sweeper;

/* Also takes up what an earlier process left half done. */
struct sweeper *sweeper_create(struct loop *l, const char *node_dir);
void sweeper_destroy(struct sweeper *s);
/* NODE_DIR/jobs/JOB is gone for readers at once.  A folder that is not there
 * is fine. */
void sweeper_job(struct sweeper *s, uint64_t job);

#endif

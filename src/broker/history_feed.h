/*
 * history_feed.h - what the records say of jobs that have ended, into this
 * rank's history.  Every voter has the records, so every voter's history has
 * what ended under any leader.
 */
#ifndef BROKER_HISTORY_FEED_H
#define BROKER_HISTORY_FEED_H

#include "broker/records.h"

/* records_ended_f; the argument is a struct history. */
void history_feed(void *history, const struct record_job *job);

#endif

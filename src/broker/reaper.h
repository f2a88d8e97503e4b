/*
 * reaper.h - what frameworks leave behind that have stayed away for too long:
 * their tasks are killed, and their jobs ended once these are gone.
 */
#ifndef BROKER_REAPER_H
#define BROKER_REAPER_H

#include "broker/book.h"
#include "broker/jobs.h"
#include "broker/launches.h"

struct reaper;

struct reaper *reaper_create(struct book *book, struct jobs *jobs,
			     struct launches *launches);
void reaper_destroy(struct reaper *r);
void reaper_event(void *reaper, const struct event *ev); /* book_event_f */
void reaper_reap(void *reaper);				 /* book_round_f */

#endif

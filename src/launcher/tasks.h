/*
 * tasks.h - the table of this node's tasks, as its shepherds report them.
 *
 * A task is entered when its Launch is passed on, lives while its shepherd
 * says so, and is kept after its end until that is confirmed: whoever has
 * heard of it may die before it is on record.
 */
#ifndef LAUNCHER_TASKS_H
#define LAUNCHER_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/frame.h"

struct tasks;

struct tasks *tasks_create(const char *node);
void tasks_destroy(struct tasks *t);

/* A Launch goes to the shepherd: its tasks are under way. */
void tasks_launched(struct tasks *t, const Berth__Launch *launch);
/*
 * A shepherd's report.  Of a full one everything that it does not name is
 * over: those tasks are marked lost.  lost (may be NULL) is told of each.
 */
typedef void (*tasks_lost_f)(void *arg, const Berth__TaskStatus *status);
void tasks_report(struct tasks *t, const char *shepherd,
		  const Berth__TaskReport *report, tasks_lost_f lost,
		  void *arg);
/* The shepherd is gone: what has not ended is over, with this end and text. */
void tasks_shepherd_gone(struct tasks *t, const char *shepherd,
			 Berth__TaskEnd end, const char *text,
			 tasks_lost_f lost, void *arg);

/* A Launch that is not passed on: its tasks have not begun.  Each is over,
 * and told of; one that the table has already is left alone. */
void tasks_refused(struct tasks *t, const Berth__Launch *launch,
		   const char *text, tasks_lost_f lost, void *arg);

/* Running, under way, and ended but not confirmed; full is set.  Free with
 * tasks_report_free; the statuses belong to the table. */
Berth__TaskReport *tasks_full(const struct tasks *t);
void tasks_report_free(Berth__TaskReport *report);
/* These ends are on record: forgotten.  Calls confirmed (may be NULL) for the
 * ends of each shepherd, which may be over. */
typedef void (*tasks_confirmed_f)(void *arg, const char *shepherd,
				  Berth__TaskReport *ends);
void tasks_confirm(struct tasks *t, const Berth__TaskReport *ends,
		   tasks_confirmed_f confirmed, void *arg);
size_t tasks_count(const struct tasks *t);

/* Has the shepherd ever reported this task? */
bool tasks_reported(const struct tasks *t, uint64_t job, uint32_t index);
/* Tasks of the shepherd that have not ended. */
size_t tasks_of(const struct tasks *t, const char *shepherd);
/* Shepherds with live tasks of the job: calls f once for each. */
typedef void (*tasks_shepherd_f)(void *arg, const char *shepherd);
void tasks_shepherds(const struct tasks *t, uint64_t job, tasks_shepherd_f f,
		     void *arg);

#endif

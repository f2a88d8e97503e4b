/*
 * task_table.h - the tasks of a node as its agent knows them: those on their
 * way to the launcher, those that run, and the ends that no leader has
 * confirmed yet.
 */
#ifndef BROKER_TASK_TABLE_H
#define BROKER_TASK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"

struct task_table;

struct task_table *task_table_create(void);
void task_table_destroy(struct task_table *t);

/* On its way: counts as not over from now on. */
void task_table_launched(struct task_table *t, const Berth__Launch *launch,
			 const char *node);
/* What the launcher says.  A full report replaces what was known to run; a
 * task that was sent to the launcher before it is kept, since the launcher
 * did not know of it yet.  Ends are kept until they are confirmed. */
void task_table_report(struct task_table *t, const Berth__TaskReport *report);
/* These ends are on record: forgotten. */
void task_table_confirm(struct task_table *t,
			const Berth__TaskReport *confirmed);
/* The link is down: a full report comes when it is up again. */
void task_table_link_down(struct task_table *t);

/* All of it as one full report, for a (new) leader; freed with msg_free. */
Berth__Msg *task_table_full(const struct task_table *t);
/* On its way or running. */
bool task_table_lives(const struct task_table *t, uint64_t job,
		      uint32_t index);
size_t task_table_count(const struct task_table *t);

#endif

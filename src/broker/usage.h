/*
 * usage.h - what a job used, from its record: tasks with what each had, and
 * from when to when.  A function of the record alone, so it is the same at
 * every voter, whoever led meanwhile.
 */
#ifndef BROKER_USAGE_H
#define BROKER_USAGE_H

#include "base/idmap.h"
#include "wire/record.pb-c.h"

/* tasks: Berth__RecordTask by index.  The caller frees the sum with
 * berth__record_usage__free_unpacked. */
Berth__RecordUsage *usage_sum(const struct idmap *tasks);

#endif

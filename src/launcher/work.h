/*
 * work.h - the tasks of this node: launches, kills and standard input on
 * their way to the shepherds, reports on their way to the rank.
 *
 * A task's end is confirmed to its shepherd once the rank has it, so neither
 * of them needs this launcher's memory.
 */
#ifndef LAUNCHER_WORK_H
#define LAUNCHER_WORK_H

#include <stdbool.h>

#include "launcher/post.h"
#include "launcher/settings.h"
#include "launcher/shepherds.h"

struct work;

struct work *work_create(const struct settings *s, struct shepherds *sh,
			 const struct post *post);
void work_destroy(struct work *w);

/* From the rank: Launch, Kill, StdinData. */
void work_from_rank(struct work *w, Berth__Msg *msg);
/* From a shepherd: TaskReport, StdinAck. */
void work_from_shepherd(struct work *w, const char *key,
			const Berth__Msg *msg);
void work_shepherd_gone(struct work *w, const char *key, bool clean,
			const char *why);
/* A rank has linked: all that is known. */
void work_rank_up(struct work *w);

#endif

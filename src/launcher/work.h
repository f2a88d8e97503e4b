/*
 * work.h - the tasks of this node: launches, kills and standard input on
 * their way to the shepherds, reports on their way to the rank.
 *
 * A task's end is confirmed to its shepherd once the leader says that it is on
 * record; until then shepherd and launcher keep it, and tell it to each rank
 * that links.
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
/* What the launchers of this node know goes back to life (TaskReport.life). */
void work_begin(struct work *w, uint64_t life);

/* From the rank: Launch, Kill, Confirm, StdinData. */
void work_from_rank(struct work *w, Berth__Msg *msg);
/* From a shepherd: TaskReport, StdinAck. */
void work_from_shepherd(struct work *w, const char *key,
			const Berth__Msg *msg);
void work_shepherd_gone(struct work *w, const char *key, bool clean,
			const char *why);
/* A Launch of a leader that leads no more: its tasks do not begin. */
void work_refuse(struct work *w, const Berth__Launch *launch);
/* A rank has linked: all that is known. */
void work_rank_up(struct work *w);
/* Nobody is going to confirm ends any more: of this Berth's own programs (job
 * 0), or (all) at all. */
void work_retire(struct work *w, bool all);

#endif

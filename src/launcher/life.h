/*
 * life.h - since when the launchers of a node, one after another, know all
 * that came to it: a number in the node's folder.
 *
 * A launcher that starts again hears of the tasks from their shepherds.  When
 * one of those is dead, as after a node's reboot, tasks may have been of which
 * nobody knows: the number is another one from then on.
 */
#ifndef LAUNCHER_LIFE_H
#define LAUNCHER_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Of the folder dir; drawn anew when there is none yet, or all is not known.
 * 0 with err where it cannot be written. */
uint64_t life_of(const char *dir, bool all_known, struct berth_error *err);

#endif

/*
 * tidy.h - what a launcher that died, and was not started again, has left in its
 * node's folder and elsewhere.
 */
#ifndef LAUNCHER_TIDY_H
#define LAUNCHER_TIDY_H

#include "base/error.h"

/* End every process of that folder, remove their cgroups and the files that are
 * of no use any more.  -1: a launcher is there.  Nothing to do is fine. */
int tidy_node(const char *dir, struct berth_error *err);

#endif

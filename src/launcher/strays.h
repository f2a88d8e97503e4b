/*
 * strays.h - what a shepherd left behind when it died without tidying up.
 *
 * Its processes carry BERTH_SHEPHERD and BERTH_NODE_DIR in their environment,
 * so they are found without a cgroup as well, wherever they were moved or
 * forked to.
 */
#ifndef LAUNCHER_STRAYS_H
#define LAUNCHER_STRAYS_H

#include <stddef.h>

/* SIGKILL to every process of this shepherd (key NULL: of all shepherds of
 * the node folder) but ourselves.  Returns how many there were: until none is
 * found there may be more. */
size_t strays_kill(const char *node_dir, const char *key);

#endif

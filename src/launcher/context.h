/*
 * context.h - context ids for groups, unique over the virtual machine and over
 * the launcher's lives: roster index << 24 | counter.  Counters are reserved
 * by the thousand in the file "contexts" of the node's folder.
 */
#ifndef LAUNCHER_CONTEXT_H
#define LAUNCHER_CONTEXT_H

#include <stdint.h>

struct contexts;

struct contexts *contexts_create(const char *dir);
void contexts_destroy(struct contexts *c);
/* Never 0. */
uint64_t contexts_next(struct contexts *c, uint32_t index);

#endif

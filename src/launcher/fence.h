/*
 * fence.h - the highest term of a leader that this launcher has heard of, kept
 * in the node's folder (file "term").  What a leader of an older term says is
 * not carried out: there may be another one by now, and two leaders must never
 * act.
 */
#ifndef LAUNCHER_FENCE_H
#define LAUNCHER_FENCE_H

#include <stdbool.h>
#include <stdint.h>

struct fence;

/* dir is copied; a file that is not there means that none was heard of. */
struct fence *fence_create(const char *dir);
void fence_destroy(struct fence *f);

uint64_t fence_term(const struct fence *f);
/* Heard of a term; true: of a newer one than ever. */
bool fence_raise(struct fence *f, uint64_t term);

#endif

/*
 * spare.h - one shepherd that stands by with its PMIx started, so that an MPI
 * job does not wait for that.  It has no key, no socket and no tasks until it
 * is taken; it leaves by itself when this process goes away.
 */
#ifndef LAUNCHER_SPARE_H
#define LAUNCHER_SPARE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "io/loop.h"
#include "launcher/settings.h"

struct spare;

struct spare *spare_create(struct loop *l, const struct settings *s);
/* One that stands by leaves. */
void spare_destroy(struct spare *sp);

/* See to it that there will be one: it is started in a while, when whatever
 * asks now has got under way. */
void spare_want(struct spare *sp);

/*
 * Make the one that stands by the shepherd of that key; its log becomes log.
 * Returns the descriptor on which it says that its socket is there (the
 * caller's now), *pid is its process; -1: none is ready.
 */
int spare_take(struct spare *sp, const char *key, const char *log, pid_t *pid);

/* A child of this process ended; false: not the spare. */
bool spare_reaped(struct spare *sp, pid_t pid);

#endif

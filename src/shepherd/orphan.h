/*
 * orphan.h - how long this shepherd's tasks run on without a broker.
 *
 *             attended      alone, kept, no link   time over
 *   attended  -             counts                 -
 *   counting  attended      counts on (kept: not)  over() is called, once
 */
#ifndef SHEPHERD_ORPHAN_H
#define SHEPHERD_ORPHAN_H

#include <stdint.h>

#include "io/loop.h"
#include "wire/frame.h"

struct orphan;

/* after_ms 0: for ever.  Counts from now on. */
struct orphan *orphan_create(struct loop *l, uint64_t after_ms, loop_f over,
			     void *arg);
void orphan_destroy(struct orphan *o);

/* The launcher's word. */
void orphan_told(struct orphan *o, const Berth__Attended *word);
/* The launcher is gone. */
void orphan_alone(struct orphan *o);

#endif

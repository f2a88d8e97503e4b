/*
 * bind.h - which processors of a slice each rank of it gets: the order of the
 * cores by map_by here, their split over the ranks by topo/bind.h.
 */
#ifndef SHEPHERD_BIND_H
#define SHEPHERD_BIND_H

#include "base/bitset.h"
#include "base/error.h"
#include "wire/berth.pb-c.h"

struct binder; /* keeps the node's topology once somebody has asked for it */
struct binder *binder_create(void);
void binder_destroy(struct binder *b);

/* All processors of the slice.  -1: its text is no list, or it is empty. */
int bind_slice(const Berth__Slice *s, struct bitset *out,
	       struct berth_error *err);

/*
 * Processors of each of the n ranks in the slice, into n initialised sets.
 * bind_to is "core" (or ""), "l3", "numa", "socket" or "none"; map_by "core"
 * (or ""): one after the other, or round robin over "l3", "numa", "socket".
 */
int bind_ranks(struct binder *b, const Berth__Slice *s, const char *bind_to,
	       const char *map_by, size_t n, struct bitset *out,
	       struct berth_error *err);

#endif

/*
 * index.h - the nodes that something can be offered of, by what they have
 * free: a row for each number of free GPUs (the last one for that many and
 * more), in it a bucket for each number of free cores.
 *
 * A search walks the buckets that can hold what it looks for and skips empty
 * ones by words of 64.  Moving a node costs the same whatever their number.
 */
#ifndef LEDGER_INDEX_H
#define LEDGER_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "model/node.h"

#define INDEX_ROWS 17

struct index_bucket {
	TAILQ_HEAD(, node) nodes;
	size_t count;
};

struct index_row {
	struct index_bucket *bucket; /* by free cores */
	uint64_t *filled;	     /* bit c: bucket c is not empty */
	size_t ncolumns;	     /* a multiple of 64 */
	size_t count;		     /* nodes in it */
};

struct index {
	struct index_row row[INDEX_ROWS];
	size_t count;
};

void index_init(struct index *x);
void index_finish(struct index *x);
/* Where it belongs by n->free, whether it was in or not. */
void index_put(struct index *x, struct node *n);
void index_remove(struct index *x, struct node *n); /* no harm if not in */

/* The row of nodes with so many GPUs free. */
unsigned index_row_of(uint64_t gpus);
/* The column at or next to `from` that holds nodes, upwards and downwards; -1
 * behind the last. */
int index_up(const struct index *x, unsigned row, size_t from);
int index_down(const struct index *x, unsigned row, size_t from);
#define index_bucket_nodes(x, r, c) (&(x)->row[r].bucket[c].nodes)

/* No fewer units of so many cores and GPUs than all nodes could have now,
 * counted up to limit; memory, drives and constraints are not looked at. */
uint64_t index_bound(const struct index *x, unsigned cores, unsigned gpus,
		     uint64_t limit);

#endif

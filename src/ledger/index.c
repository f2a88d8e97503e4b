/* index.c - see index.h. */
#include "ledger/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void index_init(struct index *x)
{
	memset(x, 0, sizeof(*x));
}

void index_finish(struct index *x)
{
	for (unsigned r = 0; r < INDEX_ROWS; r++) {
		free(x->row[r].bucket);
		free(x->row[r].filled);
	}
	index_init(x);
}

unsigned index_row_of(uint64_t gpus)
{
	return gpus < INDEX_ROWS ? (unsigned)gpus : INDEX_ROWS - 1;
}

/* A list's head knows its own address: the lists have to be moved by hand. */
static void widen(struct index_row *row, size_t column)
{
	size_t n = (column / 64 + 1) * 64;
	struct index_bucket *wide = mem_array(n, sizeof(*wide));

	for (size_t i = 0; i < n; i++) {
		TAILQ_INIT(&wide[i].nodes);
		if (i >= row->ncolumns)
			continue;
		TAILQ_CONCAT(&wide[i].nodes, &row->bucket[i].nodes,
			     index.bucket);
		wide[i].count = row->bucket[i].count;
	}
	free(row->bucket);
	row->bucket = wide;
	row->filled = mem_resize(row->filled, n / 64, sizeof(*row->filled));
	memset(row->filled + row->ncolumns / 64, 0,
	       (n - row->ncolumns) / 64 * sizeof(*row->filled));
	row->ncolumns = n;
}

void index_remove(struct index *x, struct node *n)
{
	struct index_row *row = &x->row[n->index.row];
	struct index_bucket *b;

	if (!n->index.indexed)
		return;
	b = &row->bucket[n->index.column];
	TAILQ_REMOVE(&b->nodes, n, index.bucket);
	b->count--;
	row->count--;
	if (b->count == 0)
		row->filled[n->index.column / 64] &=
			~(UINT64_C(1) << n->index.column % 64);
	n->index.indexed = false;
	x->count--;
}

void index_put(struct index *x, struct node *n)
{
	unsigned r = index_row_of(n->free.gpus);
	unsigned column = (unsigned)n->free.cores;
	struct index_row *row = &x->row[r];

	if (n->index.indexed && n->index.row == r && n->index.column == column)
		return;
	index_remove(x, n);
	if (column >= row->ncolumns)
		widen(row, column);
	TAILQ_INSERT_TAIL(&row->bucket[column].nodes, n, index.bucket);
	row->bucket[column].count++;
	row->count++;
	row->filled[column / 64] |= UINT64_C(1) << column % 64;
	n->index.row = (uint16_t)r;
	n->index.column = column;
	n->index.indexed = true;
	x->count++;
}

int index_up(const struct index *x, unsigned r, size_t from)
{
	const struct index_row *row = &x->row[r];
	size_t i = from / 64;
	uint64_t w;

	if (row->count == 0 || from >= row->ncolumns)
		return -1;
	w = row->filled[i] & (UINT64_MAX << from % 64);
	while (w == 0) {
		if (++i >= row->ncolumns / 64)
			return -1;
		w = row->filled[i];
	}
	return (int)(i * 64) + __builtin_ctzll(w);
}

int index_down(const struct index *x, unsigned r, size_t from)
{
	const struct index_row *row = &x->row[r];
	size_t i;
	uint64_t w;

	if (row->count == 0)
		return -1;
	if (from >= row->ncolumns)
		from = row->ncolumns - 1;
	i = from / 64;
	w = row->filled[i] & (UINT64_MAX >> (63 - from % 64));
	while (w == 0) {
		if (i-- == 0)
			return -1;
		w = row->filled[i];
	}
	return (int)(i * 64) + 63 - __builtin_clzll(w);
}

uint64_t index_bound(const struct index *x, unsigned cores, unsigned gpus,
		     uint64_t limit)
{
	uint64_t sum = 0;

	for (unsigned r = index_row_of(gpus); r < INDEX_ROWS; r++) {
		int c = index_up(x, r, cores);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			uint64_t units = (unsigned)c / cores;

			/* The last row holds more GPUs than its number. */
			if (gpus > 0 && r < INDEX_ROWS - 1 && r / gpus < units)
				units = r / gpus;
			sum += units * x->row[r].bucket[c].count;
			if (sum >= limit)
				return limit;
		}
	}
	return sum;
}

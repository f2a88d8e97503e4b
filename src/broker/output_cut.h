/*
 * output_cut.h - what one stream of one task or rank prints, cut into the
 * NDJSON chunks of the API: never inside a character, with `lines` never
 * inside a line.
 */
#ifndef BROKER_OUTPUT_CUT_H
#define BROKER_OUTPUT_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Whose it is; goes into every chunk. */
struct output_tag {
	uint64_t job;
	uint32_t task;
	int32_t rank; /* -1: a plain task, left out */
	bool err;
};

struct output_cut {
	struct buf carry; /* what waits for the rest of its line or character */
	bool lines;
};

void output_cut_init(struct output_cut *c, bool lines);
void output_cut_finish(struct output_cut *c);

/* Turn data, with what was carried before it, into chunks at the end of out.
 * last: nothing more comes, so nothing is carried. */
void output_cut_add(struct output_cut *c, const struct output_tag *tag,
		    const char *data, size_t len, bool last, struct buf *out);

#endif

/*
 * array.h - the indices of a job array that have yet to run.
 *
 * Text: "0-9999", "1,3,5-9", "0-100:10" (every tenth), each with "%LIMIT"
 * behind it: no more than LIMIT at a time.  An index named twice counts once.
 */
#ifndef BATCH_ARRAY_H
#define BATCH_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/error.h>

enum { ARRAY_MAX_INDEX = 9999999 };

struct array {
	uint64_t *word;
	size_t n_words;
	size_t total;	/* indices in the text */
	size_t pending; /* of these in the set now */
	size_t from;	/* nothing is set in words below */
	unsigned limit; /* 0: none */
};

int array_parse(struct array *a, const char *text, struct berth_error *err);
/* The only index is 0: a job that is no array. */
void array_single(struct array *a);
void array_finish(struct array *a);

/* Take the lowest index out of the set; -1: it is empty. */
int64_t array_take(struct array *a);
/* Take this one out; false: it was not there. */
bool array_remove(struct array *a, int64_t index);
/* Put one back. */
void array_return(struct array *a, int64_t index);
void array_clear(struct array *a);

/* The greatest index in the set; -1: it is empty. */
int64_t array_last(const struct array *a);

#endif

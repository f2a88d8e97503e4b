/*
 * scribe.h - a line of JSON, written or read by the same code: whoever has a
 * struct names its members once, in order, and the scribe puts them down or
 * fills them in.
 *
 * What is 0, false, NULL or empty is left out and comes back as that.  Read is
 * what was written so: members stand in their order, without white space.
 * The first mistake stays; after it nothing is read and all values are 0.
 */
#ifndef BASE_SCRIBE_H
#define BASE_SCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/buf.h"
#include "base/error.h"

struct scribe_block;

struct scribe {
	struct buf *out; /* NULL: it reads */
	const char *start, *at, *end;
	bool first; /* of its object or list */
	bool failed;
	struct berth_error error;
	struct scribe_block *blocks; /* what was read lies there */
};

/* Begin an object; out and text are the caller's. */
void scribe_write(struct scribe *s, struct buf *out);
void scribe_read(struct scribe *s, const char *text, size_t len);
/* End it: a newline is written; reading, that is the end of the text.  -1: the
 * text is wrong, err says where and what. */
int scribe_end(struct scribe *s, struct berth_error *err);
/* Free what was read. */
void scribe_finish(struct scribe *s);

static inline bool scribe_reads(const struct scribe *s)
{
	return s->out == NULL;
}

/* What was read makes no sense. */
void scribe_fail(struct scribe *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Memory, zeroed, that goes with scribe_finish; or memory that was allocated
 * by others and goes with it now.  keep returns p. */
void *scribe_alloc(struct scribe *s, size_t count, size_t size);
void *scribe_keep(struct scribe *s, void *p);

/* ---- members ---- */

void scribe_u64(struct scribe *s, const char *key, uint64_t *v);
void scribe_i64(struct scribe *s, const char *key, int64_t *v);
void scribe_u32(struct scribe *s, const char *key, uint32_t *v);
void scribe_i32(struct scribe *s, const char *key, int32_t *v);
void scribe_size(struct scribe *s, const char *key, size_t *v);
void scribe_bool(struct scribe *s, const char *key, bool *v);
void scribe_double(struct scribe *s, const char *key, double *v);
/* NULL is left out, "" is not.  Bytes that are no UTF-8 become U+FFFD. */
void scribe_text(struct scribe *s, const char *key, const char **v);
/* The same, and it has to be there. */
void scribe_name(struct scribe *s, const char *key, const char **v);
/* One of n names. */
void scribe_choice(struct scribe *s, const char *key, int *v, int n,
		   const char *(*name)(int));
/* Initialised; its memory is its owner's. */
void scribe_bits(struct scribe *s, const char *key, struct bitset *v);
void scribe_texts(struct scribe *s, const char *key, const char ***v,
		  size_t *n);
void scribe_u64s(struct scribe *s, const char *key, uint64_t **v, size_t *n);
void scribe_u32s(struct scribe *s, const char *key, uint32_t **v, size_t *n);

/* An object in it, to be closed; false: there is none.  given: it is to be
 * written. */
bool scribe_object(struct scribe *s, const char *key, bool given);
void scribe_close(struct scribe *s);
/* A list of objects: if scribe_list, then while scribe_more the members of
 * one and scribe_close. */
bool scribe_list(struct scribe *s, const char *key, bool given);
bool scribe_more(struct scribe *s, bool given);

#endif

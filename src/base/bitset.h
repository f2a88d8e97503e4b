/*
 * bitset.h - sets of small integers: processor (PU) numbers, mostly.
 *
 * Embedded; grows as bits are set.  The text form is the list form of
 * cpuset(7): "0-3,8,10-11"; the empty set is "".
 */
#ifndef BASE_BITSET_H
#define BASE_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitset {
	uint64_t *word;
	size_t nwords;
};

void bitset_init(struct bitset *s);
void bitset_finish(struct bitset *s);
void bitset_copy(struct bitset *dst, const struct bitset *src);
void bitset_clear_all(struct bitset *s);

void bitset_set(struct bitset *s, unsigned bit);
void bitset_clear(struct bitset *s, unsigned bit);
bool bitset_test(const struct bitset *s, unsigned bit);

void bitset_or(struct bitset *dst, const struct bitset *src);
void bitset_and(struct bitset *dst, const struct bitset *src);
void bitset_andnot(struct bitset *dst, const struct bitset *src);

bool bitset_empty(const struct bitset *s);
bool bitset_equal(const struct bitset *a, const struct bitset *b);
bool bitset_intersects(const struct bitset *a, const struct bitset *b);
bool bitset_contains(const struct bitset *a, const struct bitset *b);
unsigned bitset_count(const struct bitset *s);
/* First bit ≥ from, or -1. */
int bitset_next(const struct bitset *s, unsigned from);

#define bitset_foreach(s, bit)                                                 \
	for (int bit = bitset_next((s), 0); bit >= 0;                          \
	     bit = bitset_next((s), (unsigned)bit + 1))

/* List form; the caller frees. */
char *bitset_format(const struct bitset *s);
/* -1 when the text is not a list or holds a number above 65535. */
int bitset_parse(struct bitset *s, const char *text);

#endif

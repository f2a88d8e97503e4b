/* bitset.c - see bitset.h. */
#include "base/bitset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define MAX_BIT 65535u

void bitset_init(struct bitset *s)
{
	s->word = NULL;
	s->nwords = 0;
}

void bitset_finish(struct bitset *s)
{
	free(s->word);
	bitset_init(s);
}

static void grow(struct bitset *s, size_t nwords)
{
	if (nwords <= s->nwords)
		return;
	s->word = mem_resize(s->word, nwords, sizeof(*s->word));
	memset(s->word + s->nwords, 0,
	       (nwords - s->nwords) * sizeof(*s->word));
	s->nwords = nwords;
}

static uint64_t word_at(const struct bitset *s, size_t i)
{
	return i < s->nwords ? s->word[i] : 0;
}

void bitset_copy(struct bitset *dst, const struct bitset *src)
{
	if (dst == src)
		return;
	bitset_clear_all(dst);
	bitset_or(dst, src);
}

void bitset_clear_all(struct bitset *s)
{
	if (s->nwords > 0)
		memset(s->word, 0, s->nwords * sizeof(*s->word));
}

void bitset_set(struct bitset *s, unsigned bit)
{
	grow(s, bit / 64 + 1);
	s->word[bit / 64] |= UINT64_C(1) << (bit % 64);
}

void bitset_clear(struct bitset *s, unsigned bit)
{
	if (bit / 64 < s->nwords)
		s->word[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

bool bitset_test(const struct bitset *s, unsigned bit)
{
	return word_at(s, bit / 64) >> (bit % 64) & 1;
}

void bitset_or(struct bitset *dst, const struct bitset *src)
{
	grow(dst, src->nwords);
	for (size_t i = 0; i < src->nwords; i++)
		dst->word[i] |= src->word[i];
}

void bitset_and(struct bitset *dst, const struct bitset *src)
{
	for (size_t i = 0; i < dst->nwords; i++)
		dst->word[i] &= word_at(src, i);
}

void bitset_andnot(struct bitset *dst, const struct bitset *src)
{
	for (size_t i = 0; i < dst->nwords; i++)
		dst->word[i] &= ~word_at(src, i);
}

bool bitset_empty(const struct bitset *s)
{
	for (size_t i = 0; i < s->nwords; i++) {
		if (s->word[i] != 0)
			return false;
	}
	return true;
}

bool bitset_equal(const struct bitset *a, const struct bitset *b)
{
	size_t n = a->nwords > b->nwords ? a->nwords : b->nwords;

	for (size_t i = 0; i < n; i++) {
		if (word_at(a, i) != word_at(b, i))
			return false;
	}
	return true;
}

bool bitset_intersects(const struct bitset *a, const struct bitset *b)
{
	for (size_t i = 0; i < a->nwords; i++) {
		if ((a->word[i] & word_at(b, i)) != 0)
			return true;
	}
	return false;
}

bool bitset_contains(const struct bitset *a, const struct bitset *b)
{
	for (size_t i = 0; i < b->nwords; i++) {
		if ((b->word[i] & ~word_at(a, i)) != 0)
			return false;
	}
	return true;
}

unsigned bitset_count(const struct bitset *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->nwords; i++)
		n += (unsigned)__builtin_popcountll(s->word[i]);
	return n;
}

int bitset_next(const struct bitset *s, unsigned from)
{
	size_t i = from / 64;
	uint64_t w;

	if (i >= s->nwords)
		return -1;
	w = s->word[i] & (UINT64_MAX << (from % 64));
	while (w == 0) {
		if (++i >= s->nwords)
			return -1;
		w = s->word[i];
	}
	return (int)(i * 64) + __builtin_ctzll(w);
}

char *bitset_format(const struct bitset *s)
{
	struct buf out;
	int first = bitset_next(s, 0);

	buf_init(&out);
	while (first >= 0) {
		int last = first;

		while (bitset_test(s, (unsigned)last + 1))
			last++;
		buf_printf(&out, "%s%d", out.len > 0 ? "," : "", first);
		if (last > first)
			buf_printf(&out, "-%d", last);
		first = bitset_next(s, (unsigned)last + 1);
	}
	return buf_take(&out);
}

/* A number up to MAX_BIT at *p, which is moved behind it. */
static int parse_bit(const char **p, unsigned *bit)
{
	unsigned n = 0;

	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		n = n * 10 + (unsigned)(**p - '0');
		if (n > MAX_BIT)
			return -1;
	}
	*bit = n;
	return 0;
}

static int parse_range(struct bitset *s, const char **p)
{
	unsigned first, last;

	if (parse_bit(p, &first) != 0)
		return -1;
	last = first;
	if (**p == '-') {
		(*p)++;
		if (parse_bit(p, &last) != 0 || last < first)
			return -1;
	}
	for (unsigned bit = first; bit <= last; bit++)
		bitset_set(s, bit);
	return 0;
}

int bitset_parse(struct bitset *s, const char *text)
{
	struct bitset parsed;
	const char *p = text;

	bitset_init(&parsed);
	while (*p != '\0') {
		if (parse_range(&parsed, &p) != 0)
			goto bad;
		if (*p == '\0')
			break;
		if (*p != ',' || p[1] == '\0')
			goto bad;
		p++;
	}
	bitset_finish(s);
	*s = parsed;
	return 0;
bad:
	bitset_finish(&parsed);
	return -1;
}

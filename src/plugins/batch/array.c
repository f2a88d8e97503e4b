#include "plugins/batch/array.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

static bool has(const struct array *a, int64_t index)
{
	size_t w = (size_t)index / 64;

	return index >= 0 && w < a->n_words &&
	       a->word[w] >> (index % 64) & 1;
}

static void set(struct array *a, int64_t index)
{
	size_t w = (size_t)index / 64;

	if (w >= a->n_words) {
		size_t n = w + 1 > a->n_words * 2 ? w + 1 : a->n_words * 2;

		a->word = keep_resize(a->word, n, sizeof(*a->word));
		memset(a->word + a->n_words, 0,
		       (n - a->n_words) * sizeof(*a->word));
		a->n_words = n;
	}
	if (has(a, index))
		return;
	a->word[w] |= UINT64_C(1) << (index % 64);
	a->pending++;
	if (w < a->from)
		a->from = w;
}

/* ---- the text ---- */

static int fail(const char *text, const char *at, const char *what,
		struct berth_error *err)
{
	return keep_fail(err,
			 "option array: \"%.100s\": %s at column %zu; write "
			 "0-9999, 1,3,5-9, 0-100:10 or 0-99%%8",
			 text, what, (size_t)(at - text) + 1);
}

/* A number from min to max; moves *at behind it. */
static int number(const char *text, const char **at, int64_t min, int64_t max,
		  int64_t *out, struct berth_error *err)
{
	const char *start = *at;
	int64_t v = 0;

	if (**at < '0' || **at > '9')
		return fail(text, start, "no number", err);
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		v = v * 10 + (**at - '0');
		if (v > max)
			return fail(text, start, "too large a number", err);
	}
	if (v < min)
		return fail(text, start, "too small a number", err);
	*out = v;
	return 0;
}

static int range(struct array *a, const char *text, const char **at,
		 struct berth_error *err)
{
	int64_t first, last, step = 1;

	if (number(text, at, 0, ARRAY_MAX_INDEX, &first, err) < 0)
		return -1;
	last = first;
	if (**at == '-') {
		(*at)++;
		if (number(text, at, first, ARRAY_MAX_INDEX, &last, err) < 0)
			return -1;
		if (**at == ':') {
			(*at)++;
			if (number(text, at, 1, ARRAY_MAX_INDEX, &step, err) <
			    0)
				return -1;
		}
	}
	for (int64_t i = first; i <= last; i += step)
		set(a, i);
	return 0;
}

int array_parse(struct array *a, const char *text, struct berth_error *err)
{
	const char *at = text;
	int64_t limit;

	memset(a, 0, sizeof(*a));
	while (true) {
		if (range(a, text, &at, err) < 0)
			goto fail;
		if (*at != ',')
			break;
		at++;
	}
	if (*at == '%') {
		at++;
		if (number(text, &at, 1, ARRAY_MAX_INDEX + 1, &limit, err) < 0)
			goto fail;
		a->limit = (unsigned)limit;
	}
	if (*at) {
		fail(text, at, "something unexpected", err);
		goto fail;
	}
	a->total = a->pending;
	return 0;
fail:
	array_finish(a);
	return -1;
}

void array_single(struct array *a)
{
	memset(a, 0, sizeof(*a));
	set(a, 0);
	a->total = 1;
}

void array_finish(struct array *a)
{
	free(a->word);
	memset(a, 0, sizeof(*a));
}

/* ---- the set ---- */

int64_t array_take(struct array *a)
{
	int64_t index;

	if (!a->pending)
		return -1;
	while (!a->word[a->from])
		a->from++;
	index = (int64_t)a->from * 64 + __builtin_ctzll(a->word[a->from]);
	array_remove(a, index);
	return index;
}

bool array_remove(struct array *a, int64_t index)
{
	if (!has(a, index))
		return false;
	a->word[index / 64] &= ~(UINT64_C(1) << (index % 64));
	a->pending--;
	return true;
}

void array_return(struct array *a, int64_t index)
{
	set(a, index);
}

void array_clear(struct array *a)
{
	if (a->n_words)
		memset(a->word, 0, a->n_words * sizeof(*a->word));
	a->pending = 0;
}

int64_t array_last(const struct array *a)
{
	for (size_t w = a->n_words; w > 0; w--)
		if (a->word[w - 1])
			return (int64_t)w * 64 - 1 -
			       __builtin_clzll(a->word[w - 1]);
	return -1;
}

/* scribe.c - see scribe.h. */
#include "base/scribe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct scribe_block {
	struct scribe_block *next;
	void *memory;
};

/* ---- the whole ---- */

void scribe_write(struct scribe *s, struct buf *out)
{
	memset(s, 0, sizeof(*s));
	s->out = out;
	s->first = true;
	buf_puts(out, "{");
}

/* Is that what comes?  Then it is behind us. */
static bool comes(struct scribe *s, const char *what)
{
	size_t n = strlen(what);

	if (s->failed || (size_t)(s->end - s->at) < n ||
	    memcmp(s->at, what, n) != 0)
		return false;
	s->at += n;
	return true;
}

static void expect(struct scribe *s, const char *what)
{
	if (!comes(s, what))
		scribe_fail(s, "'%s' is expected", what);
}

void scribe_read(struct scribe *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->start = text;
	s->at = text;
	s->end = text + len;
	s->first = true;
	expect(s, "{");
}

int scribe_end(struct scribe *s, struct berth_error *err)
{
	scribe_close(s);
	if (!scribe_reads(s)) {
		buf_puts(s->out, "\n");
		return 0;
	}
	if (!s->failed && s->at != s->end)
		scribe_fail(s, "more than one object");
	if (!s->failed)
		return 0;
	if (err != NULL)
		*err = s->error;
	return -1;
}

void scribe_finish(struct scribe *s)
{
	while (s->blocks != NULL) {
		struct scribe_block *b = s->blocks;

		s->blocks = b->next;
		free(b->memory);
		free(b);
	}
}

void scribe_fail(struct scribe *s, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	if (s->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->failed = true;
	error_set(&s->error, BERTH_EINPUT, "column %zu: %s",
		  (size_t)(s->at - s->start) + 1, text);
}

void *scribe_keep(struct scribe *s, void *p)
{
	struct scribe_block *b = mem_alloc(sizeof(*b));

	b->memory = p;
	b->next = s->blocks;
	s->blocks = b;
	return p;
}

void *scribe_alloc(struct scribe *s, size_t count, size_t size)
{
	return scribe_keep(s, mem_array(count + 1, size));
}

/* ---- keys ---- */

static void write_key(struct scribe *s, const char *key)
{
	buf_printf(s->out, "%s\"%s\":", s->first ? "" : ",", key);
	s->first = false;
}

/* Is a member of that name next? */
static bool has_key(struct scribe *s, const char *key)
{
	const char *before = s->at;
	size_t n = strlen(key);

	if (s->failed || (!s->first && !comes(s, ",")))
		return false;
	if ((size_t)(s->end - s->at) < n + 3 || s->at[0] != '"' ||
	    memcmp(s->at + 1, key, n) != 0 || s->at[n + 1] != '"' ||
	    s->at[n + 2] != ':') {
		s->at = before;
		return false;
	}
	s->at += n + 3;
	s->first = false;
	return true;
}

/* Reading: is it there?  Writing: it is put down if it is given. */
static bool member(struct scribe *s, const char *key, bool given)
{
	if (scribe_reads(s))
		return has_key(s, key);
	if (given)
		write_key(s, key);
	return given;
}

/* ---- numbers ---- */

/* The characters of a number, copied. */
static void number_text(struct scribe *s, char *out, size_t size)
{
	size_t n = 0;

	while (s->at < s->end && n + 1 < size &&
	       strchr("+-.0123456789eE", *s->at) != NULL && *s->at != '\0')
		out[n++] = *s->at++;
	out[n] = '\0';
}

static uint64_t read_u64(struct scribe *s, uint64_t most)
{
	char text[32], *end;
	unsigned long long v;

	number_text(s, text, sizeof(text));
	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    v > most) {
		scribe_fail(s, "a number from 0 to %" PRIu64 " is expected",
			    most);
		return 0;
	}
	return v;
}

static int64_t read_i64(struct scribe *s, int64_t least, int64_t most)
{
	char text[32], *end;
	long long v;

	number_text(s, text, sizeof(text));
	errno = 0;
	v = strtoll(text, &end, 10);
	if (text[0] == '\0' || text[0] == '+' || *end != '\0' || errno != 0 ||
	    v < least || v > most) {
		scribe_fail(s, "a number from %" PRId64 " to %" PRId64
			    " is expected", least, most);
		return 0;
	}
	return v;
}

static uint64_t unsigned_member(struct scribe *s, const char *key, uint64_t v,
				uint64_t most)
{
	if (!member(s, key, v != 0))
		return scribe_reads(s) ? 0 : v;
	if (scribe_reads(s))
		return read_u64(s, most);
	buf_printf(s->out, "%" PRIu64, v);
	return v;
}

static int64_t signed_member(struct scribe *s, const char *key, int64_t v,
			     int64_t least, int64_t most)
{
	if (!member(s, key, v != 0))
		return scribe_reads(s) ? 0 : v;
	if (scribe_reads(s))
		return read_i64(s, least, most);
	buf_printf(s->out, "%" PRId64, v);
	return v;
}

void scribe_u64(struct scribe *s, const char *key, uint64_t *v)
{
	*v = unsigned_member(s, key, *v, UINT64_MAX);
}

void scribe_i64(struct scribe *s, const char *key, int64_t *v)
{
	*v = signed_member(s, key, *v, INT64_MIN, INT64_MAX);
}

void scribe_u32(struct scribe *s, const char *key, uint32_t *v)
{
	*v = (uint32_t)unsigned_member(s, key, *v, UINT32_MAX);
}

void scribe_i32(struct scribe *s, const char *key, int32_t *v)
{
	*v = (int32_t)signed_member(s, key, *v, INT32_MIN, INT32_MAX);
}

void scribe_size(struct scribe *s, const char *key, size_t *v)
{
	*v = (size_t)unsigned_member(s, key, *v, SIZE_MAX);
}

void scribe_bool(struct scribe *s, const char *key, bool *v)
{
	if (!member(s, key, *v)) {
		*v = false;
	} else if (!scribe_reads(s)) {
		buf_puts(s->out, "true");
	} else {
		expect(s, "true");
		*v = !s->failed;
	}
}

void scribe_double(struct scribe *s, const char *key, double *v)
{
	char text[64], *end;

	if (!member(s, key, *v != 0)) {
		*v = 0;
		return;
	}
	if (!scribe_reads(s)) {
		buf_printf(s->out, "%.17g", *v);
		return;
	}
	number_text(s, text, sizeof(text));
	errno = 0;
	*v = strtod(text, &end);
	if (text[0] == '\0' || *end != '\0' || errno != 0) {
		scribe_fail(s, "a number is expected");
		*v = 0;
	}
}

/* ---- strings ---- */

/* Length of the UTF-8 character at p, 0: it is none. */
static size_t utf8_length(const unsigned char *p)
{
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void write_string(struct scribe *s, const char *v)
{
	buf_puts(s->out, "\"");
	while (*v != '\0') {
		unsigned char c = (unsigned char)*v;
		size_t n = 1;

		if (c == '"' || c == '\\') {
			buf_printf(s->out, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(s->out, "\\u%04x", c);
		} else if (c < 0x80) {
			buf_add(s->out, v, 1);
		} else {
			n = utf8_length((const unsigned char *)v);
			if (n > 0)
				buf_add(s->out, v, n);
			else
				buf_puts(s->out, "\\ufffd");
			n = n > 0 ? n : 1;
		}
		v += n;
	}
	buf_puts(s->out, "\"");
}

/* Four hex digits of a character, none of them of a pair: what is written
 * outside of UTF-8 is below U+0800 or U+FFFD. */
static void read_escape(struct scribe *s, struct buf *b)
{
	char hex[5] = "", *end;
	unsigned long c;

	if (s->end - s->at >= 4)
		memcpy(hex, s->at, 4);
	c = strtoul(hex, &end, 16);
	if (end != hex + 4 || hex[0] == '+' || hex[0] == '-' || c == 0 ||
	    (c >= 0xd800 && c < 0xe000)) {
		scribe_fail(s, "\\u is to be followed by the number of a "
			    "character");
		return;
	}
	s->at += 4;
	if (c < 0x80) {
		buf_printf(b, "%c", (int)c);
		return;
	}
	if (c >= 0x800)
		buf_printf(b, "%c%c", (int)(0xe0 | c >> 12),
			   (int)(0x80 | (c >> 6 & 0x3f)));
	else
		buf_printf(b, "%c", (int)(0xc0 | c >> 6));
	buf_printf(b, "%c", (int)(0x80 | (c & 0x3f)));
}

static char *read_string(struct scribe *s)
{
	static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	struct buf b;

	buf_init(&b);
	expect(s, "\"");
	while (!s->failed && s->at < s->end && *s->at != '"') {
		char c = *s->at++;
		const char *e;

		if ((unsigned char)c < 0x20) {
			scribe_fail(s, "a control character in a string");
		} else if (c != '\\') {
			buf_add(&b, &c, 1);
		} else if (comes(s, "u")) {
			read_escape(s, &b);
		} else {
			e = s->at < s->end && *s->at != '\0'
				    ? strchr(escapes, *s->at)
				    : NULL;
			if (e == NULL) {
				scribe_fail(s, "no such escape");
			} else {
				buf_add(&b, &means[e - escapes], 1);
				s->at++;
			}
		}
	}
	expect(s, "\"");
	buf_reserve(&b, 1)[0] = '\0';
	return scribe_keep(s, buf_take(&b));
}

void scribe_text(struct scribe *s, const char *key, const char **v)
{
	if (!member(s, key, *v != NULL))
		*v = NULL;
	else if (scribe_reads(s))
		*v = read_string(s);
	else
		write_string(s, *v);
}

void scribe_name(struct scribe *s, const char *key, const char **v)
{
	scribe_text(s, key, v);
	if (scribe_reads(s) && *v == NULL) {
		scribe_fail(s, "\"%s\" is missing", key);
		*v = "";
	}
}

void scribe_choice(struct scribe *s, const char *key, int *v, int n,
		   const char *(*name)(int))
{
	const char *text = scribe_reads(s) ? NULL : name(*v);

	scribe_name(s, key, &text);
	if (!scribe_reads(s))
		return;
	for (*v = 0; *v < n && strcmp(text, name(*v)) != 0;)
		++*v;
	if (*v < n)
		return;
	*v = 0;
	scribe_fail(s, "\"%s\": \"%.40s\" is not known here", key, text);
}

void scribe_bits(struct scribe *s, const char *key, struct bitset *v)
{
	char *list = scribe_reads(s) ? NULL : bitset_format(v);
	const char *text = list != NULL && *list != '\0' ? list : NULL;

	scribe_text(s, key, &text);
	free(list);
	if (!scribe_reads(s))
		return;
	bitset_clear_all(v);
	if (text != NULL && bitset_parse(v, text) != 0) {
		bitset_clear_all(v);
		scribe_fail(s, "\"%s\": a list of numbers like 0-3,8 is "
			    "expected", key);
	}
}

/* ---- lists of plain things ---- */

/* Room for one more of *n; what it holds is put down or filled in next. */
static void *grow(void *list, size_t n, size_t size)
{
	if ((n & (n + 1)) != 0 && n != 0)
		return list;
	return mem_resize(list, 2 * (n + 1), size);
}

/* Is there another value in the list that is being read? */
static bool another(struct scribe *s, size_t n)
{
	if (comes(s, "]"))
		return false;
	if (n > 0)
		expect(s, ",");
	return !s->failed;
}

void scribe_texts(struct scribe *s, const char *key, const char ***v,
		  size_t *n)
{
	const char **list = NULL;
	size_t count = 0;

	if (!scribe_reads(s)) {
		if (*n == 0)
			return;
		write_key(s, key);
		for (size_t i = 0; i < *n; i++) {
			buf_puts(s->out, i > 0 ? "," : "[");
			write_string(s, (*v)[i]);
		}
		buf_puts(s->out, "]");
		return;
	}
	if (has_key(s, key)) {
		expect(s, "[");
		while (another(s, count)) {
			list = grow(list, count + 1, sizeof(*list));
			list[count++] = read_string(s);
		}
	}
	*n = s->failed ? 0 : count;
	*v = NULL;
	if (list == NULL)
		return;
	list[*n] = NULL;
	*v = scribe_keep(s, list);
}

void scribe_u64s(struct scribe *s, const char *key, uint64_t **v, size_t *n)
{
	uint64_t *list = NULL;
	size_t count = 0;

	if (!scribe_reads(s)) {
		if (*n == 0)
			return;
		write_key(s, key);
		for (size_t i = 0; i < *n; i++)
			buf_printf(s->out, "%s%" PRIu64, i > 0 ? "," : "[",
				   (*v)[i]);
		buf_puts(s->out, "]");
		return;
	}
	if (has_key(s, key)) {
		expect(s, "[");
		while (another(s, count)) {
			list = grow(list, count, sizeof(*list));
			list[count++] = read_u64(s, UINT64_MAX);
		}
	}
	*n = s->failed ? 0 : count;
	*v = list != NULL ? scribe_keep(s, list) : NULL;
}

void scribe_u32s(struct scribe *s, const char *key, uint32_t **v, size_t *n)
{
	uint64_t *wide = NULL;
	uint32_t *list;

	if (!scribe_reads(s)) {
		wide = mem_array(*n + 1, sizeof(*wide));
		for (size_t i = 0; i < *n; i++)
			wide[i] = (*v)[i];
		scribe_u64s(s, key, &wide, n);
		free(wide);
		return;
	}
	scribe_u64s(s, key, &wide, n);
	list = *n > 0 ? scribe_alloc(s, *n, sizeof(*list)) : NULL;
	for (size_t i = 0; i < *n; i++) {
		if (wide[i] > UINT32_MAX)
			scribe_fail(s, "\"%s\": too large a number", key);
		list[i] = (uint32_t)wide[i];
	}
	*v = list;
}

/* ---- objects ---- */

bool scribe_object(struct scribe *s, const char *key, bool given)
{
	if (!member(s, key, given))
		return false;
	if (scribe_reads(s))
		expect(s, "{");
	else
		buf_puts(s->out, "{");
	s->first = true;
	return !s->failed;
}

void scribe_close(struct scribe *s)
{
	int left = s->end - s->at < 30 ? (int)(s->end - s->at) : 30;

	if (!scribe_reads(s))
		buf_puts(s->out, "}");
	else if (!comes(s, "}"))
		scribe_fail(s, left == 0 ? "the line is cut short%.*s"
			    : "a member that is not known, or not in its "
			      "place: %.*s", left, s->at);
	s->first = false;
}

bool scribe_list(struct scribe *s, const char *key, bool given)
{
	if (!member(s, key, given))
		return false;
	if (scribe_reads(s))
		expect(s, "[");
	else
		buf_puts(s->out, "[");
	s->first = true;
	return !s->failed;
}

bool scribe_more(struct scribe *s, bool given)
{
	bool first = s->first;

	s->first = true;
	if (!scribe_reads(s)) {
		buf_puts(s->out, !given ? "]" : first ? "{" : ",{");
		s->first = given;
		return given;
	}
	if (comes(s, "]")) {
		s->first = false;
		return false;
	}
	expect(s, first ? "{" : ",{");
	return !s->failed;
}

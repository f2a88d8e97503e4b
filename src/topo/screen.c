/*
 * screen.c - a look at XML and synthetic texts before hwloc gets them.
 *
 * hwloc's importers are made for its own exports: numbers decide how much
 * memory they take, a second PU with the same number confuses them, and each
 * level of nesting is a level of recursion.  So what they get is well-formed,
 * bounded, and free of entities.  Whether it is a topology is theirs to say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/parts.h"
#include "topo/topo.h"

#define DEPTH_MAX 64
#define OBJECTS_MAX 400000
#define NAME_MAX_LEN 40
#define VALUE_MAX (64u << 10)
#define DISTANCES_MAX 1024
#define SYNTHETIC_MAX 1024

struct screen {
	const char *text, *at, *end;
	struct berth_error *err;
	const char *open[DEPTH_MAX]; /* names, within text */
	size_t open_len[DEPTH_MAX];
	unsigned depth;
	size_t objects;
	struct bitset pus, numas;
};

/* An attribute, within text. */
struct attr {
	const char *name, *value;
	size_t name_len, value_len;
};

#define ATTRS_MAX 64

struct tag {
	const char *name;
	size_t len;
	struct attr attr[ATTRS_MAX];
	unsigned nattrs;
	bool empty; /* <tag/> */
};

/* ---- text -------------------------------------------------------------- */

static int fail(struct screen *s, const char *what)
{
	unsigned line = 1;

	for (const char *p = s->text; p < s->at && p < s->end; p++)
		line += *p == '\n';
	return error_set(s->err, BERTH_EINPUT, "line %u: %s", line, what);
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ':';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct screen *s)
{
	while (s->at < s->end && is_space(*s->at))
		s->at++;
}

static bool looking_at(const struct screen *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->at) >= n && memcmp(s->at, word, n) == 0;
}

static bool equal(const char *p, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(p, word, len) == 0;
}

/* Go behind the next `word`; -1 when there is none. */
static int skip_past(struct screen *s, const char *word, const char *what)
{
	const char *p =
	    memmem(s->at, (size_t)(s->end - s->at), word, strlen(word));

	if (p == NULL)
		return fail(s, what);
	s->at = p + strlen(word);
	return 0;
}

static int read_name(struct screen *s, const char **name, size_t *len)
{
	*name = s->at;
	while (s->at < s->end && is_name(*s->at))
		s->at++;
	*len = (size_t)(s->at - *name);
	if (*len == 0 || *len > NAME_MAX_LEN)
		return fail(s, "a name was expected");
	return 0;
}

/* ---- numbers and sets -------------------------------------------------- */

static const struct attr *get(const struct tag *t, const char *name)
{
	for (unsigned i = 0; i < t->nattrs; i++)
		if (equal(t->attr[i].name, t->attr[i].name_len, name))
			return &t->attr[i];
	return NULL;
}

/* False when it is no plain number up to max. */
static bool number(const struct attr *a, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (a->value_len == 0 || a->value_len > 20)
		return false;
	for (size_t i = 0; i < a->value_len; i++) {
		unsigned digit = (unsigned)(a->value[i] - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return v <= max;
}

/* hwloc's form: 32-bit hexadecimal words between commas. */
static bool set_ok(const struct attr *a)
{
	size_t commas = 0, run = 0;

	for (size_t i = 0; i < a->value_len; i++) {
		char c = a->value[i];

		if (c == ',') {
			commas++;
			run = 0;
			continue;
		}
		if (strchr("0123456789abcdefABCDEFx", c) == NULL || c == '\0')
			return false;
		if (++run > 10)
			return false;
	}
	return a->value_len > 0 && commas < (TOPO_INDEX_MAX + 1) / 32;
}

static bool ends_with(const struct attr *a, const char *word)
{
	size_t n = strlen(word);

	return a->name_len >= n &&
	       memcmp(a->name + a->name_len - n, word, n) == 0;
}

static int check_attrs(struct screen *s, const struct tag *t)
{
	uint64_t v;

	for (unsigned i = 0; i < t->nattrs; i++) {
		const struct attr *a = &t->attr[i];

		if ((ends_with(a, "cpuset") || ends_with(a, "nodeset")) &&
		    !set_ok(a))
			return fail(s, "a set of PUs or nodes is broken");
		if (equal(a->name, a->name_len, "nbobjs") &&
		    !number(a, DISTANCES_MAX, &v))
			return fail(s, "nbobjs is no number or too large");
		if (equal(a->name, a->name_len, "length") &&
		    !number(a, TOPO_XML_MAX, &v))
			return fail(s, "length is no number or too large");
	}
	return 0;
}

static int check_index(struct screen *s, const struct tag *t,
		       struct bitset *seen)
{
	const struct attr *a = get(t, "os_index");
	uint64_t v;

	if (a == NULL || !number(a, TOPO_INDEX_MAX, &v))
		return fail(s, "a PU or NUMA node without a proper os_index");
	if (bitset_test(seen, (unsigned)v))
		return fail(s, "a PU or NUMA node that is there twice");
	bitset_set(seen, (unsigned)v);
	return 0;
}

static int check_object(struct screen *s, const struct tag *t)
{
	const struct attr *type = get(t, "type");

	if (type == NULL)
		return fail(s, "an object without a type");
	if (++s->objects > OBJECTS_MAX)
		return fail(s, "too many objects for a node");
	if (equal(type->value, type->value_len, "PU"))
		return check_index(s, t, &s->pus);
	if (equal(type->value, type->value_len, "NUMANode"))
		return check_index(s, t, &s->numas);
	return 0;
}

/* ---- tags -------------------------------------------------------------- */

static int read_attr(struct screen *s, struct tag *t)
{
	struct attr *a;
	const char *quote;

	if (t->nattrs == ATTRS_MAX)
		return fail(s, "too many attributes");
	a = &t->attr[t->nattrs];
	if (read_name(s, &a->name, &a->name_len) < 0)
		return -1;
	for (unsigned i = 0; i < t->nattrs; i++)
		if (t->attr[i].name_len == a->name_len &&
		    !memcmp(t->attr[i].name, a->name, a->name_len))
			return fail(s, "an attribute twice in one tag");
	if (!looking_at(s, "=\""))
		return fail(s, "an attribute without a value in quotes");
	s->at += 2;
	quote = memchr(s->at, '"', (size_t)(s->end - s->at));
	if (quote == NULL || quote - s->at > (long)VALUE_MAX)
		return fail(s, "an attribute's value that does not end");
	a->value = s->at;
	a->value_len = (size_t)(quote - s->at);
	if (memchr(a->value, '<', a->value_len) != NULL)
		return fail(s, "a < within an attribute");
	s->at = quote + 1;
	t->nattrs++;
	return 0;
}

/* After "<": the rest of an opening tag. */
static int read_tag(struct screen *s, struct tag *t)
{
	t->nattrs = 0;
	t->empty = false;
	if (read_name(s, &t->name, &t->len) < 0)
		return -1;
	for (;;) {
		skip_space(s);
		if (looking_at(s, ">")) {
			s->at++;
			return 0;
		}
		if (looking_at(s, "/>")) {
			s->at += 2;
			t->empty = true;
			return 0;
		}
		if (read_attr(s, t) < 0)
			return -1;
	}
}

static int open_tag(struct screen *s)
{
	struct tag t;

	if (read_tag(s, &t) < 0 || check_attrs(s, &t) < 0)
		return -1;
	if (s->depth == 0 && !equal(t.name, t.len, "topology"))
		return fail(s, "no hwloc topology (version 2 of the format)");
	if (equal(t.name, t.len, "object") && check_object(s, &t) < 0)
		return -1;
	if (t.empty)
		return 0;
	if (s->depth == DEPTH_MAX)
		return fail(s, "nested too deeply");
	s->open[s->depth] = t.name;
	s->open_len[s->depth++] = t.len;
	return 0;
}

/* After "</". */
static int close_tag(struct screen *s)
{
	const char *name;
	size_t len;

	if (read_name(s, &name, &len) < 0)
		return -1;
	skip_space(s);
	if (!looking_at(s, ">") || s->depth == 0 ||
	    s->open_len[s->depth - 1] != len ||
	    memcmp(s->open[s->depth - 1], name, len) != 0)
		return fail(s, "a closing tag that fits no opening one");
	s->at++;
	s->depth--;
	return 0;
}

static int prologue(struct screen *s)
{
	skip_space(s);
	if (looking_at(s, "<?xml") &&
	    skip_past(s, "?>", "the XML declaration does not end") < 0)
		return -1;
	skip_space(s);
	if (looking_at(s, "<!DOCTYPE")) {
		const char *from = s->at;

		if (skip_past(s, ">", "the DOCTYPE does not end") < 0)
			return -1;
		if (memchr(from, '[', (size_t)(s->at - from)) != NULL)
			return fail(s, "a DOCTYPE with declarations");
	}
	skip_space(s);
	if (!looking_at(s, "<topology"))
		return fail(s, "no hwloc topology in XML");
	return 0;
}

static int walk(struct screen *s)
{
	if (prologue(s) < 0)
		return -1;
	do {
		if (skip_past(s, "<", "it ends before </topology>") < 0)
			return -1;
		if (looking_at(s, "/")) {
			s->at++;
			if (close_tag(s) < 0)
				return -1;
			continue;
		}
		if (looking_at(s, "!") || looking_at(s, "?"))
			return fail(s, "something other than a tag");
		if (open_tag(s) < 0)
			return -1;
	} while (s->depth > 0);
	skip_space(s);
	if (s->at < s->end && *s->at != '\0')
		return fail(s, "something after </topology>");
	if (bitset_empty(&s->pus))
		return fail(s, "no PU in it");
	return 0;
}

int topo_screen_xml(const char *xml, size_t len, struct berth_error *err)
{
	struct screen s = {
	    .text = xml, .at = xml, .end = xml + len, .err = err};
	int rc;

	if (len > TOPO_XML_MAX)
		return error_set(err, BERTH_ELIMIT, "larger than %u MiB",
				 TOPO_XML_MAX >> 20);
	bitset_init(&s.pus);
	bitset_init(&s.numas);
	rc = walk(&s);
	bitset_finish(&s.pus);
	bitset_finish(&s.numas);
	return rc;
}

/* ---- synthetic --------------------------------------------------------- */

/* Every number of children, multiplied: no more PUs than a PU number can
 * name.  Sizes and index lists stand in parentheses and are skipped. */
int topo_screen_synthetic(const char *text, struct berth_error *err)
{
	uint64_t product = 1;
	int inside = 0;
	const char *p = text;

	if (strlen(text) > SYNTHETIC_MAX)
		return error_set(err, BERTH_EINPUT, "longer than %d characters",
				 SYNTHETIC_MAX);
	while (*p != '\0') {
		bool starts = p == text || p[-1] == ':' || p[-1] == ' ';
		uint64_t n;
		char *end;

		if (*p == '(' || *p == '[')
			inside++;
		if (*p == ')' || *p == ']')
			inside--;
		if (inside != 0 || !starts || *p < '0' || *p > '9') {
			p++;
			continue;
		}
		errno = 0;
		n = strtoull(p, &end, 0);
		if (errno != 0 || n > TOPO_INDEX_MAX ||
		    product * (n ? n : 1) > TOPO_INDEX_MAX)
			return error_set(err, BERTH_EINPUT, "more than %d PUs",
					 TOPO_INDEX_MAX);
		product *= n ? n : 1;
		p = end;
	}
	return 0;
}

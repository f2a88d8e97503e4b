/* hostlist.c - see hostlist.h. */
#include "model/hostlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct names {
	char **at;
	size_t count, room;
};

static int add(struct names *n, const char *name, struct berth_error *err)
{
	if (*name == '\0')
		return error_set(err, BERTH_EINPUT, "a name is empty");
	if (n->count == HOSTLIST_MOST)
		return error_set(err, BERTH_EINPUT,
				 "more than %d names", HOSTLIST_MOST);
	if (n->count + 2 > n->room) {
		n->room = n->room > 0 ? 2 * n->room : 16;
		n->at = mem_resize(n->at, n->room, sizeof(char *));
	}
	n->at[n->count++] = mem_strdup(name);
	n->at[n->count] = NULL;
	return 0;
}

/* A number of at most 9 digits; *digits how many. */
static int number(const char **p, unsigned *value, unsigned *digits)
{
	*value = 0;
	for (*digits = 0; **p >= '0' && **p <= '9'; (*p)++) {
		if (++*digits > 9)
			return -1;
		*value = *value * 10 + (unsigned)(**p - '0');
	}
	return *digits > 0 ? 0 : -1;
}

static int expand(struct names *n, const char *before, const char *p,
		  const char *end, struct berth_error *err);

/* One number or range of a bracket, and what comes behind the bracket. */
static int range(struct names *n, const char *before, const char **p,
		 const char *rest, const char *end, struct berth_error *err)
{
	unsigned from, to, digits, unused;

	if (number(p, &from, &digits) != 0)
		return error_set(err, BERTH_EINPUT,
				 "a number of 1 to 9 digits is missing at "
				 "\"%.20s\"", *p);
	to = from;
	if (**p == '-') {
		(*p)++;
		if (number(p, &to, &unused) != 0 || to < from)
			return error_set(err, BERTH_EINPUT,
					 "a range has to end with a number that "
					 "is not below its first, %u", from);
	}
	for (unsigned i = from; i <= to; i++) {
		char *name = mem_printf("%s%0*u", before, (int)digits, i);
		int rc = expand(n, name, rest, end, err);

		free(name);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* p up to end is what follows `before` in one name. */
static int expand(struct names *n, const char *before, const char *p,
		  const char *end, struct berth_error *err)
{
	const char *open = memchr(p, '[', (size_t)(end - p));
	const char *close;
	char *head;
	int rc = 0;

	head = mem_printf("%s%.*s", before,
			  (int)((open != NULL ? open : end) - p), p);
	if (open == NULL) {
		rc = add(n, head, err);
		goto out;
	}
	close = memchr(open, ']', (size_t)(end - open));
	for (p = open + 1; rc == 0; p++) {
		rc = range(n, head, &p, close + 1, end, err);
		if (rc == 0 && p == close)
			goto out;
		if (rc == 0 && *p != ',')
			rc = error_set(err, BERTH_EINPUT,
				       "\"%.20s\": numbers, ranges and commas "
				       "belong between [ and ]", p);
	}
out:
	free(head);
	return rc;
}

/* The end of the first name of p: a comma outside brackets, or the end. */
static const char *end_of(const char *p, struct berth_error *err)
{
	bool inside = false;

	for (; *p != '\0' && (inside || *p != ','); p++) {
		if ((*p == '[' && inside) || (*p == ']' && !inside)) {
			error_set(err, BERTH_EINPUT,
				  "a bracket too many at \"%.20s\"", p);
			return NULL;
		}
		if (*p == '[' || *p == ']')
			inside = *p == '[';
	}
	if (inside)
		error_set(err, BERTH_EINPUT, "a ] is missing");
	return inside ? NULL : p;
}

char **hostlist_expand(const char *list, size_t *count,
		       struct berth_error *err)
{
	struct names n = {NULL, 0, 0};
	int rc = 0;

	*count = 0;
	for (const char *p = list; rc == 0; p++) {
		const char *end = end_of(p, err);

		rc = end != NULL ? expand(&n, "", p, end, err) : -1;
		if (rc == 0 && *end == '\0')
			break;
		p = end;
	}
	if (rc == 0) {
		*count = n.count;
		return n.at;
	}
	mem_strv_free(n.at);
	return NULL;
}

/* reader.c - see reader.h. */
#include "sim/reader.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_MAX 1e8

const char *reader_key(struct reader *r, const char *name)
{
	snprintf(r->key, sizeof(r->key), "%s%s%s", r->at,
		 r->at[0] != '\0' ? "." : "", name);
	return r->key;
}

void reader_fail(struct reader *r, const char *name, const char *what)
{
	const char *where = conf_where(r->conf, r->at);

	if (r->failed)
		return;
	r->failed = true;
	if (name == NULL) {
		error_set(r->err, BERTH_EINPUT, "%s: %s", where, what);
		return;
	}
	where = conf_where(r->conf, reader_key(r, name));
	if (strcmp(where, r->path) == 0) /* it is not there */
		where = conf_where(r->conf, r->at);
	error_set(r->err, BERTH_EINPUT, "%s: %s: %s", where, name, what);
}

bool reader_get(struct reader *r, const char *name, double min, double max,
		double *out)
{
	int rc = r->failed ? 0
			   : conf_double(r->conf, reader_key(r, name), min, max,
					 out, r->err);

	r->failed |= rc < 0;
	return rc > 0;
}

uint64_t reader_get_int(struct reader *r, const char *name, long long min,
			long long max, uint64_t otherwise)
{
	long long v = (long long)otherwise;

	if (!r->failed &&
	    conf_int(r->conf, reader_key(r, name), min, max, &v, r->err) < 0)
		r->failed = true;
	return (uint64_t)v;
}

uint64_t reader_get_us(struct reader *r, const char *name, double unit_us,
		       double otherwise)
{
	double v = otherwise;

	reader_get(r, name, 0, SECONDS_MAX, &v);
	return (uint64_t)(v * unit_us);
}

const char *reader_get_string(struct reader *r, const char *name,
			      const char *otherwise)
{
	const char *v = otherwise;

	if (!r->failed &&
	    conf_string(r->conf, reader_key(r, name), &v, r->err) < 0)
		r->failed = true;
	return v;
}

bool reader_get_bool(struct reader *r, const char *name)
{
	bool v = false;

	if (!r->failed &&
	    conf_bool(r->conf, reader_key(r, name), &v, r->err) < 0)
		r->failed = true;
	return v;
}

int reader_length(struct reader *r, const char *name)
{
	int n = r->failed ? 0
			  : conf_length(r->conf, reader_key(r, name), r->err);

	r->failed |= n < 0;
	return n < 0 ? 0 : n;
}

size_t reader_enter(struct reader *r, const char *list, int i)
{
	size_t before = strlen(r->at);

	snprintf(r->at + before, sizeof(r->at) - before, "%s%s.[%d]",
		 before > 0 ? "." : "", list, i);
	return before;
}

void reader_leave(struct reader *r, size_t before)
{
	r->at[before] = '\0';
}

/*
 * reader.h - the settings of a scenario, one after the other.
 *
 * A reader knows where in the file it is.  After the first error, which is
 * kept, nothing more is read and everything is as if it were not there.
 */
#ifndef SIM_READER_H
#define SIM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/conf.h"

struct scenario;

struct reader {
	struct conf *conf;
	const char *path; /* of the file */
	char at[96], key[160];
	struct scenario *s;
	struct berth_error *err;
	bool failed;
};

/* The path of a setting, until the next call. */
const char *reader_key(struct reader *r, const char *name);
/* What is wrong with a setting, or (name NULL) with all that we are in. */
void reader_fail(struct reader *r, const char *name, const char *what);
/* Whether it is there. */
bool reader_get(struct reader *r, const char *name, double min, double max,
		double *out);
uint64_t reader_get_int(struct reader *r, const char *name, long long min,
			long long max, uint64_t otherwise);
/* Not below 0, times unit_us. */
uint64_t reader_get_us(struct reader *r, const char *name, double unit_us,
		       double otherwise);
const char *reader_get_string(struct reader *r, const char *name,
			      const char *otherwise);
bool reader_get_bool(struct reader *r, const char *name);
/* Of a list; 0 when it is not there. */
int reader_length(struct reader *r, const char *name);
/* Go into the i-th element of a list; returns how to come back. */
size_t reader_enter(struct reader *r, const char *list, int i);
void reader_leave(struct reader *r, size_t before);

#endif

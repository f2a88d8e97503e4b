/*
 * chunk.h - one line of a job's output stream (doc/api.md) and how it is
 * shown.
 */
#ifndef CLI_CHUNK_H
#define CLI_CHUNK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "cli/spec.h"

struct chunk {
	bool end;   /* the last one */
	bool ended; /* ... since the job has ended */
	int exit_code;
	char outcome[16];
	char task[32]; /* "12.0" */
	long long rank; /* -1: a plain task */
	bool err;
	struct buf data; /* exact bytes */
};

/* line is NUL-terminated; chunk_finish also after a failure. */
int chunk_parse(struct chunk *c, const char *line, struct berth_error *err);
void chunk_finish(struct chunk *c);

/* Whose stream it is, as a key: "12.0/3/out". */
void chunk_key(const struct chunk *c, char *out, size_t size);

/* data's lines to out, each with its mark: "3: " with TAG_LABEL,
 * "[12,3]<stdout>: " with TAG_MPIRUN. */
void chunk_show(const struct chunk *c, enum spec_tag tag, const char *data,
		size_t len, struct buf *out);

/* Base64 (RFC 4648); -1 when it is none. */
int chunk_decode64(const char *text, struct buf *out);

#endif

/*
 * mark.h - how pictures show whose a core is: a letter and a colour a job,
 * the same in `berth top` and `berth topo`.
 */
#ifndef CLI_MARK_H
#define CLI_MARK_H

#include <stdbool.h>

#include "base/buf.h"

#define MARK_FREE "\xc2\xb7" /* a middle dot, in UTF-8 */

/* A…Z, a…z, then again. */
char mark_letter(long long job);

/* times marks of a core that is free (job 0 and state NULL or ""), offered
 * ("?"), or held or busy for a job.  colour: with ANSI colours. */
void mark_cores(struct buf *out, long long job, const char *state, int times,
		bool colour);

/* The letter alone, as a legend. */
void mark_job(struct buf *out, long long job, bool colour);

#endif

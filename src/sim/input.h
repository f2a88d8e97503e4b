/* input.h - files that a simulation reads before it runs. */
#ifndef SIM_INPUT_H
#define SIM_INPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/* All of a file; what ends in ".gz" goes through gzip. */
int input_read(const char *path, struct buf *out, struct berth_error *err);

/* A name in a scenario: absolute, under $BERTH_DATA ("$BERTH_DATA/…"; where
 * that is not set, ../shared/data), else beside the scenario.  The caller
 * frees it. */
char *input_path(const char *scenario, const char *name);
/* Is there a $BERTH_DATA? */
bool input_data_set(void);

#endif

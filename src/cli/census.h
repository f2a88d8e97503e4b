/*
 * census.h - what the broker says of its nodes, or that there is none.
 */
#ifndef CLI_CENSUS_H
#define CLI_CENSUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/api.h"

/* Embedded; start with {0}. */
struct census {
	bool there; /* a broker answers; else the rest is empty */
	char leader[80];
	size_t up;
	json_t *nodes;
};

/* Ask once, and replace what was known.  Blocks for some seconds at most. */
void census_take(struct census *c, struct api *api);
void census_finish(struct census *c);

/* NULL: the broker does not know it. */
const json_t *census_node(const struct census *c, const char *name);
bool census_up(const struct census *c, const char *name);

#endif

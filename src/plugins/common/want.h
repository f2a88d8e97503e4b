/* want.h - what slices a job wants: a copy of the part of its spec that
 * becomes a demand. */
#ifndef PLUGINS_WANT_H
#define PLUGINS_WANT_H

#include <stdbool.h>

#include <berth/plugin.h>

struct want {
	char *role;
	int priority;
	struct berth_request request;
	struct berth_constraints constraints;
	struct berth_preferences prefer;
};

struct want *want_create(const struct berth_job *job);
void want_destroy(struct want *w); /* NULL is fine */

/* A slice that serves one serves the other, for the same role. */
bool want_equal(const struct want *a, const struct want *b);

/* Begin a demand with it; the pointers are the want's. */
struct berth_demand want_demand(const struct want *w, const char *id);

#endif

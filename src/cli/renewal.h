/*
 * renewal.h - an upgrade in place: on one node after the other what is Berth's
 * own is replaced by the programs that are installed now, the leader's node
 * last.  Tasks run on.
 */
#ifndef CLI_RENEWAL_H
#define CLI_RENEWAL_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/api.h"
#include "cli/census.h"

struct renewal {
	struct api *api;
	const char *program;  /* path of berth-launcher on all nodes */
	unsigned timeout_ms;  /* for one node */
	bool quiet;	      /* no line a node */
};

/* Of all nodes that are up.  Stops at the first that does not come back; the
 * others are as they were.  *last is what the broker says at the end. */
int renewal_run(const struct renewal *r, struct census *last,
		struct berth_error *err);

#endif

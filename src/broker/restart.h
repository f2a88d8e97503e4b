/*
 * restart.h - the call that has a node's own programs replaced by those that
 * are installed now.
 */
#ifndef BROKER_RESTART_H
#define BROKER_RESTART_H

#include <stdbool.h>

#include "broker/nodes.h"
#include "io/http.h"

/* Filled in by whoever owns the parts. */
struct restart {
	struct nodes *nodes;
	bool by_mpirun; /* the ranks are not ours to replace */
};

/* POST /v1/nodes/NAME/restart {"program": PATH}: 202, and the node's rank goes
 * and comes; its rank_since tells. */
void restart_post(void *restart, struct http_request *req, const char *name);

#endif

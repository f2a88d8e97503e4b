/*
 * shepherd.h - one shepherd: the way up, the tasks, and the PMIx server once
 * a job wants one.  Dispatches messages between them, and decides when the
 * process may leave.
 */
#ifndef SHEPHERD_SHEPHERD_H
#define SHEPHERD_SHEPHERD_H

#include <stdbool.h>

#include "base/error.h"
#include "io/loop.h"
#include "shepherd/session.h"

struct shepherd;

struct shepherd_config {
	const char *key, *node, *node_dir, *berth;
	uint64_t orphan_ms;	  /* without a broker; 0: for ever */
	bool vigil;		  /* start the launcher again */
	struct session *prepared; /* by server_prepare, or NULL; taken over */
};

struct shepherd *shepherd_create(struct loop *l,
				 const struct shepherd_config *c,
				 struct berth_error *err);
void shepherd_destroy(struct shepherd *s);
/* Are there threads of PMIx's, so that the process has to end by _exit? */
bool shepherd_has_threads(const struct shepherd *s);
/* End all tasks, then leave: loop_stop. */
void shepherd_stop(struct shepherd *s);

#endif

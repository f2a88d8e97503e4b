/* framework.h - a scheduler that registered under a role. */
#ifndef MODEL_FRAMEWORK_H
#define MODEL_FRAMEWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/heap.h"
#include "model/amount.h"
#include "model/demand.h"
#include "model/offer.h"
#include "model/role.h"
#include "model/slice.h"

struct framework {
	char *name;
	uint32_t id;	      /* place in the order of arrival, never reused */
	struct role *role;
	char *session;
	uint64_t failover_us; /* how long it may be away */
	uint64_t react_us;    /* its tasks hear so late of a notice */
	bool connected;
	bool suppressed;
	unsigned lapsed;      /* offers that ran out, one after the other */
	bool gone;	      /* away for too long: gets nothing more, lives on
				 until its last slice and job are gone */
	char *asked;	      /* demand it asked under for whatever is free */
	uint64_t registered_us;
	uint64_t gone_at_us;  /* end of failover, while it is away */
	struct heap_entry due; /* the ledger's */

	struct amount used; /* by its slices: offered, held or busy */
	double weight;	    /* inside its role: 1 unless set */
	size_t njobs;	    /* not ended */
	struct demand_list demands; /* by priority, then age */
	struct map *by_id;	    /* the same by their names */
	size_t ndemands;
	struct slice_list slices; /* held or busy */
	size_t nslices;
	struct offer_list offers; /* open ones, oldest first */
	size_t noffers;
};

struct framework *framework_create(const char *name, struct role *role);
void framework_destroy(struct framework *f); /* NULL is fine */

#endif

/* offer.h - slices that a framework may take, for a while. */
#ifndef MODEL_OFFER_H
#define MODEL_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/heap.h"
#include "model/slice.h"

struct demand;
struct framework;

struct offer {
	uint64_t id;
	struct framework *framework;
	struct demand *demand; /* NULL: it was asked for or is withdrawn */
	char *demand_id;
	struct slice_list slices;
	size_t nslices;
	unsigned units;
	uint64_t made_us, expires_us;
	struct heap_entry due; /* the ledger's */
	TAILQ_ENTRY(offer) of_framework;
	TAILQ_ENTRY(offer) of_ledger;
};
TAILQ_HEAD(offer_list, offer);

struct offer *offer_create(uint64_t id);
void offer_destroy(struct offer *o); /* NULL is fine; slices are not its */

#endif

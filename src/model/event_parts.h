/* event_parts.h - the larger things in events, written and read by a scribe:
 * topologies, demands, settings of roles, slices. */
#ifndef MODEL_EVENT_PARTS_H
#define MODEL_EVENT_PARTS_H

#include "base/scribe.h"
#include "model/demand.h"
#include "model/node.h"
#include "model/role.h"
#include "model/slice.h"
#include "model/topology.h"

/* Reading: one reference for the caller, NULL: it failed. */
const struct topology *event_part_topology(struct scribe *s,
					   const struct topology *t);
void event_part_labels(struct scribe *s, const char *key,
		       const struct label **labels, size_t *n);
/* What is read is the scribe's. */
const struct demand *event_part_demand(struct scribe *s,
				       const struct demand *d);
const struct role_setting *event_part_setting(struct scribe *s,
					      const struct role_setting *r);
/* find: see event_text.h. */
void event_part_slices(struct scribe *s, struct slice *const **slices,
		       size_t *n,
		       const struct node *(*find)(void *arg, const char *name),
		       void *arg);
/* One, as an object of this name; it has to be there. */
void event_part_slice(struct scribe *s, const char *key,
		      const struct slice **slice,
		      const struct node *(*find)(void *arg, const char *name),
		      void *arg);

#endif

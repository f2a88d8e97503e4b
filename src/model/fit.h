/*
 * fit.h - the best place in a node's tree for units of a demand.
 *
 * Pure: looks at the node, changes nothing.  A slice lies inside one L3 if it
 * can, else one NUMA node, one package, the node; among equals in the one
 * where least is left over.  Where GPUs are asked for, cores are chosen near
 * free ones.  A unit is not split over parts as long as there is a part that
 * holds it.  Memory comes from the cores' own NUMA nodes first, drives and
 * ports are the nearest.
 */
#ifndef MODEL_FIT_H
#define MODEL_FIT_H

#include "model/demand.h"
#include "model/node.h"
#include "model/slice.h"

/* How many units could be placed now, at most limit; 0 when the node can't
 * have any.  In amounts and, for a fit narrower than FIT_NODE, part by part.
 * Takes no notice of the node's state and name. */
unsigned fit_count(const struct node *n, const struct request *unit,
		   enum fit_level widest, unsigned limit);
/* The same with everything free. */
unsigned fit_capacity(const struct node *n, const struct request *unit,
		      enum fit_level widest, unsigned limit);

/*
 * A slice of at most units units, in one part no wider than widest; the most
 * that one such part holds.  NULL when there is no room for one.  Without id,
 * in no list, nobody's; the caller destroys it.
 */
struct slice *fit_place(struct node *n, const struct request *unit,
			enum fit_level widest, unsigned units);
/* All that is free on the node as one slice; NULL when no core is. */
struct slice *fit_all(struct node *n);

#endif

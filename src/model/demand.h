/*
 * demand.h - what a framework says it wants, and the filters that say what it
 * does not want to be offered for a while.
 *
 * `count` and `max` are what is still outstanding: accepting slices of an
 * offer for the demand lowers both by the slices' units, and a demand whose
 * max is 0 is met and gone.  Stating a demand of the same id again replaces
 * it and clears its filters, it keeps its age: the numbers are then those
 * beyond what is held; units in offers that are still open count as part of
 * them.
 */
#ifndef MODEL_DEMAND_H
#define MODEL_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/heap.h"
#include "base/idmap.h"
#include "base/map.h"
#include "model/amount.h"
#include "model/node.h"
#include "model/tree.h"

struct dataset;
struct framework;
struct role;

/* The size of one unit; all of it on one node. */
struct request {
	unsigned cores;	     /* at least 1 */
	uint64_t memory_mib; /* 0: none is reserved, nor counted */
	unsigned gpus;
	char *gpu_vendor;    /* "" or NULL: any */
	uint64_t drive_mib;  /* on one drive */
};

enum packing {
	PACKING_ANY, /* few nodes, without breaking up idle ones */
	PACKING_PACK,
	PACKING_SPREAD,
};

/* What a gang is to be close together by, where there is a choice. */
enum layout {
	LAYOUT_ANY,	 /* switches, where they are known */
	LAYOUT_SWITCHES, /* few switches, the lowest that have room */
	LAYOUT_NODES,	 /* few nodes, whatever lies between them */
	LAYOUT_EQUAL,	 /* as much on each of its nodes */
};

/* Of a demand that waits for the nodes it prefers. */
enum patience {
	PATIENCE_FRESH, /* has not let anything pass yet */
	PATIENCE_RUNS,	/* has; not for longer than wait_us */
	PATIENCE_OVER,	/* any node will do, until it gets a preferred one */
};

/* It waits no longer than this for them. */
#define DEMAND_MOST_WAIT_US UINT64_C(5000000)

/* No offer for the demand until then, from this node or at all. */
struct filter {
	struct demand *demand;
	struct node *node;	/* NULL: any node */
	uint64_t until_us;
	struct heap_entry due;	/* the ledger's */
};

struct demand {
	char *id;
	unsigned count; /* at least so many units; with gang all or none */
	unsigned max;	/* more are welcome up to this, ≥ count */
	bool gang;
	bool separate;	/* each unit a slice of its own */
	struct request unit;

	/* Hard. */
	struct label *label;
	size_t nlabels;
	char **nodes;	/* only these; NULL-terminated, NULL: all */
	char **exclude; /* NULL-terminated or NULL */
	char **datasets; /* nodes that hold all of these; NULL-terminated or
			    NULL */
	bool exclusive;
	unsigned per_node;     /* exactly so many on a node, over all its offers;
				  0: any */
	unsigned min_per_node; /* at least */
	enum fit_level fit;    /* no slice is spread wider */

	/* Soft.  A node is preferred that is named, holds one of the datasets
	 * (the more the sooner) or has all the labels. */
	char **prefer_nodes; /* NULL-terminated or NULL */
	char **prefer_datasets;
	struct label *prefer_label;
	size_t nprefer_labels;
	uint64_t wait_us; /* how long only such nodes will do */
	enum packing packing;
	enum layout layout; /* of a gang */

	char *role; /* "" or NULL: the framework's */
	int priority;	   /* the higher the sooner */
	bool revocable_ok;

	/* The ledger's. */
	struct framework *framework;
	struct role *charged; /* whose share it counts for */
	uint64_t seq;	      /* order of statement, never reused */
	uint64_t stamp;	      /* of this version of it, never reused */
	unsigned offered;     /* units in open offers */
	bool active;	      /* wants offers now, see ledger */
	bool dirty;	      /* has to look at every node */
	bool clipped;	      /* its role's limit kept it from more, and it has
				 not looked at every node since */
	uint64_t hold_round;  /* the last that held nodes for it */
	uint64_t waits_us;    /* a gang: nodes are held for it since then */
	bool ready;	      /* what is free or lent would do for it … */
	bool called;	      /* … and what is lent was called back */
	bool lends;	      /* in this round of lending: */
	uint64_t lend_round;
	bool awaits;	      /* slices of others were taken back for it */
	bool waiting;	      /* only preferred nodes will do, in this round */
	enum patience patience;
	uint64_t wait_until_us; /* while it runs */
	struct heap_entry wait_due;
	struct map *named, *excluded; /* nodes and exclude as sets; NULL:
					 all, none */
	struct node **within; /* all nodes that its hard constraints allow, if
				 these are few; NULL: not known, or many */
	size_t nwithin;
	uint64_t within_at; /* as of that change of nodes, see place_within */
	struct map *liked; /* prefer_nodes as a set, or NULL */
	struct dataset **needs, **likes; /* datasets and prefer_datasets;
					    NULL-terminated or NULL */
	struct filter *blocked; /* of all nodes, NULL: none */
	struct idmap filters;	/* of single nodes, by the node's id */
	TAILQ_ENTRY(demand) of_framework;
	TAILQ_ENTRY(demand) dirty_link;
};
TAILQ_HEAD(demand_list, demand);

/* fit FIT_NODE, revocable_ok, one unit of one core; the rest empty. */
struct demand *demand_create(const char *id);
void demand_destroy(struct demand *d); /* NULL is fine */
/* What the framework stated, without the ledger's part. */
struct demand *demand_copy(const struct demand *d);

/* Does it contradict itself?  max 0 becomes count here. */
int demand_check(struct demand *d, struct berth_error *err);

/* Units that may still be offered. */
unsigned demand_open(const struct demand *d);
/* Units without which it is not to be offered anything: of a gang what is
 * left of count, else 1, or what it wants on one node. */
unsigned demand_least(const struct demand *d);
/* Does it prefer any nodes? */
bool demand_prefers(const struct demand *d);
/* Is it a gang that has not been met yet? */
bool demand_gathers(const struct demand *d);

struct amount request_amount(const struct request *r);
/* Units of this size that are in the amount. */
uint64_t request_units(const struct request *r, const struct amount *a);

const char *packing_name(enum packing p);
const char *layout_name(enum layout l); /* "" for LAYOUT_ANY */
/* "" is LAYOUT_ANY; -1: it is none. */
int layout_parse(const char *name, enum layout *out, struct berth_error *err);

#endif

/*
 * wiring.h - which nodes hang on which switch, and what is free below each:
 * the tree of model/switch.h with the nodes that something can be offered of.
 *
 * Switches are numbered so that those below one follow it: the subtree of sw
 * is [sw, wiring_end(sw)).  Number 0 is the top, which is above all that the
 * file describes; nodes that the file does not name hang on it.  A change of a
 * node costs the depth of the tree.
 */
#ifndef LEDGER_WIRING_H
#define LEDGER_WIRING_H

#include <stddef.h>
#include <stdint.h>

#include "model/node.h"
#include "model/switch.h"

struct wiring;

TAILQ_HEAD(wired_list, node);

struct wired_switch {
	size_t end;	  /* behind the last one below it */
	size_t above;	  /* of the top: itself */
	unsigned height;  /* 0: no switch is below it */
	struct wired_list nodes; /* that hang on it itself */
	size_t own, count;	 /* nodes on it, and with those below it */
	uint64_t own_cores, cores; /* that are free there */
};

/* s is the wiring's from here on. */
struct wiring *wiring_create(struct switches *s);
void wiring_destroy(struct wiring *w); /* NULL is fine */

/* Something can be offered of n, which has so much free now; w may be NULL. */
void wiring_put(struct wiring *w, struct node *n);
void wiring_remove(struct wiring *w, struct node *n); /* no harm if not in */

size_t wiring_count(const struct wiring *w); /* of switches, with the top */
const struct wired_switch *wiring_at(const struct wiring *w, size_t sw);

#endif

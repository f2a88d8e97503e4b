/*
 * vigil.h - the rank's shepherd looks after the node's launcher: should it be
 * gone for some seconds, it is started again.  The rank does so as well and
 * sooner, but may have died with it.
 */
#ifndef SHEPHERD_VIGIL_H
#define SHEPHERD_VIGIL_H

#include "io/loop.h"

struct vigil;

/* The launcher of that folder; it is taken for gone until vigil_seen. */
struct vigil *vigil_create(struct loop *l, const char *node_dir);
void vigil_destroy(struct vigil *v);

void vigil_seen(struct vigil *v);
void vigil_gone(struct vigil *v);

#endif

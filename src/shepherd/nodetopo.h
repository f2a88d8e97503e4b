/*
 * nodetopo.h - the node's topology as a file, so that not every job's PMIx
 * server has to find it out anew: that takes 5 ms on a small machine and a
 * hundred on a large one.
 *
 * NODE_DIR/topology.xml is written by a shepherd that has nothing to do any
 * more, and read by those that come after it.  It says what this system is,
 * inside the cpuset that the node's processes have.
 */
#ifndef SHEPHERD_NODETOPO_H
#define SHEPHERD_NODETOPO_H

struct nodetopo;

/* Looks for the file, while we may still look into the folder. */
struct nodetopo *nodetopo_create(const char *node_dir);
void nodetopo_destroy(struct nodetopo *t); /* NULL is fine */
/* Let hwloc, in this process, take the file, if there is one, from now on and
 * no longer. */
void nodetopo_use(const struct nodetopo *t);
void nodetopo_leave(const struct nodetopo *t);
/* Write it if it is missing and the folder lets us; blocks for as long as
 * the topology takes to be found out. */
void nodetopo_keep(const struct nodetopo *t);

#endif

/*
 * show_node.h - berthd --show-node: what was found on a node, as JSON.
 */
#ifndef BROKER_SHOW_NODE_H
#define BROKER_SHOW_NODE_H

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "model/topology.h"

/* Print the node (topology: as for --topology, NULL the machine) to out.
 * Needs neither a broker nor MPI.  Returns 0, or -1 and err. */
int show_node(const char *topology, FILE *out, struct berth_error *err);

/* Counts and device lists as a new object: "packages", "numa_nodes",
 * "l3_caches", "cores", "pus", "memory_mib", "gpus", "drives",
 * "fabric_ports". */
json_t *show_node_json(const struct topology *t);

#endif
